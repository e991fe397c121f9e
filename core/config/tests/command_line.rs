//! The kernel's command line in the files of boot loaders.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

use innkeeper_config::command_line::{CommandLineFile, GrubDefaults, set, value};
use proptest::prelude::*;

const KEY: &str = "net.naming-scheme";
const DEBIAN: &str = "# If you change this file, run 'update-grub' afterwards to update\n# /boot/grub/grub.cfg.\n\nGRUB_DEFAULT=0\n\
GRUB_TIMEOUT=5\nGRUB_DISTRIBUTOR=`lsb_release -i -s 2> /dev/null || echo Debian`\nGRUB_CMDLINE_LINUX_DEFAULT=\"quiet\"\n\
GRUB_CMDLINE_LINUX=\"\"\n\n# GRUB_CMDLINE_LINUX_DEFAULT=\"old\"\n#GRUB_TERMINAL=console\n";

/// BOOT-38
#[test]
fn one_word_of_debians_file_changes_and_no_other_byte() {
    let grub = GrubDefaults::parse(DEBIAN).unwrap();
    assert_eq!(grub.value(KEY), None);
    let pinned = grub.set(KEY, Some("v252"));
    assert_eq!(pinned, DEBIAN.replace("=\"quiet\"", "=\"quiet net.naming-scheme=v252\""));
    let again = GrubDefaults::parse(&pinned).unwrap();
    assert_eq!((again.value(KEY), again.set(KEY, Some("v252"))), (Some("v252"), pinned.clone()));
    assert_eq!(again.set(KEY, Some("v250")), pinned.replace("v252", "v250"));
    assert_eq!(again.set(KEY, None), DEBIAN);
}

/// BOOT-38: quoting and other lines are preserved
#[test]
fn all_ways_to_quote_are_kept() {
    let cases = [
        ("GRUB_CMDLINE_LINUX_DEFAULT=''\n", "GRUB_CMDLINE_LINUX_DEFAULT='a=1'\n"),
        (
            "GRUB_CMDLINE_LINUX_DEFAULT=quiet # no quotes\n",
            "GRUB_CMDLINE_LINUX_DEFAULT=\"quiet a=1\" # no quotes\n",
        ),
        ("GRUB_CMDLINE_LINUX_DEFAULT=\n", "GRUB_CMDLINE_LINUX_DEFAULT=a=1\n"),
        ("GRUB_CMDLINE_LINUX_DEFAULT=\"x  y \"", "GRUB_CMDLINE_LINUX_DEFAULT=\"x  y a=1\""),
        (
            "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"y\"\n",
            "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"y a=1\"\n",
        ),
        (
            "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT+=\" y\"\n",
            "GRUB_CMDLINE_LINUX_DEFAULT=\"x\"\nGRUB_CMDLINE_LINUX_DEFAULT+=\" y a=1\"\n",
        ),
        (
            "export GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT x\"\n",
            "export GRUB_CMDLINE_LINUX_DEFAULT=\"$GRUB_CMDLINE_LINUX_DEFAULT x a=1\"\n",
        ),
        (
            "GRUB_CMDLINE_LINUX=\"a=0 b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"q\"\n",
            "GRUB_CMDLINE_LINUX=\"a=1 b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"q\"\n",
        ),
        (
            "GRUB_CMDLINE_LINUX=\"a=0 b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=2\"\n",
            "GRUB_CMDLINE_LINUX=\"b\"\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=1\"\n",
        ),
        ("GRUB_TIMEOUT=5", "GRUB_TIMEOUT=5\nGRUB_CMDLINE_LINUX_DEFAULT=\"a=1\"\n"),
        ("", "GRUB_CMDLINE_LINUX_DEFAULT=\"a=1\"\n"),
    ];
    for (before, after) in cases {
        let grub = GrubDefaults::parse(before).unwrap();
        assert_eq!(grub.set("a", Some("1")), after, "{before}");
        assert_eq!(GrubDefaults::parse(after).unwrap().value("a"), Some("1"), "{after}");
    }
}

