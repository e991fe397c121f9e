//! All methods over one machine.

use std::sync::{Arc, OnceLock};

use innkeeper_access::{Access, Authenticator, Identity, Need};
use innkeeper_change::{Finding, Fix, Level, Problem};
use innkeeper_config::{ConfigStore, DirStore, check_object, fill_defaults};
use innkeeper_engine::{Alarm, Console, Engine};
use innkeeper_host::Host;
use serde_json::{Map, Value, json};

use crate::audit::Heard;
use crate::call::{Answer, Call};
use crate::change::{self, Workers};
use crate::method::{Handler, Method, Verb};
use crate::permission::Permission;
use crate::route::{self, Routes};
use crate::view::PlanView;

/// One request, however it came: by HTTP or from the command line.
#[derive(Clone, Debug)]
pub struct Request {
    /// Verb.
    pub verb: Verb,
    /// Path below `/api2/json`.
    pub path: String,
    /// Parameters, still unchecked: text from queries and forms, any JSON from JSON bodies.
    pub params: Map<String, Value>,
    /// Who asks; `None` when nobody said.
    pub identity: Option<Identity>,
    /// From where: a peer's address, or words ([`crate::origin`]).
    pub origin: String,
}

/// A health check over a machine at rest. Chapters register theirs; `GET /nodes/{node}/checks` runs them all.
#[derive(Clone, Copy)]
pub struct Check {
    /// The chapter it belongs to: `apt`.
    pub area: &'static str,
    /// What it looks after, in a few words.
    pub title: &'static str,
    /// Looks. The error means that it could not look, not that it found something.
    pub run: fn(&dyn Host) -> Result<Vec<Finding>, Problem>,
}

/// The API of one machine.
pub struct Api {
    methods: Vec<Method>,
    routes: Routes,
    host: Arc<dyn Host>,
    engine: Engine,
    store: Arc<DirStore>,
    /// Opened when somebody has to be identified: a command run by root needs none of it.
    access: OnceLock<Access>,
    workers: Option<Box<dyn Workers>>,
    checks: Vec<Check>,
    authenticator: Option<Box<dyn Authenticator>>,
}

impl Api {
    /// Offers `methods` over `host`. Changes are carried out in this process until there are workers.
    pub fn new(methods: Vec<Method>, host: Arc<dyn Host>) -> Self {
        Self {
            routes: Routes::new(&methods),
            methods,
            engine: Engine::new(Arc::clone(&host)),
            store: Arc::new(DirStore::new(Arc::clone(&host))),
            access: OnceLock::new(),
            host,
            workers: None,
            checks: Vec::new(),
            authenticator: None,
        }
    }

    /// Registers health checks.
    #[must_use]
    pub fn with_checks(mut self, checks: Vec<Check>) -> Self {
        self.checks.extend(checks);
        self
    }

    /// Lets people log in with what `authenticator` knows.
    #[must_use]
    pub fn with_authenticator(mut self, authenticator: impl Authenticator + 'static) -> Self {
        self.authenticator = Some(Box::new(authenticator));
        self
    }

    /// What knows passwords, where people can log in.
    pub fn authenticator(&self) -> Option<&dyn Authenticator> {
        self.authenticator.as_deref()
    }

    /// Runs every health check; the worst findings come first. A check that cannot look says so as a finding.
    pub fn findings(&self) -> Vec<(&'static str, Finding)> {
        let run = |check: &Check| match (check.run)(self.host.as_ref()) {
            Ok(findings) => findings,
            Err(problem) => vec![could_not_look(check, &problem)],
        };
        let mut all: Vec<_> = self
            .checks
            .iter()
            .flat_map(|check| run(check).into_iter().map(|finding| (check.area, finding)))
            .collect();
        let own = Check { area: "history", title: "changes that were cut off", run: |_| Ok(Vec::new()) };
        let found = self.engine.findings().unwrap_or_else(|problem| vec![could_not_look(&own, &problem)]);
        all.extend(found.into_iter().map(|finding| (own.area, finding)));
        all.sort_by_key(|(_, finding)| std::cmp::Reverse(finding.level));
        all
    }

