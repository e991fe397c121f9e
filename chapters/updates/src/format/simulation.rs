//! `apt-get --simulate`: the events that apt-get(8) promises to print, one a line.

/// A package that would be installed, upgraded or downgraded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Install {
    /// Its name; with `:ARCH` where it is not the host's own architecture.
    pub name: String,
    /// What is installed now.
    pub old: Option<String>,
    /// What would be installed.
    pub new: String,
    /// Its architecture.
    pub arch: String,
}

/// A package that would be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remove {
    /// Its name.
    pub name: String,
    /// What is installed now.
    pub old: String,
    /// Its configuration would go too.
    pub purge: bool,
}

/// What would happen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Simulation {
    /// In the order of unpacking.
    pub installs: Vec<Install>,
    /// In the order of removal.
    pub removals: Vec<Remove>,
}

/// Reads what a simulation printed. Configurations, and whatever else is said, are passed over.
pub fn parse(text: &str) -> Simulation {
    let mut found = Simulation::default();
    for line in text.lines() {
        match line.split_once(' ') {
            Some(("Inst", rest)) => found.installs.extend(install(rest)),
            Some((verb @ ("Remv" | "Purg"), rest)) => found.removals.extend(remove(rest, verb == "Purg")),
            _ => {}
        }
    }
    // a package may be taken away for a moment and installed again in another version
    let installs = &found.installs;
    found.removals.retain(|gone| !installs.iter().any(|one| one.name == gone.name));
    found
}

/// `NAME [OLD] (NEW ORIGIN:VERSION/SUITE, … [ARCH]) […]`
fn install(rest: &str) -> Option<Install> {
    let (name, rest) = rest.split_once(' ')?;
    let (old, rest) = match rest.strip_prefix('[') {
        Some(rest) => {
            let (old, rest) = rest.split_once("] ")?;
            (Some(old.to_owned()), rest)
        }
        None => (None, rest),
    };
    let inner = rest.strip_prefix('(')?;
    let inner = &inner[..inner.find("])")? + 1];
    let (new, releases) = inner.split_once(' ').unwrap_or((inner, ""));
    let arch = releases.rsplit_once('[').map_or("", |(_, arch)| arch.trim_end_matches(']'));
    Some(Install { name: name.to_owned(), old, new: new.to_owned(), arch: arch.to_owned() })
}

fn remove(rest: &str, purge: bool) -> Option<Remove> {
    let (name, rest) = rest.split_once(' ')?;
    let (old, _) = rest.strip_prefix('[')?.split_once(']')?;
    Some(Remove { name: name.to_owned(), old: old.to_owned(), purge })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a real apt-get 2.6.1.
    #[test]
    fn events_are_read_with_and_without_what_is_installed() {
        let found = parse(
            "Remv old-thing [1.0-1]\nPurg older [2:1.0] []\n\
             Inst libgcrypt20-dev [1.10.1-3] (1.10.1-3+deb12u1 Debian:12.15/oldstable, Debian-Security:12/oldstable-security [amd64]) []\n\
             Inst linux-image-6.1.0-40-amd64 (6.1.153-1 Debian:12.15/oldstable [amd64])\n\
             Conf linux-image-6.1.0-40-amd64 (6.1.153-1 Debian:12.15/oldstable [amd64])\n\
             Inst broken (\nInst\nRemv x\n",
        );
        let names: Vec<_> =
            found.installs.iter().map(|one| (&*one.name, one.old.as_deref(), &*one.new)).collect();
        assert_eq!(
            names,
            [
                ("libgcrypt20-dev", Some("1.10.1-3"), "1.10.1-3+deb12u1"),
                ("linux-image-6.1.0-40-amd64", None, "6.1.153-1")
            ]
        );
        assert!(found.installs.iter().all(|one| one.arch == "amd64"));
        let gone: Vec<_> = found.removals.iter().map(|one| (&*one.name, &*one.old, one.purge)).collect();
        assert_eq!(gone, [("old-thing", "1.0-1", false), ("older", "2:1.0", true)]);
    }
}
