//! Refreshing the package lists: what APT fetches is what there is, and APT alone decides what it trusts.

use innkeeper_change::{
    Action, Content, FileChange, Hazard, Invocation, Plan, Problem, Severity, Step, Undo, Value,
};
use innkeeper_host::LockHolder;

const APT_GET: &str = "/usr/bin/apt-get";
/// Waits for the end of a process, among other things.
const TAIL: &str = "/usr/bin/tail";
/// For so long another program is waited for, as for a change of packages.
const PATIENCE: u32 = 600;
const INNKEEPER: &str = "/usr/bin/innkeeper";
/// A mirror that answers slowly takes minutes; one that does not answer at all is given up by APT itself.
const DEADLINE: u32 = 1800;
/// Where APT reads the datacenter's proxy from.
pub const PROXY_FILE: &str = "/etc/apt/apt.conf.d/76pveproxy";

/// A refresh of the package lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Refresh {
    /// Only what goes wrong is said.
    pub quiet: bool,
    /// Whoever administers this host is told by mail which updates are new.
    pub notify: bool,
    /// The fields of repositories whose change is accepted, of [`crate::format::refresh_log::CHANGED_FIELDS`].
    pub accept_change: Vec<&'static str>,
    /// The process that uses APT's package lists at this moment.
    pub waits_for: Option<LockHolder>,
    /// `http_proxy` of the datacenter's options.
    pub proxy: Option<String>,
    /// What [`PROXY_FILE`] holds now.
    pub proxy_file: Option<Content>,
}

/// Plans `apt-get update`, without a single option that could weaken its verification of signatures. There is nothing to take back.
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
    if let Some(holder) = &request.waits_for {
        plan = plan.step(wait(holder));
    }
    // how far it is goes to standard error, apart from what it says of each repository
    const PROGRESS: &str = "--option=APT::Status-Fd=2";
    let mut words = if request.quiet { vec!["-qq", PROGRESS] } else { vec![PROGRESS] };
    let allowed = request.accept_change.iter().map(|field| format!("--allow-releaseinfo-change-{field}"));
    let allowed: Vec<String> = allowed.collect();
    if !allowed.is_empty() {
        words.extend(allowed.iter().map(String::as_str));
        plan = plan.hazard(Hazard::new(
            "apt.accepts-change",
            Severity::Warning,
            format!(
                "Repositories whose {} has changed are accepted as they are now: what follows may be of another release.",
                request.accept_change.join(", ")
            ),
            "Read in the log of the last refresh what changed into what, and whether Debian announced it.",
        ));
    }
    words.push("update");
    let args = words.into_iter().map(Value::from).collect();
    let run = Invocation {
        program: APT_GET.into(),
        args,
        stdin: None,
        deadline: DEADLINE,
        produces: None,
        accept: Vec::new(),
    };
    let what = "starting apt-get update".to_owned();
    let plan = plan.step(Step { what, action: Action::Run(run), undo: Undo::Nothing });
    Ok(if request.notify { plan.step(tell()) } else { plan })
}

/// APT itself does not wait for the lock of its lists.
fn wait(holder: &LockHolder) -> Step {
    let args = [format!("--pid={}", holder.pid), "--follow".to_owned(), "/dev/null".to_owned()];
    let args = args.iter().map(|arg| Value::from(arg.as_str())).collect();
    let run = Invocation {
        program: TAIL.into(),
        args,
        stdin: None,
        deadline: PATIENCE,
        produces: None,
        accept: Vec::new(),
    };
    let what = format!("wait for the end of process {holder}, which uses the package lists");
    Step { what, action: Action::Run(run), undo: Undo::Nothing }
}

/// Which updates there are is known when the lists are there: the program itself works it out then, and writes the mail.
fn tell() -> Step {
    let args = ["updates", "notify", "--quiet"].map(Value::from).to_vec();
    let run = Invocation {
        program: INNKEEPER.into(),
        args,
        stdin: None,
        deadline: 300,
        produces: None,
        accept: Vec::new(),
    };
    let undo = Undo::Impossible("a mail that was sent cannot be called back".to_owned());
    Step { what: "tell by mail which updates are new".to_owned(), action: Action::Run(run), undo }
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
