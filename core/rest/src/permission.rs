//! Who may call a method: declared as data, so that the check, the documents and the tests read the same thing.

use std::fmt;

use innkeeper_access::{Identity, Need, UserId};
use innkeeper_change::Problem;
use serde_json::{Map, Value};

use crate::api::Api;
use crate::route;

/// Who may call a method. `root@pam` may call everything, in person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Permission {
    /// Everybody, also without a ticket.
    World,
    /// Every known user. The handler may narrow down what they see.
    User,
    /// Nobody but `root@pam`.
    Root,
    /// Who holds all of these privileges on this path; `{name}` in the path is filled from the parameters.
    On(&'static str, &'static [&'static str]),
    /// Who holds one of these privileges on this path.
    AnyOf(&'static str, &'static [&'static str]),
    /// The user in the parameter `userid`, in person: not one of their tokens.
    Oneself,
    /// Who holds all of these privileges on the realm of the user in the parameter `userid`.
    OnRealm(&'static [&'static str]),
    /// Who holds one of these privileges on `/access/groups`, or on a group that the user in `userid` is in.
    OnGroups(&'static [&'static str]),
    /// Who may hand out access on the path in the parameter `path`.
    Delegate,
    /// No API token, whatever else is asked for.
    InPerson,
    /// Whoever one of these lets pass.
    Either(&'static [Permission]),
    /// Whoever all of these let pass.
    Every(&'static [Permission]),
}

/// The privilege that is enough to hand out access below a path, besides `Permissions.Modify`.
const ALLOCATE: [(&str, &str); 3] =
    [("/storage/", "Datastore.Allocate"), ("/vms/", "VM.Allocate"), ("/pool/", "Pool.Allocate")];

impl Permission {
    /// Lets a caller pass, or says what they lack. The parameters are those that were sent, still unchecked: what is
    /// no path or no user has no privileges on it.
    pub(crate) fn check(
        self,
        api: &Api,
        who: Option<&Identity>,
        params: &Map<String, Value>,
    ) -> Result<(), Problem> {
        let who = match (self, who) {
            (Self::World, _) => return Ok(()),
            (_, None) => return Err(Problem::Unauthenticated("No ticket".to_owned())),
            (_, Some(who)) if who.is_root() => return Ok(()),
            (_, Some(who)) => who,
        };
        let check = |path: &str, privileges: &[&str], need| api.access()?.check(who, path, privileges, need);
        match self {
            Self::World | Self::User => Ok(()),
            Self::Root => api.access()?.check_root(who),
            Self::On(path, privileges) => check(&route::fill(path, params), privileges, Need::All),
            Self::AnyOf(path, privileges) => check(&route::fill(path, params), privileges, Need::Any),
            Self::Oneself => match user_in(params) {
                Some(user) if who.auth.to_string() == user.as_str() => Ok(()),
                _ => Err(Problem::Forbidden("Permission check failed (not the user in question)".to_owned())),
            },
            Self::OnRealm(privileges) => {
                let realm = user_in(params).map(|user| user.realm().to_owned()).unwrap_or_default();
                check(&format!("/access/realm/{realm}"), privileges, Need::All)
            }
            Self::OnGroups(privileges) => on_groups(api, who, user_in(params).as_ref(), privileges),
            Self::Delegate => delegate(api, who, text(params, "path")),
            Self::InPerson if who.auth.token().is_none() => Ok(()),
            Self::InPerson => {
                Err(Problem::Forbidden("Permission check failed (API tokens may not call this)".to_owned()))
            }
            Self::Either(ways) => {
                let mut refusal = Problem::Forbidden("Permission check failed".to_owned());
                for way in ways {
                    match way.check(api, Some(who), params) {
                        Ok(()) => return Ok(()),
                        Err(problem) => refusal = problem,
                    }
                }
                Err(refusal)
            }
            Self::Every(conditions) => {
                conditions.iter().try_for_each(|condition| condition.check(api, Some(who), params))
            }
        }
    }
}

fn text<'p>(params: &'p Map<String, Value>, name: &str) -> &'p str {
    params.get(name).and_then(Value::as_str).unwrap_or_default()
}

fn user_in(params: &Map<String, Value>) -> Option<UserId> {
    text(params, "userid").parse().ok()
}

/// On a group that the user is in, or on all groups.
fn on_groups(api: &Api, who: &Identity, user: Option<&UserId>, privileges: &[&str]) -> Result<(), Problem> {
    let access = api.access()?;
    if let Some(user) = user {
        let users = access.users()?;
        let mut mine = users.groups().iter().filter(|(_, group)| group.users.contains(user));
        let path = |name: &str| format!("/access/groups/{name}");
        if mine.any(|(name, _)| access.check(who, &path(name), privileges, Need::Any).is_ok()) {
            return Ok(());
        }
    }
    access.check(who, "/access/groups", privileges, Need::Any)
}

/// Guests, storages and pools may be shared by who manages them; everything else needs the privilege for it.
fn delegate(api: &Api, who: &Identity, path: &str) -> Result<(), Problem> {
    let access = api.access()?;
    let managed = ALLOCATE.iter().find(|(above, _)| path.starts_with(above));
    match managed {
        Some((_, allocate)) => access.check(who, path, &["Permissions.Modify", allocate], Need::Any),
        None => access.check(who, path, &["Permissions.Modify"], Need::All),
    }
}

/// As a sentence without its full stop: "Sys.Audit on /nodes/{node}".
impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, all: &[Self], word: &str| {
            for (index, one) in all.iter().enumerate() {
                if index > 0 {
                    write!(f, " {word} ")?;
                }
                write!(f, "{one}")?;
            }
            Ok(())
        };
        match self {
            Self::World => f.write_str("nobody needs a ticket"),
            Self::User => f.write_str("any user"),
            Self::Root => f.write_str("root@pam only"),
            Self::On(path, privileges) => write!(f, "{} on {path}", privileges.join(", ")),
            Self::AnyOf(path, privileges) => write!(f, "{} on {path}", privileges.join(" or ")),
            Self::Oneself => f.write_str("being that user"),
            Self::OnRealm(privileges) => write!(f, "{} on the user's realm", privileges.join(", ")),
            Self::OnGroups(privileges) => {
                write!(f, "{} on /access/groups or on a group of the user", privileges.join(" or "))
            }
            Self::Delegate => f.write_str("Permissions.Modify on the path"),
            Self::InPerson => f.write_str("no API token"),
            Self::Either(ways) => list(f, ways, "or"),
            Self::Every(conditions) => list(f, conditions, "and"),
        }
    }
}

impl Permission {
    /// Who may call, as a whole sentence for documents.
    pub fn sentence(&self) -> String {
        match self {
            Self::World => "Everybody may call it.".to_owned(),
            Self::User => "Every user may call it; they see what they may see.".to_owned(),
            Self::Root => "Only root@pam may call it.".to_owned(),
            other => format!("Needs {other}."),
        }
    }
}
