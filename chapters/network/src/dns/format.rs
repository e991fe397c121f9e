//! resolv.conf(5), as glibc reads it: what is not meant by an edit stays, byte for byte.
//!
//! A keyword counts in the first column only; of `domain` and `search` the last line of either counts; of name servers
//! the first three are asked.

use std::net::{IpAddr, Ipv6Addr};
use std::ops::Range;

use crate::edits::{Edits, lines, words};

/// How many name servers the resolver asks.
pub const ASKED: usize = 3;

/// A file of the resolver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResolvConf {
    text: String,
    /// `nameserver` lines with an address.
    servers: Vec<Server>,
    /// `search` and `domain` lines.
    searches: Vec<Search>,
    options: Vec<Range<usize>>,
    odd: Vec<Odd>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Server {
    line: Range<usize>,
    value: Range<usize>,
    address: Address,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Search {
    line: Range<usize>,
    value: Range<usize>,
    is_domain: bool,
}

/// An address, perhaps with a zone: `fe80::1%eno1`.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Address(IpAddr, String);

/// A line that the resolver passes over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Odd {
    /// Its number, from 1.
    pub line: usize,
    /// Why it is passed over.
    pub reason: String,
}

/// An address as the resolver understands it.
fn address(text: &str) -> Option<Address> {
    let (bare, zone) = text.split_once('%').unwrap_or((text, ""));
    let address: IpAddr = bare.parse().ok()?;
    let zoned = zone.is_empty() || matches!(address, IpAddr::V6(v6) if may_have_zone(v6));
    (zoned && text.contains('%') != zone.is_empty()).then(|| Address(address, zone.to_owned()))
}

fn may_have_zone(address: Ipv6Addr) -> bool {
    address.is_unicast_link_local() || address.is_multicast()
}

/// Whether a text is the address of a name server.
pub fn is_server(text: &str) -> bool {
    address(text).is_some()
}

/// Whether two texts are the same address.
pub fn same_server(one: &str, other: &str) -> bool {
    address(one).is_some_and(|address_of_one| Some(address_of_one) == address(other))
}

impl ResolvConf {
    /// Reads a file. Every text is one.
    pub fn parse(text: &str) -> Self {
        let mut file = Self {
            text: text.to_owned(),
            servers: Vec::new(),
            searches: Vec::new(),
            options: Vec::new(),
            odd: Vec::new(),
        };
        for (number, (start, line)) in lines(text).enumerate() {
            if let Err(reason) = file.read_line(start, line) {
                file.odd.push(Odd { line: number + 1, reason });
            }
        }
        file
    }

    fn read_line(&mut self, start: usize, line: &str) -> Result<(), String> {
        if line.trim_start().starts_with(['#', ';']) || line.trim().is_empty() {
            return Ok(());
        }
        let whole = start..(start + line.len() + 1).min(self.text.len());
        let mut found = words(line);
        // the line is not blank
        let keyword = found.next().unwrap_or(0..0);
        let first = found.next();
        let word = &line[keyword.clone()];
        if keyword.start != 0 {
            return Err(format!("'{word}' does not stand in the first column"));
        }
        let Some(first) = first else { return Err(format!("'{word}' without a value")) };
        let rest = start + first.start..start + line.trim_end().len();
        match word {
            "nameserver" => {
                let cut = line[first.clone()].find([';', '#']).map_or(first.end, |at| first.start + at);
                let value = &line[first.start..cut];
                let address = address(value).ok_or_else(|| format!("'{value}' is no address"))?;
                self.servers.push(Server { line: whole, value: start + first.start..start + cut, address });
            }
            "domain" | "search" => {
                self.searches.push(Search { line: whole, value: rest, is_domain: word == "domain" });
            }
            "options" => self.options.push(rest),
            "sortlist" => {}
            _ => return Err(format!("'{word}' is no keyword")),
        }
        Ok(())
    }

