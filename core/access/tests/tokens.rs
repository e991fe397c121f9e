//! API tokens: made, shown, removed.
#![allow(clippy::unwrap_used, reason = "a failing fixture is a failing test")]

mod common;

use common::{USERS, World, secret, world};
use innkeeper_access::token::{parse_header, plan_create, plan_remove};
use innkeeper_access::{Credentials, Identity, TokenId, TokenOptions, UserDb, Via};
use innkeeper_change::{Plan, Problem};
use innkeeper_config::ConfigStore as _;
use proptest::prelude::*;
use secrecy::ExposeSecret as _;

fn id(text: &str) -> TokenId {
    text.parse().unwrap()
}

fn carry_out(world: &World, plan: &Plan) {
    plan.files().for_each(|change| world.host.change_file(change).unwrap());
}

fn show(world: &World, token: &str, value: &str) -> Result<Identity, Problem> {
    world.access.identify(Some(&Credentials::Token(id(token), secret(value))), None, true)
}

#[test]
fn a_token_is_made_shown_and_removed() {
    let world = world();
    world.write("user.cfg", USERS);
    world.write("priv/token.cfg", "anna@pve!ci 1111\n");
    let value = innkeeper_access::token::new_secret().unwrap();
    let options = TokenOptions { comment: "a:b\nc".to_owned(), ..TokenOptions::default() };
    let new = plan_create(world.store.as_ref(), &id("anna@pve!new"), &options, value).unwrap();
    carry_out(&world, &new.plan);
    let text = new.value.expose_secret().to_owned();
    assert_eq!(text.len(), 36);
    assert_eq!(text.as_bytes()[14], b'4');
    let who = show(&world, "anna@pve!new", &text).unwrap();
    assert_eq!((who.via, who.is_root()), (Via::Token, false));
    assert!(show(&world, "anna@pve!ci", "1111").is_ok());
    let users = world.access.users().unwrap();
    let made = users.token(&id("anna@pve!new")).unwrap();
    assert_eq!((&*made.comment, made.privilege_separation), ("a:b\nc", true));

    carry_out(&world, &plan_remove(world.store.as_ref(), &id("anna@pve!new")).unwrap());
    assert_eq!(show(&world, "anna@pve!new", &text), Err(bad()));
    assert!(show(&world, "anna@pve!ci", "1111").is_ok());
    let left = world.store.get("user.cfg").unwrap().unwrap();
    assert_eq!(left.content, USERS.as_bytes());
}

fn bad() -> Problem {
    Problem::Unauthenticated("invalid token value!".to_owned())
}

#[test]
fn root_gets_a_token_where_no_user_file_exists() {
    let world = world();
    let new = plan_create(
        world.store.as_ref(),
        &id("root@pam!first"),
        &TokenOptions { privilege_separation: false, ..TokenOptions::default() },
        secret("s3cret"),
    );
    carry_out(&world, &new.unwrap().plan);
    let who = show(&world, "root@pam!first", "s3cret").unwrap();
    assert!(!who.is_root());
    assert_eq!(world.access.check(&who, "/", &["Sys.Modify"], innkeeper_access::Need::All), Ok(()));
}

#[test]
fn wrong_secrets_and_unknown_tokens_are_answered_alike() {
    let world = world();
    world.write("user.cfg", &format!("{USERS}token:off@pve!tk:0:0::\ntoken:anna@pve!old:1:0::\n"));
    world.write(
        "priv/token.cfg",
        "anna@pve!ci right\n\nbroken\noff@pve!tk right\nanna@pve!old right\nanna@pve!ghost right\nanna@pve!empty \n",
    );
    assert!(show(&world, "anna@pve!ci", "right").is_ok());
    for (token, value) in [
        ("anna@pve!ci", "wrong"),
        ("anna@pve!ci", ""),
        ("anna@pve!ci", "right\n"),
        ("off@pve!tk", "right"),
        ("anna@pve!old", "right"),
        ("anna@pve!ghost", "right"),
        ("anna@pve!empty", ""),
        ("nobody@pve!xx", "right"),
    ] {
        assert_eq!(show(&world, token, value), Err(bad()), "{token} {value:?}");
    }
}

#[test]
fn headers_are_taken_apart() {
    let (token, value) = parse_header("PVEAPIToken=a@b@pve!xx=1=2").unwrap();
    assert_eq!((token.to_string().as_str(), value.expose_secret()), ("a@b@pve!xx", "1=2"));
    for header in ["", "PVEAPIToken=", "PVEAPIToken=a@pve=1", "Basic xyz", "PVEAPIToken=a@pve!xx"] {
        assert!(parse_header(header).is_none(), "{header}");
    }
}

