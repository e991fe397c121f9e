//! The running program over HTTPS: logins, the envelope, changes, and everything a client can do wrong.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]

mod support;

use std::io::{Read, Write};
use std::sync::Arc;
use std::time::{Duration, Instant};

use serde_json::json;
use support::{SOURCES_LIST, Server, Tree, wait_until};

const REPOSITORIES: &str = "/nodes/pve1/apt/repositories";
const DISABLE_FIRST: &str = "path=/etc/apt/sources.list&index=0&enabled=0";

/// APT-14, UI-04
#[test]
fn a_repository_is_disabled_by_a_token_and_taken_back_by_undo() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);

    let preview = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&dry-run=1")).data();
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST, "a dry run changes nothing");
    assert_eq!(preview["empty"], 0);
    assert_eq!(preview["reversible"], 1);
    assert!(
        preview["diff"]
            .as_str()
            .unwrap()
            .contains("+# deb http://deb.debian.org/debian bookworm main contrib")
    );
    assert_eq!(preview["command"], "innkeeper apt disable /etc/apt/sources.list 0");

    let fingerprint = preview["fingerprint"].as_str().unwrap();
    let answer = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&plan={fingerprint}"));
    assert_eq!(answer.data(), json!(null), "the original answers null");
    assert_eq!(tree.read("etc/apt/sources.list"), format!("# {SOURCES_LIST}"));
    let change = answer.json()["change"].as_i64().unwrap();
    let task = answer.json()["task"].as_str().unwrap().to_owned();
    assert_eq!(client.get(&format!("/nodes/pve1/tasks/{task}/status")).data()["exitstatus"], "OK");

    let again = client.post(REPOSITORIES, DISABLE_FIRST).json();
    assert_eq!(again["unchanged"], 1, "asking twice changes nothing the second time, and says so");

    client.post(&format!("/nodes/pve1/history/{change}/undo"), "").data();
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST, "undo restores every byte");
    assert_eq!(client.get(&format!("/nodes/pve1/history/{change}")).data()["state"], "undone");
    assert!(client.get("/nodes/pve1/history/verify").data()["events"].as_i64().unwrap() > 0);
}

#[test]
fn a_change_in_the_background_answers_its_task_and_runs_in_a_process_of_its_own() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let upid = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&background=1")).data();
    let status = || client.get(&format!("/nodes/pve1/tasks/{}/status", upid.as_str().unwrap())).data();
    wait_until("the task to end", || status()["status"] == "stopped");
    assert_eq!(status()["exitstatus"], "OK");
    let services: Vec<_> = server.children();
    assert!(!services.contains(&u32::try_from(status()["pid"].as_u64().unwrap()).unwrap()));
    assert_eq!(tree.read("etc/apt/sources.list"), format!("# {SOURCES_LIST}"));
}

#[test]
fn the_plan_that_was_shown_is_carried_out_or_none() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let shown = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&dry-run=1")).data();
    let moved_on = format!("{SOURCES_LIST}# somebody else was here\n");
    tree.write("etc/apt/sources.list", &moved_on);
    let plan = shown["fingerprint"].as_str().unwrap();
    let answer = client.post(REPOSITORIES, &format!("{DISABLE_FIRST}&plan={plan}"));
    assert_eq!(answer.status, 500);
    assert_eq!(answer.reason, "detected modified configuration - file changed by other user? Try again.");
    assert_eq!(tree.read("etc/apt/sources.list"), moved_on);
}

#[test]
fn a_stale_digest_is_refused_in_the_originals_words() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let answer = server.with_token(&token).post(REPOSITORIES, &format!("{DISABLE_FIRST}&digest=0123"));
    assert_eq!(answer.status, 500);
    assert_eq!(answer.reason, "detected modified configuration - file changed by other user? Try again.");
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST);
}

#[test]
fn a_login_link_works_once() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let client = server.logged_in();
    assert_eq!(client.get("/access/session").data()["username"], "root@pam");
    let second = server.client().post("/access/link", &format!("secret={}", server.link));
    assert_eq!(second.status, 401);
    assert_eq!(second.reason, "authentication failure");
}

