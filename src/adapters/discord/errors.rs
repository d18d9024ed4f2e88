//! Discord's statuses and codes as faults (sheet: discord 5).

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::Value;

/// The answer when it is a success, else the fault. `doing` completes "cannot ...".
pub(super) fn accept(answer: Answer, doing: &str) -> Result<Answer, Fault> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(fault(&answer, doing))
    }
}

/// The number by which Discord names a refusal; 0 where there is none.
pub(super) fn code(answer: &Answer) -> u64 {
    answer.value()["code"].as_u64().unwrap_or(0)
}

/// What a refusal means.
pub(super) fn fault(answer: &Answer, doing: &str) -> Fault {
    let body = answer.value();
    if answer.status >= 500 || body["message"].is_null() {
        // HTML is from the wall in front of Discord.
        return answer.refusal();
    }
    let code = code(answer);
    let (kind, what, hint) = of_code(answer.status, code, doing).unwrap_or_else(|| {
        (
            by_status(answer.status),
            format!("Discord refused to {doing}: {}.", words(&body)),
            "Check the settings of the instance; Discord's own words are in the message."
                .to_owned(),
        )
    });
    Fault::new(kind, what).hint(hint).detail(format!(
        "HTTP {} {code}: {}",
        answer.status,
        words(&body)
    ))
}

fn by_status(status: u16) -> FaultKind {
    match status {
        401 => FaultKind::KeyRejected,
        403 => FaultKind::ScopeMissing,
        404 => FaultKind::NotFound,
        409 => FaultKind::Conflict,
        _ => FaultKind::Refused,
    }
}

/// Message and, for a form, the fields it is about.
fn words(body: &Value) -> String {
    let mut said = vec![clean_line(body["message"].as_str().unwrap_or_default())];
    collect(&body["errors"], "", &mut said);
    said.join("; ")
}

fn collect(errors: &Value, path: &str, said: &mut Vec<String>) {
    for (name, inner) in errors.as_object().into_iter().flatten() {
        if name == "_errors" {
            let messages = inner.as_array().into_iter().flatten();
            said.extend(messages.map(|one| {
                let message = one["message"].as_str().unwrap_or_default();
                format!("{path}: {}", clean_line(message))
            }));
        } else {
            let path = format!("{path}.{}", clean_line(name));
            collect(inner, path.trim_start_matches('.'), said);
        }
    }
}

fn of_code(status: u16, code: u64, doing: &str) -> Option<(FaultKind, String, String)> {
    Some(match (status, code) {
        (401, _) | (_, 40001 | 50014) => (
            FaultKind::KeyRejected,
            "Discord does not accept the token: it is wrong, or somebody reset it.".to_owned(),
            "Reset the token on the application's Bot page and enter the new one.".to_owned(),
        ),
        (_, 50001) => (
            FaultKind::NotFound,
            format!("The bot is not in the server, or does not see the channel, so it cannot {doing}."),
            "Invite the bot again, or give it View Channel there.".to_owned(),
        ),
        (_, 50013) => (
            FaultKind::ScopeMissing,
            format!("The bot lacks a permission to {doing}, or its role stands too low."),
            "Give the bot's role the permissions 378762497105 by inviting it again, and drag its role above those it manages.".to_owned(),
        ),
        (_, 60003 | 50017) => (
            FaultKind::ScopeMissing,
            format!("The server demands two-factor sign-in of the bot's owner before the bot may {doing}."),
            "Let the owner of the application switch two-factor sign-in on, in Discord under My Account.".to_owned(),
        ),
        (_, 40333) => (
            FaultKind::Internal,
            "Discord does not take Guildhall's name for itself.".to_owned(),
            "This is a mistake of Guildhall, or a proxy strikes the header out; please report it.".to_owned(),
        ),
        (404, 10003 | 10004 | 10006..=10011 | 10015) => (
            FaultKind::NotFound,
            format!("Discord does not find what is needed to {doing}."),
            "Check the instance to see what is missing.".to_owned(),
        ),
        (_, 30001 | 30003 | 30005 | 30007 | 30013 | 30016 | 30058 | 30060) => (
            FaultKind::OverQuota,
            format!("A limit of Discord is reached, so Guildhall cannot {doing}: {}.", limit(code)),
            "Delete what is not needed there, then resume the operation.".to_owned(),
        ),
        (_, 50074) => (
            FaultKind::Refused,
            "A Community server needs this channel; Discord does not delete it.".to_owned(),
            "Choose another channel for rules or updates in the server's settings first.".to_owned(),
        ),
        (_, 20031 | 200_000 | 240_000) => (
            FaultKind::Refused,
            format!("Discord or the server blocks a word or link needed to {doing}."),
            "Change names and topic in the settings.".to_owned(),
        ),
        _ => return None,
    })
}

fn limit(code: u64) -> &'static str {
    match code {
        30001 => "100 servers for a bot that is not verified",
        30003 => "250 pins in a channel",
        30005 => "250 roles in a server",
        30007 => "15 webhooks in a channel",
        30013 => "500 channels in a server",
        30016 => "1,000 invites in a server",
        30058 => "1,000 webhooks in a server",
        _ => "1,000 overwrites in a channel",
    }
}
