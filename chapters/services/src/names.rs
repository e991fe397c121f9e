//! The names that services have in the API, and the units that stand behind them here.

/// A service by the original's name.
#[derive(Debug, PartialEq, Eq)]
pub struct Service {
    /// Its name in the API.
    pub name: &'static str,
    /// The units that may stand behind it. The first that is installed does.
    pub units: &'static [&'static str],
    /// The unit whose state is shown, where another one is acted on.
    pub instance: Option<&'static str>,
    /// Without it nobody could start it again through the API.
    pub essential: bool,
    /// What does not work while it is stopped.
    pub loss: Option<&'static str>,
}

impl Service {
    const fn new(name: &'static str, units: &'static [&'static str]) -> Self {
        Self { name, units, instance: None, essential: false, loss: None }
    }

    const fn essential(mut self) -> Self {
        self.essential = true;
        self
    }

    const fn without(mut self, loss: &'static str) -> Self {
        self.loss = Some(loss);
        self
    }

    const fn instance(mut self, unit: &'static str) -> Self {
        self.instance = Some(unit);
        self
    }
}

/// Every service, in the order in which they are listed: those of all versions of the original.
pub const SERVICES: &[Service] = &[
    Service::new("chrony", &["chrony.service", "chronyd.service"])
        .without("The clock is no longer kept right."),
    Service::new("corosync", &["corosync.service"]).without("The node loses its cluster."),
    Service::new("cron", &["cron.service"]).without("Jobs of cron no longer run."),
    Service::new("ksmtuned", &["ksmtuned.service"]),
    Service::new("lxcfs", &["lxcfs.service"]).without("Running containers lose files below /proc."),
    Service::new("postfix", &["postfix.service"])
        .instance("postfix@-.service")
        .without("Mail of this host, warnings included, is no longer sent."),
    Service::new("proxmox-firewall", &["proxmox-firewall.service"]).without("Firewall rules no longer hold."),
    Service::new("pve-cluster", &["pve-cluster.service"]).essential(),
    Service::new("pve-firewall", &["pve-firewall.service"]).without("Firewall rules no longer hold."),
    Service::new("pve-ha-crm", &["pve-ha-crm.service"]),
    Service::new("pve-ha-lrm", &["pve-ha-lrm.service"]),
    Service::new("pve-lxc-syscalld", &["pve-lxc-syscalld.service"]),
    Service::new("pvedaemon", &["innkeeper-daemon.service", "pvedaemon.service"]).essential(),
    Service::new("pvefw-logger", &["pvefw-logger.service"]),
    Service::new("pveproxy", &["innkeeper-proxy.service", "pveproxy.service"]).essential(),
    Service::new("pvescheduler", &["pvescheduler.service"]),
    Service::new("pvestatd", &["innkeeper-statd.service", "pvestatd.service"])
        .without("Tasks that ended stay on the list of running ones."),
    Service::new("qmeventd", &["qmeventd.service"]),
    Service::new("spiceproxy", &["spiceproxy.service"]),
    Service::new("sshd", &["ssh.service", "sshd.service"]).without("Nobody can log in with SSH."),
    Service::new("syslog", &["syslog.service", "rsyslog.service"]),
    Service::new("systemd-journald", &["systemd-journald.service"])
        .without("What services write meanwhile is lost."),
    Service::new("systemd-timesyncd", &["systemd-timesyncd.service"])
        .without("The clock is no longer kept right."),
];

/// The names alone, for declarations.
pub const NAMES: &[&str] = &{
    let mut names = [""; SERVICES.len()];
    let mut at = 0;
    while at < names.len() {
        names[at] = SERVICES[at].name;
        at += 1;
    }
    names
};

/// The service of this name.
pub fn find(name: &str) -> Option<&'static Service> {
    SERVICES.iter().find(|service| service.name == name)
}

/// Whether a text can be the name of a unit, or of a service without its `.service`. No pattern, no option, no path.
pub fn is_unit_name(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || ":-_.\\@".contains(c);
    !text.is_empty() && text.len() <= 128 && !text.starts_with(['-', '.']) && text.chars().all(fine)
}

/// The units whose log is meant by a name: those behind a service, or the unit of this name.
pub fn units_of(name: &str) -> Vec<String> {
    match find(name) {
        Some(service) => {
            service.instance.iter().chain(service.units).map(|unit| (*unit).to_owned()).collect()
        }
        None => vec![name.to_owned()],
    }
}
