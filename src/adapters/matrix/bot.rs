//! The bot user of a community: a pasted token, or a user made with an administrator's token and signed in as a device
//! of its own, whose token dies with the user (sheet: matrix 2, way A).

use super::client::{Client, Whoami, bad_answer};
use super::record::Places;
use super::{ACCESS_TOKEN, ADMIN_TOKEN, SERVER, errors, token};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, entries, segment},
};
use crate::domain::{Fault, FaultKind, Identity};
use rand::Rng as _;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;
use url::Url;

/// A client that speaks as the community's bot; makes the bot where an administrator's token is at hand.
///
/// # Errors
/// [`FaultKind::NeedsKey`] or [`FaultKind::Locked`] without any token; what the server refuses.
pub(super) async fn client(op: &Op, base: &Url, places: &mut Places) -> Result<Client, Halt> {
    if !op.has_secret(ACCESS_TOKEN) {
        let is_a_persons = !places.bot.is_empty() && !places.bot_made;
        if !op.has_secret(ADMIN_TOKEN) || (is_a_persons && places.space.is_some()) {
            return Err(needs_token(op, places).into());
        }
        if is_a_persons {
            // Nothing was made with it yet; its password is not ours to change.
            places.bot.clear();
        }
        mint(op, base, places).await?;
    }
    let bot = Client::of(op, base, ACCESS_TOKEN)?;
    let who = match bot.whoami().await {
        Err(fault)
            if fault.kind == FaultKind::KeyRejected
                && places.bot_made
                && op.has_secret(ADMIN_TOKEN) =>
        {
            mint(op, base, places).await?;
            Client::of(op, base, ACCESS_TOKEN)?.whoami().await?
        }
        other => other?,
    };
    check_same(places, &who)?;
    if places.bot != who.user_id || places.server != who.server() {
        who.server().clone_into(&mut places.server);
        places.bot = who.user_id;
        places.save(op).await?;
    }
    Ok(Client::of(op, base, ACCESS_TOKEN)?)
}

fn needs_token(op: &Op, places: &Places) -> Fault {
    match op.secret(ACCESS_TOKEN) {
        Err(fault) if fault.kind == FaultKind::NeedsKey && places.space.is_some() && !places.bot_made => Fault::new(
            FaultKind::NeedsKey,
            format!("The space belongs to {}, and its access token is missing.", places.bot),
        )
        .hint(format!("Enter a token of {}; an administrator's makes none of a user that a person made.", places.bot))
        .field(ACCESS_TOKEN),
        Err(fault) if fault.kind == FaultKind::NeedsKey => Fault::new(
            FaultKind::NeedsKey,
            "Matrix needs the bot's access token, or an administrator's token with which to make the bot.",
        )
        .hint("Enter one of them."),
        Err(fault) => fault,
        Ok(_) => Fault::new(FaultKind::Internal, "The token was lost on the way."),
    }
}

/// Another bot than the one that made the space cannot look after it.
fn check_same(places: &Places, who: &Whoami) -> Result<(), Fault> {
    if places.space.is_none() || places.bot.is_empty() || places.bot == who.user_id {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::KeyRejected,
        format!(
            "The token is that of {}, but the space belongs to {}.",
            who.user_id, places.bot
        ),
    )
    .hint(format!("Enter a token of {}.", places.bot)))
}

/// Makes the bot, or gives it a new password, and signs it in. Repeating it leaves one bot with one live device: a new
/// password ends what an interrupted run signed in.
async fn mint(op: &Op, base: &Url, places: &mut Places) -> Result<(), Halt> {
    op.progress("bot", 0, 1, "");
    let admin = Client::of(op, base, ADMIN_TOKEN)?;
    check_password_login(&admin).await?;
    let server = admin.whoami().await?.server().to_owned();
    if places.bot.is_empty() {
        // Reserved before it is made: a user under this name is ours from here on.
        places.bot = free_name(op, &admin, &server).await?;
        places.bot_made = true;
        places.server = server;
        places.save(op).await?;
    }
    let password = fresh_password();
    put_user(op.site(), &admin, &places.bot, &password).await?;
    let [device, _] = devices(op.site());
    let access_token = login(&admin, &places.bot, &password, &device).await?;
    let identity = Identity {
        external_id: places.bot.clone(),
        who: format!("{}, a bot made by Guildhall (device {device})", places.bot),
        ..Identity::default()
    };
    op.keep_secret(ACCESS_TOKEN, access_token, Some(identity))
        .await?;
    op.progress("bot", 1, 1, &places.bot);
    Ok(())
}

