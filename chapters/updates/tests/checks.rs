//! Health checks and reasons for a reboot, on trees made for it.
#![allow(
    clippy::unwrap_used,
    missing_docs,
    clippy::disallowed_methods,
    reason = "tests build trees themselves; a failing fixture is a failing test"
)]

use std::fs;
use std::time::{Duration, SystemTime};

use camino::Utf8Path;
use innkeeper_change::{Finding, Level};
use innkeeper_host::{RealHost, lock_holder};
use innkeeper_updates::boot::{Partitions, partitions, pins};
use innkeeper_updates::model::{Fate, Update};
use innkeeper_updates::plan::clean;
use innkeeper_updates::preview::archives;
use innkeeper_updates::standing::standing;
use innkeeper_updates::{cache, changelog, checks, reboot};

struct Tree(tempfile::TempDir);

impl Tree {
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        tree.write("etc/hostname", "pve1\n");
        tree.write("usr/sbin/sendmail", "");
        tree.write("etc/pve/user.cfg", "user:root@pam:1:0:::admin@example.org:::\n");
        tree
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Lets time pass: what lies at these paths was last changed some seconds ago.
    fn age(&self, paths: &[&str], seconds: u64) {
        let then = SystemTime::now() - Duration::from_secs(seconds);
        for path in paths {
            fs::File::open(self.0.path().join(path)).unwrap().set_modified(then).unwrap();
        }
    }

    fn host(&self) -> RealHost {
        RealHost::rooted(Utf8Path::from_path(self.0.path()).unwrap()).unwrap()
    }

    fn findings(&self) -> Vec<Finding> {
        checks::run(&self.host()).unwrap()
    }

    fn ids(&self) -> Vec<String> {
        self.findings().into_iter().map(|finding| finding.id).collect()
    }
}

fn update(package: &str, version: &str, security: bool) -> Update {
    let text = String::new;
    Update {
        package: package.to_owned(),
        title: text(),
        description: text(),
        origin: text(),
        section: text(),
        arch: "amd64".to_owned(),
        priority: text(),
        version: version.to_owned(),
        old_version: Some("1".to_owned()),
        notify_status: None,
        action: Fate::Upgrade,
        security,
        size: 0,
        installed_size: 0,
    }
}

#[test]
fn a_host_that_is_whole_has_no_findings() {
    assert!(Tree::new().findings().is_empty());
}

/// UPD-02
#[test]
fn mail_that_would_reach_nobody_is_a_finding() {
    let tree = Tree::new();
    tree.write("etc/pve/user.cfg", "user:root@pam:1:0::::::\n");
    assert_eq!(tree.ids(), ["updates.no-address"]);
    fs::remove_file(tree.0.path().join("usr/sbin/sendmail")).unwrap();
    assert_eq!(tree.ids(), ["updates.no-mail-system"]);
}

#[test]
fn packages_that_are_half_done_are_a_finding_with_its_cure() {
    let tree = Tree::new();
    tree.write("var/lib/dpkg/status", "Package: a\nStatus: install ok half-configured\nVersion: 1\n");
    let found = tree.findings();
    assert_eq!((found[0].id.as_str(), found[0].level), ("updates.half-done", Level::Critical));
    assert_eq!(found[0].evidence, "a (half-configured)");
    assert_eq!(found[0].fixes[0].path, "/nodes/pve1/apt/repair");
    tree.write("var/lib/dpkg/status", "");
    tree.write("var/lib/dpkg/updates/0001", "Package: a\n");
    assert_eq!(tree.ids(), ["updates.half-done"]);
}

