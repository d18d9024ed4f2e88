//! Another token for the bot, and the end of the old one (sheet: matrix 2). The new one is that of another device: two
//! tokens of one device end together.

use super::bot;
use super::client::Client;
use super::record::Places;
use super::{ACCESS_TOKEN, ADMIN_TOKEN, address, errors, verify};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind, Identity};
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;

/// With which key the bot's token can be made; none where a person made the bot, whose password is not ours to change.
pub(super) fn mints_with(site: &Site, field: &str) -> Option<&'static str> {
    let made = field == ACCESS_TOKEN && Places::at(site).is_ok_and(|places| places.bot_made);
    made.then_some(ADMIN_TOKEN)
}

/// Signs the bot in as the one of its two devices that the present token does not belong to. What an interrupted run
/// signed in there is signed out first: nobody knows its token.
pub(super) async fn mint(op: &Op) -> Result<(SecretString, Option<Identity>), Halt> {
    op.progress("new token", 0, 1, "");
    let base = address::base(op.site()).await?;
    let places = Places::of(op)?;
    let admin = Client::of(op, &base, ADMIN_TOKEN)?;
    bot::check_password_login(&admin).await?;
    let used = match Client::of(op, &base, ACCESS_TOKEN)?.whoami().await {
        Ok(who) => who.device_id,
        // Dead already, and its device with it.
        Err(fault) if fault.kind == FaultKind::KeyRejected => None,
        Err(fault) => return Err(fault.into()),
    };
    let devices = bot::devices(op.site());
    let free = devices
        .iter()
        .filter(|device| used.as_ref() != Some(device));
    for device in free.clone() {
        sign_out(&admin, &places.bot, device).await?;
    }
    let Some(device) = free.clone().next() else {
        return Err(Fault::new(
            FaultKind::Internal,
            "The bot has no device left to sign in as.",
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .into());
    };
    let password = bot::fresh_password();
    bot::set_password(&admin, &places.bot, &password).await?;
    let token = bot::login(&admin, &places.bot, &password, device).await?;
    let identity = verify::verify_bot(op.site(), &base, &token).await?;
    if identity.external_id != places.bot {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            format!(
                "The homeserver signed in {} in the place of {}.",
                identity.external_id, places.bot
            ),
        )
        .hint("Nothing was moved; ask an administrator of the homeserver to look at the bot.")
        .into());
    }
    op.progress("new token", 1, 1, &places.bot);
    Ok((token, Some(identity)))
}

/// Ends the tokens of a device; one that is not there is fine.
async fn sign_out(admin: &Client, user: &str, device: &str) -> Result<(), Fault> {
    let path = format!(
        "/_synapse/admin/v2/users/{}/devices/{}",
        segment(user),
        segment(device)
    );
    let answer = admin.call(Method::DELETE, &path).send().await?;
    if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
        return Ok(());
    }
    errors::accept(answer, "sign an unused device of the bot out").map(|_| ())
}

/// Ends a token with itself: that ends also one without a device, which would outlive its user.
pub(super) async fn revoke(op: &Op, field: &str, old: &SecretString) -> Result<bool, Halt> {
    let base = address::base(op.site()).await?;
    let client = |token: SecretString| Client::new(op.site(), &base, token, op.cancel());
    let ending = client(old.clone());
    let former = match ending.whoami().await {
        Err(fault) if fault.kind == FaultKind::KeyRejected => return Ok(true),
        who => who?,
    };
    // The token in use itself is the old one where no other follows it: then nothing else would be ended with it.
    if former.device_id.is_some()
        && let Ok(token) = op.secret(field)
        && token.expose_secret() != old.expose_secret()
    {
        let now = client(token).whoami().await?;
        if now.user_id == former.user_id && now.device_id == former.device_id {
            return Err(Fault::new(
                FaultKind::Conflict,
                "The new token and the old one are of the same device, and signing it out would end both; nothing was ended.",
            )
            .hint("Sign the bot in as another device and enter that token; then resume the operation.")
            .into());
        }
    }
    ending.logout().await?;
    Ok(true)
}

/// Whether the homeserver knows a token still.
pub(super) async fn lives(site: &Site, token: &SecretString) -> Result<bool, Fault> {
    let base = address::base(site).await?;
    let client = Client::new(site, &base, token.clone(), &CancellationToken::new());
    match client.whoami().await {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == FaultKind::KeyRejected => Ok(false),
        Err(fault) => Err(fault),
    }
}
