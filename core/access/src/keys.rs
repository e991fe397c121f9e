//! Security keys: how one is added, and how it opens.

use innkeeper_change::Problem;
use serde_json::Value;

use crate::UserId;
use crate::access::Access;
use crate::secret::random;
use crate::tfa::{Credential, Factors, RelyingParty, TFA_CFG, webauthn};

/// The file that names the site, in the configuration store.
const DATACENTER_CFG: &str = "datacenter.cfg";

impl Access {
    /// The site that security keys are made for, where `datacenter.cfg` names one.
    ///
    /// # Errors
    /// The file cannot be read.
    pub fn relying_party(&self) -> Result<Option<RelyingParty>, Problem> {
        let stored = self.store.get(DATACENTER_CFG)?;
        Ok(stored.and_then(|stored| RelyingParty::parse(&String::from_utf8_lossy(&stored.content))))
    }

    /// What a browser needs to make a new security key for a user. The answer has to come within minutes.
    ///
    /// # Errors
    /// No site is configured; the kernel gives no random numbers.
    pub fn begin_key(&self, user: &UserId) -> Result<Value, Problem> {
        let site = self.relying_party()?.ok_or_else(no_site)?;
        let (nonce, challenge) = (random()?, random()?);
        let known: Vec<_> = self.factors()?.credentials(user).into_iter().map(|(_, key)| key).collect();
        self.registrations.ask(nonce, user, challenge, self.host.now());
        Ok(site.creation(user, &challenge, &known))
    }

    /// The key in a browser's answer. Asked for again, it is the same key as long as the challenge holds: a plan is made
    /// twice.
    ///
    /// # Errors
    /// What is wrong with the answer, as parameter `value` or `challenge`.
    pub fn finish_key(&self, user: &UserId, challenge: &str, answer: &str) -> Result<Credential, Problem> {
        let site = self.relying_party()?.ok_or_else(no_site)?;
        let over = || Problem::parameter("challenge", "no such challenge, or it is over");
        let challenge = self.registrations.find(challenge, user, self.host.now()).ok_or_else(over)?;
        let key = site.register(&challenge, answer).map_err(|reason| Problem::parameter("value", reason))?;
        let known: Vec<_> = self.factors()?.credentials(user).into_iter().map(|(_, key)| key).collect();
        if known.iter().any(|known| known.id == key.id) {
            return Err(Problem::parameter("value", "the key is registered already"));
        }
        if !webauthn::fits(&known, &key) {
            return Err(Problem::parameter("value", "there are too many security keys: remove one first"));
        }
        Ok(key)
    }

    /// The key that answered a challenge is kept now: the challenge has done its work.
    pub fn end_key(&self, challenge: &str) {
        self.registrations.forget(challenge);
    }

    pub(crate) fn check_key(&self, user: &UserId, challenge: &[u8; 32], answer: &str) -> Result<(), String> {
        let text = |problem: Problem| problem.to_string();
        let site = self.relying_party().map_err(text)?.ok_or("no site is configured for security keys")?;
        let _alone = self.store.lock(TFA_CFG).map_err(text)?;
        let stored = self.store.get(TFA_CFG).map_err(text)?.ok_or("there are no security keys")?;
        let mut factors = Factors::parse(&String::from_utf8_lossy(&stored.content)).map_err(text)?;
        let (ids, keys): (Vec<_>, Vec<_>) = factors.credentials(user).into_iter().unzip();
        let (key, counter) = site.verify(challenge, &keys, answer)?;
        if counter == key.counter {
            return Ok(());
        }
        // a copy of the key must not be able to count from where this one was
        let moved_on = Credential { counter, ..key.clone() };
        let id = keys.iter().position(|known| known.id == key.id).and_then(|at| ids.get(at));
        factors.replace(user, "webauthn", id.map_or("", String::as_str), moved_on.to_json());
        self.store.put_if_digest(TFA_CFG, factors.text().as_bytes(), Some(&stored.digest)).map_err(text)
    }
}

fn no_site() -> Problem {
    let line = "webauthn: rp=NAME,origin=https://HOST:PORT,id=HOST";
    Problem::Invalid(format!("security keys need a site: add '{line}' to /etc/pve/{DATACENTER_CFG}"))
}
