//! Questions about second factors that wait for an answer. They live as long as the process that asked.

use std::collections::HashMap;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

use crate::UserId;
use crate::access::locked;
use crate::ticket::SessionId;

/// Questions about second factors that are open at the same time; the oldest goes first.
const MOST_PENDING: usize = 1000;
/// Seconds in which a question must be answered.
const PENDING_LIFE: i64 = 5 * 60;
/// Answers that one question takes.
const TRIES: u32 = 5;

/// A question that waits for its answer.
struct Pending {
    user: UserId,
    asked: i64,
    tries: u32,
    /// What a security key has to sign.
    challenge: [u8; 32],
}

/// The questions that are open.
#[derive(Default)]
pub(crate) struct Questions(Mutex<HashMap<SessionId, Pending>>);

impl Questions {
    pub(crate) fn ask(&self, nonce: SessionId, user: &UserId, challenge: [u8; 32], now: i64) {
        let mut open = locked(&self.0);
        open.retain(|_, pending| now.saturating_sub(pending.asked) <= PENDING_LIFE);
        if open.len() >= MOST_PENDING
            && let Some(oldest) =
                open.iter().min_by_key(|(_, pending)| pending.asked).map(|(nonce, _)| *nonce)
        {
            open.remove(&oldest);
        }
        open.insert(nonce, Pending { user: user.clone(), asked: now, tries: 0, challenge });
    }

    /// Counts a try at the answer, and gives what had to be signed; nothing when there is no such question to this user
    /// any more.
    pub(crate) fn try_answer(&self, nonce: &SessionId, user: &UserId, now: i64) -> Option<[u8; 32]> {
        let mut open = locked(&self.0);
        let pending = open.get_mut(nonce)?;
        let challenge = pending.challenge;
        pending.tries += 1;
        let good = pending.user == *user
            && now.saturating_sub(pending.asked) <= PENDING_LIFE
            && pending.tries <= TRIES;
        if !good {
            open.remove(nonce);
        }
        good.then_some(challenge)
    }

    /// The challenge that was sent to this user, by how it was sent.
    pub(crate) fn find(&self, sent: &str, user: &UserId, now: i64) -> Option<[u8; 32]> {
        let bytes = BASE64.decode(sent.trim_end_matches('=')).ok()?;
        let open = locked(&self.0);
        let asked = open
            .values()
            .filter(|pending| pending.user == *user && now.saturating_sub(pending.asked) <= PENDING_LIFE);
        asked.map(|pending| pending.challenge).find(|challenge| challenge.as_slice() == bytes)
    }

    /// The question was answered. False when another answer was there first: one question opens once.
    pub(crate) fn close(&self, nonce: &SessionId) -> bool {
        locked(&self.0).remove(nonce).is_some()
    }

    /// What was asked for has been done.
    pub(crate) fn forget(&self, sent: &str) {
        let bytes = BASE64.decode(sent.trim_end_matches('=')).unwrap_or_default();
        locked(&self.0).retain(|_, pending| pending.challenge.as_slice() != bytes);
    }
}
