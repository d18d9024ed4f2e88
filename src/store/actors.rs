//! Who may act, and for which communities. What they may do is the domain's.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::{Actor, ActorId, CommunityId, Fault, Role};
use jiff::Timestamp;

/// Communities as a JSON list, so that an actor is one row. Those that are archived are administered by nobody.
pub(super) const ACTOR: &str = "SELECT a.id, a.name, a.role,
    (SELECT json_group_array(l.community) FROM actor_communities l
     JOIN communities c ON c.id = l.community AND c.archived_at IS NULL WHERE l.actor = a.id) FROM actors a";

pub(super) fn actor(row: &rusqlite::Row<'_>) -> rusqlite::Result<Actor> {
    let mut columns = Columns::of(row);
    Ok(Actor {
        id: ActorId(columns.value()?),
        name: columns.value()?,
        role: columns.word()?,
        communities: columns.json()?,
    })
}

impl Reader<'_> {
    /// An actor by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn actor(&self, id: ActorId) -> Result<Actor, Fault> {
        self.one(&format!("{ACTOR} WHERE a.id = ?1"), [id.0], actor)?
            .ok_or_else(|| fault::not_found("actor", id))
    }

    /// An actor by name.
    ///
    /// # Errors
    /// As the module says.
    pub fn actor_named(&self, name: &str) -> Result<Option<Actor>, Fault> {
        self.one(&format!("{ACTOR} WHERE a.name = ?1"), [name], actor)
    }

    /// Every actor, by name.
    ///
    /// # Errors
    /// As the module says.
    pub fn actors(&self) -> Result<Vec<Actor>, Fault> {
        self.many(&format!("{ACTOR} ORDER BY a.name"), [], actor)
    }
}

impl Writer<'_> {
    /// Records an actor.
    ///
    /// # Errors
    /// `Conflict` when the name is taken.
    pub fn insert_actor(&self, name: &str, role: Role, now: Timestamp) -> Result<Actor, Fault> {
        self.attempt(
            "INSERT INTO actors (name, role, created_at) VALUES (?1, ?2, ?3)",
            (name, role.word(), millis(now)),
        )
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    format!("There is an actor {name} already."),
                    "Choose another name.",
                )
            } else {
                fault::from_sqlite(&error)
            }
        })?;
        self.actor(ActorId(self.last_id()))
    }

    /// Lets an actor administer a community. Doing it twice changes nothing.
    ///
    /// # Errors
    /// `NotFound` when either is missing.
    pub fn grant_community(&self, actor: ActorId, community: CommunityId) -> Result<(), Fault> {
        self.actor(actor)?;
        self.community(community)?;
        self.change(
            "INSERT INTO actor_communities (actor, community) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (actor.0, community.0),
        )
        .map(drop)
    }

    /// Ends that, and says whether it was so.
    ///
    /// # Errors
    /// As the module says.
    pub fn revoke_community(&self, actor: ActorId, community: CommunityId) -> Result<bool, Fault> {
        self.change(
            "DELETE FROM actor_communities WHERE actor = ?1 AND community = ?2",
            (actor.0, community.0),
        )
        .map(|changed| changed > 0)
    }
}
