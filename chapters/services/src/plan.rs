//! (State, Request) → Plan: one act on one unit.

use innkeeper_change::{Action, Hazard, Plan, Problem, Severity, Step, Undo, UnitVerb};

use crate::inspect::Found;

/// What shall be done to a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names are those of the API's methods")]
pub enum Verb {
    Start,
    Stop,
    Restart,
    Reload,
}

impl Verb {
    /// As the API calls it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Stop => "stop",
            Self::Restart => "restart",
            Self::Reload => "reload",
        }
    }

    fn of_unit(self) -> UnitVerb {
        match self {
            Self::Start => UnitVerb::Start,
            Self::Stop => UnitVerb::Stop,
            Self::Restart => UnitVerb::Restart,
            // one that cannot reload is restarted, and one that does not run stays so
            Self::Reload => UnitVerb::TryReloadOrRestart,
        }
    }
}

/// Plans an act. What is so already needs none.
///
/// # Errors
/// A service that is not installed or masked, and the end of one that the API itself needs.
pub fn plan(found: &Found, verb: Verb) -> Result<Plan, Problem> {
    let (service, name) = (found.service, found.service.name);
    let word = verb.word();
    if verb == Verb::Stop && service.essential {
        return Err(Problem::Invalid(format!(
            "invalid service cmd '{name} stop': refusing to stop essential service!"
        )));
    }
    let unit = &found.unit;
    let refuse =
        |why: &str| Err(Problem::Invalid(format!("cannot {word} service '{name}': {} {why}", unit.id)));
    if !unit.is_installed() {
        return refuse("is not installed on this host");
    }
    if unit.load == "masked" && verb != Verb::Stop {
        return refuse("is masked; 'systemctl unmask' lifts that");
    }
    let plan = Plan::new(format!("{word} service {name}"));
    let is_so = match verb {
        Verb::Start => unit.is_up(),
        Verb::Stop => matches!(unit.active.as_str(), "inactive" | "failed"),
        Verb::Reload => !unit.is_up(),
        Verb::Restart => false,
    };
    if is_so {
        return Ok(plan);
    }
    let undo = match verb {
        Verb::Start if service.essential => Undo::Impossible(format!("{name} must not be stopped")),
        Verb::Start | Verb::Stop => Undo::Inverse,
        Verb::Restart | Verb::Reload => Undo::Impossible(format!("a {word} leaves nothing to take back")),
    };
    let action = Action::Unit { unit: unit.id.clone(), verb: verb.of_unit() };
    let plan = plan.step(Step { what: format!("{word} {}", unit.id), action, undo });
    Ok(match service.loss {
        Some(loss) if verb == Verb::Stop => plan.hazard(Hazard::new(
            format!("services.stop-{name}"),
            Severity::Warning,
            loss,
            format!("Restart {name} instead, or start it again soon."),
        )),
        _ => plan,
    })
}

/// What is left to do after the act: nothing when the service is as it shall be.
///
/// # Errors
/// That it is not, which no second try would change.
pub fn left(found: &Found, verb: Verb) -> Result<Plan, Problem> {
    let unit = &found.unit;
    let fine = match verb {
        Verb::Stop => !unit.is_up(),
        // one that runs once may be done already
        Verb::Start | Verb::Restart => unit.is_up() || (unit.kind == "oneshot" && unit.result == "success"),
        Verb::Reload => unit.active != "failed",
    };
    if fine {
        return Ok(Plan::new("nothing"));
    }
    let Found { service, .. } = found;
    Err(Problem::failed(format!(
        "{} is {} ({}), result {}: 'innkeeper log --service {}' says why",
        unit.id, unit.active, unit.sub, unit.result, service.name
    )))
}
