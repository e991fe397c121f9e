//! Health findings and the hazards of plans, row by row.
#![allow(clippy::unwrap_used, missing_docs, reason = "tests")]

mod common;

use common::{after, state};
use innkeeper_apt::checks::check;
use innkeeper_apt::model::Standing;
use innkeeper_apt::plan::{Request, plan};
use innkeeper_apt::state::{State, Subscription};
use innkeeper_apt::view;
use innkeeper_change::{Finding, Level, Severity};

const LIST: &str = "/etc/apt/sources.list";
const ENTERPRISE_FILE: &str = "/etc/apt/sources.list.d/pve-enterprise.list";
const CEPH_FILE: &str = "/etc/apt/sources.list.d/ceph.list";
const DEBIAN: &str = "deb http://deb.debian.org/debian bookworm main contrib
deb http://deb.debian.org/debian bookworm-updates main contrib
deb http://security.debian.org/debian-security bookworm-security main contrib
";
const ENTERPRISE: &str = "deb https://enterprise.proxmox.com/debian/pve bookworm pve-enterprise\n";

fn find<'a>(findings: &'a [Finding], id: &str) -> Option<&'a Finding> {
    findings.iter().find(|finding| finding.id == id)
}

fn ids(state: &State) -> Vec<String> {
    // keyrings belong to a machine, and these states have none
    check(state)
        .into_iter()
        .map(|finding| finding.id)
        .filter(|id| id != "apt.keyring-missing" && id != "apt.product-key-missing")
        .collect()
}

fn with(extra: &str) -> State {
    state(&[(LIST, &format!("{DEBIAN}{extra}"))])
}

/// What a plan puts at risk; these states have no keys, which is not what the tests are about.
fn hazards(state: &State, request: &Request) -> Vec<(String, Severity)> {
    let hazards = plan(state, request, None).unwrap().hazards.into_iter();
    let named = hazards.map(|hazard| (hazard.id, hazard.severity));
    named.filter(|(id, _)| id != "apt.product-key-missing").collect()
}

fn add(handle: &str) -> Request {
    Request::AddStandard { handle: handle.to_owned() }
}

/// APT-02
#[test]
fn each_missing_source_of_security_fixes_is_a_finding_of_its_own() {
    let lines: Vec<_> = DEBIAN.lines().collect();
    for (missing, id, level) in [
        (0, "apt.no-base-repository", Level::Warning),
        (1, "apt.no-updates-repository", Level::Warning),
        (2, "apt.no-security-repository", Level::Critical),
    ] {
        for absent in
            [String::new(), format!("# {}", lines[missing]), lines[missing].replace("deb ", "deb-src ")]
        {
            let mut text: Vec<_> = lines.iter().map(|line| (*line).to_owned()).collect();
            text[missing] = absent;
            let findings = check(&state(&[(LIST, &format!("{}\n{ENTERPRISE}", text.join("\n")))]));
            assert_eq!(find(&findings, id).unwrap().level, level);
            let others = findings.iter().filter(|finding| finding.id.starts_with("apt.no-")).count();
            assert_eq!(others, 1);
        }
    }
    let none = check(&with(""));
    assert_eq!(find(&none, "apt.no-product-repository").unwrap().level, Level::Critical);
    assert_eq!(
        find(&none, "apt.no-product-repository").unwrap().fixes[0].params["handle"],
        "no-subscription"
    );
    let wrong_release = with("deb http://download.proxmox.com/debian/pve bullseye pve-no-subscription\n");
    assert!(ids(&wrong_release).contains(&"apt.no-product-repository".to_owned()));
}

