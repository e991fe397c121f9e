//! Laws of the format: what is read stands where it is said to stand, and an edit changes its own bytes.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests read files themselves"
)]

use innkeeper_network::format::{Document, Edits, Head, Item};
use proptest::prelude::*;

/// A text as people write it, and as they do not.
fn any_text() -> impl Strategy<Value = String> {
    let line = prop_oneof![
        4 => prop::sample::select(vec![
            "auto lo", "auto eth0 eth1", "allow-hotplug eth0", "iface lo inet loopback", "iface eth0 inet static",
            "iface eth0 inet6 auto", "iface vmbr0", "iface eth0 inherits base", "\taddress 10.0.0.1/24", "    mtu 9000",
            "\tbridge_ports eth0 eth1", "  bridge-ports none", "#comment", "\t# inside", "", "   ", "mapping eth*",
            "\tscript /bin/true", "source /etc/network/interfaces.d/*", "source-directory x", "no-auto-down eth0",
            "template base", "\tup ip route add \\", "   default via 10.0.0.254", "\tpost-up echo $IFACE ; true",
            "rename a=b", "allow-vmbr1 tap0", "\tbridge-ports \\",
        ]).prop_map(str::to_owned),
        1 => "[ -~]{0,20}",
        1 => any::<String>(),
    ];
    let end = prop_oneof![8 => Just("\n"), 1 => Just("\r\n")];
    prop::collection::vec((line, end), 0..24)
        .prop_map(|lines| lines.into_iter().map(|(line, end)| line + end).collect())
}

/// A text that is understood.
fn sound_text() -> impl Strategy<Value = String> {
    let body = prop::sample::select(vec![
        "\taddress 10.0.0.1/24\n",
        "    mtu 9000\n",
        "\tbridge_ports eth0 eth1\n",
        "#comment\n",
        "\t# inside\n",
        "\n",
        "  \n",
        "\tup ip route add \\\n   default via 10.0.0.254\n",
        "post-up echo $IFACE ; true\n",
        "  bridge-fd 0 \r\n",
        "\tbridge-vids \\\n  2-10 \\\n  20\n",
    ]);
    let head = prop::sample::select(vec![
        "iface lo inet loopback\n",
        "iface eth0 inet static\n",
        "iface eth0 inet6 auto\n",
        "iface vmbr0\n",
        "iface eth0 inherits base\n",
        "mapping eth*\n",
        "template base\n",
        "auto a b\niface a inet manual\n",
        "source x\n# free\niface c inet dhcp\n",
    ]);
    let stanza =
        (head, prop::collection::vec(body, 0..6)).prop_map(|(head, body)| head.to_owned() + &body.concat());
    ("(# head\n|\n|auto lo\n)?", prop::collection::vec(stanza, 1..6))
        .prop_map(|(start, all)| start + &all.concat())
}

/// What a document says, without where it says it.
fn meaning(document: &Document<'_>) -> Vec<Vec<String>> {
    let words = |words: &[innkeeper_network::format::Word<'_>]| {
        words.iter().map(|word| word.text.to_owned()).collect::<Vec<_>>()
    };
    document
        .stanzas()
        .iter()
        .map(|stanza| {
            let mut all = match &stanza.head {
                Head::Allow { class, names } => [vec![format!("allow {class}")], words(names)].concat(),
                Head::Iface { name, family, method, inherits } => {
                    let text = |word: &Option<innkeeper_network::format::Word<'_>>| {
                        word.map(|word| word.text.to_owned())
                    };
                    vec![format!(
                        "iface {} {:?} {:?} {:?}",
                        name.text,
                        text(family),
                        text(method),
                        text(inherits)
                    )]
                }
                Head::Source { word, path } => vec![format!("{word} {path}")],
                Head::Mapping { patterns } => [vec!["mapping".to_owned()], words(patterns)].concat(),
                Head::Template { word, name } => vec![format!("{word} {}", name.text)],
                Head::Other { word, words: others } => [vec![(*word).to_owned()], words(others)].concat(),
            };
            all.extend(stanza.items.iter().map(|item| match item {
                Item::Option(line) => format!("{} = {}", line.key, line.value),
                Item::Comment(comment) => format!("# {}", comment.text),
            }));
            all
        })
        .collect()
}

