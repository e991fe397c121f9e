//! The interfaces(5) format, lossless: `&str` in, edits of that text out.

mod document;
mod edit;
mod lines;
mod stanza;

pub use document::{Document, Malformed};
pub use edit::Edits;
pub(crate) use edit::{indentation, newline};
pub use stanza::{Comment, Head, Item, OptionLine, Stanza, Word};
