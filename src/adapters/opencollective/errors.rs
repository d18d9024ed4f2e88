//! The platform's refusals as faults (sheet: opencollective 5).
//!
//! A refused key is answered with the key itself in the text: such a text is read and never kept. Everything else is
//! struck of our key by the HTTP client and, here, of everything that looks like a key.

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind, clean_line, shorten};
use serde_json::Value;
use std::time::Duration;

/// What stands in the place of a key.
const STRUCK: &str = "‹token›";
/// How many hexadecimal digits a key has (sheet: opencollective 2).
const KEY_LENGTH: usize = 40;
/// After this long without a counted call the counter of creations is empty again (sheet: opencollective 3).
pub(super) const CREATION_PAUSE: Duration = Duration::from_secs(3600);

/// One entry of `errors`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Refusal {
    pub code: String,
    /// Struck of everything that looks like a key, on one line.
    pub message: String,
    pub path: String,
    /// The short name is taken.
    pub slug_exists: bool,
    /// What the platform's support asks for.
    pub support_id: String,
}

impl Refusal {
    pub fn read(error: &Value) -> Self {
        let extensions = &error["extensions"];
        let text = |value: &Value| value.as_str().map(tidy).unwrap_or_default();
        let path = error["path"].as_array().map(|path| {
            let parts: Vec<String> = path.iter().map(text).collect();
            parts.join(".")
        });
        Self {
            code: text(&extensions["code"]),
            message: text(&error["message"]),
            path: path.unwrap_or_default(),
            slug_exists: extensions["extraInfo"]["slugExists"] == true,
            support_id: text(&extensions["id"]),
        }
    }

    pub fn says(&self, words: &str) -> bool {
        self.message.to_lowercase().contains(&words.to_lowercase())
    }

    /// The scope that is missing, where that is the reason.
    pub fn missing_scope(&self) -> Option<&str> {
        if self.code != "Forbidden" {
            return None;
        }
        let (_, rest) = self.message.split_once("in scope \"")?;
        rest.split('"').next()
    }

    pub fn needs_advanced_privileges(&self) -> bool {
        self.says("not pre-authorized for 2FA")
    }

    fn detail(&self) -> String {
        let mut detail = format!("{}: {}", self.code, self.message);
        if !self.support_id.is_empty() {
            detail.push_str("; for support: ");
            detail.push_str(&self.support_id);
        }
        detail
    }

    /// What it means. `doing` completes "cannot ...".
    pub fn fault(&self, doing: &str, web: &str) -> Fault {
        let (kind, what, hint) = self.meaning(doing, web);
        Fault::new(kind, what).hint(hint).detail(self.detail())
    }

