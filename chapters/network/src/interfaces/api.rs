//! REST methods for interfaces: everything is read from and staged in the file that counts.

use innkeeper_change::{Plan, Problem};
use innkeeper_rest::{
    Answer, Call, Change, CommandName, Execution, Format, Method, Permission, Property, Proposal, Propose,
    Verb, Verify, bit,
};
use serde::Serialize;
use utoipa::ToSchema;

use super::changes::changes;
use super::config::names;
use super::inspect::{files_with, inspect_closely, inspect_with};
use super::kind::Kind;
use super::modes;
use super::plan::{Request, plan};
use super::settings::Settings;
use super::state::State;
use super::view::{self, FileView, Network};
use crate::sets::api::{change_set, chosen, chosen_to_edit};

/// The original's lock of this file.
pub(crate) const LOCK: &str = "/etc/network/.pve-interfaces.lock";
const AUDIT: Permission = Permission::On("/nodes/{node}", &["Sys.Audit"]);
const MODIFY: Permission = Permission::On("/nodes/{node}", &["Sys.Modify"]);

/// Types that a caller may name.
const TYPES: &[&str] = &[
    "bridge",
    "bond",
    "eth",
    "alias",
    "vlan",
    "fabric",
    "OVSBridge",
    "OVSBond",
    "OVSPort",
    "OVSIntPort",
    "vnet",
    "unknown",
];
/// What a list can be narrowed down to.
const FILTERS: &[&str] = &[
    "bridge",
    "bond",
    "eth",
    "alias",
    "vlan",
    "fabric",
    "OVSBridge",
    "OVSBond",
    "OVSPort",
    "OVSIntPort",
    "vnet",
    "any_bridge",
    "any_local_bridge",
    "include_sdn",
];
/// Every method for interfaces.
pub(crate) fn methods() -> Vec<Method> {
    vec![list(), show(), create(), update(), delete(), revert(), staged()]
}

