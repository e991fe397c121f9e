//! The kit over a small API of its own: what a declaration decides without any chapter.
#![allow(clippy::disallowed_methods, reason = "tests look at the machine from outside the host")]
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

use std::sync::Arc;

use camino::Utf8Path;
use innkeeper_access::{Identity, UserId, Via};
use innkeeper_change::{Action, FileChange, Hazard, Invocation, Plan, Problem, Severity, Step, Undo};
use innkeeper_engine::Silent;
use innkeeper_host::{Host, RealHost, read_content};
use innkeeper_rest::{
    Answer, Api, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Request, Verb,
    openapi,
};
use serde_json::{Map, Value, json};

const NOTE: &str = "/etc/note";

fn show(call: &Call<'_>) -> Result<Answer, Problem> {
    Answer::of(json!({ "node": call.node(), "limit": call.integer("limit"), "loud": call.boolean("loud") }))
}

fn write(call: &Call<'_>) -> Result<Proposal, Problem> {
    let before = read_content(call.host().as_ref(), NOTE.into())?;
    let text = format!("{}\n", call.required_text("text")?);
    let mut plan = Plan::new("write the note");
    if call.text("text") == Some("danger") {
        plan = plan.hazard(Hazard::new(
            "note.danger",
            Severity::Danger,
            "The note is dangerous.",
            "Write another.",
        ));
    }
    Ok(plan.step(Step::file("write it", FileChange::write(NOTE, before, text))).into())
}

/// A plan whose second step must fail: no command runs under another root.
fn fail(call: &Call<'_>) -> Result<Proposal, Problem> {
    let before = read_content(call.host().as_ref(), NOTE.into())?;
    let run = Invocation {
        program: "/bin/true".into(),
        args: vec![],
        stdin: None,
        deadline: 5,
        produces: None,
        accept: Vec::new(),
    };
    let second = Step { what: "run something".into(), action: Action::Run(run), undo: Undo::Nothing };
    let first = Step::file("write it", FileChange::write(NOTE, before, "half\n".to_owned()));
    Ok(Plan::new("fail half-way").step(first).step(second).into())
}

const HERE: Change = Change { task: "note", propose: write, execution: Execution::Here, lock: None };

fn methods() -> Vec<Method> {
    vec![
        Method::index("/nodes/{node}", "name"),
        Method::get("/nodes/{node}/note", "Show the note", show)
            .allow(Permission::On("/nodes/{node}", &["Sys.Audit"]))
            .param(Property::integer("limit").min(1).max(9).default("5"))
            .param(Property::boolean("loud").optional())
            .returns::<String>(),
        Method::change(Verb::Put, "/nodes/{node}/note", "Write the note", HERE)
            .param(Property::string("text").max_length(20))
            .param(Property::string("key").optional().secret())
            .command(CommandName {
                words: "note clear",
                positional: &[],
                preset: &[("text", "")],
                help: "Clear it",
            })
            .command(CommandName {
                words: "note write",
                positional: &["text"],
                preset: &[],
                help: "Write it",
            }),
        Method::change(Verb::Post, "/nodes/{node}/note", "Fail half-way", Change { propose: fail, ..HERE }),
    ]
}

struct Machine {
    api: Api,
    tree: tempfile::TempDir,
}

impl Machine {
    fn new() -> Self {
        let tree = tempfile::tempdir().unwrap();
        std::fs::create_dir(tree.path().join("etc")).unwrap();
        std::fs::write(tree.path().join("etc/hostname"), "pve1\n").unwrap();
        let host = RealHost::rooted(Utf8Path::from_path(tree.path()).unwrap()).unwrap();
        Self { api: Api::new(methods(), Arc::new(host) as Arc<dyn Host>), tree }
    }

    fn call(&self, verb: Verb, path: &str, params: Value) -> Result<Answer, Problem> {
        self.call_as(Some(Identity::local_root()), verb, path, params)
    }

    fn call_as(
        &self,
        who: Option<Identity>,
        verb: Verb,
        path: &str,
        params: Value,
    ) -> Result<Answer, Problem> {
        let Value::Object(params) = params else { panic!("parameters are an object") };
        let request =
            Request { verb, path: path.to_owned(), params, identity: who, origin: "test".to_owned() };
        self.api.call(request, &mut Silent)
    }

    fn note(&self) -> Option<String> {
        std::fs::read_to_string(self.tree.path().join("etc/note")).ok()
    }
}

fn errors(outcome: Result<Answer, Problem>) -> Value {
    match outcome {
        Err(Problem::Parameters(errors)) => json!(errors),
        other => panic!("{other:?}"),
    }
}

#[test]
fn defaults_are_filled_in_and_localhost_is_the_local_node() {
    let answer = Machine::new().call(Verb::Get, "/nodes/localhost/note", json!({})).unwrap();
    assert_eq!(answer.data, json!({ "node": "pve1", "limit": 5, "loud": null }));
}

#[test]
fn every_wrong_parameter_is_named() {
    let outcome =
        Machine::new().call(Verb::Get, "/nodes/pve1/note", json!({ "limit": "10", "loud": "x", "z": 1 }));
    let errors = errors(outcome);
    assert_eq!(errors["limit"], "value must have a maximum value of 9");
    assert_eq!(errors["loud"], "type check ('boolean') failed - got 'x'");
    assert!(errors["z"].as_str().unwrap().contains("not defined in schema"));
}

#[test]
fn a_parameter_that_contradicts_the_path_is_refused() {
    let outcome = Machine::new().call(Verb::Get, "/nodes/pve1/note", json!({ "node": "pve2" }));
    let message = "duplicate parameter (already defined in URI) with conflicting values!";
    assert_eq!(errors(outcome)["node"], message);
}

