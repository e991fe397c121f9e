//! Rules of address translation that `post-up` lines enter. ifupdown2 runs these lines at each reload, and not what takes them back:
//! without more they would stand there once more each time.

use std::collections::BTreeSet;

use innkeeper_change::{Action, Invocation, Value};

use crate::interfaces::config::Config;
use crate::recipes::lines;

/// iptables waits so long for whoever else is at it.
const WAIT: &str = "5";
const DEADLINE: u32 = 30;
/// Those whose absence for a moment lets nobody in: connections that are translated stay so.
const TABLES: [&str; 2] = ["nat", "raw"];

/// A rule that a line enters.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Rule {
    program: &'static str,
    table: String,
    /// `-A` or `-I`, the chain, a place in it.
    entered: Vec<String>,
    chain: String,
    matches: Vec<String>,
}

/// What leaves each rule of `new` there once behind a reload, and none that only `old` had: what it does in words, and how.
pub(super) fn once(old: &Config<'_>, new: &Config<'_>) -> Vec<(String, Action)> {
    let (before, wanted) = (entered(old, new), entered(new, new));
    let mut steps = Vec::new();
    for rule in before.iter().filter(|rule| !wanted.contains(rule)) {
        steps.extend(rule.without());
    }
    let mut seen = BTreeSet::new();
    for rule in wanted.iter().filter(|rule| seen.insert(*rule)) {
        steps.extend(rule.without());
        steps.push((format!("enter once: {}", rule.in_words()), rule.run(&rule.entered, false)));
    }
    steps
}

/// The rules of interfaces that a reload brings up; those of others are gone with their interface.
fn entered(config: &Config<'_>, stays: &Config<'_>) -> Vec<Rule> {
    let up = |name: &str| stays.get(name).is_some_and(|interface| interface.autostart);
    let interfaces = config.interfaces().iter().filter(|interface| interface.autostart && up(interface.name));
    interfaces
        .flat_map(|interface| lines::of(config, interface, "post-up"))
        .filter_map(|line| Rule::read(&line))
        .collect()
}

impl Rule {
    /// Reads a line that enters a rule and does nothing else.
    fn read(line: &str) -> Option<Self> {
        let mut words = line.split(' ').map(plain);
        let program = match words.next()?? {
            "iptables" | "/sbin/iptables" | "/usr/sbin/iptables" => "/usr/sbin/iptables",
            "ip6tables" | "/sbin/ip6tables" | "/usr/sbin/ip6tables" => "/usr/sbin/ip6tables",
            _ => return None,
        };
        let (mut table, mut entered, mut matches) = (None, Vec::new(), Vec::new());
        let words: Vec<&str> = words.collect::<Option<_>>()?;
        let mut words = words.into_iter().peekable();
        while let Some(word) = words.next() {
            match word {
                "-t" | "--table" => table = Some(words.next()?),
                "-A" | "--append" | "-I" | "--insert" if entered.is_empty() => {
                    let verb = if matches!(word, "-A" | "--append") { "-A" } else { "-I" };
                    entered.extend([verb, words.next()?].map(str::to_owned));
                    let place = |word: &&str| verb == "-I" && word.parse::<u32>().is_ok();
                    entered.extend(words.next_if(place).map(str::to_owned));
                }
                "-w" | "--wait" => {
                    words.next_if(|word| word.parse::<u32>().is_ok());
                }
                "-A" | "--append" | "-I" | "--insert" | "-D" | "--delete" => return None,
                other => matches.push(other.to_owned()),
            }
        }
        let table = table.filter(|table| TABLES.contains(table))?.to_owned();
        let chain = entered.get(1)?.clone();
        Some(Self { program, table, entered, chain, matches })
    }

    /// Takes it out twice: as it was, and as the reload has entered it.
    fn without(&self) -> [(String, Action); 2] {
        let delete = ["-D".to_owned(), self.chain.clone()];
        [(); 2].map(|()| (format!("take out: {}", self.in_words()), self.run(&delete, true)))
    }

