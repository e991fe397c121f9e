//! A tree to work on, and the real program run over it.

use std::fs;
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// Another system's tree: a fresh Debian 12 with three repositories and a few tasks.
pub(crate) struct Tree(TempDir);

pub(crate) const SOURCES: &str = "# written by hand, and to stay\n\
    deb http://deb.debian.org/debian bookworm main contrib\n\
    \n\
    deb http://deb.debian.org/debian-security bookworm-security main contrib\n";

pub(crate) const VM_BACKUP: &str = "UPID:pve:00004B2C:0018A1F4:65A0B1C2:vzdump:100:root@pam:";
pub(crate) const REFRESH: &str = "UPID:pve:00004B2D:0018A1F5:65A0B1C3:aptupdate::alice@pve:";
pub(crate) const VM_START: &str = "UPID:pve:00004B2E:0018A1F6:65A0B1C4:qmstart:101:root@pam:";

impl Tree {
    pub(crate) fn new() -> Self {
        let tree = Self(TempDir::new().unwrap());
        tree.write("etc/hostname", "pve\n");
        tree.write("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nVERSION_CODENAME=bookworm\n");
        tree.write("etc/apt/sources.list", SOURCES);
        tree.write(
            "etc/apt/sources.list.d/pve-no-subscription.list",
            "deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription\n",
        );
        tree
    }

