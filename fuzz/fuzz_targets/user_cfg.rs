//! user.cfg: any text is read, and edits leave alone what is no record.
#![no_main]

use innkeeper_access::{AclEdit, AclSubject, User, UserChange, UserDb};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let db = UserDb::parse(text);
    let Ok(anna) = "anna@pve".parse::<innkeeper_access::UserId>() else { return };
    let _ = db.privileges(&anna.clone().into(), "/nodes/pve1", 0);
    let edit = AclEdit {
        path: "/".to_owned(),
        subjects: vec![AclSubject::Auth(anna.clone().into())],
        roles: vec!["PVEAuditor".to_owned()],
        propagate: true,
    };
    let given = UserDb::add_acl(text, &edit);
    let gives = |entry: (&str, &AclSubject, &str, bool)| entry == ("/", &edit.subjects[0], "PVEAuditor", true);
    assert!(UserDb::parse(&given).acl().entries().any(gives));
    let mut edited = vec![given, UserDb::remove_acl(text, &edit)];
    edited.extend(UserDb::add_user(text, &anna, &User::default()));
    edited.extend(UserDb::change_user(text, &anna, &UserChange { expire: Some(1), ..UserChange::default() }));
    edited.extend(UserDb::remove_user(text, &anna));
    edited.extend(UserDb::add_group(text, "g", "a:b"));
    edited.extend(UserDb::add_role(text, "r", &[]));
    for after in edited {
        for line in text.split('\n').filter(|line| line.trim_start().starts_with('#')) {
            assert!(after.split('\n').any(|other| other == line), "a comment is lost");
        }
    }
});
