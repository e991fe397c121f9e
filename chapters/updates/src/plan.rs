//! (State, Request) → Plan: upgrades, repairs, single versions, holds.

use innkeeper_change::{Action, Hazard, Invocation, OnFailure, Plan, Problem, Severity, Step, Undo, Value};

use crate::format::dpkg_status::Installed;
use crate::format::simulation::Simulation;
use crate::hazards::hazards;
use crate::model::Fate;
use crate::preview::{Archives, Preview};

const APT_GET: &str = "/usr/bin/apt-get";
const APT_MARK: &str = "/usr/bin/apt-mark";
const DPKG: &str = "/usr/bin/dpkg";
const ENV: &str = "/usr/bin/env";
const FIND: &str = "/usr/bin/find";
/// Where systemd runs it can be asked for a unit.
pub(crate) const SYSTEMD: &str = "/run/systemd/system";
const SYSTEMD_RUN: &str = "/usr/bin/systemd-run";
/// A large upgrade over a slow line takes hours; nothing is gained by ending it in its midst.
const DEADLINE: u32 = 24 * 60 * 60;
/// Without these the host would no longer be managed by this program.
pub(crate) const PRODUCT: [&str; 3] = ["innkeeper", "proxmox-ve", "pve-manager"];
/// Nobody can be asked: local configuration stays, and new versions are put beside it.
const ENVIRONMENT: [&str; 3] =
    ["DEBIAN_FRONTEND=noninteractive", "UCF_FORCE_CONFFOLD=1", "APT_LISTCHANGES_FRONTEND=none"];

/// In which surroundings packages are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surroundings {
    /// systemd runs: dpkg gets a unit of its own, which outlives whoever asked and is free of the daemon's sandbox.
    pub systemd: bool,
}

impl Surroundings {
    /// Runs a program that changes packages.
    fn invoke(self, words: impl IntoIterator<Item = String>) -> Invocation {
        let mut args: Vec<String> = Vec::new();
        let program = if self.systemd {
            // a stop of the unit, at a shutdown for one, waits for the end: signals would leave packages half done
            let unit = [
                "--unit=innkeeper-packages",
                "--description=Innkeeper: change of packages",
                "--service-type=exec",
                "--property=KillSignal=SIGCONT",
                "--property=TimeoutStopSec=1800",
                "--collect",
                "--quiet",
                "--wait",
                "--pipe",
                "--",
                ENV,
            ];
            args.extend(unit.map(str::to_owned));
            SYSTEMD_RUN
        } else {
            ENV
        };
        args.extend(ENVIRONMENT.map(str::to_owned));
        args.extend(words);
        let args = args.iter().map(|arg| Value::from(arg.as_str())).collect();
        Invocation {
            program: program.into(),
            args,
            stdin: None,
            deadline: DEADLINE,
            produces: None,
            accept: Vec::new(),
        }
    }

    fn apt_get(self, words: &[&str]) -> Invocation {
        // how far it is goes to standard error, apart from what dpkg prints; another program's lock is waited for
        const OPTIONS: [&str; 7] = [
            APT_GET,
            "--yes",
            "--quiet",
            "--option=APT::Status-Fd=2",
            "--option=DPkg::Lock::Timeout=600",
            "--option=Dpkg::Options::=--force-confdef",
            "--option=Dpkg::Options::=--force-confold",
        ];
        self.invoke(OPTIONS.iter().chain(words).map(|word| (*word).to_owned()))
    }
}

fn run(what: impl Into<String>, invocation: Invocation, undo: Undo) -> Step {
    Step { what: what.into(), action: Action::Run(invocation), undo }
}

fn no_way_back() -> Undo {
    Undo::Impossible(
        "packages are not taken back as a whole; 'innkeeper updates install NAME=VERSION' goes back for one, as long as \
         a repository has that version"
            .to_owned(),
    )
}

/// Packages are half done: nothing else is begun. While another program is at it, that is as it should be.
///
/// # Errors
/// Names that program; or the packages, and the way out.
pub fn demand_whole(
    installed: &[Installed],
    interrupted: bool,
    at_work: Option<String>,
) -> Result<(), Problem> {
    let broken: Vec<&str> =
        installed.iter().filter(|one| one.is_broken()).map(|one| one.package.as_str()).collect();
    if broken.is_empty() && !interrupted {
        return Ok(());
    }
    if let Some(program) = at_work {
        return Err(Problem::Invalid(format!(
            "packages are being changed at this moment by process {program}; wait for its end"
        )));
    }
    let which = if broken.is_empty() { String::new() } else { format!(" ({})", broken.join(", ")) };
    Err(Problem::Invalid(format!(
        "an earlier change of packages was interrupted{which}; 'innkeeper updates repair' finishes it"
    )))
}

