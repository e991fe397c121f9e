//! A page of a history of 1,000,000 tasks.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use crate::client::{Answer, curl};
use crate::innkeeper::{Server, Tree};
use crate::process::{Invocation, compare, find};
use crate::report::{Findings, Row, mebi, mib, thousands};
use crate::samples::Samples;
use crate::{Bench, Outcome, usage};

const TASKS: u32 = 1_000_000;
/// The index is renamed to `index.1` at 64 MiB; so the newest of a million lines are in the one, the rest in the other.
const INDEX_LIMIT: usize = 64 * 1024 * 1024;
/// When the first task started, and the seconds from one task to the next.
const BEGIN: u32 = 0x6500_0000;
const STEP: u32 = 40;
/// What a busy host does; one task in ten is a backup.
const KINDS: [&str; 10] = [
    "qmstart",
    "qmshutdown",
    "vncproxy",
    "qmsnapshot",
    "vzdump",
    "vzstart",
    "qmdelsnapshot",
    "vncshell",
    "qmreboot",
    "aptupdate",
];
const WANTED: &str = "vzdump";

const PAGE: &str = "/api2/json/nodes/localhost/tasks?limit=50";
const CALLS: usize = 20;
const FILTERED_CALLS: usize = 10;
const ROUNDS: usize = 20;
const PAGE_BUDGET: &str = "<= 10 ms";
const PAGE_BUDGET_MS: f64 = 10.0;
const FILTER_BUDGET: &str = "<= 2x grep";
const FILTER_BUDGET_RATIO: f64 = 2.0;
const MEMORY_BUDGET_MIB: f64 = 60.0;

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "history")?;
    let header = tree.token()?;
    let files = fill(&tree)?;
    let api = match by_api(bench, &tree, &header) {
        Err(why) if why.ends_with("not installed") => Err(why),
        other => Ok(other?),
    };
    let commands = by_command(bench, &tree, &files)?;
    let mut findings = Findings::default();
    match &api {
        Ok(api) => findings.rows.extend(api.rows(&commands)),
        Err(why) => findings.rows.push(Row::missing("first page of 1,000,000 tasks by the API", why)),
    }
    findings.rows.extend(commands.rows());
    findings.notes.push(format!(
        "The history has {} tasks in `index` and `index.1`, {} together, {} of type {WANTED}; that the API and grep find the same number was checked. API: one connection over TLS by curl, without its handshake, times of one call. The first call of a daemon that has never seen the history counts its lines for `total`; `wc -l` does the same.",
        thousands(TASKS.into()), commands.size, thousands(commands.matches),
    ));
    Ok(findings)
}

fn line(text: &mut String, number: u32) {
    // numbers in a fixed but unordered sequence, so that nothing is periodic that is not so in life
    let dice = number.wrapping_mul(2_654_435_761) >> 8;
    let kind = KINDS[dice as usize % KINDS.len()];
    let id = if kind == "aptupdate" || kind == "vncshell" {
        String::new()
    } else {
        (100 + dice % 400).to_string()
    };
    let user = ["root@pam", "root@pam!ci", "ann@pve"][dice as usize / 7 % 3];
    let status = match dice / 11 % 40 {
        0 => "job errors",
        1 => "WARNINGS: 1",
        2 => "unexpected status",
        _ => "OK",
    };
    let start = BEGIN + number * STEP;
    let (pid, pstart) = (0x1000 + dice % 0x003F_0000, 0x0100_0000 + number * STEP);
    // writing into a string cannot fail
    let _ = writeln!(
        text,
        "UPID:pve1:{pid:08X}:{pstart:08X}:{start:08X}:{kind}:{id}:{user}: {:08X} {status}",
        start + dice % 30
    );
}

/// Writes the history; gives its files, the newer first.
fn fill(tree: &Tree) -> Outcome<[PathBuf; 2]> {
    let mut text = String::with_capacity(100 << 20);
    (0..TASKS).for_each(|number| line(&mut text, number));
    let earliest = text.len().saturating_sub(INDEX_LIMIT);
    let cut = text[earliest..].find('\n').map_or(0, |newline| earliest + newline + 1);
    let directory = tree.path().join("var/log/pve/tasks");
    // what the making of the token left behind would be among the tasks
    for name in ["active", "index", ".index.count"] {
        let _ = fs::remove_file(directory.join(name));
    }
    tree.write("var/log/pve/tasks/index", &text[cut..])?;
    tree.write("var/log/pve/tasks/index.1", &text[..cut])?;
    Ok([directory.join("index"), directory.join("index.1")])
}

/// What was seen through the API.
struct ByApi {
    first: f64,
    following: Samples,
    filtered: Samples,
    /// KiB of all processes afterwards.
    memory: u64,
}

fn by_api(bench: &Bench, tree: &Tree, header: &str) -> Outcome<ByApi> {
    let server = tree.serve()?;
    let directory = bench.directory.path();
    let filter = format!("{PAGE}&typefilter={WANTED}");
    let pages = call(directory, header, &server, PAGE, 1 + CALLS)?;
    let filtered = call(directory, header, &server, &filter, FILTERED_CALLS)?;
    let first = pages.first().map_or(f64::NAN, |answer| answer.ms);
    for answer in &pages {
        check(answer, TASKS.into())?;
    }
    let matches = expected();
    for answer in &filtered {
        check(answer, matches)?;
    }
    let mut memory = 0;
    for pid in server.pids() {
        memory += usage::proportional(pid)?;
    }
    let samples = |answers: &[Answer]| {
        let mut samples = Samples::default();
        answers.iter().for_each(|answer| samples.push_ms(answer.ms));
        samples
    };
    Ok(ByApi { first, following: samples(&pages[1..]), filtered: samples(&filtered), memory })
}

