//! Daemon, proxy and statd together in the foreground, for a first look.

use std::io::IsTerminal;
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::Problem;
use innkeeper_config::DirStore;
use innkeeper_host::{Host, RealHost};

use super::certificate::{self, Certificate};
use super::spawn::Service;
use super::{ServeOptions, daemon};
use crate::wiring;

/// Where the daemon listens.
const SOCKET: &str = "/run/innkeeper/daemon.sock";
/// The user that the proxy runs as on Debian.
const PROXY_USER: &str = "www-data";

/// Starts daemon, proxy and statd, says where they are, and ends them when asked to.
///
/// # Errors
/// When one of them cannot be started, or ends by itself.
pub(crate) fn serve(options: &ServeOptions) -> Result<(), Problem> {
    super::log_to_stderr();
    let host = wiring::host(options.root.as_deref())?;
    if options.root.is_none() && host.uid() != 0 {
        return Err(Problem::Forbidden(
            "please run as root, or serve another system's tree with --root DIR".to_owned(),
        ));
    }
    let proxy_user = if host.uid() == 0 { proxy_user(&RealHost::new()) } else { None };
    let group = proxy_user.map(|(_, gid)| gid);
    DirStore::new(Arc::clone(&host)).initialise(&host.node_name())?;
    let certificate = certificate::ensure(host.as_ref(), group)?;
    let (directory, name) = socket_place(host.as_ref(), group)?;
    let root = super::absolute(options.root.as_deref())?;
    let mut daemon = Service::new("daemon").arg("--socket").arg(&name).root(root.as_deref());
    if wants_link(options) {
        daemon = daemon.arg("--link");
    }
    let mut services = Services(Vec::new());
    let (daemon, secret) = daemon.directory(&directory).ready()?;
    services.0.push(("daemon", daemon));
    let proxy = Service::new("proxy")
        .arg("--listen")
        .arg(options.listen.to_string())
        .arg("--socket")
        .arg(&name)
        .arg("--certificate-stdin")
        .input(certificate.to_pem())
        .directory(&directory)
        .user(proxy_user);
    let (proxy, address) = proxy.ready()?;
    services.0.push(("proxy", proxy));
    let (statd, _) = Service::new("statd").root(root.as_deref()).ready()?;
    services.0.push(("statd", statd));
    let link = Some(secret).filter(|secret| !secret.is_empty());
    announce(&address, &certificate, link.as_deref(), options)?;
    super::runtime()?.block_on(services.watch())
}

/// Somebody sits there, or asked for it: a link in a log file would be a key under the mat.
fn wants_link(options: &ServeOptions) -> bool {
    options.link || std::io::stdout().is_terminal()
}

/// The socket's directory and name. Services are started inside the directory and know the name only: a path below a
/// deep root would be longer than a socket address can be.
fn socket_place(host: &dyn Host, group: Option<u32>) -> Result<(Utf8PathBuf, String), Problem> {
    let socket = Utf8Path::new(SOCKET);
    let (Some(directory), Some(name)) = (socket.parent(), socket.file_name()) else {
        return Err(Problem::failed("the socket has no directory"));
    };
    daemon::make_socket_directory(host, directory, group)?;
    let real = host.library_path(socket)?;
    let directory = real.parent().ok_or_else(|| Problem::failed("the socket has no directory"))?;
    Ok((directory.to_owned(), name.to_owned()))
}

/// User and group of the proxy, from the running system: under `--root` processes still run here.
pub(super) fn proxy_user(system: &RealHost) -> Option<(u32, u32)> {
    let id = |file: &str, name: &str, field: usize| -> Option<u32> {
        let text = innkeeper_host::read_config(system, Utf8Path::new(file)).ok()??;
        let line = text.lines().find(|line| line.split(':').next() == Some(name))?;
        line.split(':').nth(field)?.parse().ok()
    };
    Some((id("/etc/passwd", PROXY_USER, 2)?, id("/etc/group", certificate::PROXY_GROUP, 2)?))
}

fn announce(
    address: &str,
    certificate: &Certificate,
    link: Option<&str>,
    options: &ServeOptions,
) -> Result<(), Problem> {
    use std::io::Write;
    let mut text = format!("Innkeeper is at     https://{address}/\n");
    text += &format!("Its certificate is  {} (SHA-256)\n", certificate.fingerprint()?);
    match link {
        Some(secret) => {
            text += &format!("Log in once with    https://{address}/#link={secret}\n");
            text += "                    (works one time within ten minutes, as root@pam)\n";
        }
        None if options.root.is_some() => {
            text += "Passwords of this system do not open another system's tree: start with --link to get a login link\n";
        }
        None => {}
    }
    if let Some(root) = &options.root {
        text += &format!("It manages          {root} (no command runs, nothing outside is touched)\n");
    }
    text += "Press Ctrl-C to end it.\n";
    let mut stdout = std::io::stdout();
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()).map_err(Problem::failed)
}

/// The running services; they end with their owner.
struct Services(Vec<(&'static str, Child)>);

impl Services {
    /// Waits until asked to end, or until one of them ends by itself.
    async fn watch(mut self) -> Result<(), Problem> {
        let mut end = std::pin::pin!(super::asked_to_end());
        loop {
            tokio::select! {
                () = &mut end => return Ok(()),
                () = tokio::time::sleep(Duration::from_millis(200)) => {}
            }
            for (name, child) in &mut self.0 {
                if let Ok(Some(status)) = child.try_wait() {
                    return Err(Problem::failed(format!(
                        "the {name} ended by itself ({status}); its message is above"
                    )));
                }
            }
        }
    }
}

impl Drop for Services {
    fn drop(&mut self) {
        for (_, child) in self.0.iter_mut().rev() {
            if let Some(pid) = rustix::process::Pid::from_raw(child.id().cast_signed()) {
                let _ = rustix::process::kill_process(pid, rustix::process::Signal::TERM);
            }
            let _ = child.wait();
        }
    }
}
