//! What went wrong, in a form that code can decide on and a person can act on.

use serde::{Deserialize, Serialize};
use std::{fmt, time::Duration};
use thiserror::Error;

/// The kinds of trouble that code decides on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FaultKind {
    /// Input that cannot be right, whoever sends it. Nothing was changed.
    BadInput,
    /// The actor may not do this.
    NotAllowed,
    /// What was asked for does not exist here.
    NotFound,
    /// Something that exists already stands in the way.
    Conflict,
    /// A key is missing.
    NeedsKey,
    /// The platform does not accept the key: wrong, expired or revoked.
    KeyRejected,
    /// The key works but may not do this.
    ScopeMissing,
    /// The vault is locked, and this needs a secret.
    Locked,
    /// The platform asks to slow down.
    RateLimited {
        /// How long to wait before the next call.
        #[serde(with = "whole_millis")]
        retry_after: Duration,
    },
    /// No slot of the account is free.
    OverQuota,
    /// The platform refused, for a reason of its own, and will refuse again.
    Refused,
    /// The platform cannot be reached, or is broken at the moment. Nothing was changed.
    Unreachable,
    /// A call was sent and nobody knows whether it took effect: look before sending it again.
    OutcomeUnknown,
    /// The answer is not what the platform's sheet describes.
    BadAnswer,
    /// This platform, or this version of it, cannot do that.
    Unsupported,
    /// Something is missing on this host: a program, memory, a port.
    Host,
    /// The disk, the database or a file cannot be used.
    Storage,
    /// Another Guildhall holds this.
    InUse,
    /// Stopped on request.
    Cancelled,
    /// A mistake of Guildhall itself.
    Internal,
}

/// A legible failure: what happened, to what, and what to do about it.
///
/// `what` is one sentence naming the thing concerned. `hint` is one sentence saying what to do next. Neither ever
/// holds a secret: whoever builds a fault from a platform's words scrubs them first (`adapters::http`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, Error)]
pub struct Fault {
    /// What code decides on.
    pub kind: FaultKind,
    /// What happened, to what.
    pub what: String,
    /// What to do about it.
    pub hint: String,
    /// The technical cause, for the log view and for reports. Scrubbed.
    pub detail: Option<String>,
    /// Which key is missing: its field of the platform's manifest, where there is one by itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
}

impl Fault {
    /// A fault with its sentence; add the advice with [`Fault::hint`].
    #[must_use]
    pub fn new(kind: FaultKind, what: impl Into<String>) -> Self {
        Self {
            kind,
            what: what.into(),
            hint: String::new(),
            detail: None,
            field: None,
        }
    }

    /// The same fault, which a key of this field of the manifest ends.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// The same fault with its advice.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    /// The same fault with its technical cause.
    #[must_use]
    pub fn detail(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// Whether the same call may succeed later without anybody doing anything.
    #[must_use]
    pub fn is_passing(&self) -> bool {
        matches!(
            self.kind,
            FaultKind::RateLimited { .. } | FaultKind::Unreachable | FaultKind::OutcomeUnknown
        )
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.what)?;
        if !self.hint.is_empty() {
            write!(formatter, " {}", self.hint)?;
        }
        Ok(())
    }
}

mod whole_millis {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(value: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::try_from(value.as_millis()).unwrap_or(u64::MAX))
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Duration, D::Error> {
        u64::deserialize(deserializer).map(Duration::from_millis)
    }
}
