//! Makes the bot, the space and its rooms, joins them, and invites who is to be there.

use super::client::Client;
use super::record::{Place, Places, link};
use super::rooms::{Maker, Wanted};
use super::{address, bot, entry, errors, former, gone, resume};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind, InstanceKind, clean_line};
use serde_json::{Value, json};
use url::Url;

/// The most characters of a name that every client shows whole; the server takes more.
const LONGEST_NAME: usize = 200;
/// The most characters of a topic; far below the 65,536 bytes of an event (sheet: matrix 3).
const LONGEST_TOPIC: usize = 2_000;

/// How rooms are made on this server.
pub(super) struct Plan {
    /// The version of new rooms.
    pub version: String,
    /// The community's own person, who stands beside the bot.
    pub owner: Option<String>,
}

impl Plan {
    /// Whether creators stand above the power levels: from room version 12 on.
    pub fn has_creators(&self) -> bool {
        has_creators(&self.version)
    }

    /// Who stands beside the bot, as part of a `createRoom`.
    fn add_owner(&self, body: &mut Value, levels: &mut Value, bot: &str) {
        let Some(owner) = &self.owner else {
            return;
        };
        if self.has_creators() {
            body["creation_content"]["additional_creators"] = json!([owner]);
        } else {
            levels["users"] = json!({bot: 100, owner: 100});
        }
    }
}

/// Whether rooms of a version have creators. Versions with other names than numbers are taken for old ones.
pub(super) fn has_creators(version: &str) -> bool {
    version.parse::<u32>().is_ok_and(|version| version >= 12)
}

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    let names = check_settings(site)?;
    let base = address::base(site).await?;
    op.progress(
        "homeserver",
        0,
        names.len() + 2,
        base.host_str().unwrap_or_default(),
    );
    probe(site, &base).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let former_space = places.space.clone();
    gone::forget_rooms(op, &base, &client, &mut places).await?;
    gone::forget_space(op, &base, &client, &mut places).await?;
    entry::come_back(op, &client, &places).await?;
    let plan = plan(site, &client, &places).await?;
    let of = names.len() + 2;
    op.progress("space", 1, of, &site.community_name);
    let space = make_space(op, &client, &plan, &mut places).await?;
    former::follow(op, &client, &places, former_space.as_ref(), &space).await?;
    former::take_in(op, &client, &mut places, &space, &names).await?;
    make_rooms(op, &client, &plan, &mut places, &space, &names).await?;
    places.order(&names);
    places.save(op).await?;
    resume::as_wanted(op, &base, &client, &places).await?;
    if let Some(room) = places.rooms.first() {
        let transaction = format!("gh-{}-welcome", site.marker);
        let text = format!(
            "This space belongs to {}. Guildhall made it and looks after it.",
            site.community_name
        );
        op.step("notice", || async {
            client.notice(&room.id, &transaction, &text).await
        })
        .await?;
    }
    let mut guests = site.settings.list("invite");
    guests.extend(plan.owner.clone());
    invite_all(op, &client, &space, &guests).await?;
    op.progress("rooms", of, of, "");
    Ok(presence(site, &places, &space))
}

/// What is known of the instance after its rooms are there.
pub(super) fn presence(site: &Site, places: &Places, space: &Place) -> Presence {
    let rooms = places.rooms.len();
    Presence {
        external_id: space.id.clone(),
        url: Some(link(space)),
        kind: match site.kind {
            InstanceKind::Dedicated => InstanceKind::Dedicated,
            _ => InstanceKind::Tenant,
        },
        made_by_us: true,
        note: format!("{rooms} room{}", if rooms == 1 { "" } else { "s" }),
    }
}

