//! `apt-cache policy` without a package: what each index file's release says of itself.

use std::collections::BTreeMap;

/// What a release file says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Release {
    /// Who publishes it.
    pub origin: String,
    /// What it is called: `Debian-Security`.
    pub label: String,
    /// `stable-security`.
    pub archive: String,
    /// `bookworm-security`.
    pub codename: String,
}

impl Release {
    /// It brings fixes of security holes.
    pub fn is_security(&self) -> bool {
        let suite = |name: &str| name.ends_with("-security") || name.contains("-security/");
        self.label == "Debian-Security" || suite(&self.archive) || suite(&self.codename)
    }
}

/// The releases by the names of their index files.
pub fn parse(text: &str) -> BTreeMap<&str, Release> {
    let mut found = BTreeMap::new();
    let mut index = None;
    for line in text.lines() {
        let trimmed = line.trim_start();
        let depth = line.len() - trimmed.len();
        if let Some(release) = trimmed.strip_prefix("release ").filter(|_| depth >= 5) {
            if let Some(index) = index.take() {
                found.insert(index, self::release(release));
            }
        } else if let Some((priority, name)) = trimmed.split_once(' ')
            && depth < 5
            && priority.parse::<i32>().is_ok()
        {
            index = Some(name.trim());
        }
    }
    found
}

/// `v=12,o=Debian,a=stable,n=bookworm,l=Debian,c=main,b=amd64`; a value may hold commas.
fn release(text: &str) -> Release {
    let mut release = Release::default();
    let is_key = |part: &str| matches!(part.as_bytes(), [b'a'..=b'z', b'=', ..]);
    let mut values: Vec<(char, String)> = Vec::new();
    for part in text.split(',') {
        match values.last_mut() {
            Some((_, value)) if !is_key(part) => {
                value.push(',');
                value.push_str(part);
            }
            _ => {
                let Some((key, value)) = part.split_once('=') else { continue };
                values.extend(key.chars().next().map(|key| (key, value.to_owned())));
            }
        }
    }
    for (key, value) in values {
        match key {
            'o' => release.origin = value,
            'l' => release.label = value,
            'a' => release.archive = value,
            'n' => release.codename = value,
            _ => {}
        }
    }
    release
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lines of a real apt-cache 2.6.1.
    #[test]
    fn each_index_has_the_release_below_it() {
        let text = "Package files:\n 100 /var/lib/dpkg/status\n     release a=now\n \
                    500 http://deb.debian.org/debian-security bookworm-security/main amd64 Packages\n     \
                    release v=12,o=Debian,a=oldstable-security,n=bookworm-security,l=Debian-Security,c=main,b=amd64\n     \
                    origin deb.debian.org\n 500 file:/srv ./ Packages\n     release c=\nPinned packages:\n";
        let found = parse(text);
        let security = &found["http://deb.debian.org/debian-security bookworm-security/main amd64 Packages"];
        assert_eq!((security.origin.as_str(), security.label.as_str()), ("Debian", "Debian-Security"));
        assert!(security.is_security());
        assert!(!found["file:/srv ./ Packages"].is_security());
        assert_eq!(release("o=A, Inc.,l=B").origin, "A, Inc.");
    }
}
