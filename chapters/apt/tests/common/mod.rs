//! Documents that tests are run on: every shape that a hand-written file may have.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    unreachable_pub,
    dead_code,
    reason = "shared between test programs"
)]

use proptest::prelude::*;

/// Anything at all, with a bias towards the characters that mean something in these files.
pub fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "([#\\[\\]\" \t\r\n:=,./a-c]|deb|deb-src|http://x/|Types|URIs|Enabled: no|main|\n|\n\n){0,60}",
    ]
}

fn component() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("main".to_owned()),
        Just("contrib".to_owned()),
        Just("non-free-firmware".to_owned()),
        "[a-z]{1,5}"
    ]
}

fn uri() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("http://deb.debian.org/debian".to_owned()),
        Just("http://security.debian.org/debian-security/".to_owned()),
        Just("https://enterprise.proxmox.com/debian/pve".to_owned()),
        Just("http://download.proxmox.com/debian/pve".to_owned()),
        Just("cdrom:[Debian # 12]/".to_owned()),
        "(http|https|file|copy):/{1,3}[a-z]{1,8}(/[a-z]{1,4})?",
    ]
}

fn suite() -> impl Strategy<Value = String> {
    prop_oneof!["(bookworm|trixie|stable|sid|jessie|x)(-security|-updates)?", Just("./".to_owned())]
}

fn entry_line() -> impl Strategy<Value = String> {
    let options = prop_oneof![
        Just(String::new()),
        Just("[arch=amd64] ".to_owned()),
        Just("[ signed-by=/usr/share/keyrings/a#b.gpg lang+=de ] ".to_owned()),
        Just("[trusted=yes]".to_owned() + "\t"),
    ];
    let prefix =
        prop_oneof![4 => Just(""), 1 => Just("# "), 1 => Just("#"), 1 => Just("  "), 1 => Just(" #\t")];
    let suffix = prop_oneof![4 => Just(""), 1 => Just("  "), 1 => Just(" # note [x] # y"), 1 => Just("#")];
    let kind = prop_oneof![3 => Just("deb"), 1 => Just("deb-src")];
    (prefix, kind, "[ \t]{1,3}", options, uri(), suite(), prop::collection::vec(component(), 1..4), suffix)
        .prop_map(|(prefix, kind, gap, options, uri, suite, components, suffix)| {
            let components =
                if suite.ends_with('/') { String::new() } else { format!("{gap}{}", components.join(&gap)) };
            format!("{prefix}{kind}{gap}{options}{uri} {suite}{components}{suffix}")
        })
}

/// A sound `.list` file.
pub fn any_list() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => entry_line(),
        1 => Just(String::new()),
        1 => Just("   ".to_owned()),
        1 => "# [ a-zäöü:/]{0,20}",
        1 => Just("# deb is the Debian package format".to_owned()),
    ];
    (prop::collection::vec(line, 0..8), prop_oneof![Just("\n"), Just("\r\n")], any::<bool>()).prop_map(
        |(lines, end, last)| {
            let mut text: String = lines.iter().map(|line| format!("{line}{end}")).collect();
            if !last {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            text
        },
    )
}

fn stanza() -> impl Strategy<Value = Vec<String>> {
    let join = prop_oneof![Just(" "), Just("\t"), Just("\n "), Just("\n# why\n  ")];
    let extra = prop_oneof![
        Just(None),
        Just(Some("Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg")),
        Just(Some(
            "Signed-By:\n -----BEGIN PGP PUBLIC KEY BLOCK-----\n .\n abc=\n -----END PGP PUBLIC KEY BLOCK-----"
        )),
        Just(Some("X-Repolib-Name: some words")),
        Just(Some("# a comment")),
    ];
    let enabled = prop_oneof![
        3 => Just(None), 1 => Just(Some("Enabled: no")), 1 => Just(Some("enabled:yes")), 1 => Just(Some("Enabled:\n off"))
    ];
    (
        prop::collection::vec(uri().prop_filter("one word", |uri| !uri.contains(' ')), 1..3),
        prop::collection::vec("(bookworm|trixie|sid)(-security)?", 1..3),
        prop::collection::vec(component(), 1..4),
        join,
        extra,
        enabled,
    )
        .prop_map(|(uris, suites, components, join, extra, enabled)| {
            let mut fields = vec![
                "Types: deb".to_owned(),
                format!("URIs: {}", uris.join(join)),
                format!("suites : {}", suites.join(" ")),
                format!("Components:{join}{}", components.join(join)),
            ];
            fields.extend(extra.map(str::to_owned));
            fields.extend(enabled.map(str::to_owned));
            fields
        })
        .prop_shuffle()
}

/// A sound `.sources` file.
pub fn any_deb822() -> impl Strategy<Value = String> {
    let block =
        prop_oneof![5 => stanza(), 1 => Just(vec!["# only a comment".to_owned(), "# Types: deb".to_owned()])];
    (prop::collection::vec(block, 0..5), prop_oneof![Just("\n"), Just("\r\n")], any::<bool>()).prop_map(
        |(blocks, end, last)| {
            let blocks: Vec<_> = blocks.iter().map(|fields| fields.join("\n") + "\n").collect();
            let mut text = blocks.join("\n").replace('\n', end);
            if !last {
                text.truncate(text.trim_end_matches(['\r', '\n']).len());
            }
            text
        },
    )
}

/// A state of bookworm with these files and nothing else.
pub fn state(files: &[(&str, &str)]) -> innkeeper_apt::state::State {
    let contents: Vec<_> = files
        .iter()
        .map(|(path, text)| (camino::Utf8PathBuf::from(*path), Some(innkeeper_change::Content::from(*text))))
        .collect();
    innkeeper_apt::state::State {
        node: "pve1".to_owned(),
        codename: Some("bookworm".to_owned()),
        ..innkeeper_apt::state::State::default()
    }
    .with_files(&contents)
}

/// The state as a plan leaves it.
pub fn after(
    state: &innkeeper_apt::state::State,
    plan: &innkeeper_change::Plan,
) -> innkeeper_apt::state::State {
    let contents: Vec<_> = plan.files().map(|change| (change.path.clone(), change.after.clone())).collect();
    state.with_files(&contents)
}
