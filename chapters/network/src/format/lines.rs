//! Logical lines: physical ones, joined where one ends in a backslash.

use std::ops::Range;

/// One logical line.
#[derive(Clone, Debug)]
pub(super) struct Line<'a> {
    /// Number of its first physical line, from 1.
    pub(super) number: usize,
    /// All its bytes, the newline included.
    pub(super) span: Range<usize>,
    /// Its text without the last newline and without blanks around it. Continuations are still in it.
    pub(super) text: &'a str,
    /// Where `text` begins.
    pub(super) at: usize,
    /// It goes over several physical lines.
    pub(super) continued: bool,
}

/// What the readers of the format (ifupdown and ifupdown2) do not agree on.
pub(super) type Ambiguous = (usize, &'static str);

/// The logical lines of a text.
pub(super) struct Lines<'a> {
    text: &'a str,
    at: usize,
    number: usize,
}

impl<'a> Lines<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0, number: 1 }
    }

    /// The end of the physical line that starts at `from`, newline included.
    fn end(&self, from: usize) -> usize {
        // lines are short: looking at each byte is done before a cleverer search has begun
        let found = self.text.as_bytes()[from..].iter().position(|byte| *byte == b'\n');
        found.map_or(self.text.len(), |length| from + length + 1)
    }

    /// The next logical line.
    ///
    /// # Errors
    /// A line that one reader continues and the other one does not.
    pub(super) fn next(&mut self) -> Option<Result<Line<'a>, Ambiguous>> {
        if self.at >= self.text.len() {
            return None;
        }
        let (start, number) = (self.at, self.number);
        let mut from = start;
        let first = self.text.as_bytes()[start..].iter().find(|byte| !matches!(byte, b' ' | b'\t' | b'\r'));
        let comment = first == Some(&b'#');
        loop {
            let end = self.end(from);
            let body = self.text[from..end].trim_end_matches(['\n', '\r']);
            (self.at, self.number) = (end, self.number + 1);
            // most lines: nothing in them says that they go on
            if from == start && !body.as_bytes().contains(&b'\\') {
                return Some(Ok(self.line(start, end, number, false)));
            }
            let continues = body.ends_with('\\') && end < self.text.len();
            if comment && body.trim_end().ends_with('\\') {
                return Some(Err((number, "a comment that ends in a backslash is read in two ways")));
            }
            if body.ends_with('\\') && !continues {
                return Some(Err((self.number - 1, "the last line is continued, but nothing follows")));
            }
            if !continues && body.trim_end().ends_with('\\') {
                return Some(Err((self.number - 1, "blanks behind a backslash are read in two ways")));
            }
            if !continues {
                return Some(Ok(self.line(start, end, number, from != start)));
            }
            from = end;
        }
    }

    fn line(&self, start: usize, end: usize, number: usize, continued: bool) -> Line<'a> {
        let whole = &self.text[start..end];
        let text = whole.trim_start_matches(is_blank);
        let at = start + whole.len() - text.len();
        let mut text = text.trim_end_matches(is_blank);
        // continued into nothing
        while let Some(rest) = text.strip_suffix('\\').filter(|_| continued) {
            text = rest.trim_end_matches(is_blank);
        }
        Line { number, span: start..end, text, at, continued }
    }
}

/// What separates words.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}

/// Cuts the next word off: the word, where it stands, and the rest with its place. A backslash before a newline separates words
/// as a blank does.
pub(super) fn word(text: &str, at: usize) -> Option<(&str, usize, &str, usize)> {
    let mut begin = text;
    loop {
        begin = begin.trim_start_matches(is_blank);
        match begin.strip_prefix('\\') {
            Some(rest) if rest.starts_with(['\n', '\r']) => begin = rest,
            _ => break,
        }
    }
    if begin.is_empty() {
        return None;
    }
    let start = at + text.len() - begin.len();
    // all that separates is ASCII: no byte of it is part of another character
    let bytes = begin.as_bytes();
    let ends = |&(index, byte): &(usize, &u8)| match byte {
        b' ' | b'\t' | b'\r' | b'\n' => true,
        b'\\' => matches!(bytes.get(index + 1), Some(b'\n' | b'\r')),
        _ => false,
    };
    let length = bytes.iter().enumerate().find(ends).map_or(begin.len(), |(index, _)| index);
    Some((&begin[..length], start, &begin[length..], start + length))
}
