//! A file of either syntax under one set of verbs, and the check that an edit did what it was asked to.

use super::deb822::Deb822;
use super::entry::{EditError, Entry, Malformed};
use super::one_line::OneLine;

/// Which syntax a file is written in: its extension says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum FileType {
    /// One line for each repository.
    List,
    /// deb822 stanzas.
    Sources,
}

impl FileType {
    /// By the extension of a file name.
    pub fn of(name: &str) -> Option<Self> {
        match name.rsplit_once('.')?.1 {
            "list" => Some(Self::List),
            "sources" => Some(Self::Sources),
            _ => None,
        }
    }
}

/// A sources file, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Document {
    /// One-line syntax.
    List(OneLine),
    /// deb822.
    Sources(Deb822),
}

/// An edit of one entry, or of the end of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Edit<'a> {
    /// Switch it on or off.
    SetEnabled(usize, bool),
    /// Give it these components.
    SetComponents(usize, &'a [String]),
    /// Take it out.
    Remove(usize),
    /// Write this behind everything else: a line, or the lines of a stanza.
    Append(&'a str),
}

impl Document {
    /// Reads a text in the syntax of its file type.
    pub fn parse(file_type: FileType, text: &str) -> Self {
        match file_type {
            FileType::List => Self::List(OneLine::parse(text)),
            FileType::Sources => Self::Sources(Deb822::parse(text)),
        }
    }

    /// The syntax.
    pub fn file_type(&self) -> FileType {
        match self {
            Self::List(_) => FileType::List,
            Self::Sources(_) => FileType::Sources,
        }
    }

    /// The repositories in the order of the file, those switched off among them.
    pub fn entries(&self) -> &[Entry] {
        match self {
            Self::List(list) => list.entries(),
            Self::Sources(sources) => sources.entries(),
        }
    }

    /// What APT would refuse.
    pub fn malformed(&self) -> &[Malformed] {
        match self {
            Self::List(list) => list.malformed(),
            Self::Sources(sources) => sources.malformed(),
        }
    }

    /// The text.
    pub fn text(&self) -> String {
        match self {
            Self::List(list) => list.text(),
            Self::Sources(sources) => sources.text(),
        }
    }

    /// The text after an edit, read back and compared: the entry is as wanted, and every other as it was.
    ///
    /// # Errors
    /// [`EditError`]; also when the result would not read back as it should, so that nothing is written which
    /// cannot be understood afterwards.
    pub fn edit(&self, edit: &Edit<'_>) -> Result<String, EditError> {
        let text = match (self, edit) {
            (Self::List(list), Edit::SetEnabled(index, enabled)) => list.set_enabled(*index, *enabled),
            (Self::Sources(sources), Edit::SetEnabled(index, enabled)) => {
                sources.set_enabled(*index, *enabled)
            }
            (Self::List(list), Edit::SetComponents(index, components)) => {
                list.set_components(*index, components)
            }
            (Self::Sources(sources), Edit::SetComponents(index, components)) => {
                sources.set_components(*index, components)
            }
            (Self::List(list), Edit::Remove(index)) => list.remove(*index),
            (Self::Sources(sources), Edit::Remove(index)) => sources.remove(*index),
            (Self::List(list), Edit::Append(line)) => list.append(line),
            (Self::Sources(sources), Edit::Append(stanza)) => sources.append(stanza),
        }?;
        self.verify(edit, &text)?;
        Ok(text)
    }

    fn verify(&self, edit: &Edit<'_>, text: &str) -> Result<(), EditError> {
        let after = Self::parse(self.file_type(), text);
        if let Some(bad) = after.malformed().first() {
            return Err(EditError::Refused(format!("the result would not be accepted: {bad}")));
        }
        let mut wanted: Vec<_> = self.entries().iter().map(meaning).collect();
        let mut found: Vec<_> = after.entries().iter().map(meaning).collect();
        match edit {
            Edit::SetEnabled(index, enabled) => {
                wanted[*index].enabled = *enabled;
                // the field that carries the switch in one of the syntaxes shows up among the options
                for entries in [&mut wanted, &mut found] {
                    if let Some(entry) = entries.get_mut(*index) {
                        entry.options.retain(|option| !option.key.eq_ignore_ascii_case("Enabled"));
                    }
                }
            }
            Edit::SetComponents(index, components) => wanted[*index].components = components.to_vec(),
            Edit::Remove(index) => {
                wanted.remove(*index);
            }
            Edit::Append(_) => {
                let new = Self::parse(self.file_type(), &format!("{}\n", edit.appended()));
                wanted.extend(new.entries().iter().map(meaning));
            }
        }
        if wanted == found {
            Ok(())
        } else {
            Err(EditError::Refused("the edit would change more than the entry it is for".to_owned()))
        }
    }
}

impl Edit<'_> {
    fn appended(&self) -> &str {
        match self {
            Self::Append(text) => text,
            _ => "",
        }
    }
}

/// An entry without what legitimately moves when another one is edited: its line, and the comments near it.
fn meaning(entry: &Entry) -> Entry {
    Entry { line: 0, comment: String::new(), ..entry.clone() }
}
