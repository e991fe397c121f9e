//! Services as a real systemd describes them: Debian 12, systemd 252.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use std::sync::Arc;

use innkeeper_access::{Identity, UserId, Via};
use innkeeper_change::{Plan, Problem, Severity};
use innkeeper_engine::Silent;
use innkeeper_host::{CassetteHost, Host, Permissions, RealHost};
use innkeeper_rest::{Answer, Api, Request, Verb as Http};
use innkeeper_services::inspect::{Found, inspect, inspect_one};
use innkeeper_services::names::{self, SERVICES};
use innkeeper_services::plan::{Verb, left, plan};
use innkeeper_services::{checks, methods};
use serde_json::{Value, json};

const RECORDED: &str = include_str!("cassettes/services.json");

fn host() -> CassetteHost {
    CassetteHost::parse(RECORDED).unwrap()
}

fn found(name: &str) -> Found {
    inspect(&host()).unwrap().into_iter().find(|found| found.service.name == name).unwrap()
}

fn planned(name: &str, verb: Verb) -> Result<Plan, Problem> {
    plan(&found(name), verb)
}

fn refusal(name: &str, verb: Verb) -> String {
    planned(name, verb).unwrap_err().to_string()
}

fn call_of(api: &Api, verb: Http, path: &str, params: Value, who: &str) -> Result<Answer, Problem> {
    let user: UserId = who.parse().unwrap();
    let request = Request {
        verb,
        path: path.to_owned(),
        params: params.as_object().unwrap().clone(),
        identity: Some(Identity::new(user, Via::Local)),
        origin: "test".to_owned(),
    };
    api.call(request, &mut Silent)
}

fn api() -> Api {
    Api::new(methods(), Arc::new(host()))
}

#[test]
fn every_service_of_the_original_is_listed_under_its_name() {
    let data = call_of(&api(), Http::Get, "/nodes/localhost/services", json!({}), "root@pam").unwrap().data;
    let listed: Vec<&str> =
        data.as_array().unwrap().iter().map(|one| one["service"].as_str().unwrap()).collect();
    let known: Vec<&str> = SERVICES.iter().map(|service| service.name).collect();
    assert_eq!(listed, known);
    assert!(known.is_sorted() && known.len() == 23);
    let sshd = data.as_array().unwrap().iter().find(|one| one["service"] == "sshd").unwrap();
    assert_eq!(
        *sshd,
        json!({
            "service": "sshd", "name": "ssh", "desc": "OpenBSD Secure Shell server", "state": "running",
            "active-state": "active", "unit-state": "enabled",
        })
    );
}

#[test]
fn a_service_that_is_not_installed_says_so() {
    let state = found("corosync").state();
    assert_eq!((state.state.as_str(), state.unit_state.as_str()), ("dead", "not-found"));
    assert_eq!(state.active_state, "inactive");
}

#[test]
fn an_alias_shows_the_unit_that_it_leads_to() {
    assert_eq!(found("syslog").state().name, "rsyslog");
}

#[test]
fn a_unit_that_ran_once_shows_how_it_ended() {
    assert_eq!(found("pvefw-logger").state().state, "success");
}

#[test]
fn this_programs_services_stand_behind_the_originals_names() {
    for (name, unit) in [
        ("pvedaemon", "innkeeper-daemon.service"),
        ("pveproxy", "innkeeper-proxy.service"),
        ("pvestatd", "innkeeper-statd.service"),
    ] {
        assert_eq!(names::find(name).unwrap().units[0], unit);
        assert_eq!(found(name).unit.id, unit);
    }
}

#[test]
fn what_the_api_itself_needs_is_never_stopped() {
    for name in ["pveproxy", "pvedaemon", "pve-cluster"] {
        let message = format!("invalid service cmd '{name} stop': refusing to stop essential service!");
        assert_eq!(refusal(name, Verb::Stop), message);
        let path = format!("/nodes/localhost/services/{name}/stop");
        // also when the plan alone is asked for, and however the daemon's own state is
        for params in [json!({}), json!({ "dry-run": 1 })] {
            let refused = call_of(&api_of(name), Http::Post, &path, params, "root@pam").unwrap_err();
            assert_eq!(refused, Problem::Invalid(message.clone()));
        }
    }
}

