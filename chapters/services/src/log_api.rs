//! The methods of logs.

use innkeeper_change::Problem;
use innkeeper_rest::{Answer, Call, CommandName, Method, Permission, Property};
use jiff::tz::TimeZone;

use crate::entry;
use crate::journal::{self, Range};
use crate::model::{Entry, Line};
use crate::{names, times};

const SYSLOG: Permission = Permission::On("/nodes/{node}", &["Sys.Syslog"]);
const PRIORITIES: &[&str] = &["emerg", "alert", "crit", "err", "warning", "notice", "info", "debug"];

pub(crate) fn methods() -> Vec<Method> {
    vec![syslog(), journal(), log()]
}

fn service(help: &'static str) -> Property {
    Property::string("service")
        .max_length(128)
        .pattern(r"^[A-Za-z0-9:_\\@][A-Za-z0-9:_.\\@-]*$", names::is_unit_name)
        .optional()
        .help(help)
}

fn priority() -> Property {
    Property::one_of("priority", PRIORITIES).optional().help("Ours: only what is as bad as this, or worse")
}

fn syslog() -> Method {
    Method::get("/nodes/{node}/syslog", "Read the system log as numbered lines, oldest first", read_syslog)
        .allow(SYSLOG)
        .param(
            Property::integer("start").min(0).default("0").help("How many of the oldest lines to leave out"),
        )
        .param(
            Property::integer("limit")
                .min(0)
                .default("50")
                .help("How many lines to read; 0 reads as many as one answer holds, which is 8 MiB"),
        )
        .param(date(
            "since",
            "Only what was written at this time or later: YYYY-MM-DD[ HH:MM[:SS]], local time",
        ))
        .param(date("until", "Only what was written up to this time: YYYY-MM-DD[ HH:MM[:SS]], local time"))
        .param(service("Only lines of this service or unit"))
        .param(priority())
        .returns::<Vec<Line>>()
}

fn date(name: &'static str, help: &'static str) -> Property {
    Property::string(name).pattern(times::DATE, times::is_date).optional().help(help)
}

fn read_syslog(call: &Call<'_>) -> Result<Answer, Problem> {
    let zone = journal::zone(call.host().as_ref());
    let range = range(call, &zone);
    let number = |name| call.integer(name).unwrap_or_default().unsigned_abs();
    let (mut lines, total) = journal::text(call.host().as_ref(), &range, number("start"), number("limit"))?;
    if total == 0 {
        lines.push(Line { n: 1, t: "no content".to_owned() });
    }
    Answer::page(lines, total)
}

fn cursor(name: &'static str, help: &'static str) -> Property {
    let fine = |text: &str| {
        !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"=;_-".contains(&byte))
    };
    Property::string(name).max_length(512).pattern("^[A-Za-z0-9=;_-]+$", fine).optional().help(help)
}

fn last() -> Property {
    Property::integer("lastentries").min(0).help("Only the newest entries, as many as this; 10000 at most")
}

fn journal() -> Method {
    let since = Property::integer("since").min(0).optional();
    let until = Property::integer("until").min(0).optional();
    Method::get(
        "/nodes/{node}/journal",
        "Read the journal as lines, oldest first; the first element is the cursor of the first entry, the last that of the last",
        read_journal,
    )
    .allow(SYSLOG)
    .param(since.help("Only what was written at this time or later, in seconds since 1970"))
    .param(until.help("Only what was written up to this time, in seconds since 1970"))
    .param(last().optional())
    .param(cursor("startcursor", "Only what was written after the entry at this cursor"))
    .param(cursor("endcursor", "Only what was written before the entry at this cursor"))
    .param(service("Ours: only entries of this service or unit"))
    .param(priority())
    .returns::<Vec<String>>()
}

fn read_journal(call: &Call<'_>) -> Result<Answer, Problem> {
    let host = call.host().as_ref();
    let zone = journal::zone(host);
    let entries = journal::entries(host, &range(call, &zone), wanted(call))?;
    let (Some(first), Some(last)) = (entries.first(), entries.last()) else {
        return Answer::of(Vec::<String>::new());
    };
    let mut lines = vec![first.cursor.clone()];
    lines.extend(entries.iter().flat_map(|entry| entry::lines(entry, &zone)));
    lines.push(last.cursor.clone());
    Answer::of(lines)
}

fn log() -> Method {
    let moment = |name, help| {
        Property::string(name).pattern(times::DATE_OR_SECONDS, times::is_moment).optional().help(help)
    };
    Method::get("/nodes/{node}/log", "Read the entries of the journal, oldest first", |call| {
        let zone = journal::zone(call.host().as_ref());
        Answer::of(journal::entries(call.host().as_ref(), &range(call, &zone), wanted(call))?)
    })
    .allow(SYSLOG)
    .param(service("Only entries of this service or unit"))
    .param(priority().help("Only what is as bad as this, or worse"))
    .param(moment(
        "since",
        "Only what was written at this time or later: seconds since 1970, or YYYY-MM-DD[ HH:MM[:SS]] in local time",
    ))
    .param(moment(
        "until",
        "Only what was written up to this time: seconds since 1970, or YYYY-MM-DD[ HH:MM[:SS]] in local time",
    ))
    .param(last().default("100"))
    .param(cursor("startcursor", "Only what was written after the entry at this cursor: the next page, or what is new"))
    .param(cursor("endcursor", "Only what was written before the entry at this cursor: the page before"))
    .returns::<Vec<Entry>>()
    .command(CommandName {
        words: "log",
        positional: &[],
        preset: &[],
        help: "Read the log of this host or of one of its services",
    })
}

fn wanted(call: &Call<'_>) -> Option<usize> {
    call.integer("lastentries").map(|count| usize::try_from(count).unwrap_or(usize::MAX))
}

fn range(call: &Call<'_>, zone: &TimeZone) -> Range {
    let moment = |name| {
        let said = call.text(name).and_then(|text| times::seconds(text, zone));
        said.or_else(|| call.integer(name))
    };
    let text = |name| call.text(name).map(str::to_owned);
    Range {
        since: moment("since"),
        until: moment("until"),
        service: text("service"),
        priority: text("priority"),
        after: text("startcursor"),
        before: text("endcursor"),
    }
}
