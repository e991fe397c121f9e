//! What is wrong with a request beside what is configured already: told by parameter, in the original's words.

use innkeeper_change::Problem;

use super::config::{Config, Family, names};
use super::field::Field;
use super::kind::{Kind, vlan_of_name};
use super::settings::Settings;
use super::state::State;
use super::validate::port_field;

/// Checks the parameters of a request for an interface.
///
/// # Errors
/// The parameter and what is wrong with it.
pub fn check(
    state: &State,
    config: &Config<'_>,
    name: &str,
    kind: Kind,
    settings: &Settings,
    new: bool,
) -> Result<(), Problem> {
    if name == "lo" && (new || kind != Kind::Loopback) {
        return Err(Problem::parameter("iface", "the loopback interface is not changed here"));
    }
    gateways(config, name, settings)?;
    ports(config, name, settings)?;
    if kind.is_ovs() {
        ovs(state, config, name, kind, settings)?;
    }
    if new && kind == Kind::Vlan && vlan_of_name(name).is_none() {
        for (field, message) in [
            (Field::VlanRawDevice, "missing vlan-raw-device option"),
            (Field::VlanId, "missing vlan-id option"),
        ] {
            let named = field == Field::VlanId && super::kind::vlan_id_of_name(name).is_some();
            if !named && !settings.values.contains_key(&field) {
                return Err(Problem::parameter(field.param(), message));
            }
        }
    }
    Ok(())
}

/// One default gateway for each family.
fn gateways(config: &Config<'_>, name: &str, settings: &Settings) -> Result<(), Problem> {
    for (family, parameter, words) in
        [(Family::V4, "gateway", "Default gateway"), (Family::V6, "gateway6", "Default ipv6 gateway")]
    {
        if settings.family(family).gateway.is_none() {
            continue;
        }
        let has = |field: Family, other: &super::config::Interface<'_>| {
            config.value_of(other, Field::Gateway, field).is_some()
        };
        let other = config.interfaces().iter().find(|other| other.name != name && has(family, other));
        if let Some(other) = other {
            let message = format!("{words} already exists on interface '{}'.", other.name);
            return Err(Problem::parameter(parameter, message));
        }
    }
    Ok(())
}

/// A port belongs to one interface.
fn ports(config: &Config<'_>, name: &str, settings: &Settings) -> Result<(), Problem> {
    for field in [Field::BridgePorts, Field::OvsPorts, Field::Slaves, Field::OvsBonds] {
        let Some(list) = settings.values.get(&field) else { continue };
        for port in names(list) {
            if port == name {
                let message = format!("interface '{name}' can not be a port of itself");
                return Err(Problem::parameter(field.param(), message));
            }
            if let Some(other) = owner(config, port).filter(|other| *other != name) {
                let message = format!("{port} is already used on interface '{other}'.");
                return Err(Problem::parameter(field.param(), message));
            }
        }
    }
    Ok(())
}

fn owner<'c>(config: &'c Config<'_>, port: &str) -> Option<&'c str> {
    let owns = |interface: &&super::config::Interface<'_>| {
        port_field(interface.kind).is_some_and(|field| config.list(interface, field).any(|own| own == port))
    };
    config.interfaces().iter().find(owns).map(|interface| interface.name)
}

fn ovs(
    state: &State,
    config: &Config<'_>,
    name: &str,
    kind: Kind,
    settings: &Settings,
) -> Result<(), Problem> {
    if !state.ovs {
        return Err(Problem::Failed(
            "Open VSwitch is not installed (need package 'openvswitch-switch')".to_owned(),
        ));
    }
    if !matches!(kind, Kind::OVSIntPort | Kind::OVSBond) {
        return Ok(());
    }
    let known = || config.get(name).and_then(|interface| config.value(interface, Field::OvsBridge));
    let given = settings.values.get(&Field::OvsBridge).map(String::as_str);
    let wrong = |message: String| Err(Problem::parameter("ovs_bridge", message));
    let Some(bridge) = given.or_else(known) else { return wrong("parameter is required".to_owned()) };
    match config.get(bridge).map(|interface| interface.kind) {
        Some(Kind::OVSBridge) => Ok(()),
        Some(_) => wrong(format!("interface '{bridge}' is no OVS bridge")),
        None => wrong(format!("bridge '{bridge}' does not exist")),
    }
}
