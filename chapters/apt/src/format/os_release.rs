//! `os-release(5)`: which release of Debian this is.

/// The value of one variable, with the quoting of a shell taken off; the last assignment counts.
pub fn value(text: &str, name: &str) -> Option<String> {
    let assigned = text.lines().filter_map(|line| line.trim().split_once('='));
    let (_, value) = assigned.rev().find(|(key, _)| *key == name)?;
    Some(unquote(value.trim()))
}

/// `VERSION_CODENAME`: `bookworm`.
pub fn codename(text: &str) -> Option<String> {
    value(text, "VERSION_CODENAME").filter(|name| !name.is_empty())
}

fn unquote(value: &str) -> String {
    let quoted = |mark: char| value.strip_prefix(mark).and_then(|rest| rest.strip_suffix(mark));
    if let Some(inner) = quoted('\'') {
        return inner.to_owned();
    }
    let inner = quoted('"').unwrap_or(value);
    let mut text = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        text.push(if c == '\\' { chars.next().unwrap_or('\\') } else { c });
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_codename_is_read_with_and_without_quotes() {
        assert_eq!(codename("ID=debian\nVERSION_CODENAME=bookworm\n").as_deref(), Some("bookworm"));
        assert_eq!(codename("VERSION_CODENAME=\"trixie\"").as_deref(), Some("trixie"));
        assert_eq!(codename("VERSION_CODENAME='a b'").as_deref(), Some("a b"));
        assert_eq!(codename("#VERSION_CODENAME=x\nNAME=\"\\\"").as_deref(), None);
    }
}
