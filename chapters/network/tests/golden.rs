//! Golden cases: real-world files and what they say; requests and what they change.
//!
//! `tests/files/NAME` is a file as people have it, `tests/files/NAME.json` what the API says of it. A folder below
//! `tests/golden` is a change: `interfaces` (or the name of one of the files in `request.json`), `request.json` (the request), and
//! `plan.txt` (the difference, the hazards or the refusal). Each change is also held to the laws: nothing but the interface it
//! is for says anything else afterwards, and asking again finds nothing to do. With `UPDATE=1` the expectations are written.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests read and write expectations themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use innkeeper_change::{Content, Plan, Problem};
use innkeeper_network::format::Document;
use innkeeper_network::interfaces::changes::unified;
use innkeeper_network::interfaces::kind::Kind;
use innkeeper_network::interfaces::plan::{Request, plan};
use innkeeper_network::interfaces::settings::Settings;
use innkeeper_network::interfaces::state::{Device, State};
use innkeeper_network::interfaces::view;
use serde::Deserialize;
use serde_json::{Map, Value};

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    /// One of `tests/files`, where the folder has no `interfaces`.
    file: Option<String>,
    /// Network cards of the host, besides those that the file configures.
    #[serde(default)]
    cards: Vec<String>,
    /// Guests' ports by bridge.
    #[serde(default)]
    guests: BTreeMap<String, Vec<String>>,
    /// Open vSwitch is not installed.
    #[serde(default)]
    no_ovs: bool,
    digest: Option<String>,
    create: Option<Map<String, Value>>,
    update: Option<Map<String, Value>>,
    delete: Option<String>,
}

fn manifest(below: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn entries(below: &str) -> Vec<PathBuf> {
    let mut all: Vec<_> = fs::read_dir(manifest(below)).unwrap().map(|entry| entry.unwrap().path()).collect();
    all.sort();
    all
}

/// Compares with what is expected, or writes it.
fn expect(path: &Path, text: &str, wrong: &mut Vec<String>) {
    if std::env::var_os("UPDATE").is_some() {
        fs::write(path, text).unwrap();
    }
    let known = fs::read_to_string(path).unwrap_or_default();
    if text != known {
        wrong.push(format!("{}\n--- expected\n{known}\n--- found\n{text}", path.display()));
    }
}

/// A host whose network cards are all there.
fn state(text: &str, cards: &[String]) -> State {
    let mut state = State { live: Some(Content::new(text)), ovs: true, ifupdown2: true, ..State::default() };
    let config = state.config_of(text);
    let configured =
        config.interfaces().iter().filter(|one| one.kind == Kind::Eth).map(|one| one.name.to_owned());
    let all: Vec<String> = configured.chain(cards.iter().cloned()).collect();
    state.devices =
        all.into_iter().map(|name| (name, Device { physical: true, ..Device::default() })).collect();
    state
}

/// NET-02, NET-03, NET-16 to NET-21, NET-38, NET-42 to NET-44, NET-58 to NET-60, NET-65, NET-69 to NET-71, NET-76.
#[test]
fn files_as_people_have_them_are_understood() {
    let mut wrong = Vec::new();
    let files: Vec<_> =
        entries("tests/files").into_iter().filter(|path| path.extension().is_none()).collect();
    assert!(files.len() > 15, "the files are there");
    for path in files {
        let text = fs::read_to_string(&path).unwrap();
        let state = state(&text, &[]);
        let config = state.config_of(&text);
        let document = Document::parse(&text);
        let mut shown = serde_json::to_value(view::interfaces(&state, &config).collect::<Vec<_>>()).unwrap();
        if !document.malformed().is_empty() {
            let reasons: Vec<_> = document.malformed().iter().map(ToString::to_string).collect();
            shown = serde_json::json!({ "not-understood": reasons, "interfaces": shown });
        }
        let text = serde_json::to_string_pretty(&shown).unwrap() + "\n";
        expect(&path.with_extension("json"), &text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn request(case: &Case) -> Request {
    let parts = |params: &Map<String, Value>| {
        let text = |name: &str| params[name].as_str().unwrap().to_owned();
        let kind = Kind::of_word(&text("type")).unwrap();
        Settings::of(params).map(|settings| (text("iface"), kind, settings))
    };
    match (&case.create, &case.update, &case.delete) {
        (Some(params), None, None) => {
            let (name, kind, settings) = parts(params).unwrap();
            Request::Create { name, kind, settings }
        }
        (None, Some(params), None) => {
            let (name, kind, settings) = parts(params).unwrap();
            Request::Update { name, kind, settings }
        }
        (None, None, Some(name)) => Request::Delete { name: name.clone() },
        _ => panic!("one request for each case"),
    }
}

/// The staged text after a plan.
fn staged(state: &State, plan: &Plan) -> String {
    match plan.files().next() {
        Some(change) => change.after.as_ref().or(state.live.as_ref()).unwrap().as_text().unwrap().to_owned(),
        None => state.text().unwrap().to_owned(),
    }
}

fn run(folder: &Path) -> String {
    let case: Case = serde_json::from_slice(&fs::read(folder.join("request.json")).unwrap())
        .unwrap_or_else(|bad| panic!("{}: {bad}", folder.display()));
    let path =
        case.file.as_ref().map_or(folder.join("interfaces"), |file| manifest("tests/files").join(file));
    let text = fs::read_to_string(path).unwrap();
    let mut state = state(&text, &case.cards);
    (state.guests, state.ovs) = (case.guests.clone(), !case.no_ovs);
    let request = request(&case);
    let planned = match plan(&state, &request, case.digest.as_deref()) {
        Ok(planned) => planned,
        Err(problem) => return refusal(&problem),
    };
    let after = staged(&state, &planned);
    let mut shown = format!("{}\n", planned.summary);
    for hazard in &planned.hazards {
        shown += &format!("{:?} [{}]: {} {}\n", hazard.severity, hazard.id, hazard.message, hazard.avoid);
    }
    shown += &unified(&text, &after, "before", "after");

    let mut next = state.clone();
    next.staged = Some(Content::new(after.as_str()));
    let again = match &request {
        Request::Create { name, kind, settings } => {
            Request::Update { name: name.clone(), kind: *kind, settings: settings.clone() }
        }
        other => other.clone(),
    };
    match (&request, plan(&next, &again, None)) {
        (Request::Delete { name }, _) => {
            assert!(next.config_of(&after).get(name).is_none(), "{}", folder.display())
        }
        (_, Ok(second)) => {
            assert!(
                second.is_empty(),
                "{}: still to do: {}",
                folder.display(),
                innkeeper_change::render::text(&second)
            );
        }
        (_, Err(problem)) => panic!("{}: {problem} {}", folder.display(), refusal(&problem)),
    }
    shown
}

fn refusal(problem: &Problem) -> String {
    let details = match problem {
        Problem::Parameters(wrong) => {
            wrong.iter().map(|(name, message)| format!("{name}: {message}\n")).collect()
        }
        _ => String::new(),
    };
    format!("refused ({}): {problem}\n{details}", problem.status())
}

/// NET-03, NET-04, NET-08, NET-09, NET-18, NET-20, NET-37, NET-48, NET-61, NET-67, NET-68, NET-76: the folder says what happens.
#[test]
fn every_golden_case_gives_its_plan() {
    let mut wrong = Vec::new();
    let folders = entries("tests/golden");
    assert!(folders.len() > 25, "the cases are there");
    for folder in folders {
        let text = run(&folder);
        expect(&folder.join("plan.txt"), &text, &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
