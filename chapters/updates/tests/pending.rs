//! What an upgrade would do, from the recording of a real Debian 12 (apt 2.6.1) with packages of every fate.
#![allow(clippy::unwrap_used, missing_docs, reason = "a failing fixture is a failing test")]

use std::collections::BTreeMap;

use innkeeper_change::{Action, Plan, Severity, Undo, render};
use innkeeper_host::CassetteHost;
use innkeeper_updates::format::simulation::Simulation;
use innkeeper_updates::inspect::{self, Pending};
use innkeeper_updates::model::Fate;
use innkeeper_updates::plan::{self, Surroundings};
use innkeeper_updates::preview::{Preview, Shortage, without_processes};
use innkeeper_updates::{cache, notify};

const BARE: Surroundings = Surroundings { systemd: false };

fn host() -> CassetteHost {
    CassetteHost::parse(include_str!("cassettes/pending.json")).unwrap()
}

fn pending() -> Pending {
    inspect::pending(&host()).unwrap()
}

fn preview() -> Preview {
    without_processes(&host()).unwrap()
}

fn ids(plan: &Plan) -> Vec<(&str, Severity)> {
    plan.hazards.iter().map(|hazard| (hazard.id.as_str(), hazard.severity)).collect()
}

/// UPD-04
#[test]
fn every_package_has_the_fate_that_apt_gives_it() {
    let pending = pending();
    let fates: BTreeMap<_, _> =
        pending.updates.iter().map(|one| (one.package.as_str(), one.action)).collect();
    let expected = [
        ("demo-app", Fate::Upgrade),
        ("demo-conf", Fate::Upgrade),
        ("demo-down", Fate::Downgrade),
        ("demo-held", Fate::Held),
        ("demo-kept", Fate::Kept),
        ("demo-lib", Fate::Install),
        ("demo-other", Fate::Upgrade),
        ("demo-phased", Fate::Phased),
        ("demo-sec", Fate::Upgrade),
    ];
    assert_eq!(fates, BTreeMap::from(expected));
    let removed: Vec<_> = pending.removals.iter().map(|one| (&*one.package, &*one.version)).collect();
    assert_eq!(removed, [("demo-old", "1.0")]);
}

/// A package that the upgrade removes is not kept back, though there is a newer one of it.
#[test]
fn what_the_upgrade_removes_is_no_update() {
    let also = "Remv demo-old [1.0]\\nRemv demo-kept [1.0]";
    let recorded = include_str!("cassettes/pending.json").replace("Remv demo-old [1.0]", also);
    let pending = inspect::pending(&CassetteHost::parse(&recorded).unwrap()).unwrap();
    let removed: Vec<_> = pending.removals.iter().map(|one| &*one.package).collect();
    assert_eq!(removed, ["demo-old", "demo-kept"]);
    assert!(!pending.updates.iter().any(|one| one.package == "demo-kept"));
}

/// UPD-04, UPD-07
#[test]
fn the_list_has_the_fields_of_the_original() {
    let listed = serde_json::to_value(cache::listed(&pending())).unwrap();
    let names: Vec<_> =
        listed.as_array().unwrap().iter().map(|one| one["Package"].as_str().unwrap()).collect();
    assert!(!names.contains(&"demo-held"), "what is held is not offered");
    let of =
        |name: &str| listed.as_array().unwrap().iter().find(|one| one["Package"] == name).unwrap().clone();
    let app = of("demo-app");
    assert_eq!((&app["OldVersion"], &app["Version"]), (&"1.0".into(), &"2.0".into()));
    assert_eq!(
        (&app["Origin"], &app["Section"], &app["Arch"]),
        (&"Testers".into(), &"admin".into(), &"all".into())
    );
    assert_eq!(app["Title"], "test package demo-app");
    assert_eq!(app["Description"], "A package that exists for a test.");
    assert!(of("demo-lib").get("OldVersion").is_none(), "a new package has no old version");
    assert_eq!((&of("demo-sec")["Security"], &app["Security"]), (&1.into(), &0.into()));
}

