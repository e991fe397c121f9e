//! Two hundred people who click through the pages, each with a connection and thoughts of their own.

use std::fmt::Write;
use std::thread;
use std::time::{Duration, Instant};

use crate::browser::{self, Browser};
use crate::innkeeper::{Server, Tree};
use crate::machine::{Load, counted};
use crate::process::Invocation;
use crate::report::{Findings, Row, mebi, mib};
use crate::samples::Samples;
use crate::{Bench, Outcome, usage};

const USERS: usize = 200;
/// How long they click: five minutes, or so many seconds.
const LENGTH: &str = "INNKEEPER_BENCH_CLICKS";
const MEMORY_BUDGET_MIB: f64 = 60.0;
/// How long somebody looks at a page before the next click, at least and at most, in ms. The longest looks are longer than
/// the server keeps a silent connection.
const THOUGHTS: (u64, u64) = (500, 6_000);
const LONG_THOUGHT: u64 = 12_000;

/// What each click asks for: what the page that it opens asks for.
const CLICKS: [&[(&str, &str, &str)]; 7] = [
    &[
        ("GET", "/api2/json/version", ""),
        ("GET", "/api2/json/nodes", ""),
        ("GET", "/api2/json/cluster/tasks", ""),
        ("GET", "/api2/json/nodes/localhost/checks", ""),
    ],
    &[("GET", "/api2/json/nodes/localhost/apt/repositories", "")],
    &[("GET", "/api2/json/nodes/localhost/tasks?limit=50", ""), ("GET", "/api2/json/cluster/tasks", "")],
    &[("GET", "/api2/json/nodes/localhost/history?limit=50", "")],
    &[("GET", "/api2/json/access/permissions", ""), ("GET", "/api2/json/access/domains", "")],
    &[(
        "POST",
        "/api2/json/nodes/localhost/apt/repositories",
        "path=/etc/apt/sources.list&index=0&enabled=0&dry-run=1",
    )],
    &[("GET", "/", ""), ("GET", "/api2/json/version", "")],
];

/// What somebody saw, or all of them.
#[derive(Default)]
struct Seen {
    times: Samples,
    clicks: u64,
    handshakes: u64,
    errors: Vec<String>,
}

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let seconds = std::env::var(LENGTH).ok().and_then(|text| text.parse().ok()).unwrap_or(300);
    let tree = Tree::new(bench, "clicks")?;
    let headers = users(bench, &tree)?;
    let server = tree.serve()?;
    thread::sleep(Duration::from_secs(1));
    let pids = server.pids();
    let before = usage::processor(&pids)?;
    let begin = Instant::now();
    let seen = click(&server, &headers, begin + Duration::from_secs(seconds))?;
    let took = begin.elapsed();
    let processor = usage::processor(&pids)?.saturating_sub(before);
    let load = Load::now();
    Ok(Findings {
        rows: rows(seconds, &seen, &pids, processor.as_secs_f64() / took.as_secs_f64())?,
        notes: vec![format!(
            "{USERS} users: each has a user's API token, a TLS connection of its own, and {:.1} to {:.1} s between two clicks (one in ten {:.0} s, after which the server has closed the connection); a click asks for what a page asks for, one in seven plans a change. The clients run on the same cores. A request counts as an error unless it is answered with 200 within 30 s. {} connections were made. At the end: {}.",
            ms(THOUGHTS.0),
            ms(THOUGHTS.1),
            ms(LONG_THOUGHT),
            seen.handshakes,
            load.to_text(),
        )],
    })
}