/// One question at a time: what is recorded of all services answers for one of them.
fn api_of(name: &str) -> Api {
    let mut recording: Value = serde_json::from_str(RECORDED).unwrap();
    let entry = recording["entries"]
        .as_array()
        .unwrap()
        .iter()
        .find(|entry| entry["ask"]["run"]["argv"].is_string())
        .unwrap()
        .clone();
    let asked = entry["ask"]["run"]["argv"].as_str().unwrap();
    let (head, units) = asked.split_once(" -- ").unwrap();
    let service = names::find(name).unwrap();
    let wanted: Vec<&str> = service.units.iter().chain(&service.instance).copied().collect();
    let answers: Vec<&str> = entry["answer"]["output"]["stdout"].as_str().unwrap().split("\n\n").collect();
    let position = |unit: &str| units.split(' ').position(|asked| asked == unit).unwrap();
    let stdout: Vec<&str> = wanted.iter().map(|unit| answers[position(unit)].trim_end()).collect();
    let mut one = entry.clone();
    one["ask"]["run"]["argv"] = json!(format!("{head} -- {}", wanted.join(" ")));
    one["answer"]["output"]["stdout"] = json!(stdout.join("\n\n") + "\n");
    recording["entries"].as_array_mut().unwrap().push(one);
    Api::new(methods(), Arc::new(CassetteHost::parse(&recording.to_string()).unwrap()))
}

#[test]
fn what_is_missing_or_masked_is_refused_before_anything_is_done() {
    assert_eq!(
        refusal("corosync", Verb::Start),
        "cannot start service 'corosync': corosync.service is not installed on this host"
    );
    assert_eq!(
        refusal("ksmtuned", Verb::Restart),
        "cannot restart service 'ksmtuned': ksmtuned.service is masked; 'systemctl unmask' lifts that"
    );
}

#[test]
fn what_is_so_already_needs_no_step_and_answers_a_task_all_the_same() {
    assert!(planned("sshd", Verb::Start).unwrap().is_empty());
    assert!(planned("cron", Verb::Stop).unwrap().is_empty(), "it was stopped when this was recorded");
    assert!(planned("cron", Verb::Reload).unwrap().is_empty(), "what does not run reads nothing anew");
    let api = api_of("sshd");
    let path = "/nodes/localhost/services/sshd/start";
    let answer = call_of(&api, Http::Post, path, json!({}), "root@pam").unwrap();
    assert!(answer.unchanged);
    let upid = answer.data.as_str().unwrap();
    assert!(upid.contains(":srvstart:sshd:root@pam:"), "{upid}");
    assert_eq!(answer.task.as_deref(), Some(upid));
    let tasks = api.engine().tasks();
    let (lines, _) = tasks.log(&upid.parse().unwrap(), 0, 0).unwrap();
    assert_eq!(lines[0].t, "start service sshd: nothing to do, it is already so");
    assert_eq!(lines[1].t, "TASK OK");
}

#[test]
fn a_start_is_taken_back_by_a_stop_and_a_restart_by_nothing() {
    let plan = planned("cron", Verb::Start).unwrap();
    assert_eq!(plan.steps.len(), 1);
    assert_eq!(innkeeper_change::render::describe(&plan.steps[0]), "systemctl start cron.service\n");
    let back = plan.reversal().unwrap();
    assert_eq!(innkeeper_change::render::describe(&back.steps[0]), "systemctl stop cron.service\n");
    assert!(planned("sshd", Verb::Restart).unwrap().reversal().is_err());
    let reload = planned("sshd", Verb::Reload).unwrap();
    assert_eq!(
        innkeeper_change::render::describe(&reload.steps[0]),
        "systemctl try-reload-or-restart ssh.service\n"
    );
}

