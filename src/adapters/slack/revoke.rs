//! The end of an old token, asked for with that token itself: a person installed the app anew for the new one (sheet: slack 2).

use super::client::Client;
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::json;
use tokio_util::sync::CancellationToken;

/// What Slack says of a token that is dead already.
const DEAD: [&str; 4] = [
    "invalid_auth",
    "token_revoked",
    "token_expired",
    "account_inactive",
];

/// Ends the token; the app stays installed.
pub(super) async fn revoke(op: &Op, old: &SecretString) -> Result<bool, Halt> {
    let client = Client::new(op.site(), old.clone(), op.cancel())?;
    let reply = client.set("auth.revoke", &json!({})).await?;
    reply.accept("end the old token", &DEAD)?;
    Ok(true)
}

/// Whether Slack accepts a token still.
pub(super) async fn lives(site: &Site, token: &SecretString) -> Result<bool, Fault> {
    let client = Client::new(site, token.clone(), &CancellationToken::new())?;
    let reply = client.who().await?;
    match reply.accept("say whose token it is", &[]) {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == FaultKind::KeyRejected => Ok(false),
        Err(fault) => Err(fault),
    }
}
