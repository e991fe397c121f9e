//! The way of a change: proposed, shown or refused, carried out here or by a worker.

use std::cell::RefCell;
use std::collections::BTreeMap;

use innkeeper_access::{AuthId, Identity, Via};
use innkeeper_change::{Hazard, Plan, Problem, Severity};
use innkeeper_engine::{Caller, Console, Job, RequestRecord, TaskName};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::api::Api;
use crate::call::{Answer, Call};
use crate::method::{Change, Execution, Handler, Method, Proposal, Verb, Verify};
use crate::params::{OF_THE_CALL, WITHIN};
use crate::route;
use crate::view::PlanView;

/// What a worker process is told: the request again, and the fingerprint of the plan that was agreed on. The worker
/// plans for itself and carries out that plan or none.
#[derive(Debug, Serialize, Deserialize)]
pub struct WorkOrder {
    /// Verb of the method.
    pub verb: Verb,
    /// Path of the call.
    pub path: String,
    /// Checked parameters.
    pub params: Map<String, Value>,
    /// Who asked.
    pub user: String,
    /// From where.
    pub origin: String,
    /// Fingerprint of the plan.
    pub fingerprint: String,
    /// The caller wants this plan and no other; else one that was made anew is fine when a file has moved on meanwhile.
    #[serde(default)]
    pub exact: bool,
    /// Ids of the dangers that are accepted.
    #[serde(default)]
    pub accept: String,
    /// Take it back after so many seconds unless somebody confirms it.
    #[serde(default)]
    pub confirm_within: Option<u32>,
}

/// Starts processes of their own for changes that outlive the caller.
pub trait Workers: Send + Sync {
    /// Starts a worker and waits until its task has begun.
    ///
    /// # Errors
    /// What the worker says when it cannot begin.
    fn start(&self, order: &WorkOrder) -> Result<String, Problem>;
}

/// Where cluster-wide configuration lives.
const CONFIG_STORE: &str = "/etc/pve";

/// A change that passed every check and is about to be carried out.
pub(crate) struct Agreed<'c, 'a> {
    pub(crate) method: &'c Method,
    pub(crate) change: Change,
    pub(crate) call: &'c Call<'a>,
    pub(crate) proposal: Proposal,
    terms: Terms,
}

/// What the caller agrees to.
struct Terms {
    /// This plan and no other.
    exact: bool,
    /// Ids of the dangers that are accepted.
    accept: String,
    /// Take it back after so many seconds unless somebody confirms it.
    confirm_within: Option<u32>,
}

impl Terms {
    fn of(call: &Call<'_>) -> Self {
        Self {
            exact: ["plan", "digest"].iter().any(|name| call.text(name).is_some_and(|text| !text.is_empty())),
            accept: call.text("accept").unwrap_or_default().to_owned(),
            confirm_within: call.integer(WITHIN).and_then(|seconds| u32::try_from(seconds).ok()),
        }
    }
}

/// Answers a call of a changing method.
pub(crate) fn answer(
    method: &Method,
    change: Change,
    call: &Call<'_>,
    console: &mut dyn Console,
) -> Result<Answer, Problem> {
    let proposal = (change.propose)(call)?;
    let unchanged = proposal.plan.is_empty() && !proposal.ends_another();
    if call.boolean("dry-run") == Some(true) {
        let armable = method.armable && call.engine().require_armable(&proposal.plan).is_ok();
        let command = method.command_line(&shown(method, call.params()));
        let view = PlanView { empty: unchanged, ..PlanView::new(&proposal.plan, command) };
        let armed = proposal.armed.or(method.armed_for(call.params()));
        return Answer::of(view.armable(armable, armed));
    }
    if unchanged {
        return nothing_to_do(change, call, proposal);
    }
    if call.text("plan").is_some_and(|shown| shown != proposal.plan.fingerprint().to_string()) {
        return Err(Problem::Modified);
    }
    let terms = Terms::of(call);
    refuse_dangers(&proposal.plan, &terms.accept)?;
    if terms.confirm_within.is_some() {
        call.engine().require_armable(&proposal.plan)?;
    }
    let agreed = Agreed { method, change, call, proposal, terms };
    let apart = change.execution == Execution::Worker || call.boolean("background") == Some(true);
    match call.api().workers() {
        Some(workers) if apart => {
            let upid = workers.start(&agreed.order()?)?;
            Ok(Answer { data: Value::String(upid.clone()), task: Some(upid), ..Answer::default() })
        }
        _ => agreed.carry_out(console),
    }
}

/// There is nothing to do. Who waits for a task gets one all the same: it says so and ends.
fn nothing_to_do(change: Change, call: &Call<'_>, proposal: Proposal) -> Result<Answer, Problem> {
    let answer = Answer { data: proposal.answer, unchanged: true, ..Answer::default() };
    if change.execution == Execution::Here {
        return Ok(answer);
    }
    let task = call.engine().tasks().start(&call.user()?, change.task, &proposal.task_id)?;
    let upid = task.upid().to_string();
    task.line(&format!("{}: nothing to do, it is already so", proposal.plan.summary));
    task.finish(Ok(()));
    Ok(Answer { data: Value::String(upid.clone()), task: Some(upid), ..answer })
}

