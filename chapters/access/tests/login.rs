//! Passwords, sessions and second factors through the API, as clients go about them.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees themselves"
)]

mod common;

use common::Machine;
use innkeeper_access::tfa::Totp;
use innkeeper_access::{Credentials, Identity};
use innkeeper_change::Problem;
use innkeeper_rest::Answer;
use innkeeper_rest::Verb::{Delete, Get, Post, Put};
use serde_json::{Value, json};

const USERS: &str = "\
user:root@pam:1:0::::::
user:anna@pve:1:0::::::
user:bob@pve:1:0::::::
acl:1:/access/realm/pve:bob@pve:PVEUserAdmin:
acl:1:/access/groups:bob@pve:PVEUserAdmin:
";
const APP: &str = "otpauth://totp/innkeeper:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=30";

fn failed() -> Option<Problem> {
    Some(Problem::Unauthenticated("authentication failure".to_owned()))
}

/// A machine on which anna has a password.
fn machine() -> Machine {
    let machine = Machine::new(USERS);
    machine.ok(Put, "/access/password", json!({"userid": "anna@pve", "password": "opensesame"}));
    machine
}

fn login(machine: &Machine, params: Value) -> Result<Answer, Problem> {
    machine.call_by(None, Post, "/access/ticket", params)
}

fn with_password(machine: &Machine, password: &str) -> Result<Answer, Problem> {
    login(machine, json!({"username": "anna@pve", "password": password}))
}

/// Whoever shows the ticket of this answer.
fn who(machine: &Machine, answer: &Answer) -> Result<Identity, Problem> {
    let ticket = Credentials::Ticket(answer.data["ticket"].as_str().unwrap().to_owned());
    machine.api.access()?.identify(Some(&ticket), None, false)
}

fn code(machine: &Machine, ahead: i64) -> String {
    Totp::parse(APP).unwrap().code_at(machine.api.host().now() + ahead)
}

#[test]
fn a_password_is_set_logs_in_and_is_nowhere_to_be_read() {
    let machine = machine();
    assert!(with_password(&machine, "opensesame").is_ok());
    assert_eq!(with_password(&machine, "opensesame2").err(), failed());
    assert_eq!(login(&machine, json!({"username": "nobody@pve", "password": "opensesame"})).err(), failed());
    let shadow = machine.text("etc/pve/priv/shadow.cfg");
    assert!(shadow.starts_with("anna:$argon2id$v=19$m=19456,t=2,p=1$"), "{shadow}");
    let history = format!("{:?}", machine.api.engine().journal().unwrap().verify_chain());
    assert!(!history.contains("opensesame"));
    let journal = std::fs::read(machine.path("var/lib/innkeeper/journal.db")).unwrap();
    let hash = shadow.trim().rsplit('$').next().unwrap();
    for secret in ["opensesame", hash] {
        assert!(!journal.windows(secret.len()).any(|part| part == secret.as_bytes()), "{secret}");
    }
    for short in ["", "short"] {
        let refused = machine.call(Put, "/access/password", json!({"userid": "anna@pve", "password": short}));
        assert!(matches!(refused, Err(Problem::Parameters(_))));
    }
}

#[test]
fn a_user_is_made_with_a_password_and_takes_it_along_when_removed() {
    let machine = Machine::new(USERS);
    machine.ok(Post, "/access/users", json!({"userid": "carl@pve", "password": "opensesame"}));
    let carl = json!({"username": "carl", "realm": "pve", "password": "opensesame"});
    assert_eq!(login(&machine, carl.clone()).unwrap().data["username"], "carl@pve");
    machine.ok(Delete, "/access/users/carl@pve", json!({}));
    assert_eq!(machine.text("etc/pve/priv/shadow.cfg"), "");
    machine.ok(Post, "/access/users", json!({"userid": "carl@pve"}));
    assert_eq!(login(&machine, carl).err(), failed(), "the next of that name does not inherit it");
    let host = machine.call(Post, "/access/users", json!({"userid": "dora@pam", "password": "opensesame"}));
    assert!(matches!(host, Err(Problem::Parameters(_))));
}

