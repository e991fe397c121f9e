//! One package: installed in a version, held, released, removed. Steps that run apt-get(8) and apt-mark(8).

use std::cmp::Ordering;

use innkeeper_change::{Action, Invocation, Step, Undo, Value};

use crate::packages::Installed;
use crate::version;

/// apt-get has no option for the frontend of debconf, only this variable.
const ENV: &str = "/usr/bin/env";
const NO_QUESTIONS: &str = "DEBIAN_FRONTEND=noninteractive";
const APT_GET: &str = "/usr/bin/apt-get";
const APT_MARK: &str = "/usr/bin/apt-mark";
/// A package of some megabytes from a slow mirror, and an initramfs for every kernel behind it.
const DEADLINE: u32 = 1800;
const MARK_DEADLINE: u32 = 60;

/// What every call that changes packages says: ask nothing, keep configuration files that were edited, wait for whoever works
/// with packages just now. Nothing that would weaken a check.
const OPTIONS: [&str; 4] = [
    "--yes",
    "--option=Dpkg::Options::=--force-confdef",
    "--option=Dpkg::Options::=--force-confold",
    "--option=DPkg::Lock::Timeout=600",
];

fn run(program: &str, deadline: u32, args: impl IntoIterator<Item = String>) -> Action {
    let args = args.into_iter().map(|arg| Value::from(arg.as_str())).collect();
    Action::Run(Invocation {
        program: program.into(),
        args,
        stdin: None,
        deadline,
        produces: None,
        accept: Vec::new(),
    })
}

fn apt_get(words: &[&str]) -> Action {
    let all = [NO_QUESTIONS, APT_GET].iter().chain(&OPTIONS).chain(words);
    run(ENV, DEADLINE, all.map(|word| (*word).to_owned()))
}

/// A package that conflicts with one that is installed would take its place without a question: that ends the call instead.
fn apt_install(words: &[&str]) -> Action {
    let all: Vec<_> = ["install", "--no-remove"].iter().chain(words).copied().collect();
    apt_get(&all)
}

/// Installs a package: this version, or the one that APT's own rules choose. Taken back by what was there before.
pub fn install(name: &str, wanted: Option<&str>, now: Option<&Installed>) -> Step {
    let what = match (wanted, now) {
        (Some(wanted), Some(now)) => {
            let verb = match version::compare(wanted, &now.version) {
                Ordering::Less => "downgrade",
                _ => "upgrade",
            };
            format!("{verb} {name} from {} to {wanted}", now.version)
        }
        (Some(wanted), None) => format!("install {name} {wanted}"),
        (None, Some(now)) => format!("upgrade {name} from {} to the newest version", now.version),
        (None, None) => format!("install {name}"),
    };
    let undo = match now {
        Some(now) => Undo::By(vec![apt_install(&["--allow-downgrades", &spec(name, Some(&now.version))])]),
        None => Undo::By(vec![apt_get(&["purge", name])]),
    };
    let action = match (wanted, now) {
        (Some(wanted), Some(now)) if version::compare(wanted, &now.version) == Ordering::Less => {
            apt_install(&["--allow-downgrades", &spec(name, Some(wanted))])
        }
        _ => apt_install(&[&spec(name, wanted)]),
    };
    Step { what, action, undo }
}

fn spec(name: &str, version: Option<&str>) -> String {
    match version {
        Some(version) => format!("{name}={version}"),
        None => name.to_owned(),
    }
}

/// Has upgrades pass a package over, or no longer.
pub fn hold(name: &str, on: bool) -> Step {
    let mark = |on: bool| {
        let verb = if on { "hold" } else { "unhold" };
        run(APT_MARK, MARK_DEADLINE, [verb, name].map(str::to_owned))
    };
    let what = if on { format!("hold {name}: upgrades pass it over") } else { format!("release {name}") };
    Step { what, action: mark(on), undo: Undo::By(vec![mark(!on)]) }
}

/// Removes a package and its configuration.
pub fn purge(now: &Installed) -> Step {
    let Installed { name, version, .. } = now;
    Step {
        what: format!("remove {name} {version} and its configuration"),
        action: apt_get(&["purge", name]),
        undo: Undo::By(vec![apt_install(&[&spec(name, Some(version))])]),
    }
}