/// UPD-07
#[test]
fn lists_that_were_not_refreshed_for_more_than_three_days_are_a_finding() {
    let tree = Tree::new();
    tree.write("var/lib/apt/lists/x_InRelease", "");
    fs::create_dir_all(tree.0.path().join("var/lib/apt/lists/partial")).unwrap();
    assert!(tree.findings().is_empty());
    for path in ["var/lib/apt/lists/partial", "var/lib/apt/lists"] {
        let then = SystemTime::now() - Duration::from_secs(4 * 86_400);
        fs::File::open(tree.0.path().join(path)).unwrap().set_modified(then).unwrap();
    }
    let found = tree.findings();
    assert_eq!(
        (found[0].id.as_str(), found[0].fixes[0].path.as_str()),
        ("updates.lists-old", "/nodes/pve1/apt/update")
    );
    assert!(found[0].message.contains("for 4 days"), "{}", found[0].message);
}

/// UPD-07
#[test]
fn security_updates_that_are_not_installed_are_counted() {
    let tree = Tree::new();
    cache::write(&tree.host(), &[update("a", "2", true), update("b", "2", true), update("c", "2", false)])
        .unwrap();
    let found = tree.findings();
    assert_eq!(found[0].message, "2 security updates are not installed.");
    assert_eq!(found[0].evidence, "a, b");
    tree.write("var/lib/dpkg/status", "Package: a\nStatus: install ok installed\nVersion: 2\n");
    assert_eq!(tree.findings()[0].message, "1 security update is not installed.");
}

/// UPD-08, FW-18
#[test]
fn a_reboot_is_needed_for_a_newer_kernel_and_for_new_microcode() {
    let tree = Tree::new();
    tree.write("proc/sys/kernel/osrelease", "6.1.0-9-amd64\n");
    tree.write("boot/vmlinuz-6.1.0-9-amd64", "");
    tree.write("proc/stat", "cpu 1\nbtime 1700000000\n");
    let kinds = || reboot::now(&tree.host(), &[]).into_iter().map(|reason| reason.kind).collect::<Vec<_>>();
    assert!(kinds().is_empty());
    tree.write("boot/vmlinuz-6.1.0-10-amd64", "");
    assert_eq!(kinds(), ["kernel"], "10 is newer than 9");
    tree.write("var/lib/dpkg/info/intel-microcode.list", "");
    tree.write("run/reboot-required", "");
    tree.write("run/reboot-required.pkgs", "libc6\nlibc6\n");
    assert_eq!(kinds(), ["kernel", "microcode", "package"]);
    tree.write("proc/stat", "btime 99999999999\n");
    assert_eq!(kinds(), ["kernel", "package"], "microcode was changed before the start");
    let after = [
        update("linux-image-6.1.0-11-amd64", "2", true),
        update("bash", "2", true),
        update("libc6", "2", true),
    ];
    let after: Vec<_> = after.iter().collect();
    let after: Vec<_> = reboot::after(&after).into_iter().map(|reason| reason.kind).collect();
    assert_eq!(after, ["kernel", "libc"]);
}

#[test]
fn what_runs_with_replaced_code_is_told_by_its_unit() {
    let tree = Tree::new();
    tree.write(
        "proc/7/maps",
        "7f00-7f10 r-xp 00000000 fe:01 1 /usr/lib/x86_64-linux-gnu/libssl.so.3 (deleted)\n",
    );
    tree.write("proc/7/cgroup", "0::/system.slice/ssh.service\n");
    tree.write("proc/8/maps", "7f00-7f10 r-xp 00000000 fe:01 1 /usr/bin/dash\n");
    let stale = reboot::stale(&tree.host());
    assert_eq!(stale.len(), 1);
    assert_eq!((stale[0].unit.as_str(), stale[0].pids.as_slice()), ("ssh.service", &[7][..]));
}

