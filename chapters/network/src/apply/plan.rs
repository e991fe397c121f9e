//! (Situation) → Plan. Pure.

use innkeeper_change::{Action, Content, FileChange, Hazard, Invocation, Plan, Problem, Step, Undo, Value};

use super::effects::{Effect, effects};
use super::guests::{self, Port};
use super::inspect::{IFRELOAD, Situation};
use super::{risks, rules, verify};
use crate::format::Document;
use crate::forwarding;
use crate::interfaces::config::Config;
use crate::interfaces::state::{LIVE, STAGED};
use crate::names::rename;

const IFQUERY: &str = "/usr/sbin/ifquery";
const IP: &str = "/usr/sbin/ip";
const BRIDGE: &str = "/usr/sbin/bridge";
/// Waiting for an address by DHCP, or for a bridge that learns first, takes its time.
const RELOAD_DEADLINE: u32 = 120;
const DEADLINE: u32 = 30;
/// More than these are counted, not named.
const NAMED: usize = 8;

/// What was there before, for the question whether it all came true.
#[derive(Clone, Debug, Default)]
pub struct Before {
    /// Ports of guests whose bridge stays.
    pub ports: Vec<Port>,
    /// Interfaces that only this configuration made, and that are configured no more.
    pub removed: Vec<String>,
    /// What the kernel had otherwise than the configuration before: nobody is blamed for it.
    pub known: Vec<String>,
}

/// Plans that the configuration of the files comes into force. Where nothing is staged somebody may have edited the live file by
/// hand: it is reloaded as it is.
///
/// # Errors
/// Without ifupdown2, in the original's words; a file that is not understood.
pub fn plan(situation: &Situation) -> Result<(Plan, Before), Problem> {
    let files = &situation.files;
    let live = understood(files.live.as_ref(), LIVE)?;
    let staged = files.staged.as_ref().map(|staged| understood(Some(staged), STAGED)).transpose()?;
    let (old, new) = (files.config_of(live), files.config_of(staged.unwrap_or(live)));
    let effects = effects(&old, &new);
    let plan = Plan::new("apply the network configuration");
    let deviations = verify::deviations(&new, &situation.kernel);
    if !situation.ifupdown2 {
        return Err(Problem::Failed(
            "you need ifupdown2 to reload network configuration. 'innkeeper updates install ifupdown2' installs it; \
             until then, staged changes come into force at the next start of this host."
                .to_owned(),
        ));
    }
    if let Some(staged) = staged {
        is_there_already(situation, staged)?;
    }
    let before = before(situation, &old, &new);
    let words = in_words(&new, &effects, &deviations);
    let plan = steps(situation, plan, &before, &words, &old, &new);
    let plan = risks::of(situation, &old, &new, &effects).into_iter().fold(plan, Plan::hazard);
    Ok((plan, before))
}

/// What is cut off or lost when the live file comes to hold something else and is applied.
pub(crate) fn risks_of(situation: &Situation, wanted: Option<&Content>) -> Result<Vec<Hazard>, Problem> {
    let files = &situation.files;
    let (live, wanted) = (understood(files.live.as_ref(), LIVE)?, understood(wanted, LIVE)?);
    let (old, new) = (files.config_of(live), files.config_of(wanted));
    Ok(risks::of(situation, &old, &new, &effects(&old, &new)))
}

/// Refuses a configuration that names a card as it is called only when the host was restarted: it would lose its network.
fn is_there_already(situation: &Situation, staged: &str) -> Result<(), Problem> {
    let named = |name: &str| rename::interfaces::names(staged, name);
    match situation.waiting.iter().find(|(now, then)| named(then) && !named(now)) {
        Some((now, then)) => Err(Problem::Failed(format!(
            "the staged changes name '{then}', which the card '{now}' is called only when this host was restarted: restart it \
             instead, or call the card '{now}' again with 'innkeeper nic rename {now} {now}'"
        ))),
        None => Ok(()),
    }
}

fn understood<'c>(content: Option<&'c Content>, path: &str) -> Result<&'c str, Problem> {
    let Some(content) = content else { return Ok("") };
    let text =
        content.as_text().ok_or_else(|| Problem::Failed(format!("{path} is not text and is not applied")))?;
    match Document::parse(text).malformed().first() {
        Some(bad) => Err(Problem::Failed(format!("{path} is not understood and is not applied: {bad}"))),
        None => Ok(text),
    }
}

