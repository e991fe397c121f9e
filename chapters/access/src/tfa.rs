//! Second factors: codes of an authenticator app, security keys, recovery keys.

use innkeeper_access::tfa::{Factor, Factors, RECOVERY, TFA_CFG, Totp};
use innkeeper_access::{Lockout, UserId, plan_secret};
use innkeeper_change::{Hazard, Plan, Problem, Severity};
use innkeeper_rest::{
    Act, Answer, Call, Change, Execution, Goal, Method, Permission, Property, Proposal, Verb, Verify, bit,
};
use secrecy::SecretString;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::login::authenticator;
use crate::params::{self, command, may, user, userid};

/// The lock of the store's file: logins that use a recovery key up take it, too.
const LOCK: &str = "/run/lock/innkeeper/file-priv_tfa_cfg.lck";
const KEPT: &str = "second factors are not kept";

const SELF_OR_LOOK: Permission = Permission::Either(&[Permission::Oneself, crate::users::LOOK]);
const CHANGE: Permission = Permission::Either(&[
    Permission::Every(&[Permission::InPerson, Permission::Oneself]),
    Permission::Every(&[Permission::InPerson, Permission::OnGroups(&["User.Modify"])]),
]);

/// A second factor.
#[derive(Debug, Serialize, ToSchema)]
struct FactorEntry {
    /// Its id among those of the user.
    id: String,
    /// `totp`, `webauthn`, `recovery`; the original also knows `u2f` and `yubico`.
    #[serde(rename = "type")]
    kind: String,
    /// What its owner calls it.
    description: String,
    /// 1: it can be used.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    enable: bool,
    /// When it was added, in seconds since 1970.
    created: i64,
}

/// The second factors of a user.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct UserFactors {
    /// Whose they are.
    userid: String,
    /// The factors.
    entries: Vec<FactorEntry>,
    /// 1: codes are no longer taken, after too many wrong ones.
    #[serde(with = "bit")]
    #[schema(value_type = u8)]
    totp_locked: bool,
    /// No second factor is taken before this time.
    #[serde(skip_serializing_if = "Option::is_none")]
    tfa_locked_until: Option<i64>,
}

/// A factor that was just added.
#[derive(Debug, Serialize, ToSchema)]
struct NewFactor {
    /// Its id; absent while a security key is still to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<String>,
    /// What `navigator.credentials.create` is asked with, as JSON with binary parts in base64url. Its answer goes into a
    /// second call, within five minutes: `challenge` is `publicKey.challenge` of this, `value` is JSON of `id` and of
    /// `response` with `clientDataJSON` and `attestationObject`, in base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    challenge: Option<String>,
    /// New recovery keys. They are shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    recovery: Option<Vec<String>>,
}

/// Which kinds of factors a user has.
#[derive(Debug, Serialize, ToSchema)]
struct Kinds {
    /// The kind that the realm demands.
    #[serde(skip_serializing_if = "Option::is_none")]
    realm: Option<String>,
    /// The kinds the user has.
    types: Vec<String>,
}

impl From<Factor> for FactorEntry {
    fn from(factor: Factor) -> Self {
        let Factor { kind, id, description, enabled, created } = factor;
        Self { id, kind, description, enable: enabled, created }
    }
}

pub(crate) fn methods() -> Vec<Method> {
    vec![all(), of_user(), show(), add(), change(), remove(), kinds(), unlock()]
}

fn id() -> Property {
    Property::string("id").max_length(64).help("Id of the second factor")
}

fn password() -> Property {
    Property::string("password")
        .max_length(4096)
        .secret()
        .optional()
        .help("The caller's present password; root@pam needs none")
}

fn all() -> Method {
    Method::get("/access/tfa", "List second factors of the users that the caller may see", |call| {
        let access = call.api().access()?;
        let factors = access.factors()?;
        let everybody = may(call, "/access/groups", &["User.Modify", "Sys.Audit"])?;
        let caller = call.user()?;
        let mut seen = Vec::new();
        for user in factors.users().filter(|user| everybody || user.as_str() == caller) {
            let Lockout { totp, until, .. } = access.sessions()?.lockout(&user)?;
            seen.push(UserFactors {
                entries: factors.list(&user).into_iter().map(FactorEntry::from).collect(),
                userid: user.to_string(),
                totp_locked: totp >= innkeeper_access::TOTP_TRIES,
                tfa_locked_until: (until > call.host().now()).then_some(until),
            });
        }
        Answer::of(seen)
    })
    .allow(Permission::User)
    .returns::<Vec<UserFactors>>()
}

fn of_user() -> Method {
    Method::get("/access/tfa/{userid}", "List a user's second factors", |call| {
        let id = user(call)?;
        params::users(call)?.require_user(&id)?;
        let factors = call.api().access()?.factors()?.list(&id);
        Answer::of(factors.into_iter().map(FactorEntry::from).collect::<Vec<_>>())
    })
    .allow(SELF_OR_LOOK)
    .param(userid())
    .returns::<Vec<FactorEntry>>()
    .command(command("access user tfa list", &["userid"], "List a user's second factors"))
}

