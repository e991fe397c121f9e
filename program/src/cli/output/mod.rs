//! What is printed: results as text, JSON or YAML, and the lines of running tasks.
//!
//! File contents, names of keys, log lines: all of it may have been written by somebody who wants to control the
//! terminal it is read on. Nothing leaves here unescaped.

mod escape;
mod json;
mod table;
mod text;
mod yaml;

use std::io::{IsTerminal as _, Write as _};
use std::sync::atomic::{AtomicBool, Ordering};

use innkeeper_change::Problem;
use innkeeper_engine::{Console, Upid};
use innkeeper_rest::Lines;
use serde_json::Value;

pub(super) use escape::{escape, escape_lines};
pub(super) use table::Table;
pub(super) use text::{date, plain, times_of, value};

use super::globals::{Format, Globals};
use super::report::Failure;

/// How text is laid out.
#[derive(Clone, Copy, Debug)]
pub(super) struct Style {
    /// Columns of the terminal; `None` when there is nobody whose lines could wrap.
    pub(super) width: Option<u16>,
    /// Box drawing and marks beyond ASCII can be shown.
    pub(super) utf8: bool,
    pub(super) border: bool,
    pub(super) header: bool,
    /// Times are shown as dates.
    pub(super) human: bool,
}

impl Style {
    pub(super) fn new(globals: &Globals) -> Self {
        Self {
            width: width(),
            utf8: locale_is_utf8(),
            border: globals.border,
            header: globals.header,
            human: globals.human,
        }
    }

    /// Columns to fill when prose is wrapped.
    pub(super) fn prose_width(&self) -> usize {
        self.width.map_or(100, usize::from).max(20)
    }
}

fn width() -> Option<u16> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || rustix::termios::tcgetwinsize(std::io::stdout()).ok().map(|size| size.ws_col);
    said.or_else(terminal).filter(|&columns| columns > 0)
}

fn locale_is_utf8() -> bool {
    let variables = ["LC_ALL", "LC_CTYPE", "LANG"];
    let locale = variables.iter().filter_map(|name| std::env::var(name).ok()).find(|value| !value.is_empty());
    locale.is_some_and(|locale| {
        let locale = locale.to_ascii_lowercase();
        locale.ends_with("utf-8") || locale.ends_with("utf8")
    })
}

/// Prints a result on standard output. Text must have been escaped already.
pub(super) fn print(text: &str) -> Result<(), Failure> {
    write(text.as_bytes())
}

fn write(bytes: &[u8]) -> Result<(), Failure> {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Err(error) if error.kind() != std::io::ErrorKind::BrokenPipe => {
            Err(Failure::usage(format!("standard output: {error}")))
        }
        // `innkeeper task list | head` has seen enough
        Err(_) => {
            UNHEARD.store(true, Ordering::Relaxed);
            Ok(())
        }
        Ok(()) => Ok(()),
    }
}

/// Whoever read standard output has gone.
static UNHEARD: AtomicBool = AtomicBool::new(false);

/// Whether anybody may still read what is printed.
pub(super) fn is_heard() -> bool {
    !UNHEARD.load(Ordering::Relaxed)
}

/// Says something on standard error.
pub(super) fn complain(text: &str) {
    // when standard error is gone there is nobody left to tell
    let _ = std::io::stderr().lock().write_all(escape_lines(text).as_bytes());
}

/// Prints a file: as it is, unless a terminal would have to show it.
pub(super) fn print_file(globals: &Globals, bytes: &[u8]) -> Result<(), Failure> {
    if globals.quiet {
        return Ok(());
    }
    if std::io::stdout().is_terminal() {
        print(&escape_lines(&String::from_utf8_lossy(bytes)))
    } else {
        write(bytes)
    }
}

/// Prints lines while they are made, until nobody reads them any more.
pub(super) fn print_lines(globals: &Globals, lines: Lines) -> Result<(), Failure> {
    const PIECE: usize = 64 * 1024;
    let mut piece = String::new();
    for line in lines {
        piece.push_str(&line?);
        if piece.len() >= PIECE {
            print_file(globals, std::mem::take(&mut piece).as_bytes())?;
        }
        if !is_heard() {
            return Ok(());
        }
    }
    print_file(globals, piece.as_bytes())
}

/// Prints a value in the format that was asked for; `as_text` says how it looks as text.
pub(super) fn print_value(
    globals: &Globals,
    data: &Value,
    as_text: impl FnOnce(&Style) -> String,
) -> Result<(), Failure> {
    if globals.quiet {
        return Ok(());
    }
    match globals.format {
        Format::Text => print(&as_text(&Style::new(globals))),
        Format::Json => print(&format!("{}\n", json::compact(data))),
        Format::JsonPretty => print(&format!("{}\n", json::pretty(data))),
        Format::Yaml => print(&yaml::document(data)),
    }
}

/// Prints a list that is JSON already, where JSON was asked for; whether it was. An empty one is left to who has to say so.
pub(super) fn print_written(globals: &Globals, text: &str) -> Result<bool, Failure> {
    let pretty = match globals.format {
        _ if text == "[]" => return Ok(false),
        _ if globals.quiet => return Ok(true),
        Format::Json => false,
        Format::JsonPretty => true,
        Format::Text | Format::Yaml => return Ok(false),
    };
    let mut printed = Ok(());
    json::tidied(text, pretty, |piece| {
        if printed.is_ok() && is_heard() {
            printed = print(piece);
        }
    })
    .map_err(Problem::failed)?;
    printed.and_then(|()| print("\n"))?;
    Ok(true)
}

/// Shows the lines of a task that runs in this process: beside the result, or on standard error when the result is for
/// a program to read.
pub(super) struct Teed {
    quiet: bool,
    beside_result: bool,
}

impl Teed {
    pub(super) fn new(globals: &Globals) -> Self {
        Self { quiet: globals.quiet, beside_result: globals.format == Format::Text }
    }
}

impl Console for Teed {
    fn started(&mut self, _upid: &Upid) {}

    fn line(&mut self, text: &str) {
        let line = format!("{}\n", escape(text));
        match (self.quiet, self.beside_result) {
            (true, _) => {}
            // the task goes on and is logged even when nobody reads along any more
            (false, true) => drop(print(&line)),
            (false, false) => complain(&line),
        }
    }
}
