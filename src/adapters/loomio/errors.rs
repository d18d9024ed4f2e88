//! Loomio's refusals as faults. The status alone says little: one 403 means five things (sheet: loomio 5).

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::Value;

/// What Loomio answers when no active user owns the key, and in some places for other reasons.
const GENERIC: &str = "You are not authorized to access this page.";

/// The answer when it is a success, else the fault. `doing` completes "cannot ...".
pub(super) fn accept(answer: Answer, doing: &str) -> Result<Answer, Fault> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(fault(&answer, doing))
    }
}

/// Whether the answer is the refusal of a dead key, in the form it shares with a few other refusals.
pub(super) fn is_generic(answer: &Answer) -> bool {
    answer.status == 403 && answer.value()["error"] == GENERIC
}

/// Whether the key is good and lacks a right to this object.
pub(super) fn lacks_right(answer: &Answer) -> bool {
    answer.status == 403 && words(answer).starts_with("Not authorized to ")
}

/// Whether Loomio itself says that there is no such thing, and not something in front of it.
pub(super) fn is_missing(answer: &Answer) -> bool {
    answer.status == 404 && answer.value().is_object()
}

/// The text of `error`; empty when it is a number or missing.
fn words(answer: &Answer) -> String {
    answer.value()["error"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// What a refusal means.
pub(super) fn fault(answer: &Answer, doing: &str) -> Fault {
    let host = answer.host();
    let body = answer.value();
    let (kind, what, hint) = match answer.status {
        403 => return refused(answer, doing),
        401 => (
            FaultKind::BadAnswer,
            format!(
                "Something in front of {host} wants a sign-in of its own; nothing is known about the key."
            ),
            "Let programs through to Loomio's address, or write the address behind that gate.",
        ),
        404 => (
            FaultKind::NotFound,
            format!("{host} cannot {doing}: there is no such thing, or the bot may not see it."),
            "Check whether it still exists and whether the bot is an administrator of the group.",
        ),
        400 => (
            FaultKind::Refused,
            format!("{host} cannot {doing}: it does not take the fields that were sent."),
            "That Loomio may be newer than Guildhall knows; please report its version.",
        ),
        422 => {
            return Fault::new(
                FaultKind::Refused,
                format!("{host} cannot {doing}: {}.", by_field(&body)),
            )
            .hint("Correct what it names; a chat's address must be reachable from the internet.")
            .detail("HTTP 422");
        }
        _ => return answer.refusal(),
    };
    Fault::new(kind, what).hint(hint).detail(told(answer))
}

fn refused(answer: &Answer, doing: &str) -> Fault {
    let host = answer.host();
    let body = answer.value();
    let words = words(answer);
    let walled = !body.is_object()
        || body["type"]
            .as_str()
            .is_some_and(|kind| kind.contains("cloudflare"));
    let (kind, what, hint) = if walled {
        (
            FaultKind::BadAnswer,
            format!("The call was blocked in front of {host}; nothing is known about the key."),
            "Ask whoever guards that address to let Guildhall's calls through, then try again.",
        )
    } else if words == GENERIC {
        return dead_key(host).detail(told(answer));
    } else if words == "User is not an admin" {
        (
            FaultKind::ScopeMissing,
            format!("{host} cannot {doing}: the bot is no administrator of the group."),
            "Make the bot an administrator of this very group; being one of its parent does not count.",
        )
    } else if words.starts_with("Not authorized to ") {
        (
            FaultKind::ScopeMissing,
            format!("{host} cannot {doing}: the key is good, but the bot lacks the right."),
            "Invite the bot into the group and make it an administrator there.",
        )
    } else if body["action"] == "upgrade" {
        (
            FaultKind::OverQuota,
            format!("{host} cannot {doing}: the thread limit of the group's plan is reached."),
            "Upgrade the group's plan, or close what is not needed.",
        )
    } else if body["exception"].is_string() {
        (
            FaultKind::Unsupported,
            format!("{host} cannot {doing}: it is a Loomio from before version 3.1."),
            "Upgrade that Loomio to 3.8 or later, or only point at the group.",
        )
    } else if body["error"] == 403 {
        (
            FaultKind::OverQuota,
            format!("{host} cannot {doing}: the member limit of the group's plan is reached."),
            "Upgrade the group's plan, or remove members who left.",
        )
    } else {
        (
            FaultKind::Refused,
            format!("{host} cannot {doing} and does not say why in a way Guildhall knows."),
            "Look at Loomio's own words in the details.",
        )
    };
    Fault::new(kind, what).hint(hint).detail(told(answer))
}

/// The key is not any active user's.
pub(super) fn dead_key(host: &str) -> Fault {
    Fault::new(
        FaultKind::KeyRejected,
        format!("{host} does not accept the key; it changes whenever the bot's password changes."),
    )
    .hint("Sign in as the bot, copy the present key from /profile/api_access, and enter it.")
}

/// A limit that is reached, told apart from "slow down" where Loomio says more (sheet: loomio 3).
pub(super) fn slowed(fault: Fault) -> Fault {
    let said = fault.detail.as_deref().unwrap_or_default();
    let limited = matches!(fault.kind, FaultKind::RateLimited { .. });
    if limited && said.contains("invitation limit") {
        return Fault {
            kind: FaultKind::OverQuota,
            what: "Loomio's invitations of the day are used up.".to_owned(),
            hint: "Resume the operation tomorrow; nobody is invited twice.".to_owned(),
            ..fault
        };
    }
    fault
}

fn told(answer: &Answer) -> String {
    format!("HTTP {}: {}", answer.status, answer.excerpt())
}

/// "server is not a public address; name can't be blank".
fn by_field(body: &Value) -> String {
    let fields = body["errors"].as_object().into_iter().flatten();
    let said: Vec<String> = fields
        .map(|(field, texts)| {
            let texts: Vec<&str> = texts
                .as_array()
                .map(|texts| texts.iter().filter_map(Value::as_str).collect())
                .unwrap_or_default();
            format!("{field} {}", texts.join(", "))
        })
        .collect();
    if said.is_empty() {
        "it does not say why".to_owned()
    } else {
        clean_line(&said.join("; "))
    }
}
