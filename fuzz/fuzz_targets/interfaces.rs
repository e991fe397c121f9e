//! Hostile text as `/etc/network/interfaces`: nothing panics, and whatever is planned reads back as it was meant.
#![no_main]

use innkeeper_change::Content;
use innkeeper_network::format::Document;
use innkeeper_network::interfaces::plan::{Request, plan};
use innkeeper_network::interfaces::settings::Settings;
use innkeeper_network::interfaces::state::State;
use innkeeper_network::interfaces::{changes, checks, view};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    assert_eq!(Document::parse(text).text(), text);
    let state = State { live: Some(Content::new(text)), ifupdown2: true, ..State::default() };
    let config = state.config_of(text);
    assert!(view::interfaces(&state, &config).count() >= config.interfaces().len());
    let _ = checks::check(&state);
    let Some(interface) = config.interfaces().last() else { return };
    let params = serde_json::json!({ "mtu": 1400, "comments": "fuzz", "cidr": "192.0.2.7/24" });
    let Some(Ok(settings)) = params.as_object().map(Settings::of) else { return };
    let request = Request::Update { name: interface.name.to_owned(), kind: interface.kind, settings };
    if let Ok(planned) = plan(&state, &request, None)
        && let Some(after) = planned.files().next().and_then(|change| change.after.clone())
    {
        let next = State { staged: Some(after), ..state.clone() };
        let staged = next.text().unwrap_or_default();
        match plan(&next, &request, None) {
            Ok(second) => {
                let again = second.files().next().and_then(|change| change.after.as_ref());
                assert!(second.is_empty(), "asked twice, {staged:?} becomes {again:?}");
            }
            Err(problem) => panic!("asked twice, {staged:?} is refused: {problem}"),
        }
        let _ = changes::changes(&next);
    }
    let _ = plan(&state, &Request::Delete { name: interface.name.to_owned() }, None);
});
