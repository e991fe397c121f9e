//! Refreshing the package lists: what APT fetches is what there is, and APT alone decides what it trusts.

use innkeeper_change::{Action, Content, FileChange, Invocation, Plan, Problem, Step, Undo, Value};

const APT_GET: &str = "/usr/bin/apt-get";
/// A mirror that answers slowly takes minutes; one that does not answer at all is given up by APT itself.
const DEADLINE: u32 = 1800;
/// Where APT reads the datacenter's proxy from.
pub const PROXY_FILE: &str = "/etc/apt/apt.conf.d/76pveproxy";

/// A refresh of the package lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    /// Only what goes wrong is said.
    pub quiet: bool,
    /// `http_proxy` of the datacenter's options.
    pub proxy: Option<String>,
    /// What [`PROXY_FILE`] holds now.
    pub proxy_file: Option<Content>,
}

/// Plans `apt-get update`, without a single option that could weaken its verification. There is nothing to take back.
///
/// # Errors
/// A proxy that could not be written without changing its meaning.
pub fn refresh(request: &Refresh) -> Result<Plan, Problem> {
    let mut plan = Plan::new("refresh the package lists");
    if let Some(text) = proxy_text(request)? {
        let change = FileChange::write(PROXY_FILE, request.proxy_file.clone(), text);
        let what = "write APT's proxy as the datacenter's options say".to_owned();
        plan = plan.step(Step { what, action: Action::File(change), undo: Undo::Inverse });
    }
    let words: &[&str] = if request.quiet { &["-qq", "update"] } else { &["update"] };
    let args = words.iter().map(|word| Value::from(*word)).collect();
    let run = Invocation { program: APT_GET.into(), args, stdin: None, deadline: DEADLINE, produces: None };
    let what = "starting apt-get update".to_owned();
    Ok(plan.step(Step { what, action: Action::Run(run), undo: Undo::Nothing }))
}

/// What the proxy file shall hold; a host that has neither a proxy nor the file gets none.
fn proxy_text(request: &Refresh) -> Result<Option<String>, Problem> {
    match request.proxy.as_deref().filter(|proxy| !proxy.is_empty()) {
        None => Ok(request.proxy_file.as_ref().map(|_| "// no proxy configured\n".to_owned())),
        Some(proxy) if proxy.contains(['"', '\\', ';']) || proxy.contains(char::is_control) => Err(
            Problem::failed("/etc/pve/datacenter.cfg: http_proxy holds characters that APT could not read"),
        ),
        Some(proxy) => Ok(Some(format!("Acquire::http::Proxy \"{proxy}\";\n"))),
    }
}
