//! Privileges, and the roles that are always there.

use std::collections::BTreeSet;

/// A privilege by its name. All of them are known: see [`PRIVILEGES`].
pub type Privilege = &'static str;

/// Every privilege, by name.
pub const PRIVILEGES: &[Privilege] = &[
    "Datastore.Allocate",
    "Datastore.AllocateSpace",
    "Datastore.AllocateTemplate",
    "Datastore.Audit",
    "Group.Allocate",
    "Mapping.Audit",
    "Mapping.Modify",
    "Mapping.Use",
    "Permissions.Modify",
    "Pool.Allocate",
    "Pool.Audit",
    "Realm.Allocate",
    "Realm.AllocateUser",
    "SDN.Allocate",
    "SDN.Audit",
    "SDN.Use",
    "Sys.AccessNetwork",
    "Sys.Audit",
    "Sys.Console",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
    "Sys.Syslog",
    "User.Modify",
    "VM.Allocate",
    "VM.Audit",
    "VM.Backup",
    "VM.Clone",
    "VM.Config.CDROM",
    "VM.Config.CPU",
    "VM.Config.Cloudinit",
    "VM.Config.Disk",
    "VM.Config.HWType",
    "VM.Config.Memory",
    "VM.Config.Network",
    "VM.Config.Options",
    "VM.Console",
    "VM.Migrate",
    "VM.Monitor",
    "VM.PowerMgmt",
    "VM.Snapshot",
    "VM.Snapshot.Rollback",
];

/// What `PVEAdmin` is kept from: what changes the host itself, realms, permissions and mappings.
const NOT_FOR_ADMINS: &[&str] = &[
    "Mapping.Modify",
    "Permissions.Modify",
    "Realm.Allocate",
    "Sys.AccessNetwork",
    "Sys.Incoming",
    "Sys.Modify",
    "Sys.PowerMgmt",
];

/// The role that takes every other role away.
pub(crate) const NO_ACCESS: &str = "NoAccess";

/// A role: its name, and which privileges it has.
type Role = (&'static str, fn(&str) -> bool);

const ROLES: &[Role] = &[
    ("Administrator", |_| true),
    (NO_ACCESS, |_| false),
    ("PVEAdmin", |name| !NOT_FOR_ADMINS.contains(&name)),
    ("PVEAuditor", |name| name.ends_with(".Audit")),
    ("PVEDatastoreAdmin", |name| name.starts_with("Datastore.")),
    ("PVEDatastoreUser", |name| matches!(name, "Datastore.AllocateSpace" | "Datastore.Audit")),
    ("PVEMappingAdmin", |name| name.starts_with("Mapping.")),
    ("PVEMappingAuditor", |name| name == "Mapping.Audit"),
    ("PVEMappingUser", |name| matches!(name, "Mapping.Audit" | "Mapping.Use")),
    ("PVEPoolAdmin", |name| name.starts_with("Pool.")),
    ("PVEPoolUser", |name| name == "Pool.Audit"),
    ("PVESDNAdmin", |name| name.starts_with("SDN.")),
    ("PVESDNUser", |name| matches!(name, "SDN.Audit" | "SDN.Use")),
    ("PVESysAdmin", |name| matches!(name, "Sys.Audit" | "Sys.Console" | "Sys.Syslog")),
    ("PVETemplateUser", |name| matches!(name, "VM.Audit" | "VM.Clone")),
    ("PVEUserAdmin", |name| matches!(name, "Group.Allocate" | "Realm.AllocateUser" | "User.Modify")),
    ("PVEVMAdmin", |name| name.starts_with("VM.")),
    ("PVEVMUser", |name| {
        matches!(
            name,
            "VM.Audit"
                | "VM.Backup"
                | "VM.Config.CDROM"
                | "VM.Config.Cloudinit"
                | "VM.Console"
                | "VM.PowerMgmt"
        )
    }),
];

/// The privileges of a predefined role; `None` when there is no such role.
pub fn builtin_role(name: &str) -> Option<BTreeSet<Privilege>> {
    let (_, has) = ROLES.iter().find(|(role, _)| *role == name)?;
    Some(PRIVILEGES.iter().copied().filter(|privilege| has(privilege)).collect())
}

/// The names of the predefined roles.
pub fn builtin_role_names() -> impl Iterator<Item = &'static str> {
    ROLES.iter().map(|(name, _)| *name)
}

/// A privilege by its name; `None` when there is no such privilege.
pub fn privilege(name: &str) -> Option<Privilege> {
    PRIVILEGES.iter().copied().find(|known| *known == name)
}
