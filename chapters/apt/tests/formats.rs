//! The two syntaxes of sources files: lossless, and as APT reads them.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{any_deb822, any_list, any_text};
use innkeeper_apt::format::deb822::Deb822;
use innkeeper_apt::format::document::{Document, Edit, FileType};
use innkeeper_apt::format::one_line::OneLine;
use proptest::prelude::*;

const REFERENCE_A: &str = "deb http://deb.debian.org/debian bookworm main contrib
deb http://deb.debian.org/debian bookworm-updates main contrib

# security updates
deb http://security.debian.org/debian-security bookworm-security main contrib
";

const REFERENCE_B: &str = "deb http://ftp.debian.org/debian bookworm main contrib
deb http://ftp.debian.org/debian bookworm-updates main contrib

# Proxmox VE pve-no-subscription repository provided by proxmox.com,
# NOT recommended for production use
deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription

# security updates
deb http://security.debian.org/debian-security bookworm-security main contrib
";

fn list(text: &str) -> OneLine {
    OneLine::parse(text)
}

fn message(text: &str) -> String {
    list(text).malformed().first().map(ToString::to_string).unwrap_or_default()
}

/// APT-04, APT-05, APT-06, APT-09
#[test]
fn reference_file_a_is_three_enabled_entries_and_one_comment() {
    let document = list(REFERENCE_A);
    let entries = document.entries();
    assert_eq!(entries.len(), 3);
    assert!(entries.iter().all(|entry| entry.enabled && entry.components == ["main", "contrib"]));
    let suites: Vec<_> = entries.iter().map(|entry| entry.suites[0].as_str()).collect();
    assert_eq!(suites, ["bookworm", "bookworm-updates", "bookworm-security"]);
    assert_eq!(entries[2].uris, ["http://security.debian.org/debian-security"]);
    assert_eq!(entries[2].comment, " security updates\n");
    assert_eq!(document.text(), REFERENCE_A);
}

/// APT-17
#[test]
fn in_reference_file_b_the_comment_stays_above_its_entry() {
    let document = list(REFERENCE_B);
    assert_eq!(document.entries().len(), 4);
    assert_eq!(
        document.entries()[2].comment,
        " Proxmox VE pve-no-subscription repository provided by proxmox.com,\n NOT recommended for production use\n"
    );
    let off = document.set_enabled(2, false).unwrap();
    assert_eq!(off, REFERENCE_B.replace("deb http://download", "# deb http://download"));
}

/// APT-07
#[test]
fn a_hash_starts_a_comment_anywhere_but_between_brackets() {
    let text = "deb [signed-by=/a#b.gpg] http://x/ s main # note [1] # more\n";
    let document = list(text);
    let entry = &document.entries()[0];
    assert_eq!(entry.components, ["main"]);
    assert_eq!(entry.option("Signed-By").unwrap(), ["/a#b.gpg"]);
    assert_eq!(entry.comment, " note [1] # more\n");
    let more = document.set_components(0, &["main".to_owned(), "contrib".to_owned()]).unwrap();
    assert_eq!(more, "deb [signed-by=/a#b.gpg] http://x/ s main contrib # note [1] # more\n");
}

/// APT-14
#[test]
fn toggling_twice_gives_back_every_byte() {
    for line in [
        "deb http://x/ s main",
        "  deb  http://x/ s main  # c",
        "\tdeb http://x/ s main\r\n",
        "deb http://x/ ./\n",
    ] {
        let off = list(line).set_enabled(0, false).unwrap();
        assert_eq!(off.replacen("# ", "", 1), line);
        assert_eq!(list(&off).set_enabled(0, true).unwrap(), line);
    }
    let off = "#deb http://x/ s main\n";
    let on = list(off).set_enabled(0, true).unwrap();
    assert_eq!(on, "deb http://x/ s main\n");
    assert_eq!(list(&on).set_enabled(0, false).unwrap(), "# deb http://x/ s main\n");
}

