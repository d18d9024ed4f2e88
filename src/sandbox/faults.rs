//! Trouble on demand: what shall go wrong, on which calls, how often. Knows no platform.

use super::exchange::{Reply, ReplyBody};
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Something that shall go wrong on the next calls that match.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Trouble {
    /// What goes wrong.
    #[serde(flatten)]
    pub kind: TroubleKind,
    /// Whether the platform does what it was asked before it goes wrong.
    #[serde(default)]
    pub after_work: bool,
    /// On which platform; all when absent.
    #[serde(default)]
    pub platform: Option<String>,
    /// For which method; all when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// A part of the path (below the platform's prefix, percent-encoded) or of the body; all calls when empty.
    #[serde(default)]
    pub matching: String,
    /// How many matching calls pass unharmed first.
    #[serde(default)]
    pub skip: u32,
    /// How many matching calls are hit.
    #[serde(default = "once")]
    pub times: u32,
}

const fn once() -> u32 {
    1
}

/// What can go wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum TroubleKind {
    /// The answer comes late.
    Slow {
        /// By how many milliseconds.
        milliseconds: u64,
    },
    /// 429.
    TooMany {
        /// In which shape the waiting time is told.
        shape: LimitShape,
        /// The waiting time.
        seconds: u32,
    },
    /// An error status with a small JSON body.
    Status {
        /// The status.
        status: u16,
    },
    /// A page where JSON is expected.
    Html {
        /// Its status.
        status: u16,
    },
    /// The call is sent on to another address.
    Redirect {
        /// Where to, as the `Location` header says it.
        to: String,
    },
    /// JSON that ends in the middle, complete as an HTTP answer.
    HalfJson,
    /// JSON that is whole and of another shape: an object wherever there was a list.
    WrongShape,
    /// JSON that is whole and lacks a field, wherever that stands.
    Without {
        /// Its name.
        field: String,
    },
    /// No answer ever: the client's own timeout must end it.
    NoAnswer,
    /// The connection is cut before a byte of the answer.
    Cut,
    /// The connection is cut in the middle of the body.
    CutBody,
    /// The request's own credential and body are echoed in an error, as careless servers do.
    Echo,
}

/// The shapes in which platforms say how long to wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LimitShape {
    /// `Retry-After` in whole seconds.
    Seconds,
    /// `Retry-After` with a fraction.
    Fraction,
    /// `Retry-After` as a date.
    Date,
    /// `X-RateLimit-Reset` as seconds since 1970.
    ResetUnix,
    /// `X-RateLimit-Reset` as a date and time.
    ResetIso,
    /// `retry_after_ms` in the body.
    BodyMilliseconds,
    /// `retry_after` in the body, with a fraction.
    BodySeconds,
    /// Plain text, no number.
    Text,
    /// Nothing at all.
    Bare,
}

impl Trouble {
    /// Trouble on the next call of any kind.
    #[must_use]
    pub fn new(kind: TroubleKind) -> Self {
        Self {
            kind,
            after_work: false,
            platform: None,
            method: None,
            matching: String::new(),
            skip: 0,
            times: 1,
        }
    }

    /// Only on calls with this in their path or body.
    #[must_use]
    pub fn matching(mut self, part: &str) -> Self {
        part.clone_into(&mut self.matching);
        self
    }

    /// Only on calls with this method.
    #[must_use]
    pub fn method(mut self, method: &str) -> Self {
        self.method = Some(method.to_owned());
        self
    }

    /// Only after the platform did what it was asked.
    #[must_use]
    pub fn after_work(mut self) -> Self {
        self.after_work = true;
        self
    }

    /// On so many matching calls.
    #[must_use]
    pub fn times(mut self, times: u32) -> Self {
        self.times = times;
        self
    }

    /// Lets so many matching calls pass first.
    #[must_use]
    pub fn skip(mut self, skip: u32) -> Self {
        self.skip = skip;
        self
    }

    fn hits(&self, platform: &str, method: &str, path: &str, body: &[u8]) -> bool {
        let fits = |wanted: &Option<String>, is: &str| {
            wanted
                .as_deref()
                .is_none_or(|wanted| wanted.eq_ignore_ascii_case(is))
        };
        fits(&self.platform, platform)
            && fits(&self.method, method)
            && (self.matching.is_empty()
                || path.contains(&self.matching)
                || String::from_utf8_lossy(body).contains(&self.matching))
    }
}