#[test]
fn the_browsers_ticket_is_a_cookie_that_scripts_cannot_read() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let gui = server.client().header("X-Innkeeper-Gui", "1");
    let login = gui.post("/access/link", &format!("secret={}", server.link));
    assert!(login.data().get("ticket").is_none());
    let cookie = login.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "Secure", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    let ticket = cookie.split(';').next().unwrap();
    let session = server.client().header("Cookie", ticket).get("/access/session");
    assert_eq!(session.data()["username"], "root@pam");
}

#[test]
fn a_change_with_a_ticket_needs_the_csrf_header_and_one_with_a_token_does_not() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let login = server.client().post("/access/link", &format!("secret={}", server.link)).data();
    let cookie = format!("PVEAuthCookie={}", login["ticket"].as_str().unwrap());
    let without = server.client().header("Cookie", &cookie);
    assert_eq!(without.post(REPOSITORIES, DISABLE_FIRST).status, 401);
    let foreign = without.clone().header("CSRFPreventionToken", "65000000:AAAA");
    assert_eq!(foreign.post(REPOSITORIES, DISABLE_FIRST).status, 401);
    assert_eq!(tree.read("etc/apt/sources.list"), SOURCES_LIST);
    assert_eq!(without.get("/version").status, 200);
    assert_eq!(server.with_token(&token).post(REPOSITORIES, DISABLE_FIRST).status, 200);
}

#[test]
fn an_expired_ticket_a_forged_one_and_a_deleted_token_open_nothing() {
    let tree = Tree::new();
    let token = tree.token("gone");
    let server = Server::start(&tree);
    assert_eq!(server.with_token(&token).get("/version").status, 200);
    tree.json(&["token", "remove", "root@pam", "gone", "--yes"]);
    let refused = server.with_token(&token).get("/version");
    assert_eq!(refused.status, 401);

    // made with the server's own key, three hours ago
    let host = innkeeper_host::RealHost::rooted(camino::Utf8Path::from_path(tree.path()).unwrap()).unwrap();
    let tickets = innkeeper_access::Tickets::of(Arc::new(innkeeper_config::DirStore::new(Arc::new(host))));
    let now =
        i64::try_from(std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    let now = now.unwrap();
    let login = server.client().post("/access/link", &format!("secret={}", server.link)).data();
    let shown = tickets.verify(login["ticket"].as_str().unwrap(), now).unwrap().unwrap();
    let ticket = |age| tickets.issue(&shown.user, &shown.session, now - age).unwrap();
    let with =
        |ticket: &str| server.client().header("Cookie", &format!("PVEAuthCookie={ticket}")).get("/version");
    assert_eq!(with(&ticket(0)).status, 200);
    assert_eq!(with(&ticket(3 * 3600)).status, 401);
    assert_eq!(with(&ticket(0).replace("root@pam", "toor@pam")).status, 401);
    assert_eq!(with("%00%ff").status, 401);
}

#[test]
fn wrong_credentials_are_answered_late_and_missing_ones_at_once() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let begin = Instant::now();
    let missing = server.client().get("/version");
    let quick = begin.elapsed();
    assert_eq!((missing.status, missing.reason.as_str()), (401, "No ticket"));
    let begin = Instant::now();
    assert_eq!(server.client().post("/access/link", "secret=guess").status, 401);
    assert!(begin.elapsed() >= Duration::from_secs(3));
    assert!(quick < begin.elapsed());
}

#[test]
fn the_same_parameters_count_from_query_form_and_json() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let path = "/api2/json/nodes/localhost/apt/repositories";
    let form = client.send(
        "POST",
        path,
        Some((
            "application/x-www-form-urlencoded",
            b"path=%2Fetc%2Fapt%2Fsources.list&index=0&enabled=0&dry-run=1",
        )),
    );
    let json_body = br#"{"path":"/etc/apt/sources.list","index":0,"enabled":false,"dry-run":true}"#;
    let json = client.send("POST", path, Some(("application/json; charset=utf-8", json_body)));
    let query =
        client.send("POST", &format!("{path}?path=/etc/apt/sources.list&index=0&enabled=0&dry-run=1"), None);
    assert_eq!(form.data(), json.data());
    assert_eq!(form.data(), query.data());
}

