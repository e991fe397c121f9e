//! Changes by command: the plan is shown, risks are asked about, and the plan that was shown is carried out.

use clap::ArgMatches;
use innkeeper_change::{Problem, Severity};
use innkeeper_rest::{Answer, HazardView, Method, PlanView};
use serde_json::{Map, Value, json};

use super::describe::Leaf;
use super::dialogue::{self, Person};
use super::globals::Globals;
use super::machine::Machine;
use super::output::{self, escape, escape_lines};
use super::report::Failure;

/// What was said in advance.
#[derive(Clone, Debug, Default)]
pub(super) struct Consent {
    /// Only show the plan.
    plan_only: bool,
    /// Yes to every warning.
    yes: bool,
    /// Dangers that are accepted, by id.
    accepted: Vec<String>,
    /// Arm what people are expected to arm.
    arms: bool,
}

impl Consent {
    pub(super) fn of(leaf: &Leaf<'_>, matches: &ArgMatches) -> Self {
        if !leaf.asks {
            return Self::default();
        }
        let accepted = matches.try_get_many::<String>("consent:accept").ok().flatten();
        let ids = accepted.into_iter().flatten().flat_map(|ids| ids.split([',', ';', ' ']));
        Self {
            plan_only: matches.get_flag("consent:plan"),
            yes: matches.get_flag("consent:yes"),
            accepted: ids.filter(|id| !id.is_empty()).map(str::to_owned).collect(),
            arms: false,
        }
    }

    /// The same, for a command that is made for people: what could cut them off is taken back unless they confirm it.
    pub(super) fn arming(self) -> Self {
        Self { arms: true, ..self }
    }
}

/// Plans a change, asks, and has it carried out.
pub(super) fn change(
    machine: &mut Machine,
    globals: &Globals,
    method: &Method,
    path: &str,
    params: Map<String, Value>,
    consent: Consent,
) -> Result<(), Failure> {
    let mut previewed = params.clone();
    previewed.insert("dry-run".to_owned(), Value::from("1"));
    let again = previewed.clone();
    let data = machine.call(method.verb, path, previewed)?.data;
    let plan: PlanView = serde_json::from_value(data.clone()).map_err(Problem::failed)?;
    if consent.plan_only {
        return output::print_value(globals, &data, |_| plan_text(&plan));
    }
    if plan.empty {
        let done = json!({ "summary": plan.summary, "unchanged": 1 });
        return output::print_value(globals, &done, |_| plan_text(&plan));
    }
    let accepted = dialogue::ask(&mut Person, &plan, consent.yes, consent.accepted)?;
    let mut agreed = params;
    if method.all_params().iter().any(|param| param.name == "plan") {
        agreed.insert("plan".to_owned(), Value::from(plan.fingerprint.clone()));
        if !accepted.is_empty() {
            agreed.insert("accept".to_owned(), Value::from(accepted.join(",")));
        }
    }
    if let Some(seconds) = plan.armed.filter(|_| consent.arms) {
        agreed.entry("confirm-within").or_insert_with(|| Value::from(seconds.to_string()));
    }
    let armed = agreed.get("confirm-within").and_then(Value::as_str).map(str::to_owned);
    let answer = match machine.call(method.verb, path, agreed) {
        Err(Problem::Modified) => return Err(moved_on(machine, method, path, again)),
        answer => answer?,
    };
    output::print_value(globals, &outcome(&plan, &answer), |style| {
        let mut text = done_text(&plan, &answer, armed.as_deref());
        // what a method answers besides, such as the secret of a new token
        if answer.data.as_str() != answer.task.as_deref() || answer.task.is_none() {
            text.push_str(&output::value(&answer.data, style, &output::times_of(method)));
        }
        text
    })
}

/// What was shown is not what would be done any more: nothing was, and what would be now is shown.
fn moved_on(machine: &mut Machine, method: &Method, path: &str, again: Map<String, Value>) -> Failure {
    let now = machine.call(method.verb, path, again).ok();
    let plan = now.and_then(|answer| serde_json::from_value::<PlanView>(answer.data).ok());
    if let Some(plan) = plan {
        dialogue::Dialogue::show(
            &mut Person,
            &format!("Nothing was done. By now it would be this:\n\n{}\n", plan_text(&plan)),
        );
    }
    Problem::Modified.into()
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Notice => "notice",
        Severity::Warning => "WARNING",
        Severity::Danger => "DANGER",
    }
}

/// A plan as people read it: what, what is at risk, step by step, and whether it can be taken back.
pub(super) fn plan_text(plan: &PlanView) -> String {
    if plan.empty {
        return format!("{}: nothing to do, it is already so\n", escape(&plan.summary));
    }
    let mut out = format!("{}\n", escape(&plan.summary));
    for hazard in &plan.hazards {
        out.push_str(&format!("\n{}", hazard_text(hazard)));
    }
    if plan.steps.is_empty() {
        out.push_str("\nNothing is left to do; the history learns that it has ended.\n");
    }
    for (number, step) in (1..).zip(&plan.steps) {
        out.push_str(&format!("\n{number}. {}\n", escape(&step.what)));
        for line in step.detail.split_terminator('\n') {
            out.push_str(&format!("   {}\n", escape_lines(line)));
        }
    }
    let reversal = match &plan.irreversible {
        None => "This can be taken back.".to_owned(),
        Some(reason) => format!("This cannot be taken back as a whole: {}.", escape(reason)),
    };
    out + &format!("\n{reversal}\n")
}

pub(super) fn hazard_text(hazard: &HazardView) -> String {
    let HazardView { id, severity, message, avoid } = hazard;
    format!("{} [{}]: {}\n  {}\n", word(*severity), escape(id), escape(message), escape(avoid))
}

fn outcome(plan: &PlanView, answer: &Answer) -> Value {
    let mut out =
        json!({ "summary": plan.summary, "data": answer.data, "unchanged": u8::from(answer.unchanged) });
    if let Some(task) = &answer.task {
        out["task"] = json!(task);
    }
    if let Some(change) = answer.change {
        out["change"] = json!(change);
    }
    out
}

fn done_text(plan: &PlanView, answer: &Answer, armed: Option<&str>) -> String {
    let mut out = format!("done: {}\n", escape(&plan.summary));
    if let Some(task) = &answer.task {
        out.push_str(&format!("task: {}\n", escape(task)));
    }
    match answer.change {
        Some(change) if let Some(seconds) = armed => out.push_str(&format!(
            "it is taken back within {seconds} s unless you confirm it: innkeeper changes confirm {change}\n"
        )),
        Some(change) if plan.reversible => out.push_str(&format!("undo with: innkeeper undo {change}\n")),
        Some(change) => {
            out.push_str(&format!("change {change} in the history; it cannot be taken back as a whole\n"))
        }
        None => {}
    }
    out
}

/// How the answer of a call by path looks as text, when it is a plan.
pub(super) fn as_plan(data: &Value) -> Option<String> {
    serde_json::from_value::<PlanView>(data.clone()).ok().map(|plan| plan_text(&plan))
}
