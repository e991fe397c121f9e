//! `/etc/kernel/cmdline`: exactly one line.

use super::{NotEdited, set, value};

/// The file, understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CommandLineFile<'a> {
    line: &'a str,
    end: &'a str,
}

impl<'a> CommandLineFile<'a> {
    /// Reads the file.
    ///
    /// # Errors
    /// More lines than one, or a line that names no root file system: a kernel with it would find nothing to start.
    pub fn parse(text: &'a str) -> Result<Self, NotEdited> {
        let line = text.lines().next().unwrap_or_default();
        let end = text.get(line.len()..).unwrap_or_default();
        let more = text.lines().position(|line| !line.trim().is_empty()).unwrap_or_default() > 0
            || text.lines().skip(1).any(|line| !line.trim().is_empty());
        if more {
            let reason = "the command line is one line, and the file has more".to_owned();
            return Err(NotEdited { line: 2, reason });
        }
        if value(line, "root").is_none_or(str::is_empty) {
            return Err(NotEdited { line: 1, reason: "there is no 'root=' in it".to_owned() });
        }
        Ok(Self { line, end })
    }

    /// The value of a parameter.
    pub fn value(&self, key: &str) -> Option<&'a str> {
        value(self.line, key)
    }

    /// The text with another value of a parameter, or without it.
    pub fn set(&self, key: &str, new: Option<&str>) -> String {
        let end = if self.end.is_empty() { "\n" } else { self.end };
        match self.value(key) == new {
            true => format!("{}{}", self.line, self.end),
            false => format!("{}{end}", set(self.line, key, new)),
        }
    }
}
