//! The difference between two texts, line by line.
//!
//! What long texts have in common at their beginning and end is cut off before lines are compared: one line of a file of forty
//! thousand is changed as a rule, and looking at all the others would take longer than everything else.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices, group_diff_ops};

/// Lines shown around a difference.
const CONTEXT: usize = 3;
/// Lines that are compared on either side although they are the same: those that are shown, and enough for a block between others
/// of its kind to be seen as the one that it would be in the whole.
const MARGIN: usize = 64;

/// The unified diff, as `diff -u` has it; empty when nothing differs. Lines are the same when `key` makes the same of them.
pub fn unified(
    old: &str,
    new: &str,
    old_name: &str,
    new_name: &str,
    key: impl Fn(&str) -> Cow<'_, str>,
) -> String {
    let compared = Compared::new(old, new, key);
    let mut out = String::new();
    for hunk in group_diff_ops(compared.operations, CONTEXT) {
        let (Some(first), Some(last)) = (hunk.first(), hunk.last()) else { continue };
        if out.is_empty() {
            out = format!("--- {old_name}\n+++ {new_name}\n");
        }
        let range = |from: usize, to: usize| match (compared.skipped + from, to - from) {
            (from, 0) => format!("{from},0"),
            (from, 1) => format!("{}", from + 1),
            (from, length) => format!("{},{length}", from + 1),
        };
        // writing into a String cannot fail
        let _ = writeln!(
            out,
            "@@ -{} +{} @@",
            range(first.old_range().start, last.old_range().end),
            range(first.new_range().start, last.new_range().end)
        );
        for operation in &hunk {
            let equal = is_equal(operation);
            put(&mut out, if equal { ' ' } else { '-' }, &compared.old[operation.old_range()]);
            if !equal {
                put(&mut out, '+', &compared.new[operation.new_range()]);
            }
        }
    }
    out
}

/// How many lines are in one of the texts only.
pub fn lines(old: &str, new: &str) -> usize {
    let compared = Compared::new(old, new, |line| Cow::Borrowed(line));
    let differing = compared.operations.iter().filter(|operation| !is_equal(operation));
    differing.map(|operation| operation.old_range().len() + operation.new_range().len()).sum()
}

fn is_equal(operation: &DiffOp) -> bool {
    matches!(operation, DiffOp::Equal { .. })
}

fn put(out: &mut String, sign: char, lines: &[&str]) {
    for line in lines {
        out.push(sign);
        out.push_str(line);
        if !line.ends_with('\n') {
            out.push_str("\n\\ No newline at end of file\n");
        }
    }
}

/// The lines that may differ, and how they do.
struct Compared<'t> {
    /// How many lines there are before them.
    skipped: usize,
    old: Vec<&'t str>,
    new: Vec<&'t str>,
    operations: Vec<DiffOp>,
}

