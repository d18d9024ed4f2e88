//! The parts of an instance: role, category, channels, invite; each made once and found again.

use super::client::{Client, id_of};
use super::permissions::{SEND_MESSAGES, VIEW_CHANNEL, bits};
use super::record::{Place, Places, made_ms, marked, marker, topic};
use super::server::{self, Server};
use crate::adapters::{
    contract::{FORMER, Site},
    durable::Halt,
    durable::Op,
};
use crate::domain::{Fault, clean_line};
use serde_json::{Value, json};

/// The type of a category, and of a text channel.
pub(super) const CATEGORY: u64 = 4;
pub(super) const TEXT: u64 = 0;

/// The name of role and category.
pub(super) fn title(site: &Site) -> String {
    clean_line(&site.community_name).chars().take(100).collect()
}

/// The names of the channels.
pub(super) fn names(site: &Site) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for name in site.settings.list("channels") {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.is_empty() {
        names.push("general".into());
    }
    names
}

/// Forgets parts that were deleted, so that they are made again.
pub(super) async fn forget_gone(
    op: &Op,
    client: &Client,
    places: &mut Places,
    server: &Server,
) -> Result<(), Halt> {
    if places.role.is_none() && places.all().next().is_none() {
        return Ok(());
    }
    let before = places.clone();
    let all = server::channels(client, &places.guild).await?;
    let stands = |id: &str| all.iter().any(|one| one["id"] == id);
    let role_stands = |id: &String| server.roles.iter().any(|one| one["id"] == id.as_str());
    places.role = places.role.take().filter(role_stands);
    places.category = places.category.take().filter(|place| stands(&place.id));
    let first = places.channels.first().map(|place| place.id.clone());
    places.channels.retain(|place| stands(&place.id));
    if first.is_some_and(|first| !stands(&first)) {
        // The invite led there.
        places.invite = None;
    }
    if *places == before {
        return Ok(());
    }
    places.save(op).await
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().to_owned()
}

/// Takes in the role of the instance in whose place this one was put: it did not go with the channels, and whoever has it
/// keeps it.
pub(super) async fn take_in_role(
    op: &Op,
    places: &mut Places,
    server: &Server,
) -> Result<(), Halt> {
    let Some(former) = Places::of_former(op)? else {
        return Ok(());
    };
    let stands = |id: &String| server.roles.iter().any(|one| one["id"] == id.as_str());
    let is_ours = !former.adopted && former.guild == places.guild && places.role.is_none();
    if let Some(role) = former.role.filter(|role| is_ours && stands(role)) {
        places.role = Some(role);
        places.save(op).await?;
    }
    op.forget(FORMER).await
}

/// The role. It carries no marker: ours is the one of this name, without any permission, made since we began.
pub(super) async fn role(op: &Op, client: &Client, places: &mut Places) -> Result<String, Halt> {
    if let Some(role) = &places.role {
        return Ok(role.clone());
    }
    let name = title(op.site());
    let (name, path, began) = (
        &name,
        format!("/guilds/{}/roles", places.guild),
        places.began_ms,
    );
    let path = &path;
    let id: String = op
        .ensure(
            "role",
            |_| async move {
                let all = client.list(path, "the roles").await?;
                Ok(find_role(&all, name, began))
            },
            |_| async move {
                // Without permissions the new role would have everybody's.
                let body = json!({"name": name, "permissions": "0", "mentionable": false});
                id_of(&client.make(path, &body, "make the role").await?)
            },
        )
        .await?;
    places.role = Some(id.clone());
    places.save(op).await?;
    Ok(id)
}

pub(super) fn find_role(all: &[Value], name: &str, began_ms: i64) -> Option<String> {
    let ours = |role: &&Value| {
        role["name"] == name
            && bits(&role["permissions"]) == 0
            && role["managed"] != true
            && made_ms(&text(role, "id")) >= began_ms
    };
    all.iter().find(ours).map(|role| text(role, "id"))
}

/// What a private category is made with: hidden from everybody, shown to the role and to the bot itself, which would shut
/// itself out otherwise.
fn overwrites(site: &Site, places: &Places) -> Value {
    if !site.settings.is_on("private") {
        return json!([]);
    }
    let (view, both) = (
        VIEW_CHANNEL.to_string(),
        (VIEW_CHANNEL | SEND_MESSAGES).to_string(),
    );
    let mut all = vec![
        json!({"id": places.guild, "type": 0, "allow": "0", "deny": view}),
        json!({"id": places.bot, "type": 1, "allow": both, "deny": "0"}),
    ];
    if let Some(role) = &places.role {
        all.push(json!({"id": role, "type": 0, "allow": view, "deny": "0"}));
    }
    json!(all)
}

