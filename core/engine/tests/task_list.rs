//! Pages of the task history.
#![allow(clippy::unwrap_used, reason = "a test ends where something is not as it should be")]
#![allow(clippy::disallowed_methods, reason = "a test makes the files that it lists")]

mod common;

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use common::Fixture;
use innkeeper_engine::{Source, StatusClass, TaskFilter, TaskPage};

const INDEX: &str = "/var/log/pve/tasks/index";
const OLDER: &str = "/var/log/pve/tasks/index.1";
const START: i64 = 0x6124_0000;

/// One finished task: number, type, id, user, status. It starts `number` seconds after [`START`].
fn line(number: i64, kind: &str, id: &str, user: &str, status: &str) -> String {
    let start = START + number;
    format!("UPID:pve1:00010D94:001CA6EA:{start:08X}:{kind}:{id}:{user}: {:08X} {status}\n", start + 5)
}

/// Eight tasks, the newest of them last; the three oldest are in the older index.
fn sample() -> Fixture {
    let fixture = Fixture::new();
    fixture.write(
        OLDER,
        &[
            line(1, "vzdump", "100", "root@pam", "OK"),
            line(2, "vzdump", "100", "root@pam", "job errors"),
            line(3, "vzdump", "101", "ann@pve", "job errors"),
        ]
        .concat(),
    );
    fixture.write(
        INDEX,
        &[
            line(4, "qmstart", "100", "root@pam!ci", "OK"),
            line(5, "qmstart", "1001", "ann@pve!x", "WARNINGS: 2"),
            line(6, "aptupdate", "", "root@pam", "unexpected status"),
            line(7, "vzdump", "100", "root@pam2", "exit code 1 OK"),
            line(8, "vzdump", "100", "Root@pam", "OK"),
        ]
        .concat(),
    );
    fixture
}

/// The numbers of the tasks of a page, which tell their order.
fn numbers(page: &TaskPage) -> Vec<i64> {
    page.tasks.iter().map(|task| task.starttime - START).collect()
}

fn listed(fixture: &Fixture, filter: TaskFilter) -> Vec<i64> {
    let page = fixture.engine.tasks().list(&filter).unwrap();
    assert_eq!(page.total, Some(page.tasks.len() as u64), "{filter:?}");
    numbers(&page)
}