fn command(words: &'static str, positional: &'static [&'static str], help: &'static str) -> CommandName {
    CommandName { words, positional, preset: &[], help }
}

fn edit(task: &'static str, propose: Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

/// What is staged, and the files that it consists of.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NetworkChanges {
    /// 1 when there is a staged file; of a change set, when it changes anything.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    pub staged: bool,
    /// Unified diff from the live to the staged file, or to what the change set makes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changes: Option<String>,
    /// Digest of the file that counts, for `digest`.
    pub digest: String,
    /// The file that counts, and those that it reads.
    pub files: Vec<FileView>,
    /// What could not be read, and why.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub unread: Vec<String>,
}

fn list() -> Method {
    const HELP: &str =
        "List network interfaces: what is configured, staged changes included, and what is there";
    Method::get("/nodes/{node}/network", HELP, |call| {
        let state = inspect_closely(call.host().as_ref(), chosen(call)?)?;
        let config = state.config_of(state.text().unwrap_or_default());
        let filter = call.text("type");
        let is_root = call.identity()?.is_root();
        let shown = view::interfaces(&state, &config).filter(|one| {
            one.kind != Some(Kind::Loopback)
                && passes(filter, one.kind)
                && (is_root || !one.kind.is_some_and(Kind::is_bridge) || may_see(call, one.iface))
        });
        Ok(Answer { changes: changes(&state), ..Answer::list(shown)? })
    })
    .allow(Permission::User)
    .param(Property::one_of("type", FILTERS).optional().help("Only those of this type"))
    .param(change_set())
    .returns::<Vec<Network<'static>>>()
    .command(command("network list", &[], "List network interfaces"))
}

/// Bridges are seen by who may look at them or attach guests to them.
fn may_see(call: &Call<'_>, bridge: &str) -> bool {
    let path = format!("/sdn/zones/localnetwork/{bridge}");
    ["SDN.Audit", "SDN.Use"].iter().any(|privilege| call.demand(&path, &[privilege]).is_ok())
}

fn passes(filter: Option<&str>, kind: Option<Kind>) -> bool {
    let Some(kind) = kind else { return filter.is_none() };
    match filter {
        None | Some("include_sdn") => true,
        Some("any_bridge" | "any_local_bridge") => kind.is_bridge(),
        Some(word) => kind.word() == word,
    }
}

fn show() -> Method {
    Method::get("/nodes/{node}/network/{iface}", "Show one network interface", |call| {
        let state = inspect_closely(call.host().as_ref(), chosen(call)?)?;
        let config = state.config_of(state.text().unwrap_or_default());
        match view::interface(&state, &config, call.required_text("iface")?) {
            Some(shown) => Answer::of(shown),
            None => Err(Problem::parameter("iface", "interface does not exist")),
        }
    })
    .allow(AUDIT)
    .param(iface())
    .param(change_set())
    .returns::<Network<'static>>()
    .command(command("network show", &["iface"], "Show one network interface"))
}

fn create() -> Method {
    let method = Method::change(
        Verb::Post,
        "/nodes/{node}/network",
        "Stage a new network interface",
        edit("netcreate", propose_creation),
    )
    .allow(MODIFY)
    .param(iface());
    settings(method).command(command("network create", &["iface", "type"], "Stage a new network interface"))
}

fn update() -> Method {
    let propose: Propose = |call| {
        let request =
            Request::Update { name: name(call)?, kind: kind(call)?, settings: Settings::of(call.params())? };
        proposal(call, &request)
    };
    let method = Method::change(
        Verb::Put,
        "/nodes/{node}/network/{iface}",
        "Stage changes of a network interface",
        edit("netchange", propose),
    )
    .allow(MODIFY)
    .param(iface());
    settings(method)
        .param(
            Property::string("delete").format(Format::ConfigidList).optional().help("Settings to take away"),
        )
        .command(command("network set", &["iface", "type"], "Stage changes of a network interface"))
}

fn delete() -> Method {
    Method::change(
        Verb::Delete,
        "/nodes/{node}/network/{iface}",
        "Stage the removal of a network interface from the configuration",
        edit("netdelete", propose_deletion),
    )
    .allow(MODIFY)
    .param(iface())
    .param(change_set())
    .param(digest())
    .command(command("network delete", &["iface"], "Stage the removal of a network interface"))
}

fn revert() -> Method {
    Method::change(
        Verb::Delete,
        "/nodes/{node}/network",
        "Discard staged network changes",
        edit("netrevert", |call| {
            let state = files_with(call.host().as_ref(), chosen_to_edit(call)?)?;
            plan(&state, &Request::Revert, call.text("digest")).map(Proposal::from)
        }),
    )
    .allow(MODIFY)
    .param(change_set())
    .param(digest())
    .command(command("network revert", &[], "Discard staged network changes"))
}

fn staged() -> Method {
    Method::get("/nodes/{node}/network-changes", "Show what is staged, and the files it is made of", |call| {
        let state = files_with(call.host().as_ref(), chosen(call)?)?;
        Answer::of(NetworkChanges {
            staged: state.waits(),
            changes: changes(&state),
            digest: state.digest(),
            files: file_views(&state),
            unread: state.unread.clone(),
        })
    })
    .allow(AUDIT)
    .param(change_set())
    .returns::<NetworkChanges>()
    .command(command("network changes", &[], "Show staged network changes"))
}

fn file_views(state: &State) -> Vec<FileView> {
    let Some(text) = state.text() else {
        let errors = vec!["not UTF-8 text".to_owned()];
        return vec![FileView { path: state.path().to_owned(), editable: false, errors }];
    };
    let config = state.config_of(text);
    let views = config.files().iter().enumerate().map(|(at, file)| {
        let errors: Vec<String> = file.document.malformed().iter().map(ToString::to_string).collect();
        FileView { path: file.path.to_owned(), editable: at == 0 && errors.is_empty(), errors }
    });
    views.collect()
}

fn name(call: &Call<'_>) -> Result<String, Problem> {
    call.required_text("iface").map(str::to_owned)
}

fn kind(call: &Call<'_>) -> Result<Kind, Problem> {
    let word = call.required_text("type")?;
    Kind::of_word(word).ok_or_else(|| {
        Problem::parameter("type", format!("interfaces of type '{word}' are not configured here"))
    })
}

fn proposal(call: &Call<'_>, request: &Request) -> Result<Proposal, Problem> {
    let state = inspect_with(call.host().as_ref(), chosen_to_edit(call)?)?;
    plan(&state, request, call.text("digest")).map(Proposal::from)
}

/// Made, it is as asked when asking for the same settings changes nothing.
fn propose_creation(call: &Call<'_>) -> Result<Proposal, Problem> {
    let (name, kind, settings) = (name(call)?, kind(call)?, Settings::of(call.params())?);
    let request = Request::Create { name: name.clone(), kind, settings: settings.clone() };
    let again = Request::Update { name, kind, settings };
    let verify = Verify::With(Box::new(move |call: &Call<'_>| {
        plan(&inspect_with(call.host().as_ref(), chosen_to_edit(call)?)?, &again, None)
    }));
    Ok(Proposal { verify, ..proposal(call, &request)? })
}

/// Removed, it is not configured any more.
fn propose_deletion(call: &Call<'_>) -> Result<Proposal, Problem> {
    let name = name(call)?;
    let request = Request::Delete { name: name.clone() };
    let verify = Verify::With(Box::new(move |call: &Call<'_>| {
        let state = files_with(call.host().as_ref(), chosen(call)?)?;
        match state.config_of(state.text().unwrap_or_default()).get(&name) {
            Some(_) => Err(Problem::failed(format!("{name} is still configured"))),
            None => Ok(Plan::new(format!("stage the removal of {name}"))),
        }
    }));
    Ok(Proposal { verify, ..proposal(call, &request)? })
}

fn iface() -> Property {
    Property::string("iface").format(Format::Iface).min_length(2).max_length(20).help("Name of the interface")
}

