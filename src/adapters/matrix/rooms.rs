//! Making one room or space exactly once. Its alias holds the operation key and is the idempotency key; the marker event
//! says that it is complete (sheet: matrix 4).

use super::client::{Client, bad_answer};
use super::errors;
use super::record::{MARKER, Place, marker};
use crate::adapters::{contract::Site, http::Method};
use crate::domain::{Fault, FaultKind, OperationKey};
use serde_json::{Value, json};
use std::time::Duration;

/// A room as it is wanted.
pub(super) struct Wanted<'a> {
    /// Short name: "space", or as in the settings.
    pub part: &'a str,
    /// Everything but alias and marker.
    pub body: Value,
    /// Whether it is the space, whose alias has no name of a room.
    pub is_space: bool,
}

/// What stands behind an alias.
enum Seen {
    Nothing,
    /// Complete, with our marker.
    Ours(String),
    /// Begun by us and not finished.
    Half(String),
    /// Somebody else's.
    Foreign,
}

/// Makes rooms on one server for one site.
pub(super) struct Maker<'a> {
    pub site: &'a Site,
    pub client: &'a Client,
    pub server: &'a str,
    pub bot: &'a str,
}

impl Maker<'_> {
    fn local_alias(key: &OperationKey, wanted: &Wanted<'_>) -> String {
        if wanted.is_space {
            format!("gh-{key}")
        } else {
            format!("gh-{key}-{}", wanted.part)
        }
    }

    fn alias(&self, key: &OperationKey, wanted: &Wanted<'_>) -> String {
        format!("#{}:{}", Self::local_alias(key, wanted), self.server)
    }

    fn place(&self, room: String, key: &OperationKey, wanted: &Wanted<'_>) -> Place {
        Place {
            name: wanted.part.to_owned(),
            id: room,
            alias: Some(self.alias(key, wanted)),
        }
    }

    /// What an earlier attempt made, when it is complete.
    pub async fn find(
        &self,
        key: OperationKey,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Place>, Fault> {
        match self.look(&key, wanted).await? {
            Seen::Ours(room) => Ok(Some(self.place(room, &key, wanted))),
            _ => Ok(None),
        }
    }

    /// Makes it. What an earlier attempt left half-made is cleared away first.
    pub async fn create(&self, key: OperationKey, wanted: &Wanted<'_>) -> Result<Place, Fault> {
        let doing = format!("make the room {}", wanted.part);
        // The second time the alias is free; a third would mean that somebody else makes it.
        for _ in 0..2 {
            let mut body = wanted.body.clone();
            body["room_alias_name"] = json!(Self::local_alias(&key, wanted));
            let mark = json!({
                "type": MARKER, "state_key": "",
                "content": marker(self.site, key.as_str(), wanted.part),
            });
            match body["initial_state"].as_array_mut() {
                Some(state) => state.insert(0, mark),
                None => body["initial_state"] = json!([mark]),
            }
            let call = self
                .client
                .call(Method::POST, "/_matrix/client/v3/createRoom");
            // 0.016 per second after 10 (sheet: matrix 3).
            let call = self
                .client
                .limited(call, "rooms", 10, Duration::from_secs(62));
            let answer = call.json(&body).send().await.map_err(advise)?;
            if answer.is_success() {
                let made: Value = answer.json()?;
                let room = made["room_id"]
                    .as_str()
                    .ok_or_else(|| bad_answer("the room's id"))?;
                return Ok(self.place(room.to_owned(), &key, wanted));
            }
            if errors::code(&answer) != "M_ROOM_IN_USE" {
                if answer.status < 500 {
                    // A refusal found late leaves the alias taken; it must not stand in the way of the next try.
                    self.clear(&key, wanted).await?;
                }
                return Err(errors::fault(&answer, &doing));
            }
            if let Some(place) = self.settle(&key, wanted).await? {
                return Ok(place);
            }
        }
        Err(Fault::new(
            FaultKind::Conflict,
            format!("The alias of the room {} is taken again and again.", wanted.part),
        )
        .hint("Look on the homeserver who uses aliases beginning with gh-, then resume the operation."))
    }

    /// The alias is taken: by a complete room of ours, or by a half-made one that is cleared away.
    async fn settle(
        &self,
        key: &OperationKey,
        wanted: &Wanted<'_>,
    ) -> Result<Option<Place>, Fault> {
        if let Seen::Half(_) = self.look(key, wanted).await? {
            // The call that makes it may still be running on the server.
            self.client.wait(self.site.settling).await?;
        }
        match self.look(key, wanted).await? {
            Seen::Ours(room) => Ok(Some(self.place(room, key, wanted))),
            Seen::Half(room) => {
                self.discard(&room, &self.alias(key, wanted)).await?;
                Ok(None)
            }
            Seen::Nothing => Ok(None),
            Seen::Foreign => Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "Another room on {} has the alias meant for {}.",
                    self.server, wanted.part
                ),
            )
            .hint("Free the alias on the homeserver, then resume the operation.")),
        }
    }

    async fn clear(&self, key: &OperationKey, wanted: &Wanted<'_>) -> Result<(), Fault> {
        if let Seen::Half(room) = self.look(key, wanted).await? {
            self.discard(&room, &self.alias(key, wanted)).await?;
        }
        Ok(())
    }

    /// Leaves first and frees the alias last, so that an interruption leaves something to find.
    async fn discard(&self, room: &str, alias: &str) -> Result<(), Fault> {
        self.client.leave(room).await?;
        self.client.delete_alias(alias).await
    }

    async fn look(&self, key: &OperationKey, wanted: &Wanted<'_>) -> Result<Seen, Fault> {
        let Some(room) = self.client.resolve(&self.alias(key, wanted)).await? else {
            return Ok(Seen::Nothing);
        };
        let answer = self.client.state_answer(&room, MARKER, "").await?;
        if answer.is_success() {
            let content: Value = answer.json()?;
            return Ok(if content["key"] == key.as_str() {
                Seen::Ours(room)
            } else {
                Seen::Foreign
            });
        }
        // Once an alias was seen that led to a room nobody was in.
        if errors::is_not_in_room(&answer) {
            return Ok(Seen::Half(room));
        }
        if answer.status != 404 {
            return Err(errors::fault(&answer, "read a room"));
        }
        let begun = self.client.state_event(&room, "m.room.create").await?;
        Ok(match begun {
            Some(event) if event["sender"] != self.bot => Seen::Foreign,
            _ => Seen::Half(room),
        })
    }
}

/// Adds what an operator can do about the limit on making rooms, which only the server's configuration lifts.
fn advise(fault: Fault) -> Fault {
    if !matches!(fault.kind, FaultKind::RateLimited { .. }) {
        return fault;
    }
    let hint = format!(
        "{} Raising rc_room_creation in homeserver.yaml lifts this; then switch on the setting raised_limits.",
        fault.hint
    );
    fault.hint(hint)
}