/// Refuses before anything is sent what the server would refuse after half of it was made (sheet: matrix 4, traps).
pub(super) fn check_settings(site: &Site) -> Result<Vec<String>, Fault> {
    let bad = |what: String, hint: &str| Err(Fault::new(FaultKind::BadInput, what).hint(hint));
    let mut names: Vec<String> = Vec::new();
    for name in site.settings.list("rooms") {
        let right = name.len() <= 60
            && !name.starts_with('-')
            && name.chars().all(|letter| {
                letter.is_ascii_lowercase() || letter.is_ascii_digit() || letter == '-'
            });
        if !right {
            return bad(
                format!("{name:?} cannot be the short name of a room."),
                "Use a-z, 0-9 and dashes, at most 60, beginning with a letter or digit.",
            );
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let is_long = |text: &str, most: usize| text.chars().count() > most;
    if is_long(&site.community_name, LONGEST_NAME) || is_long(&topic(site), LONGEST_TOPIC) {
        return bad(
            "The name or the topic is too long for a Matrix space.".into(),
            "Keep the name within 200 and the topic within 2,000 characters.",
        );
    }
    let people = site.settings.list("invite").into_iter();
    for person in people.chain(site.settings.get("owner").map(str::to_owned)) {
        if !is_user(&person) {
            return bad(
                format!("{person:?} is no Matrix user."),
                "Write people as @name:server.",
            );
        }
    }
    Ok(names)
}

/// Whether a text is written as the id of a user.
pub(super) fn is_user(text: &str) -> bool {
    text.len() <= 255
        && text.starts_with('@')
        && text.split_once(':').is_some_and(|(local, server)| {
            local.len() > 1 && !server.is_empty() && !text.contains(char::is_whitespace)
        })
}

fn topic(site: &Site) -> String {
    let written = site.settings.get("topic").unwrap_or(&site.description);
    clean_line(written)
}

/// Whether a Matrix homeserver answers at the address.
async fn probe(site: &Site, base: &Url) -> Result<(), Fault> {
    let call = site.http.get(base, "/_matrix/client/versions");
    let answer = call.send().await?;
    let versions: Value = errors::accept(answer, "say what it speaks")?.json()?;
    if versions["versions"].is_array() {
        return Ok(());
    }
    Err(super::client::bad_answer("the versions it speaks"))
}

/// The version of rooms, and the owner if that person exists.
pub(super) async fn plan(site: &Site, client: &Client, places: &Places) -> Result<Plan, Fault> {
    let version = match site.settings.get("room_version") {
        Some(version) => version.to_owned(),
        None => default_version(client).await?,
    };
    let owner = site.settings.get("owner").map(str::to_owned);
    if let Some(owner) = owner.as_deref().filter(|owner| *owner != places.bot) {
        check_known(client, owner).await?;
    }
    Ok(Plan {
        version,
        owner: owner.filter(|owner| *owner != places.bot),
    })
}

async fn default_version(client: &Client) -> Result<String, Fault> {
    let call = client.call(Method::GET, "/_matrix/client/v3/capabilities");
    let answer = errors::accept(call.send().await?, "say which room versions it has")?;
    let capabilities: Value = answer.json()?;
    // Servers that do not say have version 1 (specification).
    Ok(capabilities["capabilities"]["m.room_versions"]["default"]
        .as_str()
        .unwrap_or("1")
        .to_owned())
}

pub(super) async fn check_known(client: &Client, user: &str) -> Result<(), Fault> {
    if client.knows(user).await? == Some(false) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("Nobody on the homeserver is called {user}."),
        )
        .hint("Check the spelling: an invitation of a free name would go to whoever registers it later."));
    }
    Ok(())
}

async fn make_space(
    op: &Op,
    client: &Client,
    plan: &Plan,
    places: &mut Places,
) -> Result<Place, Halt> {
    // Known by its id, whatever became of its alias.
    if let Some(space) = &places.space {
        return Ok(space.clone());
    }
    let site = op.site();
    let mut body = json!({
        "name": site.community_name,
        "topic": topic(site),
        "preset": "private_chat",
        "room_version": plan.version,
        "creation_content": {"type": "m.space"},
        "initial_state": [no_guests()],
    });
    let mut levels = json!({"events_default": 100, "invite": 50});
    plan.add_owner(&mut body, &mut levels, &places.bot);
    body["power_level_content_override"] = levels;
    let wanted = Wanted {
        part: "space",
        body,
        is_space: true,
    };
    let space = ensure(op, client, places, "space", &wanted).await?;
    places.space = Some(space.clone());
    places.save(op).await?;
    Ok(space)
}