/// Calls one path so often, after a call that is not counted because it opens the connection.
fn call(directory: &Path, header: &str, server: &Server, path: &str, times: usize) -> Outcome<Vec<Answer>> {
    let mut urls = vec![server.url("/api2/json/version")];
    urls.resize(1 + times, server.url(path));
    let mut answers = curl(directory, header, &urls)?;
    answers.remove(0);
    Ok(answers)
}

fn check(answer: &Answer, total: u64) -> Outcome<()> {
    let page: serde_json::Value =
        serde_json::from_str(&answer.body).map_err(|error| format!("a page of tasks: {error}"))?;
    let listed = page["data"].as_array().map_or(0, Vec::len);
    if listed == 50 && page["total"].as_u64() == Some(total) {
        return Ok(());
    }
    Err(format!("a page has {listed} tasks of {}, not 50 of {total}", page["total"]))
}

/// How many tasks were made of the wanted type.
fn expected() -> u64 {
    let mut text = String::new();
    let wanted = format!(":{WANTED}:");
    let mut count = 0;
    for number in 0..TASKS {
        text.clear();
        line(&mut text, number);
        count += u64::from(text.contains(&wanted));
    }
    count
}

/// What was seen on the command line, peers included.
struct ByCommand {
    size: String,
    matches: u64,
    page: Samples,
    filtered: Samples,
    tail: Samples,
    grep: Samples,
    wc: Samples,
}

fn by_command(bench: &Bench, tree: &Tree, files: &[PathBuf; 2]) -> Outcome<ByCommand> {
    let [index, older] = files;
    let program = |name: &str| find(name).map(Invocation::new).ok_or(format!("{name}: not installed"));
    let list = Invocation::new(&bench.pvenode).arg("--root").path(tree.path());
    let list = list.args(&["task", "list"]);
    let wanted = format!(":{WANTED}:");
    let invocations = [
        list.clone(),
        list.args(&["--typefilter", WANTED]),
        program("tail")?.args(&["-n", "50"]).path(index),
        program("grep")?.args(&["-hc", &wanted]).path(index).path(older),
        program("wc")?.arg("-l").path(index).path(older),
    ];
    let matches = invocations[3].output()?.lines().filter_map(|count| count.parse::<u64>().ok()).sum();
    if matches != expected() {
        return Err(format!("grep found {matches} tasks of {}", expected()));
    }
    // each once, before it counts
    for invocation in &invocations {
        invocation.output()?;
    }
    let kib = files.iter().filter_map(|file| fs::metadata(file).ok()).map(|found| found.len() / 1024).sum();
    let [page, filtered, tail, grep, wc] =
        compare(&invocations, ROUNDS)?.try_into().map_err(|_| "not every command was timed".to_owned())?;
    Ok(ByCommand { size: mib(kib), matches, page, filtered, tail, grep, wc })
}

impl ByApi {
    fn rows(&self, peers: &ByCommand) -> Vec<Row> {
        let ratio = self.filtered.median() / peers.grep.median();
        vec![
            Row::new(
                "first page of 1,000,000 tasks by the API: first call ever of a daemon",
                format!("{:.1} ms", self.first),
            )
            .peer(format!("`wc -l` {}", peers.wc))
            .budget(PAGE_BUDGET)
            .within(self.first <= PAGE_BUDGET_MS),
            Row::new(
                format!("the same, following calls, of {}", self.following.count()),
                self.following.to_string(),
            )
            .peer(format!("`tail -n 50` {}", peers.tail))
            .budget(PAGE_BUDGET)
            .within(self.following.median() <= PAGE_BUDGET_MS),
            Row::new(
                format!("the same with `typefilter={WANTED}` and total, of {}", self.filtered.count()),
                format!("{}, {ratio:.1}x", self.filtered),
            )
            .peer(format!("`grep -c` {}", peers.grep))
            .budget(FILTER_BUDGET)
            .within(ratio <= FILTER_BUDGET_RATIO),
            Row::new("memory of all processes, after these calls", mib(self.memory))
                .budget("<= 60 MiB")
                .within(mebi(self.memory) <= MEMORY_BUDGET_MIB),
        ]
    }
}

impl ByCommand {
    fn rows(&self) -> Vec<Row> {
        let ratio = self.filtered.median() / self.grep.median();
        let what = "`pvenode task list` of 1,000,000 tasks, whole process";
        vec![
            Row::new(format!("{what}, of {}", self.page.count()), self.page.to_string())
                .peer(format!("`tail -n 50` {}", self.tail))
                .budget(PAGE_BUDGET)
                .within(self.page.median() <= PAGE_BUDGET_MS),
            Row::new(
                format!("the same with `--typefilter {WANTED}`, of {}", self.filtered.count()),
                format!("{}, {ratio:.1}x", self.filtered),
            )
            .peer(format!("`grep -c` {}", self.grep))
            .budget(FILTER_BUDGET)
            .within(ratio <= FILTER_BUDGET_RATIO),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_have_the_form_of_the_index_and_about_a_tenth_are_wanted() {
        let mut text = String::new();
        (0..10_000).for_each(|number| line(&mut text, number));
        let wanted = text.lines().filter(|line| line.contains(":vzdump:")).count();
        assert!((800..1200).contains(&wanted), "{wanted}");
        for line in text.lines() {
            let (upid, rest) = line.split_once(' ').unwrap();
            assert_eq!(upid.split(':').map(str::len).collect::<Vec<_>>()[..5], [4, 4, 8, 8, 8], "{line}");
            assert!(upid.ends_with(':') && upid.matches(':').count() == 8, "{line}");
            assert_eq!(rest.find(' '), Some(8), "{line}");
        }
    }
}
