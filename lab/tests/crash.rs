//! The power goes at every named moment of a change, and in the middle of every write.
//!
//! Each moment has a file system of its own, with a small system on it (`--root`), so that nothing of one is flushed because of
//! another. None of them flushes by itself: they are mounted with `commit=3600` and without ext4's own care for files that are
//! replaced, and the kernel writes nothing back. What is there after the cut is what the program itself made sure of. The
//! program stops at the moment, the next file system's turn comes, then the power goes for all of them at once.
//!
//! By `kill -9` only, in `core/engine/tests/crash.rs`, because no command leads there in a system that is not running: the moments in
//! which a change that failed is taken back (`engine::*-take-back`) and those of the archive of a journal that has become too
//! large (`journal::after-archive`, `journal::after-forgetting`).

#![allow(clippy::unwrap_used, reason = "a test")]

use innkeeper_engine::FAIL_POINTS;
use innkeeper_lab::{Error, Host, Lab};
use serde_json::Value;
use std::time::Duration;

const OLD: &str = "deb http://deb.example.org/debian bookworm main # ä, kept byte for byte\n";
const DISABLE: &str = "apt disable /etc/apt/sources.list 0 --yes --confirm-within 3600";

/// Moments that no command leads to here.
const ELSEWHERE: [&str; 4] = [
    "engine::before-take-back",
    "engine::after-take-back",
    "journal::after-archive",
    "journal::after-forgetting",
];

/// Where the power goes: the moment, how often it is passed before, the command that passes it, the command before that.
#[derive(Debug)]
struct Cut {
    point: &'static str,
    pass: u32,
    before: &'static str,
    command: &'static str,
}

/// An armed change writes its record (once more when its step begins), a copy of the file, the file, and the list of tasks: the
/// power goes in each of these writes, and in every entry of the journal.
fn cuts() -> Vec<Cut> {
    let mut cuts = Vec::new();
    for point in FAIL_POINTS.iter().copied().filter(|point| !ELSEWHERE.contains(point)) {
        let (before, command) = match point {
            "armed::before-confirmed" | "armed::after-confirmed" => (DISABLE, "changes confirm 1"),
            "armed::before-restore"
            | "armed::after-restore"
            | "armed::before-reverted"
            | "armed::after-reverted"
            | "armed::after-journal"
            | "armed::before-removal" => (DISABLE, "changes revert 1 --yes"),
            _ => ("", DISABLE),
        };
        let passes = match point {
            "files::after-write" => 0..9,
            "files::after-rename" => 0..8,
            // of the configuration's file only: the others are written in the same way
            "files::after-create" | "files::after-sync" => 6..7,
            "journal::before-commit" | "journal::after-commit" => 0..7,
            _ => 0..1,
        };
        cuts.extend(passes.map(|pass| Cut { point, pass, before, command }));
    }
    cuts
}

/// A disk with a file system for each cut, none of which flushes by itself. `$1` is how many.
const PREPARE: &str = r#"set -e
sysctl -q vm.dirty_writeback_centisecs=0 vm.dirty_expire_centisecs=360000 vm.dirty_ratio=60 vm.dirty_background_ratio=50
mkdir -p /root/tree/etc/apt/sources.list.d; cd /root/tree
echo pve1 >etc/hostname
printf 'ID=debian\nVERSION_ID="12"\nVERSION_CODENAME=bookworm\n' >etc/os-release
cp /root/sources.list etc/apt/sources.list
{ echo 'label: gpt'; for n in $(seq $1); do echo ',16M'; done; } | sfdisk --quiet --wipe always $2
udevadm settle
for n in $(seq $1); do
  mkfs.ext4 -q -b 1024 -J size=4 -E lazy_itable_init=0 -d /root/tree $2$n
  mkdir -p /cut/$n
  mount -o commit=3600,noauto_da_alloc $2$n /cut/$n
done
sync"#;

/// One line of /root/cuts is `NUMBER FAILPOINTS|BEFORE|COMMAND`. Says of each how the command ended.
const CUT: &str = r#"
while IFS='|' read -r n points before command; do
  [ -z "$before" ] || { innkeeper --root /cut/$n $before >/dev/null 2>&1 && sync -f /cut/$n; }
  FAILPOINTS=$points innkeeper-failpoints --root /cut/$n $command >/root/said 2>&1
  echo "$n $?"
  # what would take it back in an hour; the start of the machine does (the brackets: not this script)
  pkill -9 -f '[r]evert --wait' || true
done </root/cuts"#;

/// What is found on the disk, what the unit of the start of the machine does, what one command does then.
const LOOK: &str = r#"
i() { innkeeper --root /cut/$n "$@" --output-format json 2>&1; }
look() {
  mount $2$n /cut/$n || return
  cp /cut/$n/etc/apt/sources.list /root/found.$n
  i history list >/root/history.$n
  innkeeper --root /cut/$n revert >/root/revert.$n 2>&1 || echo "revert: $?" >>/root/revert.$n
  i task list --source all >/root/tasks.$n
  id=$(i history list | tr '{' '\n' | grep -E '"state":"(interrupted|armed)"' | sed 's/.*"id":\([0-9]*\).*/\1/')
  what=undo; [ $((n / 2 % 2)) = 0 ] || what='history finish'
  : >/root/ended.$n
  [ -z "$id" ] || innkeeper --root /cut/$n $what $id --yes >/root/ended.$n 2>&1 || echo "$what: $?" >>/root/ended.$n
  i history verify >/root/verified.$n
  i history list >/root/after.$n
  cp /cut/$n/etc/apt/sources.list /root/now.$n
  ls -A /cut/$n/var/lib/innkeeper/armed >/root/armed.$n 2>&1
}
# on both processors
for n in $(seq 1 2 $1); do look $1 $2; done &
for n in $(seq 2 2 $1); do look $1 $2; done &
wait
cd /root; for n in $(seq $1); do
  for what in found history revert tasks ended verified after now armed; do
    printf '%s\n' "== $n $what"; cat $what.$n; echo
  done