/// Makes the rooms that the settings name, and shows them in the space.
async fn make_rooms(
    op: &Op,
    client: &Client,
    plan: &Plan,
    places: &mut Places,
    space: &Place,
    names: &[String],
) -> Result<(), Halt> {
    for (at, name) in names.iter().enumerate() {
        op.progress("rooms", at + 2, names.len() + 2, name);
        let room = make_room(op, client, plan, places, space, name).await?;
        let order = format!("{:02}", at + 1);
        op.step(&format!("link {name} {}", space.id), || {
            add_link(client, space, &room, &places.server, order)
        })
        .await?;
    }
    Ok(())
}

/// Makes a room of the space, unless it is remembered already; one that was taken out of the space is taken up again.
pub(super) async fn make_room(
    op: &Op,
    client: &Client,
    plan: &Plan,
    places: &mut Places,
    space: &Place,
    name: &str,
) -> Result<Place, Halt> {
    if let Some(room) = places.rooms.iter().find(|room| room.name == name) {
        return Ok(room.clone());
    }
    if let Some(room) = take_up(op, client, places, name).await? {
        return Ok(room);
    }
    let via = [&places.server];
    let mut body = json!({
        "name": name,
        "preset": "private_chat",
        "room_version": plan.version,
        "initial_state": [
            no_guests(),
            {"type": "m.space.parent", "state_key": space.id, "content": {"via": via, "canonical": true}},
            {"type": "m.room.join_rules", "state_key": "", "content": {
                "join_rule": "restricted",
                "allow": [{"type": "m.room_membership", "room_id": space.id}],
            }},
        ],
    });
    let mut levels = json!({});
    plan.add_owner(&mut body, &mut levels, &places.bot);
    if levels.get("users").is_some() {
        body["power_level_content_override"] = levels;
    }
    let wanted = Wanted {
        part: name,
        body,
        is_space: false,
    };
    let room = ensure(op, client, places, &format!("room {name}"), &wanted).await?;
    places.add_room(room.clone());
    places.save(op).await?;
    Ok(room)
}

/// A room that was named before and is to be there again, with the bot in it.
async fn take_up(
    op: &Op,
    client: &Client,
    places: &mut Places,
    name: &str,
) -> Result<Option<Place>, Halt> {
    let known = |room: &&Place| room.name == name;
    let Some(room) = places.unlinked.iter().find(known).cloned() else {
        return Ok(None);
    };
    let base = address::base(op.site()).await?;
    let is_in = client.joined_rooms().await?.contains(&room.id);
    if !is_in && gone::is_gone(op.site(), &base, client, &room).await? {
        places.unlinked.retain(|known| known.id != room.id);
        places.save(op).await?;
        return Ok(None);
    }
    if !is_in {
        entry::come_into(op, client, &room, &places.bot).await?;
    }
    places.add_room(room.clone());
    places.save(op).await?;
    Ok(Some(room))
}

async fn ensure(
    op: &Op,
    client: &Client,
    places: &Places,
    step: &str,
    wanted: &Wanted<'_>,
) -> Result<Place, Halt> {
    let maker = Maker {
        site: op.site(),
        client,
        server: &places.server,
        bot: &places.bot,
    };
    let maker = &maker;
    op.ensure(
        step,
        |key| async move { maker.find(key, wanted).await },
        |key| async move { maker.create(key, wanted).await },
    )
    .await
}

fn no_guests() -> Value {
    json!({"type": "m.room.guest_access", "state_key": "", "content": {"guest_access": "forbidden"}})
}

/// Shows a room in the space.
pub(super) async fn add_link(
    client: &Client,
    space: &Place,
    room: &Place,
    server: &str,
    order: String,
) -> Result<(), Fault> {
    let content = json!({"via": [server], "suggested": true, "order": order});
    let doing = format!("show the room {} in the space", room.name);
    client
        .put_state(&space.id, "m.space.child", &room.id, &content, &doing)
        .await
}

/// Invites people to the space; they join its rooms by themselves.
pub(super) async fn invite_all(
    op: &Op,
    client: &Client,
    space: &Place,
    guests: &[String],
) -> Result<(), Halt> {
    for (at, guest) in guests.iter().enumerate() {
        op.progress("invitations", at, guests.len(), guest);
        op.step(&format!("invite {guest}"), || async {
            check_known(client, guest).await?;
            client.invite(&space.id, guest).await
        })
        .await?;
    }
    Ok(())
}
