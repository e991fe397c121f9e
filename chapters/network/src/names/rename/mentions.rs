//! Where a text names a card: what is surely its name, and what may be.

use std::ops::Range;

/// A place that names a card, or a VLAN or an alias on it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mention {
    /// The bytes of the name, without what stands for a VLAN or an alias.
    pub range: Range<usize>,
    /// It is the name of the card beyond doubt, so that another may be put there.
    pub sure: bool,
}

/// What may stand around a word of a shell, of a list and of most configuration files.
fn separates(c: char) -> bool {
    c.is_whitespace() || "\"'`=,;(){}|&<>@[]".contains(c)
}

fn is_of_a_name(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Every place of a text that names a card.
pub fn mentions(text: &str, name: &str) -> Vec<Mention> {
    if name.is_empty() {
        return Vec::new();
    }
    text.match_indices(name).filter_map(|(at, _)| mention(text, at..at + name.len())).collect()
}

fn mention(text: &str, range: Range<usize>) -> Option<Mention> {
    let (before, after) = (text.get(..range.start)?, text.get(range.end..)?);
    let previous = before.chars().next_back();
    // part of a longer name, or a variable of a shell
    if previous.is_some_and(|c| is_of_a_name(c) || c == '$') || after.starts_with(is_of_a_name) {
        return None;
    }
    let place = match previous {
        None => Place::Word,
        Some(c) if separates(c) => Place::Word,
        Some('/' | '.') => path(before),
        Some(_) => Place::Other,
    };
    Some(Mention { sure: place != Place::Other && ends(after, place), range })
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    /// A word by itself.
    Word,
    /// `net.ipv4.conf.NAME.`, in which a dot of the name is a slash.
    Key,
    /// `/proc/sys/net/ipv4/conf/NAME/`, `/sys/class/net/NAME/`.
    Path,
    Other,
}

/// What a path or key of the kernel says that a name follows.
fn path(before: &str) -> Place {
    let families = ["ipv4", "ipv6", "mpls"];
    let under = |parts: [&str; 2], separator: char| {
        let end = format!("{}{separator}{}{separator}", parts[0], parts[1]);
        before.ends_with(&end)
    };
    let of = |separator| {
        families
            .iter()
            .any(|family| under([family, "conf"], separator) || under([family, "neigh"], separator))
    };
    if of('.') {
        Place::Key
    } else if of('/') || before.ends_with("/sys/class/net/") {
        Place::Path
    } else {
        Place::Other
    }
}

/// Whether a name ends there, perhaps with a VLAN or an alias behind it.
fn ends(mut after: &str, place: Place) -> bool {
    // a VLAN on a VLAN on a VLAN: nobody says how deep a hostile file goes
    while let Some(more) = behind_vlan(after, place) {
        after = more;
    }
    let digits = |rest: &str| rest.bytes().take_while(u8::is_ascii_digit).count();
    let mut chars = after.chars();
    let Some(next) = chars.next() else { return true };
    let rest = chars.as_str();
    let behind = |length: usize| rest.get(length..).unwrap_or_default();
    match (next, place) {
        (c, _) if separates(c) => true,
        // a line that goes on in the next one
        ('\\', _) => rest.starts_with(['\n', '\r']),
        ('.', Place::Key) => true,
        ('/', Place::Path) => true,
        ('/', Place::Key) => digits(rest) > 0 && behind(digits(rest)).starts_with('.'),
        (':', Place::Word) if digits(rest) > 0 => {
            let more = behind(digits(rest));
            more.is_empty() || more.starts_with(separates)
        }
        (':', Place::Word) => rest.is_empty() || rest.starts_with(char::is_whitespace),
        _ => false,
    }
}

/// What stands behind `.5`, where that may be a VLAN.
fn behind_vlan(after: &str, place: Place) -> Option<&str> {
    let rest = after.strip_prefix('.').filter(|_| matches!(place, Place::Word | Place::Path))?;
    let more = rest.trim_start_matches(|c: char| c.is_ascii_digit());
    (more.len() < rest.len() && !more.starts_with(is_of_a_name)).then_some(more)
}

/// Whether a text has a pattern that means the old name and not the new one: `-o eno+`, `eth*`.
pub fn means_by_pattern(text: &str, old: &str, new: &str) -> bool {
    text.split(separates)
        .filter(|word| word.len() > 2 && word.starts_with(|c: char| c.is_ascii_alphabetic()))
        .any(|word| {
            let stem = word.trim_end_matches(['+', '*']);
            let plain =
                !stem.is_empty() && stem.bytes().all(|c| c.is_ascii_alphanumeric() || b"-_.".contains(&c));
            stem.len() < word.len() && plain && old.starts_with(stem) && !new.starts_with(stem)
        })
}

/// What a text would be under the new name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Followed {
    /// The text.
    pub text: String,
    /// Lines (from 1) that name the card, or may, and stay as they are.
    pub left: Vec<usize>,
}

/// How a file is made to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rule {
    /// Words are replaced.
    Words,
    /// Lines are repeated under the new name: the old one counts until the restart, the new one from then on.
    Lines,
    /// Nothing is edited.
    Nothing,
}

/// Makes a file follow that is read line by line and whose comments begin with `#` or `;`.
pub fn follow(text: &str, names: &[&str], new: &str, rule: Rule) -> Followed {
    let mut followed = Followed { text: String::with_capacity(text.len()), left: Vec::new() };
    let mut lines = text.split_inclusive('\n').enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        if line.trim_start().starts_with(['#', ';']) && !line.starts_with("#!") {
            followed.text.push_str(line);
            continue;
        }
        let (renamed, left) = in_piece(line, names, new);
        if left || (rule == Rule::Nothing && renamed != line) {
            followed.left.push(index + 1);
        }
        match rule {
            Rule::Nothing => followed.text.push_str(line),
            Rule::Words => followed.text.push_str(&renamed),
            Rule::Lines => {
                followed.text.push_str(line);
                let there = lines.peek().is_some_and(|(_, next)| next.trim_end() == renamed.trim_end());
                if renamed != line && !there {
                    if !line.ends_with('\n') {
                        followed.text.push('\n');
                    }
                    followed.text.push_str(&renamed);
                }
            }
        }
    }
    followed
}

/// A piece of text under the new name, and whether something of it names the card, or may, and stays.
pub(super) fn in_piece(piece: &str, names: &[&str], new: &str) -> (String, bool) {
    let mut text = piece.to_owned();
    let mut left = false;
    for name in names {
        left |= means_by_pattern(&text, name, new);
        let found = mentions(&text, name);
        left |= found.iter().any(|mention| !mention.sure);
        for mention in found.into_iter().rev().filter(|mention| mention.sure) {
            text.replace_range(mention.range, new);
        }
    }
    (text, left)
}
