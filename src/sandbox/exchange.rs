//! A request as a simulated platform sees it, and what it answers. Knows no server and no state.

use axum::http::{HeaderMap, Method};
use jiff::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::time::Duration;

/// A request to a simulated platform.
#[derive(Debug, Clone)]
pub struct Incoming {
    /// The method.
    pub method: Method,
    /// The path below the platform's prefix, beginning with `/`, still percent-encoded.
    pub path: String,
    /// The pairs of the query, decoded, in order.
    pub query: Vec<(String, String)>,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Vec<u8>,
    /// The sandbox's time: real time, moved by what tests advanced it.
    pub now: Timestamp,
}

impl Incoming {
    /// The segments of the path, decoded; empty ones are left out.
    #[must_use]
    pub fn segments(&self) -> Vec<String> {
        self.path
            .split('/')
            .filter(|segment| !segment.is_empty())
            .map(percent_decoded)
            .collect()
    }

    /// The first value of a name in the query.
    #[must_use]
    pub fn query_value(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    /// A header's value, when it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).and_then(|value| value.to_str().ok())
    }

    /// The token of an `Authorization: Bearer` header.
    #[must_use]
    pub fn bearer(&self) -> Option<&str> {
        self.header("authorization")?.strip_prefix("Bearer ")
    }

    /// The body as JSON; `None` when it is none.
    #[must_use]
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The body as JSON of a given shape; `None` when it is not of it.
    #[must_use]
    pub fn json_as<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The pairs of a form body, decoded.
    #[must_use]
    pub fn form(&self) -> Vec<(String, String)> {
        url::form_urlencoded::parse(&self.body)
            .into_owned()
            .collect()
    }
}

/// What a simulated platform answers.
#[derive(Debug, Clone)]
pub struct Reply {
    /// The status.
    pub status: u16,
    /// Headers besides the content type.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: ReplyBody,
    /// How long the platform holds the answer back, besides the simulated latency.
    pub hold: Duration,
    /// What the platform sends elsewhere because of this request, before it answers.
    pub deliveries: Vec<Delivery>,
}

/// The body of a [`Reply`].
#[derive(Debug, Clone, PartialEq)]
pub enum ReplyBody {
    /// Nothing.
    Empty,
    /// `application/json`.
    Json(Value),
    /// `text/plain`.
    Text(String),
    /// `text/html`.
    Html(String),
}

impl Reply {
    /// An answer in JSON.
    #[must_use]
    pub fn json(status: u16, body: Value) -> Self {
        Self::with(status, ReplyBody::Json(body))
    }

    /// An answer in plain text.
    #[must_use]
    pub fn text(status: u16, body: impl Into<String>) -> Self {
        Self::with(status, ReplyBody::Text(body.into()))
    }

    /// A page.
    #[must_use]
    pub fn html(status: u16, body: impl Into<String>) -> Self {
        Self::with(status, ReplyBody::Html(body.into()))
    }

    /// An answer without a body.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self::with(status, ReplyBody::Empty)
    }

    /// The same answer with one more header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// The same answer, held back for a while.
    #[must_use]
    pub fn held(mut self, hold: Duration) -> Self {
        self.hold = hold;
        self
    }

    /// The same answer, after sending something elsewhere.
    #[must_use]
    pub fn delivering(mut self, delivery: Delivery) -> Self {
        self.deliveries.push(delivery);
        self
    }

    fn with(status: u16, body: ReplyBody) -> Self {
        Self {
            status,
            headers: Vec::new(),
            body,
            hold: Duration::ZERO,
            deliveries: Vec::new(),
        }
    }
}

/// Something that a simulated platform sends to another address: a webhook, a message into a room. Addresses of other
/// simulated platforms and of this host are reached, all others are only recorded.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// The method.
    pub method: Method,
    /// The address in full.
    pub address: String,
    /// Headers besides the content type.
    pub headers: Vec<(String, String)>,
    /// The body, sent as JSON.
    pub body: Value,
}

/// A path segment without its percent signs. What is no valid encoding stays as it is.
fn percent_decoded(segment: &str) -> String {
    let bytes = segment.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let hex = segment
            .get(at + 1..at + 3)
            .filter(|_| bytes[at] == b'%')
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        decoded.push(hex.unwrap_or(bytes[at]));
        at += if hex.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&decoded).into_owned()
}

#[cfg(test)]
mod tests {
    use super::percent_decoded;

    #[test]
    fn encoded_ids_are_read_and_broken_encodings_stay() {
        assert_eq!(percent_decoded("%23gh-a%3Ahost"), "#gh-a:host");
        assert_eq!(percent_decoded("100%"), "100%");
        assert_eq!(percent_decoded("%zz%é"), "%zz%é");
    }
}
