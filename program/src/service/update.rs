//! What is done once a day about updates: looking which there are, and telling.

use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_engine::Silent;
use innkeeper_rest::{Api, Request, Verb};
use serde_json::{Map, Value};

use crate::wiring;

/// What it is, the method's path, and its parameters.
type Step = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

/// Each of them is done whatever becomes of the others.
const STEPS: [Step; 2] = [
    ("refresh the package lists", "/nodes/localhost/apt/update", &[("quiet", "1")]),
    ("tell about new updates", "/nodes/localhost/apt/notify", &[]),
];

/// Does all of it, each by the same method that everybody calls, so that task list and history know of it.
///
/// # Errors
/// Which steps failed; the others are done.
pub(crate) fn update() -> Result<(), Problem> {
    super::log_to_stderr();
    let api = wiring::api(wiring::host(None)?);
    let mut failed = Vec::new();
    for (what, path, params) in STEPS {
        match call(&api, path, params) {
            Ok(answer) => tracing::info!("{what}: {answer}"),
            Err(problem) => {
                tracing::warn!("{what}: {problem}");
                failed.push(format!("{what}: {problem}"));
            }
        }
    }
    if failed.is_empty() { Ok(()) } else { Err(Problem::failed(failed.join("\n"))) }
}

fn call(api: &Api, path: &str, params: &[(&str, &str)]) -> Result<Value, Problem> {
    let params: Map<_, _> =
        params.iter().map(|(name, value)| ((*name).to_owned(), Value::from(*value))).collect();
    let request = Request {
        verb: Verb::Post,
        path: path.to_owned(),
        params,
        identity: Some(Identity::local_root()),
        origin: "daily job".to_owned(),
    };
    Ok(api.call(request, &mut Silent)?.data)
}
