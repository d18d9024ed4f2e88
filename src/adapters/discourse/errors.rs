//! Discourse's refusals as faults: status, `error_type` and the kind of body decide, the forum's own words are shown
//! (sheet: discourse 5).

use super::client::{host, page};
use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use url::Url;

/// Whether the forum itself speaks, and no wall or proxy before it.
pub(super) fn is_json(answer: &Answer) -> bool {
    !answer.value().is_null()
}

/// Whether a web page came where data was expected.
pub(super) fn is_page(answer: &Answer) -> bool {
    answer.text().trim_start().starts_with('<')
}

fn error_type(answer: &Answer) -> String {
    answer.value()["error_type"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

/// Whether a refusal may come from a key that is dead.
pub(super) fn may_be_dead(answer: &Answer) -> bool {
    matches!(answer.status, 401 | 403) && is_json(answer)
}

/// Whether what was to be made is refused because something has that name.
pub(super) fn is_taken(answer: &Answer) -> bool {
    let words = answer.excerpt().to_lowercase();
    answer.status == 422
        && (words.contains("already been taken") || words.contains("already exists"))
}

/// A key that the forum does not know, with what it takes to find it in the forum's list: its first four digits.
pub(super) fn dead(base: &Url, key: &SecretString, user: &str) -> Fault {
    let first: String = key.expose_secret().chars().take(4).collect();
    Fault::new(
        FaultKind::KeyRejected,
        format!(
            "{} does not accept the key {first}… for {user}: it is wrong, revoked or another user's, or this machine's address is not among those it may come from.",
            host(base)
        ),
    )
    .hint(format!(
        "Look for {first}… at {}, and check the user name in the settings.",
        page(base, "/admin/api/keys")
    ))
}

/// What a refusal means, of a key that lives.
pub(super) fn fault(answer: &Answer, doing: &str, user: &str) -> Fault {
    let forum = answer.host().to_owned();
    if answer.status == 503 && error_type(answer) == "read_only" {
        return Fault::new(
            FaultKind::Unreachable,
            format!("{forum} is in read-only mode and cannot {doing}; nothing was changed."),
        )
        .hint("Try again when the forum is open again; reading still works.");
    }
    if answer.status >= 500 || !is_json(answer) {
        return walled(answer);
    }
    let words = answer.excerpt();
    let (kind, what, hint) = match answer.status {
        401 | 403 => (
            FaultKind::ScopeMissing,
            format!("The key may not {doing} on {forum}, or {user} may not."),
            "Use a global key for this single user, and give the user the right there.",
        ),
        404 | 410 => (
            FaultKind::NotFound,
            format!(
                "{forum} does not find what is needed to {doing}; for who is no administrator it says so of administration pages too."
            ),
            "Check whether it still exists there, and whether the key's user is an administrator.",
        ),
        422 if is_taken(answer) => (
            FaultKind::Conflict,
            format!("A name needed to {doing} is taken on {forum}: {words}."),
            "Choose another name in the settings, or adopt what exists there.",
        ),
        409 => (
            FaultKind::Conflict,
            format!("Something on {forum} stands in the way of the attempt to {doing}: {words}."),
            "Look at what exists there, then try again.",
        ),
        _ => (
            FaultKind::Refused,
            format!("{forum} refused to {doing}: {words}."),
            "Check the settings of the instance; the forum's own words are in the message.",
        ),
    };
    let (status, of) = (answer.status, error_type(answer));
    Fault::new(kind, what)
        .hint(hint)
        .detail(format!("HTTP {status} {of}: {words}"))
}

/// A page where data was expected: a wall, a proxy, or no forum at all.
fn walled(answer: &Answer) -> Fault {
    let mut fault = answer.refusal();
    if answer.status < 500 && is_page(answer) {
        fault.kind = FaultKind::BadAnswer;
        fault.what = format!(
            "{} answers with a web page: the address is wrong, or the forum's interface is behind a wall.",
            answer.host()
        );
        "Check the address in the settings, and whether a sign-in page or a firewall stands before the forum.".clone_into(&mut fault.hint);
    }
    fault
}

/// Says that a wait concerns everybody on the forum (sheet: discourse 3).
pub(super) fn slowed(fault: Fault) -> Fault {
    if !matches!(fault.kind, FaultKind::RateLimited { .. }) {
        return fault;
    }
    let hint = format!(
        "{} All keys of a forum share one budget: other communities on it wait too.",
        fault.hint
    );
    fault.hint(hint.trim())
}
