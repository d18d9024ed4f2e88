//! One call, put together piece by piece. What goes wrong on the way is kept and told by [`Call::send`].

use super::{
    address,
    answer::Answer,
    budget::{BucketKey, RateRule},
    client::Http,
    retry,
    scrub::Scrubber,
};
use crate::domain::{Fault, FaultKind};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::{borrow::Borrow, fmt, time::Duration};
use tokio_util::sync::CancellationToken;
use url::Url;
use zeroize::Zeroizing;

/// What a call may change on the other side.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Effect {
    /// Nothing.
    Reads,
    /// Something, and repeating it changes nothing more.
    WritesRepeatably,
    /// Something, each time anew.
    WritesOnce,
}

impl Effect {
    fn of(method: &Method) -> Self {
        match *method {
            Method::GET | Method::HEAD | Method::OPTIONS => Self::Reads,
            Method::PUT | Method::DELETE => Self::WritesRepeatably,
            _ => Self::WritesOnce,
        }
    }
}

/// A call being put together.
#[must_use = "a call does nothing until it is sent"]
pub struct Call {
    pub(super) http: Http,
    pub(super) method: Method,
    /// The address before any override.
    pub(super) url: Result<Url, Fault>,
    /// Whether the address itself is a secret.
    pub(super) hidden: bool,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Vec<u8>>,
    pub(super) scrubber: Scrubber,
    pub(super) bucket: Option<(BucketKey, Vec<RateRule>)>,
    pub(super) effect: Effect,
    pub(super) timeout: Duration,
    pub(super) follow: bool,
    pub(super) cancel: CancellationToken,
    pub(super) attempts: u32,
    pub(super) trouble: Option<Fault>,
}

impl fmt::Debug for Call {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            formatter,
            "Call {} {}{}",
            self.method,
            self.host(),
            self.path()
        )
    }
}

impl Call {
    pub(super) fn new(http: Http, method: Method, base: &Url, path: &str) -> Self {
        Self::to(http, method, address::join(base, path))
    }