fn all() -> TaskFilter {
    TaskFilter::default()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

/// NODE-08
#[test]
fn finished_tasks_are_listed_newest_first_over_both_indexes() {
    let fixture = sample();
    assert_eq!(listed(&fixture, all()), [8, 7, 6, 5, 4, 3, 2, 1]);
    let page = fixture.engine.tasks().list(&TaskFilter { start: 4, limit: 2, ..all() }).unwrap();
    assert_eq!((numbers(&page), page.total), (vec![4, 3], Some(8)));
    let task = serde_json::to_value(&page.tasks[0]).unwrap();
    let expected = serde_json::json!({
        "upid": "UPID:pve1:00010D94:001CA6EA:61240004:qmstart:100:root@pam!ci:",
        "node": "pve1", "pid": 69012, "pstart": 1_877_738, "starttime": START + 4, "type": "qmstart",
        "id": "100", "user": "root@pam", "tokenid": "ci", "endtime": START + 9, "status": "OK",
    });
    assert_eq!(task, expected);
}

/// NODE-09: `--errors --vmid 100`, and the other filters, alone and combined.
#[test]
fn filters_choose_tasks_and_combine() {
    let fixture = sample();
    let check = |filter: TaskFilter, expected: &[i64]| {
        assert_eq!(listed(&fixture, filter.clone()), expected, "{filter:?}");
    };
    let vmid = || some("100");
    check(TaskFilter { vmid: vmid(), errors: true, ..all() }, &[7, 2]);
    check(TaskFilter { vmid: vmid(), ..all() }, &[8, 7, 4, 2, 1]);
    check(TaskFilter { errors: true, ..all() }, &[7, 6, 5, 3, 2]);
    check(TaskFilter { typefilter: some("qmstart"), ..all() }, &[5, 4]);
    check(TaskFilter { typefilter: some("qm"), ..all() }, &[]);
    check(TaskFilter { typefilter: some("vzdump"), vmid: some("101"), ..all() }, &[3]);
    check(TaskFilter { userfilter: some("ANN"), ..all() }, &[5, 3]);
    check(TaskFilter { userfilter: some("pam!c"), ..all() }, &[4]);
    check(TaskFilter { userfilter: some(".*"), ..all() }, &[]);
    check(TaskFilter { since: Some(START + 6), ..all() }, &[8, 7, 6]);
    check(TaskFilter { since: Some(START + 2), until: Some(START + 3), ..all() }, &[3, 2]);
    check(TaskFilter { statusfilter: vec![StatusClass::Ok], ..all() }, &[8, 4, 1]);
    check(TaskFilter { statusfilter: vec![StatusClass::Warning, StatusClass::Unknown], ..all() }, &[6, 5]);
    check(TaskFilter { statusfilter: vec![StatusClass::Error], ..all() }, &[7, 3, 2]);
    check(TaskFilter { statusfilter: vec![StatusClass::Ok], errors: true, ..all() }, &[7, 6, 5, 3, 2]);
}

/// NODE-09
#[test]
fn a_user_sees_own_tasks_and_those_of_own_tokens_and_a_token_only_its_own() {
    let fixture = sample();
    let seen_by = |user: &str| listed(&fixture, TaskFilter { visible: some(user), ..all() });
    assert_eq!(seen_by("root@pam"), [6, 4, 2, 1]);
    assert_eq!(seen_by("root@pam!ci"), [4]);
    assert_eq!(seen_by("ann@pve"), [5, 3]);
    assert_eq!(seen_by("an"), [0; 0]);
    let both = TaskFilter { visible: some("root@pam"), vmid: some("100"), errors: true, ..all() };
    assert_eq!(listed(&fixture, both), [2]);
}

/// NODE-09
#[test]
fn a_limit_of_zero_returns_nothing_but_the_total() {
    let fixture = sample();
    let page = fixture.engine.tasks().list(&TaskFilter { limit: 0, ..all() }).unwrap();
    assert_eq!((page.tasks.len(), page.total), (0, Some(8)));
    let errors = TaskFilter { limit: 0, errors: true, ..all() };
    assert_eq!(fixture.engine.tasks().list(&errors).unwrap().total, Some(5));
    let silent = TaskFilter { limit: 2, with_total: false, ..all() };
    let page = fixture.engine.tasks().list(&silent).unwrap();
    assert_eq!((numbers(&page), page.total), (vec![8, 7], None));
}

/// NODE-08
#[test]
fn running_tasks_come_first_when_all_are_asked_for_and_have_not_failed() {
    let fixture = sample();
    let writer = fixture.engine.tasks().start("ann@pve", "vzdump", "100").unwrap();
    let list = |filter: TaskFilter| fixture.engine.tasks().list(&filter).unwrap();
    let page = list(TaskFilter { source: Source::All, vmid: some("100"), limit: 2, ..all() });
    assert_eq!(page.tasks[0].upid, *writer.upid());
    assert_eq!(page.tasks[0].status.as_deref(), Some("RUNNING"));
    assert_eq!((page.tasks[0].endtime, page.total), (None, Some(6)));
    assert_eq!(list(TaskFilter { source: Source::All, ..all() }).total, Some(9));
    assert_eq!(list(TaskFilter { source: Source::All, errors: true, ..all() }).total, Some(5));
    assert_eq!(list(TaskFilter { source: Source::Active, ..all() }).total, Some(1));
    let other = TaskFilter { source: Source::Active, visible: some("root@pam"), ..all() };
    assert_eq!(list(other).total, Some(0));
}

#[test]
fn lines_that_are_no_tasks_are_not_listed_and_harm_nothing() {
    let fixture = sample();
    let mut bytes = std::fs::read(fixture.path(INDEX)).unwrap();
    bytes.extend_from_slice(
        b"\n\nUPID:\n\xff\xfe : : : OK\nUPID:a:b:c:d:e:100:g: zz OK\nUPID:pve1:00010D94:0",
    );
    std::fs::write(fixture.path(INDEX), bytes).unwrap();
    let page = fixture.engine.tasks().list(&TaskFilter { vmid: some("100"), ..all() }).unwrap();
    assert_eq!(numbers(&page), [8, 7, 4, 2, 1]);
    let page = fixture.engine.tasks().list(&TaskFilter { source: Source::All, ..all() }).unwrap();
    assert_eq!(numbers(&page), [8, 7, 6, 5, 4, 3, 2, 1]);
    fixture.engine.tasks().start("root@pam", "after", "").unwrap().finish(Ok(()));
    let index = std::fs::read(fixture.path(INDEX)).unwrap();
    let index = String::from_utf8_lossy(&index);
    assert!(index.contains("\nUPID:pve1:00010D94:0\nUPID:"), "what was cut off stays alone on its line");
    let newest = fixture.engine.tasks().list(&TaskFilter { limit: 1, ..all() }).unwrap();
    assert_eq!(newest.tasks[0].kind, "after");
}

#[test]
fn a_host_without_any_task_has_an_empty_list() {
    let fixture = Fixture::new();
    for source in [Source::Archive, Source::Active, Source::All] {
        let page = fixture.engine.tasks().list(&TaskFilter { source, ..all() }).unwrap();
        assert_eq!(page, TaskPage { tasks: vec![], total: Some(0) });
    }
}

/// NODE-08: a history of 1,000,000 tasks is not read whole for a page of it.
#[test]
fn the_first_page_of_a_million_tasks_reads_kilobytes_and_the_count_is_made_once() {
    // 90 MB, more than some containers have in memory
    let fixture = Fixture::at(tempfile::tempdir().unwrap());
    let mut text = String::with_capacity(100_000_000);
    for number in 0..1_000_000 {
        let (kind, status) = if number % 1000 == 0 { ("vzdump", "job errors") } else { ("qmstart", "OK") };
        let id = 100 + number % 50;
        let _ = write!(text, "{}", line(number, kind, &id.to_string(), "root@pam", status));
    }
    fixture.write(INDEX, &text);
    let bytes_read = |list: &dyn Fn()| {
        fixture.host.bytes_read.store(0, Ordering::Relaxed);
        list();
        fixture.host.bytes_read.load(Ordering::Relaxed)
    };
    let tasks = fixture.engine.tasks();
    let quick = TaskFilter { with_total: false, ..all() };
    let read = bytes_read(&|| {
        let page = tasks.list(&quick).unwrap();
        assert_eq!(numbers(&page), (999_950..1_000_000).rev().collect::<Vec<_>>());
    });
    assert!(read < 100_000, "{read} bytes for a page without total");

    let read = bytes_read(&|| {
        assert_eq!(tasks.list(&all()).unwrap().total, Some(1_000_000));
    });
    assert!(read >= text.len() as u64, "{read} bytes: somebody has to count them once");
    let again = || {
        let page = tasks.list(&all()).unwrap();
        assert_eq!((page.tasks.len(), page.total), (50, Some(1_000_000)));
    };
    let read = bytes_read(&again);
    assert!(read < 100_000, "{read} bytes when the lines were counted before");

    let fresh = common::TestHost::new(camino::Utf8Path::from_path(fixture.directory.path()).unwrap());
    let page = innkeeper_engine::Engine::new(fresh.clone()).tasks().list(&all()).unwrap();
    assert_eq!(page.total, Some(1_000_000));
    let read = fresh.bytes_read.load(Ordering::Relaxed);
    assert!(read < 100_000, "{read} bytes in a later process");

    assert!(tasks.start("root@pam", "one more", "").is_err(), "a type has no spaces");
    tasks.start("root@pam", "onemore", "").unwrap().finish(Ok(()));
    assert_eq!(tasks.list(&all()).unwrap().total, Some(1_000_001));
    let middle = tasks.list(&TaskFilter { start: 500_001, limit: 1, ..all() }).unwrap();
    assert_eq!(numbers(&middle), [499_999]);

    let rare = TaskFilter { errors: true, vmid: some("100"), limit: 10, ..all() };
    let page = tasks.list(&rare).unwrap();
    assert_eq!((page.tasks.len(), page.total, numbers(&page)[0]), (10, Some(1000), 999_000));
    let read = bytes_read(&|| {
        tasks.list(&TaskFilter { with_total: false, ..rare.clone() }).unwrap();
    });
    assert!(read < 4_000_000, "{read} bytes until ten were found");
}

/// NODE-08
#[test]
fn the_count_is_kept_when_a_task_ends_so_that_a_later_process_need_not_make_it() {
    let fixture = Fixture::new();
    let text: String = (0..30_000).map(|number| line(number, "vzdump", "100", "root@pam", "OK")).collect();
    fixture.write(INDEX, &text);
    fixture.engine.tasks().start("root@pam", "test", "").unwrap().finish(Ok(()));
    let fresh = common::TestHost::new(camino::Utf8Path::from_path(fixture.directory.path()).unwrap());
    let page = innkeeper_engine::Engine::new(fresh.clone()).tasks().list(&all()).unwrap();
    assert_eq!((page.tasks.len(), page.total), (50, Some(30_001)));
    let read = fresh.bytes_read.load(Ordering::Relaxed);
    assert!(read < 100_000, "{read} of {} bytes", text.len());
}

#[test]
fn an_index_that_was_replaced_by_another_is_counted_anew() {
    let fixture = sample();
    let tasks = fixture.engine.tasks();
    assert_eq!(tasks.list(&all()).unwrap().total, Some(8));
    // the same inode with other content, as an editor that writes in place leaves it
    let text: String = (0..100).map(|number| line(number, "other", "7", "root@pam", "OK")).collect();
    fixture.write(INDEX, &text);
    assert_eq!(tasks.list(&all()).unwrap().total, Some(103));
    fixture.write(INDEX, "");
    assert_eq!(tasks.list(&all()).unwrap().total, Some(3));
}
