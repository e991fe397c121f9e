//! Health checks of every chapter.

use innkeeper_change::{Finding, Problem};
use innkeeper_rest::{Answer, Call, CommandName, Method, Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// A finding and the chapter that found it.
#[derive(Debug, Serialize, ToSchema)]
struct CheckResult {
    /// The chapter: `apt`.
    area: &'static str,
    #[serde(flatten)]
    finding: Finding,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::get(
            "/nodes/{node}/checks",
            "Run the health checks and list what they find, worst first",
            checks,
        )
        .allow(Permission::On("/nodes/{node}", &["Sys.Audit"]))
        .returns::<Vec<CheckResult>>()
        .command(CommandName {
            words: "checks",
            positional: &[],
            preset: &[],
            help: "Run the health checks of this host",
        }),
    ]
}

fn checks(call: &Call<'_>) -> Result<Answer, Problem> {
    let found = call.api().findings().into_iter();
    Answer::of(found.map(|(area, finding)| CheckResult { area, finding }).collect::<Vec<_>>())
}
