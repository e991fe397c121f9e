//! A host with every VLAN that one link can have, and a bridge on each: listing them all, planning the change of one.

use std::fmt::Write;

use crate::innkeeper::Tree;
use crate::process::{Invocation, compare, find};
use crate::report::{Findings, Row};
use crate::{Bench, Outcome};

const VLANS: usize = 4094;
const ROUNDS: usize = 15;
const BUDGET_MS: f64 = 30.0;

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "network")?;
    let mut text = String::from("auto lo\niface lo inet loopback\n\niface eno1 inet manual\n");
    for id in 1..=VLANS {
        // writing into a string cannot fail
        let _ = write!(
            text,
            "\nauto eno1.{id}\niface eno1.{id} inet manual\n\nauto vmbr{id}\niface vmbr{id} inet manual\n\
             \tbridge-ports eno1.{id}\n\tbridge-stp off\n\tbridge-fd 0\n"
        );
    }
    tree.write("etc/network/interfaces", text)?;
    let file = tree.path().join("etc/network/interfaces");
    let innkeeper = || Invocation::new(&bench.binary).arg("--root").path(tree.path());
    let list = innkeeper().args(&["network", "list", "--output-format", "json"]);
    let plan = innkeeper().args(&["network", "set", "vmbr2047", "bridge", "--mtu", "1400", "--plan"]);
    let seen = list.output()?.matches("\"bridge_ports\"").count();
    if seen != VLANS {
        return Err(format!("`network list` printed {seen} of {VLANS} bridges"));
    }
    if !plan.output()?.contains("+\tmtu 1400") {
        return Err("`network set --plan` did not show the change".to_owned());
    }
    let cat = find("cat").map(Invocation::new).ok_or("cat: not installed")?.path(&file);
    let mut invocations = vec![list, plan, cat];
    let mut notes = Vec::new();
    match ifquery() {
        Some(ifquery) => {
            let ifquery = ifquery.args(&["-l", "-a", "-i"]).path(&file);
            let seen = ifquery.output()?.lines().count();
            if seen < 2 * VLANS {
                return Err(format!("`ifquery -l` printed {seen} interfaces"));
            }
            invocations.push(ifquery);
        }
        None => {
            notes.push("ifquery of ifupdown2 is not installed: `cat` alone is measured beside it".to_owned())
        }
    }
    let times = compare(&invocations, ROUNDS)?;
    let peer = match times.get(3) {
        Some(ifquery) => format!("`ifquery -l` {ifquery}; `cat` {}", times[2]),
        None => format!("`cat` {}", times[2]),
    };
    let row = |at: usize, what: &str| {
        Row::new(format!("{what}, whole process, of {}", times[at].count()), times[at].to_string())
            .peer(peer.clone())
            .budget(&format!("<= {BUDGET_MS} ms"))
            .within(times[at].median() <= BUDGET_MS)
    };
    let rows = vec![
        row(0, "`innkeeper network list` of 4,094 VLANs and 4,094 bridges as JSON"),
        row(1, "the same host: `innkeeper network set` of one bridge, planned and shown"),
    ];
    Ok(Findings { rows, notes })
}

/// The one of ifupdown2: that of ifupdown has another command line. `INNKEEPER_IFQUERY` names one that is elsewhere.
fn ifquery() -> Option<Invocation> {
    match std::env::var_os("INNKEEPER_IFQUERY") {
        Some(path) => Some(Invocation::new(std::path::PathBuf::from(path))),
        None => std::path::Path::new("/usr/share/ifupdown2")
            .exists()
            .then(|| find("ifquery").map(Invocation::new))?,
    }
}