proptest! {
    /// NET-02, NET-03. Law: no edit, no change.
    #[test]
    fn every_text_is_written_as_it_was_read(text in any_text()) {
        let document = Document::parse(&text);
        prop_assert_eq!(document.text(), text.as_str());
        prop_assert_eq!(Edits::new().apply(&text), text);
    }

    /// Law: stanzas and their lines lie in the text one behind another, and values are where they are said to be.
    #[test]
    fn everything_stands_where_it_is_said_to(text in any_text()) {
        let document = Document::parse(&text);
        let mut at = 0;
        for stanza in document.stanzas() {
            prop_assert!(at <= stanza.span.start && stanza.span.start < stanza.span.end);
            at = stanza.span.end;
            for item in &stanza.items {
                prop_assert!(at <= item.span().start && item.span().start < item.span().end);
                at = item.span().end;
                if let Item::Option(line) = item {
                    prop_assert!(line.span.start < line.value_span.start && line.value_span.end <= line.span.end);
                    let written = &text[line.value_span.clone()];
                    if !written.contains('\n') {
                        prop_assert_eq!(written, line.value.as_ref());
                    }
                }
            }
        }
        prop_assert!(at <= text.len());
    }

    /// NET-03. Law: an edit of one value differs in that value alone, in bytes and in meaning.
    #[test]
    fn an_edit_of_one_value_changes_nothing_else(text in sound_text(), pick in any::<prop::sample::Index>()) {
        let document = Document::parse(&text);
        prop_assert_eq!(document.malformed(), &[]);
        let lines: Vec<_> = document.stanzas().iter().enumerate()
            .flat_map(|(at, stanza)| stanza.items.iter().enumerate().map(move |(item, line)| (at, item, line)))
            .filter_map(|(at, item, line)| match line { Item::Option(line) => Some((at, item, line)), Item::Comment(_) => None })
            .collect();
        prop_assume!(!lines.is_empty());
        let (stanza, item, line) = lines[pick.index(lines.len())];
        let mut edits = Edits::new();
        edits.set_value(line, "another value");
        let after = edits.apply(&text);
        let mut wanted = meaning(&document);
        let offset = wanted[stanza].len() - document.stanzas()[stanza].items.len();
        wanted[stanza][offset + item] = format!("{} = another value", line.key);
        prop_assert_eq!(meaning(&Document::parse(&after)), wanted);
        prop_assert_eq!(&after[..line.value_span.start], &text[..line.value_span.start]);
        prop_assert!(after.ends_with(&text[line.value_span.end..]));
    }
}

fn wrong(text: &str) -> Vec<String> {
    Document::parse(text).malformed().iter().map(ToString::to_string).collect()
}

/// NET-02: what is not understood is named by line and reason.
#[test]
fn what_is_not_understood_is_named_by_line_and_reason() {
    assert_eq!(wrong("auto lo\n\taddress 10.0.0.1\n"), ["line 2: 'address' begins no stanza and is in none"]);
    assert_eq!(wrong("iface eth0 inet static\n\taddress\n"), ["line 2: option 'address' has no value"]);
    assert_eq!(wrong("iface\n"), ["line 1: 'iface' without a name"]);
    assert_eq!(wrong("iface a inet static more\n"), ["line 1: iface a: unexpected 'more'"]);
    assert_eq!(wrong("source\n"), ["line 1: 'source' without a path"]);
    assert_eq!(
        wrong("# a \\\nauto lo\n"),
        ["line 1: a comment that ends in a backslash is read in two ways"]
    );
    assert_eq!(
        wrong("auto lo\n% for i in x:\n"),
        ["line 2: a template of ifupdown2, which is not edited here"]
    );
    assert_eq!(wrong("auto a \\ \n"), ["line 1: blanks behind a backslash are read in two ways"]);
    assert_eq!(wrong("auto a\0\n"), ["line 1: control character"]);
}

/// NET-02: continuation lines are one line.
#[test]
fn continued_lines_are_read_as_one() {
    let text = "auto \\\n  eth0 eth1\niface eth0 inet static\n\tup ip route add 10.1.0.0/16 \\\n\t   via 10.0.0.1\n\tmtu 9000\n";
    let document = Document::parse(text);
    assert_eq!(document.malformed(), []);
    let Head::Allow { names, .. } = &document.stanzas()[0].head else { panic!("auto") };
    assert_eq!(names.iter().map(|name| name.text).collect::<Vec<_>>(), ["eth0", "eth1"]);
    let values: Vec<_> =
        document.stanzas()[1].options().map(|line| (line.line, line.value.as_ref())).collect();
    assert_eq!(values, [(4, "ip route add 10.1.0.0/16 via 10.0.0.1"), (6, "9000")]);
}

/// NET-44: comments belong to the stanza that they stand in, unless a blank line sets them off.
#[test]
fn comments_belong_to_the_stanza_they_touch() {
    let text = "iface a inet manual\n# one\n\n# free\n\nauto b\n# between\niface b inet manual\n\n# inside\n\tmtu 9000\n# last\n";
    let document = Document::parse(text);
    let comments: Vec<Vec<&str>> = document
        .stanzas()
        .iter()
        .map(|stanza| stanza.comments().map(|comment| comment.text).collect())
        .collect();
    assert_eq!(comments, [vec![" one"], vec![], vec![" inside", " last"]]);
}