/// Escalation: who manages users sets their passwords, but not root's, and not with a token
#[test]
fn passwords_are_changed_by_their_owners_and_by_who_manages_them() {
    let machine = machine();
    let set = |caller: &str, user: &str| {
        machine
            .call_as(caller, Put, "/access/password", json!({"userid": user, "password": "opensesame"}))
            .err()
    };
    assert_eq!(set("anna@pve", "anna@pve"), None);
    assert_eq!(set("bob@pve", "anna@pve"), None);
    assert!(matches!(set("anna@pve", "bob@pve"), Some(Problem::Forbidden(_))));
    let admin =
        Machine::new("user:a@pve:1:0::::::\ntoken:root@pam!all:0:0::\nacl:1:/:a@pve:Administrator:\n");
    for caller in ["a@pve", "root@pam!all"] {
        let root = json!({"userid": "root@pam", "password": "opensesame"});
        let refused = admin.call_as(caller, Put, "/access/password", root).err();
        assert!(matches!(refused, Some(Problem::Forbidden(_))), "{caller}: {refused:?}");
    }
}

#[test]
fn a_changed_password_ends_every_other_session() {
    let machine = machine();
    let (one, other) =
        (with_password(&machine, "opensesame").unwrap(), with_password(&machine, "opensesame").unwrap());
    let here = who(&machine, &one).unwrap();
    let change = json!({"userid": "anna@pve", "password": "sesameopen", "confirmation-password": "wrong"});
    assert_eq!(machine.call_by(Some(here.clone()), Put, "/access/password", change).err(), failed());
    let change =
        json!({"userid": "anna@pve", "password": "sesameopen", "confirmation-password": "opensesame"});
    machine.call_by(Some(here), Put, "/access/password", change).unwrap();
    assert!(who(&machine, &one).is_ok());
    assert!(who(&machine, &other).is_err());
}

#[test]
fn sessions_are_listed_and_ended() {
    let machine = machine();
    let (one, other) =
        (with_password(&machine, "opensesame").unwrap(), with_password(&machine, "opensesame").unwrap());
    let here = who(&machine, &one).unwrap();
    let list = machine.call_by(Some(here.clone()), Get, "/access/sessions", json!({})).unwrap().data;
    let entries = list.as_array().unwrap();
    assert_eq!(entries.len(), 2);
    assert_eq!((&entries[0]["origin"], &entries[0]["via"]), (&json!("192.0.2.1"), &json!("password")));
    let elsewhere = entries.iter().find(|entry| entry["current"] == 0).unwrap()["session"].as_str().unwrap();
    // somebody without a say does not even learn that it exists
    machine.write("etc/pve/user.cfg", format!("{USERS}user:eve@pve:1:0::::::\n").as_bytes());
    let path = format!("/access/sessions/{elsewhere}");
    assert!(matches!(machine.call_as("eve@pve", Delete, &path, json!({})), Err(Problem::NotFound(_))));
    assert_eq!(machine.ok_as("eve@pve", Get, "/access/sessions", json!({})).data, json!([]));
    machine.call_by(Some(here.clone()), Delete, &path, json!({})).unwrap();
    assert!(who(&machine, &other).is_err());
    assert!(who(&machine, &one).is_ok());
    let third = with_password(&machine, "opensesame").unwrap();
    let ended = machine.call_by(Some(here.clone()), Delete, "/access/sessions", json!({})).unwrap().data;
    assert_eq!((ended, who(&machine, &third).is_ok()), (json!(1), false));
    machine.call_by(Some(here), Delete, "/access/session", json!({})).unwrap();
    assert!(who(&machine, &one).is_err(), "logged out is out, whoever kept the ticket");
}

