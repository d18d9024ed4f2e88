//! What is said when no complete answer came: the kind code decides on, and the sentences a person reads.

use super::request::{Call, Effect};
use crate::domain::{Fault, FaultKind};
use std::{error::Error as _, time::Duration};

/// Why an attempt brought no complete answer. The texts are technical causes, not yet scrubbed.
#[derive(Debug)]
pub(super) enum Failure {
    /// No connection was made, so nothing was sent.
    NoConnection { cause: String, unknown_name: bool },
    /// No complete answer within the limit.
    Late,
    /// The connection or the answer broke off.
    Cut(String),
    /// More bytes than are read.
    TooLarge,
    /// Redirected within the server more often than is followed.
    TooManyRedirects,
    /// Stopped on request while the call was under way.
    Stopped,
}

impl Failure {
    /// What a transport's error means.
    pub(super) fn from_transport(error: reqwest::Error) -> Self {
        let error = error.without_url();
        let mut cause = error.to_string();
        let mut source = error.source();
        while let Some(inner) = source {
            cause.push_str(": ");
            cause.push_str(&inner.to_string());
            source = inner.source();
        }
        if error.is_connect() {
            Self::NoConnection {
                unknown_name: error.is_dns() || cause.contains("dns error"),
                cause,
            }
        } else if error.is_timeout() {
            Self::Late
        } else {
            Self::Cut(cause)
        }
    }

    /// Whether the other side may have acted.
    pub(super) fn may_have_acted(&self) -> bool {
        !matches!(self, Self::NoConnection { .. })
    }

    /// Whether trying again can help.
    pub(super) fn is_passing(&self) -> bool {
        matches!(self, Self::NoConnection { .. } | Self::Late | Self::Cut(_))
    }

    /// The fault. `acted` says whether this or an earlier attempt of the call may have taken effect.
    pub(super) fn fault(&self, call: &Call, acted: bool) -> Fault {
        let host = call.host();
        let unknown = acted && call.effect != Effect::Reads;
        let happened = match self {
            Self::NoConnection { unknown_name, .. } if *unknown_name => {
                format!("No server is known under the name {host}")
            }
            Self::NoConnection { cause, .. } if is_distrust(cause) => {
                format!("The certificate of {host} is not trusted")
            }
            Self::NoConnection { .. } => format!("{host} cannot be reached"),
            Self::Late => format!("{host} did not answer within {}", spoken(call.timeout)),
            Self::Cut(_) => {
                format!("The connection to {host} broke off before the whole answer came")
            }
            Self::TooLarge => format!(
                "The answer of {host} is larger than {} MiB",
                call.http.options().body_limit.div_ceil(1024 * 1024)
            ),
            Self::TooManyRedirects => {
                format!("{host} sends every call on to yet another of its addresses")
            }
            Self::Stopped => format!("The call to {host} was stopped on request"),
        };
        let (kind, consequence, hint) = if unknown {
            (
                FaultKind::OutcomeUnknown,
                "whether the call took effect is not known",
                "Guildhall looks before it tries again: resume the operation, or check the instance.",
            )
        } else {
            let (kind, hint) = self.advice();
            (kind, "nothing was changed", hint)
        };
        let fault = Fault::new(kind, format!("{happened}; {consequence}.")).hint(hint);
        match self {
            Self::NoConnection { cause, .. } | Self::Cut(cause) => {
                fault.detail(call.scrubber.strike(cause))
            }
            _ => fault,
        }
    }

    /// Kind and advice where nothing was changed.
    fn advice(&self) -> (FaultKind, &'static str) {
        match self {
            Self::NoConnection { unknown_name, .. } if *unknown_name => (
                FaultKind::Unreachable,
                "Check how the address is written, and whether this machine is on the network.",
            ),
            Self::NoConnection { cause, .. } if is_distrust(cause) => (
                FaultKind::Unreachable,
                "Check the address; an authority of your own must be among this machine's certificates.",
            ),
            Self::NoConnection { .. } | Self::Late | Self::Cut(_) => (
                FaultKind::Unreachable,
                "Check the address and whether the server runs, then try again.",
            ),
            Self::TooLarge | Self::TooManyRedirects => (
                FaultKind::BadAnswer,
                "Check that the address is the platform's own.",
            ),
            Self::Stopped => (
                FaultKind::Cancelled,
                "Start it again when you want it to go on.",
            ),
        }
    }
}

/// The call was stopped before it was sent, or while it waited.
pub(super) fn stopped_waiting(call: &Call) -> Fault {
    Fault::new(
        FaultKind::Cancelled,
        format!("The call to {} was stopped on request.", call.host()),
    )
    .hint("Start it again when you want it to go on.")
}

/// The platform, or our own budget for it, asks for a wait that is not sat out.
pub(super) fn slow_down(call: &Call, wait: Duration, words: Option<String>) -> Fault {
    let host = call.host();
    let what = match &words {
        Some(_) => format!("{host} asks to slow down."),
        None => format!("The calls that {host} allows are used up for now."),
    };
    let fault = Fault::new(FaultKind::RateLimited { retry_after: wait }, what)
        .hint(format!("Try again in {}.", spoken(wait)));
    match words {
        Some(words) => fault.detail(words),
        None => fault,
    }
}

/// A span of time in words, rounded up.
pub(super) fn spoken(span: Duration) -> String {
    let seconds = span.as_secs() + u64::from(span.subsec_nanos() > 0);
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7199 => format!("{} min", seconds.div_ceil(60)),
        _ => format!("{} h", seconds.div_ceil(3600)),
    }
}

fn is_distrust(cause: &str) -> bool {
    cause.contains("certificate")
}
