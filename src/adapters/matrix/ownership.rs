//! Who stands highest in the space and in all of its rooms, and raising a person beside the bot (sheet: matrix 4).

use super::client::Client;
use super::pause::{self, Paused, number};
use super::provision::{check_known, has_creators, is_user};
use super::record::{Place, Places};
use super::{ACCESS_TOKEN, address};
use crate::adapters::{contract::Site, ownership::OurHold, ownership::Ownership};
use crate::domain::{Fault, FaultKind};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use tokio_util::sync::CancellationToken;

const LEVELS: &str = "m.room.power_levels";
/// The level that clients call administrator.
const HIGHEST: i64 = 100;

/// The space, its rooms, and the bot in them.
async fn enter(site: &Site) -> Result<(Client, Places), Fault> {
    let places = Places::at(site)?;
    if places.space.is_none() {
        return Err(Fault::new(
            FaultKind::NotFound,
            "There is no space yet that anybody owns.",
        )
        .hint("Activate the instance first, so that the space is made."));
    }
    let base = address::base(site).await?;
    let token = site.secret(ACCESS_TOKEN)?.clone();
    let client = Client::new(site, &base, token, &CancellationToken::new());
    Ok((client, places))
}

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let (client, places) = enter(site).await?;
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    let mut everywhere: Option<BTreeSet<String>> = None;
    let mut ours = OurHold::Nothing;
    for place in places.all() {
        let room = Room::read(&client, place, &paused).await?;
        let mut owners = BTreeSet::new();
        for user in room.candidates() {
            if user != places.bot && is_in(&client, place, &user).await? {
                owners.insert(user);
            }
        }
        ours = higher(ours, room.hold(&places.bot, &owners));
        everywhere = Some(match everywhere {
            None => owners,
            Some(before) => before.intersection(&owners).cloned().collect(),
        });
    }
    Ok(Ownership::of(everywhere.unwrap_or_default(), ours))
}

fn higher(one: OurHold, other: OurHold) -> OurHold {
    match (one, other) {
        (OurHold::Above, _) | (_, OurHold::Above) => OurHold::Above,
        (OurHold::Maker, _) | (_, OurHold::Maker) => OurHold::Maker,
        (OurHold::Beside, _) | (_, OurHold::Beside) => OurHold::Beside,
        _ => OurHold::Nothing,
    }
}

async fn is_in(client: &Client, place: &Place, user: &str) -> Result<bool, Fault> {
    let member = client.state(&place.id, "m.room.member", user).await?;
    Ok(member.is_some_and(|member| member["membership"] == "join"))
}

/// Who may do what in one room.
struct Room {
    levels: Value,
    /// Who stands above all levels.
    creators: BTreeSet<String>,
}

impl Room {
    /// As it is when the room is not paused: pausing raises what is needed and nobody's level.
    async fn read(client: &Client, place: &Place, paused: &[Paused]) -> Result<Self, Fault> {
        let current = client.state(&place.id, LEVELS, "").await?;
        let current = current.unwrap_or_else(|| json!({}));
        let levels = match paused.iter().find(|room| room.place.id == place.id) {
            Some(room) if room.ours == current => room.saved.clone(),
            _ => current,
        };
        let creation = client.state_event(&place.id, "m.room.create").await?;
        let creation = creation.unwrap_or_else(|| json!({}));
        Ok(Self {
            levels,
            creators: creators(&creation),
        })
    }

    /// What changing the levels needs: who has that can give every other right.
    fn needed(&self) -> i64 {
        number(&self.levels["events"][LEVELS])
            .or_else(|| number(&self.levels["state_default"]))
            .unwrap_or(50)
    }

    fn level(&self, user: &str) -> i64 {
        if self.creators.contains(user) {
            return i64::MAX;
        }
        number(&self.levels["users"][user])
            .or_else(|| number(&self.levels["users_default"]))
            .unwrap_or(0)
    }