/// anna with an authenticator app and recovery keys, which are answered.
fn with_factors() -> (Machine, Vec<String>) {
    let machine = machine();
    let add = |params| machine.call_as("anna@pve", Post, "/access/tfa/anna@pve", params);
    let missing = add(json!({"type": "recovery"})).err();
    assert_eq!(missing, Some(Problem::parameter("password", "password is required to modify TFA data")));
    assert_eq!(add(json!({"type": "recovery", "password": "wrong"})).err(), failed());
    let app = |value: String| json!({"type": "totp", "totp": APP, "value": value, "description": "phone", "password": "opensesame"});
    assert!(matches!(add(app("000000".to_owned())), Err(Problem::Parameters(_))));
    let id = add(app(code(&machine, 0))).unwrap().data["id"].as_str().unwrap().to_owned();
    let keys = add(json!({"type": "recovery", "password": "opensesame"})).unwrap().data["recovery"].clone();
    let shown = machine.ok_as("anna@pve", Get, "/access/tfa/anna@pve", json!({})).data;
    assert_eq!(
        (&shown[0]["id"], &shown[0]["type"], &shown[1]["type"]),
        (&json!(id), &json!("totp"), &json!("recovery"))
    );
    let file = machine.text("etc/pve/priv/tfa.cfg");
    let keys: Vec<String> = serde_json::from_value(keys).unwrap();
    assert!(keys.len() == 10 && keys.iter().all(|key| !file.contains(key.as_str())));
    (machine, keys)
}

/// What a client does that was asked for a second factor.
fn answer(machine: &Machine, challenge: &Answer, text: &str) -> Result<Answer, Problem> {
    login(
        machine,
        json!({"username": "anna@pve", "password": text, "tfa-challenge": challenge.data["ticket"]}),
    )
}

#[test]
fn a_second_factor_is_asked_for_and_opens_once() {
    let (machine, _) = with_factors();
    let challenge = with_password(&machine, "opensesame").unwrap();
    assert_eq!((&challenge.data["NeedTFA"], challenge.session.is_some()), (&json!(1), false));
    assert!(
        challenge.data["ticket"].as_str().unwrap().starts_with("PVE:!tfa!%7B%22totp%22%3Atrue%2C%22recovery")
    );
    assert!(who(&machine, &challenge).is_err(), "a challenge is no ticket");
    let right = code(&machine, 0);
    let inside = answer(&machine, &challenge, &format!("totp:{right}")).unwrap();
    assert_eq!(who(&machine, &inside).unwrap().user().to_string(), "anna@pve");
    assert!(inside.session.is_some() && inside.data["NeedTFA"].is_null());
    // neither the question nor the code works twice
    assert_eq!(answer(&machine, &challenge, &format!("totp:{}", code(&machine, 30))).err(), failed());
    let again = with_password(&machine, "opensesame").unwrap();
    assert_eq!(answer(&machine, &again, &format!("totp:{right}")).err(), failed());
    let sessions = machine.ok(Get, "/access/sessions", json!({})).data;
    assert_eq!(sessions[0]["via"], "password and totp");
    // clients that send the code along are let in at once
    let at_once = json!({"username": "anna@pve", "password": "opensesame", "otp": code(&machine, 30)});
    assert!(login(&machine, at_once).unwrap().data["NeedTFA"].is_null());
}

#[test]
fn a_recovery_key_opens_once() {
    let (machine, keys) = with_factors();
    let challenge = with_password(&machine, "opensesame").unwrap();
    let key = format!("recovery:{}", keys[3]);
    assert!(answer(&machine, &challenge, &key).is_ok());
    let challenge = with_password(&machine, "opensesame").unwrap();
    assert!(
        challenge.data["ticket"].as_str().unwrap().contains("%5B0%2C1%2C2%2C4%2C5"),
        "the third is used up"
    );
    assert_eq!(answer(&machine, &challenge, &key).err(), failed());
}

#[test]
fn a_challenge_is_no_oracle() {
    let (machine, _) = with_factors();
    let challenge = with_password(&machine, "opensesame").unwrap();
    let as_bob = json!({"username": "bob@pve", "password": format!("totp:{}", code(&machine, 0)), "tfa-challenge": challenge.data["ticket"]});
    assert_eq!(login(&machine, as_bob).err(), failed());
    // whoever tried it as somebody else has spoilt it
    assert_eq!(answer(&machine, &challenge, &format!("totp:{}", code(&machine, 0))).err(), failed());
    let forged = json!({"username": "anna@pve", "password": "totp:1", "tfa-challenge": "PVE:!tfa!%7B%7D:00000000::AAAA"});
    assert_eq!(login(&machine, forged).err(), failed());
    for nonsense in ["", "totp", "totp:", "u2f:{}", "recovery:", "recovery:xxxx"] {
        let machine = machine_with_factors_of_its_own();
        let challenge = with_password(&machine, "opensesame").unwrap();
        assert_eq!(answer(&machine, &challenge, nonsense).err(), failed(), "{nonsense}");
    }
}