#[test]
fn wrong_parameters_are_named_one_by_one() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let answer = client.post(REPOSITORIES, "index=x&enabled=maybe&colour=red");
    assert_eq!((answer.status, answer.reason.as_str()), (400, "Parameter verification failed."));
    let errors = &answer.json()["errors"];
    assert_eq!(errors["path"], "property is missing and it is not optional");
    assert_eq!(errors["index"], "type check ('integer') failed - got 'x'");
    assert_eq!(errors["enabled"], "type check ('boolean') failed - got 'maybe'");
    assert_eq!(
        errors["colour"],
        "property is not defined in schema and the schema does not allow additional properties"
    );
    let conflicting = client.call("GET", "/nodes/pve1/tasks?node=pve2", None);
    assert_eq!(conflicting.status, 400);
    let unknown = client.get("/nodes/elsewhere/tasks");
    assert_eq!((unknown.status, unknown.reason.as_str()), (400, "no such cluster node 'elsewhere'"));
}

#[test]
fn unknown_paths_verbs_and_formats_are_not_implemented() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let answer = client.get("/nowhere");
    assert_eq!((answer.status, answer.reason.as_str()), (501, "Method 'GET /nowhere' not implemented"));
    assert_eq!(client.call("PATCH", "/version", None).status, 501);
    assert_eq!(client.send("GET", "/api2/png/version", None).status, 501);
    assert_eq!(client.send("GET", "/api2/png/version", None).reason, "no such uri");
}

#[test]
fn extjs_answers_always_200_and_says_in_the_body_how_it_went() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let good = client.send("GET", "/api2/extjs/version", None);
    assert_eq!(good.json()["success"], 1);
    let bad = client.send("GET", "/api2/extjs/nodes/pve1/tasks?limit=x", None);
    assert_eq!(bad.status, 200);
    assert_eq!((&bad.json()["success"], &bad.json()["status"]), (&json!(0), &json!(400)));
    assert!(bad.json()["errors"]["limit"].is_string());
}

#[test]
fn bodies_that_cannot_be_understood_get_a_4xx() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let path = "/api2/json/nodes/pve1/apt/repositories";
    let status = |kind: &str, body: &[u8]| client.send("POST", path, Some((kind, body))).status;
    assert_eq!(status("text/xml", b"<path/>"), 400);
    assert_eq!(status("application/json", b"[1, 2"), 400);
    assert_eq!(status("application/json", b"[1, 2]"), 400);
    assert_eq!(status("application/json", b"\xff\xfe"), 400);
    assert_eq!(status("application/x-www-form-urlencoded", b"path=%ff%fe"), 400);
    assert_eq!(status("application/json", "[".repeat(100_000).as_bytes()), 400);
    let large = vec![b'a'; 10 * 1024 * 1024];
    let answer = client.send("POST", path, Some(("application/x-www-form-urlencoded", &large)));
    assert_eq!(answer.status, 413);
    assert_eq!(client.get("/version").status, 200, "the server is as well as before");
}

#[test]
fn ten_thousand_headers_are_refused() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let mut request = String::from("GET /api2/json/version HTTP/1.1\r\nHost: x\r\n");
    for number in 0..10_000 {
        request += &format!("X-{number}: y\r\n");
    }
    request += "\r\n";
    if let Some(answer) = server.client().raw_unless_cut_off(request.as_bytes()) {
        assert_eq!(answer.status, 431);
    }
    assert_eq!(server.client().get("/access/domains").status, 200, "the server is as well as before");
}

#[test]
fn a_client_that_never_finishes_its_request_is_let_go() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let mut stream = server.client().connect();
    stream.write_all(b"GET /api2/json/version HTTP/1.1\r\nHost:").unwrap();
    stream.flush().unwrap();
    let mut answer = Vec::new();
    // ends because the server closes, long before the minute after which the test's socket would give up
    let _ = stream.read_to_end(&mut answer);
    let text = String::from_utf8_lossy(&answer);
    assert!(answer.is_empty() || text.starts_with("HTTP/1.1 408"), "{text}");
}

#[test]
fn plain_http_is_told_to_come_back_with_tls() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let mut stream = std::net::TcpStream::connect(server.address).unwrap();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 400 ") && answer.contains("https://"), "{answer}");
}