/// The category. It has no topic: ours is the one of this name, made since we began, that is empty or holds our channels.
pub(super) async fn category(op: &Op, client: &Client, places: &mut Places) -> Result<Place, Halt> {
    if let Some(category) = &places.category {
        return Ok(category.clone());
    }
    let site = op.site();
    let name = title(site);
    let body = json!({
        "name": name, "type": CATEGORY, "permission_overwrites": overwrites(site, places),
    });
    let (name, body, known) = (&name, &body, &*places);
    let id: String = op
        .ensure(
            "category",
            |_| async move {
                let all = server::channels(client, &known.guild).await?;
                Ok(find_category(site, &all, name, known.began_ms))
            },
            |_| async move {
                let path = format!("/guilds/{}/channels", known.guild);
                id_of(&client.make(&path, body, "make the category").await?)
            },
        )
        .await?;
    let place = Place {
        name: name.clone(),
        id,
    };
    places.category = Some(place.clone());
    places.save(op).await?;
    Ok(place)
}

pub(super) fn find_category(
    site: &Site,
    all: &[Value],
    name: &str,
    began_ms: i64,
) -> Option<String> {
    let prefix = format!("{}-", site.marker);
    let ours = |category: &&Value| {
        let id = text(category, "id");
        let mut children = all.iter().filter(|one| one["parent_id"] == id.as_str());
        category["type"] == CATEGORY
            && category["name"] == name
            && made_ms(&id) >= began_ms
            && children.all(|one| marked(one).is_some_and(|marker| marker.starts_with(&prefix)))
    };
    all.iter().find(ours).map(|category| text(category, "id"))
}

/// A channel in the category, with the marker in its topic.
pub(super) async fn channel(
    op: &Op,
    client: &Client,
    places: &mut Places,
    category: &Place,
    name: &str,
) -> Result<Place, Halt> {
    if let Some(known) = places.channels.iter().find(|place| place.name == name) {
        return Ok(known.clone());
    }
    let site = op.site();
    // Sent again: whether channels inherit them when they are made is not known.
    let body = json!({
        "name": name, "type": TEXT, "parent_id": category.id, "topic": topic(site, name),
        "permission_overwrites": overwrites(site, places),
    });
    let (body, known) = (&body, &*places);
    let id: String = op
        .ensure(
            &format!("channel {name}"),
            |_| async move {
                let all = server::channels(client, &known.guild).await?;
                Ok(find_channel(site, &all, name))
            },
            |_| async move {
                let path = format!("/guilds/{}/channels", known.guild);
                let doing = format!("make the channel {name}");
                id_of(&client.make(&path, body, &doing).await?)
            },
        )
        .await?;
    let place = Place {
        name: name.to_owned(),
        id,
    };
    places.add(place.clone());
    places.save(op).await?;
    Ok(place)
}

fn find_channel(site: &Site, all: &[Value], name: &str) -> Option<String> {
    let wanted = marker(site, name);
    let ours = |channel: &&Value| {
        channel["topic"]
            .as_str()
            .is_some_and(|topic| topic.contains(&wanted))
    };
    all.iter().find(ours).map(|channel| text(channel, "id"))
}

/// An invite link into the first channel that never ends.
pub(super) async fn invite(
    op: &Op,
    client: &Client,
    places: &mut Places,
    channel: &Place,
) -> Result<(), Halt> {
    if places.invite.is_some() {
        return Ok(());
    }
    let path = format!("/channels/{}/invites", channel.id);
    let (path, bot) = (&path, places.bot.clone());
    let bot = &bot;
    let code: String = op
        .ensure(
            "invite",
            |_| async move {
                let all = client.list(path, "the invites").await?;
                let ours = |invite: &&Value| {
                    invite["inviter"]["id"] == bot.as_str() && invite["max_age"] == 0
                };
                let found = all.iter().find(ours);
                Ok(found.map(|invite| text(invite, "code")))
            },
            |_| async move {
                let body = json!({"max_age": 0, "max_uses": 0, "unique": true});
                let made = client.make(path, &body, "make the invite link").await?;
                made["code"].as_str().map(str::to_owned).ok_or_else(no_code)
            },
        )
        .await?;
    places.invite = Some(code);
    places.save(op).await
}

fn no_code() -> Fault {
    Fault::new(
        crate::domain::FaultKind::OutcomeUnknown,
        "Discord did not name the invite link it made.",
    )
    .hint("Resume the operation: what stands is found.")
}
