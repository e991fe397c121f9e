//! The chapter's REST methods: parameters in, a request to the planner, the plan to the engine.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::{Utf8Path, Utf8PathBuf};
use innkeeper_change::{Content, Plan, Problem};
use innkeeper_host::{CONFIG_LIMIT, read_content};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Method, Permission, Property, Proposal, Verb, Verify,
};

use crate::doctor;
use crate::format::refresh_log::CHANGED_FIELDS;
use crate::inspect::{inspect, refresh_request};
use crate::model::Repositories;
use crate::plan::{Refresh, Request, equal_entries, plan, refresh, removal_left};
use crate::release_key::{KeyFile, RELEASE_KEYS};
use crate::view;

const LOCK: &str = "/run/lock/innkeeper-apt.lck";
const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

/// Every method of this chapter.
pub(crate) fn methods() -> Vec<Method> {
    vec![
        Method::index("/nodes/{node}/apt", "id"),
        list(),
        set_enabled(),
        add(),
        remove(),
        components(),
        firmware(),
        convert(),
        key(),
        fetch_key(),
        update(),
    ]
}

fn edit(task: &'static str, propose: innkeeper_rest::Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn path() -> Property {
    Property::string("path").min_length(1).max_length(4096).help("Absolute path of the sources file")
}

fn index() -> Property {
    Property::integer("index").min(0).help("Position of the repository in its file, from 0")
}

fn digest() -> Property {
    Property::string("digest")
        .max_length(80)
        .optional()
        .help("Refuse the change when the files no longer have this common digest")
}

fn list() -> Method {
    Method::get(
        "/nodes/{node}/apt/repositories",
        "List package repositories, their state and who signs them",
        |call| Answer::of(view::repositories(&inspect(call.host().as_ref())?)),
    )
    .allow(AUDIT)
    .returns::<Repositories>()
    .command(command("apt list", &[], "List package repositories, their state and who signs them"))
}

fn set_enabled() -> Method {
    let propose = |call: &Call<'_>| {
        let (path, index) = place(call)?;
        proposal(call, &Request::SetEnabled { path, index, enabled: call.boolean("enabled") })
    };
    let positional = &["path", "index"];
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/repositories",
        "Switch a repository on or off",
        edit("aptrepochange", propose),
    )
    .allow(MODIFY)
    .armable()
    .param(path())
    .param(index())
    .param(Property::boolean("enabled").optional().help("1 switches it on, 0 switches it off"))
    .param(digest())
    .command(CommandName {
        words: "apt enable",
        positional,
        preset: &[("enabled", "1")],
        help: "Switch a repository on",
    })
    .command(CommandName {
        words: "apt disable",
        positional,
        preset: &[("enabled", "0")],
        help: "Switch a repository off",
    })
}

fn add() -> Method {
    let propose = |call: &Call<'_>| {
        proposal(call, &Request::AddStandard { handle: call.required_text("handle")?.to_owned() })
    };
    Method::change(
        Verb::Put,
        "/nodes/{node}/apt/repositories",
        "Add a standard repository, or switch it on where it is configured already",
        edit("aptrepoadd", propose),
    )
    .allow(MODIFY)
    .armable()
    .param(Property::string("handle").max_length(64).help("Handle of the standard repository, as listed"))
    .param(digest())
    .command(command("apt add", &["handle"], "Add a standard repository by its handle"))
}

fn remove() -> Method {
    Method::change(
        Verb::Delete,
        "/nodes/{node}/apt/repositories",
        "Remove a repository from its file",
        edit("aptreporemove", propose_removal),
    )
    .allow(MODIFY)
    .armable()
    .param(path())
    .param(index())
    .param(digest())
    .command(command("apt remove", &["path", "index"], "Remove a repository from its file"))
}