#[test]
fn nobody_can_pretend_to_come_from_elsewhere() {
    let tree = Tree::new();
    let token = tree.token("ci");
    let server = Server::start(&tree);
    let client = server.with_token(&token).header("X-Innkeeper-Peer", "203.0.113.7");
    let change = client.post(REPOSITORIES, DISABLE_FIRST).json()["change"].as_i64().unwrap();
    assert_eq!(client.get(&format!("/nodes/pve1/history/{change}")).data()["origin"], "127.0.0.1");
}

#[test]
fn a_user_without_privileges_sees_nothing_of_repositories_and_only_their_own_tasks() {
    let tree = Tree::new();
    tree.write("etc/pve/user.cfg", "user:root@pam:1:0:::::\nuser:joe@pam:1:0:::::\n");
    let root = tree.token("ci");
    let joe = tree.json(&["token", "add", "joe@pam", "mine", "--privsep", "0", "--yes"]);
    let joe = format!("PVEAPIToken=joe@pam!mine={}", joe["data"]["value"].as_str().unwrap());
    let server = Server::start(&tree);
    server.with_token(&root).post(REPOSITORIES, DISABLE_FIRST).data();
    let joe = server.with_token(&joe);
    let answer = joe.get(REPOSITORIES);
    assert_eq!(answer.status, 403);
    assert_eq!(answer.reason, "Permission check failed (/nodes/pve1, Sys.Audit)");
    assert_eq!(joe.get("/nodes/pve1/tasks?source=all").data(), json!([]));
    assert_eq!(joe.get("/version").status, 200);
}

#[test]
fn the_page_forbids_everything_from_elsewhere() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let page = server.client().send("GET", "/", None);
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(page.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(server.client().send("GET", "/../../etc/passwd", None).status, page.status);
    assert_eq!(server.client().send("POST", "/", Some(("text/plain", b"x"))).status, 405);
}

#[test]
fn the_printed_fingerprint_is_that_of_the_certificate() {
    let tree = Tree::new();
    let server = Server::start(&tree);
    let mut stream = server.client().connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let certificate = stream.conn.peer_certificates().unwrap()[0].clone();
    let digest = <sha2::Sha256 as sha2::Digest>::digest(&certificate);
    let hex: Vec<_> = digest.iter().map(|byte| format!("{byte:02X}")).collect();
    assert!(server.said.contains(&hex.join(":")), "{}", server.said);
}

#[test]
fn it_starts_without_a_login_link_when_nobody_sits_there() {
    use std::io::BufRead;
    let tree = Tree::new();
    let mut child = std::process::Command::new(support::BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--root"])
        .arg(tree.path())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
    let said: Vec<_> = lines.take_while(|line| !line.starts_with("Press Ctrl-C")).collect();
    std::process::Command::new("/bin/kill").arg(child.id().to_string()).status().unwrap();
    child.wait().unwrap();
    assert!(said.iter().any(|line| line.contains("https://127.0.0.1:")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("#link=")), "{said:?}");
}

#[test]
fn a_root_that_is_nothing_or_a_file_is_an_error() {
    let tree = Tree::new();
    for root in ["no-such-place", "etc/hostname"] {
        let root = tree.path().join(root);
        let output = std::process::Command::new(support::BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--root"])
            .arg(&root)
            .output()
            .unwrap();
        assert!(!output.status.success());
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(said.contains(root.to_str().unwrap()), "{said}");
    }
}

#[test]
fn a_token_is_changed_without_losing_its_secret_and_the_change_is_taken_back() {
    let tree = Tree::new();
    let token = tree.token("ops");
    let server = Server::start(&tree);
    let client = server.with_token(&token);
    let path = "/access/users/root@pam/token/ops";
    let root = server.logged_in();
    let changed = root.put(path, "comment=nightly&expire=4102444800");
    assert_eq!(changed.data(), json!({ "comment": "nightly", "expire": 4102444800_i64, "privsep": 0 }));
    assert_eq!(root.put(path, "comment=nightly").json()["unchanged"], 1);
    assert_eq!(client.get("/version").status, 200, "the secret is the same");
    root.post(&format!("/nodes/pve1/history/{}/undo", changed.json()["change"]), "").data();
    assert_eq!(root.get(path).data(), json!({ "expire": 0, "privsep": 0 }));
    assert_eq!(root.put("/access/users/root@pam/token/none", "comment=x").status, 400);
}
