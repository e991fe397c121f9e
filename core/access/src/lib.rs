//! Who may do what: realms, tickets, tokens, roles, access control lists.
//!
//! - [`UserId`], [`TokenId`], [`AuthId`]: who.
//! - [`UserDb`]: users, groups, roles, tokens and access control lists, as `/etc/pve/user.cfg` has them.
//! - [`Privilege`] and roles: what. [`UserDb::privileges`]: what somebody may do on a path.
//! - [`Tickets`], [`token`], [`realm`]: how callers show who they are.
//! - [`Access`]: all of it together, reading each file again only when it changed.

mod access;
mod acl;
mod caps;
mod doors;
mod edit;
mod files;
mod identity;
mod keys;
mod login;
pub mod password;
mod questions;
pub mod realm;
mod roles;
mod secret;
mod sessions;
pub mod tfa;
mod throttle;
mod ticket;
pub mod token;
mod userdb;
mod userid;

pub use access::Access;
pub use acl::{Acl, AclSubject, Grants, Source, normalize_path};
pub use edit::{AclEdit, TokenOptions, UserChange};
pub use files::{plan_forget, plan_secret, plan_users};
pub use identity::{Credentials, Identity, Need, Via};
pub use login::{Attempt, Login, TOTP_TRIES};
pub use realm::{AuthError, Authenticator, Realm};
pub use roles::{PRIVILEGES, Privilege, builtin_role, builtin_role_names, privilege};
pub use secret::uuid as new_uuid;
pub use sessions::{Lockout, Session, Sessions};
pub use ticket::{KEY_FILE, KEY_FILE_ASIDE, SessionId, Shown, TICKET_LIFETIME, Tickets, damaged_key_lines};
pub use token::NewToken;
pub use userdb::{Group, Token, User, UserDb, Warning};

pub use userid::{AuthId, BadId, TokenId, UserId};
