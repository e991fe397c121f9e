//! The list of updates: worked out anew, and answered from what is kept, beside APT's own commands on the same package lists.
//!
//! Everything runs in a mount namespace with directories of its own for what APT and this program keep, so that the machine
//! keeps what it has: which versions were told about, for one.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::process::{Invocation, compare, find, write};
use crate::report::{Findings, Row};
use crate::{Bench, Outcome};

const ROUNDS: usize = 5;
const CACHED_ROUNDS: usize = 20;
const CACHED_BUDGET_MS: f64 = 10.0;
/// Where the list is kept. The directory must be there to be mounted over.
const KEPT: &str = "/var/lib/pve-manager";
const OWN: &str = "/var/lib/innkeeper";

/// Mounts the directories below `$1` over those of the machine, and runs the rest. Images of containers switch APT's cache off.
const INSIDE: &str = r#"set -e
mount --bind "$1/cache" /var/cache/apt
mount --bind "$1/kept" /var/lib/pve-manager
mount --bind "$1/own" /var/lib/innkeeper
if [ -e /etc/apt/apt.conf.d/docker-clean ]; then mount --bind /dev/null /etc/apt/apt.conf.d/docker-clean; fi
shift
if [ "$1" = anew ]; then shift; rm -f /var/lib/pve-manager/pkgupdates /var/lib/innkeeper/updates.json; fi
exec "$@"
"#;

/// The place where all of it runs.
struct Inside {
    directory: PathBuf,
    script: PathBuf,
    /// Directories of the machine that were made for it, and are removed afterwards when they are empty.
    made: Vec<&'static Path>,
}

impl Inside {
    fn new(bench: &Bench) -> Outcome<Self> {
        let directory = bench.directory.path().join("updates");
        let script = directory.join("inside.sh");
        write(&script, INSIDE)?;
        for name in ["cache/archives/partial", "kept", "own"] {
            let path = directory.join(name);
            std::fs::create_dir_all(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        let mut inside = Self { directory, script, made: Vec::new() };
        for path in [Path::new(KEPT), Path::new(OWN)].into_iter().filter(|path| !path.exists()) {
            std::fs::create_dir(path).map_err(|error| format!("{}: {error}", path.display()))?;
            inside.made.push(path);
        }
        Ok(inside)
    }

    fn run(&self, program: impl AsRef<Path>, args: &[&str]) -> Invocation {
        self.wrapped(&[], program.as_ref(), args)
    }

    /// Without what is kept from an earlier run.
    fn run_anew(&self, program: impl AsRef<Path>, args: &[&str]) -> Invocation {
        self.wrapped(&["anew"], program.as_ref(), args)
    }

    fn wrapped(&self, how: &[&str], program: &Path, args: &[&str]) -> Invocation {
        let wrapper = Invocation::new("/usr/bin/unshare").args(&["--mount", "/bin/sh"]);
        wrapper.path(&self.script).path(&self.directory).args(how).path(program).args(args)
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        for path in &self.made {
            // what somebody has put into it meanwhile stays
            let _ = std::fs::remove_dir(path);
        }
    }
}

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let program = |name: &str| find(name).ok_or_else(|| format!("{name}: not installed"));
    let (apt, apt_get) = (program("apt")?, program("apt-get")?);
    let inside = Inside::new(bench)?;
    let json = ["updates", "list", "--output-format", "json"];
    let anew = inside.run_anew(&bench.binary, &json);
    let simulate = inside.run(&apt_get, &["--simulate", "--quiet", "dist-upgrade"]);
    let list = inside.run(&apt, &["list", "--upgradable"]);
    let count = same_set(&anew.output()?, &simulate.output()?)?;
    list.output()?;

    let times = compare(&[anew, simulate, list], ROUNDS)?;
    let cached = inside.run(&bench.binary, &json);
    let nothing = inside.run("/bin/true", &[]);
    cached.output()?;
    let kept = compare(&[cached, nothing], CACHED_ROUNDS)?;
    // what the namespace costs is no part of the answer
    let answer = kept[0].median() - kept[1].median();
    let rows = vec![
        Row::new(
            format!(
                "`innkeeper updates list`, {count} packages worked out anew, whole process, of {}",
                times[0].count()
            ),
            times[0].to_string(),
        )
        .peer(format!("`apt-get -s dist-upgrade` {}; `apt list --upgradable` {}", times[1], times[2]))
        .budget("none"),
        Row::new(
            format!("the same from what is kept, of {}", kept[0].count()),
            format!("{}; {answer:.1} ms more than nothing", kept[0]),
        )
        .peer(format!("`true` {}", kept[1]))
        .budget("<= 10 ms more than nothing")
        .within(answer <= CACHED_BUDGET_MS),
    ];
    let note = "Updates: on the package lists of this machine. That the list holds the packages which `apt-get -s dist-upgrade` installs, in the \
                same versions, was checked. Each runs in a mount namespace with a cache of its own; `true` says what that costs.";
    Ok(Findings { rows, notes: vec![note.to_owned()] })
}

/// Both name the same packages in the same versions; how many.
fn same_set(list: &str, simulation: &str) -> Outcome<usize> {
    let list: serde_json::Value =
        serde_json::from_str(list).map_err(|error| format!("updates list: {error}"))?;
    let text = |one: &serde_json::Value, name: &str| one[name].as_str().unwrap_or_default().to_owned();
    let changes =
        |one: &&serde_json::Value| ["upgrade", "install", "downgrade"].contains(&&*text(one, "Action"));
    let ours = list.as_array().into_iter().flatten().filter(changes);
    let ours: BTreeSet<_> =
        ours.map(|one| format!("{} {}", text(one, "Package"), text(one, "Version"))).collect();
    let theirs = simulation.lines().filter_map(|line| {
        let (name, rest) = line.strip_prefix("Inst ")?.split_once(' ')?;
        let version = rest.split_once('(')?.1.split(' ').next()?;
        Some(format!("{} {version}", name.split(':').next().unwrap_or_default()))
    });
    let theirs: BTreeSet<_> = theirs.collect();
    if ours.is_empty() {
        return Err("this machine has no pending updates, or no package lists".to_owned());
    }
    match ours.symmetric_difference(&theirs).next() {
        Some(one) => Err(format!("the lists differ: {one} is in one of them only")),
        None => Ok(ours.len()),
    }
}