/// Takes the trouble that hits a call from the list, and counts it down.
pub(super) fn take(
    troubles: &mut Vec<Trouble>,
    platform: &str,
    method: &str,
    path: &str,
    body: &[u8],
) -> Option<Trouble> {
    for at in 0..troubles.len() {
        let trouble = &mut troubles[at];
        if !trouble.hits(platform, method, path, body) {
            continue;
        }
        if trouble.skip > 0 {
            trouble.skip -= 1;
            continue;
        }
        let hit = trouble.clone();
        trouble.times = trouble.times.saturating_sub(1);
        if trouble.times == 0 {
            troubles.remove(at);
        }
        return Some(hit);
    }
    None
}

/// The 429 answer in a shape.
pub(super) fn too_many(shape: LimitShape, seconds: u32, now: Timestamp) -> Reply {
    let body = json!({"error": "Too Many Requests"});
    let reply = Reply::json(429, body);
    let later = now
        .checked_add(SignedDuration::from_secs(seconds.into()))
        .unwrap_or(now);
    match shape {
        LimitShape::Seconds => reply.header("retry-after", seconds.to_string()),
        LimitShape::Fraction => reply.header("retry-after", format!("{seconds}.25")),
        LimitShape::Date => {
            let date = rfc2822::DateTimePrinter::new().timestamp_to_rfc9110_string(&later);
            reply.header("retry-after", date.unwrap_or_default())
        }
        LimitShape::ResetUnix => reply.header("x-ratelimit-reset", later.as_second().to_string()),
        LimitShape::ResetIso => reply.header("x-ratelimit-reset", later.to_string()),
        LimitShape::BodyMilliseconds => Reply::json(
            429,
            json!({
                "errcode": "M_LIMIT_EXCEEDED",
                "error": "Too Many Requests",
                "retry_after_ms": u64::from(seconds) * 1000,
            }),
        ),
        LimitShape::BodySeconds => Reply::json(
            429,
            json!({"message": "You are being rate limited.", "retry_after": f64::from(seconds) + 0.25}),
        ),
        LimitShape::Text => Reply::text(429, "Retry later\n"),
        LimitShape::Bare => Reply::empty(429),
    }
}

/// The answer that sends a call on to another address.
pub(super) fn redirect(to: &str) -> Reply {
    Reply::empty(302).header("location", to.to_owned())
}

/// A page as a proxy in front of a platform sends it.
pub(super) fn page(status: u16) -> Reply {
    Reply::html(
        status,
        format!(
            "<html><head><title>{status}</title></head><body><h1>{status}</h1><hr>nginx</body></html>\n"
        ),
    )
}

/// The answer with an object in the place of every list.
pub(super) fn misshapen(mut reply: Reply) -> Reply {
    fn without_lists(value: &mut Value) {
        match value {
            Value::Array(_) => *value = json!({}),
            Value::Object(fields) => fields.values_mut().for_each(without_lists),
            _ => {}
        }
    }
    if let ReplyBody::Json(body) = &mut reply.body {
        without_lists(body);
    }
    reply
}

/// The answer without a field, wherever that stands.
pub(super) fn lacking(mut reply: Reply, field: &str) -> Reply {
    fn without(value: &mut Value, field: &str) {
        match value {
            Value::Array(all) => all.iter_mut().for_each(|one| without(one, field)),
            Value::Object(fields) => {
                fields.shift_remove(field);
                fields.values_mut().for_each(|one| without(one, field));
            }
            _ => {}
        }
    }
    if let ReplyBody::Json(body) = &mut reply.body {
        without(body, field);
    }
    reply
}

/// The first half of an answer's body.
pub(super) fn halved(mut reply: Reply) -> Reply {
    if let ReplyBody::Json(body) = &reply.body {
        let text = body.to_string();
        let half = text
            .char_indices()
            .nth(text.chars().count() / 2)
            .map_or(0, |(at, _)| at);
        reply.body = ReplyBody::Text(text.get(..half.max(1)).unwrap_or("{").to_owned());
        reply
            .headers
            .push(("content-type".into(), "application/json".into()));
    }
    reply
}
