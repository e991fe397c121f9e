//! Logging in, and what a caller is recognised by afterwards.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8Path;
use common::{KEY, USERS, attempt, secret, world};
use innkeeper_access::{
    AuthError, Authenticator, Credentials, Identity, Need, Realm, SessionId, TICKET_LIFETIME, Tickets,
    UserId, Via,
};
use innkeeper_change::Problem;
use innkeeper_config::ConfigStore;
use proptest::prelude::*;
use secrecy::{ExposeSecret as _, SecretString};

/// Accepts "right" for everybody, and counts how often it is asked.
#[derive(Default)]
struct OnePassword {
    asked: AtomicUsize,
}

impl Authenticator for OnePassword {
    fn authenticate(&self, realm: &Realm, user: &UserId, password: &SecretString) -> Result<(), AuthError> {
        assert_eq!(realm.realm, user.realm());
        self.asked.fetch_add(1, Ordering::Relaxed);
        match password.expose_secret() {
            "right" => Ok(()),
            "old" => Err(AuthError::Expired),
            _ => Err(AuthError::Rejected),
        }
    }
}

fn refused(text: &str) -> Problem {
    Problem::Unauthenticated(text.to_owned())
}

#[test]
fn root_logs_in_where_no_user_file_exists() {
    let world = world();
    for (name, realm) in [("root@pam", None), ("root", Some("pam")), ("root@pam", Some("pam"))] {
        let login =
            world.access.login(&attempt(name, realm, &secret("right")), &OnePassword::default()).unwrap();
        assert_eq!(login.username, "root@pam");
        let shown = serde_json::to_value(&login).unwrap();
        assert_eq!(shown["cap"]["nodes"]["Sys.PowerMgmt"], 1);
        assert_eq!(shown["cap"]["vms"]["VM.Console"], 1);
        assert_eq!(shown["cap"].as_object().unwrap().len(), 7);
        assert_eq!(shown["CSRFPreventionToken"], login.csrf);
        let credentials = Credentials::Ticket(login.ticket);
        let who = world.access.identify(Some(&credentials), Some(&login.csrf), true).unwrap();
        assert!(who.is_root() && who.via == Via::Ticket);
    }
}

#[test]
fn every_failed_login_is_answered_alike() {
    let world = world();
    world.write("user.cfg", USERS);
    for (name, realm, password) in [
        ("root@pam", None, "wrong"),
        ("root@pam", None, "old"),
        ("root@pam", None, ""),
        ("nobody@pve", None, "right"),
        ("off@pve", None, "right"),
        ("gone@pve", None, "right"),
        ("twofactor@pve", None, "right"),
        ("root", None, "right"),
        ("root", Some("nowhere"), "right"),
        ("root@pam\n", None, "right"),
        ("", None, ""),
    ] {
        let password = secret(password);
        let answer = world.access.login(&attempt(name, realm, &password), &OnePassword::default());
        assert_eq!(answer.err(), Some(refused("authentication failure")), "{name:?} {realm:?}");
    }
    let login = world
        .access
        .login(&attempt("anna", Some("example"), &secret("right")), &OnePassword::default())
        .unwrap();
    assert_eq!(login.username, "anna@example");
    assert_eq!(login.cap["nodes"]["Sys.Audit"], 1);
    assert_eq!(login.cap["vms"].as_object().unwrap().len(), 0);
}

