//! The operator's configuration token, which lives twelve hours, and its refresh token, which gives another pair once: what
//! Slack answers is stored before anything else is done, because nobody can ask for it a second time (sheet: slack 2).

use super::client::{Client, Reply};
use super::make_app::{APPS_PAGE, plain, unquoted};
use super::{CONFIG_REFRESH, CONFIG_TOKEN};
use crate::adapters::durable::Op;
use crate::domain::{Fault, FaultKind, Identity};
use jiff::{SignedDuration, Timestamp};
use secrecy::SecretString;
use serde_json::Value;

/// The fact that says when the token in use ends; of one that was entered nobody knows.
const ENDS: &str = "configuration_ends";
/// How long before its end a token is not used any more: longer than a run of calls with it takes.
const MARGIN: SignedDuration = SignedDuration::from_mins(10);

/// Whether there is anything to make apps with.
pub(super) fn at_hand(op: &Op) -> bool {
    op.has_secret(CONFIG_TOKEN) || op.has_secret(CONFIG_REFRESH)
}

/// How a call is sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Repeating {
    /// It may be repeated.
    Harmless,
    /// It makes something anew each time.
    MakesAnother,
}

/// Calls with the configuration token; with another one where the token ended, or is about to.
pub(super) async fn ask(
    op: &Op,
    method: &str,
    body: &Value,
    repeating: Repeating,
) -> Result<Reply, Fault> {
    let renewed = op.has_secret(CONFIG_REFRESH) && (!op.has_secret(CONFIG_TOKEN) || ends_soon(op)?);
    if renewed {
        renew(op).await?;
    }
    let reply = send(op, method, body, repeating).await?;
    if renewed || !reply.is(&["token_expired"]) || !op.has_secret(CONFIG_REFRESH) {
        return Ok(reply);
    }
    renew(op).await?;
    send(op, method, body, repeating).await
}

async fn send(op: &Op, method: &str, body: &Value, repeating: Repeating) -> Result<Reply, Fault> {
    let client = Client::of_configuration(op)?;
    // An answer may hold an app's secrets in clear, so that nothing of it is ever quoted.
    match repeating {
        Repeating::Harmless => client.set(method, body).await,
        Repeating::MakesAnother => client.make(method, body).await,
    }
    .map_err(unquoted)
}

fn ends_soon(op: &Op) -> Result<bool, Fault> {
    let ends: Option<i64> = op.fact(ENDS).map_err(plain)?;
    Ok(ends.is_some_and(|ends| {
        let soon = Timestamp::now().saturating_add(MARGIN);
        soon.is_ok_and(|soon| ends <= soon.as_second())
    }))
}

/// Exchanges the refresh token. It is spent when Slack answers: the next one is stored first, so that a token that was not
/// stored any more can be asked for with it.
async fn renew(op: &Op) -> Result<(), Fault> {
    op.progress("configuration token", 0, 1, "");
    let spent = op.secret(CONFIG_REFRESH)?;
    let reply = Client::exchange(op, &spent).await.map_err(unquoted)?;
    if let Some(word) = &reply.error {
        return Err(match word.as_str() {
            "invalid_refresh_token"
            | "token_already_exchanged"
            | "token_expired"
            | "token_revoked"
            | "invalid_auth"
            | "account_inactive" => dead(word),
            _ => unquoted(reply.fault("renew the configuration token")),
        });
    }
    let text = |field: &str| {
        let value = reply.body[field].as_str().filter(|text| !text.is_empty());
        value.map(|text| SecretString::from(text.to_owned()))
    };
    let Some(refresh) = text("refresh_token") else {
        return Err(unreadable());
    };
    op.keep_secret(CONFIG_REFRESH, refresh, Some(whose()))
        .await
        .map_err(plain)?;
    let (Some(token), Some(ends)) = (text("token"), reply.body["exp"].as_i64()) else {
        return Err(unreadable());
    };
    op.keep_secret(CONFIG_TOKEN, token, Some(whose()))
        .await
        .map_err(plain)?;
    op.remember(ENDS, &ends).await.map_err(plain)
}

fn whose() -> Identity {
    Identity {
        who: "whoever generated the configuration token; Slack gave this one for it".into(),
        ..Identity::default()
    }
}

fn dead(word: &str) -> Fault {
    Fault::new(
        FaultKind::KeyRejected,
        format!(
            "Slack does not take the refresh token of the configuration token any more ({word}): each works once, and this one was used before, or the answer to its use was lost."
        ),
    )
    .hint(format!(
        "Generate a configuration token at the foot of {APPS_PAGE} and enter both parts, as config_token and config_refresh. The app and its channels are not touched by this."
    ))
}

fn unreadable() -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        "Slack renewed the configuration token and did not say all of it.",
    )
    .hint(format!(
        "Resume the operation; if it stays so, generate a configuration token at the foot of {APPS_PAGE} and enter it with its refresh token."
    ))
}

/// Forgets when the token in use ends: another one was entered.
pub(super) async fn forget(op: &Op) -> Result<(), crate::adapters::durable::Halt> {
    op.forget(ENDS).await
}