#[test]
fn services_of_packages_are_named_while_they_run() {
    let tree = Tree::new();
    tree.write(
        "var/lib/dpkg/info/ssh.list",
        "/.\n/lib/systemd/system\n/lib/systemd/system/ssh.service\n/usr/sbin/sshd\n",
    );
    tree.write("var/lib/dpkg/info/cron:amd64.list", "/usr/lib/systemd/system/cron.service\n");
    tree.write("sys/fs/cgroup/system.slice/ssh.service/cgroup.procs", "7\n");
    let packages = [("ssh", "all"), ("cron", "amd64"), ("nowhere", "all")];
    assert_eq!(reboot::services(&tree.host(), packages.into_iter()), ["ssh.service"]);
}

/// UPD-03
#[test]
fn a_changelog_is_only_asked_for_by_names_and_versions() {
    let host = Tree::new().host();
    for (name, version) in [("-y", None), ("a b", None), ("bash", Some("1;x")), ("bash", Some("-o"))] {
        let refused = changelog::changelog(&host, name, version).unwrap_err();
        assert_eq!(refused.status(), 400, "{name} {version:?}");
    }
}

/// UPD-05
#[test]
fn a_kept_list_is_used_until_something_it_depends_on_changes() {
    const STATUS: &str = "var/lib/dpkg/status";
    const SOURCE: &str = "etc/apt/sources.list.d/new.list";
    let tree = Tree::new();
    tree.write("var/cache/apt/pkgcache.bin", "");
    tree.write(STATUS, "");
    tree.age(&[STATUS], 60);
    let keep = || cache::write(&tree.host(), &[update("a", "2", false)]).unwrap();
    keep();
    assert_eq!(cache::updates(&tree.host()).unwrap()[0].package, "a");
    tree.write(SOURCE, "");
    assert!(cache::updates(&tree.host()).is_err(), "a repository was added");
    tree.age(&["etc/apt/sources.list.d", SOURCE], 60);
    keep();
    assert!(cache::updates(&tree.host()).is_ok());
    tree.write(SOURCE, "# changed where it lies\n");
    assert!(cache::updates(&tree.host()).is_err(), "its file was written to");
    tree.age(&[SOURCE], 60);
    keep();
    assert!(cache::updates(&tree.host()).is_ok());
    tree.write(STATUS, "");
    let asked = cache::updates(&tree.host()).unwrap_err();
    assert!(
        asked.to_string().contains("another system's tree cannot be asked"),
        "APT is asked again: {asked}"
    );
    // the clock of files goes in steps: what has the list's own time may have changed after it
    let same = SystemTime::now() - Duration::from_secs(30);
    for path in [STATUS, "var/lib/pve-manager/pkgupdates"] {
        fs::File::open(tree.0.path().join(path)).unwrap().set_modified(same).unwrap();
    }
    assert!(cache::updates(&tree.host()).is_err(), "changed in the same step of the clock");
}

/// UPD-05, UPD-08
#[test]
fn how_the_host_stands_is_told_without_asking_apt() {
    let tree = Tree::new();
    let at = standing(&tree.host()).unwrap();
    assert_eq!((at.listed, at.refreshed, at.changes, at.current), (None, None, 0, false));

    let kept = Update { action: Fate::Kept, ..update("k", "2", false) };
    cache::write(&tree.host(), &[update("a", "2", true), update("b", "2", false), kept]).unwrap();
    tree.write("var/lib/apt/lists/x_InRelease", "");
    tree.write(
        "var/lib/dpkg/status",
        "Package: a\nStatus: install ok installed\nVersion: 2\n\n\
         Package: h\nStatus: hold ok installed\nVersion: 7\n\nPackage: x\nStatus: install ok unpacked\nVersion: 1\n",
    );
    let at = standing(&tree.host()).unwrap();
    assert!(at.listed.is_some() && at.refreshed.is_some());
    assert_eq!(
        (at.changes, at.security, at.kept),
        (1, 0, 1),
        "what was installed since is no update any more"
    );
    assert_eq!((at.held[0].name.as_str(), at.held[0].version.as_str()), ("h", "7"));
    assert_eq!(at.half_done, ["x"]);
}