    /// The tree with a history of three tasks.
    pub(crate) fn with_tasks() -> Self {
        let tree = Self::new();
        let ended = [
            (
                VM_BACKUP,
                "65A0B2C2",
                "unable to create temporary file",
                "INFO: starting backup\nTASK ERROR: unable to create temporary file\n",
            ),
            (
                REFRESH,
                "65A0B1D0",
                "OK",
                "starting apt-get update\nHit:1 http://deb.debian.org/debian\nTASK OK\n",
            ),
            (VM_START, "65A0B1D4", "OK", "start VM 101\nTASK OK\n"),
        ];
        let mut index = String::new();
        for (upid, end, status, log) in ended {
            index.push_str(&format!("{upid} {end} {status}\n"));
            let last_digit = &upid.split(':').nth(4).unwrap()[7..];
            tree.write(&format!("var/log/pve/tasks/{last_digit}/{upid}"), log);
        }
        tree.write("var/log/pve/tasks/index", &index);
        tree
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn write(&self, name: &str, text: impl AsRef<[u8]>) {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Runs `innkeeper --root TREE WORDS`.
    pub(crate) fn innkeeper(&self, words: &[&str]) -> Run {
        self.run("innkeeper", words)
    }

    /// Runs the program by one of its names.
    pub(crate) fn run(&self, name: &str, words: &[&str]) -> Run {
        let root = self.path().to_str().unwrap();
        let mut all = vec!["--root", root];
        all.extend(words);
        let mut run = run(name, &all);
        run.shown = format!("$ {name} {}", words.join(" "));
        run.root = Some(root.to_owned());
        run
    }

    pub(crate) fn command(&self, words: &[&str]) -> Command {
        let mut command = program("innkeeper");
        command.arg("--root").arg(self.path()).args(words);
        command
    }
}

/// The program under one of its names, in a small UTF-8 terminal's environment.
pub(crate) fn program(name: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_innkeeper"));
    command.arg0(name).env_clear().env("LC_ALL", "C.UTF-8").env("TZ", "UTC").env("COLUMNS", "80");
    command
}

pub(crate) fn run(name: &str, words: &[&str]) -> Run {
    let output = program(name).args(words).stdin(Stdio::null()).output().unwrap();
    Run::new(format!("$ {name} {}", words.join(" ")), output)
}

/// What came out of a run.
pub(crate) struct Run {
    shown: String,
    root: Option<String>,
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Run {
    pub(crate) fn new(shown: String, output: Output) -> Self {
        Self {
            shown,
            root: None,
            code: output.status.code().unwrap(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Everything a person would see, with what differs from run to run replaced.
    pub(crate) fn whole(&self) -> String {
        let mut text = format!("{}\n{}", self.shown, self.stdout);
        if !self.stderr.is_empty() {
            text.push_str(&format!("--- stderr\n{}", self.stderr));
        }
        if self.code != 0 {
            text.push_str(&format!("--- exit code {}\n", self.code));
        }
        if let Some(root) = &self.root {
            text = text.replace(root, "TREE");
        }
        settled(&text)
    }

    pub(crate) fn success(self) -> Self {
        assert_eq!(self.code, 0, "{}", self.whole());
        self
    }
}

/// Replaces times, fingerprints and the ids of tasks that were started just now.
fn settled(text: &str) -> String {
    let mut out = String::new();
    for line in text.split_inclusive('\n') {
        let mut rest = line;
        while let Some((at, length, name)) = next_variable(rest) {
            out.push_str(&rest[..at]);
            out.push_str(name);
            rest = &rest[at + length..];
        }
        out.push_str(rest);
    }
    out
}

fn next_variable(text: &str) -> Option<(usize, usize, &'static str)> {
    let now = |date: &str| !date.starts_with("2024-01-12");
    (0..text.len()).filter(|&at| text.is_char_boundary(at)).find_map(|at| {
        let rest = &text[at..];
        if like(rest, "UPID:pve:XXXXXXXX:")
            && ![VM_BACKUP, REFRESH, VM_START].iter().any(|known| rest.starts_with(known))
        {
            let length = rest.find(|c: char| c.is_whitespace() || c == '"').unwrap_or(rest.len());
            return Some((at, length, "<UPID>"));
        }
        if like(rest, "NNNN-NN-NN NN:NN:NN") && now(rest) {
            return Some((at, 19, "<date and time>    "));
        }
        (rest.len() >= 64 && rest.as_bytes()[..64].iter().all(u8::is_ascii_hexdigit))
            .then_some((at, 64, "<sha256>"))
    })
}

/// X stands for a hexadecimal digit, N for a decimal one.
fn like(text: &str, pattern: &str) -> bool {
    text.len() >= pattern.len()
        && text.bytes().zip(pattern.bytes()).all(|(byte, wanted)| match wanted {
            b'X' => byte.is_ascii_hexdigit(),
            b'N' => byte.is_ascii_digit(),
            other => byte == other,
        })
}

/// Runs the program on a terminal of its own, types `answers`, and gives everything the terminal showed.
pub(crate) fn on_a_terminal(command: Command, answers: &str) -> (String, i32) {
    answered(command, "", || (), answers)
}

/// The same; what happens `meanwhile` happens once the question is shown, and before it is answered.
pub(crate) fn answered(
    mut command: Command,
    question: &str,
    meanwhile: impl FnOnce(),
    answers: &str,
) -> (String, i32) {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&master).unwrap();
    unlockpt(&master).unwrap();
    let name = PathBuf::from(ptsname(&master, Vec::new()).unwrap().into_string().unwrap());
    let slave = fs::OpenOptions::new().read(true).write(true).open(name).unwrap();
    let side = || Stdio::from(slave.try_clone().unwrap());
    let mut child = command.stdin(side()).stdout(side()).stderr(side()).spawn().unwrap();
    drop((command, slave));
    let mut master = fs::File::from(master);
    let mut shown = Vec::new();
    while !String::from_utf8_lossy(&shown).contains(question) {
        let mut piece = [0; 4096];
        let read = std::io::Read::read(&mut master, &mut piece).unwrap();
        shown.extend_from_slice(&piece[..read]);
    }
    meanwhile();
    master.write_all(answers.as_bytes()).unwrap();
    // reading ends with an error once the program has closed its side
    let _ = std::io::Read::read_to_end(&mut master, &mut shown);
    let code = child.wait().unwrap().code().unwrap();
    (settled(&String::from_utf8(shown).unwrap().replace("\r\n", "\n")), code)
}
