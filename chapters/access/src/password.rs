//! Changing passwords.

use innkeeper_access::password::{hash, plan_set};
use innkeeper_access::{UserId, Via};
use innkeeper_change::{Action, Invocation, Plan, Problem, Secret, Step, Undo, Value};
use innkeeper_rest::{Call, Method, Permission, Property, Proposal, Verb, Verify};
use secrecy::SecretString;

use crate::login::authenticator;
use crate::params::{self, command, edit, user, userid};

/// Changes the passwords of this host's own accounts.
const CHPASSWD: &str = "/usr/sbin/chpasswd";

const ALLOWED: Permission = Permission::Either(&[
    Permission::Every(&[Permission::InPerson, Permission::Oneself]),
    Permission::Every(&[
        Permission::InPerson,
        Permission::OnRealm(&["Realm.AllocateUser"]),
        Permission::OnGroups(&["User.Modify"]),
    ]),
]);

pub(crate) fn methods() -> Vec<Method> {
    let help = "Change a user's password; their other sessions end";
    vec![
        Method::change(Verb::Put, "/access/password", help, edit("passwd", propose_change))
            .allow(ALLOWED)
            .param(userid())
            .param(new_password().help("The new password"))
            .param(
                Property::string("confirmation-password")
                    .max_length(4096)
                    .secret()
                    .optional()
                    .help("The caller's present password, which is checked when it is given"),
            )
            .command(command("access passwd", &["userid"], "Change a user's password")),
    ]
}

/// A password that is set.
pub(crate) fn new_password() -> Property {
    Property::string("password").min_length(8).max_length(64).secret()
}

fn realm_kind(call: &Call<'_>, id: &UserId) -> Result<String, Problem> {
    let realms = call.api().access()?.realms()?;
    let realm = realms.iter().find(|realm| realm.realm == id.realm());
    realm
        .map(|realm| realm.kind.clone())
        .ok_or_else(|| Problem::parameter("userid", format!("realm '{}' does not exist", id.realm())))
}

/// The steps that give a user who is being made the password in the parameter, and nothing of a user who once had the
/// name.
pub(crate) fn steps_for_new_user(call: &Call<'_>, id: &UserId) -> Result<Vec<Step>, Problem> {
    let store = call.api().store();
    let Some(password) = call.text("password") else {
        return innkeeper_access::plan_forget(store.as_ref(), id);
    };
    if realm_kind(call, id)? != "pve" {
        let message = "only users of the realm 'pve' are made with a password";
        return Err(Problem::parameter("password", message));
    }
    Ok(plan_set(store.as_ref(), id, &hash(&SecretString::from(password))?, true)?.into_iter().collect())
}

fn propose_change(call: &Call<'_>) -> Result<Proposal, Problem> {
    let id = user(call)?;
    let who = call.identity()?;
    if id.is_root() {
        // whoever could set it could be root@pam
        call.api().access()?.check_root(who)?;
    }
    params::users(call)?.require_user(&id)?;
    if let (Some(present), Via::Ticket) = (call.text("confirmation-password"), who.via) {
        let present = SecretString::from(present);
        call.api().access()?.confirm(who.user(), &present, call.origin(), authenticator(call))?;
    }
    let password = call.required_text("password")?;
    let step = match realm_kind(call, &id)?.as_str() {
        "pve" => {
            let hash = hash(&SecretString::from(password))?;
            plan_set(call.api().store().as_ref(), &id, &hash, false)?
        }
        "pam" => Some(system_password(&id, password)?),
        other => {
            let message = format!("passwords of realms of type '{other}' are not changed here");
            return Err(Problem::parameter("userid", message));
        }
    };
    let what = format!("change the password of {id}");
    let plan = step.into_iter().fold(Plan::new(&what), Plan::step);
    let (task_id, own) = (id.to_string(), who.session.clone());
    // planning again would make another hash: what is left to do is to end what was begun with the old password
    let verify = Verify::With(Box::new(move |call| {
        call.api().access()?.sessions()?.end_all(&id, own.as_deref())?;
        Ok(Plan::new(&what))
    }));
    Ok(Proposal { verify, task_id, ..plan.into() })
}

/// The host's own program knows how its passwords are kept.
fn system_password(id: &UserId, password: &str) -> Result<Step, Problem> {
    if password.contains(['\n', '\r', '\0']) {
        return Err(Problem::parameter("password", "value contains a line feed"));
    }
    let line = format!("{}:{password}\n", id.name());
    let run = Invocation {
        program: CHPASSWD.into(),
        args: Vec::new(),
        stdin: Some(Value::Secret(Secret::new(format!("password of {id}"), line))),
        deadline: 30,
        produces: None,
        accept: Vec::new(),
    };
    Ok(Step {
        what: format!("have the system keep the password of {id}"),
        action: Action::Run(run),
        undo: Undo::Impossible("the password before is not kept".to_owned()),
    })
}
