//! Records what the chapter's inspection asks of a tree, for `tests/cassettes`:
//!
//! ```text
//! cargo run -p innkeeper-apt --example record -- DIRECTORY "what it is" > tests/cassettes/NAME.json
//! ```
#![allow(clippy::print_stdout, reason = "an example prints its result")]

use std::sync::Arc;

use innkeeper_host::{RealHost, Recorder};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let (directory, about) = (args.next().unwrap_or_else(|| "/".to_owned()), args.next().unwrap_or_default());
    let recorder = Recorder::new(Arc::new(RealHost::rooted(directory)?)).about(about);
    innkeeper_apt::inspect::inspect(&recorder)?;
    print!("{}", recorder.save());
    Ok(())
}
