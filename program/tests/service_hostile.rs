//! Clients that mean harm, or do it: every one gets a 4xx or a closed connection, memory stays small, and a real user is
//! served meanwhile.
#![allow(
    clippy::disallowed_methods,
    reason = "tests play the world outside: files, processes, sockets, time"
)]

mod hostile;
mod support;

use std::io::{ErrorKind, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use hostile::{
    Dice, Scene, Tls, allow_many_connections, crowd, hello, is_fair, say, say_plainly, shaken, statuses, tcp,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use secrecy::ExposeSecret as _;

const MOMENT: Duration = Duration::from_millis(300);
const HANDSHAKE: u8 = 0x16;
const ALERT: u8 = 0x15;

/// Nothing, an alert, the beginning of a handshake, or the advice to speak TLS.
fn is_refusal_of_tls(said: &[u8]) -> bool {
    match said.first() {
        None => true,
        Some(&first) => first == ALERT || first == HANDSHAKE || said.starts_with(b"HTTP/1.1 400 "),
    }
}

#[test]
fn a_handshake_that_ends_or_lies_at_any_byte_is_let_go() {
    let scene = Scene::new();
    let hello = hello();
    crowd(hello.len(), |cut| {
        let said = say_plainly(scene.address(), &hello[..cut]);
        assert!(is_refusal_of_tls(&said), "cut at {cut}: {said:?}");
    });
    crowd(300, |seed| {
        let (mut dice, mut lie) = (Dice::new(seed), hello.clone());
        dice.mutate(&mut lie);
        let said = say_plainly(scene.address(), &lie);
        assert!(is_refusal_of_tls(&said), "seed {seed}: {said:?}");
    });
    scene.judge("broken handshakes");
}

#[test]
fn records_of_tls_that_nobody_asked_for_are_let_go() {
    let scene = Scene::new();
    let hello = hello();
    let alert = [ALERT, 3, 3, 0, 2, 1, 0];
    let change_cipher_spec = [0x14, 3, 3, 0, 1, 1];
    let storms: [(&str, Vec<u8>); 9] = [
        ("alerts alone", alert.repeat(10_000)),
        ("alerts after a greeting", [&hello[..], &alert.repeat(10_000)].concat()),
        ("changes of cipher", [&hello[..], &change_cipher_spec.repeat(10_000)].concat()),
        ("a greeting again and again", hello.repeat(200)),
        ("empty records", [HANDSHAKE, 3, 1, 0, 0].repeat(10_000)),
        ("a record that is too long", [&[HANDSHAKE, 3, 1, 0xff, 0xff][..], &vec![0; 65_535]].concat()),
        ("a message of 16 MiB", [HANDSHAKE, 3, 1, 0x40, 0, 1, 0xff, 0xff, 0xff].repeat(2_000)),
        ("data before keys", [&hello[..], &[0x17, 3, 3, 0x10, 0][..], &[7; 4096]].concat()),
        ("a greeting of SSL 2", vec![0x80, 0x2e, 1, 0, 2, 0, 0x15, 0, 0, 0, 0x10]),
    ];
    for (what, bytes) in &storms {
        let said = say_plainly(scene.address(), bytes);
        assert!(is_refusal_of_tls(&said), "{what}: {said:?}");
    }
    let plain: [&[u8]; 4] =
        [b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\n", b"SSH-2.0-x\r\n"];
    for bytes in plain {
        let said = say_plainly(scene.address(), bytes);
        assert!(is_refusal_of_tls(&said), "{bytes:?}: {said:?}");
    }
    scene.judge("storms of records");
}

/// What follows a request whose end two servers could see in different places.
const SMUGGLED: &str = "GET /api2/json/access/domains HTTP/1.1\r\nHost: x\r\n\r\n";

/// A request with these headers and this body, and after it one that must never be answered.
fn smuggling(headers: &str, body: &str) -> String {
    format!("POST /api2/json/version HTTP/1.1\r\nHost: x\r\n{headers}\r\n\r\n{body}{SMUGGLED}")
}

#[test]
fn a_request_whose_end_is_a_matter_of_opinion_is_refused_with_all_that_follows() {
    let scene = Scene::new();
    let chunks = "0\r\n\r\n";
    let mut attempts = vec![
        smuggling("Content-Length: 5\r\nTransfer-Encoding: chunked", chunks),
        smuggling("Transfer-Encoding: chunked\r\nContent-Length: 5", chunks),
        smuggling("Content-Length: 4\r\nContent-Length: 5", "abcd"),
        smuggling("Content-Length: 5, 5", "abcde"),
        smuggling("Content-Length: +5", "abcde"),
        smuggling("Content-Length: -5", "abcde"),
        smuggling("Content-Length: 0x5", "abcde"),
        smuggling("Content-Length: 5 5", "abcde"),
        smuggling("Content-Length: 99999999999999999999", ""),
        smuggling("Content-Length: 18446744073709551615", ""),
        smuggling("Content-Length:", "abcde"),
        smuggling("Content-Length : 5", "abcde"),
        smuggling(" Content-Length: 5", "abcde"),
        smuggling("Content-Length: 5\r\n folded", "abcde"),
        smuggling("Transfer-Encoding: chunked", "5;a=b\r\nabcde\r\n0\r\n\r\n"),
        smuggling("Transfer-Encoding: chunked", "5\nabcde\n0\n\n"),
        smuggling("Transfer-Encoding: chunked", "ffffffffffffffffff\r\n"),
        smuggling("Transfer-Encoding: chunked", "0\r\nX: y\r\n\r\n"),
        smuggling("X: a\rTransfer-Encoding: chunked", chunks),
        smuggling("X: a\0b", ""),
        smuggling("Host: y", ""),
        format!("POST /api2/json/version HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n{chunks}{SMUGGLED}"),
        format!("GET /api2/json/version HTTP/1.1\r\n\r\n{SMUGGLED}"),
        format!("GET  /api2/json/version HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}"),
        format!("GET /api2/json/version HTTP/1.2\r\nHost: x\r\n\r\n{SMUGGLED}"),
        format!("GET /api2/json/ver sion HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}"),
        format!("GET /api2/json/version\r\n\r\n{SMUGGLED}"),
        format!("CONNECT pve1:8006 HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}"),
        format!("OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}"),
        format!("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n{SMUGGLED}"),
        format!("GET pve1:8006 HTTP/1.1\r\nHost: x\r\n\r\n{SMUGGLED}"),
    ];
    let codings = [
        "xchunked",
        "chunked, identity",
        "identity",
        "gzip",
        "gzip, chunked",
        "chunked, chunked",
        " chunked",
        "Chunked",
        "\"chunked\"",
        "chunked;q=1",
        "\tchunked",
        "chunked\r\nTransfer-Encoding: identity",
    ];
    attempts.extend(codings.map(|coding| smuggling(&format!("Transfer-Encoding: {coding}"), chunks)));
    let attempts = &attempts;
    crowd(attempts.len(), |at| {
        let said = say(scene.address(), attempts[at].as_bytes(), MOMENT);
        let answers = statuses(&said);
        let refused = matches!(answers[..], [] | [400..=499]);
        assert!(refused, "{:?}\nwas answered {answers:?}: {}", attempts[at], String::from_utf8_lossy(&said));
    });
    scene.judge("smuggling");
}

#[test]
fn unusual_requests_that_mean_one_thing_only_are_answered_once() {
    let scene = Scene::new();
    let open = "/api2/json/access/domains";
    let requests = [
        format!("GET https://elsewhere:1{open} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET {open} HTTP/1.0\r\n\r\n"),
        format!("\r\n\r\nGET {open} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("GET {open} HTTP/1.1\nHost: x\n\n"),
        format!("GET {open} HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nContent-Length: 0\r\n\r\n"),
        format!(
            "GET {open} HTTP/1.1\r\nHost: x\r\nConnection: x-innkeeper-peer, upgrade\r\nUpgrade: h2c\r\n\r\n"
        ),
        format!("GET {open}?%3c%00 HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n\r\n"),
    ];
    for request in &requests {
        let answers = statuses(&say(scene.address(), request.as_bytes(), MOMENT));
        assert!(matches!(answers[..], [200 | 400]), "{request:?}: {answers:?}");
    }
    // two after each other are two, and a body is the body of one
    let pair = format!("POST /api2/json/x HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n\r\n", SMUGGLED.len());
    let answers =
        statuses(&say(scene.address(), format!("{pair}{SMUGGLED}{SMUGGLED}").as_bytes(), MOMENT * 4));
    assert_eq!(answers.len(), 2, "{answers:?}");
    scene.judge("unusual requests");
}

#[test]
fn requests_with_bytes_turned_at_random_are_never_the_servers_fault() {
    let scene = Scene::new();
    let form = "path=/etc/apt/sources.list&index=0&enabled=0&dry-run=1";
    let json = r#"{"path":"/etc/apt/sources.list","index":0,"enabled":false,"dry-run":true}"#;
    let token = &scene.token;
    let head = |line: &str| format!("{line} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n");
    let post = head("POST /api2/json/nodes/pve1/apt/repositories");
    let seeds = [
        head("GET /api2/json/version") + "\r\n",
        head("GET /api2/extjs/nodes/pve1/tasks?limit=5&source=all&typefilter=x") + "\r\n",
        head("GET /assets/../index.html") + "\r\n",
        format!("{post}Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{json}", json.len()),
        format!(
            "{post}Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\r\n{form}",
            form.len()
        ),
    ];
    crowd(400, |seed| {
        let mut dice = Dice::new(seed);
        let mut request = seeds[seed % seeds.len()].clone().into_bytes();
        dice.mutate(&mut request);
        let answers = statuses(&say(scene.address(), &request, MOMENT));
        let fair = answers.iter().all(|status| is_fair(*status));
        assert!(fair, "seed {seed}: {:?}: {answers:?}", String::from_utf8_lossy(&request));
    });
    scene.judge("mutations");
}

#[test]
fn bombs_of_headers_and_bodies_without_end_are_cut_off() {
    let scene = Scene::new();
    let line = "GET /api2/json/version HTTP/1.1\r\nHost: x\r\n";
    let long = "a".repeat(1024 * 1024);
    let bombs = [
        format!("{line}{}\r\n", "X: y\r\n".repeat(100_000)),
        format!("{line}X: {long}\r\n\r\n"),
        format!("{line}{long}: x\r\n\r\n"),
        format!("GET /{long} HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{long} / HTTP/1.1\r\nHost: x\r\n\r\n"),
        format!("{line}Cookie: {}\r\n\r\n", "PVEAuthCookie=x; ".repeat(60_000)),
        format!("{line}Range: bytes={}\r\n\r\n", "0-,".repeat(5_000)),
    ];
    crowd(bombs.len() * 8, |at| {
        let answers = statuses(&say(scene.address(), bombs[at % bombs.len()].as_bytes(), MOMENT));
        assert!(matches!(answers[..], [400..=499]), "bomb {}: {answers:?}", at % bombs.len());
    });
    let piece = vec![b'a'; 64 * 1024];
    crowd(16, |_| {
        let mut wire = shaken(scene.address()).unwrap();
        let head = "POST /api2/json/access/ticket HTTP/1.1\r\nHost: x\r\nContent-Length: 9999999999\r\n\r\n";
        wire.write_all(head.as_bytes()).unwrap();
        let sent = (0..4096).take_while(|_| wire.write_all(&piece).is_ok()).count();
        assert!(sent < 4096, "256 MiB were taken");
        let mut answer = Vec::new();
        let _ = wire.read_to_end(&mut answer);
        assert!(matches!(statuses(&answer)[..], [] | [413 | 429]));
    });
    scene.judge("bombs");
}

/// Connections that were opened; those that the server did not want are left out.
fn many(scene: &Scene, number: usize, first: impl Fn(usize, &mut Tls) + Sync) -> Vec<Tls> {
    let opened = crowd(number, |at| {
        let mut wire = shaken(scene.address())?;
        first(at, &mut wire);
        Some(wire)
    });
    opened.into_iter().flatten().collect()
}

#[test]
fn a_thousand_idle_connections_keep_nobody_out() {
    let scene = Scene::new();
    allow_many_connections();
    let silent = crowd(500, |_| tcp(scene.address()));
    let greeted = many(&scene, 500, |_, _| {});
    assert_eq!(greeted.len(), 500, "a thousand are no crowd");
    // the user works on; then more come than there are places
    std::thread::sleep(Duration::from_secs(2));
    let more = crowd(600, |_| tcp(scene.address()));
    std::thread::sleep(Duration::from_secs(2));
    drop((silent, greeted, more));
    scene.judge("idle connections");
}

#[test]
fn clients_that_trickle_or_never_read_are_let_go_and_cost_little() {
    let scene = Scene::new();
    allow_many_connections();
    let head = "POST /api2/json/access/ticket HTTP/1.1\r\nHost: x\r\nContent-Length: 500000\r\n\r\n";
    let mut slow = many(&scene, 900, |at, wire| {
        let bytes = match at % 3 {
            // headers up to just below what is too much
            0 => format!("GET /api2/json/version HTTP/1.1\r\nHost: x\r\nX: {}", "a".repeat(15_000)),
            // most of a body
            1 => format!("{head}{}", "a".repeat(if at % 9 == 1 { 400_000 } else { 15_000 })),
            // a large answer that nobody takes
            _ => "GET /api2/openapi.json HTTP/1.1\r\nHost: x\r\n\r\n".repeat(4),
        };
        let _ = wire.write_all(bytes.as_bytes());
    });
    let half_closed = crowd(100, |_| {
        let wire = tcp(scene.address());
        wire.shutdown(Shutdown::Write).unwrap();
        wire
    });
    for _ in 0..5 {
        for wire in &mut slow {
            let _ = wire.write_all(b"a");
        }
        std::thread::sleep(Duration::from_secs(1));
    }
    // those that never finish their headers are let go first, however busily they trickle
    for wire in slow.iter_mut().step_by(3) {
        wire.sock.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        let ended = wire.read_to_end(&mut Vec::new()).map_err(|error| error.kind());
        assert!(!matches!(ended, Err(ErrorKind::WouldBlock | ErrorKind::TimedOut)), "{ended:?}");
    }
    drop((slow, half_closed));
    scene.judge("trickles");
}

/// A check of a password costs 19 MiB: few run at once, some wait, and the rest is told to come back.
#[test]
fn a_crowd_at_the_door_costs_no_more_than_a_few_logins() {
    const CROWD: usize = 150;
    let scene = Scene::new();
    let hash = innkeeper_access::password::hash(&"a password of the crowd".to_owned().into()).unwrap();
    let names = || (0..CROWD).map(|n| format!("u{n}"));
    let users: String = names().map(|name| format!("user:{name}@pve:1:0::::::\n")).collect();
    scene.tree.write("etc/pve/user.cfg", scene.tree.read("etc/pve/user.cfg") + &users);
    let hashes: String = names().map(|name| format!("{name}:{}:\n", hash.expose_secret())).collect();
    scene.tree.write("etc/pve/priv/shadow.cfg", hashes);
    for (password, opens) in [("a password of the crowd", 200), ("a wrong one of the crowd", 401)] {
        let client = &scene.server.client();
        let answers: Vec<_> = std::thread::scope(|scope| {
            let form = move |name: &str| format!("username={name}@pve&password={password}");
            let tries: Vec<_> = names()
                .map(|name| scope.spawn(move || client.post("/access/ticket", &form(&name))))
                .collect();
            tries.into_iter().map(|one| one.join().unwrap()).collect()
        });
        let count = |status| answers.iter().filter(|answer| answer.status == status).count();
        assert_eq!(count(opens) + count(429), CROWD, "everybody got an answer");
        assert!(
            count(opens) > 0 && count(429) > 0,
            "{} got through, {} were sent away",
            count(opens),
            count(429)
        );
        let sent_away = answers.iter().find(|answer| answer.status == 429).unwrap();
        assert_eq!(sent_away.header("retry-after"), Some("1"));
        assert!(sent_away.reason.contains("too many logins at once"), "{}", sent_away.reason);
    }
    scene.judge("a crowd at the door");
}

/// A compromised proxy is the only one who can say anything to the daemon, and may say anything.
#[test]
fn the_daemon_survives_any_bytes_on_its_socket() {
    let scene = Scene::new();
    let socket = scene.tree.path().join("run/innkeeper/daemon.sock");
    let said = |bytes: &[u8]| {
        let mut wire = UnixStream::connect(&socket).unwrap();
        let _ = wire.write_all(bytes);
        let mut answer = Vec::new();
        // first what it has to say while somebody listens, then the rest
        wire.set_read_timeout(Some(MOMENT)).unwrap();
        if wire.read_to_end(&mut answer).is_err() {
            let _ = wire.shutdown(Shutdown::Write);
            wire.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
            let begin = Instant::now();
            let _ = wire.read_to_end(&mut answer);
            assert!(begin.elapsed() < Duration::from_secs(19), "the daemon hangs");
        }
        answer
    };
    let token = &scene.token;
    let request = || {
        let line = ("(GET|POST|PUT|DELETE|HEAD|X)", "/api2/(json|extjs|x)/[ -~]{0,40}", "[ -~\r\n]{0,200}");
        let json = ("[a-z/{}%0-9]{0,60}", "\\PC{0,300}");
        prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..2000),
            line.prop_map(|(verb, path, rest)| {
                format!("{verb} {path} HTTP/1.1\r\nHost: x\r\n{rest}\r\n\r\n").into_bytes()
            }),
            json.prop_map(|(path, body)| {
                let head =
                    format!("POST /api2/json/{path} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\n");
                let kind = "Content-Type: application/json\r\n";
                format!("{head}{kind}Content-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
            }),
        ]
    };
    crowd(16, |seed| {
        let config = Config { cases: 60, failure_persistence: None, ..Config::default() };
        let dice = TestRng::from_seed(RngAlgorithm::XorShift, &[seed as u8 + 1; 16]);
        let outcome = TestRunner::new_with_rng(config, dice).run(&request(), |bytes| {
            let answers = statuses(&said(&bytes));
            prop_assert!(answers.iter().all(|status| is_fair(*status)), "{answers:?}");
            Ok(())
        });
        outcome.unwrap();
    });
    scene.judge("bytes to the daemon");
}