#[test]
fn strangers_learn_nothing_about_parameters_and_users_without_privilege_are_told_which() {
    let machine = Machine::new();
    let wrong = json!({ "limit": "x" });
    let stranger = machine.call_as(None, Verb::Get, "/nodes/pve1/note", wrong);
    assert_eq!(stranger.unwrap_err().status(), 401);
    let joe: UserId = "joe@pam".parse().unwrap();
    let joe = Some(Identity::new(joe, Via::Ticket));
    let refused = machine.call_as(joe.clone(), Verb::Get, "/nodes/pve1/note", json!({})).unwrap_err();
    assert_eq!(refused, Problem::Forbidden("Permission check failed (/nodes/pve1, Sys.Audit)".to_owned()));
    // no permission declared: root alone
    let refused = machine.call_as(joe, Verb::Put, "/nodes/pve1/note", json!({ "text": "x" })).unwrap_err();
    assert_eq!(refused, Problem::Forbidden("Permission check failed (user != root@pam)".to_owned()));
}

#[test]
fn a_danger_is_refused_until_it_is_accepted_by_its_id() {
    let machine = Machine::new();
    let write = |params| machine.call(Verb::Put, "/nodes/pve1/note", params);
    let refused = write(json!({ "text": "danger", "accept": "another.id" })).unwrap_err();
    assert_eq!(refused.status(), 412);
    assert!(refused.to_string().contains("note.danger"));
    assert_eq!(machine.note(), None);
    write(json!({ "text": "danger", "accept": "another.id,note.danger" })).unwrap();
    assert_eq!(machine.note().as_deref(), Some("danger\n"));
}

#[test]
fn a_dry_run_shows_the_plan_and_only_that_plan_is_carried_out() {
    let machine = Machine::new();
    let write = |params| machine.call(Verb::Put, "/nodes/pve1/note", params);
    let shown = write(json!({ "text": "one", "dry-run": true, "key": "hunter2" })).unwrap().data;
    assert_eq!(machine.note(), None);
    assert_eq!(shown["steps"][0]["what"], "write it");
    let fingerprint = shown["fingerprint"].clone();
    assert_eq!(write(json!({ "text": "two", "plan": fingerprint })).unwrap_err(), Problem::Modified);
    let done = write(json!({ "text": "one", "plan": fingerprint, "key": "hunter2" })).unwrap();
    assert_eq!(machine.note().as_deref(), Some("one\n"));
    assert!(write(json!({ "text": "one" })).unwrap().unchanged);
    // what the journal keeps of the call knows no secret
    let change = machine.api.engine().journal().unwrap().get(done.change.unwrap()).unwrap();
    let kept = serde_json::to_string(&change).unwrap();
    assert!(!kept.contains("hunter2") && kept.contains("<key>"), "{kept}");
}

#[test]
fn a_change_that_fails_half_way_is_taken_back_and_says_so() {
    let machine = Machine::new();
    std::fs::write(machine.tree.path().join("etc/note"), "old\n").unwrap();
    let problem = machine.call(Verb::Post, "/nodes/pve1/note", json!({})).unwrap_err();
    assert!(problem.to_string().contains("no command runs under another root directory"), "{problem}");
    assert_eq!(machine.note().as_deref(), Some("old\n"));
    let filter = innkeeper_engine::HistoryFilter::default();
    let (changes, _) = machine.api.engine().journal().unwrap().list(&filter).unwrap();
    assert_eq!(serde_json::to_value(changes[0].state).unwrap(), "rolled-back");
}

#[test]
fn the_command_line_of_a_call_can_be_pasted() {
    let methods = methods();
    let line = |method: &Method, params: Value| {
        let params: Map<String, Value> = serde_json::from_value(params).unwrap();
        method.command_line(&params)
    };
    assert_eq!(
        line(&methods[2], json!({ "node": "pve1", "text": "it's" })),
        r"innkeeper note write 'it'\''s'"
    );
    assert_eq!(
        line(&methods[2], json!({ "node": "pve1", "text": "", "dry-run": true })),
        "innkeeper note clear"
    );
    assert_eq!(
        line(&methods[1], json!({ "node": "pve1", "limit": 3 })),
        "innkeeper api get /nodes/pve1/note --limit 3"
    );
}

#[test]
fn the_document_has_every_method_and_every_schema_it_refers_to() {
    let document = openapi::document(&methods());
    assert_eq!(document["openapi"], "3.1.0");
    let text = document.to_string();
    for name in text.split("#/components/schemas/").skip(1).map(|rest| rest.split('"').next().unwrap()) {
        assert!(document["components"]["schemas"][name].is_object(), "{name} is missing");
    }
    let operations: usize =
        document["paths"].as_object().unwrap().values().map(|path| path.as_object().unwrap().len()).sum();
    assert_eq!(operations, methods().len());
    assert!(document["paths"]["/nodes/{node}/note"]["put"]["requestBody"].is_object());
}

#[test]
fn an_index_lists_the_names_below_it() {
    let answer = Machine::new().call(Verb::Get, "/nodes/pve1", json!({})).unwrap();
    assert_eq!(answer.data, json!([{ "name": "note" }]));
    let unknown = Machine::new().call(Verb::Get, "/nodes/pve1/nothing", json!({})).unwrap_err();
    assert_eq!(unknown, Problem::Unsupported("Method 'GET /nodes/pve1/nothing' not implemented".to_owned()));
}