    /// It may not be there.
    fn run(&self, verb: &[String], tolerant: bool) -> Action {
        let fixed = ["-w", WAIT, "-t", &self.table].map(Value::from);
        let rest = verb.iter().chain(&self.matches).map(|word| Value::from(word.as_str()));
        Action::Run(Invocation {
            program: self.program.into(),
            args: fixed.into_iter().chain(rest).collect(),
            stdin: None,
            deadline: DEADLINE,
            produces: None,
            accept: if tolerant { vec![1] } else { Vec::new() },
        })
    }

    fn in_words(&self) -> String {
        format!("{} {} of table {}", self.chain, self.matches.join(" "), self.table)
    }
}

/// A word that means the same to a shell and to a program, quotes taken off.
fn plain(word: &str) -> Option<&str> {
    let inside = |quote: char| word.strip_prefix(quote)?.strip_suffix(quote);
    let bare = inside('\'').or_else(|| inside('"')).unwrap_or(word);
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "./:,-_+=!%@".contains(c);
    (!bare.is_empty() && bare.chars().all(is_plain)).then_some(bare)
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test")]
mod tests {
    use super::*;

    fn doings(old: &str, new: &str) -> Vec<String> {
        let config = |text| Config::parse([("interfaces", text)]);
        let command = |(_, action): (String, Action)| match action {
            Action::Run(run) => {
                run.args.iter().skip(2).map(ToString::to_string).collect::<Vec<_>>().join(" ")
            }
            other => format!("{other:?}"),
        };
        once(&config(old), &config(new)).into_iter().map(command).collect()
    }

    const NAT: &str = "auto vmbr0\niface vmbr0 inet static\n\tpost-up echo 1 > /proc/sys/net/ipv4/ip_forward\n\
                       \tpost-up   iptables -t nat -A POSTROUTING -s '10.10.10.0/24' -o eno1 -j MASQUERADE\n\
                       \tpost-down iptables -t nat -D POSTROUTING -s '10.10.10.0/24' -o eno1 -j MASQUERADE\n\
                       \tup iptables -t raw -I PREROUTING 1 -i fwbr+ -j CT --zone 1\n";

    /// NET-43, NET-45
    #[test]
    fn each_rule_is_taken_out_as_often_as_it_may_be_there_and_entered_once() {
        let delete = "-t nat -D POSTROUTING -s 10.10.10.0/24 -o eno1 -j MASQUERADE";
        let zone = "-t raw -D PREROUTING -i fwbr+ -j CT --zone 1";
        let expected = [
            delete,
            delete,
            "-t nat -A POSTROUTING -s 10.10.10.0/24 -o eno1 -j MASQUERADE",
            zone,
            zone,
            "-t raw -I PREROUTING 1 -i fwbr+ -j CT --zone 1",
        ];
        assert_eq!(doings(NAT, NAT), expected);
        assert_eq!(doings("", NAT), expected, "one that is new, too");
    }

    #[test]
    fn a_line_that_goes_from_an_interface_that_stays_takes_its_rule_along() {
        let without = "auto vmbr0\niface vmbr0 inet static\n";
        assert_eq!(doings(NAT, without).len(), 4);
        assert!(doings(NAT, without).iter().all(|line| line.contains(" -D ")));
        assert!(doings(NAT, "").is_empty(), "what takes it back is run when the interface goes");
        assert!(doings(NAT, "iface vmbr0 inet static\n").is_empty(), "nobody brings it up");
    }

    #[test]
    fn what_only_a_shell_understands_and_what_keeps_strangers_out_is_left_alone() {
        let lines = [
            "iptables -t nat -A POSTROUTING -o $IFACE -j MASQUERADE",
            "iptables -t nat -C POSTROUTING -j MASQUERADE || iptables -t nat -A POSTROUTING -j MASQUERADE",
            "iptables -A INPUT -p tcp --dport 8006 -j DROP",
            "iptables -t filter -A INPUT -j DROP",
            "iptables -t nat -F",
            "iptables -t nat -D POSTROUTING -j MASQUERADE",
            "iptables -t nat -A POSTROUTING -m comment --comment 'two words' -j MASQUERADE",
            "iptables -t nat -A",
            "iptables -t",
            "",
        ];
        for line in lines {
            assert_eq!(Rule::read(line), None, "{line}");
        }
    }
}