fn show() -> Method {
    Method::get("/access/tfa/{userid}/{id}", "Show a second factor", |call| {
        let factors = call.api().access()?.factors()?;
        Answer::of(FactorEntry::from(factors.get(&user(call)?, call.required_text("id")?)?))
    })
    .allow(SELF_OR_LOOK)
    .param(userid())
    .param(id())
    .returns::<FactorEntry>()
}

fn kinds() -> Method {
    Method::get("/access/users/{userid}/tfa", "Show which kinds of second factors a user has", |call| {
        let id = user(call)?;
        params::users(call)?.require_user(&id)?;
        let access = call.api().access()?;
        let mut types: Vec<String> =
            access.factors()?.list(&id).into_iter().map(|factor| factor.kind).collect();
        types.dedup();
        let realms = access.realms()?;
        let realm = realms.iter().find(|realm| realm.realm == id.realm()).and_then(|realm| realm.tfa.clone());
        Answer::of(Kinds { realm, types })
    })
    .allow(SELF_OR_LOOK)
    .param(userid())
    .param(
        Property::boolean("multiple").default("0").help("Understood for clients' sake: all kinds are listed"),
    )
    .returns::<Kinds>()
}

fn unlock() -> Method {
    Method::act(
        Verb::Put,
        "/access/users/{userid}/unlock-tfa",
        "Take second factors of a user again after too many wrong answers",
        Act { run: run_unlock, preview: None },
    )
    .allow(Permission::OnGroups(&["User.Modify"]))
    .param(userid())
    .returns::<u8>()
    .command(command("access user tfa unlock", &["userid"], "Take a user's second factors again"))
}

/// Answers whether there was anything to unlock.
fn run_unlock(call: &Call<'_>) -> Result<Answer, Problem> {
    let id = user(call)?;
    params::users(call)?.require_user(&id)?;
    let sessions = call.api().access()?.sessions()?;
    let before = sessions.lockout(&id)?;
    sessions.set_lockout(&id, Lockout::default())?;
    Answer::of(u8::from(before != Lockout::default()))
}

fn edit(task: &'static str, propose: innkeeper_rest::Propose) -> Change {
    Change { task, propose, execution: Execution::Here, lock: Some(LOCK) }
}

/// Whoever sits down at somebody's open browser must not be able to change how they log in.
fn confirmed(call: &Call<'_>, id: &UserId) -> Result<(), Problem> {
    let who = call.identity()?;
    if id.is_root() {
        call.api().access()?.check_root(who)?;
    }
    params::users(call)?.require_user(id)?;
    if who.is_root() {
        return Ok(());
    }
    let message = "password is required to modify TFA data";
    let password = call.text("password").ok_or_else(|| Problem::parameter("password", message))?;
    let password = SecretString::from(password);
    call.api().access()?.confirm(who.user(), &password, call.origin(), authenticator(call))
}

/// A plan that edits the factors of a user.
fn plan(
    call: &Call<'_>,
    id: &UserId,
    what: &str,
    change: impl FnOnce(&mut Factors) -> Result<(), Problem>,
) -> Result<Proposal, Problem> {
    let step = plan_secret(call.api().store().as_ref(), TFA_CFG, what, Some(KEPT), |text| {
        let before = Factors::parse(text)?;
        let mut after = before.clone();
        change(&mut after)?;
        Ok(if after == before { text.to_owned() } else { after.text() })
    })?;
    let plan = step.into_iter().fold(Plan::new(what), Plan::step);
    Ok(Proposal { task_id: id.to_string(), ..plan.into() })
}

fn add() -> Method {
    Method::change(Verb::Post, "/access/tfa/{userid}", "Add a second factor", edit("tfaadd", propose_add))
        .allow(CHANGE)
        .param(userid())
        .param(Property::one_of("type", &["totp", "recovery", "webauthn"]).help("Its kind"))
        .param(Property::string("description").max_length(255).optional().help("What its owner calls it"))
        .param(
            Property::string("totp")
                .max_length(4096)
                .secret()
                .optional()
                .help("An otpauth://totp/ address, as the authenticator app got it"),
        )
        .param(
            Property::string("value").max_length(65536).secret().optional().help(
                "A present code, to show that the app is set up; of a security key the browser's answer",
            ),
        )
        .param(
            Property::string("challenge")
                .max_length(4096)
                .secret()
                .optional()
                .help("The challenge that a security key answers: publicKey.challenge of the first call"),
        )
        .param(password())
        .returns::<NewFactor>()
        .command(command("access user tfa add", &["userid"], "Add a second factor"))
}

fn propose_add(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    confirmed(call, &id)?;
    if call.boolean("background") == Some(true) {
        let message = "what is answered once can only be answered here and now";
        return Err(Problem::parameter("background", message));
    }
    match call.required_text("type")? {
        RECOVERY => propose_recovery(call, &id),
        "webauthn" => propose_key(call, &id),
        _ => propose_totp(call, &id),
    }
}

