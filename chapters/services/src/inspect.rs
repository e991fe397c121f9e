//! Host → State: what systemd says of every service.

use innkeeper_change::Problem;
use innkeeper_host::{Command, Host};

use crate::model::ServiceState;
use crate::names::{SERVICES, Service};
use crate::show::{self, Unit};

const SYSTEMCTL: &str = "/usr/bin/systemctl";

/// A service and what systemd says of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The service.
    pub service: &'static Service,
    /// The unit that is acted on.
    pub unit: Unit,
    /// The unit whose state is shown.
    pub shown: Unit,
}

impl Found {
    /// As the API shows it.
    pub fn state(&self) -> ServiceState {
        let Unit { description, active, sub, file, kind, result, .. } = &self.shown;
        let is_done = kind == "oneshot" && sub == "dead";
        let unit_state = match file.as_str() {
            _ if !self.unit.is_installed() => "not-found",
            "" => &self.unit.file,
            file => file,
        };
        let name = &self.unit.id;
        ServiceState {
            service: self.service.name.to_owned(),
            name: name.strip_suffix(".service").unwrap_or(name).to_owned(),
            desc: description.clone(),
            state: if is_done { result.clone() } else { sub.clone() },
            active_state: active.clone(),
            unit_state: unit_state.to_owned(),
        }
    }
}

/// Asks systemd about every service, with one question.
///
/// # Errors
/// When systemd does not run here, or cannot be asked.
pub fn inspect(host: &dyn Host) -> Result<Vec<Found>, Problem> {
    ask(host, SERVICES.iter())
}

/// Asks systemd about one service.
///
/// # Errors
/// As [`inspect`].
pub fn inspect_one(host: &dyn Host, service: &'static Service) -> Result<Found, Problem> {
    let mut found = ask(host, std::iter::once(service))?;
    found.pop().ok_or_else(|| Problem::failed("systemctl gave no answer"))
}

fn ask(
    host: &dyn Host,
    services: impl Iterator<Item = &'static Service> + Clone,
) -> Result<Vec<Found>, Problem> {
    demand_running(host)?;
    let units = services.clone().flat_map(|service| service.units.iter().chain(&service.instance));
    let command =
        Command::new(SYSTEMCTL).arg("show").arg(format!("--property={}", show::PROPERTIES)).arg("--");
    let mut answers = show::parse(&host.run(&command.args(units.copied()))?.stdout).into_iter();
    services.map(|service| choose(service, &mut answers)).collect()
}

/// The answers stand in the order of the question.
fn choose(service: &'static Service, answers: &mut impl Iterator<Item = Unit>) -> Result<Found, Problem> {
    let short = || Problem::failed("systemctl gave fewer answers than there were questions");
    let units: Vec<Unit> = answers.by_ref().take(service.units.len()).collect();
    let unit = units.iter().find(|unit| unit.is_installed()).or(units.first()).ok_or_else(short)?.clone();
    let instance = match service.instance {
        Some(_) => Some(answers.next().ok_or_else(short)?),
        None => None,
    };
    let shown = instance.filter(Unit::is_installed).unwrap_or_else(|| unit.clone());
    Ok(Found { service, unit, shown })
}

/// Services and logs are those of a system that runs.
///
/// # Errors
/// When it is another system's tree.
pub(crate) fn demand_running(host: &dyn Host) -> Result<(), Problem> {
    match host.root() {
        None => Ok(()),
        Some(_) => Err(Problem::Invalid(
            "services and logs are those of a running system; another system's tree has none".to_owned(),
        )),
    }
}
