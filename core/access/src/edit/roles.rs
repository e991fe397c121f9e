//! Roles that administrators made.

use innkeeper_change::Problem;

use super::{Fate, each_record, insert};
use crate::UserDb;
use crate::roles::{Privilege, builtin_role};

impl UserDb {
    /// The text with one more role.
    ///
    /// # Errors
    /// There is such a role already.
    pub fn add_role(text: &str, name: &str, privileges: &[Privilege]) -> Result<String, Problem> {
        if Self::parse(text).role(name).is_some() {
            return Err(Problem::Invalid(format!("create role failed: role '{name}' already exists")));
        }
        Ok(insert(text, &format!("role:{name}:{}:", privileges.join(","))))
    }

    /// The text with other privileges of a role: besides those it has when `append`, else instead of them. What is no
    /// privilege here stays in its line: it grants nothing, and may mean something to somebody else.
    ///
    /// # Errors
    /// There is no such role, or it is predefined.
    pub fn change_role(
        text: &str,
        name: &str,
        privileges: &[Privilege],
        append: bool,
    ) -> Result<String, Problem> {
        let had = Self::parse(text).require_own_role(name)?;
        let mut wanted: Vec<Privilege> = if append { had.into_iter().collect() } else { Vec::new() };
        wanted.extend(privileges);
        let mut first = true;
        Ok(each_record(text, |mut line| {
            if !line.is("role", name) {
                return Fate::Stays;
            }
            let is_known = |item: &&str| crate::roles::privilege(item).is_some();
            let new = if std::mem::take(&mut first) { wanted.as_slice() } else { &[] };
            let kept: Vec<String> = {
                let items = line.items(2);
                let mut kept: Vec<&str> =
                    items.iter().copied().filter(|item| !is_known(item) || new.contains(item)).collect();
                for privilege in new {
                    if !kept.contains(privilege) {
                        kept.push(privilege);
                    }
                }
                if kept == items {
                    return Fate::Stays;
                }
                kept.into_iter().map(str::to_owned).collect()
            };
            line.set(2, kept.join(","));
            Fate::Becomes(line.text())
        }))
    }

    /// The text without a role. Access entries that name it stay: taking them away could bring back what they replace.
    ///
    /// # Errors
    /// There is no such role, or it is predefined.
    pub fn remove_role(text: &str, name: &str) -> Result<String, Problem> {
        Self::parse(text).require_own_role(name)?;
        Ok(each_record(text, |line| if line.is("role", name) { Fate::Goes } else { Fate::Stays }))
    }

    fn require_own_role(&self, name: &str) -> Result<std::collections::BTreeSet<Privilege>, Problem> {
        if builtin_role(name).is_some() {
            return Err(Problem::Invalid(format!("auto-generated role '{name}' cannot be modified")));
        }
        self.role(name).ok_or_else(|| Problem::Invalid(format!("role '{name}' does not exist")))
    }
}
