//! Recordings: what real hosts answer in situations that are hard to come by, so that unit tests stand on them.
//!
//! `cargo lab record` brings a host into a [`Situation`] and has the program itself (`innkeeper lab-record`) ask the questions
//! of its topic, which are in `lab/situations/TOPIC.ask`. The answers are committed below `lab/recordings/TOPIC/`.

mod situations;

use crate::image::Suite;
use crate::machine::{Error, Host, HostBuilder, LacpPeer};
use camino::{Utf8Path, Utf8PathBuf};

/// A state of a host that somebody will meet one day.
#[derive(Debug)]
pub struct Situation {
    /// What the recording is called.
    pub name: &'static str,
    /// What is asked about it.
    pub topic: Topic,
    /// What was done, in one sentence.
    pub about: &'static str,
    hardware: fn() -> HostBuilder,
    prepare: fn(&Host) -> Result<Scenery, Error>,
}

/// What must be there besides the host until it was asked.
#[derive(Debug)]
struct Scenery {
    _peer: Option<LacpPeer>,
}

/// A part of the host, and the questions about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Topic {
    /// Package sources and updates.
    Apt,
    /// Disks as the kernel has them.
    Block,
    /// BTRFS file systems, the one at `/mnt` above all.
    Btrfs,
    /// Volume groups.
    Lvm,
    /// Links, bridges, bonds, addresses.
    Network,
    /// Units, timers, the journal.
    Systemd,
    /// Pools.
    Zfs,
}

impl Topic {
    /// Its folder of recordings.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apt => "apt",
            Self::Block => "block",
            Self::Btrfs => "btrfs",
            Self::Lvm => "lvm",
            Self::Network => "network",
            Self::Systemd => "systemd",
            Self::Zfs => "zfs",
        }
    }

    fn questions(self) -> &'static str {
        match self {
            Self::Apt => include_str!("../situations/apt.ask"),
            Self::Block => include_str!("../situations/block.ask"),
            Self::Btrfs => include_str!("../situations/btrfs.ask"),
            Self::Lvm => include_str!("../situations/lvm.ask"),
            Self::Network => include_str!("../situations/network.ask"),
            Self::Systemd => include_str!("../situations/systemd.ask"),
            Self::Zfs => include_str!("../situations/zfs.ask"),
        }
    }
}

