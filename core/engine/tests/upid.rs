//! The format of task ids.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]

use innkeeper_engine::{TaskName, Upid};
use proptest::prelude::*;

/// NODE-11: the guide's sample parses and prints back.
#[test]
fn the_sample_of_the_guide_parses_and_prints_back() {
    let text = "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root@pam:";
    let upid: Upid = text.parse().unwrap();
    assert_eq!(upid.node(), "pve1");
    assert_eq!((upid.pid(), upid.pstart(), upid.starttime()), (69012, 1_877_738, 1_629_807_033));
    assert_eq!((upid.kind(), upid.id(), upid.user()), ("vzdump", "100", "root@pam"));
    assert_eq!(upid.to_string(), text);
    assert_eq!(upid.log_path(), format!("/var/log/pve/tasks/9/{text}"));
}

/// NODE-11
#[test]
fn lower_case_digits_nine_digit_ticks_and_an_empty_id_are_understood() {
    let upid: Upid = "UPID:a:0001d94e:1001ca6ea:6124e1ba:aptupdate::root@pam!x:".parse().unwrap();
    assert_eq!(upid.to_string(), "UPID:a:0001D94E:1001CA6EA:6124E1BA:aptupdate::root@pam!x:");
    assert_eq!(upid.user_and_token(), ("root@pam", Some("x")));
    assert_eq!(upid.log_dir(), "/var/log/pve/tasks/A");
}

/// NODE-11
#[test]
fn what_is_not_a_task_id_is_refused_in_the_originals_words() {
    for bad in [
        "",
        "UPID:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root@pam",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root@pam::",
        "UPID:pve1:10D94:001CA6EA:6124E1B9:vzdump:100:root@pam:",
        "UPID:pve1:+0010D94:001CA6EA:6124E1B9:vzdump:100:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9::100:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:../100:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vz/dump:100:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root/x@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:1 0:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:1\n0:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:vzdump:1\u{0}0:root@pam:",
        "UPID:-pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root@pam:",
        "upid:pve1:00010D94:001CA6EA:6124E1B9:vzdump:100:root@pam:",
        "UPID:pve1:00010D94:001CA6EA:6124E1B9:00000001:vzdump:100:root@pam:",
    ] {
        let error = bad.parse::<Upid>().unwrap_err();
        assert_eq!(error.to_string(), format!("unable to parse worker upid '{bad}'"));
    }
    let long = format!("UPID:a:00010D94:001CA6EA:6124E1B9:vzdump:{}:root@pam:", "x".repeat(300));
    assert!(long.parse::<Upid>().is_err(), "no file can have that name");
}

proptest! {
    /// NODE-11
    #[test]
    fn a_task_id_that_is_put_together_reads_back_as_the_same(
        node in "[a-zA-Z0-9]([a-zA-Z0-9-]{0,20}[a-zA-Z0-9])?",
        pid: u32,
        pstart in 0..0x10_0000_0000_u64,
        start: u32,
        kind in "[a-zA-Z0-9._()-]{1,20}",
        id in "[^:\\s/\\pC]{0,20}",
        user in "[^:\\s/\\pC]{1,20}",
    ) {
        let task = TaskName::new(kind, id);
        let upid = Upid::new(&node, (pid, pstart), i64::from(start), &task, &user).unwrap();
        prop_assert_eq!(upid.to_string().parse::<Upid>().unwrap(), upid.clone());
        prop_assert_eq!((upid.pid(), upid.pstart(), upid.starttime()), (pid, pstart, i64::from(start)));
        prop_assert_eq!((upid.node(), upid.user()), (&*node, &*user));
    }

    /// NODE-11
    #[test]
    fn whatever_parses_prints_back_but_for_the_case_of_digits(text in "UPID:([a-zA-Z0-9:@/! -]{1,70}):") {
        if let Ok(upid) = text.parse::<Upid>() {
            prop_assert!(upid.to_string().eq_ignore_ascii_case(&text));
        }
    }

    /// NODE-11
    #[test]
    fn no_text_makes_the_parser_panic(text: String) {
        let _ = text.parse::<Upid>();
    }
}
