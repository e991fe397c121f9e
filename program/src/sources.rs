//! Where chapters meet: package sources for those that need them, with the planners of the chapter that owns them.

use innkeeper_apt::inspect::{inspect, refresh_request};
use innkeeper_apt::plan::{self, Request};
use innkeeper_apt::suites::firmware_component;
use innkeeper_change::{Hazard, Plan, Problem};
use innkeeper_firmware::model::Component;
use innkeeper_host::Host;

/// The package sources of APT.
pub(crate) struct AptSources;

impl innkeeper_firmware::Sources for AptSources {
    fn component(host: &dyn Host) -> Result<Component, Problem> {
        let state = inspect(host)?;
        let name = firmware_component(state.codename.as_deref().unwrap_or_default());
        let enabled = state.active().any(|located| located.entry.components.iter().any(|have| have == name));
        Ok(Component { name: name.to_owned(), enabled })
    }

    fn enable(host: &dyn Host) -> Result<Plan, Problem> {
        plan::plan(&inspect(host)?, &Request::EnableFirmware, None)
    }

    fn refresh(host: &dyn Host) -> Result<Plan, Problem> {
        plan::refresh(&refresh_request(host, false)?)
    }
}

/// What the other chapters say of an upgrade.
pub(crate) struct OtherChapters;

impl innkeeper_updates::Outlook for OtherChapters {
    fn risks(host: &dyn Host, upgrade: &innkeeper_updates::Upgrade<'_>) -> Vec<Hazard> {
        innkeeper_network::names::upgrade::risks(host, upgrade.systemd, upgrade.kernels)
    }
}
