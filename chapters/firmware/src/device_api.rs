//! The methods of firmware that is stored on devices: what fwupd knows, asked of it anew each time.

use innkeeper_change::{Plan, Problem};
use innkeeper_host::{Command, Host};
use innkeeper_rest::{Answer, Call, Method, Property, Proposal, Verb, Verify};

use crate::Sources;
use crate::api::{AUDIT, MODIFY, command, work};
use crate::fwupd::{self, Found};
use crate::inspect::inspect;
use crate::model::{Device, Release};
use crate::plan::{DeviceRequest, install_fwupd, left, metadata, update};
use crate::state::{FWUPD, State};

const FWUPDMGR: &str = "/usr/bin/fwupdmgr";
const DEVICES: &str = "/nodes/{node}/firmware/devices";
const DEVICE: &str = "/nodes/{node}/firmware/devices/{device}";
/// fwupd ends with 1 to 3 where it has something to say, and says it as JSON.
const SAYS_WHY: [i32; 4] = [1, 2, 3, 101];

/// The methods of devices.
pub(crate) fn methods<S: Sources>() -> Vec<Method> {
    vec![devices(), releases(), write::<S>(), refresh::<S>(), install::<S>()]
}

fn device() -> Property {
    Property::string("device").min_length(40).max_length(40).help("Id of the device, as listed")
}

fn devices() -> Method {
    const HELP: &str =
        "List the devices whose firmware fwupd knows, and newer versions that their makers offer";
    Method::get(DEVICES, HELP, |call| {
        let found = ask_devices(call.host().as_ref())?;
        Answer::of(found.into_iter().map(|found| found.device).collect::<Vec<_>>())
    })
    .allow(AUDIT)
    .returns::<Vec<Device>>()
    .command(command("firmware devices", &[], HELP))
}

fn releases() -> Method {
    const HELP: &str = "List the versions of firmware that a device can have";
    Method::get(DEVICE, HELP, |call| {
        let found = one(call)?;
        Answer::of(ask_releases(call.host().as_ref(), &found)?)
    })
    .allow(AUDIT)
    .param(device())
    .returns::<Vec<Release>>()
    .command(command("firmware releases", &["device"], HELP))
}

fn write<S: Sources>() -> Method {
    const HELP: &str = "Write firmware to a device: the newest version, or the one that is named";
    Method::change(Verb::Post, DEVICE, HELP, work("fwupdate", propose_write::<S>))
        .allow(MODIFY)
        .param(device())
        .param(
            Property::string("version")
                .min_length(1)
                .max_length(128)
                .optional()
                .help("The version, as listed"),
        )
        .command(command("firmware update", &["device"], HELP))
}

fn refresh<S: Sources>() -> Method {
    const HELP: &str = "Fetch the list of firmware that makers offer";
    let propose = |call: &Call<'_>| {
        demand_fwupd(&inspect::<S>(call.host().as_ref())?)?;
        // what the service offers is what there is: there is nothing to verify but fwupd's own exit code
        let verify = Verify::With(Box::new(|_| Ok(Plan::new("refresh the list of firmware"))));
        Ok(Proposal { verify, ..Proposal::from(metadata()) })
    };
    Method::change(Verb::Post, "/nodes/{node}/firmware/refresh", HELP, work("fwrefresh", propose))
        .allow(MODIFY)
        .command(command("firmware refresh", &[], HELP))
}

fn install<S: Sources>() -> Method {
    const HELP: &str =
        "Install fwupd, which writes firmware to devices; the EFI system partition is mounted first";
    let propose = |call: &Call<'_>| {
        let host = call.host().as_ref();
        let state = inspect::<S>(host)?;
        let refresh = if state.is_tree { Plan::default() } else { S::refresh(host)? };
        Ok(Proposal { task_id: FWUPD.to_owned(), ..Proposal::from(install_fwupd(&state, &refresh)?) })
    };
    Method::change(Verb::Post, "/nodes/{node}/firmware/fwupd", HELP, work("fwupdinstall", propose))
        .allow(MODIFY)
        .command(command("firmware install-fwupd", &[], HELP))
}

fn demand_fwupd(state: &State) -> Result<(), Problem> {
    if state.is_tree {
        return Err(Problem::Invalid(
            "devices are those of a running system; another system's tree has none".to_owned(),
        ));
    }
    match state.package(FWUPD) {
        Some(_) => Ok(()),
        None => Err(not_installed()),
    }
}

fn not_installed() -> Problem {
    Problem::Invalid("fwupd is not installed: 'innkeeper firmware install-fwupd' installs it".to_owned())
}

/// Asks fwupd; what it complains about is the answer.
fn ask(host: &dyn Host, words: &[&str]) -> Result<String, Problem> {
    if host.root().is_some() {
        return Err(Problem::Invalid(
            "devices are those of a running system; another system's tree has none".to_owned(),
        ));
    }
    if host.metadata(FWUPDMGR.into())?.is_none() {
        return Err(not_installed());
    }
    let command = Command::new(FWUPDMGR).args(words.iter().copied()).arg("--json").accept(&SAYS_WHY);
    Ok(host.run(&command)?.stdout)
}

fn ask_devices(host: &dyn Host) -> Result<Vec<Found>, Problem> {
    fwupd::devices(&ask(host, &["get-devices"])?).map_err(complaint)
}

fn complaint(why: String) -> Problem {
    Problem::failed(format!("fwupd: {why}"))
}

/// A device of which nobody offers anything has no releases, which fwupd calls an error.
fn ask_releases(host: &dyn Host, found: &Found) -> Result<Vec<Release>, Problem> {
    if found.device.version.is_none() || !found.device.updatable {
        return Ok(Vec::new());
    }
    fwupd::releases(&ask(host, &["get-releases", &found.device.id])?).map_err(complaint)
}

fn one(call: &Call<'_>) -> Result<Found, Problem> {
    let id = call.required_text("device")?;
    if !fwupd::is_id(id) {
        return Err(Problem::parameter("device", "invalid format - not the id of a device"));
    }
    let found = ask_devices(call.host().as_ref())?.into_iter().find(|found| found.device.id == id);
    found.ok_or_else(|| Problem::NotFound(format!("no such device: {id}")))
}

fn propose_write<S: Sources>(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    let found = one(call)?;
    let releases = ask_releases(host, &found)?;
    let state = inspect::<S>(host)?;
    let version = call.text("version");
    let plan = update(&state, &DeviceRequest { found: &found, releases: &releases, version })?;
    let newest =
        || releases.iter().find(|release| release.relation == "newer").map(|one| one.version.clone());
    let goal = version.map(str::to_owned).or_else(newest);
    let verify = Verify::With(Box::new(move |call| match &goal {
        Some(version) => left(&one(call)?, version),
        None => Ok(Plan::default()),
    }));
    Ok(Proposal { verify, task_id: found.device.id, ..Proposal::from(plan) })
}
