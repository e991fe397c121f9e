//! Comparing package versions, as dpkg does it (deb-version(7)).

use std::cmp::Ordering;

/// Which of two versions is newer.
pub fn compare(one: &str, other: &str) -> Ordering {
    let ((epoch, upstream, revision), (other_epoch, other_upstream, other_revision)) =
        (split(one), split(other));
    compare_numbers(epoch, other_epoch)
        .then_with(|| compare_parts(upstream, other_upstream))
        .then_with(|| compare_parts(revision, other_revision))
}

/// Epoch, upstream version and revision; what is missing is empty, which compares like "0".
fn split(version: &str) -> (&str, &str, &str) {
    let (epoch, rest) = version.split_once(':').unwrap_or(("", version));
    let (upstream, revision) = rest.rsplit_once('-').unwrap_or((rest, ""));
    (epoch, upstream, revision)
}

/// Runs of other characters and runs of digits in turn.
fn compare_parts(mut one: &str, mut other: &str) -> Ordering {
    while !one.is_empty() || !other.is_empty() {
        let (text, other_text) = (take(&mut one, false), take(&mut other, false));
        let (number, other_number) = (take(&mut one, true), take(&mut other, true));
        let order = compare_texts(text, other_text).then_with(|| compare_numbers(number, other_number));
        if order.is_ne() {
            return order;
        }
    }
    Ordering::Equal
}

fn take<'a>(text: &mut &'a str, digits: bool) -> &'a str {
    let end = text.find(|c: char| c.is_ascii_digit() != digits).unwrap_or(text.len());
    let (head, tail) = text.split_at(end);
    *text = tail;
    head
}

/// Numbers of any length.
fn compare_numbers(one: &str, other: &str) -> Ordering {
    let (one, other) = (one.trim_start_matches('0'), other.trim_start_matches('0'));
    one.len().cmp(&other.len()).then_with(|| one.cmp(other))
}

/// A tilde before everything, even before the end; then letters before all other characters.
fn compare_texts(one: &str, other: &str) -> Ordering {
    let weight = |c: Option<char>| match c {
        Some('~') => -1,
        None => 0,
        Some(c) if c.is_ascii_alphabetic() => i64::from(u32::from(c)),
        Some(c) => i64::from(u32::from(c)) + 256,
    };
    let (mut one, mut other) = (one.chars(), other.chars());
    loop {
        let (a, b) = (one.next(), other.next());
        match weight(a).cmp(&weight(b)) {
            Ordering::Equal if a.is_none() && b.is_none() => return Ordering::Equal,
            Ordering::Equal => {}
            order => return order,
        }
    }
}

/// Whether a text can be a version: what dpkg lets through, and nothing that a program could take for an option.
pub fn is_version(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.len() <= 256
        && text.chars().all(|c| c.is_ascii_alphanumeric() || ".+-:~".contains(c))
}

/// Whether a text can be the name of a package, with or without its architecture (the original's pattern).
pub fn is_package(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    text.starts_with(fine)
        && (2..=256).contains(&text.len())
        && text.chars().all(|c| fine(c) || "-+.:".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each pair as `dpkg --compare-versions` (1.21.22) has it.
    #[test]
    fn versions_are_ordered_as_dpkg_orders_them() {
        let ascending = [
            "0~~",
            "0~",
            "0",
            "0-0.1",
            "1.0~rc1-1",
            "1.0-1",
            "1.0-1+b1",
            "1.0-1+deb12u1",
            "1.0-1.1",
            "1.0-2",
            "1.0a-1",
            "1.0+dfsg-1",
            "1.9",
            "1.10",
            "1:0.1",
        ];
        for pair in ascending.windows(2) {
            assert_eq!(compare(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(compare(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        for (one, other) in [("1.0", "1.0-0"), ("0:1", "1"), ("1.00", "1.0"), ("1.0-1", "1.0-01")] {
            assert_eq!(compare(one, other), Ordering::Equal, "{one} {other}");
        }
    }

    /// UPD-03
    #[test]
    fn names_and_versions_with_characters_of_shells_and_options_are_none() {
        for name in ["bash", "libc6:i386", "g++-12", "0ad"] {
            assert!(is_package(name), "{name}");
        }
        for name in
            ["", "a", "-y", "--help", "Bash", "a b", "a;b", "$(x)", "a/b", "a=b", "../x", "a\nb", "ä1"]
        {
            assert!(!is_package(name), "{name}");
        }
        for version in ["1", "1:2.3~rc1+b1-4", "12.4+deb12u15"] {
            assert!(is_version(version), "{version}");
        }
        for version in ["", "-1", "1 2", "1;x", "1/stable", "$1", "1\n"] {
            assert!(!is_version(version), "{version}");
        }
    }
}
