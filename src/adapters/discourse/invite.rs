//! The invite link: whoever holds it comes into the group, so it has an end and a count (sheet: discourse 6).

use super::{
    client::{Client, bad_answer},
    record::{Group, Invite, Places},
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::Fault;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

const USES: u32 = 50;
const DAYS: i64 = 30;

pub(super) async fn ensure(
    op: &Op,
    client: &Client,
    places: &mut Places,
    step: &str,
) -> Result<(), Halt> {
    if places.invite.is_some() {
        return Ok(());
    }
    let Some(group) = places.group.clone() else {
        return Ok(());
    };
    let site = op.site();
    let invite: Invite = op
        .ensure(
            step,
            |_| find(client, &group),
            |_| create(site, client, &group),
        )
        .await?;
    places.invite = Some(invite);
    places.save(op).await
}

fn read(client: &Client, shown: &Value) -> Result<Invite, Fault> {
    let (Some(id), Some(link)) = (shown["id"].as_u64(), shown["link"].as_str()) else {
        return Err(bad_answer(client.base(), "the invite link"));
    };
    Ok(Invite {
        id,
        link: link.to_owned(),
        expires_at: shown["expires_at"].as_str().unwrap_or_default().to_owned(),
    })
}

/// The invite of our group among those that the key's user made and that still hold.
pub(super) async fn find(client: &Client, group: &Group) -> Result<Option<Invite>, Fault> {
    let path = format!("/u/{}/invited/pending.json", segment(client.user()));
    let page = client.get(&path, "list the invites").await?;
    let ours = client
        .entries(&page["invites"], "the invites")?
        .iter()
        .find(|invite| {
            let groups = invite["groups"].as_array();
            groups
                .into_iter()
                .flatten()
                .any(|one| one["id"].as_u64() == Some(group.id))
        });
    ours.map(|invite| read(client, invite)).transpose()
}

async fn create(site: &Site, client: &Client, group: &Group) -> Result<Invite, Fault> {
    let number = |field: &str| site.settings.get(field).and_then(|text| text.parse().ok());
    let days = number("invite_days").unwrap_or(DAYS);
    let uses = number("invite_uses").unwrap_or_else(|| USES.into());
    let now = Timestamp::now();
    let end = now
        .checked_add(SignedDuration::from_hours(days.saturating_mul(24)))
        .unwrap_or(now);
    let body = json!({
        "max_redemptions_allowed": uses,
        "group_names": group.name,
        "expires_at": end.to_string(),
    });
    let made = client
        .send(Method::POST, "/invites.json", &body, "make the invite link")
        .await?;
    read(client, &made)
}

/// Ends the invite. Only the user who made it may (sheet: discourse 4, P5).
pub(super) async fn end(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    let Some(invite) = places.invite.clone() else {
        return Ok(());
    };
    let body = json!({"id": invite.id});
    client
        .delete("/invites.json", &body, "end the invite link")
        .await?;
    places.invite = None;
    places.save(op).await
}