/// APT-12, APT-13, APT-14
#[test]
fn enterprise_without_a_subscription_names_the_symptom_the_price_and_the_way_out() {
    let mut state = state(&[(LIST, DEBIAN), (ENTERPRISE_FILE, ENTERPRISE)]);
    for subscription in [Subscription::None, Subscription::Inactive] {
        state.subscription = subscription;
        let findings = check(&state);
        let finding = find(&findings, "apt.enterprise-without-subscription").unwrap();
        assert_eq!(finding.level, Level::Warning);
        assert!(finding.message.contains("401"));
        assert!(finding.advice.contains("https://proxmox.com/en/proxmox-virtual-environment/pricing"));
        assert_eq!(view::standing(&state), Standing::NoSub);
        let [disable, add] = finding.fixes.as_slice() else { panic!("two calls: {:?}", finding.fixes) };
        assert_eq!((disable.verb.as_str(), disable.path.as_str()), ("POST", "/nodes/pve1/apt/repositories"));
        assert_eq!(
            (disable.params["path"].as_str(), disable.params["enabled"].as_str()),
            (ENTERPRISE_FILE, "0")
        );
        assert_eq!((add.verb.as_str(), add.params["handle"].as_str()), ("PUT", "no-subscription"));
    }
    state.subscription = Subscription::Active;
    assert!(!ids(&state).contains(&"apt.enterprise-without-subscription".to_owned()));
    assert_eq!(view::standing(&state), Standing::Ok);
}

/// APT-14
#[test]
fn the_fix_for_enterprise_without_a_subscription_cures_it() {
    let before = state(&[(LIST, DEBIAN), (ENTERPRISE_FILE, ENTERPRISE)]);
    let disable = Request::SetEnabled { path: ENTERPRISE_FILE.into(), index: 0, enabled: Some(false) };
    let disabled = after(&before, &plan(&before, &disable, None).unwrap());
    let cured = after(&disabled, &plan(&disabled, &add("no-subscription"), None).unwrap());
    assert!(!ids(&cured).contains(&"apt.enterprise-without-subscription".to_owned()));
    assert!(!ids(&cured).contains(&"apt.no-product-repository".to_owned()));
    assert_eq!(
        cured.file(ENTERPRISE_FILE.into()).unwrap().content.as_text().unwrap(),
        format!("# {ENTERPRISE}")
    );
}

/// APT-12, APT-15, APT-19
#[test]
fn what_is_not_for_production_says_so_permanently() {
    for (component, id) in
        [("pve-no-subscription", "apt.no-subscription-repository"), ("pvetest", "apt.test-repository")]
    {
        let state = with(&format!("deb http://download.proxmox.com/debian/pve bookworm {component}\n"));
        let findings = check(&state);
        assert_eq!(find(&findings, id).unwrap().level, Level::Warning);
        assert_eq!(view::standing(&state), Standing::NonProduction);
        assert_eq!(view::status(&state).state, Standing::NonProduction);
        let off = with(&format!("# deb http://download.proxmox.com/debian/pve bookworm {component}\n"));
        assert!(!ids(&off).contains(&id.to_owned()));
        assert_eq!(view::standing(&off), Standing::NoRepo);
    }
    // a mirror under another name is just as little for production
    assert!(
        ids(&with("deb http://mirror.lan/pve bookworm pvetest\n"))
            .contains(&"apt.test-repository".to_owned())
    );
}

/// APT-19, APT-23, APT-27
#[test]
fn enabling_a_test_repository_asks_for_a_yes() {
    let state = with("");
    assert_eq!(hazards(&state, &add("test")), [("apt.test-repository".to_owned(), Severity::Warning)]);
    for handle in ["ceph-reef-test", "ceph-quincy-test"] {
        assert_eq!(
            hazards(&state, &add(handle)),
            [("apt.ceph-test-repository".to_owned(), Severity::Warning)]
        );
    }
    let off = with("# deb http://download.proxmox.com/debian/pve bookworm pvetest\n");
    let enable = Request::SetEnabled { path: LIST.into(), index: 3, enabled: Some(true) };
    assert_eq!(hazards(&off, &enable), [("apt.test-repository".to_owned(), Severity::Warning)]);
}

/// APT-22, APT-26
#[test]
fn ceph_that_is_not_for_production_names_the_enterprise_handle() {
    for release in ["reef", "quincy"] {
        for channel in ["no-subscription", "test"] {
            let ceph = format!("deb http://download.proxmox.com/debian/ceph-{release} bookworm {channel}\n");
            let findings = check(&state(&[(LIST, DEBIAN), (CEPH_FILE, &ceph)]));
            let finding = find(&findings, &format!("apt.ceph-{channel}-repository")).unwrap();
            assert_eq!(finding.level, Level::Warning);
            assert!(finding.advice.contains(&format!("'ceph-{release}-enterprise'")), "{}", finding.advice);
        }
    }
}

