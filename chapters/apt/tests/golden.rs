//! Golden cases: a tree (`current/`), a request (`request.json`) and the plan or the refusal (`plan.txt`).
//!
//! One loop runs them all; a new folder is a new case. Beyond the text each case proves the laws of every plan: carried
//! out, planning again finds nothing to do; taken back, every byte is as it was. With `UPDATE=1` the texts are
//! written instead of compared: read the difference before committing it.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees and read expectations themselves"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine as _;
use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_apt::inspect::inspect;
use innkeeper_apt::plan::{Request, equal_entries, plan, removal_left};
use innkeeper_apt::release_key::KeyFile;
use innkeeper_change::{Action, Content, Plan, render};
use innkeeper_host::{Host, RealHost};
use serde::Deserialize;

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Case {
    request: Asked,
    /// The digest the caller saw.
    digest: Option<String>,
    /// The release, where it is not bookworm.
    codename: Option<String>,
    /// Paths that are symbolic links in the tree, and where they point.
    #[serde(default)]
    links: BTreeMap<String, String>,
    /// Files whose bytes are no text, in base64.
    #[serde(default)]
    binary: BTreeMap<String, String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Asked {
    SetEnabled { path: Utf8PathBuf, index: usize, enabled: Option<bool> },
    AddStandard { handle: String },
    Remove { path: Utf8PathBuf, index: usize },
    SetComponents { path: Utf8PathBuf, index: usize, components: Vec<String> },
    EnableFirmware,
    ConvertToSources { path: Utf8PathBuf },
    InstallKey { target: Utf8PathBuf, fixture: String, sha512: Option<String> },
}

impl Asked {
    fn request(self, host: &dyn Host) -> Request {
        match self {
            Self::SetEnabled { path, index, enabled } => Request::SetEnabled { path, index, enabled },
            Self::AddStandard { handle } => Request::AddStandard { handle },
            Self::Remove { path, index } => Request::Remove { path, index },
            Self::SetComponents { path, index, components } => {
                Request::SetComponents { path, index, components }
            }
            Self::EnableFirmware => Request::EnableFirmware,
            Self::ConvertToSources { path } => Request::ConvertToSources { path },
            Self::InstallKey { target, fixture, sha512 } => {
                let content = fs::read(manifest("tests/fixtures/openpgp").join(fixture)).unwrap();
                let existing = host.read(&target, 1 << 20).ok().map(Content::new);
                Request::InstallKey(KeyFile { target, existing, content: Content::new(content), sha512 })
            }
        }
    }
}

fn manifest(below: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(below)
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to.join(entry.file_name()));
        } else {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Every file of a tree with its bytes.
fn snapshot(root: &Path) -> BTreeMap<String, Vec<u8>> {
    fn walk(at: &Path, root: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(at).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                walk(&path, root, found);
            } else if let Ok(bytes) = fs::read(&path) {
                found.insert(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned(), bytes);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn build(folder: &Path, case: &Case, root: &Path) {
    fs::create_dir_all(root.join("etc")).unwrap();
    if folder.join("current").is_dir() {
        copy(&folder.join("current"), root);
    }
    let codename = case.codename.as_deref().unwrap_or("bookworm");
    fs::write(root.join("etc/os-release"), format!("ID=debian\nVERSION_CODENAME={codename}\n")).unwrap();
    fs::write(root.join("etc/hostname"), "pve1\n").unwrap();
    for (path, text) in &case.binary {
        let bytes = base64::engine::general_purpose::STANDARD.decode(text).unwrap();
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    for (path, target) in &case.links {
        let path = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::os::unix::fs::symlink(target, path).unwrap();
    }
}

fn carry_out(host: &dyn Host, plan: &Plan) {
    for step in &plan.steps {
        let Action::File(change) = &step.action else { panic!("only files are changed: {}", step.what) };
        host.make_dirs(
            change.path.parent().unwrap(),
            innkeeper_host::Permissions { mode: 0o755, owner: None },
        )
        .unwrap();
        host.change_file(change).unwrap();
    }
}

/// Runs a case; gives the text to compare.
fn run(folder: &Path) -> String {
    let name = folder.file_name().unwrap().to_str().unwrap();
    let case: Case = serde_json::from_slice(&fs::read(folder.join("request.json")).unwrap()).unwrap();
    let directory = tempfile::tempdir().unwrap();
    build(folder, &case, directory.path());
    let host = RealHost::rooted(Utf8Path::from_path(directory.path()).unwrap()).unwrap();
    let request = case.request.request(&host);
    let state = inspect(&host).unwrap();
    let first = match plan(&state, &request, case.digest.as_deref()) {
        Ok(plan) => plan,
        Err(problem) => return format!("refused ({}): {problem}\n{}", problem.status(), details(&problem)),
    };
    let before = snapshot(directory.path());
    carry_out(&host, &first);

    let after = inspect(&host).unwrap();
    let again = match &request {
        Request::Remove { path, index } => {
            let file = state.file(path).unwrap();
            let entry = &file.document.entries()[*index];
            removal_left(&after, path, entry, equal_entries(file, entry) - 1).unwrap()
        }
        Request::InstallKey(file) => {
            let existing = host.read(&file.target, 1 << 20).ok().map(Content::new);
            plan(&after, &Request::InstallKey(KeyFile { existing, ..file.clone() }), None).unwrap()
        }
        request => plan(&after, request, None).unwrap(),
    };
    assert!(
        again.is_empty(),
        "{name}: carried out, there is still something to do: {}",
        render::text(&again)
    );
    assert_eq!(again.hazards.iter().filter(|hazard| hazard.id != "apt.file-skipped").count(), 0, "{name}");

    carry_out(&host, &first.reversal().unwrap());
    assert_eq!(snapshot(directory.path()), before, "{name}: taken back, every byte is as it was");
    render::text(&first)
}

fn details(problem: &innkeeper_change::Problem) -> String {
    match problem {
        innkeeper_change::Problem::Parameters(wrong) => {
            wrong.iter().map(|(name, message)| format!("{name}: {message}\n")).collect()
        }
        _ => String::new(),
    }
}

/// APT-03 to APT-07, APT-09, APT-11, APT-14, APT-16 to APT-18, APT-20, APT-21, APT-23 to APT-25, APT-27, APT-28, APT-30,
/// APT-31, APT-33 to APT-35, FW-11: the folder of each case names its row.
#[test]
fn every_golden_case_gives_its_plan_and_can_be_taken_back() {
    let update = std::env::var_os("UPDATE").is_some();
    let mut folders: Vec<_> =
        fs::read_dir(manifest("tests/golden")).unwrap().map(|entry| entry.unwrap().path()).collect();
    folders.sort();
    assert!(folders.len() > 30, "the cases are there");
    let mut wrong = Vec::new();
    for folder in folders {
        let text = run(&folder);
        let expected = folder.join("plan.txt");
        if update {
            fs::write(&expected, &text).unwrap();
        }
        let known = fs::read_to_string(&expected).unwrap_or_default();
        if text != known {
            wrong.push(format!("{}\n--- expected\n{known}--- found\n{text}", folder.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