/// Every danger must have been accepted by its id.
fn refuse_dangers(plan: &Plan, accepted: &str) -> Result<(), Problem> {
    let accepted: Vec<&str> = accepted.split([',', ';', ' ', '\0']).filter(|id| !id.is_empty()).collect();
    let open: Vec<Hazard> = plan
        .hazards
        .iter()
        .filter(|hazard| hazard.severity == Severity::Danger && !accepted.contains(&hazard.id.as_str()))
        .cloned()
        .collect();
    if open.is_empty() { Ok(()) } else { Err(Problem::Refused(open)) }
}

impl Agreed<'_, '_> {
    fn order(&self) -> Result<WorkOrder, Problem> {
        let mut params = self.call.params().clone();
        params.retain(|name, _| {
            !OF_THE_CALL.contains(&name.as_str()) && !self.method.path.contains(&format!("{{{name}}}"))
        });
        Ok(WorkOrder {
            verb: self.method.verb,
            path: route::fill(self.method.path, self.call.params()),
            params,
            user: self.call.user()?,
            origin: self.call.origin().to_owned(),
            fingerprint: self.proposal.plan.fingerprint().to_string(),
            exact: self.terms.exact,
            accept: self.terms.accept.clone(),
            confirm_within: self.terms.confirm_within,
        })
    }

    /// Hands the plan to the engine and waits for its end.
    pub(crate) fn carry_out(self, console: &mut dyn Console) -> Result<Answer, Problem> {
        let Self { method, change, call, proposal, terms } = self;
        let again = call.again();
        let Proposal { plan, task_id, undoes, finishes, diagnose, .. } = &proposal;
        let (plan, task_id) = (plan.clone(), task_id.clone());
        let (undoes, finishes, diagnose) = (*undoes, *finishes, *diagnose);
        // the one that is carried out in the end, with what it says about itself
        let latest = RefCell::new(proposal);
        let replan = || {
            let fresh = (change.propose)(&again)?;
            refuse_dangers(&fresh.plan, &terms.accept)?;
            let plan = fresh.plan.clone();
            latest.replace(fresh);
            Ok(plan)
        };
        let goal = || match &latest.borrow().verify {
            Verify::PlanAgain => Ok((change.propose)(&again)?.plan),
            Verify::With(ask) => ask(&again),
        };
        if plan.files().any(|change| change.path.starts_with(CONFIG_STORE)) {
            // on a host that was never served its directories are not there yet, and a file needs one to be in
            call.api().lay_out_store()?;
        }
        let outcome = call.engine().apply(
            Job {
                caller: Caller { user: call.user()?, origin: call.origin().to_owned() },
                request: record(method, call),
                task: TaskName { kind: change.task.to_owned(), id: task_id },
                plan,
                lock: change.lock.map(Into::into),
                undoes,
                finishes,
                confirm_within: terms.confirm_within,
                replan: if terms.exact { None } else { Some(&replan) },
                verify: &goal,
                diagnose,
            },
            console,
        )?;
        let answer = latest.into_inner().answer;
        let task = outcome.upid.to_string();
        let data = if change.execution == Execution::Worker { Value::String(task.clone()) } else { answer };
        Ok(Answer { data, task: Some(task), change: Some(outcome.change), ..Answer::default() })
    }
}

/// Parameters as they may be shown: secrets are named, not said.
pub(crate) fn shown(method: &Method, params: &Map<String, Value>) -> Map<String, Value> {
    let secret = |name: &str| method.params.iter().any(|param| param.name == name && param.secret);
    let mut shown = params.clone();
    shown.retain(|name, _| !OF_THE_CALL.contains(&name.as_str()));
    for (name, value) in &mut shown {
        if secret(name) {
            *value = Value::String(format!("<{name}>"));
        }
    }
    shown
}

/// The request as the journal keeps it: without secrets.
fn record(method: &Method, call: &Call<'_>) -> RequestRecord {
    let shown = shown(method, call.params());
    RequestRecord {
        verb: method.verb.as_str().to_owned(),
        path: route::fill(method.path, call.params()),
        params: shown
            .iter()
            .map(|(name, value)| (name.clone(), route::plain(value)))
            .collect::<BTreeMap<_, _>>(),
        command: method.command_line(&shown),
    }
}

impl Api {
    /// Carries out a work order in this process: what a worker does.
    ///
    /// # Errors
    /// [`Problem::Modified`] when planning gives another plan than was agreed on; whatever the change runs into.
    pub fn work(&self, order: &WorkOrder, console: &mut dyn Console) -> Result<Answer, Problem> {
        let (method, params) = self.prepare(order.verb, &order.path, order.params.clone())?;
        let Handler::Change(change) = method.handler else {
            return Err(Problem::failed("a work order must name a changing method"));
        };
        let user: AuthId = order.user.parse().map_err(Problem::failed)?;
        // the daemon that wrote the order knew the caller and what they may do
        let identity = Identity::new(user, Via::Local);
        let call = Call { api: self, identity: Some(&identity), params, origin: &order.origin };
        let proposal = (change.propose)(&call)?;
        if proposal.plan.fingerprint().to_string() != order.fingerprint {
            if order.exact {
                return Err(Problem::Modified);
            }
            refuse_dangers(&proposal.plan, &order.accept)?;
        }
        let terms =
            Terms { exact: order.exact, accept: order.accept.clone(), confirm_within: order.confirm_within };
        if terms.confirm_within.is_some() {
            self.engine().require_armable(&proposal.plan)?;
        }
        Agreed { method, change, call: &call, proposal, terms }.carry_out(console)
    }
}