/// APT-28
#[test]
fn two_ceph_releases_at_once_are_a_warning_and_adding_one_drops_none() {
    let before = state(&[
        (LIST, DEBIAN),
        (CEPH_FILE, "deb http://download.proxmox.com/debian/ceph-quincy bookworm main\n"),
    ]);
    let plan = plan(&before, &add("ceph-reef-enterprise"), None).unwrap();
    assert!(plan.hazards.iter().any(|hazard| hazard.id == "apt.two-ceph-releases"));
    let both = after(&before, &plan);
    assert!(ids(&both).contains(&"apt.two-ceph-releases".to_owned()));
    assert_eq!(both.file(CEPH_FILE.into()).unwrap().document.entries().len(), 2);
    assert!(!ids(&before).contains(&"apt.two-ceph-releases".to_owned()));
}

/// APT-29
#[test]
fn ceph_that_is_too_old_is_critical_in_sources_and_as_packages() {
    for release in ["pacific", "octopus", "nautilus"] {
        let ceph = format!("deb http://download.proxmox.com/debian/ceph-{release} bullseye main\n");
        let findings = check(&state(&[(LIST, DEBIAN), (CEPH_FILE, &ceph)]));
        let finding = find(&findings, "apt.ceph-unsupported").unwrap();
        assert_eq!(finding.level, Level::Critical);
        assert!(finding.advice.contains("https://"));
    }
    let mut installed = with("");
    installed.ceph = vec![("ceph-osd".to_owned(), "16.2.15-pve1".to_owned())];
    assert_eq!(find(&check(&installed), "apt.ceph-unsupported").unwrap().level, Level::Critical);
    installed.ceph = vec![("ceph-osd".to_owned(), "17.2.7-pve1".to_owned())];
    assert!(find(&check(&installed), "apt.ceph-unsupported").is_none());
}

/// APT-32
#[test]
fn switched_off_verification_is_flagged_and_worse_over_a_plain_connection() {
    for (line, level) in [
        ("deb [trusted=yes] http://x.example/a bookworm main\n", Level::Critical),
        ("deb [allow-insecure=YES] https://x.example/a bookworm main\n", Level::Warning),
        ("deb [trusted=1] file:/srv/repo ./\n", Level::Warning),
    ] {
        let findings = check(&with(line));
        assert_eq!(find(&findings, "apt.unverified-repository").unwrap().level, level, "{line}");
        let off = with(&format!("# {line}"));
        let enable = Request::SetEnabled { path: LIST.into(), index: 3, enabled: Some(true) };
        assert!(
            hazards(&off, &enable).contains(&("apt.unverified-repository".to_owned(), Severity::Warning))
        );
    }
    assert!(
        find(
            &check(&with("deb [trusted=no] http://x.example/a bookworm main\n")),
            "apt.unverified-repository"
        )
        .is_none()
    );
}

#[test]
fn mixed_releases_and_unfit_suites_are_warnings_on_enabled_entries_only() {
    let trixie = "deb http://deb.debian.org/debian trixie main\n";
    let findings = check(&with(trixie));
    assert_eq!(find(&findings, "apt.mixed-releases").unwrap().evidence, "/etc/apt/sources.list:4");
    assert!(
        find(&findings, "apt.suite")
            .unwrap()
            .message
            .contains("suite 'trixie' should not be used in production!")
    );
    assert!(!ids(&with(&format!("# {trixie}"))).contains(&"apt.mixed-releases".to_owned()));
}

#[test]
fn suite_remarks_have_the_original_s_words() {
    let remark = |uri: &str, suite: &str| -> Vec<(String, String)> {
        let state = state(&[(LIST, &format!("# deb {uri} {suite} main\n"))]);
        let infos = view::infos(&state);
        infos
            .into_iter()
            .filter(|info| info.property.is_some())
            .map(|info| (info.kind, info.message))
            .collect()
    };
    let debian = "http://deb.debian.org/debian";
    let warning = |message: &str| vec![("warning".to_owned(), message.to_owned())];
    assert_eq!(remark(debian, "bookworm"), []);
    assert_eq!(remark(debian, "bullseye"), warning("old suite 'bullseye' configured!"));
    assert_eq!(remark(debian, "oldstable-updates"), warning("old suite 'oldstable-updates' configured!"));
    assert_eq!(remark(debian, "sid"), warning("suite 'sid' should not be used in production!"));
    assert_eq!(remark(debian, "forky"), warning("suite 'forky' should not be used in production!"));
    assert_eq!(
        remark(debian, "stable"),
        warning("use the name of the stable distribution instead of 'stable'!")
    );
    assert_eq!(
        remark(debian, "trixie"),
        [(
            "ignore-pre-upgrade-warning".to_owned(),
            "suite 'trixie' should not be used in production!".to_owned()
        )]
    );
    let security = "http://security.debian.org/debian-security/";
    assert_eq!(remark(security, "bookworm"), warning("expected suite 'bookworm-security'"));
    assert_eq!(remark(security, "bookworm-security"), []);
    assert_eq!(remark("http://other.example/", "somewhere"), []);
}