    /// The file as it is.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The domains that are tried with a short name, separated by single blanks; `None` without any.
    pub fn search(&self) -> Option<String> {
        let last = self.searches.last()?;
        let value = self.text.get(last.value.clone())?;
        let domains: Vec<_> = value.split_ascii_whitespace().collect();
        let domains = if last.is_domain { &domains[..domains.len().min(1)] } else { &domains[..] };
        Some(domains.join(" "))
    }

    /// The name servers in their order, those beyond the third among them.
    pub fn servers(&self) -> impl Iterator<Item = &str> {
        self.servers.iter().filter_map(|server| self.text.get(server.value.clone()))
    }

    /// The options of all `options` lines.
    pub fn options(&self) -> Vec<&str> {
        let values = self.options.iter().filter_map(|value| self.text.get(value.clone()));
        values.flat_map(str::split_ascii_whitespace).collect()
    }

    /// The lines that the resolver passes over.
    pub fn odd(&self) -> &[Odd] {
        &self.odd
    }

    /// The text with these search domains (none when empty) and these name servers, and no others. A line whose value
    /// stays is not touched; one whose value changes keeps what else stands on it.
    pub fn with(&self, search: &str, servers: &[String]) -> String {
        let mut edits = Edits::default();
        self.set_search(search, &mut edits);
        self.set_servers(servers, &mut edits);
        edits.apply(&self.text)
    }

    fn set_search(&self, search: &str, edits: &mut Edits) {
        let wanted = search.split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        if wanted == self.search().unwrap_or_default() {
            return;
        }
        if wanted.is_empty() {
            // with the last one alone gone, the one before it would count
            return self.searches.iter().for_each(|search| edits.replace(search.line.clone(), ""));
        }
        match self.searches.last() {
            Some(last) if last.is_domain => {
                edits.replace(last.line.start..last.value.end, format!("search {wanted}"));
            }
            Some(last) => edits.replace(last.value.clone(), wanted),
            None => {
                let at = self.servers.first().map_or(self.text.len(), |server| server.line.start);
                edits.insert_line(at, &format!("search {wanted}"), &self.text);
            }
        }
    }

    fn set_servers(&self, wanted: &[String], edits: &mut Edits) {
        let wanted: Vec<_> = wanted.iter().filter_map(|text| Some((text.as_str(), address(text)?))).collect();
        let kept = common(&self.servers, &wanted);
        let mut anchor = match self.servers.first() {
            Some(first) => first.line.start,
            // behind the domains, where people look for it
            None => self.searches.last().map_or(self.text.len(), |search| search.line.end),
        };
        let (mut old, mut new) = (0, 0);
        for (stays, place) in kept.into_iter().chain([(self.servers.len(), wanted.len())]) {
            let gap = &self.servers[old..stays];
            let coming = &wanted[new..place];
            for (server, (text, _)) in gap.iter().zip(coming) {
                edits.replace(server.value.clone(), *text);
            }
            for server in gap.iter().skip(coming.len()) {
                edits.replace(server.line.clone(), "");
            }
            anchor = gap.last().map_or(anchor, |server| server.line.end);
            for (text, _) in coming.iter().skip(gap.len()) {
                edits.insert_line(anchor, &format!("nameserver {text}"), &self.text);
            }
            anchor = self.servers.get(stays).map_or(anchor, |server| server.line.end);
            (old, new) = (stays + 1, place + 1);
        }
    }
}

/// The longest run of name servers that stay and keep their order, as places here and there.
fn common(old: &[Server], new: &[(&str, Address)]) -> Vec<(usize, usize)> {
    let mut length = vec![vec![0_usize; new.len() + 1]; old.len() + 1];
    for (i, server) in old.iter().enumerate().rev() {
        for (j, (_, address)) in new.iter().enumerate().rev() {
            length[i][j] = match server.address == *address {
                true => length[i + 1][j + 1] + 1,
                false => length[i + 1][j].max(length[i][j + 1]),
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut pairs = Vec::new();
    while i < old.len() && j < new.len() {
        if old[i].address == new[j].1 {
            pairs.push((i, j));
            (i, j) = (i + 1, j + 1);
        } else if length[i + 1][j] >= length[i][j + 1] {
            i += 1;
        } else {
            j += 1;
        }
    }
    pairs
}
