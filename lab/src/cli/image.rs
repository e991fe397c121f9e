//! `cargo lab build` and `cargo lab clean`.

use super::{Failure, suite_option};
use clap::{Arg, ArgAction, Command};
use innkeeper_lab::image::{Cache, Image, Recipe, Suite};
use innkeeper_lab::machine::clean_own_states;
use std::io::{IsTerminal as _, Write as _};
use std::process::ExitCode;
use std::time::Instant;

pub(super) fn build_command() -> Command {
    Command::new("build")
        .about("Build the image that hosts start from, unless it is there")
        .long_about(
            "Build the image that hosts start from, unless it is there: a Debian system with ZFS, LVM, BTRFS, Open vSwitch \
             and all else that tests want, made by the recipe in lab/recipe. It is kept outside the checkout, in \
             $INNKEEPER_LAB_CACHE or ~/.cache/innkeeper-lab, under a name made from everything the recipe says; building \
             it takes about ten minutes on two cores, and root.",
        )
        .arg(suite_option())
}

pub(super) fn clean_command() -> Command {
    Command::new("clean")
        .about("Remove images and saved states of recipes other than the present one")
        .long_about(
            "Remove images, the stages they were made of, and the saved states of hosts, of all recipes but the present \
             one; what a process uses at this moment is left.",
        )
        .arg(Arg::new("all").long("all").action(ArgAction::SetTrue).help("Remove those of the present recipe, too"))
}

pub(super) fn build(suite: Suite) -> Result<ExitCode, Failure> {
    let begin = Instant::now();
    let image = build_showing(suite)?;
    println!("{} ({} s)", image.dir(), begin.elapsed().as_secs());
    Ok(ExitCode::SUCCESS)
}

/// The image that hosts start from, built where it is missing; nothing where another system was named in place of it.
pub(super) fn make_ready(suite: Suite) -> Result<Option<Image>, Failure> {
    match std::env::var_os("INNKEEPER_LAB_IMAGE") {
        Some(_) => Ok(None),
        None => build_showing(suite).map(Some),
    }
}

/// The image; what its build does is shown on standard error.
fn build_showing(suite: Suite) -> Result<Image, Failure> {
    let mut screen = std::io::stderr();
    let terminal = screen.is_terminal();
    let image = Image::build(suite, &mut |line| {
        // a part that has only begun is overwritten by what it took
        let end = if terminal && line.ends_with("...") { "" } else { "\n" };
        let begin = if terminal { "\r\x1b[K" } else { "" };
        let _ = write!(screen, "{begin}{line}{end}").and_then(|()| screen.flush());
    });
    if terminal && image.is_err() {
        let _ = writeln!(screen);
    }
    Ok(image?)
}

pub(super) fn clean(all: bool) -> Result<ExitCode, Failure> {
    // first, because the cache may be somebody else's
    if !clean_own_states()? {
        println!("left the saved states of images that are somebody else's: a host runs");
    }
    let cache = Cache::of_user()?;
    let recipe = Recipe::of_checkout()?;
    let cleaned = cache.clean(if all { None } else { Some(&recipe) })?;
    for (name, bytes) in &cleaned.removed {
        println!("removed {name} ({} MiB)", bytes >> 20);
    }
    for name in &cleaned.in_use {
        println!("left {name}, which is in use");
    }
    if cleaned.removed.is_empty() && cleaned.in_use.is_empty() {
        println!("nothing to remove in {}", cache.dir());
    }
    Ok(ExitCode::SUCCESS)
}
