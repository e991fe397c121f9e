//! The keeper: a small process that outlives this one by the moment it takes to end QEMU and remove its folder.
//!
//! It holds the reading end of a pipe from this process. However this process ends (a panic, Ctrl-C, `kill -9`), the kernel
//! closes the pipe, and the keeper ends what it started. It is a shell because that is on every machine and forks safely.

use super::error::Error;
use camino::{Utf8Path, Utf8PathBuf};
use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// `$1` is where QEMU's standard error goes; all of `$@` but it is removed at the end.
const SCRIPT: &str = r#"
trap '' INT TERM HUP
log=$1; shift; qemu= code=cut
end() { if [ -n "$qemu" ]; then kill -9 "$qemu" 2>/dev/null; wait "$qemu" 2>/dev/null; qemu= code=cut; fi; }
while read -r verb file; do
  case $verb in
    start) end; sh "$file" </dev/null >/dev/null 2>>"$log" & qemu=$!; echo "$qemu";;
    kill) end; echo dead;;
    code) if [ -n "$qemu" ]; then wait "$qemu"; code=$? qemu=; fi; echo "$code";;
    keep) shift; echo kept;;
  esac
done
end
rm -rf "$@"
"#;

/// The keeper of one host.
pub(super) struct Keeper {
    child: Child,
    orders: Option<ChildStdin>,
    answers: BufReader<ChildStdout>,
}

impl Keeper {
    /// Starts one that removes these folders in the end.
    pub(super) fn start(log: &Utf8Path, folders: &[&Utf8Path]) -> Result<Self, Error> {
        let mut child = Command::new("/bin/sh")
            .args(["-c", SCRIPT, "innkeeper-lab", log.as_str()])
            .args(folders)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            // Ctrl-C in a terminal goes to every process of the group in front
            .process_group(0)
            .spawn()
            .map_err(Error::io("starting a keeper"))?;
        let orders = child.stdin.take();
        let Some(answers) = child.stdout.take().map(BufReader::new) else {
            return Err(Error::Request("the keeper has no output".to_owned()));
        };
        Ok(Self { child, orders, answers })
    }

    /// Starts QEMU by a script and answers its process id.
    pub(super) fn run(&mut self, script: &Utf8Path) -> Result<u32, Error> {
        let answer = self.order(&format!("start {script}"))?;
        answer.parse().map_err(|_| Error::Request(format!("the keeper answers {answer:?}")))
    }

    /// Ends QEMU as a power cut does, and waits until it has gone.
    pub(super) fn kill(&mut self) -> Result<(), Error> {
        self.order("kill").map(drop)
    }

    /// How QEMU has ended, which it must have: waits for it.
    pub(super) fn ending(&mut self) -> String {
        let code = self.order("code");
        match code.as_deref().map(str::parse::<u8>) {
            // a shell counts signals from here; we have sent none
            Ok(Ok(code @ 129..)) => format!("was ended by signal {}, sent by somebody else", code - 128),
            Ok(Ok(code)) => format!("has ended with code {code}"),
            _ => "has ended".to_owned(),
        }
    }

    /// Takes the first folder out of those that are removed in the end.
    pub(super) fn keep_first(&mut self) -> Result<(), Error> {
        self.order("keep").map(drop)
    }

    fn order(&mut self, order: &str) -> Result<String, Error> {
        let Some(orders) = &mut self.orders else {
            return Err(Error::Request("the keeper has gone".to_owned()));
        };
        writeln!(orders, "{order}").map_err(Error::io("the keeper"))?;
        let mut answer = String::new();
        self.answers.read_line(&mut answer).map_err(Error::io("the keeper"))?;
        Ok(answer.trim_end().to_owned())
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.orders.take());
        let _ = self.child.wait();
    }
}

/// A script that becomes this command.
pub(super) fn script(path: Utf8PathBuf, argv: &[String]) -> Result<Utf8PathBuf, Error> {
    let words: Vec<_> = argv.iter().map(|word| quote(word)).collect();
    std::fs::write(&path, format!("exec {}\n", words.join(" "))).map_err(Error::io(path.as_str()))?;
    Ok(path)
}

/// A word as a shell reads it back.
pub(super) fn quote(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
