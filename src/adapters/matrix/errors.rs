//! Matrix's refusals as faults: status and `errcode` decide, the server's own words are shown (sheet: matrix 5).

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind};

/// The answer when it is a success, else the fault. `doing` completes "cannot ...": "make the space". A success is always
/// JSON: a page of a proxy with status 200 says nothing of what the homeserver did.
pub(super) fn accept(answer: Answer, doing: &str) -> Result<Answer, Fault> {
    if answer.is_success() {
        answer.json::<serde_json::Value>()?;
        Ok(answer)
    } else {
        Err(fault(&answer, doing))
    }
}

/// The `errcode`, empty when there is none.
pub(super) fn code(answer: &Answer) -> String {
    answer.value()["errcode"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Whether the server says that the caller is not in the room, which it also says of rooms that never were.
pub(super) fn is_not_in_room(answer: &Answer) -> bool {
    answer.status == 403 && code(answer) == "M_FORBIDDEN" && {
        let words = answer.excerpt();
        words.contains("not in room") || words.contains("not in the room")
    }
}

/// Whether the path or method is unknown to the server.
pub(super) fn is_unrecognized(answer: &Answer) -> bool {
    matches!(answer.status, 404 | 405) && code(answer) == "M_UNRECOGNIZED"
}

/// What a refusal means.
pub(super) fn fault(answer: &Answer, doing: &str) -> Fault {
    let code = code(answer);
    if code.is_empty() || answer.status >= 500 {
        return answer.refusal();
    }
    let host = answer.host();
    let words = answer.excerpt();
    let soft = answer.value()["soft_logout"] == true;
    let (kind, what, hint) = match (answer.status, code.as_str()) {
        (401, "M_UNKNOWN_TOKEN") if soft => (
            FaultKind::KeyRejected,
            format!("The token has expired on {host}."),
            "Enter a new access token that does not expire.",
        ),
        (401, "M_UNKNOWN_TOKEN") => (
            FaultKind::KeyRejected,
            format!("{host} does not know the token any more: it was signed out or revoked."),
            "Enter a new access token.",
        ),
        (401, "M_USER_LOCKED") => (
            FaultKind::Refused,
            format!("The bot is locked on {host}; its token works again after it is unlocked."),
            "Ask an administrator of the homeserver to unlock the bot, then try again.",
        ),
        (403, "M_USER_SUSPENDED") => (
            FaultKind::Refused,
            format!("The bot is suspended on {host} and may not write."),
            "Ask an administrator of the homeserver to end the suspension, then try again.",
        ),
        (403, "M_FORBIDDEN") if words.contains("server admin") => (
            FaultKind::ScopeMissing,
            format!("The token is not an administrator's on {host}, so it cannot {doing}."),
            "Enter an administrator's token for this step.",
        ),
        (403, "M_FORBIDDEN") if words.contains("Federation denied") => (
            FaultKind::Refused,
            format!("{host} does not speak to the server of the person named."),
            "Invite people of this homeserver only.",
        ),
        (403, "M_FORBIDDEN") if is_not_in_room(answer) => (
            FaultKind::NotFound,
            format!("The room is gone, or the bot was taken out of it, so {host} cannot {doing}."),
            "Invite the bot again, or remove the instance if the room was deleted.",
        ),
        (403, "M_FORBIDDEN") => (
            FaultKind::ScopeMissing,
            format!("The bot has too little power to {doing}: {words}."),
            "Ask an administrator of the room to raise the bot's level.",
        ),
        (403, "M_UNKNOWN") if words.contains("blocked") => (
            FaultKind::Refused,
            format!("The room is blocked on {host}."),
            "Ask an administrator of the homeserver to unblock it.",
        ),
        (404 | 405, "M_UNRECOGNIZED") => (
            FaultKind::Unsupported,
            format!("{host} cannot {doing}: it is not Synapse, or too old."),
            "Use a homeserver that runs a current Synapse for this.",
        ),
        (404, _) => (
            FaultKind::NotFound,
            format!("{host} does not find what is needed to {doing}."),
            "Check the instance to see what is missing.",
        ),
        (413, _) => (
            FaultKind::Refused,
            format!("What was sent to {doing} is too large for {host}."),
            "Shorten the name, the topic or the lists in the settings.",
        ),
        (400, "M_ROOM_IN_USE" | "M_USER_IN_USE") => (
            FaultKind::Conflict,
            format!("The name needed to {doing} is taken on {host}."),
            "Resume the operation: what is ours is found and taken up.",
        ),
        _ => (
            FaultKind::Refused,
            format!("{host} refused to {doing}: {words}."),
            "Check the settings of the instance; the server's own words are in the message.",
        ),
    };
    let status = answer.status;
    Fault::new(kind, what)
        .hint(hint)
        .detail(format!("HTTP {status} {code}: {words}"))
}