    /// Gives changes that outlive their caller a process of their own.
    #[must_use]
    pub fn with_workers(mut self, workers: impl Workers + 'static) -> Self {
        self.workers = Some(Box::new(workers));
        self
    }

    /// Lets changes be armed, watched over by `alarm`.
    #[must_use]
    pub fn with_alarm(self, alarm: impl Alarm + 'static) -> Self {
        self.engine.set_alarm(Box::new(alarm));
        self
    }

    /// The machine.
    pub fn host(&self) -> &Arc<dyn Host> {
        &self.host
    }

    /// What carries out plans.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Cluster-wide configuration: `/etc/pve`.
    pub fn store(&self) -> Arc<dyn ConfigStore> {
        Arc::clone(&self.store) as Arc<dyn ConfigStore>
    }

    /// Makes the directories of `/etc/pve` where they are missing.
    ///
    /// # Errors
    /// What the file system says.
    pub fn lay_out_store(&self) -> Result<(), Problem> {
        self.store.initialise(&self.host.node_name())
    }

    /// Who may do what.
    ///
    /// # Errors
    /// None at present: files are read when they are needed.
    pub fn access(&self) -> Result<&Access, Problem> {
        if let Some(access) = self.access.get() {
            return Ok(access);
        }
        let opened = Access::open(Arc::clone(&self.host), self.store());
        Ok(self.access.get_or_init(|| opened))
    }

    /// Lets a caller pass who has all these privileges on the path.
    ///
    /// # Errors
    /// 403 with the path and the first privilege that is missing.
    pub(crate) fn demand(&self, who: &Identity, path: &str, privileges: &[&str]) -> Result<(), Problem> {
        if who.is_root() { Ok(()) } else { self.access()?.check(who, path, privileges, Need::All) }
    }

    /// Every method.
    pub fn methods(&self) -> &[Method] {
        &self.methods
    }

    pub(crate) fn workers(&self) -> Option<&dyn Workers> {
        self.workers.as_deref()
    }

    /// The names directly below a path and the verbs that the path itself has; `None` when there is no such path.
    pub fn look(&self, path: &str) -> Option<(Vec<&'static str>, Vec<&Method>)> {
        let found = self.routes.find(path)?;
        let methods = found.methods.values().map(|&index| &self.methods[index]).collect();
        Some((found.children, methods))
    }

    /// Whether `path` may be called without telling who one is.
    pub fn is_open_to_the_world(&self, verb: Verb, path: &str) -> bool {
        self.find(verb, path).is_some_and(|(method, _)| method.permission == Permission::World)
    }

    /// Whether a call needs no thread of its own: it waits for nothing but the look at who asks.
    pub(crate) fn is_answered_at_once(&self, verb: Verb, path: &str) -> bool {
        self.find(verb, path).is_some_and(|(method, _)| method.at_once)
    }