fn propose_removal(call: &Call<'_>) -> Result<Proposal, Problem> {
    let (path, index) = place(call)?;
    let state = inspect(call.host().as_ref())?;
    let request = Request::Remove { path: path.clone(), index };
    let plan = plan(&state, &request, call.text("digest"))?;
    let goal = state.file(&path).and_then(|file| {
        let entry = file.document.entries().get(index)?.clone();
        let others = equal_entries(file, &entry) - 1;
        Some((entry, others))
    });
    let verify = Verify::With(Box::new(move |call| match &goal {
        Some((entry, others)) => removal_left(&inspect(call.host().as_ref())?, &path, entry, *others),
        None => Ok(Plan::default()),
    }));
    Ok(Proposal { verify, ..Proposal::from(plan) })
}

fn components() -> Method {
    let propose = |call: &Call<'_>| {
        let (path, index) = place(call)?;
        let words = call.required_text("components")?;
        let words = words.split([' ', ',', ';']).filter(|word| !word.is_empty());
        let components = words.map(str::to_owned).collect();
        proposal(call, &Request::SetComponents { path, index, components })
    };
    Method::change(
        Verb::Put,
        "/nodes/{node}/apt/repositories/components",
        "Set the components of a repository",
        edit("aptrepocomponents", propose),
    )
    .allow(MODIFY)
    .armable()
    .param(path())
    .param(index())
    .param(
        Property::string("components").max_length(1024).help("The whole list, separated by commas or blanks"),
    )
    .param(digest())
    .command(command(
        "apt components",
        &["path", "index", "components"],
        "Set the components of a repository",
    ))
}

fn firmware() -> Method {
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/repositories/firmware",
        "Append Debian's firmware component to every entry of Debian's own archives",
        edit("aptrepofirmware", |call| proposal(call, &Request::EnableFirmware)),
    )
    .allow(MODIFY)
    .armable()
    .param(digest())
    .command(command("apt enable-firmware", &[], "Enable Debian's firmware component"))
}

fn convert() -> Method {
    let propose = |call: &Call<'_>| {
        proposal(call, &Request::ConvertToSources { path: call.required_text("path")?.into() })
    };
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/repositories/convert",
        "Rewrite a .list file as a .sources file of equal meaning",
        edit("aptrepoconvert", propose),
    )
    .allow(MODIFY)
    .armable()
    .param(path())
    .param(digest())
    .command(command(
        "apt convert",
        &["path"],
        "Rewrite a .list file as a .sources file of equal meaning",
    ))
}

fn key() -> Method {
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/keys",
        "Install the key file of a repository after comparing its checksum",
        edit("aptkey", propose_key),
    )
    .allow(MODIFY)
    .armable()
    .param(
        Property::string("target")
            .max_length(4096)
            .help("Where it shall be: NAME.gpg or NAME.asc in /etc/apt/trusted.gpg.d, /etc/apt/keyrings or /usr/share/keyrings"),
    )
    .param(Property::string("content").max_length(2 * 1024 * 1024).optional().help("The downloaded file, in base64"))
    .param(
        Property::string("file")
            .max_length(4096)
            .optional()
            .help("The downloaded file on this host, instead of its content; for root@pam only"),
    )
    .param(
        Property::string("sha512")
            .min_length(128)
            .max_length(128)
            .optional()
            .help("The SHA-512 that the key's owner publishes; the product's own keys are known"),
    )
    .command(command(
        "apt install-key",
        &["target", "file"],
        "Install the key file of a repository after comparing its checksum",
    ))
}

fn propose_key(call: &Call<'_>) -> Result<Proposal, Problem> {
    let target = Utf8PathBuf::from(call.required_text("target")?);
    let content = match (call.text("content"), call.text("file")) {
        (Some(text), None) => {
            STANDARD.decode(text).map_err(|_| Problem::parameter("content", "invalid format - not base64"))?
        }
        (None, Some(file)) => {
            // an error names checksums of what it read: only who may read everything may ask for it
            if !call.identity()?.is_root() {
                return Err(Problem::Forbidden("Permission check failed (user != root@pam)".to_owned()));
            }
            call.host().read(Utf8Path::new(file), CONFIG_LIMIT)?
        }
        _ => return Err(Problem::parameter("content", "give either 'content' or 'file'")),
    };
    let mut file = KeyFile {
        target,
        existing: None,
        content: Content::new(content),
        sha512: call.text("sha512").map(str::to_owned),
    };
    crate::release_key::check_target(&file.target)?;
    file.existing = read_content(call.host().as_ref(), &file.target)?;
    proposal(call, &Request::InstallKey(file))
}