#[test]
fn prose_in_a_comment_is_no_repository_and_does_no_harm() {
    for prose in [
        "# deb is the Debian packaging format of choice\n",
        "# deb http://x/ without: hm\n#\n##deb http://x/ s main\n",
        "# deb-src lines can be added\n",
        "# deb [arch=amd64 http://x/ s main\n",
        "# deb http://x/ suite\n",
    ] {
        let document = list(prose);
        let claimed: Vec<_> = document.entries().iter().filter(|entry| entry.enabled).collect();
        assert!(claimed.is_empty() && document.malformed().is_empty(), "{prose}");
    }
    // four words and an address with a colon are all it takes: such a line is a repository to APT once the # is gone
    assert_eq!(list("# deb http://x/ s main\n").entries().len(), 1);
    assert!(list("# deb is the Debian packaging format\n").entries().is_empty());
}

/// APT-04
#[test]
fn a_malformed_line_is_named_with_its_number_in_the_terms_of_the_original() {
    let good = "deb http://x/ s main\n";
    for (line, expected) in [
        ("rpm http://x/ s main", "malformed entry on line 2 - invalid package type 'rpm'"),
        ("\"deb\" http://x/ s main", "malformed entry on line 2 - invalid package type '\"deb\"'"),
        ("deb [arch=amd64 http://x/ s main", "malformed entry on line 2 - got invalid option - http://x/"),
        ("deb [arch=amd64", "malformed entry on line 2 - options not closed by ']'"),
        ("deb [arch] http://x/ s main", "malformed entry on line 2 - got invalid option - arch"),
        ("deb [=amd64] http://x/ s main", "malformed entry on line 2 - option has no key"),
        ("deb [arch=] http://x/ s main", "malformed entry on line 2 - option has no value"),
        ("deb", "malformed entry on line 2 - missing URI"),
        ("deb http://x/", "malformed entry on line 2 - missing suite"),
        ("deb http://x/ s", "check for repository 2 - missing component(s) (line 2)"),
        (
            "deb http://x/ s/ main",
            "check for repository 2 - absolute suite 's/' does not allow component(s) (line 2)",
        ),
        ("deb x s main", "check for repository 2 - invalid URI: 'x' (line 2)"),
        ("deb \"http://x/ s main", "malformed entry on line 2 - quote not closed by '\"'"),
        ("deb http://x/ s ma\u{7}in", "malformed entry on line 2 - control character U+0007"),
        ("# a \r hidden line", "malformed entry on line 2 - control character U+000D"),
    ] {
        let text = format!("{good}{line}\n{good}");
        assert_eq!(message(&text), expected);
        assert_eq!(list(&text).text(), text);
        assert!(list(&text).set_enabled(0, false).is_err(), "nothing is written to a malformed file");
    }
}

#[test]
fn what_apt_accepts_is_accepted() {
    for line in [
        "deb cdrom:[Debian GNU/Linux 12 # x]/ bookworm main",
        "deb [ arch=amd64,i386 lang+=de trusted-=yes ] http://x/ s main",
        "deb [] http://x/ s main",
        "deb [arch=amd64 trusted=yes ]http://x/ s main",
        "deb [lang=\"a b\"] http://x/ s main",
        "deb \"http://x/ y\" s main",
        "deb http://x/ s ma\"i n\"c con",
        "deb http://x/ ./",
        "deb-src\thttp://x/\ts\tmain\r",
        "deb http://x/ s main [foo]",
    ] {
        assert_eq!(message(line), "", "{line}");
        assert_eq!(list(line).entries().len(), 1);
    }
    let cdrom = list("deb cdrom:[Debian 12 # x]/ bookworm main");
    assert_eq!(cdrom.entries()[0].uris, ["cdrom:[Debian 12 # x]/"]);
}

#[test]
fn appending_sets_off_the_new_line_and_keeps_the_line_ends_of_the_file() {
    assert_eq!(list("").append("deb http://x/ s main").unwrap(), "deb http://x/ s main\n");
    assert_eq!(list("# a").append("deb http://x/ s main").unwrap(), "# a\n\ndeb http://x/ s main\n");
    assert_eq!(
        list("# a\r\n# b\r").append("deb http://x/ s main").unwrap(),
        "# a\r\n# b\r\n\r\ndeb http://x/ s main\r\n"
    );
    assert_eq!(
        list("# a\r\n\r\n").append("deb http://x/ s main").unwrap(),
        "# a\r\n\r\ndeb http://x/ s main\r\n"
    );
}

const SOURCES: &str = "# the archive
Types: deb deb-src
uris: http://deb.debian.org/debian
  http://mirror.example/debian
Suites: trixie trixie-updates
# why contrib
Components: main
# inside
  contrib
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 mDMEYxxx
 -----END PGP PUBLIC KEY BLOCK-----

