//! A bot user of the installation, made with an administrator's token, for communities that are to work with it (sheet:
//! matrix 2, way A).

use super::bot;
use super::client::Client;
use super::{ACCESS_TOKEN, ADMIN_TOKEN, address, verify};
use crate::adapters::contract::{MadeAccount, Site};
use crate::domain::{Fault, FaultKind};
use tokio_util::sync::CancellationToken;

/// How many digits of the marker stand in the bot's name.
const PIECE: usize = 12;

/// Makes the bot and signs it in. Its name bears the marker of the wish, so that a bot of that name is ours: repeating it
/// gives the same bot a new password, and the same device a new token, which ends the one before.
pub(super) async fn make(site: &Site) -> Result<MadeAccount, Fault> {
    let Some(token) = site.secrets.get(ADMIN_TOKEN) else {
        return Err(Fault::new(
            if site.locked {
                FaultKind::Locked
            } else {
                FaultKind::NeedsKey
            },
            "A bot is made with an administrator's token, and none can be used.",
        )
        .hint("Enter the token, or unlock the vault where it is stored."));
    };
    let base = address::base(site).await?;
    let admin = Client::new(site, &base, token.clone(), &CancellationToken::new());
    bot::check_password_login(&admin).await?;
    let server = admin.whoami().await?.server().to_owned();
    let piece: String = site.marker.chars().take(PIECE).collect();
    let user = format!("@gov-{}-{piece}:{server}", site.slug);
    let password = bot::fresh_password();
    bot::put_user(site, &admin, &user, &password).await?;
    let [device, _] = bot::devices(site);
    let secret = bot::login(&admin, &user, &password, &device).await?;
    let identity = verify::verify_bot(site, &base, &secret).await?;
    if identity.external_id != user {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            format!(
                "The homeserver signed in {} in the place of {user}.",
                identity.external_id
            ),
        )
        .hint("Nothing was kept; ask an administrator of the homeserver to look at the bot."));
    }
    Ok(MadeAccount {
        field: ACCESS_TOKEN,
        secret,
        identity,
    })
}
