//! Ports of Open vSwitch are named twice: in their own stanza and in that of the bridge. Both are kept together.

use innkeeper_change::Problem;

use super::super::config::Config;
use super::super::field::Field;
use super::super::kind::Kind;
use super::super::settings::Settings;
use super::editor::Editor;

/// Enters an interface in the list of the bridge that it shall belong to.
pub(super) fn attach(
    config: &Config<'_>,
    name: &str,
    settings: &Settings,
    editor: &mut Editor<'_>,
) -> Result<(), Problem> {
    let Some(bridge) = settings.values.get(&Field::OvsBridge).and_then(|bridge| config.get(bridge)) else {
        return Ok(());
    };
    for other in bridges(config).filter(|other| other.name != bridge.name) {
        if config.list(other, Field::OvsPorts).any(|port| port == name) {
            without(config, other.name, name, editor)?;
        }
    }
    let mut ports: Vec<&str> = config.list(bridge, Field::OvsPorts).collect();
    if !ports.contains(&name) {
        ports.push(name);
        editor.touch(bridge.name);
        editor.set(bridge, Field::OvsPorts, &ports.join(" "))?;
    }
    Ok(())
}

/// Makes the NICs that a bridge of Open vSwitch shall have its ports, and those that it shall no longer have NICs again.
pub(super) fn adopt(
    config: &Config<'_>,
    name: &str,
    settings: &Settings,
    editor: &mut Editor<'_>,
) -> Result<(), Problem> {
    let Some(ports) = settings.values.get(&Field::OvsPorts) else { return Ok(()) };
    let wanted: Vec<&str> = super::super::config::names(ports).collect();
    for port in &wanted {
        match config.get(port) {
            Some(interface) if interface.kind == Kind::Eth => {
                editor.touch(port);
                editor.set(interface, Field::OvsType, "OVSPort")?;
                editor.set(interface, Field::OvsBridge, name)?;
            }
            Some(interface)
                if interface.kind.is_ovs() && config.value(interface, Field::OvsBridge) != Some(name) =>
            {
                editor.touch(port);
                editor.set(interface, Field::OvsBridge, name)?;
            }
            _ => {}
        }
    }
    let Some(bridge) = config.get(name) else { return Ok(()) };
    for port in config.list(bridge, Field::OvsPorts).filter(|port| !wanted.contains(port)) {
        if let Some(interface) = config.get(port).filter(|interface| interface.kind == Kind::OVSPort) {
            editor.touch(port);
            editor.become_plain(interface)?;
        }
    }
    Ok(())
}

/// Takes an interface out of the list of its bridge; of a bridge that goes, the NICs become plain ones.
pub(super) fn detach(config: &Config<'_>, name: &str, editor: &mut Editor<'_>) -> Result<(), Problem> {
    for bridge in bridges(config).filter(|bridge| bridge.name != name) {
        if config.list(bridge, Field::OvsPorts).any(|port| port == name) {
            without(config, bridge.name, name, editor)?;
        }
    }
    let Some(gone) = config.get(name).filter(|interface| interface.kind == Kind::OVSBridge) else {
        return Ok(());
    };
    for port in config.list(gone, Field::OvsPorts) {
        if let Some(interface) = config.get(port).filter(|interface| interface.kind == Kind::OVSPort) {
            editor.touch(port);
            editor.become_plain(interface)?;
        }
    }
    Ok(())
}

fn without(config: &Config<'_>, bridge: &str, name: &str, editor: &mut Editor<'_>) -> Result<(), Problem> {
    let Some(interface) = config.get(bridge) else { return Ok(()) };
    let ports: Vec<&str> = config.list(interface, Field::OvsPorts).filter(|port| *port != name).collect();
    editor.touch(bridge);
    editor.set(interface, Field::OvsPorts, &ports.join(" "))
}

fn bridges<'c, 'a>(config: &'c Config<'a>) -> impl Iterator<Item = &'c super::super::config::Interface<'a>> {
    config.interfaces().iter().filter(|interface| interface.kind == Kind::OVSBridge)
}