#[test]
fn stopping_says_what_will_not_work_meanwhile() {
    let plan = planned("sshd", Verb::Stop).unwrap();
    assert_eq!(plan.hazards[0].id, "services.stop-sshd");
    // a call of the API is itself the yes; people are asked
    assert_eq!(plan.hazards[0].severity, Severity::Warning);
}

#[test]
fn a_service_that_failed_to_start_is_no_success() {
    let failed = found("lxcfs");
    let said = left(&failed, Verb::Start).unwrap_err().to_string();
    assert_eq!(
        said,
        "lxcfs.service is failed (failed), result exit-code: 'innkeeper log --service lxcfs' says why"
    );
    assert!(left(&found("sshd"), Verb::Restart).unwrap().is_empty());
    assert!(left(&found("pvefw-logger"), Verb::Start).unwrap().is_empty(), "it ran once, and well");
    assert!(left(&found("cron"), Verb::Stop).unwrap().is_empty());
    assert!(left(&found("sshd"), Verb::Stop).is_err());
}

#[test]
fn failed_services_are_found_at_rest_with_their_cure() {
    let findings = checks::run(&host()).unwrap();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].message, "service lxcfs failed");
    assert_eq!(findings[0].fixes[0].path, "/nodes/svc1/services/lxcfs/restart");
}

#[test]
fn in_the_tree_of_a_system_that_does_not_run_there_are_no_services() {
    let tree = tempfile::tempdir().unwrap();
    let host = RealHost::rooted(camino::Utf8Path::from_path(tree.path()).unwrap()).unwrap();
    assert!(matches!(inspect(&host), Err(Problem::Invalid(_))));
    assert_eq!(checks::run(&host).unwrap(), []);
    assert!(host.root().is_some());
}

#[test]
fn names_outside_the_list_are_refused() {
    for name in ["ssh", "innkeeper-proxy", "--all", "sshd.service", "*", "chrony;reboot"] {
        let path = format!("/nodes/localhost/services/{name}/state");
        let refused = call_of(&api(), Http::Get, &path, json!({}), "root@pam").unwrap_err();
        assert!(matches!(refused, Problem::Parameters(_)), "{name}: {refused:?}");
    }
}

#[test]
fn without_the_privilege_nobody_looks_or_acts() {
    let tree = tempfile::tempdir().unwrap();
    for (verb, path, privilege) in [
        (Http::Get, "/nodes/localhost/services", "Sys.Audit"),
        (Http::Get, "/nodes/localhost/services/sshd", "Sys.Audit"),
        (Http::Get, "/nodes/localhost/services/sshd/state", "Sys.Audit"),
        (Http::Post, "/nodes/localhost/services/sshd/restart", "Sys.Modify"),
        (Http::Get, "/nodes/localhost/syslog", "Sys.Syslog"),
        (Http::Get, "/nodes/localhost/journal", "Sys.Syslog"),
        (Http::Get, "/nodes/localhost/log", "Sys.Syslog"),
    ] {
        let refused = call_of(&api_on_tree(&tree), verb, path, json!({}), "nobody@pve").unwrap_err();
        let message = format!("Permission check failed (/nodes/svc1, {privilege})");
        assert_eq!(refused, Problem::Forbidden(message), "{path}");
    }
}

fn api_on_tree(tree: &tempfile::TempDir) -> Api {
    let host = RealHost::rooted(camino::Utf8Path::from_path(tree.path()).unwrap()).unwrap();
    let permissions = Permissions { mode: 0o755, owner: None };
    host.make_dirs("/etc".into(), permissions).unwrap();
    host.write_own("/etc/hostname".into(), b"svc1\n", permissions).unwrap();
    Api::new(methods(), Arc::new(host))
}

#[test]
fn one_service_is_asked_for_alone() {
    let data = call_of(
        &api_of("postfix"),
        Http::Get,
        "/nodes/localhost/services/postfix/state",
        json!({}),
        "root@pam",
    )
    .unwrap()
    .data;
    assert_eq!(data["unit-state"], "not-found");
    let host = host();
    assert!(
        inspect_one(&host, names::find("cron").unwrap()).is_err(),
        "it was not asked when this was recorded"
    );
}
