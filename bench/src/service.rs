//! The services: memory and processor time at rest, and what one small request costs.

use std::time::Duration;

use crate::client::{Seen, curl, wrk};
use crate::innkeeper::{Server, Tree};
use crate::machine::counted;
use crate::nginx::Nginx;
use crate::report::{Findings, Row, mebi, mib, thousands};
use crate::{Bench, Outcome, usage};

const PATH: &str = "/api2/json/version";
/// Time for what a start leaves to do.
const SETTLE: Duration = Duration::from_secs(1);
const REST: Duration = Duration::from_secs(5);
/// Both servers in turn, so often.
const ROUNDS: usize = 2;
const MEMORY_BUDGET_MIB: f64 = 60.0;
const REST_BUDGET: f64 = 0.5;
const REQUEST_BUDGET: f64 = 2.0;

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "service")?;
    let header = tree.token()?;
    let server = tree.serve()?;
    std::thread::sleep(SETTLE);
    // nothing has been asked of it yet
    let fresh = AtRest::of(&server.pids())?;
    let directory = bench.directory.path();
    let body = curl(directory, &header, &[server.url(PATH)]).map(|answers| answers[0].body.clone());
    let (nginx, absent) = match body {
        Ok(body) => {
            let nginx = Nginx::start(directory, tree.path(), PATH, &body)?;
            (nginx, "nginx: not installed".to_owned())
        }
        Err(why) if why.ends_with("not installed") => (None, why),
        Err(why) => return Err(why),
    };
    if let Some(nginx) = &nginx {
        same_bytes(bench, &header, &server, nginx)?;
    }
    let fresh_peer = nginx.as_ref().map(|nginx| AtRest::of(&nginx.pids())).transpose()?;
    let mut findings = Findings::default();
    findings.rows.extend(at_rest_rows("after start", &fresh, fresh_peer.as_ref(), &absent));
    match requests(&header, &server, nginx.as_ref()) {
        Ok((ours, peer)) => findings.rows.extend(request_rows(&ours, peer.as_ref(), &absent)),
        Err(why) if why.ends_with("not installed") => {
            findings.rows.push(Row::missing(format!("`GET {PATH}`"), &why));
            return Ok(findings);
        }
        Err(why) => return Err(why),
    }
    std::thread::sleep(SETTLE);
    let used = AtRest::of(&server.pids())?;
    let used_peer = nginx.as_ref().map(|nginx| AtRest::of(&nginx.pids())).transpose()?;
    findings.rows.extend(at_rest_rows("after the load above", &used, used_peer.as_ref(), &absent));
    findings.notes = notes();
    Ok(findings)
}

fn notes() -> Vec<String> {
    vec![
        "Memory is the sum of PSS in /proc/PID/smaps_rollup of every process of the service; processor time is user and system time of the same processes, which the kernel tells in steps of 10 ms.".to_owned(),
        format!("Requests: `wrk -c50 -t1 -d5s`, {ROUNDS} times each in turn, TLS 1.3, handshakes of the 50 connections included. nginx has one worker, the same certificate and a configured text of the same bytes; Innkeeper checks the API token of every request and answers through two processes, proxy and daemon. wrk runs on the same cores."),
    ]
}

/// Both must answer the same, or there is nothing to compare.
fn same_bytes(bench: &Bench, header: &str, server: &Server, nginx: &Nginx) -> Outcome<()> {
    let answers = [server.url(PATH), nginx.url(PATH)];
    let answers = curl(bench.directory.path(), header, &answers)?;
    if answers[0].body == answers[1].body { Ok(()) } else { Err("nginx answers other bytes".to_owned()) }
}

/// A service while nobody asks anything of it.
struct AtRest {
    /// Role and KiB of each process.
    memory: Vec<(String, u64)>,
    processor: Duration,
}

impl AtRest {
    fn of(pids: &[u32]) -> Outcome<Self> {
        let before = usage::processor(pids)?;
        std::thread::sleep(REST);
        let processor = usage::processor(pids)?.saturating_sub(before);
        let mut memory = Vec::new();
        for pid in pids {
            memory.push((usage::role(*pid), usage::proportional(*pid)?));
        }
        Ok(Self { memory, processor })
    }

    fn total(&self) -> u64 {
        self.memory.iter().map(|(_, kib)| kib).sum()
    }

    fn each(&self) -> String {
        let each = self.memory.iter().map(|(role, kib)| format!("{role} {:.1}", mebi(*kib)));
        format!("{} ({})", mib(self.total()), each.collect::<Vec<_>>().join(", "))
    }

    /// Of one core.
    fn percent(&self) -> f64 {
        self.processor.as_secs_f64() / REST.as_secs_f64() * 100.0
    }
}