/// UPD-04
#[test]
fn the_plan_names_every_package_and_runs_one_dist_upgrade() {
    let plan = plan::upgrade(&preview(), &pending().installed, BARE).unwrap();
    assert_eq!(plan.summary, "upgrade 4 packages, downgrade 1 package, install 1 package, remove 1 package");
    let said = &plan.steps[0].what;
    for part in ["demo-app 1.0 -> 2.0", "demo-down 2.0 -> 1.0", "demo-lib 2.0", "demo-old 1.0 removed"] {
        assert!(said.contains(part), "{said}");
    }
    assert!(!said.contains("demo-held") && !said.contains("demo-kept"));
    let run = render::describe(&plan.steps[0]);
    for word in
        ["--force-confold", "APT::Status-Fd=2", "DPkg::Lock::Timeout", "--allow-downgrades dist-upgrade"]
    {
        assert!(run.contains(word), "{run}");
    }
    assert!(!run.contains("--allow-remove-essential") && !run.contains("unauthenticated"));
    assert!(matches!(plan.steps[0].undo, Undo::Impossible(_)));
    assert_eq!(
        ids(&plan),
        [
            ("updates.removes-packages", Severity::Warning),
            ("updates.downgrades", Severity::Warning),
            ("updates.keeps-configuration", Severity::Notice),
            ("updates.kept-back", Severity::Notice),
        ]
    );
    let kept = plan.hazards.iter().find(|hazard| hazard.id == "updates.keeps-configuration").unwrap();
    assert!(kept.message.contains("/etc/demo-conf.conf") && !kept.message.contains("demo-other"));
}

#[test]
fn under_systemd_packages_are_changed_in_a_unit_of_their_own() {
    let plan = plan::upgrade(&preview(), &pending().installed, Surroundings { systemd: true }).unwrap();
    let run = render::describe(&plan.steps[0]);
    assert!(run.starts_with("run: /usr/bin/systemd-run --unit=innkeeper-packages "), "{run}");
    for word in [
        "--wait",
        "--pipe",
        "--property=KillSignal=SIGCONT",
        " -- /usr/bin/env DEBIAN_FRONTEND=noninteractive",
    ] {
        assert!(run.contains(word), "{run}");
    }
}

#[test]
fn an_upgrade_that_does_not_fit_on_the_disk_is_refused() {
    let short = Shortage { mount: "/boot".to_owned(), needed: 120 << 20, free: 3 << 20 };
    let preview = Preview { short_of_space: vec![short], ..preview() };
    let refused = plan::upgrade(&preview, &pending().installed, BARE).unwrap_err().to_string();
    assert!(
        refused.starts_with("not enough space on /boot: 120 MiB are needed, 3 MiB are free"),
        "{refused}"
    );
}

#[test]
fn the_product_is_not_removed_without_a_yes_and_essential_packages_never() {
    let mut preview = preview();
    preview.removals[0].package = "innkeeper".to_owned();
    let plan = plan::upgrade(&preview, &pending().installed, BARE).unwrap();
    assert_eq!(ids(&plan)[0], ("updates.removes-product", Severity::Danger));
    preview.removals[0].package = "dpkg".to_owned();
    let refused = plan::upgrade(&preview, &pending().installed, BARE).unwrap_err().to_string();
    assert!(refused.contains("would remove dpkg"), "{refused}");
}

#[test]
fn packages_that_are_half_done_are_repaired_first() {
    let mut installed = pending().installed;
    assert!(plan::demand_whole(&installed, false, Some("1 (x)".to_owned())).is_ok());
    assert!(plan::repair(&installed, false, &Simulation::default(), BARE).is_empty());
    installed.iter_mut().find(|one| one.package == "demo-app").unwrap().state = "half-configured".to_owned();
    let refused = plan::upgrade(&preview(), &installed, BARE).unwrap_err().to_string();
    assert!(refused.contains("(demo-app)") && refused.contains("updates repair"), "{refused}");
    let busy =
        plan::demand_whole(&installed, false, Some("12 (apt-get)".to_owned())).unwrap_err().to_string();
    assert!(busy.contains("by process 12 (apt-get)") && !busy.contains("repair"), "{busy}");
    let plan = plan::repair(&installed, false, &Simulation::default(), BARE);
    let runs: Vec<_> = plan.steps.iter().map(render::describe).collect();
    assert!(
        runs[0].contains("/usr/bin/dpkg --force-confdef --force-confold --configure --pending"),
        "{runs:?}"
    );
    assert!(runs[1].contains("--fix-broken install"), "{runs:?}");
    assert_eq!(plan::repair(&pending().installed, true, &Simulation::default(), BARE).steps.len(), 1);
}