fn machine_with_factors_of_its_own() -> Machine {
    let machine = machine();
    let file = json!({"users": {"anna@pve": {"totp": [{"id": "a", "description": "", "created": 1, "entry": APP}]}}});
    machine.write("etc/pve/priv/tfa.cfg", file.to_string().as_bytes());
    machine
}

#[test]
fn codes_are_locked_after_too_many_wrong_ones_until_somebody_helps() {
    let machine = machine_with_factors_of_its_own();
    let anna: innkeeper_access::UserId = "anna@pve".parse().unwrap();
    let sessions = machine.api.access().unwrap().sessions().unwrap();
    let locked = innkeeper_access::Lockout { totp: innkeeper_access::TOTP_TRIES, every: 8, until: 0 };
    sessions.set_lockout(&anna, locked).unwrap();
    let right = || format!("totp:{}", code(&machine, 0));
    let challenge = with_password(&machine, "opensesame").unwrap();
    assert_eq!(answer(&machine, &challenge, &right()).err(), failed());
    let list = machine.ok_as("bob@pve", Get, "/access/tfa", json!({})).data;
    assert_eq!(list[0]["totp-locked"], 1);
    assert_eq!(machine.ok_as("bob@pve", Put, "/access/users/anna@pve/unlock-tfa", json!({})).data, 1);
    let challenge = with_password(&machine, "opensesame").unwrap();
    assert!(answer(&machine, &challenge, &right()).is_ok());
    sessions.set_lockout(&anna, innkeeper_access::Lockout { totp: 0, every: 100, until: i64::MAX }).unwrap();
    let challenge = with_password(&machine, "opensesame").unwrap();
    assert_eq!(answer(&machine, &challenge, &format!("totp:{}", code(&machine, 30))).err(), failed());
}

#[test]
fn a_factor_is_renamed_switched_off_and_removed_with_the_rest_of_the_file_kept() {
    let (machine, _) = with_factors();
    let mut file: Value = serde_json::from_str(&machine.text("etc/pve/priv/tfa.cfg")).unwrap();
    file["users"]["bob@pve"] = json!({"u2f": [{"id": "k", "entry": {"of": "another version"}}]});
    file["webauthn"] = json!({"rp": "example.org"});
    machine.write("etc/pve/priv/tfa.cfg", file.to_string().as_bytes());
    let id = machine.ok(Get, "/access/tfa/anna@pve", json!({})).data[0]["id"].as_str().unwrap().to_owned();
    let path = format!("/access/tfa/anna@pve/{id}");
    machine.ok(Put, &path, json!({"description": "old phone", "enable": 0}));
    let shown = machine.ok(Get, &path, json!({})).data;
    assert_eq!((&shown["description"], &shown["enable"]), (&json!("old phone"), &json!(0)));
    machine.ok(Delete, &path, json!({}));
    machine.ok(Delete, "/access/tfa/anna@pve/recovery", json!({}));
    let after: Value = serde_json::from_str(&machine.text("etc/pve/priv/tfa.cfg")).unwrap();
    assert_eq!(
        after["users"],
        json!({"bob@pve": {"u2f": [{"id": "k", "entry": {"of": "another version"}}]}})
    );
    assert_eq!(after["webauthn"], file["webauthn"]);
    assert!(with_password(&machine, "opensesame").unwrap().data["NeedTFA"].is_null());
    // somebody else's factors, and root's, are out of reach
    let refused =
        machine.call_as("anna@pve", Delete, "/access/tfa/bob@pve/k", json!({"password": "opensesame"}));
    assert!(matches!(refused, Err(Problem::Forbidden(_))));
}

/// Nothing that a plan, an answer of a dry run or the history shows holds a secret
#[test]
fn a_dry_run_of_a_second_factor_shows_no_secret() {
    let machine = machine();
    let add = json!({"type": "totp", "totp": APP, "value": code(&machine, 0), "description": "phone",
                     "password": "opensesame", "dry-run": 1});
    let plan = machine.ok_as("anna@pve", Post, "/access/tfa/anna@pve", add).data.to_string();
    assert!(!plan.contains("GEZDGNBV") && !plan.contains("opensesame"), "{plan}");
    assert_eq!(machine.text("etc/pve/priv/tfa.cfg"), "");
}