fn before(situation: &Situation, old: &Config<'_>, new: &Config<'_>) -> Before {
    let stays = |port: &&Port| new.get(&port.bridge).is_some_and(|interface| interface.kind.is_bridge());
    let made = |name: &&str| {
        situation.files.devices.get(*name).is_some_and(|device| !device.physical) && new.get(name).is_none()
    };
    Before {
        ports: situation
            .ports
            .iter()
            .filter(stays)
            .map(|port| forwarding::bound(port.clone(), &situation.addresses, new))
            .collect(),
        removed: old
            .interfaces()
            .iter()
            .map(|interface| interface.name)
            .filter(made)
            .map(str::to_owned)
            .collect(),
        known: match situation.files.staged {
            Some(_) => verify::deviations(old, &situation.kernel),
            None => Vec::new(),
        },
    }
}

fn in_words(new: &Config<'_>, effects: &[Effect], deviations: &[String]) -> String {
    let mut clauses: Vec<String> = effects.iter().take(NAMED).map(Effect::in_words).collect();
    if let Some(more) = effects.len().checked_sub(NAMED).filter(|more| *more > 0) {
        clauses.push(format!("{more} more change"));
    }
    if effects.is_empty() {
        clauses.extend(deviations.iter().take(NAMED).cloned());
    }
    let touched = |name: &str| effects.iter().any(|effect| effect.name == name);
    let untouched = new.interfaces().iter().filter(|interface| !touched(interface.name)).count();
    if untouched > 0 {
        clauses.push(format!("{untouched} stay as they are"));
    }
    clauses.join("; ")
}

/// A run that goes on behind an error: a guest may have stopped meanwhile, and its ports with it. Whether those that are there
/// have what they had is asked of the kernel afterwards.
fn tolerant(program: &str, stdin: String) -> Action {
    let args = ["-force", "-batch", "-"].map(Value::from).to_vec();
    let (program, stdin) = (program.into(), Some(Value::Text(stdin)));
    Action::Run(Invocation { program, args, stdin, deadline: DEADLINE, produces: None, accept: vec![1] })
}

fn run(program: &str, args: &[&str], deadline: u32) -> Action {
    Action::Run(Invocation {
        program: program.into(),
        args: args.iter().map(|arg| Value::from(*arg)).collect(),
        stdin: None,
        deadline,
        produces: None,
        accept: Vec::new(),
    })
}

fn reload() -> Action {
    run(IFRELOAD, &["--all"], RELOAD_DEADLINE)
}

/// What puts the ports of guests back, as far as there are any.
fn put_back(ports: &[Port]) -> Vec<(&'static str, Action)> {
    let mut actions = Vec::new();
    if !ports.is_empty() {
        let attach = tolerant(IP, guests::attach(ports));
        actions.push(("put the ports of guests back on their bridges", attach));
    }
    let restored = guests::restore(ports);
    if !restored.is_empty() {
        let restore = tolerant(BRIDGE, restored);
        actions.push(("give the ports of guests back their VLANs, flags and addresses", restore));
    }
    actions
}

/// The way back is that of the first step: when it is taken back, the files are restored already.
fn steps(
    situation: &Situation,
    plan: Plan,
    before: &Before,
    words: &str,
    old: &Config<'_>,
    new: &Config<'_>,
) -> Plan {
    let files = &situation.files;
    let checked = if files.staged.is_some() { STAGED } else { LIVE };
    let back = std::iter::once(reload())
        .chain(rules::once(new, old).into_iter().map(|(_, action)| action))
        .chain(put_back(&situation.ports).into_iter().map(|(_, action)| action))
        .collect();
    let mut plan = plan.step(Step {
        what: format!("have ifupdown2 read {checked}"),
        action: run(IFQUERY, &["--all", "--list", "--interfaces", checked], DEADLINE),
        undo: Undo::By(back),
    });
    if let Some(staged) = &files.staged {
        let change =
            FileChange { after: Some(staged.clone()), ..FileChange::write(LIVE, files.live.clone(), "") };
        plan = plan
            .step(Step::file(format!("put the staged configuration into {LIVE}"), change))
            .step(Step::file(format!("remove {STAGED}"), FileChange::remove(STAGED, staged.clone())));
    }
    plan = plan.step(Step { what: format!("reload: {words}"), action: reload(), undo: Undo::Nothing });
    for (what, action) in rules::once(old, new) {
        plan = plan.step(Step { what, action, undo: Undo::Nothing });
    }
    for (what, action) in put_back(&before.ports) {
        plan = plan.step(Step { what: what.to_owned(), action, undo: Undo::Nothing });
    }
    plan
}