#[test]
fn a_repository_that_stands_twice_is_named_with_both_places() {
    let again = "deb http://deb.debian.org/debian/ bookworm contrib\n";
    let state = state(&[(LIST, DEBIAN), ("/etc/apt/sources.list.d/again.list", again)]);
    let findings = check(&state);
    let finding = find(&findings, "apt.duplicate").unwrap();
    assert_eq!(finding.evidence, "/etc/apt/sources.list.d/again.list:1 repeats /etc/apt/sources.list:1");
    assert_eq!(finding.fixes[0].params["path"], "/etc/apt/sources.list.d/again.list");
}

/// APT-10
#[test]
fn standard_repositories_have_name_description_and_state() {
    let text = "deb https://enterprise.proxmox.com/debian bookworm pve-enterprise\n\
                # deb http://download.proxmox.com/debian/pve/ bookworm pvetest\n";
    let state = state(&[(LIST, text)]);
    let listed = view::repositories(&state).standard_repos;
    let of = |handle: &str| listed.iter().find(|repository| repository.handle == handle).unwrap();
    assert_eq!(
        (of("enterprise").status, of("test").status, of("no-subscription").status),
        (Some(true), Some(false), None)
    );
    assert!(listed.iter().all(|repository| !repository.name.is_empty() && repository.description.len() > 40));
    let handles: Vec<_> = listed.iter().map(|repository| repository.handle.as_str()).collect();
    assert_eq!(
        handles[..6],
        [
            "enterprise",
            "no-subscription",
            "test",
            "ceph-quincy-enterprise",
            "ceph-quincy-no-subscription",
            "ceph-quincy-test"
        ]
    );
    assert!(of("enterprise").description.contains("production"), "APT-12");
}

/// APT-31, FW-11
#[test]
fn the_firmware_component_is_off_until_it_is_asked_for() {
    let state = with("");
    assert!(
        state.entries().all(|located| !located.entry.components.iter().any(|c| c == "non-free-firmware"))
    );
    let done = after(&state, &plan(&state, &Request::EnableFirmware, None).unwrap());
    assert!(done.entries().all(|located| located.entry.components.iter().any(|c| c == "non-free-firmware")));
}

#[test]
fn disabling_the_last_source_of_security_or_product_updates_is_a_warning() {
    let state = with(ENTERPRISE);
    let off = |index| Request::SetEnabled { path: LIST.into(), index, enabled: Some(false) };
    assert_eq!(hazards(&state, &off(2)), [("apt.no-security-updates".to_owned(), Severity::Warning)]);
    assert_eq!(hazards(&state, &off(3)), [("apt.no-product-updates".to_owned(), Severity::Warning)]);
    assert_eq!(hazards(&state, &off(1)), []);
    assert_eq!(hazards(&state, &Request::Remove { path: LIST.into(), index: 2 }), hazards(&state, &off(2)));
}

#[test]
fn a_parse_error_is_critical_and_a_name_that_apt_passes_over_is_a_warning() {
    let state = state(&[(LIST, "deb http://x/\n")]);
    let findings = check(&state);
    let finding = find(&findings, "apt.parse-error").unwrap();
    assert_eq!(
        (finding.level, finding.evidence.as_str()),
        (Level::Critical, "malformed entry on line 1 - missing suite")
    );
    assert_eq!(findings[0].level, Level::Critical, "the worst comes first");
}