fn fetch_key() -> Method {
    const NAMES: &[&str] = &[RELEASE_KEYS[0].name];
    let change = Change {
        task: "aptkeyfetch",
        propose: propose_fetch,
        execution: Execution::Worker,
        lock: Some(LOCK),
    };
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/keys/fetch",
        "Download a release key of the product and install it if its checksum is the published one",
        change,
    )
    .allow(MODIFY)
    .param(Property::one_of("name", NAMES).default(RELEASE_KEYS[0].name).help("Which key"))
    .command(command("apt fetch-key", &[], "Download the product's release key and install it"))
}

fn propose_fetch(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    if host.root().is_some() {
        return Err(Problem::Invalid(
            "keys are downloaded by the system itself, not into its tree".to_owned(),
        ));
    }
    let name = call.required_text("name")?;
    let known = RELEASE_KEYS.iter().find(|known| known.name == name);
    let known = known.ok_or_else(|| Problem::parameter("name", "no such key is known"))?;
    Ok(known.fetch(read_content(host, &known.target())?).into())
}

fn update() -> Method {
    let change =
        Change { task: "aptupdate", propose: propose_refresh, execution: Execution::Worker, lock: None };
    Method::change(
        Verb::Post,
        "/nodes/{node}/apt/update",
        "Refresh the package lists with 'apt-get update'",
        change,
    )
    .allow(MODIFY)
    .param(Property::boolean("quiet").default("0").help("Only say what goes wrong"))
    .param(
        Property::boolean("notify").default("0").help("Tell the administrator by mail which updates are new"),
    )
    .param(
        Property::string("accept-change").max_length(64).optional().help(
            "Accept that repositories have changed these fields, as after a new release of Debian: origin, label, version, codename, suite",
        ),
    )
    .command(command("apt update", &[], "Refresh the package lists with 'apt-get update'"))
    .command(command("updates refresh", &[], "Refresh the package lists with 'apt-get update'"))
}

/// Package lists are what APT fetches them to be: there is nothing to verify but APT's own exit code.
fn propose_refresh(call: &Call<'_>) -> Result<Proposal, Problem> {
    let host = call.host().as_ref();
    if host.root().is_some() {
        let message = "package lists are refreshed by the system itself, not in its tree";
        return Err(Problem::Invalid(message.to_owned()));
    }
    let notify = call.boolean("notify") == Some(true);
    let accept_change = accepted_fields(call.text("accept-change").unwrap_or_default())?;
    let request =
        Refresh { notify, accept_change, ..refresh_request(host, call.boolean("quiet") == Some(true))? };
    let verify = Verify::With(Box::new(|_| Ok(Plan::new("refresh the package lists"))));
    Ok(Proposal { verify, diagnose: Some(doctor::causes), ..Proposal::from(refresh(&request)?) })
}

fn accepted_fields(list: &str) -> Result<Vec<&'static str>, Problem> {
    let words = list.split([',', ';', ' ']).filter(|word| !word.is_empty());
    let field = |word: &str| {
        let known = CHANGED_FIELDS.into_iter().find(|field| *field == word);
        known.ok_or_else(|| {
            let message = format!("invalid format - '{word}' is none of {}", CHANGED_FIELDS.join(", "));
            Problem::parameter("accept-change", message)
        })
    };
    words.map(field).collect()
}

fn place(call: &Call<'_>) -> Result<(Utf8PathBuf, usize), Problem> {
    let index = call.integer("index").unwrap_or_default();
    // the declaration lets no negative number through; one that is too large is no index of any file
    Ok((call.required_text("path")?.into(), usize::try_from(index).unwrap_or(usize::MAX)))
}

fn proposal(call: &Call<'_>, request: &Request) -> Result<Proposal, Problem> {
    let state = inspect(call.host().as_ref())?;
    plan(&state, request, call.text("digest")).map(Proposal::from)
}