# off
Types: deb
URIs: http://security.debian.org/debian-security
Suites: trixie-security
Components: main
Enabled: No
";

#[test]
fn stanzas_are_read_as_apt_reads_them() {
    let document = Deb822::parse(SOURCES);
    assert!(document.malformed().is_empty());
    let [first, second] = document.entries() else { panic!("two stanzas") };
    assert_eq!(first.types, ["deb", "deb-src"]);
    assert_eq!(first.uris, ["http://deb.debian.org/debian", "http://mirror.example/debian"]);
    assert_eq!(first.components, ["main", "contrib"]);
    assert_eq!(first.comment, " the archive\n why contrib\n inside\n");
    assert_eq!(
        first.embedded_key.as_deref(),
        Some("\n-----BEGIN PGP PUBLIC KEY BLOCK-----\n\nmDMEYxxx\n-----END PGP PUBLIC KEY BLOCK-----\n")
    );
    assert!(first.enabled && !second.enabled);
    assert_eq!(second.option("enabled").unwrap(), ["false"]);
    assert_eq!(second.line, 17);
    assert_eq!(document.text(), SOURCES);
}

#[test]
fn an_edit_of_a_stanza_changes_its_own_bytes_only() {
    let document = Document::parse(FileType::Sources, SOURCES);
    assert_eq!(
        document.edit(&Edit::SetEnabled(0, false)).unwrap(),
        SOURCES.replacen("Types: deb deb-src", "Enabled: no\nTypes: deb deb-src", 1)
    );
    assert_eq!(
        document.edit(&Edit::SetEnabled(1, true)).unwrap(),
        SOURCES.replace("Enabled: No", "Enabled: yes")
    );
    let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(
        document.edit(&Edit::SetComponents(0, &words("main contrib non-free-firmware"))).unwrap(),
        SOURCES.replace("  contrib\n", "  contrib non-free-firmware\n")
    );
    assert_eq!(
        document.edit(&Edit::SetComponents(0, &words("main"))).unwrap(),
        SOURCES.replace("  contrib\n", "")
    );
    assert_eq!(
        document.edit(&Edit::SetComponents(0, &words("contrib"))).unwrap(),
        SOURCES.replacen("Components: main", "Components: contrib", 1).replace("  contrib\n", "")
    );
    let rest = &SOURCES[SOURCES.find("Types: deb\n").unwrap()..];
    assert_eq!(document.edit(&Edit::Remove(1)).unwrap(), SOURCES.replace(rest, ""));
}

#[test]
fn of_a_field_that_stands_twice_the_last_one_counts_and_is_edited() {
    let text =
        "Types: deb\nURIs: http://x/\nSuites: s\nComponents: a\nComponents: b\nEnabled: no\nenabled: yes\n";
    let document = Document::parse(FileType::Sources, text);
    assert!(document.entries()[0].enabled);
    assert_eq!(document.entries()[0].components, ["b"]);
    assert_eq!(
        document.edit(&Edit::SetEnabled(0, false)).unwrap(),
        text.replace("enabled: yes", "enabled: no")
    );
}

#[test]
fn fields_that_mean_nothing_to_apt_are_kept_and_harmless() {
    let text = "Types: deb\nX Y: z\n: nameless\nURIs: http://x/\nSuites: s\nComponents: main\nFoo:\n";
    let document = Deb822::parse(text);
    assert!(document.malformed().is_empty());
    let keys: Vec<_> = document.entries()[0].options.iter().map(|option| option.key.as_str()).collect();
    assert_eq!(keys, ["X Y"]);
    assert_eq!(document.set_enabled(0, false).unwrap(), format!("Enabled: no\n{text}"));
}