    fn meaning(&self, doing: &str, web: &str) -> (FaultKind, String, String) {
        if let Some(scope) = self.missing_scope() {
            return (
                FaultKind::ScopeMissing,
                format!("The token lacks the scope {scope}, so Guildhall cannot {doing}."),
                format!("Tick {scope} for this token at {web}/dashboard, under For developers."),
            );
        }
        if self.needs_advanced_privileges() {
            return (
                FaultKind::ScopeMissing,
                format!(
                    "The token lacks Advanced privileges, so it cannot {doing} for a user with two-factor authentication."
                ),
                format!(
                    "Tick Advanced privileges for this token at {web}/dashboard, under For developers."
                ),
            );
        }
        match self.code.as_str() {
            "RateLimitExceeded" => (
                FaultKind::RateLimited {
                    retry_after: CREATION_PAUSE,
                },
                format!("The limit of this user is reached, so Guildhall cannot {doing} yet."),
                "The next try is in one hour; the counter empties only after an hour without a counted call.".into(),
            ),
            "2FA_REQUIRED" => (
                FaultKind::ScopeMissing,
                format!("The account demands two-factor authentication of its administrators and our user has none, so Guildhall cannot {doing}."),
                "Set up two-factor authentication for that user, and Advanced privileges for its token.".into(),
            ),
            "Forbidden" | "Unauthorized" => (
                FaultKind::ScopeMissing,
                format!("Our user is not an administrator there, so Guildhall cannot {doing}."),
                format!("Let an administrator invite our user on the team page of the collective at {web}."),
            ),
            "NotFound" => (
                FaultKind::NotFound,
                format!("What is needed to {doing} is not there."),
                "Check the instance to see what is missing.".into(),
            ),
            "BadRequest" if self.says("invalid account id") => (
                FaultKind::BadAnswer,
                format!("Our record of the collective is damaged, so Guildhall cannot {doing}."),
                "Adopt the collective again.".into(),
            ),
            "GRAPHQL_VALIDATION_FAILED" | "GRAPHQL_PARSE_FAILED" | "BAD_USER_INPUT" | "BAD_REQUEST" => (
                FaultKind::BadAnswer,
                format!("Guildhall and the server disagree about the schema, so Guildhall cannot {doing}."),
                "Check the address in the settings, and whether there is a newer Guildhall.".into(),
            ),
            "ValidationFailed" if self.slug_exists => (
                FaultKind::Conflict,
                "The short name is taken by somebody else.".into(),
                "Choose another short name in the settings, or adopt the collective if it is yours.".into(),
            ),
            _ => self.plain_refusal(doing),
        }
    }

    /// Most refusals come as `INTERNAL_SERVER_ERROR`; the message tells which. None of them passes by itself.
    fn plain_refusal(&self, doing: &str) -> (FaultKind, String, String) {
        let said = &self.message;
        if self.is_bad_slug() {
            return (
                FaultKind::BadInput,
                "The platform does not allow this short name; nothing was made.".into(),
                "Choose another short name in the settings: some words, and names like the platform's own, are kept back.".into(),
            );
        }
        let bad_text = self.says("more than 30 tags")
            || self.says("Validation len")
            || self.says("Not a valid URL")
            || self.code == "ValidationFailed";
        if bad_text {
            return (
                FaultKind::BadInput,
                format!("The platform does not take what was entered: {said}"),
                "Correct it in the settings of the instance.".into(),
            );
        }
        let hint = if self.says("create new collectives") {
            "Ask the platform's support why this user may not make collectives."
        } else if self.says("requires at least") {
            "Let more people become administrators of the collective, then resume."
        } else {
            "Trying again changes nothing; the platform's own words say why."
        };
        (
            FaultKind::Refused,
            format!("The platform refused to {doing}: {said}"),
            hint.into(),
        )
    }

    /// Whether the short name is a reserved or ill-formed one.
    pub fn is_bad_slug(&self) -> bool {
        self.says("The slug") && self.says("is not allowed")
            || self.message.starts_with("Validation error: Slug")
    }

    /// Whether a refused creation is a certain no. Everything else may have been committed before it was answered with
    /// an error, and is looked for (sheet: opencollective 4.3).
    pub fn is_certain(&self) -> bool {
        matches!(
            self.code.as_str(),
            "Forbidden"
                | "Unauthorized"
                | "ValidationFailed"
                | "RateLimitExceeded"
                | "2FA_REQUIRED"
        ) || self.is_bad_slug()
            || self.needs_advanced_privileges()
            || self.says("more than 30 tags")
            || self.says("create new collectives")
            || self.message.starts_with("Validation error")
    }
}

