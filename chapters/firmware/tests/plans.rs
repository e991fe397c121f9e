//! Plans for the microcode package: what they do, in which order, and how it is taken back.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

mod common;

use common::{NEW, OLD, available, intel, intel_without, package};
use innkeeper_change::{Action, FileChange, Plan, Problem, Severity, Step, Undo, render};
use innkeeper_firmware::plan::{Request, SourcePlans, plan};
use innkeeper_firmware::state::{Mark, State};

fn run(what: &str) -> Step {
    let change = FileChange::write(format!("/etc/{what}"), None, what.to_owned());
    Step { what: what.to_owned(), action: Action::File(change), undo: Undo::Nothing }
}

fn sources() -> SourcePlans {
    SourcePlans {
        enable: Plan::new("enable").step(run("enable")),
        refresh: Plan::new("refresh").step(run("refresh")),
    }
}

fn planned(state: &State, request: &Request) -> Plan {
    plan(state, &sources(), request).unwrap()
}

fn refused(state: &State, request: &Request) -> String {
    match plan(state, &sources(), request).unwrap_err() {
        Problem::Parameters(wrong) => wrong.into_values().collect(),
        problem => problem.to_string(),
    }
}

fn whats(plan: &Plan) -> Vec<&str> {
    plan.steps.iter().map(|step| step.what.as_str()).collect()
}

/// The words of a step's command from `apt-get` or `apt-mark` on, without the options that every call has.
fn argv(action: &Action) -> String {
    let Action::Run(run) = action else { panic!("not a command: {action:?}") };
    let words: Vec<_> = run.args.iter().map(|arg| format!("{arg}")).collect();
    let program = run.program.file_name().unwrap();
    let words = words.into_iter().filter(|word| {
        !word.starts_with("--option=")
            && word != "--yes"
            && word != "--no-remove"
            && !word.contains("FRONTEND")
            && word != "/usr/bin/apt-get"
    });
    let program = if program == "env" { "apt-get" } else { program };
    [program.to_owned()].into_iter().chain(words).collect::<Vec<_>>().join(" ")
}

fn commands(plan: &Plan) -> Vec<String> {
    let runs = plan.steps.iter().filter(|step| matches!(step.action, Action::Run(_)));
    runs.map(|step| argv(&step.action)).collect()
}

fn undone(plan: &Plan) -> Vec<String> {
    let reversal = plan.reversal().unwrap();
    let runs = reversal.steps.iter().filter(|step| matches!(step.action, Action::Run(_)));
    runs.map(|step| argv(&step.action)).collect()
}

fn version(version: &str, hold: bool) -> Request {
    Request::Version { version: version.to_owned(), hold }
}

/// FW-17: component, package lists, package; each only where it is needed
#[test]
fn the_set_up_is_one_plan_that_leaves_out_what_is_so_already() {
    let bare = intel_without();
    let all = planned(&bare, &Request::Install);
    assert_eq!(
        whats(&all),
        ["enable", "refresh", "note that a restart is needed", "install intel-microcode"]
    );
    assert_eq!(commands(&all), ["apt-get install intel-microcode"]);
    let known = State { available: available(&[NEW, OLD]), ..bare.clone() };
    assert_eq!(whats(&planned(&known, &Request::Install)).len(), 2, "the lists know the package");
    assert!(planned(&intel(), &Request::Install).is_empty(), "it is installed");
    let amd = |mut state: State| {
        state.cpu.as_mut().unwrap().vendor = "AuthenticAMD".to_owned();
        state
    };
    assert_eq!(commands(&planned(&amd(bare), &Request::Install)), ["apt-get install amd64-microcode"]);
}

/// FW-17: a mirror of another name is not edited, and nothing is promised
#[test]
fn where_no_entry_is_debians_own_the_set_up_says_what_to_do_by_hand() {
    let nothing = SourcePlans { enable: Plan::new("enable"), ..sources() };
    let refusal = plan(&intel_without(), &nothing, &Request::Install).unwrap_err().to_string();
    assert!(refusal.contains("non-free-firmware") && refusal.contains("mirror"), "{refusal}");
}

#[test]
fn every_call_of_apt_asks_nothing_and_weakens_no_check() {
    for request in [Request::Install, version(OLD, false), Request::Remove] {
        let state = match request {
            Request::Install => intel_without(),
            _ => State { available: available(&[NEW, OLD]), ..intel() },
        };
        let text = render::text(&planned(&state, &request));
        assert!(
            text.contains("DEBIAN_FRONTEND=noninteractive") && text.contains("--force-confold"),
            "{text}"
        );
        assert_eq!(text.contains("install --no-remove"), request != Request::Remove, "{text}");
        for word in [
            "--force-yes",
            "allow-unauthenticated",
            "AllowInsecure",
            "--allow-remove-essential",
            "--allow-change-held",
        ] {
            assert!(!text.contains(word), "{word}: {text}");
        }
    }
}