/// Plans a `dist-upgrade`.
///
/// # Errors
/// Half-done packages, too little space, the removal of what the system cannot be without.
pub fn upgrade(preview: &Preview, installed: &[Installed], around: Surroundings) -> Result<Plan, Problem> {
    demand_whole(installed, preview.interrupted, None)?;
    let mut plan = Plan::new(summary(preview));
    if preview.changes.is_empty() && preview.removals.is_empty() {
        return Ok(plan);
    }
    if let Some(short) = preview.short_of_space.first() {
        return Err(Problem::Invalid(format!(
            "not enough space on {}: {} MiB are needed, {} MiB are free; 'apt-get clean' and old kernels give some back",
            short.mount,
            short.needed.div_ceil(1 << 20),
            short.free >> 20
        )));
    }
    let gone: Vec<&str> = preview.removals.iter().map(|one| one.package.as_str()).collect();
    let essential = installed.iter().find(|one| one.essential && gone.contains(&one.package.as_str()));
    if let Some(essential) = essential {
        return Err(Problem::Invalid(format!(
            "the upgrade would remove {}, which the system cannot be without; look at the repositories first",
            essential.package
        )));
    }
    plan.on_failure = OnFailure::Stop;
    for hazard in hazards(preview, &gone) {
        plan = plan.hazard(hazard);
    }
    let words: &[&str] = if preview.changes.iter().any(|one| one.action == Fate::Downgrade) {
        &["--allow-downgrades", "dist-upgrade"]
    } else {
        &["dist-upgrade"]
    };
    let plan = plan.step(run(each(preview), around.apt_get(words), no_way_back()));
    Ok(plan.step(kept_configuration()))
}

fn summary(preview: &Preview) -> String {
    let count = |fate| preview.changes.iter().filter(|one| one.action == fate).count();
    let counted = [
        (count(Fate::Upgrade), "upgrade"),
        (count(Fate::Downgrade), "downgrade"),
        (count(Fate::Install), "install"),
        (preview.removals.len(), "remove"),
    ];
    let parts: Vec<_> = counted
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, verb)| format!("{verb} {count} package{}", if *count == 1 { "" } else { "s" }))
        .collect();
    if parts.is_empty() { "upgrade all packages".to_owned() } else { parts.join(", ") }
}

/// Every package with its old and its new version: this is what the history keeps.
fn each(preview: &Preview) -> String {
    let changes = preview.changes.iter().map(crate::model::Update::in_words);
    let removals = preview.removals.iter().map(|one| format!("{} {} removed", one.package, one.version));
    changes.chain(removals).collect::<Vec<_>>().join(", ")
}

/// Says in the log what was kept, because nobody is asked.
fn kept_configuration() -> Step {
    let words = [
        "/etc",
        "-xdev",
        "-type",
        "f",
        "(",
        "-name",
        "*.dpkg-dist",
        "-o",
        "-name",
        "*.ucf-dist",
        ")",
        "-print",
    ];
    let args = words.map(Value::from).to_vec();
    let find = Invocation {
        program: FIND.into(),
        args,
        stdin: None,
        deadline: 120,
        produces: None,
        accept: Vec::new(),
    };
    run(
        "list the new versions of configuration files that lie beside files kept as they are",
        find,
        Undo::Nothing,
    )
}

/// Plans to finish what was interrupted.
pub fn repair(installed: &[Installed], interrupted: bool, unmet: &Simulation, around: Surroundings) -> Plan {
    let broken: Vec<&str> =
        installed.iter().filter(|one| one.is_broken()).map(|one| one.package.as_str()).collect();
    let mut plan = Plan::new("finish what an interrupted change of packages left");
    plan.on_failure = OnFailure::Stop;
    if !broken.is_empty() || interrupted {
        let words = [DPKG, "--force-confdef", "--force-confold", "--configure", "--pending"];
        let what = if broken.is_empty() {
            "let dpkg finish what it was about to write".to_owned()
        } else {
            format!("configure {}", broken.join(", "))
        };
        plan = plan.step(run(what, around.invoke(words.map(str::to_owned)), no_way_back()));
    }
    if !broken.is_empty() || !unmet.installs.is_empty() || !unmet.removals.is_empty() {
        let what = "install what is missing, and remove what cannot stay".to_owned();
        plan = plan.step(run(what, around.apt_get(&["--fix-broken", "install"]), no_way_back()));
    }
    plan
}