impl Situation {
    /// All that can be recorded.
    #[must_use]
    pub fn all() -> &'static [Self] {
        situations::ALL
    }

    /// The file of its recording, below the folder of recordings. Releases of Debian differ in what they answer.
    #[must_use]
    pub fn file(&self, suite: Suite) -> Utf8PathBuf {
        let suffix = if suite == Suite::default() { String::new() } else { format!("-{}", suite.name()) };
        Utf8PathBuf::from(format!("{}/{}{suffix}.json", self.topic.name(), self.name))
    }

    /// Brings a new host into the situation, asks it, and writes the answers below `folder`.
    ///
    /// # Errors
    /// When the host does not start or cannot be brought into the situation; when the recording cannot be written.
    pub fn record(&self, suite: Suite, folder: &Utf8Path) -> Result<Utf8PathBuf, Error> {
        let host = (self.hardware)().suite(suite).name("pve1").start()?;
        host.install_product()?;
        let _scenery = (self.prepare)(&host)?;
        host.write("/run/questions", self.topic.questions())?;
        let about = format!("Debian {} in the lab. {}", suite.name(), self.about);
        let words =
            ["innkeeper", "lab-record", "/run/recording", "--ask", "/run/questions", "--about", &about];
        let asked = host.exec(&words, &[], std::time::Duration::from_secs(300))?;
        if !asked.success() {
            return Err(Error::Refused { command: words.join(" "), refusal: asked.stderr });
        }
        let file = folder.join(self.file(suite));
        if let Some(topic) = file.parent() {
            std::fs::create_dir_all(topic).map_err(Error::io(topic.as_str()))?;
        }
        std::fs::write(&file, host.read("/run/recording")?).map_err(Error::io(file.as_str()))?;
        Ok(file)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use innkeeper_host::{CassetteHost, Command, Host as _};

    fn cassette(name: &str) -> CassetteHost {
        cassette_of(Suite::default(), name)
    }

    fn cassette_of(suite: Suite, name: &str) -> CassetteHost {
        let situation = Situation::all().iter().find(|situation| situation.name == name).unwrap();
        let file = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings").join(situation.file(suite));
        CassetteHost::parse(&std::fs::read_to_string(file).unwrap()).unwrap()
    }

    fn asked(name: &str, line: &str) -> String {
        let mut words = line.split(' ');
        let command = Command::new(words.next().unwrap()).args(words).accept(&[1, 2, 3, 4, 5, 100]);
        cassette(name).run(&command).unwrap().stdout
    }

    /// Lab: ZFS 2.3 of Debian 13 tells in JSON what that of Debian 12 only tells people.
    #[test]
    fn the_recording_of_debian_13_has_the_resilvering_mirror_in_json() {
        let json = |host: &CassetteHost| {
            let words = ["status", "-j", "--json-int", "-P"];
            host.run(&Command::new("/usr/sbin/zpool").args(words).accept(&[2])).unwrap().stdout
        };
        let status: serde_json::Value =
            serde_json::from_str(&json(&cassette_of(Suite::Trixie, "zfs-mirror-resilvering"))).unwrap();
        let pool = &status["pools"]["tank"];
        assert_eq!((&pool["state"], &pool["scan_stats"]["state"]), (&"ONLINE".into(), &"SCANNING".into()));
        let mirror = &pool["vdevs"]["tank"]["vdevs"]["mirror-0"];
        let replacing = mirror["vdevs"]["replacing-1"]["vdevs"].as_object().unwrap();
        let new = &replacing["/dev/disk/by-id/virtio-LABDISK2-part1"];
        assert_eq!((replacing.len(), &new["vdev_type"]), (2, &"disk".into()));
        assert_eq!(json(&cassette("zfs-mirror-resilvering")), "");
    }

    #[test]
    fn names_are_unique_and_every_situation_is_recorded() {
        let folder = Utf8Path::new(env!("CARGO_MANIFEST_DIR")).join("recordings");
        let mut names: Vec<_> = Situation::all().iter().map(|situation| situation.name).collect();
        for situation in Situation::all() {
            let file = folder.join(situation.file(Suite::default()));
            CassetteHost::parse(
                &std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{file}: {error}")),
            )
            .unwrap_or_else(|error| panic!("{file}: {error}"));
        }
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Situation::all().len());
    }

    /// A recording that does not show what its name says would let a test pass that sees nothing.
    #[test]
    fn recordings_show_what_their_names_say() {
        let status = "/usr/sbin/zpool status -v";
        let lvs = "/usr/sbin/lvs --reportformat json --units b --nosuffix --all --options lv_all,seg_all";
        let btrfs = "/usr/bin/btrfs filesystem show --raw";
        let links = "/usr/sbin/ip -json -details -statistics link show";
        let update = "/usr/bin/apt-get update";
        let lsblk = "/usr/bin/lsblk --json --bytes --output-all";
        for (name, line, words) in [
            ("zfs-mirror-resilvering", status, &["resilver in progress", "replacing"][..]),
            ("zfs-raidz-degraded", status, &["raidz2-0", "DEGRADED", "REMOVED"]),
            ("zfs-checksum-errors", status, &["unrecoverable error"]),
            ("zfs-all-kinds-of-vdevs", status, &["logs", "cache", "spares", "special"]),
            ("lvm-thin-nearly-full", lvs, &["thin-pool", "\"data_percent\":\"9"]),
            ("lvm-disk-missing", lvs, &["partial"]),
            ("btrfs-raid1", btrfs, &["Total devices 2"]),
            ("btrfs-disk-missing", btrfs, &["MISSING"]),
            ("bond-one-leg-down", links, &["\"mii_status\":\"DOWN\"", "active-backup"]),
            ("bond-lacp", links, &["802.3ad", "\"partner_mac\""]),
            ("bridge-vlan-aware", links, &["\"vlan_filtering\":1", "\"info_kind\":\"vlan\""]),
            ("open-vswitch", "/usr/bin/ovs-vsctl --format=json list Port", &["vmbr1"]),
            (
                "disks-of-every-kind",
                lsblk,
                &["\"tran\": \"sata\"", "\"tran\": \"nvme\"", "zfs_member", "LVM2_member"],
            ),
            ("unit-failed", "/usr/bin/systemctl --failed --output=json --no-pager", &["lab-fails.service"]),
            (
                "apt-updates-waiting",
                "/usr/bin/apt-get --simulate dist-upgrade",
                &["Inst lab-hello [1.0] (2.0"],
            ),
        ] {
            let said = asked(name, line);
            for word in words {
                assert!(said.contains(word), "{name}: {line} does not say {word}:\n{said}");
            }
        }
        for (name, word) in [("apt-unsigned", "is not signed"), ("apt-401", "401")] {
            let mut words = update.split(' ');
            let command = Command::new(words.next().unwrap()).args(words).accept(&[100]);
            let output = cassette(name).run(&command).unwrap();
            assert!(output.stderr.contains(word), "{name}: {}", output.stderr);
        }
    }
}