/// FW-25, FW-26: an older version is installed and held, and all of it can be taken back
#[test]
fn a_downgrade_installs_the_version_and_holds_it() {
    let state = State { available: available(&[NEW, OLD]), ..intel() };
    let down = planned(&state, &version(OLD, true));
    let install = format!("apt-get install --allow-downgrades intel-microcode={OLD}");
    assert_eq!(commands(&down), [install.as_str(), "apt-mark hold intel-microcode"]);
    assert_eq!(down.steps[1].what, format!("downgrade intel-microcode from {NEW} to {OLD}"));
    let back = format!("apt-get install --allow-downgrades intel-microcode={NEW}");
    assert_eq!(undone(&down), ["apt-mark unhold intel-microcode", back.as_str()]);
    assert!(!down.hazards.iter().any(|hazard| hazard.id == "firmware.upgraded-again"));
    let loose = planned(&state, &version(OLD, false));
    assert!(loose.hazards.iter().any(|hazard| hazard.id == "firmware.upgraded-again"), "{:?}", loose.hazards);
}

/// FW-25: `3.202508*` as the seed writes it
#[test]
fn a_pattern_means_the_newest_version_that_begins_so() {
    let state = State { available: available(&[NEW, OLD, "3.20250805.1"]), ..intel() };
    let down = planned(&state, &version("3.202508*", false));
    assert_eq!(commands(&down), [format!("apt-get install --allow-downgrades intel-microcode={OLD}")]);
    assert_eq!(
        refused(&state, &version("3.2019*", false)),
        format!("intel-microcode 3.2019*: not available; there are {NEW}, {OLD}, 3.20250805.1")
    );
    let none = refused(&intel(), &version("3.2019*", false));
    assert_eq!(none, "intel-microcode 3.2019*: no configured repository offers any version of it");
}

#[test]
fn a_version_that_a_shell_or_apt_could_misread_is_refused() {
    let state = State { available: available(&[NEW]), ..intel() };
    for bad in ["", "*", "-o", "--force-yes", "1 2", "1;reboot", "1/bookworm", "$(x)", "1\n2", "1*2", "+1"] {
        assert_eq!(
            refused(&state, &version(bad, false)),
            "invalid format - not a version of a package",
            "{bad}"
        );
    }
}

#[test]
fn what_is_so_already_needs_nothing() {
    let mut state = State { available: available(&[NEW, OLD]), ..intel() };
    assert!(planned(&state, &version(NEW, false)).is_empty());
    assert!(planned(&state, &Request::Hold { on: false, upgrade: false }).is_empty());
    assert!(
        planned(&state, &Request::Hold { on: false, upgrade: true }).is_empty(),
        "nothing newer is known"
    );
    state.packages[0].held = true;
    assert!(planned(&state, &version(NEW, true)).is_empty());
    assert!(planned(&state, &Request::Hold { on: true, upgrade: false }).is_empty());
    assert!(planned(&intel_without(), &Request::Remove).is_empty());
}

#[test]
fn a_version_that_is_installed_need_not_be_offered_any_more_to_be_held() {
    let state = State { available: available(&[OLD]), ..intel() };
    assert_eq!(commands(&planned(&state, &version(NEW, true))), ["apt-mark hold intel-microcode"]);
}

#[test]
fn a_held_package_is_released_for_the_change_and_held_again() {
    let mut state = State { available: available(&[NEW, OLD]), ..intel() };
    state.packages[0].held = true;
    let down = planned(&state, &version(OLD, false));
    let install = format!("apt-get install --allow-downgrades intel-microcode={OLD}");
    assert_eq!(
        commands(&down),
        ["apt-mark unhold intel-microcode", install.as_str(), "apt-mark hold intel-microcode"]
    );
}

/// FW-27: released, lists refreshed, upgraded
#[test]
fn a_release_can_bring_the_newest_version_at_once() {
    let mut state = State {
        available: available(&[NEW, OLD]),
        packages: vec![package("intel-microcode", OLD)],
        ..intel()
    };
    state.packages[0].held = true;
    let request = Request::Hold { on: false, upgrade: true };
    let up = planned(&state, &request);
    assert_eq!(
        whats(&up),
        [
            "release intel-microcode",
            "refresh",
            "note that a restart is needed",
            &format!("upgrade intel-microcode from {OLD} to the newest version"),
        ]
    );
    let alone = planned(&state, &Request::Hold { on: false, upgrade: false });
    assert_eq!(commands(&alone), ["apt-mark unhold intel-microcode"]);
    assert_eq!(refused(&intel_without(), &request), "intel-microcode is not installed");
}

