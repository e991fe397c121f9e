//! `docs/coverage.md` says which test proves which requirement: every row is there, and so is every test it names.
#![allow(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    reason = "tests play the world outside: files, processes, sockets, time; and fail by panicking"
)]

use std::path::{Path, PathBuf};

/// One area of the page, as its heading, its count and its rows have it.
struct Area {
    name: String,
    counted: String,
    rows: Vec<(String, String)>,
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn page() -> String {
    std::fs::read_to_string(repository().join("docs/coverage.md")).unwrap()
}

fn areas(page: &str) -> Vec<Area> {
    let mut areas: Vec<Area> = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            let name = heading.split(':').next().unwrap_or_default().to_owned();
            areas.push(Area { name, counted: String::new(), rows: Vec::new() });
            continue;
        }
        let Some(area) = areas.last_mut() else { continue };
        if let Some((id, text)) = line.strip_prefix("- ").and_then(|row| row.split_once(": ")) {
            area.rows.push((id.to_owned(), text.to_owned()));
        } else if line.contains(" rows: ") {
            area.counted = line.to_owned();
        } else {
            assert!(line.is_empty(), "neither heading, count nor row: {line}");
        }
    }
    areas
}

/// What stands between backticks.
fn references(text: &str) -> Vec<&str> {
    text.split('`').skip(1).step_by(2).collect()
}

/// Proven, in part, not.
fn count(rows: &[(String, String)]) -> [usize; 3] {
    let of = |start: &str| rows.iter().filter(|(_, text)| text.starts_with(start)).count();
    let (proven, in_part) = (of("`"), of("in part: `"));
    [proven, in_part, rows.len() - proven - in_part]
}

fn in_words([proven, in_part, not]: [usize; 3]) -> String {
    let all = proven + in_part + not;
    format!("{all} rows: {proven} proven, {in_part} in part, {not} not.")
}

/// Says what is wrong with a reference: `file`, `folder` or `file::name of a test`.
fn missing(reference: &str) -> Option<String> {
    let (path, name) = match reference.split_once("::") {
        Some((path, name)) => (path, Some(name)),
        None => (reference, None),
    };
    let path = repository().join(path);
    if path.is_dir() {
        return (!path.join("request.json").is_file()).then(|| format!("no golden case: {reference}"));
    }
    let Ok(text) = std::fs::read_to_string(&path) else { return Some(format!("no such file: {reference}")) };
    let name = name?;
    let is_rust = path.extension().is_some_and(|extension| extension == "rs");
    let found = if is_rust { text.contains(&format!("fn {name}(")) } else { text.contains(name) };
    (!found).then(|| format!("no such test: {reference}"))
}

#[test]
fn every_requirement_has_its_row_and_the_rows_are_counted() {
    let page = page();
    let areas = areas(&page);
    let mut total = [0; 3];
    for area in &areas {
        for (number, (id, _)) in area.rows.iter().enumerate() {
            assert_eq!(*id, format!("{}-{:02}", area.name, number + 1), "rows stand in order, without a gap");
        }
        let counted = count(&area.rows);
        assert_eq!(area.counted, in_words(counted), "{}", area.name);
        for (sum, part) in total.iter_mut().zip(counted) {
            *sum += part;
        }
    }
    let mut names: Vec<_> = areas.iter().map(|area| area.name.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!((areas.len(), names.len()), (20, 20), "every area stands there once");
    let all = format!("All areas together: {}", in_words(total));
    assert!(page.lines().any(|line| line == all), "the page does not say: {all}");
}

#[test]
fn a_row_names_tests_or_says_in_words_why_there_are_none() {
    for area in areas(&page()) {
        for (id, text) in &area.rows {
            assert!(!text.trim().is_empty(), "{id}");
            assert_eq!(text.split('`').count() % 2, 1, "{id}: an odd number of backticks");
            let has_tests = text.starts_with('`') || text.starts_with("in part: `");
            assert_eq!(!references(text).is_empty(), has_tests, "{id}: tests come first");
            if text.starts_with("in part: ") {
                assert!(text.contains("; "), "{id}: what is not proven?");
            }
        }
    }
}

#[test]
fn every_test_that_is_named_exists() {
    let page = page();
    let rows: Vec<_> = areas(&page).into_iter().flat_map(|area| area.rows).collect();
    let named: Vec<_> = rows.iter().flat_map(|(_, text)| references(text)).collect();
    assert!(named.len() > 100, "the references are found: {}", named.len());
    let wrong: Vec<_> = named.into_iter().filter_map(missing).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
