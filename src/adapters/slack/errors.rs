//! Slack's words of refusal as faults (sheet: slack 5).

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::Value;
use std::time::Duration;

/// The wait where Slack asks to slow down without saying how long: a minute is the window of every tier.
const UNSAID: Duration = Duration::from_secs(60);

/// What was being done.
pub(super) struct Doing<'a> {
    /// Completes "cannot ...": "make the channel".
    pub what: &'a str,
    /// Whether something may have been changed.
    pub writes: bool,
    /// Where the app's scopes and tokens are.
    pub app_page: &'a str,
    /// Whether it was done with the token of the person who archives, and not with the bot's.
    pub by_person: bool,
}

/// The refusal in the body of an answer.
pub(super) fn fault(answer: &Answer, body: &Value, doing: &Doing<'_>) -> Fault {
    let code = clean_line(body["error"].as_str().unwrap_or("unknown_error"));
    let (what, page) = (doing.what, doing.app_page);
    let (kind, said, hint) = match code.as_str() {
        "ratelimited" | "rate_limited" => {
            let seconds = answer
                .header("retry-after")
                .and_then(|text| text.parse().ok());
            let retry_after = seconds.map_or(UNSAID, Duration::from_secs);
            (
                FaultKind::RateLimited { retry_after },
                format!("Slack asks to slow down before Guildhall may {what}."),
                "Wait; the work goes on by itself.".to_owned(),
            )
        }
        "fatal_error" | "internal_error" | "request_timeout" | "service_unavailable" => (
            if doing.writes {
                FaultKind::OutcomeUnknown
            } else {
                FaultKind::Unreachable
            },
            format!("Slack stumbled when it was to {what}; part of it may have happened."),
            "Resume the operation: Guildhall looks before it tries again.".to_owned(),
        ),
        _ => return refusal(&code, body, doing),
    };
    Fault::new(kind, said)
        .hint(hint)
        .detail(told(&code, body, page))
}

fn refusal(code: &str, body: &Value, doing: &Doing<'_>) -> Fault {
    let (what, page) = (doing.what, doing.app_page);
    let (kind, said, hint) = of_token(code, body, doing)
        .or_else(|| of_channel(code, what))
        .unwrap_or_else(|| {
            (
                FaultKind::Refused,
                format!("Slack refused to {what}: {code}."),
                "Check the settings of the instance; Slack's own word is in the message."
                    .to_owned(),
            )
        });
    Fault::new(kind, said)
        .hint(hint)
        .detail(told(code, body, page))
}

fn of_token(code: &str, body: &Value, doing: &Doing<'_>) -> Option<(FaultKind, String, String)> {
    let (what, page) = (doing.what, doing.app_page);
    Some(match code {
        "invalid_auth" | "token_revoked" | "token_expired" | "account_inactive"
            if doing.by_person =>
        {
            (
                FaultKind::KeyRejected,
                format!("Slack does not accept the person's token any more ({code})."),
                format!("Copy the User OAuth Token of somebody who may archive at {page} and enter it as user_token."),
            )
        }
        "invalid_auth" | "token_revoked" | "token_expired" => (
            FaultKind::KeyRejected,
            format!("Slack does not accept the token any more ({code})."),
            format!("Copy the Bot User OAuth Token anew at {page} and enter it."),
        ),
        "account_inactive" => (
            FaultKind::KeyRejected,
            "The app was taken out of the workspace, or the workspace was deleted.".to_owned(),
            format!("Install the app again at {page} and enter the new token."),
        ),
        "not_authed" => (
            FaultKind::Internal,
            format!("The call to {what} reached Slack without its token."),
            "This is a mistake of Guildhall, or a proxy strikes the header out; please report it."
                .to_owned(),
        ),
        "missing_scope" => {
            let needed = clean_line(body["needed"].as_str().unwrap_or("a scope"));
            (
                FaultKind::ScopeMissing,
                format!("The app may not {what}: it lacks the scope {needed}."),
                format!("Add {needed} at {page}, install the app again, and enter the new token."),
            )
        }
        "restricted_action" | "cannot_create_channel" | "no_permission" => (
            FaultKind::ScopeMissing,
            format!("The workspace does not let the bot {what}."),
            "Ask an owner of the workspace to allow it in its settings, or to make the channel by hand; then adopt it."
                .to_owned(),
        ),
        "not_authorized" => (
            FaultKind::ScopeMissing,
            format!("Only who made the channel, an administrator or its manager may {what}."),
            "Ask one of them to do it, or to make the app a manager of the channel.".to_owned(),
        ),
        "user_is_bot" | "method_not_supported_for_channel_type" | "not_allowed_token_type" => (
            FaultKind::Unsupported,
            format!("Slack does not let this kind of token {what}."),
            "Enter the token of a person with the right to do it, where that is offered."
                .to_owned(),
        ),
        "team_access_not_granted" | "invalid_team_for_non_distributed_app" => (
            FaultKind::OverQuota,
            "The app belongs to another workspace: an app that is not distributed works in one only."
                .to_owned(),
            "Make another app in this community's workspace and enter its token.".to_owned(),
        ),
        _ => return None,
    })
}