/// FW-05: the way back of a single package is known
#[test]
fn holding_and_going_back_are_taken_back_by_their_contrary() {
    let installed = pending().installed;
    let plan = plan::hold("demo-app", true, &installed).unwrap();
    assert_eq!(render::describe(&plan.steps[0]), "run: /usr/bin/apt-mark hold demo-app\n");
    let back = plan.reversal().unwrap();
    assert!(matches!(&back.steps[0].action, Action::Run(run) if run.args[0].to_string() == "unhold"));
    assert!(plan::hold("demo-held", true, &installed).unwrap().is_empty());
    assert!(plan::hold("demo-nowhere", true, &installed).is_err());
}

#[test]
fn a_recomputed_list_remembers_what_was_told() {
    let host = host();
    let mut told = cache::listed(&cache::recompute(&host).unwrap());
    told[0].notify_status = Some("2.0".to_owned());
    cache::write(&host, &told).unwrap();
    let again = cache::recompute(&host).unwrap();
    let notes: Vec<_> =
        again.updates.iter().filter_map(|one| Some((&*one.package, one.notify_status.as_deref()?))).collect();
    assert_eq!(notes, [("demo-app", "2.0")]);
    assert_eq!(cache::read(&host).unwrap()[0].notify_status.as_deref(), Some("2.0"));
}

/// UPD-02
#[test]
fn the_mail_says_old_and_new_versions_as_text_and_as_html() {
    let mut news = cache::listed(&pending());
    news[0].package = "<b>&".to_owned();
    let mail =
        notify::compose("pve1.example.org", "root", "admin@example.org", 1_700_000_000, &news).unwrap();
    let mail = String::from_utf8(mail).unwrap();
    for line in [
        "Subject: New software packages available (pve1.example.org)",
        "To: <admin@example.org>",
        "Auto-Submitted: auto-generated",
        "Content-Type: text/plain",
        "Content-Type: text/html",
        "demo-lib     newly installed  2.0",
    ] {
        assert!(mail.contains(line), "{line} is not in\n{mail}");
    }
    assert!(!mail.contains("<b>&<"), "names are escaped in HTML");
}

/// Says what it was told.
struct Echo;

impl innkeeper_updates::Outlook for Echo {
    fn risks(
        _: &dyn innkeeper_host::Host,
        upgrade: &innkeeper_updates::Upgrade<'_>,
    ) -> Vec<innkeeper_change::Hazard> {
        let told = format!("{:?} {:?}", upgrade.systemd, upgrade.kernels);
        vec![innkeeper_change::Hazard::new("other.echo", Severity::Warning, told, "")]
    }
}

/// NET-24: other chapters are asked before systemd changes, and what they say stands in the plan
#[test]
fn what_other_chapters_say_of_an_upgrade_stands_in_its_plan() {
    let mut preview = preview();
    let change = preview.changes.iter_mut().find(|one| one.old_version.is_some()).unwrap();
    change.package = "systemd".to_owned();
    change.old_version = Some("252.39-1".to_owned());
    change.version = "257.8-1".to_owned();
    let preview = preview.with_outlook::<Echo>(&host());
    assert_eq!(preview.risks[0].message, "Some((\"252.39-1\", \"257.8-1\")) []");
    let plan = plan::upgrade(&preview, &pending().installed, Surroundings { systemd: true }).unwrap();
    assert!(ids(&plan).contains(&("other.echo", Severity::Warning)));
}