/// What programs with doors of their own ask: is this the password, and may they?
#[test]
fn a_user_is_vouched_for_on_a_path_without_being_let_in() {
    let machine = machine();
    machine.write("etc/pve/user.cfg", format!("{USERS}acl:1:/nodes:anna@pve:PVEAuditor:\n").as_bytes());
    let ask = |password: &str, path: &str, privs: &str| {
        login(&machine, json!({"username": "anna@pve", "password": password, "path": path, "privs": privs}))
    };
    let answer = ask("opensesame", "/nodes/pve1", "Sys.Audit").unwrap();
    assert_eq!(answer.data["username"], "anna@pve");
    assert_eq!(answer.data["cap"]["nodes"]["Sys.Audit"], 1);
    assert!(answer.data.get("ticket").is_none() && answer.session.is_none(), "{}", answer.data);
    let sessions = machine.call_as("root@pam", Get, "/access/sessions", json!({})).unwrap().data;
    assert_eq!(sessions, json!([]), "nobody is logged in by it");
    for (password, path, privs) in [
        ("wrong", "/nodes/pve1", "Sys.Audit"),
        ("opensesame", "/nodes/pve1", "Sys.Audit,Sys.Modify"),
        ("opensesame", "/", "Sys.Audit"),
    ] {
        assert_eq!(ask(password, path, privs).err(), failed(), "{password} {path} {privs}");
    }
    for (path, privs) in [("/nodes/pve1", "Sys.Nonsense"), ("nodes", "Sys.Audit"), ("/../etc", "Sys.Audit")] {
        assert!(matches!(ask("opensesame", path, privs), Err(Problem::Parameters(_))), "{path} {privs}");
    }
    let half = login(&machine, json!({"username": "anna@pve", "password": "opensesame", "path": "/"}));
    assert!(matches!(half, Err(Problem::Parameters(errors)) if errors.contains_key("privs")));
    // a ticket is a login with all that it took; a password alone is not
    let ticket = with_password(&machine, "opensesame").unwrap().data["ticket"].as_str().unwrap().to_owned();
    assert!(ask(&ticket, "/nodes/pve1", "Sys.Audit").is_ok());
    machine.write(
        "etc/pve/priv/tfa.cfg",
        br#"{"users":{"anna@pve":{"recovery":{"secret":"x","entries":["y"]}}}}"#,
    );
    assert_eq!(ask("opensesame", "/nodes/pve1", "Sys.Audit").err(), failed());
    assert!(ask(&ticket, "/nodes/pve1", "Sys.Audit").is_ok());
}

/// A token's permissions by its own name, or beside its user's
#[test]
fn what_a_token_may_do_is_shown_by_path() {
    let machine = Machine::new(
        "user:anna@pve:1:0::::::\nuser:eve@pve:1:0::::::\ntoken:anna@pve!ci:0:1::\n\
         acl:1:/nodes:anna@pve:PVEAdmin:\nacl:1:/nodes/pve1:anna@pve!ci:PVEAuditor:\n",
    );
    let ask = |caller: &str, params: Value| machine.call_as(caller, Get, "/access/permissions", params);
    let whole = ask("anna@pve", json!({"userid": "anna@pve!ci"})).unwrap().data;
    let parts = ask("anna@pve", json!({"userid": "anna@pve", "tokenid": "ci"})).unwrap().data;
    assert_eq!(whole, parts);
    assert_eq!(whole["/nodes/pve1"]["Sys.Audit"], 1, "{whole}");
    assert!(
        whole.pointer("/~1nodes/Sys.Audit").is_none(),
        "only what the entry for the token gives: {whole}"
    );
    assert!(whole["/nodes/pve1"].get("Sys.Console").is_none(), "{whole}");
    let others = ask("eve@pve", json!({"userid": "anna@pve", "tokenid": "ci"}));
    assert!(matches!(others, Err(Problem::Forbidden(_))));
    assert!(ask("anna@pve", json!({"userid": "anna@pve", "tokenid": "none"})).is_err());
    assert!(matches!(ask("anna@pve", json!({"tokenid": "ci"})), Err(Problem::Parameters(_))));
}