fn of_channel(code: &str, what: &str) -> Option<(FaultKind, String, String)> {
    Some(match code {
        "channel_not_found" => (
            FaultKind::NotFound,
            format!(
                "Slack does not show the bot the channel needed to {what}: it was deleted, or is private and the bot was taken out of it."
            ),
            "Invite the bot into the channel again, or remove the instance if the channel was deleted.".to_owned(),
        ),
        "not_in_channel" => (
            FaultKind::ScopeMissing,
            format!("The bot is not in the channel, so it cannot {what}."),
            "Let somebody in the channel write /invite and the bot's name.".to_owned(),
        ),
        "is_archived" => (
            FaultKind::Conflict,
            format!("Somebody archived the channel, so Guildhall cannot {what}."),
            "Let a person unarchive it in Slack, then try again; a bot cannot.".to_owned(),
        ),
        "name_taken" => (
            FaultKind::Conflict,
            format!("The name is taken in this workspace, so Guildhall cannot {what}: perhaps by an archived channel, or a private one the bot does not see."),
            "Set another channel_name in the settings, or adopt the channel that has it.".to_owned(),
        ),
        "cant_archive_general" | "cant_archive_required" => (
            FaultKind::Refused,
            "Slack never archives this channel: everybody in the workspace is in it.".to_owned(),
            "Leave it open, or use a channel of the community's own.".to_owned(),
        ),
        "too_long" | "msg_too_long" => (
            FaultKind::BadInput,
            format!("The text is too long for Slack to {what}."),
            "Shorten the topic or the description in the settings.".to_owned(),
        ),
        word if word.starts_with("invalid_name") => (
            FaultKind::BadInput,
            format!("Slack does not take the name of the channel ({word})."),
            "Use at most 80 lower-case letters, digits, dashes and underscores.".to_owned(),
        ),
        "too_many_users" | "user_not_found" | "no_user" => (
            FaultKind::BadInput,
            format!("Slack does not know one of the people needed to {what}."),
            "Check members in the settings: member ids begin with U or W.".to_owned(),
        ),
        _ => return None,
    })
}

fn told(code: &str, body: &Value, page: &str) -> String {
    let mut parts = vec![format!("HTTP 200 {code}")];
    for field in ["needed", "provided"] {
        if let Some(words) = body[field].as_str() {
            parts.push(format!("{field} {}", clean_line(words)));
        }
    }
    let said = body["response_metadata"]["messages"].as_array();
    let said = said.into_iter().flatten().filter_map(Value::as_str);
    parts.extend(said.map(clean_line));
    format!("{} ({page})", parts.join(", "))
}

/// A list of another shape.
pub(super) fn unreadable(doing: &str, error: &serde_json::Error) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!("Slack's answer when it was to {doing} is not of the shape expected."),
    )
    .hint("Try again; if it stays so, please report it.")
    .detail(error)
}

/// An answer that does not say whose token it is.
pub(super) fn nameless() -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        "Slack did not say of which workspace and user the token is.",
    )
    .hint("Check whether something stands in front of Slack, then try again.")
}

/// JSON that does not say whether it went well.
pub(super) fn foreign(answer: &Answer, writes: bool) -> Fault {
    let kind = if writes {
        FaultKind::OutcomeUnknown
    } else {
        FaultKind::BadAnswer
    };
    Fault::new(
        kind,
        format!(
            "{} answered without saying whether it went well.",
            answer.host()
        ),
    )
    .hint("Check whether something stands in front of Slack, then try again.")
    .detail(answer.excerpt())
}
