//! A complete answer, and what can be made of it without trusting it.

use super::{
    exchange::Raw,
    request::{Call, Effect},
};
use crate::domain::{Fault, FaultKind, clean_line, shorten};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fmt;

/// The most columns of a platform's own words in a message.
const EXCERPT: usize = 300;

/// A complete answer of any status but "slow down". Every secret of the call is struck out of headers and body already.
#[derive(Clone)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    host: String,
    effect: Effect,
    with_key: bool,
    elsewhere: Option<String>,
    tries: u32,
}

impl fmt::Debug for Answer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Answer {} of {} ({} bytes)",
            self.status,
            self.host,
            self.body.len()
        )
    }
}

impl Answer {
    pub(super) fn new(call: &Call, raw: Raw, tries: u32) -> Self {
        Self {
            status: raw.status,
            headers: raw.headers,
            body: raw.body,
            host: call.host(),
            effect: call.effect,
            with_key: call.hidden
                || call.headers.contains_key(AUTHORIZATION)
                || call
                    .headers
                    .values()
                    .any(reqwest::header::HeaderValue::is_sensitive),
            elsewhere: raw.elsewhere,
            tries,
        }
    }

    /// Whether the status is 2xx.
    #[must_use]
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// Whether the call was sent more than once, so that "exists already" or "not found" may be our own doing.
    #[must_use]
    pub fn was_repeated(&self) -> bool {
        self.tries > 1
    }

    /// A header as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The host that answered, as the call named it.
    #[must_use]
    pub fn host(&self) -> &str {
        &self.host
    }

    /// The body as text, broken characters replaced.
    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON, whatever the status; `Null` where it is none. For reading a platform's error words.
    #[must_use]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }

    /// The body, read as JSON of a known shape. A 4xx answer is read too, so look at the status first, or go through
    /// [`Answer::success`].
    ///
    /// # Errors
    /// For 5xx and redirects what [`Answer::refusal`] says. For HTML, half a JSON, an empty body or another shape:
    /// [`FaultKind::BadAnswer`], or [`FaultKind::OutcomeUnknown`] where the call may have changed something and the status
    /// does not say no.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, Fault> {
        if self.status >= 500 || self.is_redirect() {
            return Err(self.refusal());
        }
        serde_json::from_slice(&self.body).map_err(|error| self.unreadable(&error))
    }

    /// The answer, if its status is 2xx.
    ///
    /// # Errors
    /// What [`Answer::refusal`] says.
    pub fn success(self) -> Result<Self, Fault> {
        if self.is_success() {
            Ok(self)
        } else {
            Err(self.refusal())
        }
    }

    /// What an answer that is no success means in general; an adapter that knows better looks at status and body first.
    #[must_use]
    pub fn refusal(&self) -> Fault {
        let host = &self.host;
        let (kind, what, hint) = match self.status {
            300..=399 => return self.redirected(),
            401 if self.with_key => (
                FaultKind::KeyRejected,
                format!("{host} does not accept the key."),
                "Check that the key is whole and not revoked, or enter a new one.",
            ),
            401 => (
                FaultKind::NeedsKey,
                format!("{host} wants a key for this."),
                "Enter a key for this platform.",
            ),
            403 if self.is_html() => (
                FaultKind::BadAnswer,
                format!(
                    "Something in front of {host} blocked the call; nothing is known about the key."
                ),
                "Check the address, and whether a firewall keeps programs out.",
            ),
            403 => (
                FaultKind::ScopeMissing,
                format!("The key may not do this on {host}."),
                "Check the rights of the key and of its owner there.",
            ),
            404 | 410 => (
                FaultKind::NotFound,
                format!("{host} does not know what was asked for."),
                "Check whether it still exists there, and whether the key may see it.",
            ),
            409 => (
                FaultKind::Conflict,
                format!("Something on {host} stands in the way."),
                "Look at what exists there under that name.",
            ),
            500.. => return self.broken(),
            _ => (
                FaultKind::Refused,
                format!("{host} refused the call (HTTP {}).", self.status),
                "Look at the platform's own words in the details.",
            ),
        };
        Fault::new(kind, what).hint(hint).detail(self.told())
    }

    /// The platform's own words, cleaned and short: the message of a JSON error, a short text, or what kind of body it is.
    #[must_use]
    pub fn excerpt(&self) -> String {
        if self.body.is_empty() {
            return "no text".to_owned();
        }
        if self.is_html() {
            return "an HTML page".to_owned();
        }
        let words = message_in(&self.value()).unwrap_or_else(|| self.text());
        shorten(&clean_line(&words), EXCERPT, "…")
    }

    fn told(&self) -> String {
        format!("HTTP {}: {}", self.status, self.excerpt())
    }

    fn is_redirect(&self) -> bool {
        (300..400).contains(&self.status)
    }

    /// Judged by the body: some platforms label JSON as HTML (sheet: metagov, traps).
    fn is_html(&self) -> bool {
        let start = self.body.trim_ascii_start();
        start.first() == Some(&b'<')
    }

    fn broken(&self) -> Fault {
        let host = &self.host;
        if self.effect == Effect::Reads {
            return Fault::new(
                FaultKind::Unreachable,
                format!(
                    "{host} is out of order (HTTP {}); nothing was changed.",
                    self.status
                ),
            )
            .hint("Try again in a while; if it stays so, look at the server.")
            .detail(self.told());
        }
        unknown(&format!(
            "{host} reported an error of its own (HTTP {})",
            self.status
        ))
        .detail(self.told())
    }

    fn redirected(&self) -> Fault {
        let host = &self.host;
        let fault = match &self.elsewhere {
            Some(elsewhere) => Fault::new(
                FaultKind::BadAnswer,
                format!("{host} sends the call on to {elsewhere}; it was not followed, and no key was sent there."),
            )
            .hint(format!(
                "If {elsewhere} is right, write that address in the settings; else check the address."
            )),
            None if self.effect == Effect::Reads => Fault::new(
                FaultKind::BadAnswer,
                format!("{host} sends the call on to another of its pages instead of answering."),
            )
            .hint("Check the address; perhaps it wants a sign-in there."),
            None => unknown(&format!(
                "{host} sent the call on to another of its pages instead of answering"
            )),
        };
        fault.detail(format!("HTTP {}", self.status))
    }

    fn unreadable(&self, error: &serde_json::Error) -> Fault {
        let host = &self.host;
        let problem = if self.body.trim_ascii().is_empty() {
            format!("{host} answered without any text where data was expected")
        } else if self.is_html() {
            format!("{host} answered with a web page where data was expected")
        } else if error.is_eof() {
            format!("The answer of {host} stops in the middle")
        } else if error.is_data() {
            format!("The answer of {host} is not of the shape expected")
        } else {
            format!("The answer of {host} is not JSON")
        };
        let fault = if self.effect == Effect::Reads || self.status >= 400 {
            Fault::new(FaultKind::BadAnswer, format!("{problem}.")).hint(
                "Check that the address is the platform's own and that nothing stands in front of it.",
            )
        } else {
            unknown(&problem)
        };
        let error = shorten(&clean_line(&error.to_string()), EXCERPT, "…");
        fault.detail(format!("{}; {error}", self.told()))
    }
}

fn unknown(happened: &str) -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown,
        format!("{happened}; whether the call took effect is not known."),
    )
    .hint("Guildhall looks before it tries again: resume the operation, or check the instance.")
}

/// The words of a JSON error, in the shapes platforms use.
fn message_in(body: &Value) -> Option<String> {
    match body {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) => items.iter().find_map(message_in),
        Value::Object(fields) => [
            "error",
            "message",
            "errors",
            "detail",
            "error_description",
            "exception",
            "reason",
        ]
        .into_iter()
        .find_map(|name| fields.get(name).and_then(message_in)),
        _ => None,
    }
}