pub(crate) fn digest() -> Property {
    Property::string("digest")
        .max_length(64)
        .optional()
        .help("Refuse the change when the file no longer has this digest")
}

/// The parameters that both new and known interfaces take.
fn settings(method: Method) -> Method {
    PARAMETERS
        .iter()
        .fold(method, |method, property| method.param(*property))
        .param(change_set())
        .param(digest())
}

const IFACE_LIST: Format = Format::List(&Format::Iface);

const PARAMETERS: &[Property] = &[
    Property::one_of("type", TYPES).help("What it is"),
    Property::boolean("autostart").optional().help("Bring it up at boot"),
    Property::string("address").format(Format::Ipv4).requires("netmask").optional().help("IPv4 address"),
    Property::string("netmask").format(Format::Ipv4Mask).requires("address").optional().help("IPv4 netmask"),
    Property::string("cidr")
        .format(Format::CidrV4)
        .optional()
        .help("IPv4 address with the length of its prefix"),
    Property::string("gateway").format(Format::Ipv4).optional().help("Default IPv4 gateway"),
    Property::string("address6").format(Format::Ipv6).requires("netmask6").optional().help("IPv6 address"),
    Property::integer("netmask6")
        .min(0)
        .max(128)
        .requires("address6")
        .optional()
        .help("Length of the IPv6 prefix"),
    Property::string("cidr6")
        .format(Format::CidrV6)
        .optional()
        .help("IPv6 address with the length of its prefix"),
    Property::string("gateway6").format(Format::Ipv6).optional().help("Default IPv6 gateway"),
    Property::one_of("method", &["static", "dhcp", "manual"]).optional().help(
        "Ours: how IPv4 is configured; without it an address makes it static, and nothing else changes it",
    ),
    Property::one_of("method6", &["static", "auto", "dhcp", "manual"])
        .optional()
        .help("Ours: how IPv6 is configured"),
    Property::string("comments").max_length(65536).optional().help("Comments"),
    Property::string("comments6").max_length(65536).optional().help("Comments"),
    Property::integer("mtu").min(1280).max(65520).optional().help("Largest packet"),
    Property::string("bridge_ports").format(IFACE_LIST).optional().help("Ports of the bridge"),
    Property::boolean("bridge_vlan_aware").optional().help("Look at VLANs"),
    Property::string("bridge_vids")
        .pattern("^[0-9]+(-[0-9]+)?([ ,;]+[0-9]+(-[0-9]+)?)*$", is_vlan_list)
        .optional()
        .help("VLANs and ranges of VLANs on the bridge's ports"),
    Property::one_of("bridge_stp", &["on", "off"]).optional().help("Ours: spanning tree protocol"),
    Property::integer("bridge_fd").min(0).max(30).optional().help("Ours: forwarding delay in seconds"),
    Property::boolean("bridge-disable-mac-learning")
        .optional()
        .help("Ours: let only the configured addresses of guests through"),
    Property::string("slaves").format(IFACE_LIST).optional().help("Interfaces of the bond"),
    Property::one_of("bond_mode", &modes::ALL).optional().help("Mode of the bond"),
    Property::one_of("bond_xmit_hash_policy", &modes::HASH_POLICIES)
        .optional()
        .help("What decides over which interface a packet goes, in the modes balance-xor and 802.3ad"),
    Property::string("bond-primary")
        .format(Format::Iface)
        .min_length(2)
        .max_length(20)
        .optional()
        .help("The interface that is used as long as it works, in the mode active-backup"),
    Property::integer("bond_miimon")
        .min(0)
        .max(60000)
        .optional()
        .help("Ours: how often links are looked at, in ms"),
    Property::string("vlan-raw-device")
        .format(Format::Iface)
        .min_length(2)
        .max_length(20)
        .optional()
        .help("The interface that the VLAN is on"),
    Property::integer("vlan-id").min(1).max(4094).optional().help("The VLAN"),
    Property::one_of("vlan-protocol", &["802.1q", "802.1ad"]).optional().help("Ours: the VLAN's protocol"),
    Property::string("ovs_bridge")
        .format(Format::Iface)
        .min_length(2)
        .max_length(20)
        .optional()
        .help("The bridge of Open vSwitch that it belongs to"),
    Property::string("ovs_ports").format(IFACE_LIST).optional().help("Ports of the bridge"),
    Property::string("ovs_bonds").format(IFACE_LIST).optional().help("Interfaces of the bond"),
    Property::integer("ovs_tag").min(1).max(4094).optional().help("The VLAN of the port"),
    Property::string("ovs_options").max_length(1024).optional().help("Further options of Open vSwitch"),
];

fn is_vlan_list(text: &str) -> bool {
    let vlan = |id: &str| id.parse::<u16>().is_ok_and(|id| (1..=4094).contains(&id));
    names(text).all(|item| match item.split_once('-') {
        Some((first, last)) => {
            vlan(first) && vlan(last) && first.parse::<u16>().ok() < last.parse::<u16>().ok()
        }
        None => vlan(item),
    })
}
