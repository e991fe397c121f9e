//! A sources file of 4,000 entries: parsing, judging and printing them all.

use std::fmt::Write;

use crate::innkeeper::Tree;
use crate::process::{Invocation, compare, find};
use crate::report::{Findings, Row};
use crate::{Bench, Outcome};

const ENTRIES: usize = 4000;
const ROUNDS: usize = 15;

pub(crate) fn measure(bench: &Bench) -> Outcome<Findings> {
    let tree = Tree::new(bench, "sources")?;
    let mut text = String::from("# one entry for each mirror\n");
    for number in 0..ENTRIES {
        // writing into a string cannot fail
        let _ = writeln!(text, "deb http://mirror{number}.example.org/debian bookworm main contrib");
    }
    tree.write("etc/apt/sources.list", text)?;
    let file = tree.path().join("etc/apt/sources.list");
    let list = Invocation::new(&bench.binary).arg("--root").path(tree.path());
    let list = list.args(&["apt", "list", "--output-format", "json"]);
    let seen = list.output()?.matches("http://mirror").count();
    if seen < ENTRIES {
        return Err(format!("`apt list` printed {seen} of {ENTRIES} entries"));
    }
    let cat = find("cat").map(Invocation::new).ok_or("cat: not installed")?.path(&file);
    let times = compare(&[list, cat], ROUNDS)?;
    let what = "`innkeeper apt list` of 4,000 entries as JSON, whole process";
    let row = Row::new(format!("{what}, of {}", times[0].count()), times[0].to_string())
        .peer(format!("`cat` {}", times[1]))
        .budget("none");
    Ok(Findings { rows: vec![row], notes: Vec::new() })
}
