//! The end of a token, which takes the secret of the application it was made for (sheet: mastodon 2).

use super::{
    ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET,
    client::{Client, base},
    errors,
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::Fault;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

/// Whether the application's secret is at hand.
pub(super) fn can(op: &Op) -> bool {
    op.has_secret(CLIENT_ID) && op.has_secret(CLIENT_SECRET)
}

/// Ends a token. False for one of another application, which only its person can end.
pub(super) async fn revoke(op: &Op, token: &SecretString) -> Result<bool, Halt> {
    let site = op.site();
    let base = base(site)?;
    let (id, secret) = (op.secret(CLIENT_ID)?, op.secret(CLIENT_SECRET)?);
    let call = site
        .http
        .post(&base, "/oauth/revoke")
        .keyed()
        .cancel(op.cancel())
        .redact(token)
        .redact(&secret)
        .form([
            ("client_id", id.expose_secret()),
            ("client_secret", secret.expose_secret()),
            ("token", token.expose_secret()),
        ]);
    let answer = call.send().await?;
    if answer.status == 403 && answer.value()["error"] == "unauthorized_client" {
        return Ok(false);
    }
    errors::accept(answer, "revoke the token")?;
    Ok(true)
}

/// Whether the server accepts a token still, whosever it is. A frozen account's token is not dead: it works again later.
pub(super) async fn lives(site: &Site, token: &SecretString) -> Result<bool, Fault> {
    let client = Client::new(site, token.clone(), ACCESS_TOKEN, &CancellationToken::new())?;
    let answer = client.who_answer().await?;
    match answer.status {
        401 if errors::is_json(&answer) => Ok(false),
        403 if errors::is_json(&answer) => Ok(true),
        _ => errors::accept(answer, "say whose token it is").map(|_| true),
    }
}