/// Plans to empty APT's cache of downloaded packages. An empty one gives an empty plan.
pub fn clean(archives: &Archives) -> Plan {
    let plan = Plan::new("empty APT's cache of downloaded packages");
    if archives.files == 0 {
        return plan;
    }
    let run_clean = Invocation {
        program: APT_GET.into(),
        args: vec![Value::from("clean")],
        stdin: None,
        deadline: 300,
        produces: None,
        accept: Vec::new(),
    };
    let what =
        format!("remove {} downloaded files, {} MiB", archives.files, archives.bytes.div_ceil(1 << 20));
    plan.step(run(what, run_clean, Undo::Nothing))
}

/// Plans to install one version of a package.
///
/// # Errors
/// A package that is held; half-done packages.
pub fn install(
    selection: &str,
    simulation: &Simulation,
    installed: &[Installed],
    around: Surroundings,
) -> Result<Plan, Problem> {
    let (name, _) = selection.split_once('=').unwrap_or((selection, ""));
    let mut plan = Plan::new(format!("install {selection}"));
    if simulation.installs.is_empty() && simulation.removals.is_empty() {
        return Ok(plan);
    }
    if installed.iter().any(|one| one.package == name && one.is_held()) {
        return Err(Problem::Invalid(format!(
            "{name} is held; 'innkeeper updates unhold {name}' lifts that"
        )));
    }
    plan.on_failure = OnFailure::Stop;
    let gone: Vec<&str> = simulation.removals.iter().map(|one| one.name.as_str()).collect();
    let essential = |one: &&Installed| {
        (one.essential || PRODUCT.contains(&one.package.as_str())) && gone.contains(&one.package.as_str())
    };
    if let Some(essential) = installed.iter().find(essential) {
        return Err(Problem::Invalid(format!(
            "this would remove {}, which the system cannot be without",
            essential.package
        )));
    }
    if !gone.is_empty() {
        plan = plan.hazard(Hazard::new(
            "updates.removes-packages",
            Severity::Warning,
            format!("This removes {}.", gone.join(", ")),
            "Choose another version, if they are needed.",
        ));
    }
    let each = simulation.installs.iter().map(|one| match &one.old {
        Some(old) => format!("{} {old} -> {}", one.name, one.new),
        None => format!("{} {}", one.name, one.new),
    });
    let removed = simulation.removals.iter().map(|one| format!("{} {} removed", one.name, one.old));
    let what = each.chain(removed).collect::<Vec<_>>().join(", ");
    // the way back is known where nothing but this one package changes, and an older version of it was there
    let undo = match simulation.installs.as_slice() {
        [one] if gone.is_empty() => match &one.old {
            Some(old) => {
                let back = format!("{}={old}", one.name);
                Undo::By(vec![Action::Run(around.apt_get(&["--allow-downgrades", "install", &back]))])
            }
            None => Undo::By(vec![Action::Run(around.apt_get(&["remove", &one.name]))]),
        },
        _ => no_way_back(),
    };
    let words = ["--allow-downgrades", "install", selection];
    Ok(plan.step(run(what, around.apt_get(&words), undo)).step(kept_configuration()))
}

/// Plans to hold a package at its version, or to let it go.
///
/// # Errors
/// A package that is not installed.
pub fn hold(name: &str, hold: bool, installed: &[Installed]) -> Result<Plan, Problem> {
    let bare = name.split(':').next().unwrap_or_default();
    let known = installed
        .iter()
        .find(|one| one.package == bare && one.is_present())
        .ok_or_else(|| Problem::Invalid(format!("package '{name}' is not installed")))?;
    let [word, back] = if hold { ["hold", "unhold"] } else { ["unhold", "hold"] };
    let plan = Plan::new(format!("{word} {name}"));
    if known.is_held() == hold {
        return Ok(plan);
    }
    let mark = |word: &str| Invocation {
        program: APT_MARK.into(),
        args: [word, name].map(Value::from).to_vec(),
        stdin: None,
        deadline: 120,
        produces: None,
        accept: Vec::new(),
    };
    let what = if hold {
        format!("keep {name} at {}", known.version)
    } else {
        format!("let {name} be upgraded again")
    };
    Ok(plan.step(run(what, mark(word), Undo::By(vec![Action::Run(mark(back))]))))
}
