//! Who a token is, whether it may do too much, and which rooms it reaches.

use super::client::{Client, Whoami};
use super::record::{MARKER, Places};
use super::{ACCESS_TOKEN, ADMIN_TOKEN, address, token};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{
    CommunityId, Fault, FaultKind, Identity, Reach, ReachedObject, Slots, clean_line,
};
use secrecy::SecretString;
use serde_json::Value;
use tokio_util::sync::CancellationToken;
use url::Url;

/// The most rooms that are looked at one by one.
const MOST_ROOMS: usize = 40;

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    let bot = request.entered.get(ACCESS_TOKEN);
    let admin = request.entered.get(ADMIN_TOKEN);
    if bot.is_none() && admin.is_none() {
        return Err(Fault::new(FaultKind::NeedsKey, "No token was entered.")
            .hint("Enter the bot's access token or an administrator's token."));
    }
    // Mistyped tokens are found before anything is sent.
    for (field, entered) in [(ACCESS_TOKEN, bot), (ADMIN_TOKEN, admin)] {
        if let Some(entered) = entered {
            token::read(entered, field)?;
        }
    }
    let base = address::base(site).await?;
    let admin = match admin {
        Some(token) => Some(verify_admin(site, &base, token).await?),
        None => None,
    };
    let Some(bot) = bot else {
        return admin.ok_or_else(|| Fault::new(FaultKind::NeedsKey, "No token was entered."));
    };
    let mut identity = verify_bot(site, &base, bot).await?;
    if let Some(admin) = admin {
        identity
            .warnings
            .push(format!("Entered with it: {}.", admin.who));
        identity.warnings.extend(admin.warnings);
        identity.scopes_missing.extend(admin.scopes_missing);
    }
    Ok(identity)
}

fn client(site: &Site, base: &Url, token: &SecretString) -> Client {
    Client::new(site, base, token.clone(), &CancellationToken::new())
}

/// Synapse puts the user's name into the token; another name means that the token was put together.
fn check_name(token: &SecretString, who: &Whoami, field: &str) -> Result<Option<String>, Fault> {
    let Some(named) = token::read(token, field)? else {
        return Ok(Some(
            "The token is not in Synapse's shape; it works all the same.".into(),
        ));
    };
    let local = who.user_id.trim_start_matches('@');
    let local = local.split_once(':').map_or(local, |(local, _)| local);
    Ok((named != local).then(|| format!("The token was made for {named} and is used by {local}.")))
}

async fn verify_admin(site: &Site, base: &Url, token: &SecretString) -> Result<Identity, Fault> {
    let client = client(site, base, token);
    let who = client.whoami().await?;
    let mut identity = Identity {
        external_id: who.user_id.clone(),
        who: format!("{}, an administrator of {}", who.user_id, who.server()),
        reach: Reach {
            unit: "homeserver".into(),
            everything: Some(format!("the whole homeserver {}", who.server())),
            ..Reach::default()
        },
        warnings: vec![
            "This token opens the whole homeserver, also unrelated communities: it is needed to make a bot and to purge, not to run it.".into(),
        ],
        ..Identity::default()
    };
    identity
        .warnings
        .extend(check_name(token, &who, ADMIN_TOKEN)?);
    match client.is_admin(&who.user_id).await? {
        Some(true) => identity.scopes_held.push("server administrator".into()),
        Some(false) => {
            identity.who = format!(
                "{}, who administers nothing on {}",
                who.user_id,
                who.server()
            );
            identity.scopes_missing.push("server administrator".into());
            identity.reach = Reach::default();
        }
        None => {
            identity.scopes_missing.push("server administrator".into());
            identity.warnings.push(
                "The server's administration paths cannot be reached: it is not Synapse, or a proxy keeps them away.".into(),
            );
        }
    }
    Ok(identity)
}

/// Who the token of a bot is, measured.
pub(super) async fn verify_bot(
    site: &Site,
    base: &Url,
    token: &SecretString,
) -> Result<Identity, Fault> {
    let client = client(site, base, token);
    let who = client.whoami().await?;
    let rooms = client.joined_rooms().await?;
    let mut identity = Identity {
        external_id: who.user_id.clone(),
        who: format!("{}, a user of {}", who.user_id, who.server()),
        scopes_held: vec!["everything this user may do in its rooms".into()],
        slots: vec![rooms_joined(rooms.len())],
        ..Identity::default()
    };
    identity
        .warnings
        .extend(check_name(token, &who, ACCESS_TOKEN)?);
    if who.is_guest {
        identity
            .scopes_missing
            .push("an account that is no guest".into());
    }
    if who.device_id.is_none() {
        identity.warnings.push(
            "The token belongs to no device, so nobody sees it in a list, and it outlives the deactivation of the user: Guildhall ends it first.".into(),
        );
    }
    if client.is_admin(&who.user_id).await? == Some(true) {
        identity.scopes_excess.push("server administrator".into());
        identity.warnings.push(
            "This user administers the whole homeserver. A bot needs no such right: make a user of its own for the community.".into(),
        );
    }
    let places = Places::at(site)?;
    if let Some(space) = &places.space
        && !rooms.contains(&space.id)
    {
        identity
            .scopes_missing
            .push(format!("membership of the space {}", space.name));
    }
    identity.reach = reach(site, &client, &rooms, &places).await?;
    let foreign = identity
        .reach
        .objects
        .iter()
        .filter(|object| object.community != Some(site.community))
        .count();
    if foreign > 0 {
        identity.warnings.push(format!(
            "The user is in {foreign} rooms that are not this instance's; the token reaches them too."
        ));
    }
    Ok(identity)
}

/// The rooms of the bot against its account: the protocol knows no limit (sheet: matrix 3).
pub(super) fn rooms_joined(used: usize) -> Slots {
    Slots {
        unit: "rooms joined".into(),
        max: None,
        used: u64::try_from(used).ok(),
        source: "measured".into(),
    }
}

async fn reach(
    site: &Site,
    client: &Client,
    rooms: &[String],
    places: &Places,
) -> Result<Reach, Fault> {
    let mut objects = Vec::new();
    for room in rooms.iter().take(MOST_ROOMS) {
        let name = client.state(room, "m.room.name", "").await?;
        let name = name.as_ref().and_then(|content| content["name"].as_str());
        let ours = places.all().any(|place| place.id == *room);
        objects.push(ReachedObject {
            external_id: room.clone(),
            name: clean_line(name.unwrap_or(room)),
            role: "member".into(),
            community: if ours {
                Some(site.community)
            } else {
                marked(site, client, room).await?
            },
        });
    }
    Ok(Reach {
        unit: "room".into(),
        total: (rooms.len() > objects.len())
            .then(|| u64::try_from(rooms.len()).ok())
            .flatten(),
        objects,
        everything: None,
    })
}

/// This community, when the room carries its marker.
async fn marked(site: &Site, client: &Client, room: &str) -> Result<Option<CommunityId>, Fault> {
    let marker = client.state(room, MARKER, "").await?.unwrap_or(Value::Null);
    let ours = marker["installation"] == site.installation.as_str()
        && marker["community"] == site.slug.as_str();
    Ok(ours.then_some(site.community))
}
