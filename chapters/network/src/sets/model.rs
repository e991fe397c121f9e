//! A change set, and its file.

use camino::Utf8PathBuf;
use innkeeper_change::{Content, Digest, Problem};
use innkeeper_host::CONFIG_LIMIT;
use serde::{Deserialize, Serialize};

/// Where the files are.
pub(super) const DIRECTORY: &str = "/var/lib/innkeeper/network-sets";

/// The file of a change set.
pub fn path_of(name: &str) -> Utf8PathBuf {
    format!("{DIRECTORY}/{name}.json").into()
}

/// Edits of the network configuration that wait under a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// Its name, which is that of its file.
    pub name: String,
    /// The user who made it.
    pub author: String,
    /// What it is for.
    pub title: String,
    /// The configuration that it was made from.
    pub base: String,
    /// The configuration that it would make of it.
    pub text: String,
}

/// A change set as its file has it: texts as lists of lines, so that people can read them and compare them.
#[derive(Serialize, Deserialize)]
struct OnPaper {
    author: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    title: String,
    /// Of the base.
    digest: Digest,
    base: Vec<String>,
    interfaces: Vec<String>,
}

fn lines(text: &str) -> Vec<String> {
    text.split('\n').map(str::to_owned).collect()
}

impl ChangeSet {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(name: &str, text: &str) -> Result<Self, String> {
        let found: OnPaper = serde_json::from_str(text).map_err(|error| error.to_string())?;
        let base = found.base.join("\n");
        if Digest::of(base.as_bytes()) != found.digest {
            return Err("its base does not have the digest that it should have".to_owned());
        }
        Ok(Self {
            name: name.to_owned(),
            author: found.author,
            title: found.title,
            base,
            text: found.interfaces.join("\n"),
        })
    }

    /// What its file says.
    ///
    /// # Errors
    /// When that would be more than is ever read again.
    pub fn content(&self) -> Result<Content, Problem> {
        let paper = OnPaper {
            author: self.author.clone(),
            title: self.title.clone(),
            digest: Digest::of(self.base.as_bytes()),
            base: lines(&self.base),
            interfaces: lines(&self.text),
        };
        let text = serde_json::to_string_pretty(&paper).map_err(Problem::failed)? + "\n";
        if text.len() as u64 > CONFIG_LIMIT {
            return Err(Problem::failed(format!(
                "change set '{}' would have more than {CONFIG_LIMIT} bytes",
                self.name
            )));
        }
        Ok(Content::new(text))
    }
}