fn at_rest_rows(when: &str, ours: &AtRest, peer: Option<&AtRest>, absent: &str) -> [Row; 2] {
    let peer_says = |text: fn(&AtRest) -> String| {
        peer.map_or_else(|| absent.to_owned(), |peer| format!("nginx {}", text(peer)))
    };
    [
        Row::new(format!("memory of all processes, {when}"), ours.each())
            .peer(peer_says(|peer| mib(peer.total())))
            .budget("<= 60 MiB")
            .within(mebi(ours.total()) <= MEMORY_BUDGET_MIB),
        Row::new(
            format!("processor at rest, {when}, over {} s", REST.as_secs()),
            format!("{:.1} % of a core", ours.percent()),
        )
        .peer(peer_says(|peer| format!("{:.1} %", peer.percent())))
        .budget("<= 0.5 % of a core")
        .within(ours.percent() <= REST_BUDGET),
    ]
}

/// What a server did in all rounds.
#[derive(Default)]
struct Served {
    requests: u64,
    /// Of each round.
    a_second: Vec<f64>,
    processor: Duration,
    /// Role and time of each process.
    each: Vec<(String, Duration)>,
}

impl Served {
    fn round(&mut self, pids: &[u32], call: impl FnOnce() -> Outcome<Seen>) -> Outcome<()> {
        let used = || pids.iter().map(|pid| usage::processor(&[*pid])).collect::<Outcome<Vec<_>>>();
        let before = used()?;
        let seen = call()?;
        if self.each.is_empty() {
            self.each = pids.iter().map(|pid| (usage::role(*pid), Duration::ZERO)).collect();
        }
        for ((before, after), (_, sum)) in before.iter().zip(used()?).zip(&mut self.each) {
            let took = after.saturating_sub(*before);
            self.processor += took;
            *sum += took;
        }
        self.requests += seen.requests;
        self.a_second.push(seen.a_second);
        Ok(())
    }

    #[allow(clippy::cast_precision_loss, reason = "some hundred thousand requests")]
    fn microseconds(&self) -> f64 {
        self.processor.as_secs_f64() * 1e6 / self.requests as f64
    }

    #[allow(clippy::cast_precision_loss, reason = "some hundred thousand requests")]
    fn split(&self) -> String {
        let each = self
            .each
            .iter()
            .map(|(role, took)| format!("{role} {:.1}", took.as_secs_f64() * 1e6 / self.requests as f64));
        each.collect::<Vec<_>>().join(", ")
    }

    #[allow(clippy::cast_precision_loss, reason = "two rounds")]
    fn mean(&self) -> f64 {
        self.a_second.iter().sum::<f64>() / self.a_second.len() as f64
    }
}

fn requests(header: &str, server: &Server, nginx: Option<&Nginx>) -> Outcome<(Served, Option<Served>)> {
    let (mut ours, mut peers) = (Served::default(), Served::default());
    for _ in 0..ROUNDS {
        ours.round(&server.pids(), || wrk(header, &server.url(PATH)))?;
        if let Some(nginx) = nginx {
            peers.round(&nginx.pids(), || wrk(header, &nginx.url(PATH)))?;
        }
    }
    Ok((ours, nginx.map(|_| peers)))
}

fn request_rows(ours: &Served, peer: Option<&Served>, absent: &str) -> [Row; 2] {
    let what = format!("`GET {PATH}` over TLS, keep-alive, 50 connections");
    let peer_says = |text: fn(&Served) -> String| {
        peer.map_or_else(|| absent.to_owned(), |peer| format!("nginx {}", text(peer)))
    };
    let per_second = |served: &Served| format!("{} requests/s", thousands(whole(served.mean())));
    let mut cost = format!("{:.1} us", ours.microseconds());
    let ratio = peer.map(|peer| ours.microseconds() / peer.microseconds());
    if let Some(ratio) = ratio {
        cost += &format!(", {ratio:.1}x");
    }
    let counts = format!("{}: processor time of all server processes a request", what);
    let row = Row::new(counts, format!("{cost} ({}; {})", ours.split(), counted(ours.requests, "requests")))
        .peer(peer_says(|peer| {
            format!("{:.1} us ({})", peer.microseconds(), counted(peer.requests, "requests"))
        }))
        .budget("<= 2x nginx");
    [
        Row::new(what, per_second(ours))
            .peer(peer_says(|peer| format!("{} requests/s", thousands(whole(peer.mean()))))),
        match ratio {
            Some(ratio) => row.within(ratio <= REQUEST_BUDGET),
            None => row,
        },
    ]
}

#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "requests a second, rounded")]
fn whole(number: f64) -> u64 {
    number.round() as u64
}
