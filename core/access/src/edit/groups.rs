//! Groups.

use innkeeper_change::Problem;

use super::{Fate, each_record, insert, without_subjects};
use crate::userdb::encode;
use crate::{Group, UserDb, UserId};

impl UserDb {
    /// There is such a group.
    ///
    /// # Errors
    /// In the original's words.
    pub fn require_group(&self, name: &str) -> Result<&Group, Problem> {
        self.groups().get(name).ok_or_else(|| Problem::Invalid(format!("no such group '{name}'")))
    }

    /// The text with one more group.
    ///
    /// # Errors
    /// There is such a group already.
    pub fn add_group(text: &str, name: &str, comment: &str) -> Result<String, Problem> {
        if Self::parse(text).groups().contains_key(name) {
            return Err(Problem::Invalid(format!("create group failed: group '{name}' already exists")));
        }
        Ok(insert(text, &format!("group:{name}::{}:", encode(comment))))
    }

    /// The text with another remark of a group.
    ///
    /// # Errors
    /// There is no such group.
    pub fn change_group(text: &str, name: &str, comment: &str) -> Result<String, Problem> {
        Self::parse(text).require_group(name)?;
        // of several lines the last one's remark counts, so all of them get it
        Ok(each_record(text, |mut line| {
            if !line.is("group", name) {
                return Fate::Stays;
            }
            line.set(3, encode(comment));
            Fate::Becomes(line.text())
        }))
    }

    /// The text without a group and without the access it was given.
    ///
    /// # Errors
    /// There is no such group.
    pub fn remove_group(text: &str, name: &str) -> Result<String, Problem> {
        Self::parse(text).require_group(name)?;
        let kept = each_record(text, |line| if line.is("group", name) { Fate::Goes } else { Fate::Stays });
        Ok(without_subjects(&kept, |subject| subject.strip_prefix('@') == Some(name)))
    }

    /// The text with a user in these groups: besides those they are in when `append`, else instead of them.
    ///
    /// # Errors
    /// One of the groups does not exist.
    pub fn set_groups(text: &str, user: &UserId, groups: &[&str], append: bool) -> Result<String, Problem> {
        let db = Self::parse(text);
        let mut missing = Vec::new();
        for name in groups {
            if !db.require_group(name)?.users.contains(user) {
                missing.push(*name);
            }
        }
        let left = match append {
            true => text.to_owned(),
            false => Self::leave_groups(text, user, |name| !groups.contains(&name)),
        };
        Ok(each_record(&left, |mut line| {
            let Some(at) = missing.iter().position(|name| line.is("group", name)) else { return Fate::Stays };
            missing.swap_remove(at);
            let before = line.field(2);
            let members = if before.is_empty() { user.to_string() } else { format!("{before},{user}") };
            line.set(2, members);
            Fate::Becomes(line.text())
        }))
    }

    /// The text with a user no longer in the groups that `leaves` says.
    pub(super) fn leave_groups(text: &str, user: &UserId, leaves: impl Fn(&str) -> bool) -> String {
        each_record(text, |mut line| {
            let is_in = line.field(0) == "group" && line.items(2).contains(&user.as_str());
            if !is_in || !leaves(line.field(1)) {
                return Fate::Stays;
            }
            let others: Vec<&str> =
                line.items(2).into_iter().filter(|member| *member != user.as_str()).collect();
            let others = others.join(",");
            line.set(2, others);
            Fate::Becomes(line.text())
        })
    }
}
