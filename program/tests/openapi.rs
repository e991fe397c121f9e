//! The OpenAPI document is generated from the declarations, committed, and compared.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]

#[path = "../src/methods.rs"]
#[allow(dead_code, reason = "the program's own list, so that no chapter is forgotten here")]
mod methods;

/// GEN-05: every method is in the document; a change of the API is a change of this file, seen in review
#[test]
fn the_committed_document_is_that_of_the_code() {
    let document = innkeeper_rest::openapi::document(&methods::methods());
    let text = serde_json::to_string_pretty(&document).unwrap() + "\n";
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/openapi.json");
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(path, &text).unwrap();
    }
    let committed = std::fs::read_to_string(path).unwrap_or_default();
    assert!(
        committed == text,
        "docs/openapi.json is not that of the code: run `make docs` and look at the difference"
    );
}

/// Every kind of task has words in the browser's list of tasks.
#[test]
fn the_browser_has_words_for_every_kind_of_task() {
    let names = include_str!("../../web/src/kit/tasks/names.ts");
    let kinds = methods::methods().into_iter().filter_map(|method| match method.handler {
        innkeeper_rest::Handler::Change(change) => Some(change.task),
        _ => None,
    });
    let without: Vec<_> = kinds.filter(|kind| !names.contains(&format!("\n  {kind}: \""))).collect();
    assert!(without.is_empty(), "web/src/kit/tasks/names.ts has no words for {without:?}");
}