#[test]
fn secrets_show_up_in_no_plan() {
    let world = world();
    let token = id("root@pam!tk");
    let new = plan_create(world.store.as_ref(), &token, &TokenOptions::default(), secret("s3cret")).unwrap();
    let shown = format!(
        "{:?}{}{}",
        new.plan.summary,
        innkeeper_change::render::text(&new.plan),
        serde_json::to_string(&new.plan).unwrap()
    );
    assert!(!shown.contains("s3cret"), "{shown}");
    // taken back, the token is gone; the secret that stays behind opens nothing
    let back = serde_json::to_string(&new.plan.reversal().unwrap()).unwrap();
    assert!(back.contains("user.cfg") && !back.contains("token.cfg") && !back.contains("s3cret"), "{back}");
}

#[test]
fn plans_that_cannot_be_are_refused() {
    let world = world();
    world.write("user.cfg", USERS);
    let create = |token: &str| {
        plan_create(world.store.as_ref(), &id(token), &TokenOptions::default(), secret("x")).err()
    };
    assert_eq!(create("anna@pve!ci"), Some(Problem::parameter("tokenid", "Token already exists.")));
    assert_eq!(create("nobody@pve!xx"), Some(Problem::parameter("userid", "no such user ('nobody@pve')")));
    assert_eq!(
        plan_remove(world.store.as_ref(), &id("anna@pve!xx")).unwrap_err(),
        Problem::parameter("tokenid", "no such token 'xx' for user 'anna@pve'")
    );
    world.store.put_if_digest("user.cfg", b"user:\xff\n", None).unwrap();
    assert!(matches!(create("root@pam!xx"), Some(Problem::Failed(_))));
}

/// Texts that are close to user.cfg.
fn texts() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        "user:(a|b)@pve:1:0::::::",
        "token:(a|b)@pve!(tk|uk):0:1::",
        "acl:1:/:(a@pve|a@pve!tk|@g)(,(a@pve|a@pve!tk))?:NoAccess:",
        "[ #:a-z]{0,8}",
    ];
    let ending = prop_oneof![8 => Just("\n"), 1 => Just("\r\n")];
    let last = prop_oneof![Just(""), Just("user:a@pve:1:0::::::")];
    (prop::collection::vec((line, ending), 0..8), last).prop_map(|(lines, last)| {
        lines.into_iter().map(|(line, ending)| line + ending).chain([last.to_owned()]).collect()
    })
}

proptest! {
    #[test]
    fn a_new_token_adds_lines_and_changes_none(text in texts()) {
        if let Ok(edited) = UserDb::add_token(&text, &id("a@pve!new"), &TokenOptions::default()) {
            let added: Vec<_> = edited.lines().filter(|line| line.contains("a@pve!new")).collect();
            prop_assert_eq!(added, ["token:a@pve!new:0:1::"]);
            let rest: Vec<_> = edited.lines().filter(|line| !line.contains("a@pve!new")).collect();
            prop_assert_eq!(rest, text.lines().collect::<Vec<_>>());
            let db = UserDb::parse(&edited);
            prop_assert!(db.token(&id("a@pve!new")).is_some());
            let back = UserDb::remove_token(&edited, &id("a@pve!new")).unwrap();
            prop_assert_eq!(back.lines().collect::<Vec<_>>(), text.lines().collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_changed_token_changes_its_own_lines_only(text in texts()) {
        let options = TokenOptions { expire: 7, privilege_separation: false, comment: "a: b".to_owned() };
        if let Ok(edited) = UserDb::change_token(&text, &id("a@pve!tk"), &options) {
            let token = UserDb::parse(&edited).token(&id("a@pve!tk")).cloned().unwrap();
            prop_assert_eq!((token.expire, token.privilege_separation, token.comment.as_str()), (7, false, "a: b"));
            let others = |text: &str| -> Vec<String> {
                let other = |line: &&str| !line.starts_with("token:a@pve!tk:");
                text.split_inclusive('\n').filter(other).map(str::to_owned).collect()
            };
            prop_assert_eq!(others(&edited), others(&text));
        }
    }

    #[test]
    fn a_removed_token_leaves_no_trace_and_all_other_lines(text in texts()) {
        if let Ok(edited) = UserDb::remove_token(&text, &id("a@pve!tk")) {
            prop_assert!(!edited.contains("a@pve!tk"), "{}", edited);
            for line in text.split_inclusive('\n').filter(|line| !line.contains("a@pve!tk")) {
                prop_assert!(edited.contains(line));
            }
        }
    }
}