    fn find<'p>(&self, verb: Verb, path: &'p str) -> Option<(&Method, Vec<(&'static str, &'p str)>)> {
        let found = self.routes.find(path)?;
        let index = *found.methods.get(&verb)?;
        Some((&self.methods[index], found.values))
    }

    /// Finds the method, and puts what the path says among the parameters.
    fn route(
        &self,
        verb: Verb,
        path: &str,
        mut given: Map<String, Value>,
    ) -> Result<(&Method, Map<String, Value>), Problem> {
        let (method, values) = self.find(verb, path).ok_or_else(|| {
            Problem::Unsupported(format!("Method '{} {}' not implemented", verb.as_str(), path))
        })?;
        for (name, value) in values {
            let differs = given.get(name).is_some_and(|other| route::plain(other) != value);
            if differs {
                let message = "duplicate parameter (already defined in URI) with conflicting values!";
                return Err(Problem::parameter(name, message));
            }
            given.insert(name.to_owned(), Value::String(value.to_owned()));
        }
        Ok((method, given))
    }

    /// Finds the method and checks the parameters.
    pub(crate) fn prepare(
        &self,
        verb: Verb,
        path: &str,
        given: Map<String, Value>,
    ) -> Result<(&Method, Map<String, Value>), Problem> {
        let (method, given) = self.route(verb, path, given)?;
        Ok((method, check(method, given)?))
    }

    /// Answers a request. Lines of a task that runs in this process are also shown on `console`.
    ///
    /// # Errors
    /// 501 for an unknown path, 400 for wrong parameters, 401 and 403, and whatever the method runs into.
    pub fn call(&self, request: Request, console: &mut dyn Console) -> Result<Answer, Problem> {
        self.call_written(request, console)?.read()
    }

    /// Answers a request as [`Api::call`] does; a long list is left as the text that it was written as, for who hands it on.
    ///
    /// # Errors
    /// As [`Api::call`].
    pub fn call_written(&self, request: Request, console: &mut dyn Console) -> Result<Answer, Problem> {
        let (verb, path, origin) = (request.verb, request.path.clone(), request.origin.clone());
        let heard = Heard::new(verb, &path, &request.params, request.identity.as_ref(), &origin);
        let only_shown = request.params.get("dry-run").is_some_and(|value| route::plain(value) != "0");
        let outcome = self.dispatch(request, console);
        if !only_shown || outcome.is_err() {
            self.tell_audit(&heard, &outcome);
        }
        outcome
    }

    fn dispatch(&self, request: Request, console: &mut dyn Console) -> Result<Answer, Problem> {
        let Request { verb, path, params, identity, origin } = request;
        let known = || identity.as_ref().ok_or_else(|| Problem::Unauthenticated("No ticket".to_owned()));
        if !self.is_open_to_the_world(verb, &path) {
            // before the parameters are looked at: strangers learn nothing about them
            known()?;
        }
        let (method, mut given) = self.route(verb, &path, params)?;
        self.name_local_node(&mut given);
        // before the parameters are looked at: what they may be is no business of who may not call
        method.permission.check(self, identity.as_ref(), &given)?;
        self.refuse_other_nodes(&given)?;
        let params = check(method, given)?;
        let call = Call { api: self, identity: identity.as_ref(), params, origin: &origin };
        match method.handler {
            Handler::Read(run) => run(&call),
            Handler::Index(key) => self.index(&path, key),
            Handler::Act(act) => match act.preview {
                Some(preview) if call.boolean("dry-run") == Some(true) => {
                    let shown = change::shown(method, call.params());
                    Answer::of(PlanView::new(&preview(&call)?, method.command_line(&shown)))
                }
                _ => (act.run)(&call),
            },
            Handler::Change(change) => change::answer(method, change, &call, console),
        }
    }

    /// `localhost` is another name of the local node.
    fn name_local_node(&self, given: &mut Map<String, Value>) {
        if let Some(Value::String(name)) = given.get_mut("node")
            && name == "localhost"
        {
            *name = self.host.node_name();
        }
    }

    /// Only the local node can be asked.
    fn refuse_other_nodes(&self, given: &Map<String, Value>) -> Result<(), Problem> {
        match given.get("node") {
            Some(Value::String(name)) if *name != self.host.node_name() => {
                // what is no name at all is told so by the check of parameters
                innkeeper_config::Format::Node
                    .check(name)
                    .map_or(Ok(()), |()| Err(Problem::Invalid(format!("no such cluster node '{name}'"))))
            }
            _ => Ok(()),
        }
    }

    fn index(&self, path: &str, key: &str) -> Result<Answer, Problem> {
        let children = self.routes.find(path).map(|found| found.children).unwrap_or_default();
        Answer::of(children.into_iter().map(|child| json!({ key: child })).collect::<Vec<_>>())
    }
}

/// Checks the parameters against the declaration.
fn check(method: &Method, given: Map<String, Value>) -> Result<Map<String, Value>, Problem> {
    let known = method.all_params();
    let mut params = check_object(&known, given.into_iter().collect()).map_err(Problem::Parameters)?;
    fill_defaults(&known, &mut params);
    Ok(params)
}

fn could_not_look(check: &Check, problem: &Problem) -> Finding {
    Finding {
        id: format!("{}.check-failed", check.area),
        level: Level::Warning,
        message: format!("the health check of {} could not look", check.title),
        evidence: problem.to_string(),
        advice: "Cure what is said above, then look again.".to_owned(),
        fixes: Vec::<Fix>::new(),
    }
}
