//! Making text harmless for a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Whether a terminal could take this character for a command, or show the text around it in another order.
pub(super) fn is_harmful(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

/// One line of text with everything harmful spelled out: `\x1b`, `\n`.
pub(in crate::cli) fn escape(text: &str) -> Cow<'_, str> {
    spelled_out(text, |_| false)
}

/// Several lines: line ends and tabs stay.
pub(in crate::cli) fn escape_lines(text: &str) -> Cow<'_, str> {
    spelled_out(text, |c| matches!(c, '\n' | '\t'))
}

fn spelled_out(text: &str, stays: impl Fn(char) -> bool) -> Cow<'_, str> {
    let bad = |c: char| is_harmful(c) && !stays(c);
    if !text.contains(bad) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        // writing into a String cannot fail
        let _ = match c {
            c if !bad(c) => write!(out, "{c}"),
            '\n' | '\r' | '\t' => write!(out, "{}", c.escape_default()),
            c if u32::from(c) < 0x80 => write!(out, "\\x{:02x}", u32::from(c)),
            c => write!(out, "\\u{{{:x}}}", u32::from(c)),
        };
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_terminal_would_obey_is_spelled_out() {
        assert_eq!(escape("\x1b[2Jgone\u{9b}31m\r\n\x07\x7f"), r"\x1b[2Jgone\u{9b}31m\r\n\x07\x7f");
        assert_eq!(escape("right\u{202e}to left"), r"right\u{202e}to left");
        assert_eq!(escape("plain ü text"), "plain ü text");
    }

    #[test]
    fn lines_stay_lines() {
        assert_eq!(escape_lines("a\tb\nc\rd"), "a\tb\nc\\rd");
    }
}