/// What HTTP 401 means. The text is looked at and dropped: it holds the key.
pub(super) fn unauthorized(answer: &Answer, web: &str) -> Fault {
    let words = answer.excerpt();
    let page = format!("{web}/dashboard, under For developers");
    let (kind, what, hint) = if words.contains("GraphQL v1") {
        (
            FaultKind::BadInput,
            "The address of the programming interface is that of an older version.",
            "The address in the settings must end in /graphql/v2.".to_owned(),
        )
    } else if words.contains("Expired") {
        (
            FaultKind::KeyRejected,
            "This token is expired.",
            format!("Make a new one at {page}."),
        )
    } else if words.contains("suspended") {
        (
            FaultKind::KeyRejected,
            "This token was suspended by Open Collective.",
            "Contact the platform's support, or make a new token.".to_owned(),
        )
    } else if words.contains("limited") {
        (
            FaultKind::KeyRejected,
            "The user of this token was limited by Open Collective.",
            "Contact the platform's support.".to_owned(),
        )
    } else {
        (
            FaultKind::KeyRejected,
            "This token is not accepted.",
            format!("Check that it is whole and not revoked, or make a new one at {page}."),
        )
    };
    Fault::new(kind, what).hint(hint).detail("HTTP 401")
}

/// HTTP 400 without GraphQL errors repeats our whole request in `body`: only its message is kept.
pub(super) fn bad_request(answer: &Answer) -> Fault {
    let body = answer.value();
    let message = body["error"]["message"].as_str().map(tidy);
    Fault::new(
        FaultKind::BadAnswer,
        format!("{} does not understand the call.", answer.host()),
    )
    .hint("Check the address in the settings, and whether there is a newer Guildhall.")
    .detail(format!("HTTP 400: {}", message.unwrap_or_default()))
}

/// The address leads to a server that has no such page.
pub(super) fn wrong_address(answer: &Answer) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!(
            "{} has no programming interface at this address.",
            answer.host()
        ),
    )
    .hint("The address in the settings must end in /graphql/v2.")
    .detail("HTTP 404")
}

/// The text on one line, short, without anything that looks like a key.
pub(super) fn tidy(text: &str) -> String {
    shorten(&strike_keys(&clean_line(text)), 300, "…")
}

/// Replaces every run of exactly 40 lower-case hexadecimal digits, and longer ones too.
fn strike_keys(text: &str) -> String {
    let is_digit = |character: char| matches!(character, '0'..='9' | 'a'..='f');
    let mut struck = String::with_capacity(text.len());
    let mut run = String::new();
    for character in text.chars().chain(std::iter::once('\n')) {
        if is_digit(character) {
            run.push(character);
            continue;
        }
        if run.len() >= KEY_LENGTH {
            struck.push_str(STRUCK);
        } else {
            struck.push_str(&run);
        }
        run.clear();
        struck.push(character);
    }
    struck.pop();
    struck
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn refusal(code: &str, message: &str) -> Refusal {
        Refusal::read(&json!({"message": message, "extensions": {"code": code}}))
    }

    #[test]
    fn whatever_looks_like_a_key_is_struck() {
        let key = "0123456789abcdef0123456789abcdef01234567";
        assert_eq!(
            tidy(&format!("Invalid token: {key}\n")),
            "Invalid token: ‹token›"
        );
        assert_eq!(tidy(&format!("{key}{key}!")), "‹token›!");
        assert_eq!(tidy("deadbeef"), "deadbeef");
    }

    #[test]
    fn a_missing_scope_is_named_with_the_page_where_it_is_ticked() {
        let fault = refusal(
            "Forbidden",
            "The Personal Token is not allowed for operations in scope \"webhooks\".",
        )
        .fault("make a webhook", "https://web.example");
        assert_eq!(fault.kind, FaultKind::ScopeMissing);
        assert!(fault.what.contains("webhooks"), "{fault}");
        assert!(
            fault.hint.contains("https://web.example/dashboard"),
            "{fault}"
        );
    }

    #[test]
    fn an_internal_server_error_is_a_refusal_and_never_passes_by_itself() {
        for message in [
            "Host is not open to applications",
            "Validation error",
            "The slug 'admin' is not allowed.",
            "something nobody has seen",
        ] {
            let fault = refusal("INTERNAL_SERVER_ERROR", message).fault("do it", "https://w");
            assert!(!fault.is_passing(), "{message}: {fault:?}");
        }
    }
}
