//! The chapter's REST methods.

use camino::Utf8Path;
use innkeeper_change::Problem;
use innkeeper_host::{Host, HostError};
use innkeeper_rest::{
    Act, Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Propose, Verb,
};

use crate::Outlook;
use crate::format::dpkg_status::Installed;
use crate::format::simulation::{self, Simulation};
use crate::inspect::{at_work, installed};
use crate::model::{PackageVersion, Update};
use crate::notify::Told;
use crate::plan::{self, SYSTEMD, Surroundings};
use crate::preview::{Preview, archives, is_interrupted, preview, without_processes};
use crate::standing::{self, Standing};
use crate::{cache, changelog, commands, notify, versions};

/// One change of packages at a time; other programs' are waited for by APT itself.
const LOCK: &str = "/run/lock/innkeeper-packages.lck";

const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

/// Every method of this chapter.
pub(crate) fn methods<O: Outlook>() -> Vec<Method> {
    vec![
        status(),
        list(),
        package_versions(),
        package_changelog(),
        what_would_change::<O>(),
        upgrade::<O>(),
        repair(),
        install(),
        hold(),
        clean(),
        tell(),
    ]
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn status() -> Method {
    const HELP: &str =
        "Show how many updates there are, what is held or half done, and whether a reboot is needed";
    Method::get("/nodes/{node}/apt/status", HELP, |call| {
        Answer::of(standing::standing(call.host().as_ref())?)
    })
    .allow(AUDIT)
    .returns::<Standing>()
    .command(command("updates status", &[], HELP))
}

fn list() -> Method {
    const HELP: &str = "List available updates: what an upgrade changes, and what it keeps back";
    Method::get("/nodes/{node}/apt/update", HELP, |call| Answer::of(cache::updates(call.host().as_ref())?))
        .allow(MODIFY)
        .returns::<Vec<Update>>()
        .command(command("updates list", &[], HELP))
}

fn package_versions() -> Method {
    const HELP: &str = "List the versions of important packages";
    Method::get("/nodes/{node}/apt/versions", HELP, |call| {
        Answer::of(versions::versions(call.host().as_ref())?)
    })
    .allow(AUDIT)
    .returns::<Vec<PackageVersion>>()
    .command(command("updates versions", &[], HELP))
}

fn package_changelog() -> Method {
    const HELP: &str = "Show the changelog of a package";
    Method::get("/nodes/{node}/apt/changelog", HELP, |call| {
        let name = call.required_text("name")?;
        Answer::of(changelog::changelog(call.host().as_ref(), name, call.text("version"))?)
    })
    .allow(MODIFY)
    .param(Property::string("name").min_length(2).max_length(256).help("Name of the package"))
    .param(
        Property::string("version")
            .min_length(1)
            .max_length(256)
            .optional()
            .help("Version of the package; the newest when absent"),
    )
    .returns::<String>()
    .command(command("updates changelog", &["name", "version"], HELP))
}

fn what_would_change<O: Outlook>() -> Method {
    const HELP: &str = "Show what an upgrade would change, what it would keep, and what needs a reboot";
    Method::get("/nodes/{node}/apt/preview", HELP, |call| {
        let host = call.host().as_ref();
        demand_whole(host, &installed(host)?)?;
        Answer::of(preview(host)?.with_outlook::<O>(host))
    })
    .allow(MODIFY)
    .returns::<Preview>()
    .command(command("updates preview", &[], HELP))
}

fn change(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Worker, lock: Some(LOCK) }
}

fn surroundings(host: &dyn Host) -> Surroundings {
    Surroundings { systemd: matches!(host.metadata(Utf8Path::new(SYSTEMD)), Ok(Some(_))) }
}

fn demand_whole(host: &dyn Host, packages: &[Installed]) -> Result<(), Problem> {
    plan::demand_whole(packages, is_interrupted(host), at_work(host))
}

/// Packages are changed on a system that runs.
fn demand_running(host: &dyn Host) -> Result<(), Problem> {
    match host.root() {
        None => Ok(()),
        Some(_) => {
            Err(Problem::Invalid("packages are changed by the system itself, not in its tree".to_owned()))
        }
    }
}

fn upgrade<O: Outlook>() -> Method {
    const HELP: &str = "Install all updates, as apt-get dist-upgrade does";
    Method::change(Verb::Post, "/nodes/{node}/apt/upgrade", HELP, change("aptupgrade", propose_upgrade::<O>))
        .allow(MODIFY)
        .param(
            Property::one_of("mode", &["dist-upgrade", "upgrade"])
                .default("dist-upgrade")
                .help("Only dist-upgrade is carried out; upgrade is refused, and says why"),
        )
        .command(command("updates apply", &[], HELP))
}