/// FW-24: who removes the package is asked, and told of the better way
#[test]
fn a_removal_warns_and_names_the_downgrade() {
    let removal = planned(&intel(), &Request::Remove);
    let warning = removal.hazards.iter().find(|hazard| hazard.id == "firmware.microcode-removed").unwrap();
    assert_eq!(warning.severity, Severity::Warning);
    assert!(warning.avoid.contains("innkeeper firmware downgrade"), "{}", warning.avoid);
    assert_eq!(commands(&removal), ["apt-get purge intel-microcode"]);
    assert_eq!(undone(&removal), [format!("apt-get install intel-microcode={NEW}")]);
    let mut held = intel();
    held.packages[0].held = true;
    let removal = planned(&held, &Request::Remove);
    assert_eq!(commands(&removal), ["apt-mark unhold intel-microcode", "apt-get purge intel-microcode"]);
}

/// FW-08, FW-23: every change of microcode names the restart and what stands against it
#[test]
fn a_change_says_what_a_restart_would_interrupt() {
    let obstacles = vec!["virtual machines run: 100, 101".to_owned()];
    let state = State { available: available(&[NEW, OLD]), obstacles, ..intel() };
    for request in [version(OLD, true), Request::Remove] {
        let plan = planned(&state, &request);
        let restart = plan.hazards.iter().find(|hazard| hazard.id == "firmware.restart-needed").unwrap();
        assert_eq!(restart.avoid, "Before you restart it: virtual machines run: 100, 101.");
    }
}

/// FW-16, FW-18: the note that a restart is needed is part of the plan, and counts until the next start
#[test]
fn the_note_of_a_restart_holds_until_the_host_was_started_again() {
    let state = State { available: available(&[NEW, OLD]), ..intel() };
    let down = planned(&state, &version(OLD, true));
    let note = down.files().next().unwrap();
    assert_eq!(note.path, "/var/lib/innkeeper/reboot-needed/intel-microcode");
    let text = note.after.as_ref().unwrap().as_text().unwrap().to_owned();
    assert_eq!(text, format!("aaaa\nintel-microcode was changed from {NEW} to {OLD}\n"));
    let mark = Mark { boot_id: "aaaa".to_owned(), what: "changed".to_owned(), text: text.clone() };
    let mut after = State { marks: [("intel-microcode".to_owned(), mark)].into(), ..intel() };
    after.carried = Some(Ok(innkeeper_firmware::ucode::Update { revision: 0xf4, date: 0 }));
    assert!(after.microcode_waits());
    assert_eq!(after.reboot_reasons(), ["changed"]);
    // a second change takes the place of the first note, byte by byte
    let third = "3.20250805.1";
    let again =
        planned(&State { available: available(&[NEW, third]), ..after.clone() }, &version(third, false));
    assert_eq!(again.files().next().unwrap().before.as_ref().unwrap().as_text(), Some(text.as_str()));
    after.boot_id = "bbbb".to_owned();
    assert!(!after.microcode_waits() && after.reboot_reasons().is_empty(), "it was started again");
}

/// FW-01: in a guest the plan says that it is of no use there
#[test]
fn in_a_guest_the_plan_says_where_microcode_belongs() {
    let state = State { virtualization: Some("kvm".to_owned()), ..intel_without() };
    let plan = planned(&state, &Request::Install);
    assert!(plan.hazards.iter().any(|hazard| hazard.id == "firmware.virtual"));
}

#[test]
fn what_has_no_packaged_microcode_and_what_does_not_run_is_refused() {
    let mut via = intel_without();
    via.cpu.as_mut().unwrap().vendor = "CentaurHauls".to_owned();
    assert_eq!(
        refused(&via, &Request::Install),
        "no microcode is packaged for CPUs of the maker 'CentaurHauls'"
    );
    let arm = State { cpu: None, ..intel_without() };
    assert_eq!(refused(&arm, &Request::Remove), "no microcode is packaged for CPUs of the maker 'unknown'");
    let tree = State { is_tree: true, ..intel_without() };
    assert_eq!(
        refused(&tree, &Request::Install),
        "packages are installed by the system itself, not into its tree"
    );
}
