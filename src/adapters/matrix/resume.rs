//! Switching on again: the levels that switching off saved are put back, and what others changed meanwhile is kept and told.

use super::client::{Client, Door};
use super::pause::{FACT, Paused, RAISED, names, set_levels};
use super::record::{Place, Places};
use super::{address, bot, gone, levels, pause};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind};
use serde_json::{Map, Value};
use url::Url;

/// Opens the rooms again.
pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    if known.is_empty() {
        return Ok("The rooms are open.".into());
    }
    let base = address::base(op.site()).await?;
    let mut places = Places::of(op)?;
    let client = bot::client(op, &base, &mut places).await?;
    let opened = open_places(op, &base, &client).await?;
    match opened.refused.first() {
        None => Ok(opened.sentence()),
        Some((_, fault)) => Err(fault.clone().into()),
    }
}

/// Closes what is switched off, and opens what stayed closed when it was switched on, because the bot was not there then.
pub(super) async fn as_wanted(
    op: &Op,
    base: &Url,
    client: &Client,
    places: &Places,
) -> Result<(), Halt> {
    if !op.site().active {
        pause::pause_places(op, client, places).await?;
        return Ok(());
    }
    let known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    if known.is_empty() {
        return Ok(());
    }
    match open_places(op, base, client).await?.refused.pop() {
        None => Ok(()),
        Some((_, fault)) => Err(fault.into()),
    }
}

/// What came of opening.
#[derive(Default)]
pub(super) struct Opened {
    /// How many are open.
    open: usize,
    /// Where what others changed meanwhile was kept.
    edited: Vec<Place>,
    /// Deleted.
    gone: Vec<Place>,
    /// Not seen by the bot: remembered, and opened when it is back.
    unseen: Vec<Place>,
    /// Where the bot may not open what it closed.
    pub refused: Vec<(Place, Fault)>,
}

impl Opened {
    fn sentence(&self) -> String {
        let mut text = if self.open == 0 {
            "There is no room to open".to_owned()
        } else {
            "Members can write again".to_owned()
        };
        let told = [
            ("what others changed meanwhile was kept in", &self.edited),
            ("gone:", &self.gone),
            (
                "still closed, because the bot is not in it (invite it, then put back what differs):",
                &self.unseen,
            ),
        ];
        for (what, places) in told {
            if !places.is_empty() {
                for part in ["; ", what, " ", &names(places)] {
                    text.push_str(part);
                }
            }
        }
        text.push('.');
        text
    }

    /// The rooms that stay closed.
    pub fn closed(&self) -> impl Iterator<Item = &Place> {
        let refused = self.refused.iter().map(|(place, _)| place);
        self.unseen.iter().chain(refused)
    }
}

/// Puts back the levels wherever the bot sees them and may; what is not open by then stays remembered.
pub(super) async fn open_places(op: &Op, base: &Url, client: &Client) -> Result<Opened, Halt> {
    let known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    let (mut opened, mut left) = (Opened::default(), known.clone());
    for (at, room) in known.iter().enumerate() {
        op.progress("rooms opened", at, known.len(), &room.place.name);
        match open(client, room).await {
            Ok(Some(was_edited)) => {
                opened.open += 1;
                opened.edited.extend(was_edited.then(|| room.place.clone()));
            }
            Ok(None) if gone::is_gone(op.site(), base, client, &room.place).await? => {
                opened.gone.push(room.place.clone());
            }
            Ok(None) => {
                opened.unseen.push(room.place.clone());
                continue;
            }
            // The other rooms may let it.
            Err(fault) if fault.kind == FaultKind::ScopeMissing => {
                opened.refused.push((room.place.clone(), fault));
                continue;
            }
            Err(fault) => return Err(fault.into()),
        }
        left.retain(|kept| kept.place.id != room.place.id);
    }
    if left.is_empty() {
        op.forget(FACT).await?;
    } else {
        op.remember(FACT, &left).await?;
    }
    Ok(opened)
}

/// Opens one room. Answers whether others changed something meanwhile; nothing where the bot does not come in.
async fn open(client: &Client, room: &Paused) -> Result<Option<bool>, Fault> {
    let mut seen = levels::of(client, &room.place).await?;
    if seen.is_none() && client.join(&room.place.id).await? == Door::In {
        seen = levels::of(client, &room.place).await?;
    }
    let Some(current) = seen else {
        return Ok(None);
    };
    if current == room.saved {
        return Ok(Some(false));
    }
    let is_ours = current == room.ours;
    let restored = if is_ours {
        room.saved.clone()
    } else {
        restore(&current, room)
    };
    if restored != current {
        set_levels(client, &room.place, &restored).await?;
    }
    Ok(Some(!is_ours))
}

/// The current levels with only those of our changes taken back that still stand.
pub(super) fn restore(current: &Value, room: &Paused) -> Value {
    let mut restored = current.clone();
    for field in RAISED {
        take_back(&mut restored, field, &room.ours, &room.saved);
    }
    if let Some(events) = restored.get_mut("events") {
        let kinds: Vec<String> = room.ours["events"]
            .as_object()
            .into_iter()
            .flat_map(Map::keys)
            .cloned()
            .collect();
        for kind in kinds {
            take_back(events, &kind, &room.ours["events"], &room.saved["events"]);
        }
    }
    restored
}

fn take_back(levels: &mut Value, field: &str, ours: &Value, saved: &Value) {
    let Some(levels) = levels.as_object_mut() else {
        return;
    };
    if levels.get(field).is_none() || levels.get(field) != ours.get(field) {
        return;
    }
    match saved.get(field) {
        Some(value) => {
            levels.insert(field.to_owned(), value.clone());
        }
        None => {
            levels.shift_remove(field);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::pause::raise;
    use super::*;
    use serde_json::json;

    fn paused(saved: Value) -> Paused {
        Paused {
            place: Place {
                name: "general".into(),
                id: "!x".into(),
                alias: None,
            },
            ours: raise(&saved, 101),
            saved,
            sent: true,
            level: 101,
        }
    }

    #[test]
    fn what_others_changed_meanwhile_is_kept() {
        let room = paused(json!({"events": {"m.room.name": 50}, "invite": 0, "users": {}}));
        let mut current = room.ours.clone();
        current["users"] = json!({"@amina:x": 50});
        current["invite"] = json!(60);
        assert_eq!(
            restore(&current, &room),
            json!({"events": {"m.room.name": 50}, "invite": 60, "users": {"@amina:x": 50}})
        );
    }
}
