//! Laws of every plan, on files as people may have written them.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use camino::Utf8PathBuf;
use common::{after, any_deb822, any_list, state};
use innkeeper_apt::plan::{Request, equal_entries, plan, removal_left};
use innkeeper_apt::standard::known;
use innkeeper_apt::state::State;
use innkeeper_change::Plan;
use proptest::prelude::*;

const LIST: &str = "/etc/apt/sources.list";
const SOURCES: &str = "/etc/apt/sources.list.d/some.sources";
const ENTERPRISE: &str = "/etc/apt/sources.list.d/pve-enterprise.list";

fn request(state: &State, pick: &prop::sample::Index, kind: u8, words: Vec<String>) -> Request {
    let entries: Vec<_> = state.entries().map(|located| (located.file.path.clone(), located.index)).collect();
    let (path, index) = if entries.is_empty() {
        (Utf8PathBuf::from(LIST), 0)
    } else {
        entries[pick.index(entries.len())].clone()
    };
    let handles = known("bookworm");
    match kind {
        0 => Request::SetEnabled { path, index, enabled: Some(true) },
        1 => Request::SetEnabled { path, index, enabled: Some(false) },
        2 => Request::AddStandard { handle: handles[pick.index(handles.len())].handle() },
        3 => Request::SetComponents { path, index, components: words },
        4 => Request::EnableFirmware,
        5 => Request::ConvertToSources { path },
        _ => Request::Remove { path, index },
    }
}

/// What is left of a request in the state that its plan led to.
fn left(before: &State, after: &State, request: &Request) -> Plan {
    match request {
        Request::Remove { path, index } => {
            let file = before.file(path).unwrap();
            let entry = &file.document.entries()[*index];
            removal_left(after, path, entry, equal_entries(file, entry) - 1).unwrap()
        }
        other => plan(after, other, None).unwrap(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn carried_out_nothing_is_left_and_taken_back_every_byte_is_as_it_was(
        list in any_list(),
        sources in any_deb822(),
        enterprise in prop_oneof![Just(None), any_list().prop_map(Some)],
        pick in any::<prop::sample::Index>(),
        kind in 0..7u8,
        words in prop::collection::vec("[a-z]{1,6}", 1..4),
    ) {
        let mut files = vec![(LIST, list.as_str()), (SOURCES, sources.as_str())];
        files.extend(enterprise.as_deref().map(|text| (ENTERPRISE, text)));
        let before = state(&files);
        prop_assert!(before.errors.is_empty(), "{:?}", before.errors);
        let request = request(&before, &pick, kind, words);
        // flat repositories have no components, some words have no place in deb822: a refusal changes nothing
        let Ok(first) = plan(&before, &request, Some(&before.digest())) else { return Ok(()) };
        let done = after(&before, &first);
        prop_assert!(done.errors.is_empty(), "what is written can be read: {:?}", done.errors);
        prop_assert!(left(&before, &done, &request).is_empty(), "{:?}", left(&before, &done, &request));
        prop_assert_eq!(after(&done, &first.reversal().unwrap()), before.clone());
        prop_assert_eq!(plan(&before, &request, None).unwrap(), first, "the same question has the same answer");
    }

    /// APT-05
    #[test]
    fn order_is_kept_whatever_is_asked_for(
        list in any_list(),
        pick in any::<prop::sample::Index>(),
        kind in 0..5u8,
        words in prop::collection::vec("[a-z]{1,6}", 1..4),
    ) {
        let before = state(&[(LIST, &list)]);
        let request = request(&before, &pick, kind, words);
        let Ok(first) = plan(&before, &request, None) else { return Ok(()) };
        let uris = |state: &State| state.entries().map(|located| located.entry.uris.clone()).collect::<Vec<_>>();
        let (old, new) = (uris(&before), uris(&after(&before, &first)));
        prop_assert!(new.starts_with(&old) || new.ends_with(&old), "{:?} {:?}", old, new);
    }
}

#[test]
fn a_stale_digest_is_refused_and_the_present_one_is_not() {
    let state = state(&[(LIST, "deb http://x/ s main\n")]);
    let request = Request::EnableFirmware;
    let problem = plan(&state, &request, Some(&"0".repeat(64))).unwrap_err();
    assert_eq!(
        problem.to_string(),
        "detected modified configuration - file changed by other user? Try again."
    );
    assert!(plan(&state, &request, Some(&state.digest())).is_ok());
    assert!(plan(&state, &request, Some("")).is_ok());
}
