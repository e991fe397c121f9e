//! Logging in, and what a caller is recognised by afterwards.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use std::sync::atomic::{AtomicUsize, Ordering};

use camino::Utf8Path;
use common::{KEY, USERS, secret, world};
use innkeeper_access::{
    AuthError, Authenticator, Credentials, Identity, Need, Realm, TICKET_LIFETIME, Tickets, UserId, Via,
};
use innkeeper_change::Problem;
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
        let login = world.access.login(name, realm, &secret("right"), &OnePassword::default()).unwrap();
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
        let answer = world.access.login(name, realm, &secret(password), &OnePassword::default());
        assert_eq!(answer.err(), Some(refused("authentication failure")), "{name:?} {realm:?} {password:?}");
    }
    let login = world.access.login("anna", Some("pve"), &secret("right"), &OnePassword::default()).unwrap();
    assert_eq!(login.username, "anna@pve");
    assert_eq!(login.cap["nodes"]["Sys.Audit"], 1);
    assert_eq!(login.cap["vms"].as_object().unwrap().len(), 0);
}

#[test]
fn a_second_factor_is_never_skipped() {
    let world = world();
    let login = |password: &str| {
        world.access.login("root@pam", None, &secret(password), &OnePassword::default()).is_ok()
    };
    world.write("priv/tfa.cfg", r#"{"users": {"anna@pve": {"totp": [{}]}, "root@pam": {}}}"#);
    assert!(login("right"));
    world.write("priv/tfa.cfg", r#"{"users": {"root@pam": {"totp": [{}]}}}"#);
    assert!(!login("right"));
    world.write("priv/tfa.cfg", "not json");
    assert!(!login("right"));
    world.write("priv/tfa.cfg", "{}");
    world.write("domains.cfg", "pam: pam\n\ttfa type=oath\n");
    assert!(!login("right"));
}

#[test]
fn a_ticket_is_renewed_by_showing_it_as_password() {
    let world = world();
    world.write("user.cfg", USERS);
    let now = world.host.now();
    let realm = OnePassword::default();
    let ticket = Tickets::new(KEY).issue(&UserId::root(), now - 100);
    let login = world.access.login("root@pam", None, &secret(&ticket), &realm).unwrap();
    assert_ne!(login.ticket, ticket);
    assert_eq!(realm.asked.load(Ordering::Relaxed), 0);
    // a ticket of somebody else, or one that is too old, is a wrong password
    assert!(world.access.login("anna@pve", None, &secret(&ticket), &realm).is_err());
    let old = Tickets::new(KEY).issue(&UserId::root(), now - TICKET_LIFETIME - 60);
    assert!(world.access.login("root@pam", None, &secret(&old), &realm).is_err());
}

#[test]
fn tickets_hold_two_hours_and_may_be_five_minutes_ahead() {
    let tickets = Tickets::new(KEY);
    let user: UserId = "anna@pve".parse().unwrap();
    let (ticket, csrf) = (tickets.issue(&user, 1_000_000), tickets.csrf(&user, 1_000_000));
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
        assert_eq!(tickets.verify(&ticket, now).is_some(), holds, "{now}");
        assert_eq!(tickets.verify_csrf(&user, &csrf, now), holds, "{now}");
    }
    assert_eq!(Tickets::new([8; 32]).verify(&ticket, 1_000_000), None);
    assert!(!tickets.verify_csrf(&UserId::root(), &csrf, 1_000_000));
}

#[test]
fn changes_need_the_header_that_belongs_to_the_user() {
    let world = world();
    world.write("user.cfg", USERS);
    let (tickets, now) = (Tickets::new(KEY), world.host.now());
    let anna: UserId = "anna@pve".parse().unwrap();
    let ticket = Credentials::Ticket(tickets.issue(&anna, now));
    let csrf = tickets.csrf(&anna, now);
    let identify = |csrf, needed| world.access.identify(Some(&ticket), csrf, needed);
    assert_eq!(identify(None, false).unwrap(), Identity::new(anna.clone(), Via::Ticket));
    assert!(identify(Some(&*csrf), true).is_ok());
    let wrong = tickets.csrf(&UserId::root(), now);
    for header in [None, Some(""), Some(":"), Some(&*wrong)] {
        assert_eq!(identify(header, true), Err(refused("Permission denied - invalid csrf token")));
    }
}

#[test]
fn a_ticket_ends_with_its_user() {
    let world = world();
    let now = world.host.now();
    let anna: UserId = "anna@pve".parse().unwrap();
    let ticket = Credentials::Ticket(Tickets::new(KEY).issue(&anna, now));
    let bad = refused("permission denied - invalid PVE ticket");
    assert_eq!(world.access.identify(Some(&ticket), None, false), Err(bad.clone()));
    world.write("user.cfg", USERS);
    assert!(world.access.identify(Some(&ticket), None, false).is_ok());
    world.write("user.cfg", &USERS.replace("anna@pve:1:0", "anna@pve:0:0"));
    assert_eq!(world.access.identify(Some(&ticket), None, false), Err(bad.clone()));
    assert_eq!(world.access.identify(None, None, false), Err(refused("No ticket")));
    let made_up = Credentials::Ticket("PVE:root@pam:00000000::".to_owned());
    assert_eq!(world.access.identify(Some(&made_up), None, false), Err(bad));
}

#[test]
fn a_one_time_link_works_once_and_not_for_long() {
    let world = world();
    let link = world.access.issue_one_time(&UserId::root(), 60).unwrap();
    assert!(world.access.login_one_time(&secret("")).is_err());
    assert_eq!(world.access.login_one_time(&link).unwrap().username, "root@pam");
    assert!(world.access.login_one_time(&link).is_err());
    let late = world.access.issue_one_time(&UserId::root(), 0).unwrap();
    assert!(world.access.login_one_time(&late).is_err());
    let nobody = world.access.issue_one_time(&"nobody@pve".parse().unwrap(), 60).unwrap();
    assert!(world.access.login_one_time(&nobody).is_err());
    let shown = Credentials::OneTime(world.access.issue_one_time(&UserId::root(), 60).unwrap());
    assert_eq!(world.access.identify(Some(&shown), None, true).unwrap().via, Via::OneTime);
    assert!(world.access.identify(Some(&shown), None, true).is_err());
    assert!(!format!("{shown:?}").contains(link.expose_secret()));
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

#[test]
fn the_key_of_tickets_is_made_once_and_private() {
    let world = world();
    let path = Utf8Path::new("/etc/pve/priv/innkeeper-ticket.key");
    let first = Tickets::load(world.host.as_ref()).unwrap();
    assert_eq!(world.host.metadata(path).unwrap().unwrap().mode & 0o7777, 0o600);
    let ticket = first.issue(&UserId::root(), 0);
    let second = Tickets::load(world.host.as_ref()).unwrap();
    assert_eq!(second.verify(&ticket, 0), Some(UserId::root()));
    world.host.remove_own(path).unwrap();
    let third = Tickets::load(world.host.as_ref()).unwrap();
    assert_eq!(third.verify(&ticket, 0), None);
    world.write("priv/innkeeper-ticket.key", "short\n");
    assert!(Tickets::load(world.host.as_ref()).is_err());
}

#[test]
fn realms_are_listed_with_the_two_that_are_always_there() {
    let world = world();
    let names = |world: &common::World| -> Vec<String> {
        world.access.realms().unwrap().iter().map(|realm| realm.realm.clone()).collect()
    };
    assert_eq!(names(&world), ["pam", "pve"]);
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
        prop_assert_eq!(tickets.verify(&text, 0), None);
        prop_assert!(!tickets.verify_csrf(&UserId::root(), &text, 0));
        let ticket = tickets.issue(&UserId::root(), 0);
        let mut forged = ticket.clone().into_bytes();
        let at = at % forged.len();
        forged[at] = byte;
        let forged = String::from_utf8(forged).unwrap();
        prop_assert_eq!(tickets.verify(&forged, 0).is_some(), forged == ticket);
    }
}