fn propose_upgrade<O: Outlook>(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    demand_running(host)?;
    if call.text("mode") == Some("upgrade") {
        return Err(Problem::Invalid(
            "'upgrade' neither installs what a new version needs nor removes what is in its way: kernels, storage and \
             the virtualization stack would be left half upgraded. Use dist-upgrade."
                .to_owned(),
        ));
    }
    let packages = installed(host)?;
    demand_whole(host, &packages)?;
    let preview = without_processes(host)?.with_outlook::<O>(host);
    plan::upgrade(&preview, &packages, surroundings(host)).map(Proposal::from)
}

fn repair() -> Method {
    const HELP: &str = "Finish a change of packages that was interrupted";
    Method::change(Verb::Post, "/nodes/{node}/apt/repair", HELP, change("aptrepair", propose_repair))
        .allow(MODIFY)
        .command(command("updates repair", &[], HELP))
}

fn propose_repair(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    demand_running(host)?;
    let unmet = commands::run(host, &commands::simulate(&["--fix-broken", "install"]))?;
    let unmet = simulation::parse(&unmet);
    Ok(plan::repair(&installed(host)?, is_interrupted(host), &unmet, surroundings(host)).into())
}

fn install() -> Method {
    const HELP: &str = "Install a package, or one version of it, an older one too";
    Method::change(Verb::Post, "/nodes/{node}/apt/install", HELP, change("aptinstall", propose_install))
        .allow(MODIFY)
        .param(Property::string("package").min_length(2).max_length(512).help("NAME or NAME=VERSION"))
        .command(command("updates install", &["package"], HELP))
}

fn propose_install(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    demand_running(host)?;
    let wanted = call.required_text("package")?;
    let (name, version) = match wanted.split_once('=') {
        Some((name, version)) => (name, Some(version)),
        None => (wanted, None),
    };
    let selection = changelog::selection(name, version)
        .map_err(|_| Problem::parameter("package", "invalid format - not NAME or NAME=VERSION"))?;
    let packages = installed(host)?;
    demand_whole(host, &packages)?;
    let simulation = simulate_install(host, &selection)?;
    let plan = plan::install(&selection, &simulation, &packages, surroundings(host))?;
    Ok(Proposal { task_id: name.to_owned(), ..Proposal::from(plan) })
}

/// What APT says against it is the answer.
fn simulate_install(host: &dyn Host, selection: &str) -> Result<Simulation, Problem> {
    let command = commands::simulate(&["--allow-change-held-packages", "install", selection]);
    match host.run(&command) {
        Ok(output) => Ok(simulation::parse(&output.stdout)),
        Err(HostError::CommandFailed { stderr, .. }) => {
            let said =
                stderr.lines().filter_map(|line| line.strip_prefix("E: ")).collect::<Vec<_>>().join(" ");
            Err(Problem::Invalid(format!("APT cannot install {selection}: {said}")))
        }
        Err(error) => Err(error.into()),
    }
}

fn hold() -> Method {
    const HELP: &str = "Keep a package at its version, or let it be upgraded again";
    let propose = |call: &Call<'_>| {
        demand_running(call.host().as_ref())?;
        let name = changelog::selection(call.required_text("name")?, None)?;
        let plan = plan::hold(&name, call.boolean("hold") != Some(false), &installed(call.host().as_ref())?)?;
        Ok(Proposal { task_id: name, ..Proposal::from(plan) })
    };
    let word = |words, preset, help| CommandName { words, positional: &["name"], preset, help };
    let change = Change { task: "apthold", propose, execution: Execution::Here, lock: Some(LOCK) };
    Method::change(Verb::Post, "/nodes/{node}/apt/hold", HELP, change)
        .allow(MODIFY)
        .param(Property::string("name").min_length(2).max_length(256).help("Name of the package"))
        .param(Property::boolean("hold").default("1").help("1 keeps it, 0 lets it go"))
        .command(word("updates hold", &[("hold", "1")], "Keep a package at its version"))
        .command(word("updates unhold", &[("hold", "0")], "Let a package be upgraded again"))
}

fn clean() -> Method {
    const HELP: &str = "Remove the packages that APT has downloaded and keeps";
    let propose = |call: &Call<'_>| {
        demand_running(call.host().as_ref())?;
        Ok(plan::clean(&archives(call.host().as_ref())).into())
    };
    let change = Change { task: "aptclean", propose, execution: Execution::Here, lock: Some(LOCK) };
    Method::change(Verb::Post, "/nodes/{node}/apt/clean", HELP, change).allow(MODIFY).command(command(
        "updates clean",
        &[],
        HELP,
    ))
}

fn tell() -> Method {
    const HELP: &str = "Tell the administrator by mail about updates that nobody was told about yet";
    let act = Act { run: |call| Answer::of(notify::notify(call.host().as_ref())?), preview: None };
    Method::act(Verb::Post, "/nodes/{node}/apt/notify", HELP, act)
        .allow(MODIFY)
        .returns::<Told>()
        .command(command("updates notify", &[], HELP))
}