    pub(super) fn to_secret_address(http: Http, method: Method, address: &SecretString) -> Self {
        let parsed = Url::parse(address.expose_secret().trim()).map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                "The secret address entered is not an address; nothing was sent.",
            )
            .hint("Paste it in full, beginning with https://.")
            .detail(error)
        });
        let mut call = Self::to(http, method, parsed);
        call.hidden = true;
        call.follow = false;
        call.scrubber.add(address);
        if let Ok(url) = &call.url {
            // Words such as "services" are no secrets, and striking them out would only hide what went wrong.
            let telling = |part: &&str| part.len() >= 16;
            let query = url.query().unwrap_or_default();
            let parts = url.path().split('/').chain(query.split(['&', '=']));
            for part in parts
                .filter(telling)
                .chain([url.path()].into_iter().filter(telling))
            {
                call.scrubber.add(&SecretString::from(part));
            }
        }
        call
    }

    fn to(http: Http, method: Method, url: Result<Url, Fault>) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        let effect = Effect::of(&method);
        Self {
            timeout: http.options().timeout,
            attempts: http.options().attempts,
            http,
            url,
            hidden: false,
            headers,
            body: None,
            scrubber: Scrubber::new(),
            bucket: None,
            effect,
            follow: effect == Effect::Reads,
            method,
            cancel: CancellationToken::new(),
            trouble: None,
        }
    }

    /// Sends `Authorization: Bearer` with a secret, which is struck out of everything that comes back.
    pub fn bearer(mut self, secret: &SecretString) -> Self {
        let value = Zeroizing::new(format!("Bearer {}", secret.expose_secret()));
        self.add_secret_value(AUTHORIZATION, &value);
        self.redact(secret)
    }

    /// Sends a secret in a header of the platform's own, and strikes it out of everything that comes back.
    pub fn secret_header(mut self, name: &str, secret: &SecretString) -> Self {
        match HeaderName::from_bytes(name.as_bytes()) {
            Ok(name) => self.add_secret_value(name, secret.expose_secret()),
            Err(_) => self.keep_trouble(bad_header(name)),
        }
        self.redact(secret)
    }

    /// Sends a header that holds no secret.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        match (
            HeaderName::from_bytes(name.as_bytes()),
            HeaderValue::from_str(value),
        ) {
            (Ok(name), Ok(value)) => {
                self.headers.insert(name, value);
            }
            _ => self.keep_trouble(bad_header(name)),
        }
        self
    }

    /// Adds pairs to the query.
    pub fn query<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        if let Ok(url) = &mut self.url {
            url.query_pairs_mut().extend_pairs(pairs);
        }
        self
    }

    /// Sends a JSON body. A secret in it is named with [`Call::redact`].
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_vec(body) {
            Ok(bytes) => self.set_body(bytes, "application/json"),
            Err(error) => self.keep_trouble(
                Fault::new(
                    FaultKind::Internal,
                    format!("The call to {} cannot be written as JSON.", self.host()),
                )
                .hint("This is a mistake of Guildhall; please report it.")
                .detail(error),
            ),
        }
        self
    }

    /// Sends a form. A secret in it is named with [`Call::redact`].
    pub fn form<I, K, V>(mut self, pairs: I) -> Self
    where
        I: IntoIterator,
        I::Item: Borrow<(K, V)>,
        K: AsRef<str>,
        V: AsRef<str>,
    {
        let form = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(pairs)
            .finish();
        self.set_body(form.into_bytes(), "application/x-www-form-urlencoded");
        self
    }

    /// Names one more secret that is used in this call, so that it is struck out of everything that comes back.
    pub fn redact(mut self, secret: &SecretString) -> Self {
        self.scrubber.add(secret);
        self
    }

    /// Counts the call against a bucket with these rules.
    pub fn bucket(mut self, key: BucketKey, rules: &[RateRule]) -> Self {
        self.bucket = Some((key, rules.to_vec()));
        self
    }

    /// Says that the call carries an idempotency key, or may be repeated for another reason.
    pub fn keyed(mut self) -> Self {
        if self.effect == Effect::WritesOnce {
            self.effect = Effect::WritesRepeatably;
        }
        self
    }

    /// Says that the call changes nothing, whatever its method (a query sent by POST).
    pub fn reads(mut self) -> Self {
        self.effect = Effect::Reads;
        self
    }

    /// The longest wait for one complete answer, instead of the client's.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Returns redirects as they are, where following one would hide what a platform means by it.
    pub fn no_redirects(mut self) -> Self {
        self.follow = false;
        self
    }

    /// Sends it once and never repeats it, for whoever looks again at his own pace.
    pub fn once(mut self) -> Self {
        self.attempts = 1;
        self
    }

    /// Stops the call, its waits and its repetitions when the token is cancelled.
    pub fn cancel(mut self, token: &CancellationToken) -> Self {
        self.cancel = token.clone();
        self
    }

    /// Sends it, with waits and repetitions, and returns the answer whatever its status.
    ///
    /// # Errors
    /// As in the table of [`super`]; [`FaultKind::BadInput`] when it must not be sent (address not encrypted, secret in the
    /// address, line break in a key).
    pub async fn send(self) -> Result<Answer, Fault> {
        retry::send(self).await
    }

    /// How messages name the server.
    pub(super) fn host(&self) -> String {
        self.url
            .as_ref()
            .map_or_else(|_| "the server".to_owned(), address::host_of)
    }

    /// The path as it may be shown.
    pub(super) fn path(&self) -> &str {
        match &self.url {
            Ok(url) if !self.hidden => url.path(),
            _ => "/[secret]",
        }
    }

    fn set_body(&mut self, bytes: Vec<u8>, content_type: &'static str) {
        self.body = Some(bytes);
        self.headers
            .entry(CONTENT_TYPE)
            .or_insert(HeaderValue::from_static(content_type));
    }

    fn add_secret_value(&mut self, name: HeaderName, value: &str) {
        match HeaderValue::from_str(value) {
            Ok(mut value) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            Err(_) => self.keep_trouble(
                Fault::new(
                    FaultKind::BadInput,
                    format!(
                        "The key for {} contains a line break or another character no key has; nothing was sent.",
                        self.host()
                    ),
                )
                .hint("Enter the key again, alone on one line."),
            ),
        }
    }

    fn keep_trouble(&mut self, fault: Fault) {
        self.trouble.get_or_insert(fault);
    }
}

fn bad_header(name: &str) -> Fault {
    Fault::new(
        FaultKind::Internal,
        format!("The header {name} cannot be sent as it is; nothing was sent."),
    )
    .hint("This is a mistake of Guildhall; please report it.")
}
