//! `/var/lib/dpkg/status`: which version of a package is installed.

/// The installed version of each package of `wanted`, in the order of the file.
pub fn installed<'a>(text: &'a str, wanted: &[&str]) -> Vec<(&'a str, &'a str)> {
    let mut found = Vec::new();
    for stanza in text.split("\n\n") {
        let field = |name: &str| {
            stanza.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
        };
        let Some(package) = field("Package").filter(|package| wanted.contains(package)) else {
            continue;
        };
        let installed = field("Status").is_some_and(|status| status.ends_with(" installed"));
        if let (true, Some(version)) = (installed, field("Version")) {
            found.push((package, version));
        }
    }
    found
}

/// The first number of a version behind its epoch: 17 of `17.2.7-pve1`.
pub fn major(version: &str) -> Option<u32> {
    let upstream = version.split_once(':').map_or(version, |(_, rest)| rest);
    let digits = upstream.find(|c: char| !c.is_ascii_digit()).unwrap_or(upstream.len());
    upstream[..digits].parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_installed_packages_count() {
        let text = "Package: ceph-common\nStatus: install ok installed\nVersion: 16.2.11+ds-2\n\n\
                    Package: ceph-osd\nStatus: deinstall ok config-files\nVersion: 15.2.1\n\n\
                    Package: bash\nStatus: install ok installed\nVersion: 5.2\n";
        assert_eq!(installed(text, &["ceph-common", "ceph-osd"]), [("ceph-common", "16.2.11+ds-2")]);
    }

    #[test]
    fn the_major_number_stands_behind_the_epoch() {
        assert_eq!(major("17.2.7-pve1"), Some(17));
        assert_eq!(major("2:18.2.1"), Some(18));
        assert_eq!(major("x"), None);
    }
}
