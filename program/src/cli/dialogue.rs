//! Asking before something is put at risk.

use std::io::{IsTerminal as _, Write as _};

use innkeeper_change::Severity;
use innkeeper_rest::{HazardView, PlanView};

use super::consent::{hazard_text, plan_text};
use super::output::{self, escape};
use super::report::Failure;

/// Somebody who may be asked.
pub(super) trait Dialogue {
    /// Whether somebody is there.
    fn can_ask(&self) -> bool;
    /// Shows a text that is harmless for a terminal.
    fn show(&mut self, text: &str);
    /// Asks for one line.
    fn prompt(&mut self, question: &str) -> Result<String, Failure>;
}

/// The person at the terminal. Results may go elsewhere, so questions go to standard error.
pub(super) struct Person;

impl Dialogue for Person {
    fn can_ask(&self) -> bool {
        std::io::stdin().is_terminal() && std::io::stderr().is_terminal()
    }

    fn show(&mut self, text: &str) {
        output::complain(text);
    }

    fn prompt(&mut self, question: &str) -> Result<String, Failure> {
        let mut err = std::io::stderr().lock();
        let asked = err.write_all(format!("\n{}", escape(question)).as_bytes()).and_then(|()| err.flush());
        asked.map_err(|error| Failure::usage(format!("cannot ask: {error}")))?;
        let mut answer = String::new();
        std::io::stdin()
            .read_line(&mut answer)
            .map_err(|error| Failure::usage(format!("cannot read the answer: {error}")))?;
        Ok(answer.trim().to_owned())
    }
}

/// Gets a yes to the plan, or finds that none is needed. `yes` answers all warnings in advance; `accepted` names the
/// hazards that are accepted in advance. Gives all that are accepted.
pub(super) fn ask(
    person: &mut impl Dialogue,
    plan: &PlanView,
    yes: bool,
    mut accepted: Vec<String>,
) -> Result<Vec<String>, Failure> {
    let is_open = |hazard: &&HazardView| match hazard.severity {
        Severity::Danger => !accepted.contains(&hazard.id),
        Severity::Warning => !yes && !accepted.contains(&hazard.id),
        Severity::Notice => false,
    };
    let open: Vec<&HazardView> = plan.hazards.iter().filter(is_open).collect();
    if !person.can_ask() {
        return if open.is_empty() { Ok(accepted) } else { Err(refusal(&open)) };
    }
    if yes && open.is_empty() {
        return Ok(accepted);
    }
    person.show(&plan_text(plan));
    for id in dangers(&open) {
        if person.prompt(&format!("This is dangerous. Type {id} to do it nevertheless: "))? != id {
            return Err(Failure::Declined);
        }
        accepted.push(id.to_owned());
    }
    if !yes && !matches!(person.prompt("Apply? [y/N] ")?.to_ascii_lowercase().as_str(), "y" | "yes") {
        return Err(Failure::Declined);
    }
    Ok(accepted)
}

fn dangers<'h>(hazards: &[&'h HazardView]) -> Vec<&'h str> {
    let mut ids: Vec<&str> = hazards
        .iter()
        .filter(|hazard| hazard.severity == Severity::Danger)
        .map(|hazard| hazard.id.as_str())
        .collect();
    ids.dedup();
    ids
}

/// Nobody can be asked: says what to pass.
fn refusal(open: &[&HazardView]) -> Failure {
    let mut text = "this needs a yes, and there is no terminal to ask on:\n".to_owned();
    for hazard in open {
        text.push_str(&hazard_text(hazard));
    }
    let mut pass = Vec::new();
    if open.iter().any(|hazard| hazard.severity == Severity::Warning) {
        pass.push("--yes".to_owned());
    }
    let dangers = dangers(open);
    if !dangers.is_empty() {
        pass.push(format!("--accept {}", dangers.join(",")));
    }
    text.push_str(&format!("to do it nevertheless, add: {}", pass.join(" ")));
    Failure::usage(text)
}

