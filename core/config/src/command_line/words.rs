//! The words of a kernel command line: `quiet root=/dev/sda1 foo="a b"`.

use std::ops::Range;

/// The words with their places; blanks within double quotes separate nothing.
pub(super) fn words(line: &str) -> Vec<Range<usize>> {
    let mut words = Vec::new();
    let mut start = None;
    let mut quoted = false;
    for (at, c) in line.char_indices() {
        match (c.is_whitespace() && !quoted, start) {
            (true, Some(from)) => {
                words.push(from..at);
                start = None;
            }
            (false, None) => start = Some(at),
            _ => {}
        }
        quoted ^= c == '"';
    }
    words.extend(start.map(|from| from..line.len()));
    words
}

/// The parameter of a word: what stands before `=`; `-` and `_` are the same to the kernel.
pub(super) fn is_of(word: &str, key: &str) -> bool {
    let own = word.split_once('=').map_or(word, |(own, _)| own);
    let plain = |c: char| if c == '-' { '_' } else { c };
    own.chars().map(plain).eq(key.chars().map(plain))
}

/// The value of a parameter, the last where it is given several times; `""` for a word without `=`.
pub fn value<'l>(line: &'l str, key: &str) -> Option<&'l str> {
    let found = words(line).into_iter().rev().filter_map(|word| line.get(word));
    found
        .filter(|word| is_of(word, key))
        .map(|word| word.split_once('=').map_or("", |(_, value)| value))
        .next()
}

/// Gives a parameter a value, or takes it away. Where it stood it stands, other words and blanks stay; a new one goes to the end.
pub fn set(line: &str, key: &str, new: Option<&str>) -> String {
    let own: Vec<Range<usize>> = words(line)
        .into_iter()
        .filter(|word| line.get(word.clone()).is_some_and(|word| is_of(word, key)))
        .collect();
    let wanted = new.map(|value| format!("{key}={value}"));
    let Some(wanted) = wanted else { return without(line, &own) };
    match own.split_last() {
        None => {
            let body = line.trim_end();
            let blank = if body.is_empty() { "" } else { " " };
            format!(
                "{body}{blank}{wanted}{}",
                line.get(body.len()..).unwrap_or_default().trim_start_matches([' ', '\t'])
            )
        }
        Some((last, others)) => {
            let mut text = line.to_owned();
            text.replace_range(last.clone(), &wanted);
            without(&text, others)
        }
    }
}

/// A line without some of its words, each with the blank before it, or behind it at the beginning.
fn without(line: &str, gone: &[Range<usize>]) -> String {
    let mut text = line.to_owned();
    for word in gone.iter().rev() {
        let before = text.get(..word.start).unwrap_or_default();
        let blank = before.chars().next_back().filter(|c| *c == ' ' || *c == '\t');
        let behind = text.get(word.end..).unwrap_or_default().starts_with([' ', '\t']);
        let range = match blank {
            Some(_) => word.start - 1..word.end,
            None if behind => word.start..word.end + 1,
            None => word.clone(),
        };
        text.replace_range(range, "");
    }
    text
}
