//! The pieces of a document.

use std::borrow::Cow;
use std::ops::Range;

/// A word and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Word<'a> {
    /// The word.
    pub text: &'a str,
    /// Where its first byte stands in the document.
    pub at: usize,
}

/// The first line of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Head<'a> {
    /// `auto`, `allow-auto`, `allow-hotplug`, `allow-CLASS`: interfaces that are brought up by somebody.
    Allow {
        /// The class: `auto`, `hotplug`, a bridge of Open vSwitch.
        class: &'a str,
        /// Names or patterns.
        names: Vec<Word<'a>>,
    },
    /// The configuration of an interface, or one of several of it.
    Iface {
        /// Its name.
        name: Word<'a>,
        /// `inet`, `inet6` …
        family: Option<Word<'a>>,
        /// `static`, `dhcp`, `manual` …
        method: Option<Word<'a>>,
        /// The stanza whose options it takes over.
        inherits: Option<Word<'a>>,
    },
    /// Reads other files: `source`, `source-directory`, `source-dir`.
    Source {
        /// The word it is written with.
        word: &'a str,
        /// Path or pattern.
        path: &'a str,
    },
    /// Names chosen by a script.
    Mapping {
        /// Patterns of the names it is asked for.
        patterns: Vec<Word<'a>>,
    },
    /// Options that others inherit: `template NAME`. Also `vlan NAME` of ifupdown2, which is nothing that is edited here.
    Template {
        /// The word it is written with.
        word: &'a str,
        /// Its name.
        name: Word<'a>,
    },
    /// `no-auto-down`, `no-scripts`, `rename`: a list of words.
    Other {
        /// The word it begins with.
        word: &'a str,
        /// The others.
        words: Vec<Word<'a>>,
    },
}

/// A line `key value` of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OptionLine<'a> {
    /// The key as it is written.
    pub key: &'a str,
    /// The value, continuation lines joined by a blank.
    pub value: Cow<'a, str>,
    /// Its bytes in the document, newline included.
    pub span: Range<usize>,
    /// The bytes of the value.
    pub value_span: Range<usize>,
    /// Number of its first line, from 1.
    pub line: usize,
}

/// A comment line inside a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comment<'a> {
    /// What stands behind the `#`.
    pub text: &'a str,
    /// Its bytes in the document, newline included.
    pub span: Range<usize>,
}

/// A line of the body of a stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item<'a> {
    /// `key value`.
    Option(OptionLine<'a>),
    /// `# text`.
    Comment(Comment<'a>),
}

impl Item<'_> {
    /// Its bytes in the document, newline included.
    pub fn span(&self) -> &Range<usize> {
        match self {
            Self::Option(line) => &line.span,
            Self::Comment(comment) => &comment.span,
        }
    }
}

/// A stanza.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stanza<'a> {
    /// Its first line.
    pub head: Head<'a>,
    /// The bytes of its first line, newline included.
    pub span: Range<usize>,
    /// Number of its first line, from 1.
    pub line: usize,
    /// Its options and comments in the order of the file. A comment that is set off by a blank line from everything of the
    /// stanza does not belong to it.
    pub items: Vec<Item<'a>>,
}

impl<'a> Stanza<'a> {
    /// Where it ends: behind its last option or comment.
    pub fn end(&self) -> usize {
        self.items.last().map_or(self.span.end, |item| item.span().end)
    }

    /// Its options.
    pub fn options(&self) -> impl Iterator<Item = &OptionLine<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Option(line) => Some(line),
            Item::Comment(_) => None,
        })
    }

    /// Its comments.
    pub fn comments(&self) -> impl Iterator<Item = &Comment<'a>> {
        self.items.iter().filter_map(|item| match item {
            Item::Comment(comment) => Some(comment),
            Item::Option(_) => None,
        })
    }

    /// Whether a stanza of this kind has options.
    pub(super) fn has_body(&self) -> bool {
        matches!(self.head, Head::Iface { .. } | Head::Mapping { .. } | Head::Template { .. })
    }
}
