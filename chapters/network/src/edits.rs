//! Replacing pieces of a text, every other byte of which stays.

use std::ops::Range;

/// Pieces of a text and what shall stand in their place.
#[derive(Debug, Default)]
pub(crate) struct Edits(Vec<(Range<usize>, String)>);

impl Edits {
    /// Puts `new` in the place of `range`. Pieces must not overlap; of several insertions at one place the first stands first.
    pub(crate) fn replace(&mut self, range: Range<usize>, new: impl Into<String>) {
        self.0.push((range, new.into()));
    }

    /// Puts `line` at `at`, which is the beginning of a line or the end of the text.
    pub(crate) fn insert_line(&mut self, at: usize, line: &str, text: &str) {
        let unfinished = at == text.len() && !text.is_empty() && !text.ends_with('\n');
        let first_there = !self.0.iter().any(|(range, _)| range.start == at && range.end == at);
        let before = if unfinished && first_there { "\n" } else { "" };
        self.replace(at..at, format!("{before}{line}\n"));
    }

    /// The text with all of it done.
    pub(crate) fn apply(mut self, text: &str) -> String {
        // stable: insertions at one place keep their order
        self.0.sort_by_key(|(range, _)| (range.start, range.end));
        let mut new = String::with_capacity(text.len() + 64);
        let mut done = 0;
        for (range, piece) in self.0 {
            new.push_str(text.get(done..range.start).unwrap_or_default());
            new.push_str(&piece);
            done = range.end.max(done);
        }
        new.push_str(text.get(done..).unwrap_or_default());
        new
    }
}

/// Each line of a text: where it begins, and itself without its newline.
pub(crate) fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut at = 0;
    text.split_inclusive('\n').map(move |line| {
        let start = at;
        at += line.len();
        (start, line.strip_suffix('\n').unwrap_or(line))
    })
}

/// The words of a line that are separated by blanks, with the place of each in the line.
pub(crate) fn words(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut rest = line;
    std::iter::from_fn(move || {
        let start = line.len() - rest.len() + rest.find(|c: char| !c.is_ascii_whitespace())?;
        let word = line.get(start..)?;
        let length = word.find(|c: char| c.is_ascii_whitespace()).unwrap_or(word.len());
        rest = word.get(length..)?;
        Some(start..start + length)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_found_where_they_stand() {
        let found: Vec<_> = words("  a\tbc  ").collect();
        assert_eq!(found, [2..3, 4..6]);
        assert_eq!(words(" \t").count(), 0);
    }

    #[test]
    fn a_line_that_is_put_behind_an_unfinished_one_finishes_it() {
        let mut edits = Edits::default();
        edits.insert_line(1, "b", "a");
        edits.insert_line(1, "c", "a");
        assert_eq!(edits.apply("a"), "a\nb\nc\n");
    }
}