fn propose_recovery(call: &Call<'_>, id: &UserId) -> Result<Proposal, Problem> {
    let mut keys = Vec::new();
    let replaced = call.api().access()?.factors()?.get(id, RECOVERY).is_ok();
    let mut proposal = plan(call, id, &format!("make recovery keys for {id}"), |factors| {
        keys = factors.renew_recovery(id, call.host().now())?;
        Ok(())
    })?;
    if replaced {
        proposal.plan = proposal.plan.hazard(Hazard::new(
            "access.recovery-keys-replaced",
            Severity::Warning,
            "The recovery keys made before stop working.",
            "Keep the new ones where the old ones are.",
        ));
    }
    let answer = json!(NewFactor { id: Some(RECOVERY.to_owned()), challenge: None, recovery: Some(keys) });
    Ok(Proposal { answer, verify: Verify::With(is_there(id, RECOVERY)), ..proposal })
}

fn propose_totp(call: &Call<'_>, id: &UserId) -> Result<Proposal, Problem> {
    let missing = |name: &str| Problem::parameter(name, "property is missing and it is not optional");
    let uri = call.text("totp").ok_or_else(|| missing("totp"))?;
    let code = call.text("value").ok_or_else(|| missing("value"))?;
    let description = call.text("description").ok_or_else(|| missing("description"))?;
    let now = call.host().now();
    if Totp::parse(uri)?.step_of(code.trim(), now).is_none() {
        return Err(Problem::parameter("value", "failed to verify TOTP challenge"));
    }
    let entry = innkeeper_access::new_uuid()?;
    let proposal = plan(call, id, &format!("add an authenticator app for {id}"), |factors| {
        factors.add(id, "totp", &entry, description, now, json!(uri))
    })?;
    let verify = Verify::With(is_there(id, &entry));
    let answer = json!(NewFactor { id: Some(entry), challenge: None, recovery: None });
    Ok(Proposal { answer, verify, ..proposal })
}

/// In two calls: the first asks the browser for a key, the second keeps the key that it made.
fn propose_key(call: &Call<'_>, id: &UserId) -> Result<Proposal, Problem> {
    let access = call.api().access()?;
    let what = format!("add a security key for {id}");
    let missing = |name: &str| Problem::parameter(name, "property is missing and it is not optional");
    let Some(value) = call.text("value") else {
        let challenge = Some(access.begin_key(id)?.to_string());
        let answer = json!(NewFactor { id: None, challenge, recovery: None });
        return Ok(Proposal { answer, ..Plan::new(what).into() });
    };
    let challenge = call.text("challenge").ok_or_else(|| missing("challenge"))?;
    let description = call.text("description").ok_or_else(|| missing("description"))?;
    let key = access.finish_key(id, challenge, value)?;
    let entry = innkeeper_access::new_uuid()?;
    let proposal = plan(call, id, &what, |factors| {
        factors.add(id, "webauthn", &entry, description, call.host().now(), key.to_json())
    })?;
    let (there, challenge) = (is_there(id, &entry), challenge.to_owned());
    let verify = Verify::With(Box::new(move |call| {
        call.api().access()?.end_key(&challenge);
        there(call)
    }));
    let answer = json!(NewFactor { id: Some(entry), challenge: None, recovery: None });
    Ok(Proposal { answer, verify, ..proposal })
}

fn is_there(id: &UserId, entry: &str) -> Goal {
    let (id, entry) = (id.clone(), entry.to_owned());
    Box::new(move |call| {
        call.api().access()?.factors()?.get(&id, &entry)?;
        Ok(Plan::new(format!("add a second factor for {id}")))
    })
}

fn change() -> Method {
    Method::change(
        Verb::Put,
        "/access/tfa/{userid}/{id}",
        "Change what a second factor is called, or switch it off and on",
        edit("tfamod", |call| {
            let id = user(call)?;
            confirmed(call, &id)?;
            let entry = call.required_text("id")?;
            plan(call, &id, &format!("change second factor {entry} of {id}"), |factors| {
                factors.change(&id, entry, call.text("description"), call.boolean("enable"))
            })
        }),
    )
    .allow(CHANGE)
    .param(userid())
    .param(id())
    .param(Property::string("description").max_length(255).optional().help("What its owner calls it"))
    .param(Property::boolean("enable").optional().help("It can be used"))
    .param(password())
}

fn remove() -> Method {
    Method::change(
        Verb::Delete,
        "/access/tfa/{userid}/{id}",
        "Remove a second factor",
        edit("tfadel", propose_remove),
    )
    .allow(CHANGE)
    .param(userid())
    .param(id())
    .param(password())
    .command(command("access user tfa delete", &["userid", "id"], "Remove a second factor"))
}

fn propose_remove(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    confirmed(call, &id)?;
    let entry = call.required_text("id")?.to_owned();
    let proposal = plan(call, &id, &format!("remove second factor {entry} of {id}"), |factors| {
        factors.remove(&id, &entry)
    })?;
    let verify = Verify::With(Box::new(move |call| match call.api().access()?.factors()?.get(&id, &entry) {
        Err(_) => Ok(Plan::new(format!("remove second factor {entry} of {id}"))),
        Ok(_) => Err(Problem::failed(format!("second factor {entry} of {id} is still there"))),
    }));
    Ok(Proposal { verify, ..proposal })
}