    fn candidates(&self) -> BTreeSet<String> {
        let named = self.levels["users"].as_object().into_iter();
        named
            .flat_map(Map::keys)
            .chain(&self.creators)
            .filter(|user| self.level(user) >= self.needed())
            .cloned()
            .collect()
    }

    fn hold(&self, bot: &str, owners: &BTreeSet<String>) -> OurHold {
        let own = self.level(bot);
        let highest = owners.iter().map(|user| self.level(user)).max();
        if own < self.needed() {
            OurHold::Nothing
        } else if highest.is_some_and(|highest| highest >= own) {
            OurHold::Beside
        } else if self.creators.contains(bot) {
            OurHold::Maker
        } else {
            OurHold::Above
        }
    }
}

/// The creators, where the version of the room puts them above the levels.
fn creators(creation: &Value) -> BTreeSet<String> {
    let content = &creation["content"];
    if !has_creators(content["room_version"].as_str().unwrap_or("1")) {
        return BTreeSet::new();
    }
    let others = content["additional_creators"].as_array();
    let others = others.into_iter().flatten().filter_map(Value::as_str);
    creation["sender"]
        .as_str()
        .into_iter()
        .chain(others)
        .map(str::to_owned)
        .collect()
}

/// Gives a person the highest level in the space and its rooms, and invites them where they are not.
pub(super) async fn hand_to(site: &Site, person: &str) -> Result<String, Fault> {
    if !is_user(person) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{person:?} is no Matrix user."),
        )
        .hint("Write people as @name:server."));
    }
    let (client, places) = enter(site).await?;
    let paused: Vec<Paused> = site.fact(pause::FACT)?.unwrap_or_default();
    if !paused.is_empty() {
        return Err(Fault::new(
            FaultKind::Conflict,
            "The rooms are closed, and opening them puts the levels back as they were; nobody was raised.",
        )
        .hint("Switch the instance on first."));
    }
    check_known(&client, person).await?;
    for place in places.all() {
        let mut room = Room::read(&client, place, &paused).await?;
        let member = client.state(&place.id, "m.room.member", person).await?;
        let state = member
            .as_ref()
            .and_then(|found| found["membership"].as_str());
        if !matches!(state, Some("join" | "invite")) {
            client.invite(&place.id, person).await?;
        }
        let wanted = room.needed().max(HIGHEST).min(room.level(&places.bot));
        if room.level(person) < wanted {
            room.levels["users"][person] = json!(wanted);
            let doing = format!("make {person} an owner of {}", place.name);
            client
                .put_state(&place.id, LEVELS, "", &room.levels, &doing)
                .await?;
        }
    }
    Ok(format!(
        "{person} has the highest level in the space and in its rooms, and is invited where they are not in yet."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn room(version: &str, users: &Value) -> Room {
        let creation = json!({"sender": "@bot:x", "content": {"room_version": version}});
        Room {
            levels: json!({"users": users, "events": {LEVELS: 100}, "state_default": 50}),
            creators: creators(&creation),
        }
    }

    #[test]
    fn a_person_beside_the_bot_owns_a_room_and_one_below_does_not() {
        let beside = room(
            "10",
            &json!({"@bot:x": 100, "@amina:x": 100, "@kwame:x": 50}),
        );
        let owners = BTreeSet::from(["@amina:x".to_owned()]);
        assert!(beside.candidates().contains("@amina:x"));
        assert!(!beside.candidates().contains("@kwame:x"));
        assert_eq!(beside.hold("@bot:x", &owners), OurHold::Beside);
        assert_eq!(beside.hold("@bot:x", &BTreeSet::new()), OurHold::Above);
        let left = room("10", &json!({"@amina:x": 100}));
        assert_eq!(left.hold("@bot:x", &owners), OurHold::Nothing);
    }

    #[test]
    fn whoever_made_a_new_room_stands_above_everybody_with_a_number() {
        let made = room("12", &json!({"@amina:x": 100}));
        let owners = BTreeSet::from(["@amina:x".to_owned()]);
        assert_eq!(made.hold("@bot:x", &owners), OurHold::Maker);
    }
}