#[test]
fn what_only_a_shell_understands_is_refused_with_its_line() {
    for text in [
        "GRUB_CMDLINE_LINUX_DEFAULT=\"`cat /x`\"\n",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"$(cat /x)\"\n",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"a\"'b'\n",
        "GRUB_CMDLINE_LINUX_DEFAULT=\"a\n",
        "  GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\n",
        "[ -e /x ] && GRUB_CMDLINE_LINUX_DEFAULT=\"a\"\n",
        "GRUB_CMDLINE_LINUX=a$b\n",
    ] {
        let wrong = GrubDefaults::parse(&format!("# one\n{text}")).unwrap_err();
        assert_eq!(wrong.line, 2, "{text}");
    }
}

/// BOOT-39
#[test]
fn the_file_of_one_line_keeps_it_one_and_wants_a_root() {
    let text = "root=ZFS=rpool/ROOT/pve-1 boot=zfs\n";
    let file = CommandLineFile::parse(text).unwrap();
    assert_eq!(file.set(KEY, Some("v252")), "root=ZFS=rpool/ROOT/pve-1 boot=zfs net.naming-scheme=v252\n");
    assert_eq!(file.set(KEY, None), text);
    assert_eq!(CommandLineFile::parse("root=/dev/sda1").unwrap().set("a", Some("1")), "root=/dev/sda1 a=1\n");
    let two = CommandLineFile::parse("root=/dev/sda1\nquiet\n").unwrap_err();
    assert!(two.reason.contains("one line"), "{two}");
    assert!(CommandLineFile::parse("\nroot=/dev/sda1\n").is_err());
    assert!(CommandLineFile::parse("quiet\n").unwrap_err().reason.contains("'root='"));
    assert!(CommandLineFile::parse("").is_err());
}

#[test]
fn words_of_a_line_are_told_apart_as_the_kernel_does() {
    let line = "a=1 b=\"x a=2\" net.naming_scheme=v250 quiet";
    assert_eq!((value(line, "a"), value(line, "quiet"), value(line, "c")), (Some("1"), Some(""), None));
    assert_eq!(value(line, KEY), Some("v250"), "dash and underscore are the same");
    assert_eq!(set(line, KEY, None), "a=1 b=\"x a=2\" quiet");
    assert_eq!(set("a=1 a=2 b", "a", Some("3")), "a=3 b");
}

proptest! {
    /// Law: what is set is read again, nothing else is lost, and taking it away leaves what was there.
    #[test]
    fn a_parameter_comes_and_goes(words in proptest::collection::vec("[a-z]{1,4}(=[a-z0-9.,/-]{0,6})?", 0..6), value_ in "[a-z0-9]{1,5}") {
        let line = words.join(" ");
        let with = set(&line, "net.naming-scheme", Some(&value_));
        prop_assert_eq!(value(&with, "net.naming-scheme"), Some(value_.as_str()));
        prop_assert_eq!(set(&with, "net.naming-scheme", None), line.clone());
        let text = format!("GRUB_CMDLINE_LINUX_DEFAULT=\"{line}\"\nX=1\n");
        let grub = GrubDefaults::parse(&text).unwrap();
        let pinned = grub.set("net.naming-scheme", Some(&value_));
        let grub = GrubDefaults::parse(&pinned).unwrap();
        prop_assert_eq!(grub.value("net.naming-scheme"), Some(value_.as_str()));
        prop_assert_eq!(grub.set("net.naming-scheme", None), text);
    }

    /// Law: every text is read or refused.
    #[test]
    fn whatever_is_there_is_survived(text in "(GRUB_CMDLINE_LINUX(_DEFAULT)?\\+?=|[\"' \n\\\\$`#;a=é]){0,24}") {
        if let Ok(grub) = GrubDefaults::parse(&text) {
            let set = grub.set("a", Some("1"));
            if let Ok(again) = GrubDefaults::parse(&set) {
                prop_assert_eq!(again.value("a"), Some("1"));
            }
        }
        let _ = CommandLineFile::parse(&text).map(|file| file.set("a", None));
    }
}
