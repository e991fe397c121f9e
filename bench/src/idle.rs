//! A day on which nobody does anything but leave a browser open: what happens again and again, as fast as it goes.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::browser::{self, Browser};
use crate::innkeeper::{Server, Tree};
use crate::machine::counted;
use crate::report::{Findings, Row, mib, thousands};
use crate::{Bench, Outcome, usage};

/// Seconds of a day, between two ticks, and between two looks of the page of tasks; the overview looks with each tick.
const DAY: u64 = 24 * 60 * 60;
const TICK: u64 = 10;
const LOOK: u64 = 15;
/// A page asks for its session when it is opened anew, say every hour; here it comes from a new connection.
const REOPEN: u64 = 60 * 60;
/// Before the first look at memory: each of the daemon's threads comes to have memory of its own, once.
const WARM_UP: u64 = DAY;
/// What the kernel and the allocator may round.
const GROWTH_KIB: u64 = 1024;
const PATIENCE: Duration = Duration::from_secs(300);
/// What a service says for each tick, at this level of its log.
const TICKED: &str = "housekeeping is done";
const LOG: &str = "innkeeper=debug";

/// What the services hold at one moment: files, and KiB of memory, process by process.
#[derive(Debug)]
struct Held {
    each: Vec<(String, usize, u64)>,
}

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "idle")?;
    let header = tree.token()?;
    let ticks = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&ticks);
    let count = move |line: &str| {
        if line.contains(TICKED) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    };
    let server = tree.serve_watched(&[("INNKEEPER_TICK_MS", "1"), ("INNKEEPER_LOG", LOG)], count)?;
    let mut browser = Browser::new(server.address(), &header, &browser::config());
    pass(&mut browser, &ticks, WARM_UP)?;
    let before = Held::of(&server)?;
    let begin = Instant::now();
    let asked = pass(&mut browser, &ticks, DAY)?;
    let took = begin.elapsed();
    let after = Held::of(&server)?;
    let grown = after.grown(&before);
    let row = Row::new(
        format!(
            "an idle day in {:.0} s: {}, {}",
            took.as_secs_f64(),
            counted(DAY / TICK, "ticks"),
            counted(asked, "looks of an open browser")
        ),
        format!("{} -> {}", before.to_text(), after.to_text()),
    )
    .budget("no growth of memory or descriptors")
    .within(!grown);
    let note = format!(
        "Files are descriptors in /proc/PID/fd, memory is VmRSS; another such day passes before the first look. Growth is one descriptor, or more than {} KiB, in any process.",
        thousands(GROWTH_KIB)
    );
    Ok(Findings { rows: vec![row], notes: vec![note] })
}

/// Lets so many seconds pass: the looks of a browser one after the other, and at least as many ticks as belong to them.
/// How often the browser looked.
fn pass(browser: &mut Browser, ticks: &AtomicU64, seconds: u64) -> Outcome<u64> {
    let wanted = ticks.load(Ordering::Relaxed) + seconds / TICK;
    let mut asked = 0;
    for second in 0..seconds {
        let looks = [
            (TICK, "/api2/json/cluster/tasks"),
            (LOOK, "/api2/json/nodes/localhost/tasks?limit=50"),
            (REOPEN, "/api2/json/access/permissions"),
        ];
        for (_, path) in looks.iter().filter(|(every, _)| second.is_multiple_of(*every)) {
            browser.ask("GET", path, "")?;
            asked += 1;
        }
        if second.is_multiple_of(60) {
            // the server closes what is silent for ten seconds; often enough that a leak would show
            browser.leave();
        }
    }
    let begin = Instant::now();
    while ticks.load(Ordering::Relaxed) < wanted {
        if begin.elapsed() > PATIENCE {
            return Err(format!("the services ticked {} times of {wanted}", ticks.load(Ordering::Relaxed)));
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    browser.leave();
    Ok(asked)
}

impl Held {
    /// What is held when all connections are closed.
    fn of(server: &Server) -> Outcome<Self> {
        std::thread::sleep(Duration::from_secs(12));
        let mut each = Vec::new();
        for pid in server.pids() {
            let files = fs::read_dir(format!("/proc/{pid}/fd")).map_err(|error| format!("{pid}: {error}"))?;
            let memory = usage::resident(pid).ok_or_else(|| format!("{pid} has ended"))?;
            each.push((usage::role(pid), files.count(), memory));
        }
        Ok(Self { each })
    }

    fn grown(&self, before: &Self) -> bool {
        let pairs = self.each.iter().zip(&before.each);
        self.each.len() != before.each.len()
            || pairs.into_iter().any(|(after, before)| after.1 > before.1 || after.2 > before.2 + GROWTH_KIB)
    }

    fn to_text(&self) -> String {
        let each = self.each.iter().map(|(role, files, kib)| format!("{role} {files} files {}", mib(*kib)));
        each.collect::<Vec<_>>().join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_file_more_is_growth_and_a_little_memory_is_not() {
        let held = |files, kib| Held { each: vec![("daemon".to_owned(), files, kib)] };
        assert!(held(11, 1000).grown(&held(10, 1000)));
        assert!(held(10, 3000).grown(&held(10, 1000)));
        assert!(!held(9, 2000).grown(&held(10, 1000)));
    }
}