#[cfg(test)]
mod tests {
    use innkeeper_change::{FileChange, Hazard, Plan, Step};

    use super::*;

    /// Answers from a list; nobody is there when there is none.
    struct Scripted {
        answers: Option<Vec<&'static str>>,
        shown: String,
    }

    impl Dialogue for Scripted {
        fn can_ask(&self) -> bool {
            self.answers.is_some()
        }

        fn show(&mut self, text: &str) {
            self.shown.push_str(text);
        }

        fn prompt(&mut self, question: &str) -> Result<String, Failure> {
            self.shown.push_str(question);
            let answers = self.answers.as_mut().unwrap();
            Ok(if answers.is_empty() { String::new() } else { answers.remove(0).to_owned() })
        }
    }

    fn plan(severities: &[Severity]) -> PlanView {
        let change = FileChange::write("/etc/motd", None, "hello\n");
        let mut plan = Plan::new("greet").step(Step::file("write /etc/motd", change));
        for severity in severities {
            let id = format!("test.{}", serde_json::to_value(severity).unwrap().as_str().unwrap());
            plan = plan.hazard(Hazard::new(id, *severity, "Something is lost.", "Do not."));
        }
        PlanView::new(&plan, "innkeeper greet".to_owned())
    }

    /// The accepted ids, or what was said instead.
    fn outcome(
        severities: &[Severity],
        answers: Option<&[&'static str]>,
        yes: bool,
        accepted: &[&str],
    ) -> Result<Vec<String>, String> {
        let mut person = Scripted { answers: answers.map(<[_]>::to_vec), shown: String::new() };
        let accepted = accepted.iter().map(|id| (*id).to_owned()).collect();
        ask(&mut person, &plan(severities), yes, accepted).map_err(|failure| match failure {
            Failure::Problem { problem, .. } => problem.to_string(),
            _ => "declined".to_owned(),
        })
    }

    const DECLINED: Result<Vec<String>, &str> = Err("declined");

    #[test]
    fn a_danger_is_accepted_by_typing_its_id_and_by_nothing_else() {
        use Severity::Danger;
        let danger = vec!["test.danger".to_owned()];
        assert_eq!(outcome(&[Danger], Some(&["test.danger", "y"]), false, &[]), Ok(danger.clone()));
        assert_eq!(outcome(&[Danger], Some(&["test.danger"]), true, &[]), Ok(danger.clone()));
        assert_eq!(outcome(&[Danger], Some(&["y"]), false, &["test.danger"]), Ok(danger.clone()));
        for answers in [&["y", "y"][..], &["yes"], &["test.other", "y"], &[]] {
            for yes in [true, false] {
                assert_eq!(outcome(&[Danger], Some(answers), yes, &[]).map_err(|_| "declined"), DECLINED);
            }
        }
        assert_eq!(outcome(&[Danger], None, true, &["test.danger"]), Ok(danger));
        let refused = outcome(&[Danger], None, true, &[]).unwrap_err();
        assert!(refused.ends_with("add: --accept test.danger"), "{refused}");
    }

    #[test]
    fn a_warning_needs_a_yes() {
        use Severity::Warning;
        assert_eq!(outcome(&[Warning], Some(&["y"]), false, &[]), Ok(vec![]));
        assert_eq!(outcome(&[Warning], Some(&[]), true, &[]), Ok(vec![]), "said in advance");
        assert_eq!(outcome(&[Warning], Some(&[""]), false, &[]).map_err(|_| "declined"), DECLINED);
        let refused = outcome(&[Warning, Severity::Danger], None, false, &[]).unwrap_err();
        assert!(refused.ends_with("add: --yes --accept test.danger"), "{refused}");
    }

    #[test]
    fn without_risk_only_a_person_is_asked() {
        for severities in [&[][..], &[Severity::Notice]] {
            assert_eq!(outcome(severities, None, false, &[]), Ok(vec![]));
            assert_eq!(outcome(severities, Some(&["n"]), false, &[]).map_err(|_| "declined"), DECLINED);
        }
    }
}
