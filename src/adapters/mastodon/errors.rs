//! Mastodon's refusals as faults. There are no codes: status and text decide, and the text may be translated, so that an
//! unknown text falls back on what the status alone means (sheet: mastodon 5).

use crate::adapters::http::Answer;
use crate::domain::{Fault, FaultKind};

/// The answer when it is a success, else the fault. `doing` completes "cannot ...".
pub(super) fn accept(answer: Answer, doing: &str) -> Result<Answer, Fault> {
    if answer.is_success() {
        Ok(answer)
    } else {
        Err(fault(&answer, doing))
    }
}

pub(super) fn is_json(answer: &Answer) -> bool {
    !answer.value().is_null()
}

fn says(answer: &Answer, words: &str) -> bool {
    answer.excerpt().to_lowercase().contains(words)
}

pub(super) fn lacks_scope(answer: &Answer) -> bool {
    answer.status == 403 && says(answer, "outside the authorized scopes")
}

/// Why an account that exists cannot be used yet or any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Barred {
    Unconfirmed,
    Unapproved,
    Frozen,
}

pub(super) fn barred(answer: &Answer) -> Option<Barred> {
    if answer.status != 403 {
        return None;
    }
    [
        ("missing a confirmed e-mail", Barred::Unconfirmed),
        ("pending approval", Barred::Unapproved),
        ("currently disabled", Barred::Frozen),
    ]
    .into_iter()
    .find(|(words, _)| says(answer, words))
    .map(|(_, barred)| barred)
}

pub(super) fn has_too_many_pins(answer: &Answer) -> bool {
    answer.status == 422 && says(answer, "maximum number of posts")
}

/// What a refusal means.
pub(super) fn fault(answer: &Answer, doing: &str) -> Fault {
    if answer.status >= 500 || !is_json(answer) {
        return no_interface(answer);
    }
    let host = answer.host();
    let words = answer.excerpt();
    let (kind, what, hint) = match answer.status {
        401 if says(answer, "client authentication failed") => (
            FaultKind::KeyRejected,
            format!(
                "{host} does not know the application: its id or secret is wrong, or it was cleaned away."
            ),
            "Enter client id and client secret again, or make a new application.",
        ),
        401 => (
            FaultKind::KeyRejected,
            format!("{host} does not accept the token: it is wrong, revoked or expired."),
            "Make a new access token on the application's page and enter it.",
        ),
        400 if answer.value()["error"] == "invalid_grant" => (
            FaultKind::KeyRejected,
            format!(
                "The code from the browser was used already, is too old, or was made for something else on {host}."
            ),
            "Open the address of the task again, let Guildhall in, and enter the new code.",
        ),
        403 if lacks_scope(answer) => (
            FaultKind::ScopeMissing,
            format!("The token's scopes do not let it {doing} on {host}."),
            "Make a token with exactly the scopes named at the key's field.",
        ),
        403 if barred(answer) == Some(Barred::Unconfirmed) => (
            FaultKind::Refused,
            format!(
                "The account's mail address is not confirmed, so {host} lets it do nothing yet."
            ),
            "Open the link in the mail that the server sent, then go on.",
        ),
        403 if barred(answer) == Some(Barred::Unapproved) => (
            FaultKind::Refused,
            format!("The moderators of {host} have not approved the account yet."),
            "Wait for them; nothing else can be done from here.",
        ),
        403 if barred(answer) == Some(Barred::Frozen) => (
            FaultKind::Refused,
            format!("The account is frozen on {host}."),
            "An administrator of the server can thaw it: enter admin_token, or ask them.",
        ),
        403 if says(answer, "unauthorized_client") || says(answer, "not authorized to revoke") => (
            FaultKind::ScopeMissing,
            format!(
                "The token belongs to another application, so {host} does not revoke it with this client secret."
            ),
            "Enter the client id and secret of the application that the token was made for.",
        ),
        403 => (
            FaultKind::ScopeMissing,
            format!("{host} does not let the token's account {doing}: {words}."),
            "Check the role of the account on that server.",
        ),
        404 | 410 => (
            FaultKind::NotFound,
            format!("{host} does not find what is needed to {doing}."),
            "Check the instance to see what is missing.",
        ),
        422 if says(answer, "requires an authenticated user") => (
            FaultKind::KeyRejected,
            "This is a token of the application, not of an account.".to_owned(),
            "Copy the line called Your access token on the application's page.",
        ),
        422 if has_too_many_pins(answer) => (
            FaultKind::OverQuota,
            format!("The account has pinned as many posts as {host} allows."),
            "Unpin one of them, then resume.",
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
        .detail(format!("HTTP {status}: {words}"))
}

/// A page, or a server that is out of order.
fn no_interface(answer: &Answer) -> Fault {
    let mut fault = answer.refusal();
    if answer.status < 500 && answer.text().trim_start().starts_with('<') {
        fault.kind = FaultKind::BadAnswer;
        fault.what = format!(
            "{} answers with a web page where Mastodon's interface should be.",
            answer.host()
        );
        "Check the address in the settings, and whether a firewall stands before the server."
            .clone_into(&mut fault.hint);
    }
    fault
}

/// Whether a fault says that something is not there.
pub(super) fn is_missing(fault: &Fault) -> bool {
    fault.kind == FaultKind::NotFound
}
