//! What runs here, and the directories of the API.

use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, Method, Permission};
use serde::Serialize;
use utoipa::ToSchema;

/// The version of the API that is spoken: clients of the original look at it to decide what they may ask.
const SPOKEN_RELEASE: &str = "8.1";
const SPOKEN_VERSION: &str = "8.1.10";

/// The program's version and the version of the original's API it speaks.
#[derive(Debug, Serialize, ToSchema)]
struct Version {
    /// Version of the original's API that this one follows.
    version: &'static str,
    /// Its major and minor part.
    release: &'static str,
    /// The build.
    repoid: &'static str,
    /// Version of Innkeeper.
    innkeeper: &'static str,
}

/// One node of the cluster.
#[derive(Debug, Serialize, ToSchema)]
struct Node {
    /// Its name.
    node: String,
    /// `node/NAME`.
    id: String,
    /// Always `node`.
    #[serde(rename = "type")]
    kind: &'static str,
    /// `online`: a node that cannot answer is not listed by itself.
    status: &'static str,
    /// Support level; empty without a subscription.
    level: &'static str,
}

pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::index("/", "subdir"),
        Method::index("/cluster", "name"),
        Method::get("/version", "Show the version of the API and of this program", version)
            .allow(Permission::User)
            .at_once()
            .returns::<Version>(),
        Method::get("/nodes", "List the nodes", nodes).allow(Permission::User).returns::<Vec<Node>>(),
        Method::index("/nodes/{node}", "name"),
        Method::get("/nodes/{node}/version", "Show the version of the API and of this program", version)
            .allow(Permission::User)
            .at_once()
            .returns::<Version>(),
    ]
}

fn version(_call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::of(Version {
        version: SPOKEN_VERSION,
        release: SPOKEN_RELEASE,
        repoid: env!("CARGO_PKG_VERSION"),
        innkeeper: env!("CARGO_PKG_VERSION"),
    })
}

fn nodes(call: &Call<'_>) -> Result<Answer, Problem> {
    let node = call.node();
    Answer::of([Node { id: format!("node/{node}"), node, kind: "node", status: "online", level: "" }])
}