done
echo "== end""#;

fn put_cuts(host: &Host, cuts: &[Cut]) -> Result<(), Error> {
    let lines: Vec<_> = cuts
        .iter()
        .zip(1..)
        .map(|(cut, number)| {
            let action =
                if cut.pass == 0 { "return".to_owned() } else { format!("{}*off->return", cut.pass) };
            format!("{number}|{}={action}|{}|{}\n", cut.point, cut.before, cut.command)
        })
        .collect();
    host.write("/root/cuts", lines.concat())
}

/// What was found of one cut.
struct Found<'a> {
    report: &'a str,
    number: usize,
    at: String,
}

impl Found<'_> {
    fn text(&self, what: &str) -> &str {
        let (_, rest) = self.report.split_once(&format!("== {} {what}\n", self.number)).unwrap();
        rest.split("\n== ").next().unwrap().trim_end()
    }

    fn json(&self, what: &str) -> Value {
        let text = self.text(what);
        serde_json::from_str(text).unwrap_or_else(|error| panic!("{}: {what}: {error}: {text}", self.at))
    }

    fn states(&self, what: &str) -> Vec<String> {
        let changes = self.json(what);
        changes.as_array().unwrap().iter().map(|one| one["state"].as_str().unwrap().to_owned()).collect()
    }

    /// Old or new, never torn; new only if it is written down, and new if it is written down that it is done.
    fn check_what_was_there(&self, new: &str) {
        let (at, found) = (&self.at, format!("{}\n", self.text("found")));
        assert!(found == OLD || found == new, "{at}: torn: {found:?}");
        let states = self.states("history");
        assert!(states.len() <= 1, "{at}: {states:?}");
        if found == new {
            assert_eq!(states.len(), 1, "{at}: done, but not written down");
        }
        if states.iter().any(|state| state == "done") {
            assert_eq!(found, new, "{at}: written down, but not done");
        }
    }

    /// Nothing is half done, and nobody says otherwise.
    fn check_what_became_of_it(&self, new: &str) {
        let at = &self.at;
        let now = format!("{}\n", self.text("now"));
        assert!(self.json("verified")["events"].as_i64().is_some(), "{at}: {}", self.text("verified"));
        let (ended, revert) = (self.text("ended"), self.text("revert"));
        assert!(!revert.contains("revert: "), "{at}: {revert}");
        assert!(!ended.contains("undo: ") && !ended.contains("finish: "), "{at}: {ended}");
        // an undo is a change of its own, which is done when the file is old again
        let first = self.json("after").as_array().unwrap().iter().find(|one| one["id"] == 1).cloned();
        if let Some(state) = first.as_ref().and_then(|one| one["state"].as_str()) {
            let whole = match state {
                "done" => now == new,
                "reverted" | "rolled-back" | "undone" => now == OLD,
                _ => false,
            };
            assert!(whole, "{at}: {state}: {now:?}");
        }
        // what was being written under another name is swept a day later
        let kept = self.text("armed").lines().filter(|name| !name.contains(".innkeeper-"));
        assert_eq!(kept.filter(|line| !line.contains("No such")).count(), 0, "{at}: {}", self.text("armed"));
        let tasks = self.json("tasks");
        for task in tasks.as_array().unwrap() {
            let status = task["status"].as_str();
            assert!(status.is_some_and(|status| status != "RUNNING"), "{at}: nobody runs any more: {task}");
        }
    }
}

/// SVC, crash safety: the power goes between any two steps of a change, in each write of configuration, journal, task list and armed
/// record, and while an armed change is confirmed or taken back.
#[test]
fn a_power_cut_at_any_moment_leaves_no_file_torn_and_one_command_ends_the_change() -> Result<(), Error> {
    let cuts = cuts();
    let host = Lab::host().name("pve1").disks(1, "2G").start()?;
    host.install_product()?;
    host.install_failpoints()?;
    host.write("/root/sources.list", OLD)?;
    put_cuts(&host, &cuts)?;
    let script = |script: &str| -> Result<String, Error> {
        let disk = host.disk(0).path()?;
        let line = format!("set -- {} $(readlink -f {disk})\n{script}", cuts.len());
        host.run_within(&line, Duration::from_secs(900))
    };
    script(PREPARE)?;
    let said = script(CUT)?;
    host.cut_power()?;
    const ABORTED: &str = "134";
    let met: Vec<_> = said.lines().filter_map(|line| line.split_once(' ')).collect();
    assert_eq!(met.len(), cuts.len(), "{said}");
    for ((_, code), cut) in met.iter().zip(&cuts) {
        assert_eq!(*code, ABORTED, "{cut:?} was not met");
    }
    host.boot()?;
    let report = script(LOOK)?;
    let new = format!("# {OLD}");
    for (cut, number) in cuts.iter().zip(1..) {
        let at = format!("{}, pass {}", cut.point, cut.pass);
        let found = Found { report: &report, number, at };
        found.check_what_was_there(&new);
        found.check_what_became_of_it(&new);
    }
    Ok(())
}
