//! Passwords of the system's users, asked of PAM in a process of its own.

use std::io::Read;

use innkeeper_access::{AuthError, Authenticator, Realm, UserId};
use innkeeper_change::Problem;
use nonstick::{AuthnFlags, ConversationAdapter, ErrorCode, Transaction, TransactionBuilder};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};

use super::spawn;

/// The PAM service: `/etc/pam.d/innkeeper` when there is one, else PAM falls back to `/etc/pam.d/other`, which asks for
/// the system's own passwords on Debian.
const SERVICE: &str = "innkeeper";
/// No question is longer than this.
const QUESTION_LIMIT: u64 = 64 * 1024;

#[derive(Serialize, Deserialize)]
struct Question {
    user: String,
    password: String,
}

/// Asks the PAM helper.
pub(super) struct PamHelper;

impl Authenticator for PamHelper {
    fn authenticate(&self, realm: &Realm, user: &UserId, password: &SecretString) -> Result<(), AuthError> {
        if realm.kind != "pam" {
            return Err(AuthError::Unsupported(realm.kind.clone()));
        }
        let question =
            Question { user: user.name().to_owned(), password: password.expose_secret().to_owned() };
        let text = serde_json::to_string(&question).map_err(|error| AuthError::Failed(error.to_string()))?;
        match spawn::ask_pam_helper(&text) {
            Ok(true) => Ok(()),
            Ok(false) => Err(AuthError::Rejected),
            Err(problem) => Err(AuthError::Failed(problem.to_string())),
        }
    }
}

/// Answers PAM's questions with one user and one password.
struct OneUser(Question);

impl ConversationAdapter for OneUser {
    fn prompt(&self, _request: impl AsRef<std::ffi::OsStr>) -> nonstick::Result<std::ffi::OsString> {
        Ok(self.0.user.clone().into())
    }

    fn masked_prompt(&self, _request: impl AsRef<std::ffi::OsStr>) -> nonstick::Result<std::ffi::OsString> {
        Ok(self.0.password.clone().into())
    }

    fn error_msg(&self, _message: impl AsRef<std::ffi::OsStr>) {}

    fn info_msg(&self, _message: impl AsRef<std::ffi::OsStr>) {}
}

/// Reads user and password from standard input and asks PAM; the exit code is the answer.
///
/// # Errors
/// Wrong password, expired account, or whatever PAM says.
pub(crate) fn pam_helper() -> Result<(), Problem> {
    let mut text = String::new();
    std::io::stdin().take(QUESTION_LIMIT).read_to_string(&mut text).map_err(Problem::failed)?;
    let question: Question =
        serde_json::from_str(&text).map_err(|_| refused(ErrorCode::ConversationError))?;
    let user = question.user.clone();
    let conversation = OneUser(question).into_conversation();
    let mut transaction =
        TransactionBuilder::new_with_service(SERVICE).username(&user).build(conversation).map_err(refused)?;
    transaction.authenticate(AuthnFlags::empty()).map_err(refused)?;
    transaction.account_management(AuthnFlags::empty()).map_err(refused)
}

fn refused(code: ErrorCode) -> Problem {
    Problem::Unauthenticated(format!("authentication failure: {code}"))
}
