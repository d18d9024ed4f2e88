//! Those who come in over SSH: their keys, and how much of a community its administrators may switch on.

use super::{
    Reader, Writer,
    actors::{ACTOR, actor},
    columns::{Columns, json_text, millis},
    fault,
};
use crate::domain::{Actor, ActorId, AdminKey, Allowance, CommunityId, Fault, LoginKey, Slug};
use jiff::Timestamp;

impl Reader<'_> {
    /// Whose key this is, by its fingerprint.
    ///
    /// # Errors
    /// As the module says.
    pub fn actor_with_key(&self, fingerprint: &str) -> Result<Option<Actor>, Fault> {
        self.one(
            &format!(
                "{ACTOR} WHERE a.id = (SELECT k.actor FROM actor_keys k WHERE k.fingerprint = ?1)"
            ),
            [fingerprint],
            actor,
        )
    }

    /// A key as OpenSSH writes it, its kind and its body, by its fingerprint.
    ///
    /// # Errors
    /// As the module says.
    pub fn login_key(&self, fingerprint: &str) -> Result<Option<(String, String)>, Fault> {
        self.one(
            "SELECT kind, body FROM actor_keys WHERE fingerprint = ?1",
            [fingerprint],
            |row| Ok((row.get(0)?, row.get(1)?)),
        )
    }

    /// The keys of an actor, the oldest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn keys_of_actor(&self, actor: ActorId) -> Result<Vec<AdminKey>, Fault> {
        self.many(
            "SELECT kind, fingerprint, comment, added_at FROM actor_keys
             WHERE actor = ?1 ORDER BY added_at, fingerprint",
            [actor.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok(AdminKey {
                    kind: columns.value()?,
                    fingerprint: columns.value()?,
                    comment: columns.value()?,
                    added_at: columns.time()?,
                })
            },
        )
    }

    /// The communities an actor was given, archived ones included, by short name.
    ///
    /// # Errors
    /// As the module says.
    pub fn communities_given(&self, actor: ActorId) -> Result<Vec<(CommunityId, Slug)>, Fault> {
        self.many(
            "SELECT c.id, c.slug FROM actor_communities l JOIN communities c ON c.id = l.community
             WHERE l.actor = ?1 ORDER BY c.slug",
            [actor.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok((CommunityId(columns.value()?), columns.slug()?))
            },
        )
    }

    /// How much a community's administrators may switch on; the default where nobody said.
    ///
    /// # Errors
    /// As the module says.
    pub fn allowance(&self, community: CommunityId) -> Result<Allowance, Fault> {
        let found = self.one(
            "SELECT allowance FROM allowances WHERE community = ?1",
            [community.0],
            |row| Columns::of(row).json(),
        )?;
        Ok(found.unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Adds a key by which an actor comes in.
    ///
    /// # Errors
    /// `Conflict` when somebody comes in by it already.
    pub fn add_login_key(
        &self,
        actor: ActorId,
        key: &LoginKey,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.attempt(
            "INSERT INTO actor_keys (fingerprint, actor, kind, body, comment, added_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                &key.fingerprint,
                actor.0,
                &key.kind,
                &key.body,
                &key.comment,
                millis(now),
            ),
        )
        .map(drop)
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    "Somebody comes in by that key already.",
                    "Add another key; each tells who is there.",
                )
            } else {
                fault::from_sqlite(&error)
            }
        })
    }

    /// Forgets an actor with the keys and communities. What the audit says of it stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove_actor(&self, id: ActorId) -> Result<(), Fault> {
        self.change("DELETE FROM actor_keys WHERE actor = ?1", [id.0])?;
        self.change("DELETE FROM actor_communities WHERE actor = ?1", [id.0])?;
        self.change_one("actor", id, "DELETE FROM actors WHERE id = ?1", [id.0])
    }

    /// Says how much a community's administrators may switch on.
    ///
    /// # Errors
    /// As the module says.
    pub fn set_allowance(
        &self,
        community: CommunityId,
        allowance: &Allowance,
    ) -> Result<(), Fault> {
        self.change(
            "INSERT INTO allowances (community, allowance) VALUES (?1, ?2)
             ON CONFLICT (community) DO UPDATE SET allowance = excluded.allowance",
            (community.0, json_text(allowance)?),
        )
        .map(drop)
    }
}