/// Servers with delegated login sign nobody in by password (sheet: matrix 1, H1c).
pub(super) async fn check_password_login(client: &Client) -> Result<(), Fault> {
    let answer = client
        .open_call(Method::GET, "/_matrix/client/v3/login")
        .send()
        .await?;
    let flows: Value = errors::accept(answer, "say how one signs in")?.json()?;
    let has_password = entries(&flows["flows"], SERVER, "the ways to sign in")?
        .iter()
        .any(|flow| flow["type"] == "m.login.password");
    if has_password {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Unsupported,
        "The homeserver signs people in through an account service, so Guildhall cannot sign its bot in.",
    )
    .hint("Make the bot in that service, and enter a token of it as access_token."))
}

/// The name in the settings, else `gov-` and the short name, else that with a piece of the marker.
async fn free_name(op: &Op, admin: &Client, server: &str) -> Result<String, Fault> {
    let site = op.site();
    let plain = format!("gov-{}", site.slug);
    let piece: String = site.marker.chars().rev().take(6).collect();
    let candidates = match site.settings.get("bot_name") {
        Some(name) => vec![name.to_owned()],
        None => vec![plain.clone(), format!("{plain}-{piece}").to_lowercase()],
    };
    for name in &candidates {
        let id = format!("@{name}:{server}");
        let path = format!("/_synapse/admin/v2/users/{}", segment(&id));
        let answer = admin.call(Method::GET, &path).send().await?;
        if answer.status == 404 && errors::code(&answer) == "M_NOT_FOUND" {
            return Ok(id);
        }
        errors::accept(answer, "look up the bot")?;
    }
    Err(Fault::new(
        FaultKind::Conflict,
        format!("The bot's name {} is taken on {server}.", candidates.join(", then ")),
    )
    .hint("Choose another name in the setting bot_name, or enter a token of that user as access_token."))
}

/// The devices that the bot signs in as: the second while a token of the first is replaced, and the other way round.
pub(super) fn devices(site: &Site) -> [String; 2] {
    let piece: String = site.marker.chars().take(12).collect();
    [format!("GUILDHALL-{piece}"), format!("GUILDHALL-{piece}-B")]
}

/// 32 letters and digits.
pub(super) fn fresh_password() -> SecretString {
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    letters.take(32).map(char::from).collect::<String>().into()
}

/// Makes a user, or gives the one that is there a new password.
pub(super) async fn put_user(
    site: &Site,
    admin: &Client,
    bot: &str,
    password: &SecretString,
) -> Result<(), Fault> {
    let path = format!("/_synapse/admin/v2/users/{}", segment(bot));
    let body = json!({
        "password": password.expose_secret(),
        "admin": false,
        "user_type": "bot",
        "displayname": site.community_name,
    });
    let call = admin.call(Method::PUT, &path).redact(password).json(&body);
    errors::accept(call.send().await?, "make the bot").map(|_| ())
}

/// Gives the bot another password; its devices stay signed in.
pub(super) async fn set_password(
    admin: &Client,
    bot: &str,
    password: &SecretString,
) -> Result<(), Fault> {
    let path = format!("/_synapse/admin/v2/users/{}", segment(bot));
    let body = json!({"password": password.expose_secret(), "logout_devices": false});
    let call = admin.call(Method::PUT, &path).redact(password).json(&body);
    errors::accept(call.send().await?, "give the bot another password").map(|_| ())
}

/// Signs the bot in as a device; the same one again gives one more token of it.
pub(super) async fn login(
    admin: &Client,
    bot: &str,
    password: &SecretString,
    device: &str,
) -> Result<SecretString, Fault> {
    #[derive(Deserialize)]
    struct Login {
        access_token: String,
    }
    let body = json!({
        "type": "m.login.password",
        "identifier": {"type": "m.id.user", "user": bot},
        "password": password.expose_secret(),
        "device_id": device,
        "initial_device_display_name": "Guildhall",
    });
    // Repeating it signs the same device in again. Five tries, then 0.003 per second, per address (sheet: matrix 3).
    let call = admin
        .open_call(Method::POST, "/_matrix/client/v3/login")
        .keyed()
        .redact(password)
        .json(&body);
    let call = admin.limited(call, "logins", 5, Duration::from_secs(333));
    let login: Login = errors::accept(call.send().await?, "sign the bot in")?.json()?;
    if login.access_token.is_empty() {
        return Err(bad_answer("the bot's token"));
    }
    let access_token = SecretString::from(login.access_token);
    token::read(&access_token, ACCESS_TOKEN)?;
    Ok(access_token)
}
