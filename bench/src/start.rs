//! How long a command takes that does next to nothing, and how large the program is.

use crate::innkeeper::Tree;
use crate::process::{self, Invocation, compare, find, peak};
use crate::report::{Findings, Row, mebi, mib};
use crate::{Bench, Outcome};

const ROUNDS: usize = 40;
const BUDGET: &str = "<= 10 ms and <= 20 MiB";
const BUDGET_MS: f64 = 10.0;
const BUDGET_MIB: f64 = 20.0;
const SIZE_BUDGET_MIB: f64 = 40.0;

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "start")?;
    let mut invocations = vec![
        Invocation::new(&bench.binary).arg("--version"),
        Invocation::new(&bench.pvenode).arg("--root").path(tree.path()).args(&["task", "list"]),
        Invocation::new("/bin/true"),
    ];
    let systemctl = find("systemctl").map(|path| Invocation::new(path).arg("--version"));
    invocations.extend(systemctl.clone());
    let mut peaks = Vec::new();
    for invocation in &invocations {
        peaks.push(peak(invocation, bench.directory.path())?);
    }
    let times = compare(&invocations, ROUNDS)?;
    let figure = |at: usize| format!("{}, {}", times[at], mib(peaks[at]));
    let mut peer = format!("`true` {}", figure(2));
    peer += &match systemctl {
        Some(_) => format!("; `systemctl --version` {}", figure(3)),
        None => "; systemctl: not installed".to_owned(),
    };
    let row = |at: usize, what: &str| {
        Row::new(format!("{what}, whole process, of {}; peak memory", times[at].count()), figure(at))
            .peer(peer.clone())
            .budget(BUDGET)
            .within(times[at].median() <= BUDGET_MS && mebi(peaks[at]) <= BUDGET_MIB)
    };
    let rows = vec![row(0, "`innkeeper --version`"), row(1, "`pvenode task list` of a small tree")];
    let note = format!("Peak memory is the largest resident size, by {}.", process::peak_method());
    Ok(Findings { rows, notes: vec![note] })
}

pub(crate) fn size(bench: &Bench) -> Outcome<Findings> {
    let found = std::fs::metadata(&bench.binary).map_err(|error| format!("the binary: {error}"))?;
    let kib = found.len().div_ceil(1024);
    let row = Row::new("release binary with the GUI inside", mib(kib))
        .budget("<= 40 MiB")
        .within(mebi(kib) <= SIZE_BUDGET_MIB);
    Ok(Findings { rows: vec![row], notes: Vec::new() })
}
