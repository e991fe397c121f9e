//! What a user may do in broad strokes, as the answer to a login lists it: enough for a GUI to hide buttons.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::acl::normalize_path;
use crate::roles::Privilege;
use crate::{AuthId, UserDb};

/// An area: its name, the paths it covers, the privileges that matter there.
type Area = (&'static str, &'static str, fn(&str) -> bool);

const AREAS: &[Area] = &[
    ("access", "/access", |name| {
        name.starts_with("User.") || name.starts_with("Group.") || name == "Permissions.Modify"
    }),
    ("dc", "/", |name| matches!(name, "Sys.Audit" | "Sys.Modify") || name.starts_with("SDN.")),
    ("mapping", "/mapping", |name| name.starts_with("Mapping.") || name == "Permissions.Modify"),
    ("nodes", "/nodes", |name| name.starts_with("Sys.") || name == "Permissions.Modify"),
    ("sdn", "/sdn", |name| name.starts_with("SDN.") || name == "Permissions.Modify"),
    ("storage", "/storage", |name| name.starts_with("Datastore.") || name == "Permissions.Modify"),
    ("vms", "/vms", |name| name.starts_with("VM.") || name == "Permissions.Modify"),
];

/// Paths that are listed even when no entry names them.
const WELL_KNOWN: &[&str] =
    &["/", "/access", "/access/groups", "/mapping", "/nodes", "/pool", "/sdn", "/storage", "/vms"];

impl UserDb {
    /// `{area: {privilege: 1}}`: whatever is allowed somewhere in the area.
    pub fn capabilities(&self, auth: &AuthId, now: i64) -> Value {
        let areas = AREAS.iter().map(|(area, top, matters)| {
            let inside = |path: &&str| *top != "/" && path.starts_with(&format!("{top}/"));
            let mut found = Map::new();
            for path in std::iter::once(*top).chain(self.acl().paths().filter(inside)) {
                for privilege in self.privileges(auth, path, now).into_keys().filter(|name| matters(name)) {
                    found.insert(privilege.to_owned(), json!(1));
                }
            }
            ((*area).to_owned(), Value::Object(found))
        });
        Value::Object(areas.collect())
    }

    /// What somebody may do, by path: on one path, or on all that entries name and the well-known ones. The number
    /// says whether the privilege holds further down too.
    pub fn permissions(
        &self,
        auth: &AuthId,
        path: Option<&str>,
        now: i64,
    ) -> BTreeMap<String, BTreeMap<Privilege, u8>> {
        let paths: Vec<String> = match path {
            Some(path) => normalize_path(path).into_iter().collect(),
            None => WELL_KNOWN.iter().copied().chain(self.acl().paths()).map(str::to_owned).collect(),
        };
        let mut permissions = BTreeMap::new();
        for path in paths {
            let grants = self.privileges(auth, &path, now);
            if !grants.is_empty() {
                let numbers = grants.into_iter().map(|(name, propagate)| (name, u8::from(propagate)));
                permissions.insert(path, numbers.collect());
            }
        }
        permissions
    }
}
