//! Second factors from the first request to the last, as a browser goes about them; and nothing secret of it is written down.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may say so by panicking")]

#[path = "../../core/access/tests/common/authenticator.rs"]
#[allow(dead_code, reason = "shared with the tests of core/access")]
mod authenticator;
mod support;

use std::time::{SystemTime, UNIX_EPOCH};

use authenticator::Key;
use innkeeper_access::tfa::Totp;
use serde_json::{Value, json};
use support::{Answer, Client, Server, Tree};

const SITE: &str = "webauthn: rp=Example,origin=https://pve.example.org:8006,id=pve.example.org\n";
const PASSWORD: &str = "the long password of anna";
const APP: &str = "otpauth://totp/innkeeper:anna?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&period=30";
const FACTORS: &str = "/access/tfa/anna@pve";

fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// A value for a form.
fn escaped(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let one = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// anna on a host whose site has a name.
struct Scene {
    tree: Tree,
    server: Server,
}

impl Scene {
    fn new() -> Self {
        let tree = Tree::new();
        tree.write("etc/pve/user.cfg", "user:anna@pve:1:0::::::\n");
        tree.write("etc/pve/datacenter.cfg", SITE);
        let server = Server::start(&tree);
        let form = format!("userid=anna@pve&password={}", escaped(PASSWORD));
        server.logged_in().put("/access/password", &form).data();
        Self { tree, server }
    }

    fn try_login(&self, password: &str, challenge: &str) -> Answer {
        let challenge = match challenge {
            "" => String::new(),
            ticket => format!("&tfa-challenge={}", escaped(ticket)),
        };
        let form = format!("username=anna@pve&password={}{challenge}", escaped(password));
        self.server.client().post("/access/ticket", &form)
    }

    /// A login up to the question; gives the challenge and what it asks.
    fn question(&self) -> (String, Value) {
        let asked = self.try_login(PASSWORD, "").data();
        assert_eq!(asked["NeedTFA"], 1, "{asked}");
        let ticket = asked["ticket"].as_str().unwrap().to_owned();
        let text = ticket.split(':').nth(1).unwrap().strip_prefix("!tfa!").unwrap();
        let mut bytes = Vec::new();
        for (n, part) in text.split('%').enumerate() {
            let plain = if n == 0 { part } else { &part[2..] };
            if n > 0 {
                bytes.push(u8::from_str_radix(&part[..2], 16).unwrap());
            }
            bytes.extend(plain.as_bytes());
        }
        (ticket, serde_json::from_slice(&bytes).unwrap())
    }

    fn browser(&self, login: &Value) -> Client {
        self.server
            .client()
            .header("Cookie", &format!("PVEAuthCookie={}", login["ticket"].as_str().unwrap()))
            .header("CSRFPreventionToken", login["CSRFPreventionToken"].as_str().unwrap())
    }
}

/// Adds a factor; the form is what comes after the type.
fn add(anna: &Client, form: &str) -> Value {
    anna.post(FACTORS, &format!("{form}&password={}", escaped(PASSWORD))).data()
}

fn add_key(anna: &Client, key: &Key) -> String {
    let asked = add(anna, "type=webauthn&description=blue");
    let asked: Value = serde_json::from_str(asked["challenge"].as_str().unwrap()).unwrap();
    let challenge = &asked["publicKey"]["challenge"];
    let answer = escaped(&key.create(challenge));
    let form =
        format!("type=webauthn&description=blue&challenge={}&value={answer}", challenge.as_str().unwrap());
    let added = add(anna, &form)["id"].as_str().unwrap().to_owned();
    let again = anna.post(FACTORS, &format!("{form}&password={}", escaped(PASSWORD)));
    assert_eq!(again.status, 400, "a challenge is answered once: {again:?}");
    added
}

/// Every kind of second factor is set up, asked for and opens the door, over HTTP
#[test]
fn a_user_sets_up_every_kind_of_factor_and_logs_in_with_each() {
    let scene = Scene::new();
    let anna = scene.browser(&scene.try_login(PASSWORD, "").data());
    let app = Totp::parse(APP).unwrap();
    add(&anna, &format!("type=totp&description=phone&totp={}&value={}", escaped(APP), app.code_at(now())));
    let keys = add(&anna, "type=recovery")["recovery"].clone();
    assert_eq!(keys.as_array().unwrap().len(), 10);
    let mut key = Key::es256();
    let added = add_key(&anna, &key);

    let (ticket, asked) = scene.question();
    assert_eq!((&asked["totp"], asked["recovery"].as_array().map(Vec::len)), (&json!(true), Some(10)));
    let signature = key.sign(&asked["webauthn"]["publicKey"]["challenge"]);
    let opened = scene.try_login(&format!("webauthn:{signature}"), &ticket).data();
    assert!(opened.get("NeedTFA").is_none() && opened["username"] == "anna@pve", "{opened}");
    let replayed = scene.try_login(&format!("webauthn:{signature}"), &ticket);
    assert_eq!(replayed.status, 401, "the same answer again");

    let (ticket, _) = scene.question();
    let recovery = format!("recovery:{}", keys[0].as_str().unwrap());
    assert!(scene.try_login(&recovery, &ticket).data()["ticket"].is_string());
    let (ticket, asked) = scene.question();
    assert_eq!(asked["recovery"].as_array().map(Vec::len), Some(9));
    assert!(scene.try_login(&format!("totp:{}", app.code_at(now())), &ticket).data()["ticket"].is_string());

    let listed = anna.get(FACTORS).data();
    assert_eq!(listed.as_array().unwrap().len(), 3, "{listed}");
    let removal = format!("{FACTORS}/{added}?password={}", escaped(PASSWORD));
    assert_eq!(anna.delete(&removal).status, 200);
    assert!(scene.question().1.get("webauthn").is_none());
    let tasks = scene.tree.json(&["history", "list"]).to_string();
    assert!(tasks.contains("security key"), "what was done is told, without what it was done with: {tasks}");
}

/// Logins with a wrong factor are refused late, and told in the audit
#[test]
fn a_wrong_answer_to_a_security_keys_question_is_refused() {
    let scene = Scene::new();
    let anna = scene.browser(&scene.try_login(PASSWORD, "").data());
    let key = Key::ed25519();
    add_key(&anna, &key);
    let (ticket, asked) = scene.question();
    let challenge = &asked["webauthn"]["publicKey"]["challenge"];
    let mut thief = Key::ed25519();
    let wrong = scene.try_login(&format!("webauthn:{}", thief.sign(challenge)), &ticket);
    assert_eq!((wrong.status, wrong.reason.as_str()), (401, "authentication failure"));
    let none = scene.try_login("webauthn:{}", &ticket);
    assert_eq!(none.status, 401);
    assert_eq!(scene.try_login(PASSWORD, &ticket).status, 401, "the password is no second factor");
}