impl<'t> Compared<'t> {
    fn new(old: &'t str, new: &'t str, key: impl Fn(&str) -> Cow<'_, str>) -> Self {
        let (old_part, new_part) = apart(old.as_bytes(), new.as_bytes());
        let skipped = old.as_bytes()[..old_part.start].iter().filter(|byte| **byte == b'\n').count();
        let [old, new]: [Vec<&str>; 2] =
            [&old[old_part], &new[new_part]].map(|text| text.split_inclusive('\n').collect());
        let keys = |lines: &[&'t str]| -> Vec<Cow<'t, str>> { lines.iter().map(|line| key(line)).collect() };
        let operations = capture_diff_slices(Algorithm::Myers, &keys(&old), &keys(&new));
        Self { skipped, old, new, operations }
    }
}

/// The part of each text that is looked at: whole lines, from [`MARGIN`] lines before the first difference to as many behind the
/// last one.
fn apart(old: &[u8], new: &[u8]) -> (Range<usize>, Range<usize>) {
    let same = common_start(old, new);
    let from = same - old[..same].iter().rev().take_while(|byte| **byte != b'\n').count();
    let same = common_end(&old[from..], &new[from..]);
    let end = &old[old.len() - same..];
    let ends = |text: &[u8]| text.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
    // of the first line of what is common only the end may be
    let mut behind = ends(end).unwrap_or(same);
    let mut before = from;
    for _ in 0..MARGIN {
        behind += ends(&end[behind..]).unwrap_or(same - behind);
        let line = before.saturating_sub(1);
        before = old[..line].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    }
    let rest = same - behind;
    (before..old.len() - rest, before..new.len() - rest)
}

/// Bytes that are compared at once: many are compared faster than one by one.
const CHUNK: usize = 4096;

fn common_start(a: &[u8], b: &[u8]) -> usize {
    let whole = CHUNK * a.chunks(CHUNK).zip(b.chunks(CHUNK)).take_while(|(a, b)| a == b).count();
    // the last chunk may be a short one
    let whole = whole.min(a.len()).min(b.len());
    whole + a[whole..].iter().zip(&b[whole..]).take_while(|(a, b)| a == b).count()
}

fn common_end(a: &[u8], b: &[u8]) -> usize {
    let whole = CHUNK * a.rchunks(CHUNK).zip(b.rchunks(CHUNK)).take_while(|(a, b)| a == b).count();
    let whole = whole.min(a.len()).min(b.len());
    let (a, b) = (&a[..a.len() - whole], &b[..b.len() - whole]);
    whole + a.iter().rev().zip(b.iter().rev()).take_while(|(a, b)| a == b).count()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const NEW: [&str; 4] = ["\tmtu 2\n", "iface a\n", "\n", "auto a\n"];

    /// A file as networks have it, where every stanza looks like the one before; some lines are others than before.
    fn texts() -> impl Strategy<Value = (String, String)> {
        let line =
            prop_oneof![Just("\n"), Just("auto a\n"), Just("iface a\n"), Just("\tmtu 1\n"), Just("é\n")];
        let lines = prop::collection::vec(line, 0..400);
        let edits = prop::collection::vec((0..400_usize, 0..4_usize, 0..4_usize), 0..3);
        (lines, edits, any::<bool>()).prop_map(|(old, edits, cut)| {
            let mut new = old.clone();
            for (at, gone, more) in edits {
                let at = at.min(new.len());
                let to = (at + gone).min(new.len());
                new.splice(at..to, NEW[..more].iter().copied());
            }
            let mut new = new.concat();
            if cut {
                new.pop();
            }
            (old.concat(), new)
        })
    }

    /// What `patch` makes of a text.
    fn patched(old: &str, diff: &str) -> String {
        let old: Vec<&str> = old.split_inclusive('\n').collect();
        let (mut out, mut at) = (String::new(), 0);
        let mut lines = diff.split_inclusive('\n').skip(2).peekable();
        while let Some(line) = lines.next() {
            if let Some(range) = line.strip_prefix("@@ -") {
                let numbers = range.split(' ').next().unwrap();
                let (from, length) = numbers.split_once(',').unwrap_or((numbers, "1"));
                let from = from.parse::<usize>().unwrap() - usize::from(length != "0");
                out.push_str(&old[at..from].concat());
                at = from;
                continue;
            }
            let (sign, mut text) = line.split_at(1);
            if lines.peek().is_some_and(|next| next.starts_with('\\')) {
                text = text.strip_suffix('\n').unwrap();
            }
            match sign {
                "+" => out.push_str(text),
                "-" | " " => {
                    assert_eq!(old[at], text);
                    at += 1;
                    out.push_str(if sign == " " { text } else { "" });
                }
                _ => assert_eq!(sign, "\\"),
            }
        }
        out.push_str(&old[at..].concat());
        out
    }

    fn plain(old: &str, new: &str) -> String {
        unified(old, new, "a", "b", |line| Cow::Borrowed(line))
    }

    proptest! {
        /// What was cut off was the same in both.
        #[test]
        fn an_old_text_becomes_the_new_one_by_its_diff((old, new) in texts()) {
            let diff = plain(&old, &new);
            prop_assert_eq!(diff.is_empty(), old == new);
            prop_assert_eq!(patched(&old, &diff), new);
        }

        #[test]
        fn as_many_lines_differ_as_when_all_are_compared((old, new) in texts()) {
            let all = similar::TextDiff::from_lines(&old, &new);
            let differing = all.iter_all_changes().filter(|change| change.tag() != similar::ChangeTag::Equal);
            prop_assert_eq!(lines(&old, &new), differing.count());
        }
    }

    #[test]
    fn a_short_text_is_shown_as_if_all_lines_were_compared() {
        let old = "auto a\n\nauto b\niface b\n\nauto c\niface c\n";
        let new = "auto a\n\nauto b\niface b\n\nauto b2\niface b2\n\nauto c\niface d";
        let whole = similar::TextDiff::from_lines(old, new);
        assert_eq!(plain(old, new), whole.unified_diff().context_radius(3).header("a", "b").to_string());
    }

    #[test]
    fn a_line_far_down_is_shown_with_its_number() {
        let old: String = (0..10_000).map(|number| format!("line {number}\n")).collect();
        let new = old.replace("line 7000\n", "another\n");
        let expected = "--- a\n+++ b\n@@ -6998,7 +6998,7 @@\n line 6997\n line 6998\n line 6999\n-line 7000\n+another\n \
                        line 7001\n line 7002\n line 7003\n";
        assert_eq!(plain(&old, &new), expected);
        assert_eq!(lines(&old, &new), 2);
        assert_eq!(
            plain(&old, &(old.clone() + "more")),
            "--- a\n+++ b\n@@ -9998,3 +9998,4 @@\n line 9997\n line 9998\n line 9999\n+more\n\\ No newline at end of file\n"
        );
    }

    #[test]
    fn a_line_with_other_blanks_is_the_same_where_the_key_says_so() {
        let squeezed =
            |old: &str, new: &str| unified(old, new, "a", "b", |line| Cow::Owned(line.replace(' ', "")));
        assert_eq!(squeezed("a b\nc\n", "ab\nc\n"), "");
        assert_eq!(squeezed("a b\nc\n", "ab\nd\n"), "--- a\n+++ b\n@@ -1,2 +1,2 @@\n a b\n-c\n+d\n");
    }
}