#[test]
fn a_malformed_stanza_is_named_with_its_line() {
    let good = "Types: deb\nURIs: http://x/\nSuites: s\nComponents: main\n";
    for (text, expected) in [
        (format!("{good}\n{good}foo\n"), "malformed entry in stanza 2 - got invalid line - 'foo' (line 10)"),
        ("X: y\n".to_owned(), "check for repository 1 - missing package type(s) (line 1)"),
        (good.replace("deb", "deb # c"), "check for repository 1 - invalid package type '#' (line 1)"),
        (good.replace("URIs: http://x/", "URIs:"), "check for repository 1 - missing URI(s) (line 1)"),
        (
            good.replace("Suites: s", "Suites: s t/"),
            "check for repository 1 - absolute suite 't/' does not allow component(s) (line 1)",
        ),
        (
            format!("{good}Description: a\u{1b}[2Jb\n"),
            "malformed entry in stanza 1 - control character U+001B (line 5)",
        ),
    ] {
        let document = Deb822::parse(&text);
        assert_eq!(
            document.malformed().first().map(ToString::to_string).as_deref(),
            Some(expected),
            "{text}"
        );
        assert_eq!(document.text(), text);
        assert!(document.set_enabled(0, false).is_err());
    }
    assert!(
        Deb822::parse("Enabled: no\nTypes: deb\n").malformed().is_empty(),
        "APT accepts it while it is off"
    );
}

fn document(file_type: FileType) -> BoxedStrategy<String> {
    match file_type {
        FileType::List => any_list().boxed(),
        FileType::Sources => any_deb822().boxed(),
    }
}

/// The lines of `before` that an edit may touch are those of the entry; every other line is still there, in order.
fn other_lines_are_untouched(before: &str, after: &str, own: std::ops::Range<usize>) -> bool {
    let lines: Vec<_> = before.split_inclusive('\n').collect();
    let (head, tail) = (lines[..own.start].concat(), lines[own.end..].concat());
    after.len() >= head.len() + tail.len() && after.starts_with(&head) && after.ends_with(&tail)
}

/// Where entry `index` stands, in lines counted from 0.
fn own_lines(document: &Document, text: &str, index: usize) -> std::ops::Range<usize> {
    let start = document.entries()[index].line - 1;
    match document {
        Document::List(_) => start..start + 1,
        Document::Sources(_) => {
            let after = text
                .split_inclusive('\n')
                .skip(start)
                .position(|line| line.trim_end_matches(['\r', '\n']).is_empty());
            start..after.map_or(text.split_inclusive('\n').count(), |length| start + length)
        }
    }
}

proptest! {
    /// Law: parse and write is the identity on every input.
    #[test]
    fn every_text_is_written_as_it_was_read(text in any_text()) {
        prop_assert_eq!(OneLine::parse(&text).text(), text.clone());
        prop_assert_eq!(Deb822::parse(&text).text(), text);
    }

    /// GEN-04
    #[test]
    fn an_edit_leaves_every_other_line_as_it_was(
        (file_type, text) in prop_oneof![Just(FileType::List), Just(FileType::Sources)]
            .prop_flat_map(|file_type| (Just(file_type), document(file_type))),
        pick in any::<prop::sample::Index>(),
        enabled in any::<bool>(),
        components in prop::collection::vec("[a-z]{1,6}(-[a-z]{1,4})?", 1..4),
    ) {
        let document = Document::parse(file_type, &text);
        prop_assert_eq!(document.text(), text.clone());
        prop_assert!(document.malformed().is_empty(), "{:?}", document.malformed());
        prop_assume!(!document.entries().is_empty());
        let index = pick.index(document.entries().len());
        let own = own_lines(&document, &text, index);
        let mut edits = vec![Edit::SetEnabled(index, enabled), Edit::Remove(index)];
        if !document.entries()[index].suites.iter().any(|suite| suite.ends_with('/')) {
            edits.push(Edit::SetComponents(index, &components));
        }
        for edit in edits {
            let after = document.edit(&edit).unwrap();
            prop_assert!(other_lines_are_untouched(&text, &after, own.clone()), "{:?}: {:?}", edit, after);
            if !matches!(edit, Edit::Remove(_)) {
                let again = Document::parse(file_type, &after).edit(&edit).unwrap();
                prop_assert_eq!(again, after, "asking twice changes nothing the second time");
            }
        }
    }

    /// APT-14
    #[test]
    fn toggling_any_enabled_line_twice_is_the_identity(text in any_list(), pick in any::<prop::sample::Index>()) {
        let document = OneLine::parse(&text);
        let on: Vec<_> = (0..document.entries().len()).filter(|&index| document.entries()[index].enabled).collect();
        prop_assume!(!on.is_empty());
        let index = on[pick.index(on.len())];
        let off = document.set_enabled(index, false).unwrap();
        prop_assert_eq!(OneLine::parse(&off).set_enabled(index, true).unwrap(), text);
    }
}