#[test]
fn what_pins_a_kernel_is_named_with_its_file() {
    let tree = Tree::new();
    tree.write("etc/kernel/proxmox-boot-pin", "6.5.11-4-pve\n");
    tree.write(
        "etc/apt/preferences.d/kernel",
        "Package: linux-image-amd64\nPin: version 6.1.76-1\nPin-Priority: 1001\n",
    );
    tree.write(
        "etc/apt/preferences.d/kernel.bak",
        "Package: linux-image-amd64\nPin: version 5\nPin-Priority: 1\n",
    );
    let found: Vec<_> = pins(&tree.host()).into_iter().map(|pin| (pin.kind, pin.what)).collect();
    let expected =
        [("boot", "6.5.11-4-pve"), ("packages", "linux-image-amd64: version 6.1.76-1, priority 1001")];
    assert_eq!(found, expected.map(|(kind, what)| (kind.to_owned(), what.to_owned())));
}

#[test]
fn kernels_are_copied_to_partitions_that_may_not_be_mounted() {
    let tree = Tree::new();
    assert_eq!(partitions(&tree.host()), Partitions::default());
    tree.write("boot/efi/loader/loader.conf", "timeout 3\n");
    assert_eq!(partitions(&tree.host()).mounted, ["/boot/efi"], "systemd-boot");
    tree.write("etc/kernel/proxmox-boot-uuids", "AAAA-0001\nBBBB-0002\nnonsense/..\n");
    tree.write("proc/mounts", "/dev/sda2 /boot/efi vfat rw 0 0\n");
    fs::create_dir_all(tree.0.path().join("dev/disk/by-uuid")).unwrap();
    std::os::unix::fs::symlink("../../sda2", tree.0.path().join("dev/disk/by-uuid/AAAA-0001")).unwrap();
    let found = partitions(&tree.host());
    assert_eq!(
        (found.mounted, found.unmounted),
        (vec!["/boot/efi".to_owned()], vec!["BBBB-0002".to_owned()])
    );
}

#[test]
fn downloaded_packages_are_counted_before_they_are_removed() {
    let tree = Tree::new();
    assert!(clean(&archives(&tree.host())).is_empty());
    tree.write("var/cache/apt/archives/a_1_all.deb", "12345");
    tree.write("var/cache/apt/archives/lock", "");
    tree.write("var/cache/apt/archives/partial/b_1_all.deb", "1");
    let plan = clean(&archives(&tree.host()));
    assert_eq!(plan.steps[0].what, "remove 2 downloaded files, 1 MiB");
}

/// A lock of another process, as dpkg takes it; it ends with its holder.
struct Holder(std::process::Child);

impl Holder {
    fn of(path: &std::path::Path) -> Self {
        use std::io::{BufRead, BufReader};
        const HOLD: &str = "import fcntl,sys,time\nf=open(sys.argv[1],'w')\nfcntl.lockf(f,fcntl.LOCK_EX)\nprint('held',flush=True)\ntime.sleep(60)";
        let mut child = std::process::Command::new("python3")
            .args(["-c", HOLD])
            .arg(path)
            .stdout(std::process::Stdio::piped())
            .spawn()
            .unwrap();
        let mut said = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut said).unwrap();
        assert_eq!(said, "held\n");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// UPD-05
#[test]
fn machine_who_holds_the_lock_of_dpkg_is_named_while_it_does() {
    let directory = tempfile::tempdir().unwrap();
    let path = Utf8Path::from_path(directory.path()).unwrap().join("lock-frontend");
    fs::write(&path, "").unwrap();
    let found = || lock_holder(&RealHost::new(), &["/nowhere", path.as_str()]);
    assert_eq!(found(), None);
    let holder = Holder::of(path.as_std_path());
    let named = found().unwrap();
    assert_eq!(named.pid, holder.0.id());
    assert!(named.to_string().ends_with("(python3)"), "{named}");
    drop(holder);
    assert_eq!(found(), None);
}