/// INST-01
#[test]
fn a_plain_debian_is_told_that_the_product_s_key_is_missing() {
    let mut state = with("deb http://download.proxmox.com/debian/pve bookworm pve-no-subscription\n");
    let findings = check(&state);
    let finding = find(&findings, "apt.product-key-missing").unwrap();
    assert_eq!(finding.level, Level::Critical);
    assert_eq!(finding.fixes[0].params["name"], "proxmox-release-bookworm.gpg");
    let planned = plan(&with(""), &add("no-subscription"), None).unwrap();
    assert!(planned.hazards.iter().any(|hazard| hazard.id == "apt.product-key-missing"));

    let mut key = innkeeper_apt::openpgp::keyring(include_bytes!("fixtures/openpgp/prolonged.asc")).unwrap();
    key[0].user_ids = vec!["Proxmox Bookworm Release Key <proxmox-release@proxmox.com>".to_owned()];
    let path = camino::Utf8PathBuf::from("/etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg");
    state.trusted.push(path.clone());
    state.keyrings.insert(path, Ok(key));
    assert!(find(&check(&state), "apt.product-key-missing").is_none());
}

/// APT-01, APT-08, APT-32
#[test]
fn refreshing_is_apt_get_update_and_nothing_weaker() {
    use innkeeper_apt::plan::{PROXY_FILE, Refresh, refresh};
    use innkeeper_change::{Action, Content, render};
    let plain = refresh(&Refresh::default()).unwrap();
    assert_eq!(plain.steps.len(), 1);
    assert_eq!(render::describe(&plain.steps[0]), "run: /usr/bin/apt-get --option=APT::Status-Fd=2 update\n");
    assert!(plain.reversal().unwrap().is_empty(), "there is nothing to take back");
    let quiet = refresh(&Refresh { quiet: true, ..Refresh::default() }).unwrap();
    assert_eq!(
        render::describe(&quiet.steps[0]),
        "run: /usr/bin/apt-get -qq --option=APT::Status-Fd=2 update\n"
    );

    let proxy = Refresh { proxy: Some("http://proxy:3128".to_owned()), ..Refresh::default() };
    let with_proxy = refresh(&proxy).unwrap();
    let Action::File(change) = &with_proxy.steps[0].action else { panic!("the proxy is written first") };
    let text = "Acquire::http::Proxy \"http://proxy:3128\";\n";
    assert_eq!(
        (change.path.as_str(), change.after.as_ref().and_then(Content::as_text)),
        (PROXY_FILE, Some(text))
    );
    let again = Refresh { proxy_file: Some(text.into()), ..proxy };
    assert_eq!(refresh(&again).unwrap().steps.len(), 1);
    let gone = refresh(&Refresh { proxy_file: Some(text.into()), ..Refresh::default() }).unwrap();
    assert_eq!(gone.files().next().unwrap().after, Some("// no proxy configured\n".into()));
    assert!(refresh(&Refresh { proxy: Some("x\"; Evil \"1".to_owned()), ..Refresh::default() }).is_err());
}

/// APT-33, APT-34, APT-35
#[test]
fn the_release_key_is_downloaded_by_apt_which_compares_its_checksum_first() {
    use innkeeper_apt::release_key::RELEASE_KEYS;
    use innkeeper_change::{Content, render};
    let known = RELEASE_KEYS[0];
    let plan = known.fetch(None);
    let text = render::text(&plan);
    assert!(text.contains(&format!(
        "/usr/lib/apt/apt-helper download-file https://enterprise.proxmox.com/debian/proxmox-release-bookworm.gpg \
         /etc/apt/proxmox-release-bookworm.gpg.download SHA512:{}\n",
        known.sha512
    )));
    assert!(text.contains("41558dc019ef90bd0f6067644a51cf5b"), "the second checksum is shown: {text}");
    assert!(text.contains("This can be taken back."));
    let undone = render::text(&plan.reversal().unwrap());
    assert!(
        undone.contains("/usr/bin/rm -f -- /etc/apt/trusted.gpg.d/proxmox-release-bookworm.gpg"),
        "{undone}"
    );
    let replaced = known.fetch(Some(Content::from("another key")));
    assert_eq!(replaced.steps.len(), plan.steps.len() + 1);
    assert_eq!(
        replaced.reversal().unwrap().files().next().unwrap().after,
        Some(Content::from("another key"))
    );
}