#[test]
fn a_second_factor_is_never_skipped() {
    let world = world();
    // each time from another address, or the wrong passwords would be one too many
    let addresses = AtomicUsize::new(0);
    let login = |password: &str| {
        let (password, origin) = (secret(password), addresses.fetch_add(1, Ordering::Relaxed).to_string());
        let attempt = innkeeper_access::Attempt { origin: &origin, ..attempt("root@pam", None, &password) };
        let login = world.access.login(&attempt, &OnePassword::default());
        login.map(|login| (login.need_tfa, login.csrf.is_empty()))
    };
    let in_at_once = Ok((None, false));
    world.write("priv/tfa.cfg", r#"{"users": {"anna@pve": {"totp": [{}]}, "root@pam": {}}}"#);
    assert_eq!(login("right"), in_at_once);
    for factors in
        [r#"{"totp": [{}]}"#, r#"{"u2f": [{"id": "x"}]}"#, r#"{"new": 1}"#, "[]", r#"{"recovery": {}}"#]
    {
        world.write("priv/tfa.cfg", &format!(r#"{{"users": {{"root@pam": {factors}}}}}"#));
        assert_eq!(login("right"), Ok((Some(1), true)), "{factors}");
        assert!(login("wrong").is_err());
    }
    world.write("priv/tfa.cfg", r#"{"users": {"root@pam": {"totp": [{"id": "x", "enable": false}]}}}"#);
    assert_eq!(login("right"), in_at_once, "switched off");
    world.write("priv/tfa.cfg", "not json");
    assert!(login("right").is_err());
    world.write("priv/tfa.cfg", "{}");
    world.write("domains.cfg", "pam: pam\n\ttfa type=oath\n");
    assert!(login("right").is_err());
}

/// Logs root in; the ticket and its session.
fn logged_in(world: &common::World) -> (String, SessionId) {
    let login =
        world.access.login(&attempt("root@pam", None, &secret("right")), &OnePassword::default()).unwrap();
    let shown = Tickets::new(KEY).verify(&login.ticket, world.host.now()).unwrap().unwrap();
    (login.ticket, shown.session)
}

#[test]
fn a_ticket_is_renewed_by_showing_it_as_password_and_its_session_goes_on() {
    let world = world();
    world.write("user.cfg", USERS);
    let now = world.host.now();
    let (_, session) = logged_in(&world);
    let tickets = Tickets::new(KEY);
    let ticket = tickets.issue(&UserId::root(), &session, now - 100).unwrap();
    let realm = OnePassword::default();
    let login = world.access.login(&attempt("root@pam", None, &secret(&ticket)), &realm).unwrap();
    assert_ne!(login.ticket, ticket);
    assert_eq!(realm.asked.load(Ordering::Relaxed), 0);
    assert_eq!(tickets.verify(&login.ticket, now).unwrap().unwrap().session, session);
    assert_eq!(world.access.sessions().unwrap().list(now).unwrap().len(), 1);
    // a ticket of somebody else, or one that is too old, is a wrong password
    assert!(world.access.login(&attempt("anna@pve", None, &secret(&ticket)), &realm).is_err());
    let old = tickets.issue(&UserId::root(), &session, now - TICKET_LIFETIME - 60).unwrap();
    assert!(world.access.login(&attempt("root@pam", None, &secret(&old)), &realm).is_err());
}

#[test]
fn a_ticket_ends_with_its_session_also_when_another_process_ends_it() {
    let world = world();
    let (ticket, session) = logged_in(&world);
    let (other, _) = logged_in(&world);
    let show =
        |ticket: &str| world.access.identify(Some(&Credentials::Ticket(ticket.to_owned())), None, false);
    let who = show(&ticket).unwrap();
    assert!(show(&other).is_ok());
    let elsewhere = innkeeper_access::Sessions::open(&world.host).unwrap();
    assert!(elsewhere.end(who.session.as_deref().unwrap()).unwrap());
    let bad = refused("permission denied - invalid PVE ticket");
    assert_eq!(show(&ticket), Err(bad.clone()));
    assert!(show(&other).is_ok(), "other sessions go on");
    assert_eq!(elsewhere.end_all(&UserId::root(), None).unwrap(), 1);
    assert_eq!(show(&other), Err(bad));
    // a session cannot be made up
    let made_up = Tickets::new([8; 32]).issue(&UserId::root(), &session, world.host.now()).unwrap();
    assert!(show(&made_up).is_err());
}

#[test]
fn a_damaged_file_of_sessions_is_put_aside_and_people_log_in_anew() {
    let world = world();
    let (ticket, _) = logged_in(&world);
    let file = Utf8Path::new("/var/lib/innkeeper/sessions.db");
    let everybody = innkeeper_host::Permissions { mode: 0o600, owner: None };
    world.host.write_own(file, &[b'x'; 5000], everybody).unwrap();
    let again = common::again(&world);
    assert!(again.identify(Some(&Credentials::Ticket(ticket)), None, false).is_err());
    assert!(again.login(&attempt("root@pam", None, &secret("right")), &OnePassword::default()).is_ok());
    let names = world.host.list_dir(Utf8Path::new("/var/lib/innkeeper")).unwrap();
    assert!(names.iter().any(|entry| entry.name.starts_with("sessions.db.damaged-")), "{names:?}");
}

#[test]
fn tickets_hold_two_hours_and_may_be_five_minutes_ahead() {
    let tickets = Tickets::new(KEY);
    let user: UserId = "anna@pve".parse().unwrap();
    let ticket = tickets.issue(&user, &[1; 16], 1_000_000).unwrap();
    let csrf = tickets.csrf(&user, 1_000_000).unwrap();
    assert!(ticket.starts_with("PVE:anna@pve:000F4240::"), "{ticket}");
    for (now, holds) in [
        (1_000_000, true),
        (1_000_000 + TICKET_LIFETIME, true),
        (1_000_001 + TICKET_LIFETIME, false),
        (1_000_000 - 300, true),
        (1_000_000 - 301, false),
        (i64::MIN, false),
        (i64::MAX, false),
    ] {
        assert_eq!(tickets.verify(&ticket, now).unwrap().is_some(), holds, "{now}");
        assert_eq!(tickets.verify_csrf(&user, &csrf, now).unwrap(), holds, "{now}");
    }
    assert_eq!(Tickets::new([8; 32]).verify(&ticket, 1_000_000).unwrap(), None);
    assert!(!tickets.verify_csrf(&UserId::root(), &csrf, 1_000_000).unwrap());
}

#[test]
fn changes_need_the_header_that_belongs_to_the_user() {
    let world = world();
    let (ticket, _) = logged_in(&world);
    let (tickets, now) = (Tickets::new(KEY), world.host.now());
    let ticket = Credentials::Ticket(ticket);
    let csrf = tickets.csrf(&UserId::root(), now).unwrap();
    let identify = |csrf, needed| world.access.identify(Some(&ticket), csrf, needed);
    let who = identify(None, false).unwrap();
    assert!(who.is_root() && who.via == Via::Ticket && who.session.is_some());
    assert!(identify(Some(&*csrf), true).is_ok());
    let wrong = tickets.csrf(&"anna@pve".parse().unwrap(), now).unwrap();
    for header in [None, Some(""), Some(":"), Some(&*wrong)] {
        assert_eq!(identify(header, true), Err(refused("Permission denied - invalid csrf token")));
    }
}

#[test]
fn a_ticket_ends_with_its_user() {
    let world = world();
    world.write("user.cfg", USERS);
    let login = world
        .access
        .login(&attempt("anna@example", None, &secret("right")), &OnePassword::default())
        .unwrap();
    let ticket = Credentials::Ticket(login.ticket);
    let bad = refused("permission denied - invalid PVE ticket");
    assert!(world.access.identify(Some(&ticket), None, false).is_ok());
    world.write("user.cfg", &USERS.replace("anna@example:1:0", "anna@example:0:0"));
    assert_eq!(world.access.identify(Some(&ticket), None, false), Err(bad.clone()));
    assert_eq!(world.access.identify(None, None, false), Err(refused("No ticket")));
    let made_up = Credentials::Ticket("PVE:root@pam:00000000::".to_owned());
    assert_eq!(world.access.identify(Some(&made_up), None, false), Err(bad));
}

#[test]
fn a_one_time_link_works_once_and_not_for_long() {
    let world = world();
    let redeem = |link: &SecretString| world.access.login_one_time(link, "192.0.2.1");
    let link = world.access.issue_one_time(&UserId::root(), 60).unwrap();
    assert!(redeem(&secret("")).is_err());
    assert_eq!(redeem(&link).unwrap().username, "root@pam");
    assert!(redeem(&link).is_err());
    let late = world.access.issue_one_time(&UserId::root(), 0).unwrap();
    assert!(redeem(&late).is_err());
    let nobody = world.access.issue_one_time(&"nobody@pve".parse().unwrap(), 60).unwrap();
    assert!(redeem(&nobody).is_err());
    let shown = Credentials::OneTime(world.access.issue_one_time(&UserId::root(), 60).unwrap());
    assert_eq!(world.access.identify(Some(&shown), None, true).unwrap().via, Via::OneTime);
    assert!(world.access.identify(Some(&shown), None, true).is_err());
    assert!(!format!("{shown:?}").contains(link.expose_secret()));
}

/// Throttling: also with the right password nobody gets in who has just guessed too often
#[test]
fn whoever_guesses_is_kept_waiting() {
    let world = world();
    let login = |password: &str| {
        world.access.login(&attempt("root@pam", None, &secret(password)), &OnePassword::default())
    };
    for _ in 0..5 {
        assert_eq!(login("wrong").err(), Some(refused("authentication failure")));
    }
    let waiting = login("right").err().unwrap().to_string();
    assert!(waiting.starts_with("too many failed logins; try again in "), "{waiting}");
    let password = secret("right");
    let elsewhere = innkeeper_access::Attempt { origin: "192.0.2.2", ..attempt("root@pam", None, &password) };
    assert!(world.access.login(&elsewhere, &OnePassword::default()).is_ok());
}

#[test]
fn users_of_the_realm_pve_log_in_with_the_password_that_is_kept_here() {
    let world = world();
    world.write("user.cfg", USERS);
    let hash = innkeeper_access::password::hash(&secret("opensesame")).unwrap();
    world.write("priv/shadow.cfg", &format!("anna:{}:\n", hash.expose_secret()));
    let login = |name: &str, password: &str| {
        world.access.login(&attempt(name, None, &secret(password)), &OnePassword::default())
    };
    assert_eq!(login("anna@pve", "opensesame").unwrap().username, "anna@pve");
    // the host's own passwords are none here, and the other way round
    assert!(login("anna@pve", "right").is_err());
    assert!(login("anna@example", "opensesame").is_err());
    assert!(login("off@pve", "opensesame").is_err());
}

#[test]
fn missing_privileges_are_named_with_their_path() {
    let world = world();
    world.write("user.cfg", USERS);
    let anna = Identity::new("anna@pve".parse::<UserId>().unwrap(), Via::Ticket);
    let check = |path: &str, privileges: &[&str], need| world.access.check(&anna, path, privileges, need);
    let forbidden = |text: &str| Err(Problem::Forbidden(text.to_owned()));
    assert_eq!(check("/nodes/a", &["Sys.Audit"], Need::All), Ok(()));
    assert_eq!(check("/nodes/a", &["Sys.Modify", "Sys.Audit"], Need::Any), Ok(()));
    assert_eq!(
        check("/nodes/a", &["Sys.Audit", "Sys.Modify"], Need::All),
        forbidden("Permission check failed (/nodes/a, Sys.Modify)")
    );
    assert_eq!(
        check("/", &["Sys.Audit", "Sys.Modify"], Need::Any),
        forbidden("Permission check failed (/, Sys.Audit|Sys.Modify)")
    );
    assert_eq!(check("/", &[], Need::Any), forbidden("Permission check failed (/, )"));
    assert!(world.access.check_root(&anna).is_err());
    assert!(world.access.check_root(&Identity::local_root()).is_ok());
}

#[test]
fn permissions_are_listed_by_path_and_say_whether_they_propagate() {
    let world = world();
    world.write("user.cfg", &format!("{USERS}acl:0:/storage/x:anna@pve:PVEDatastoreUser:\n"));
    let anna = "anna@pve".parse().unwrap();
    let all = world.access.permissions(&anna, None).unwrap();
    assert_eq!(all.keys().collect::<Vec<_>>(), ["/nodes", "/storage/x"]);
    assert_eq!(all["/nodes"]["Sys.Audit"], 1);
    assert_eq!(all["/storage/x"]["Datastore.AllocateSpace"], 0);
    let one = world.access.permissions(&anna, Some("/nodes/pve1")).unwrap();
    assert_eq!(one.keys().collect::<Vec<_>>(), ["/nodes/pve1"]);
    assert!(world.access.permissions(&anna, Some("/vms")).unwrap().is_empty());
}

const DAY: i64 = 24 * 60 * 60;

#[test]
fn keys_take_turns_every_day_and_old_ones_hold_as_long_as_what_they_signed() {
    let world = world();
    let path = Utf8Path::new("/etc/pve/priv/innkeeper-ticket.key");
    let (root, session) = (UserId::root(), [1; 16]);
    let open = || Tickets::of(Arc::clone(&world.store) as Arc<dyn ConfigStore>);
    let keys =
        || String::from_utf8(world.store.get("priv/innkeeper-ticket.key").unwrap().unwrap().content).unwrap();
    let first = open();
    let begin = 1_000_000;
    let ticket = first.issue(&root, &session, begin).unwrap();
    assert_eq!(world.host.metadata(path).unwrap().unwrap().mode & 0o7777, 0o600);
    let before = keys();
    // another process signs with the same key, and a day later with a new one that the first understands
    let second = open();
    let late = second.issue(&root, &session, begin + DAY - 1).unwrap();
    assert_eq!(keys(), before);
    let later = second.issue(&root, &session, begin + DAY).unwrap();
    assert_ne!(keys(), before);
    for (ticket, now) in [(&ticket, begin), (&late, begin + DAY + 3600), (&later, begin + DAY)] {
        assert!(first.verify(ticket, now).unwrap().is_some());
    }
    // two days on, the first key is gone from the file
    second.issue(&root, &session, begin + 2 * DAY).unwrap();
    let lines = keys().lines().filter(|line| !line.starts_with('#')).count();
    assert_eq!(lines, 2);
    assert!(first.verify(&ticket, begin).unwrap().is_none());
}

/// Bad input: whatever became of the file, people can log in, and nothing of it is lost
#[test]
fn a_damaged_key_file_is_kept_aside_and_a_new_key_made() {
    let world = world();
    let open = || Tickets::of(Arc::clone(&world.store) as Arc<dyn ConfigStore>);
    world.write("priv/innkeeper-ticket.key", "short\n");
    let ticket = open().issue(&UserId::root(), &[1; 16], 50).unwrap();
    assert!(open().verify(&ticket, 50).unwrap().is_some());
    let aside = world.store.get("priv/innkeeper-ticket.key.damaged").unwrap().unwrap();
    assert_eq!(aside.content, b"short\n");
    // the file of earlier versions: one key and nothing else
    let world = common::world();
    world.write("priv/innkeeper-ticket.key", "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=\n");
    let tickets = Tickets::of(Arc::clone(&world.store) as Arc<dyn ConfigStore>);
    let old = Tickets::new(KEY).issue(&UserId::root(), &[1; 16], 50).unwrap();
    assert!(tickets.verify(&old, 50).unwrap().is_some());
}

#[test]
fn realms_are_listed_with_the_two_that_are_always_there() {
    let world = world();
    let names = |world: &common::World| -> Vec<String> {
        world.access.realms().unwrap().iter().map(|realm| realm.realm.clone()).collect()
    };
    assert_eq!(names(&world), ["example", "pam", "pve"]);
    world.write(
        "domains.cfg",
        "ldap: example.org\n\tcomment Staff\n\tdefault 1\n\nldap: pam\n\tcomment Host\n",
    );
    assert_eq!(names(&world), ["example.org", "pam", "pve"]);
    let realms = world.access.realms().unwrap();
    assert_eq!((realms[0].default, realms[0].comment.as_deref()), (Some(1), Some("Staff")));
    // the file can't turn the realm of the host into another one
    assert_eq!((&*realms[1].kind, realms[1].comment.as_deref()), ("pam", Some("Host")));
}

proptest! {
    #[test]
    fn no_text_is_taken_for_a_ticket(text in any::<String>(), at in 0usize..80, byte in 0x20u8..0x7f) {
        let tickets = Tickets::new(KEY);
        prop_assert_eq!(tickets.verify(&text, 0).unwrap(), None);
        prop_assert!(!tickets.verify_csrf(&UserId::root(), &text, 0).unwrap());
        let ticket = tickets.issue(&UserId::root(), &[1; 16], 0).unwrap();
        let mut forged = ticket.clone().into_bytes();
        let at = at % forged.len();
        forged[at] = byte;
        let forged = String::from_utf8(forged).unwrap();
        prop_assert_eq!(tickets.verify(&forged, 0).unwrap().is_some(), forged == ticket);
    }
}
