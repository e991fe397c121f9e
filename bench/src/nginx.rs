//! The peer of the services: Debian's nginx, answering one path with given bytes.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::process::{Invocation, end, find, write};
use crate::{Outcome, usage};

const START: Duration = Duration::from_secs(10);

/// nginx with one worker.
pub(crate) struct Nginx {
    child: Child,
    port: u16,
}

impl Nginx {
    /// Serves `body` at `path`, with the certificate of this tree; `None` when nginx is not installed.
    pub(crate) fn start(directory: &Path, tree: &Path, path: &str, body: &str) -> Outcome<Option<Self>> {
        let Some(program) = find("nginx") else { return Ok(None) };
        let directory = directory.join("nginx");
        let port = free_port()?;
        copy_certificate(tree, &directory)?;
        write(&directory.join("nginx.conf"), configuration(&directory, port, path, body)?)?;
        let child = Invocation::new(program)
            .arg("-e")
            .arg("stderr")
            .arg("-p")
            .path(&directory)
            .arg("-c")
            .path(&directory.join("nginx.conf"))
            .command()
            .stdout(Stdio::null())
            .spawn()
            .map_err(|error| format!("nginx: {error}"))?;
        let mut nginx = Self { child, port };
        nginx.wait()?;
        Ok(Some(nginx))
    }

    fn wait(&mut self) -> Outcome<()> {
        let begin = Instant::now();
        while begin.elapsed() < START {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return Err("nginx ended before it was ready; its message is above".to_owned());
            }
            if TcpStream::connect(("127.0.0.1", self.port)).is_ok() {
                return Ok(());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Err("nginx did not become ready".to_owned())
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("https://127.0.0.1:{}{path}", self.port)
    }

    /// Master and worker.
    pub(crate) fn pids(&self) -> Vec<u32> {
        usage::family(self.child.id())
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        end(&mut self.child);
    }
}

/// A port that nobody has right now.
fn free_port() -> Outcome<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    listener.map(|address| address.port()).map_err(|error| format!("127.0.0.1: {error}"))
}

/// The link `local` of a tree is for those inside the tree; nginx is outside.
fn copy_certificate(tree: &Path, directory: &Path) -> Outcome<()> {
    let node = tree.join("etc/pve/nodes/pve1");
    for name in ["pve-ssl.pem", "pve-ssl.key"] {
        let from = node.join(name);
        let bytes = fs::read(&from).map_err(|error| format!("{name}: {error}"))?;
        write(&directory.join(name), bytes)?;
    }
    Ok(())
}

fn configuration(directory: &Path, port: u16, path: &str, body: &str) -> Outcome<String> {
    // a dollar sign would be a variable, and quotes and backslashes would end or change the text
    if body.contains(['\'', '\\', '$', '\n']) {
        return Err(format!("nginx cannot be told to answer {body}"));
    }
    let directory = directory.display();
    Ok(format!(
        "daemon off;
worker_processes 1;
pid {directory}/pid;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  client_body_temp_path {directory}/body;
  keepalive_requests 1000000000;
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {directory}/pve-ssl.pem;
    ssl_certificate_key {directory}/pve-ssl.key;
    ssl_protocols TLSv1.3;
    location = {path} {{ default_type application/json; return 200 '{body}'; }}
  }}
}}
"
    ))
}
