//! From what was typed to names and values, by the original's rules.
//!
//! Options may be written `--name value`, `--name=value` and `-name value`, and shortened as long as they stay
//! unambiguous. Booleans may stand alone or be followed by a word for yes or no.

/// How an option takes its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    /// It needs one.
    Value,
    /// A boolean parameter: the next word is its value if it is a word for yes or no.
    Boolean,
    /// A boolean option of the command line: as above, unless the command takes arguments by position, which the
    /// word could be as well.
    Switch,
    /// It never takes one: `--yes 1` must not swallow the 1.
    Flag,
}

/// An option that the command knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
}

/// One thing that was typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Given {
    /// A word in its place.
    Word(String),
    /// A known option; booleans are 1 or 0, or what was typed instead.
    Option { name: &'static str, value: String },
    /// A known flag that was raised.
    Flag(&'static str),
    /// Something that looks like an option and is none, or lacks its value: clap says what is wrong with it.
    Strange(String),
}

/// Sorts out what was typed. `by_position` says that the command takes arguments by position.
pub(super) fn sort_out(words: Vec<String>, known: &[Known], by_position: bool) -> Vec<Given> {
    let mut given = Vec::new();
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if word == "--" {
            given.extend(words.map(Given::Word));
            break;
        }
        let Some((name, value)) = option(&word) else {
            given.push(Given::Word(word));
            continue;
        };
        let Some(option) = resolve(name, known) else {
            given.push(Given::Strange(with_two_dashes(&word)));
            continue;
        };
        let value = match (option.shape, value) {
            (Shape::Value, Some(value)) => Some(value.to_owned()),
            (Shape::Value, None) => words.next(),
            (_, Some(value)) => Some(yes_or_no(value).map_or_else(|| value.to_owned(), str::to_owned)),
            (shape, None) => {
                let may_follow = shape == Shape::Boolean || (shape == Shape::Switch && !by_position);
                // where no word has a place of its own, any word can only be meant as the value
                let fits =
                    |next: &String| yes_or_no(next).is_some() || !(by_position || next.starts_with('-'));
                let follows = words.next_if(|next| may_follow && fits(next));
                let value = follows.unwrap_or_else(|| "1".to_owned());
                Some(yes_or_no(&value).map_or(value.clone(), str::to_owned))
            }
        };
        given.extend(match (option.shape, value.as_deref()) {
            (Shape::Flag, Some("0")) => None,
            (Shape::Flag, Some("1")) => Some(Given::Flag(option.name)),
            (Shape::Flag, Some(other)) => Some(Given::Strange(format!("--{}={other}", option.name))),
            (_, Some(_)) => value.map(|value| Given::Option { name: option.name, value }),
            (_, None) => Some(Given::Strange(format!("--{}", option.name))),
        });
    }
    given
}

/// What was sorted out, as clap reads it.
pub(super) fn for_clap(given: Vec<Given>) -> Vec<String> {
    let (mut options, mut positions) = (Vec::new(), Vec::new());
    for one in given {
        match one {
            Given::Word(word) => positions.push(word),
            Given::Option { name, value } => options.push(format!("--{name}={value}")),
            Given::Flag(name) => options.push(format!("--{name}")),
            Given::Strange(word) => options.push(word),
        }
    }
    if positions.iter().any(|word| word.starts_with('-')) {
        options.push("--".to_owned());
    }
    options.extend(positions);
    options
}

/// Name and value of a word that looks like an option. `-5` and a lone `-` do not.
fn option(word: &str) -> Option<(&str, Option<&str>)> {
    let name = word.strip_prefix("--").or_else(|| word.strip_prefix('-'))?;
    if !name.starts_with(|c: char| c.is_ascii_alphabetic()) {
        return None;
    }
    Some(match name.split_once('=') {
        Some((name, value)) => (name, Some(value)),
        None => (name, None),
    })
}

fn resolve(name: &str, known: &[Known]) -> Option<Known> {
    if let Some(exact) = known.iter().find(|option| option.name == name) {
        return Some(*exact);
    }
    // a single letter is a short option, which clap knows
    let mut fitting = known.iter().filter(|option| name.len() > 1 && option.name.starts_with(name));
    match (fitting.next(), fitting.next()) {
        (Some(only), None) => Some(*only),
        _ => None,
    }
}

fn with_two_dashes(word: &str) -> String {
    let single = !word.starts_with("--") && word.len() > 2;
    if single { format!("-{word}") } else { word.to_owned() }
}

fn yes_or_no(word: &str) -> Option<&'static str> {
    innkeeper_config::parse_cli_boolean(word).map(|value| if value { "1" } else { "0" })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [Known; 5] = [
        Known { name: "limit", shape: Shape::Value },
        Known { name: "errors", shape: Shape::Boolean },
        Known { name: "quiet", shape: Shape::Switch },
        Known { name: "yes", shape: Shape::Flag },
        Known { name: "list", shape: Shape::Value },
    ];

    fn clap(words: &str, by_position: bool) -> Vec<String> {
        for_clap(sort_out(words.split(' ').map(str::to_owned).collect(), &KNOWN, by_position))
    }

    #[test]
    fn options_may_be_written_in_all_of_the_originals_ways() {
        for words in ["--limit 5", "--limit=5", "-limit 5", "-limit=5", "--lim 5"] {
            assert_eq!(clap(words, false), ["--limit=5"], "{words}");
        }
        assert_eq!(clap("--limit -5", false), ["--limit=-5"]);
    }

    #[test]
    fn booleans_may_stand_alone_or_be_followed_by_a_word_for_yes_or_no() {
        for words in ["--errors", "--errors 1", "--errors yes", "-errors=on", "--errors TRUE"] {
            assert_eq!(clap(words, false), ["--errors=1"], "{words}");
        }
        assert_eq!(clap("--errors off", false), ["--errors=0"]);
        assert_eq!(clap("--errors file", true), ["--errors=1", "file"]);
        assert_eq!(clap("--errors maybe", false), ["--errors=maybe"]);
        assert_eq!(clap("--errors --limit 5", false), ["--errors=1", "--limit=5"]);
        assert_eq!(clap("--errors=maybe", false), ["--errors=maybe"]);
    }

    #[test]
    fn a_switch_does_not_swallow_what_could_be_an_argument() {
        assert_eq!(clap("--yes 1", true), ["--yes", "1"]);
        assert_eq!(clap("--yes=0", true), Vec::<String>::new());
        assert_eq!(clap("--yes=perhaps", true), ["--yes=perhaps"]);
        assert_eq!(clap("--quiet 1", true), ["--quiet=1", "1"]);
        assert_eq!(clap("--quiet 0", false), ["--quiet=0"]);
    }

    #[test]
    fn what_is_unknown_or_ambiguous_is_left_for_clap_to_complain_about() {
        assert_eq!(clap("--li 5", false), ["--li", "5"]);
        assert_eq!(clap("-nonsense", false), ["--nonsense"]);
        assert_eq!(clap("--limit", false), ["--limit"]);
        assert_eq!(clap("-h", false), ["-h"]);
    }

    #[test]
    fn words_after_two_dashes_are_never_options() {
        assert_eq!(clap("-- --limit 5", false), ["--", "--limit", "5"]);
    }
}
