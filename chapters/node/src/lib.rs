//! The node itself: what it is, who is on it, what was done to it, how it is.
//!
//! | what | methods | commands |
//! | --- | --- | --- |
//! | version and index | `/version`, `/nodes`, `/nodes/{node}` | `innkeeper api get /version` |
//! | tasks | `/nodes/{node}/tasks…`, `/cluster/tasks` | `pvenode task …`, `innkeeper task …` |
//! | history and undo | `/nodes/{node}/history…` | `innkeeper history`, `innkeeper undo` |
//! | armed changes | `/nodes/{node}/changes…` | `innkeeper changes` |
//! | health checks | `/nodes/{node}/checks` | `innkeeper checks` |
//!
//! Files: task logs below `/var/log/pve/tasks`, the journal in `/var/lib/innkeeper`.

mod changes;
mod checks;
mod history;
mod tasks;
mod version;

use innkeeper_rest::Method;

/// Every method of this chapter.
pub fn methods() -> Vec<Method> {
    let mut methods = version::methods();
    methods.extend(tasks::methods());
    methods.extend(history::methods());
    methods.extend(changes::methods());
    methods.extend(checks::methods());
    methods
}
