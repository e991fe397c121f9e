//! The terminal on a host's serial console.

use camino::Utf8Path;
use std::io::{IsTerminal as _, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

/// Ctrl-], as telnet has it.
const LEAVE: u8 = 0x1d;

/// The terminal in raw mode. It is set back when the value goes out of scope.
pub(super) struct Terminal {
    saved: String,
}

impl Terminal {
    /// Whether there is one to read from and write to.
    pub(super) fn is_there() -> bool {
        std::io::stdin().is_terminal() && std::io::stdout().is_terminal()
    }

    /// Rows and columns.
    pub(super) fn size() -> Option<(u16, u16)> {
        let text = stty(&["size"]).ok()?;
        let (rows, columns) = text.trim().split_once(' ')?;
        Some((rows.parse().ok()?, columns.parse().ok()?)).filter(|(rows, columns)| *rows > 0 && *columns > 0)
    }

    fn raw() -> std::io::Result<Self> {
        let saved = stty(&["-g"])?.trim().to_owned();
        stty(&["raw", "-echo"])?;
        Ok(Self { saved })
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = stty(&[&self.saved]);
    }
}

fn stty(arguments: &[&str]) -> std::io::Result<String> {
    let output = Command::new("stty").args(arguments).stdin(Stdio::inherit()).output()?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(std::io::Error::other(format!("stty: {}", String::from_utf8_lossy(&output.stderr).trim())))
}

/// Connects the terminal to a console until Ctrl-] is typed or the host ends.
pub(super) fn attach(socket: &Utf8Path) -> std::io::Result<()> {
    let mut console = UnixStream::connect(socket)?;
    let mut keyboard = console.try_clone()?;
    let terminal = Terminal::raw()?;
    // the prompt was shown before anybody looked
    keyboard.write_all(b"\r")?;
    std::thread::spawn(move || {
        let _ = type_into(&mut std::io::stdin().lock(), &mut keyboard);
        // this ends the other direction, too
        let _ = keyboard.shutdown(Shutdown::Both);
    });
    let shown = show(&mut console, &mut std::io::stdout());
    drop(terminal);
    println!();
    shown.map(drop)
}

/// Shows what arrives when it arrives, and does not wait for ends of lines.
fn show(console: &mut impl Read, screen: &mut impl Write) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    loop {
        let length = console.read(&mut buffer)?;
        let arrived = &buffer[..length];
        if arrived.is_empty() {
            return Ok(());
        }
        screen.write_all(arrived)?;
        screen.flush()?;
    }
}

/// Passes on what is typed, up to Ctrl-].
fn type_into(keyboard: &mut impl Read, console: &mut impl Write) -> std::io::Result<()> {
    let mut buffer = [0; 256];
    loop {
        let length = keyboard.read(&mut buffer)?;
        let typed = &buffer[..length];
        let passed = typed.iter().position(|byte| *byte == LEAVE).unwrap_or(typed.len());
        console.write_all(&typed[..passed])?;
        if typed.is_empty() || passed < typed.len() {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::type_into;

    #[test]
    fn everything_typed_is_passed_on_until_ctrl_bracket() {
        let mut console = Vec::new();
        type_into(&mut &b"reboot\x03\r\x1dnot this"[..], &mut console).unwrap();
        assert_eq!(console, b"reboot\x03\r");
        let mut console = Vec::new();
        type_into(&mut &b"ended"[..], &mut console).unwrap();
        assert_eq!(console, b"ended");
    }
}
