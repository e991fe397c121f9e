//! One call of a method, as its handler sees it.

use std::sync::{Arc, Mutex, PoisonError};

use innkeeper_access::Identity;
use innkeeper_change::Problem;
use innkeeper_engine::Engine;
use innkeeper_host::Host;
use serde::de::DeserializeOwned;
use serde::{Serialize, Serializer as _};
use serde_json::{Map, Value};

use crate::api::Api;

/// What a method answers.
#[derive(Clone, Debug, Default)]
pub struct Answer {
    /// The result.
    pub data: Value,
    /// The result as JSON text, in the place of `data`: only [`Api::call_written`] leaves it like this.
    pub written: Option<String>,
    /// How many there are in all, when `data` is one page of a list.
    pub total: Option<u64>,
    /// What is staged and not applied yet, as a unified diff.
    pub changes: Option<String>,
    /// The task that carried out a change.
    pub task: Option<String>,
    /// The change's number in the journal.
    pub change: Option<i64>,
    /// There was nothing to change.
    pub unchanged: bool,
    /// A browser session begins with this ticket, or ends (an empty one).
    pub session: Option<String>,
    /// Answered as a file with this name instead of JSON.
    pub download: Option<(String, Vec<u8>)>,
    /// Answered as lines of JSON, one after another, however many they are.
    pub lines: Option<Lines>,
}

/// What a [`Lines`] goes through.
type LineIterator = dyn Iterator<Item = Result<String, Problem>> + Send;

/// Lines that are made while they are sent, each with its newline. Whoever takes the first takes all.
#[derive(Clone)]
pub struct Lines(Arc<Mutex<Box<LineIterator>>>);

impl Lines {
    /// The lines of `iterator`.
    pub fn new(iterator: impl Iterator<Item = Result<String, Problem>> + Send + 'static) -> Self {
        Self(Arc::new(Mutex::new(Box::new(iterator))))
    }
}

impl Iterator for Lines {
    type Item = Result<String, Problem>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).next()
    }
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("lines")
    }
}

impl Answer {
    /// Answers with `data`.
    ///
    /// # Errors
    /// When it cannot be written as JSON, which is a mistake of the program.
    pub fn of(data: impl Serialize) -> Result<Self, Problem> {
        let data = serde_json::to_value(data).map_err(Problem::failed)?;
        Ok(Self { data, ..Self::default() })
    }

    /// Answers with a list that may be long. It is written as JSON item by item: thousands of interfaces as a tree of values take
    /// longer than all that is found out about them.
    ///
    /// # Errors
    /// As [`Answer::of`].
    pub fn list(items: impl IntoIterator<Item: Serialize>) -> Result<Self, Problem> {
        let mut text = Vec::new();
        serde_json::Serializer::new(&mut text).collect_seq(items).map_err(Problem::failed)?;
        Ok(Self { written: Some(String::from_utf8(text).map_err(Problem::failed)?), ..Self::default() })
    }

    /// The same with the result in `data`, however it was answered.
    ///
    /// # Errors
    /// When the text is no JSON, which is a mistake of the program.
    pub fn read(mut self) -> Result<Self, Problem> {
        if let Some(text) = self.written.take() {
            self.data = serde_json::from_str(&text).map_err(Problem::failed)?;
        }
        Ok(self)
    }

    /// Answers with one page of a list of `total`.
    ///
    /// # Errors
    /// As [`Answer::of`].
    pub fn page(data: impl Serialize, total: u64) -> Result<Self, Problem> {
        Ok(Self { total: Some(total), ..Self::of(data)? })
    }
}

/// One call: who asks, for what, of which machine.
pub struct Call<'a> {
    pub(crate) api: &'a Api,
    pub(crate) identity: Option<&'a Identity>,
    pub(crate) params: Map<String, Value>,
    pub(crate) origin: &'a str,
}

impl Call<'_> {
    /// The API the method belongs to.
    pub fn api(&self) -> &Api {
        self.api
    }

    /// The machine.
    pub fn host(&self) -> &Arc<dyn Host> {
        self.api.host()
    }

    /// What carries out plans, and keeps tasks and journal.
    pub fn engine(&self) -> &Engine {
        self.api.engine()
    }

    /// Who asks.
    ///
    /// # Errors
    /// Nobody known, in a method that everybody may call.
    pub fn identity(&self) -> Result<&Identity, Problem> {
        self.identity.ok_or_else(|| Problem::Unauthenticated("No ticket".to_owned()))
    }

    /// The user or token who asks, as tasks and history name them.
    ///
    /// # Errors
    /// As [`Call::identity`].
    pub fn user(&self) -> Result<String, Problem> {
        self.identity().map(|identity| identity.auth.to_string())
    }

    /// Where the call comes from: a peer's address, or words ([`crate::origin`]).
    pub fn origin(&self) -> &str {
        self.origin
    }

    /// The checked parameters; defaults are filled in.
    pub fn params(&self) -> &Map<String, Value> {
        &self.params
    }

    /// The parameters as a structure of the handler's own.
    ///
    /// # Errors
    /// When structure and declaration do not fit each other, which is a mistake of the program.
    pub fn parse<T: DeserializeOwned>(&self) -> Result<T, Problem> {
        serde_json::from_value(Value::Object(self.params.clone())).map_err(Problem::failed)
    }

    /// A text parameter, when it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.params.get(name)?.as_str()
    }

    /// A text parameter that the declaration demands.
    ///
    /// # Errors
    /// As the schema would say it.
    pub fn required_text(&self, name: &str) -> Result<&str, Problem> {
        self.text(name).ok_or_else(|| Problem::parameter(name, "property is missing and it is not optional"))
    }

    /// A number parameter, when it was given.
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.params.get(name)?.as_i64()
    }

    /// A boolean parameter, when it was given.
    pub fn boolean(&self, name: &str) -> Option<bool> {
        self.params.get(name)?.as_bool()
    }

    /// The name of the local node.
    pub fn node(&self) -> String {
        self.host().node_name()
    }

    /// Demands these privileges on a path, beyond what the declaration demands.
    ///
    /// # Errors
    /// 403 with the path and the first privilege that is missing.
    pub fn demand(&self, path: &str, privileges: &[&str]) -> Result<(), Problem> {
        self.api.demand(self.identity()?, path, privileges)
    }

    /// The same call without the parameters that say which state it was made for: for planning again.
    pub(crate) fn again(&self) -> Self {
        let mut params = self.params.clone();
        params.remove("digest");
        Self { api: self.api, identity: self.identity, params, origin: self.origin }
    }
}
