//! A plan for people: as text, and as a unified diff.

use std::borrow::Cow;
use std::fmt::Write as _;

use crate::{Action, Content, FileChange, Plan, Severity, Step};

/// The plan as text: what, what is at risk, step by step with diffs, and whether it can be taken back.
///
/// An empty plan says that there is nothing to do.
pub fn text(plan: &Plan) -> String {
    if plan.is_empty() {
        return format!("{}: nothing to do, it is already so\n", plan.summary);
    }
    let mut out = format!("{}\n", plan.summary);
    for hazard in &plan.hazards {
        let word = match hazard.severity {
            Severity::Notice => "notice",
            Severity::Warning => "WARNING",
            Severity::Danger => "DANGER",
        };
        line(&mut out, &format!("\n{word} [{}]: {}", hazard.id, hazard.message));
        line(&mut out, &format!("  {}", hazard.avoid));
    }
    for (number, step) in (1..).zip(&plan.steps) {
        line(&mut out, &format!("\n{number}. {}", step.what));
        for detail in describe(step).lines() {
            line(&mut out, &format!("   {detail}"));
        }
    }
    match plan.reversal() {
        Ok(_) => line(&mut out, "\nThis can be taken back."),
        Err(reason) => line(&mut out, &format!("\nThis cannot be taken back as a whole: {reason}.")),
    }
    out
}

/// What a step does, exactly: a diff, a command line, a parameter.
pub fn describe(step: &Step) -> String {
    match &step.action {
        Action::File(change) => file_diff(change),
        Action::Run(run) => {
            let mut words = vec![run.program.to_string()];
            words.extend(run.args.iter().map(|arg| quote(&arg.to_string())));
            let mut text = format!("run: {}\n", words.join(" "));
            if let Some(stdin) = &run.stdin {
                line(&mut text, &format!("with input: {stdin}"));
            }
            if let Some(name) = &run.produces {
                line(&mut text, &format!("gives: <{name}>"));
            }
            text
        }
        Action::KernelParameter { key, before, after } => format!("{key}: {before} -> {after}\n"),
        Action::Unit { unit, verb } => format!("systemctl {} {unit}\n", verb.word()),
    }
}

/// All file changes of the plan as one unified diff, as `diff -u` and `git apply` know it.
pub fn diff(plan: &Plan) -> String {
    plan.files().map(file_diff).collect()
}

/// One file change as a unified diff; bytes that are not text, and secrets, are named and not shown.
pub fn file_diff(change: &FileChange) -> String {
    let old = change.before.as_ref().map_or("/dev/null", |_| change.path.as_str());
    let new = change.after.as_ref().map_or("/dev/null", |_| change.path.as_str());
    if change.secret {
        return format!("--- {old}\n+++ {new}\n(the content is secret and is not shown)\n");
    }
    match (&change.before, &change.copied_from) {
        (None, Some((path, content))) if change.after.is_some() => {
            unified(Some(content), change.after.as_ref(), path.as_str(), new)
        }
        (before, _) => unified(before.as_ref(), change.after.as_ref(), old, new),
    }
}

/// The unified diff between two contents under the names `old` and `new`; empty when they are the same.
pub fn unified(before: Option<&Content>, after: Option<&Content>, old: &str, new: &str) -> String {
    let (Some(a), Some(b)) =
        (before.map_or(Some(""), Content::as_text), after.map_or(Some(""), Content::as_text))
    else {
        return format!("--- {old}\n+++ {new}\n(binary content: {before:?} -> {after:?})\n");
    };
    crate::diff::unified(a, b, old, new, |line| Cow::Borrowed(line))
}

/// A word as a shell would need it quoted, so that what is shown can be pasted.
pub fn quote(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=@%+,<>".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

fn line(out: &mut String, text: &str) {
    // writing into a String cannot fail
    let _ = writeln!(out, "{text}");
}
