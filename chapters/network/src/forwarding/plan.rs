//! (State) → Plan. Pure.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use innkeeper_change::{Action, Invocation, Plan, Step, Undo, Value};

use super::inspect::{State, is_unlearning};
use crate::apply::Port;
use crate::interfaces::config::Config;

const BRIDGE: &str = "/usr/sbin/bridge";
const DEADLINE: u32 = 30;
/// What a port of such a bridge does not do.
const FLAGS: [&str; 2] = ["learning", "flood"];

/// Plans that exactly the configured addresses of guests are entered on bridges that learn nothing, and that ports of
/// bridges that learn again are as new ones.
pub fn plan(state: &State) -> Plan {
    let mut plan = Plan::new("enter the hardware addresses of guests in the forwarding tables");
    let mut by_port: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for nic in &state.nics {
        by_port.entry(&nic.port).or_default().push(nic.mac.clone());
    }
    for port in &state.ports {
        let Some(wanted) = by_port.get(port.name.as_str()) else { continue };
        let unlearning = state.unlearning.contains(&port.bridge);
        let (there, back) = if unlearning { bind(port, wanted) } else { release(port, wanted) };
        if there.is_empty() {
            continue;
        }
        let what = match unlearning {
            true => format!(
                "let {} through {} on {}, and no other address",
                wanted.join(" and "),
                port.name,
                port.bridge
            ),
            false => format!("let {} on {} learn again", port.name, port.bridge),
        };
        plan = plan.step(Step { what, action: batch(there), undo: Undo::By(vec![batch(back)]) });
    }
    plan
}

/// What a port gets back when its bridge learns nothing once a configuration is in force, or learns again.
pub(crate) fn bound(mut port: Port, addresses: &BTreeMap<String, Vec<String>>, new: &Config<'_>) -> Port {
    let Some(wanted) = addresses.get(&port.name) else { return port };
    let unlearning = new.get(&port.bridge).is_some_and(|one| is_unlearning(new, one));
    if unlearning {
        port.flags.retain(|(flag, _)| !FLAGS.contains(flag));
        port.flags.extend(FLAGS.map(|flag| (flag, false)));
        port.entries.retain(|(mac, _)| wanted.contains(mac));
        for mac in wanted {
            if !port.entries.iter().any(|(known, _)| known == mac) {
                port.entries.push((mac.clone(), None));
            }
        }
    } else if is_bound(&port, wanted) {
        port.flags.retain(|(flag, _)| !FLAGS.contains(flag));
        port.entries.retain(|(mac, _)| !wanted.contains(mac));
    }
    port
}

fn is_off(port: &Port, flag: &str) -> bool {
    port.flags.contains(&match flag {
        "learning" => ("learning", false),
        _ => ("flood", false),
    })
}

/// It is as this program, or the original, binds a port to its addresses.
fn is_bound(port: &Port, wanted: &[String]) -> bool {
    FLAGS.iter().all(|flag| is_off(port, flag)) && port.entries.iter().any(|(mac, _)| wanted.contains(mac))
}

/// Lines for bridge(8), and those that take them back.
fn bind(port: &Port, wanted: &[String]) -> (String, String) {
    let (mut there, mut back) = (String::new(), String::new());
    let name = &port.name;
    // what gets through is entered before anything else is kept out
    for mac in wanted.iter().filter(|mac| !port.entries.iter().any(|(known, _)| known == *mac)) {
        // writing to a String cannot fail
        let _ = writeln!(there, "fdb replace {mac} dev {name} master static");
        let _ = writeln!(back, "fdb del {mac} dev {name} master");
    }
    for flag in FLAGS.iter().filter(|flag| !is_off(port, flag)) {
        let _ = writeln!(there, "link set dev {name} {flag} off");
        let _ = writeln!(back, "link set dev {name} {flag} on");
    }
    for (mac, vlan) in port.entries.iter().filter(|(mac, _)| !wanted.contains(mac)) {
        let vlan = vlan.map_or(String::new(), |vlan| format!(" vlan {vlan}"));
        let _ = writeln!(there, "fdb del {mac} dev {name} master{vlan}");
        let _ = writeln!(back, "fdb replace {mac} dev {name} master static{vlan}");
    }
    (there, back)
}

fn release(port: &Port, wanted: &[String]) -> (String, String) {
    let (mut there, mut back) = (String::new(), String::new());
    if !is_bound(port, wanted) {
        return (there, back);
    }
    let name = &port.name;
    for flag in FLAGS {
        let _ = writeln!(there, "link set dev {name} {flag} on");
        let _ = writeln!(back, "link set dev {name} {flag} off");
    }
    for (mac, vlan) in port.entries.iter().filter(|(mac, _)| wanted.contains(mac)) {
        let vlan = vlan.map_or(String::new(), |vlan| format!(" vlan {vlan}"));
        let _ = writeln!(there, "fdb del {mac} dev {name} master{vlan}");
        let _ = writeln!(back, "fdb replace {mac} dev {name} master static{vlan}");
    }
    (there, back)
}

fn batch(lines: String) -> Action {
    Action::Run(Invocation {
        program: BRIDGE.into(),
        args: ["-batch", "-"].map(Value::from).to_vec(),
        stdin: Some(Value::Text(lines)),
        deadline: DEADLINE,
        produces: None,
        accept: Vec::new(),
    })
}
