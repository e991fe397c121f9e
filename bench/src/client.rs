//! Those who call servers: curl for the time of one answer, wrk for many at a time.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use crate::Outcome;
use crate::process::{Invocation, find, write};

/// An answer.
pub(crate) struct Answer {
    pub(crate) status: String,
    pub(crate) ms: f64,
    pub(crate) body: String,
}

/// Calls these URLs one after the other on one connection, whose handshake is in the time of the first.
pub(crate) fn curl(directory: &Path, header: &str, urls: &[String]) -> Outcome<Vec<Answer>> {
    let curl = find("curl").ok_or("curl: not installed")?;
    let mut text = format!("silent\nshow-error\ninsecure\nmax-time = 120\nheader = \"{header}\"\n");
    text += "write-out = \"%{http_code} %{time_total}\\n\"\n";
    let body = |at: usize| directory.join(format!("answer-{at}"));
    for (at, url) in urls.iter().enumerate() {
        // writing into a string cannot fail
        let _ = writeln!(text, "url = \"{url}\"\noutput = \"{}\"", body(at).display());
    }
    let file = directory.join("curl");
    write(&file, text)?;
    // -q: nobody's own configuration
    let said = Invocation::new(curl).args(&["-q", "-K"]).path(&file).output()?;
    let mut answers = Vec::new();
    for (at, line) in said.lines().enumerate() {
        let (status, seconds) = line.split_once(' ').ok_or_else(|| format!("curl said {line}"))?;
        let seconds: f64 = seconds.trim().parse().map_err(|_| format!("curl said {line}"))?;
        let body = fs::read_to_string(body(at)).map_err(|error| format!("answer {at}: {error}"))?;
        answers.push(Answer { status: status.to_owned(), ms: seconds * 1000.0, body });
    }
    if let Some(bad) = answers.iter().find(|answer| answer.status != "200") {
        return Err(format!("a call was answered with {}: {}", bad.status, bad.body));
    }
    if answers.len() == urls.len() { Ok(answers) } else { Err("curl did not make all calls".to_owned()) }
}

/// What wrk saw.
#[derive(Debug, PartialEq)]
pub(crate) struct Seen {
    pub(crate) requests: u64,
    pub(crate) a_second: f64,
}

/// Calls a URL on 50 connections that stay open, for five seconds.
pub(crate) fn wrk(header: &str, url: &str) -> Outcome<Seen> {
    let wrk = find("wrk").ok_or("wrk: not installed")?;
    let said = Invocation::new(wrk).args(&["-c50", "-t1", "-d5s", "-H", header, url]).output()?;
    parse(&said)
}

/// Answers that are no answers are no figure either.
fn parse(said: &str) -> Outcome<Seen> {
    let bad = ["Non-2xx", "Socket errors"];
    if let Some(line) = said.lines().map(str::trim).find(|line| bad.iter().any(|word| line.starts_with(word)))
    {
        return Err(format!("wrk: {line}"));
    }
    let requests = said.lines().find_map(|line| line.trim().split_once(" requests in "));
    let a_second = said.lines().find_map(|line| line.strip_prefix("Requests/sec:"));
    match (requests.map(|(number, _)| number.parse()), a_second.map(|text| text.trim().parse())) {
        (Some(Ok(requests)), Some(Ok(a_second))) if requests > 0 => Ok(Seen { requests, a_second }),
        _ => Err(format!("wrk said {}", said.trim())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = "Running 5s test @ https://127.0.0.1:1/\n  1 threads and 50 connections\n  \
        Thread Stats   Avg      Stdev     Max   +/- Stdev\n    Latency     2.55ms    1.04ms  21.20ms   91.52%\n  \
        98817 requests in 5.00s, 24.98MB read\nRequests/sec:  19760.35\nTransfer/sec:      5.00MB\n";

    #[test]
    fn the_figures_of_wrk_are_read() {
        assert_eq!(parse(SAID), Ok(Seen { requests: 98_817, a_second: 19_760.35 }));
    }

    #[test]
    fn errors_are_no_figure() {
        assert!(parse(&SAID.replace("Transfer/sec", "  Non-2xx or 3xx responses: 4\nTransfer/sec")).is_err());
        assert!(parse(&SAID.replace("98817", "0")).is_err());
        assert!(parse("").is_err());
    }
}