#[allow(clippy::cast_precision_loss, reason = "some thousand")]
fn ms(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn rows(seconds: u64, seen: &Seen, pids: &[u32], cores: f64) -> Outcome<Vec<Row>> {
    let (mut memory, mut each) = (0, Vec::new());
    for pid in pids {
        memory += usage::proportional(*pid)?;
        let peak = usage::high_water(*pid).unwrap_or_default();
        each.push(format!("{} {:.1}", usage::role(*pid), mebi(peak)));
    }
    let requests = seen.times.count() as u64;
    let mut errors = counted(seen.errors.len() as u64, "errors");
    if let Some(first) = seen.errors.first() {
        errors += &format!("; the first: {first}");
    }
    let what = format!("{USERS} users click through the API over TLS for {seconds} s");
    Ok(vec![
        Row::new(
            &*what,
            format!("{errors} in {}, {}", counted(requests, "requests"), counted(seen.clicks, "clicks")),
        )
        .budget("0 errors")
        .within(seen.errors.is_empty() && requests > 0),
        Row::new(
            "the same: time of one request",
            format!(
                "p50 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
                seen.times.median(),
                seen.times.quantile(0.99),
                seen.times.quantile(1.0)
            ),
        )
        .budget("none"),
        Row::new(
            "the same: memory of all processes afterwards; most of each",
            format!("{} (most: {})", mib(memory), each.join(", ")),
        )
        .budget("<= 60 MiB")
        .within(mebi(memory) <= MEMORY_BUDGET_MIB),
        Row::new(
            "the same: processor time of all server processes",
            format!("{:.1} % of a core", cores * 100.0),
        )
        .budget("none"),
    ])
}

/// Users who may do everything, and the header of each.
fn users(bench: &Bench, tree: &Tree) -> Outcome<Vec<String>> {
    let mut text = String::from("user:root@pam:1:0:::::\n");
    let names: Vec<_> = (0..USERS).map(|number| format!("user{number}@pve")).collect();
    for name in &names {
        // writing into a string cannot fail
        let _ = writeln!(text, "user:{name}:1:0:::::");
    }
    let _ = writeln!(text, "\ngroup:staff:{}::\n\nacl:1:/:@staff:Administrator:", names.join(","));
    tree.write("etc/pve/user.cfg", text)?;
    let mut headers = Vec::new();
    for name in &names {
        let made = Invocation::new(&bench.binary)
            .arg("--root")
            .path(tree.path())
            .args(&["token", "add", name, "bench", "--privsep", "0", "--yes", "--output-format", "json"])
            .output()?;
        let made: serde_json::Value =
            serde_json::from_str(&made).map_err(|error| format!("token add: {error}"))?;
        let secret = made["data"]["value"].as_str().ok_or("token add did not print the token's secret")?;
        headers.push(format!("Authorization: PVEAPIToken={name}!bench={secret}"));
    }
    Ok(headers)
}

fn click(server: &Server, headers: &[String], end: Instant) -> Outcome<Seen> {
    let config = browser::config();
    let people: Vec<_> = headers
        .iter()
        .enumerate()
        .map(|(number, header)| {
            let mut browser = Browser::new(server.address(), header, &config);
            let person = move || person(&mut browser, number as u64, end);
            thread::Builder::new().stack_size(512 * 1024).spawn(person).map_err(|error| error.to_string())
        })
        .collect::<Outcome<_>>()?;
    let mut all = Seen::default();
    for person in people {
        let one = person.join().map_err(|_| "a user's thread ended in a panic".to_owned())?;
        all.times.extend(one.times);
        all.clicks += one.clicks;
        all.handshakes += one.handshakes;
        all.errors.extend(one.errors);
    }
    Ok(all)
}

fn person(browser: &mut Browser, number: u64, end: Instant) -> Seen {
    let (mut seen, mut dice) = (Seen::default(), Dice(number));
    // nobody comes at the same moment
    thread::sleep(Duration::from_millis(dice.below(THOUGHTS.1)));
    while Instant::now() < end {
        let page = usize::try_from(dice.below(CLICKS.len() as u64)).unwrap_or_default();
        for (verb, path, form) in CLICKS[page] {
            match browser.ask(verb, path, form) {
                Ok((took, _)) => seen.times.push(took),
                Err(why) => seen.errors.push(why),
            }
        }
        seen.clicks += 1;
        let thought = match dice.below(10) {
            0 => LONG_THOUGHT,
            _ => THOUGHTS.0 + dice.below(THOUGHTS.1 - THOUGHTS.0),
        };
        thread::sleep(Duration::from_millis(thought).min(end.saturating_duration_since(Instant::now())));
    }
    seen.handshakes = browser.handshakes;
    seen
}

/// Dice that fall the same way in every run (splitmix64).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        (mixed ^ (mixed >> 31)) % limit.max(1)
    }
}
