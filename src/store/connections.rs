//! Connections between instances of one community.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::{
    CommunityId, Connection, ConnectionId, ConnectionState, Fault, FaultKind, InstanceId,
};
use jiff::Timestamp;

const CONNECTION: &str = "SELECT c.id, c.from_instance, c.to_instance, c.verb, c.state, c.note, c.tested_at FROM connections c";

fn connection(row: &rusqlite::Row<'_>) -> rusqlite::Result<Connection> {
    let mut columns = Columns::of(row);
    Ok(Connection {
        id: ConnectionId(columns.value()?),
        from: InstanceId(columns.value()?),
        to: InstanceId(columns.value()?),
        verb: columns.value()?,
        state: columns.word()?,
        note: columns.value()?,
        tested_at: columns.time_or_none()?,
    })
}

impl Reader<'_> {
    /// A connection by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn connection_by_id(&self, id: ConnectionId) -> Result<Connection, Fault> {
        self.one(&format!("{CONNECTION} WHERE c.id = ?1"), [id.0], connection)?
            .ok_or_else(|| fault::not_found("connection", id))
    }

    /// The connections of a community, in the order in which they were made.
    ///
    /// # Errors
    /// As the module says.
    pub fn connections_of(&self, community: CommunityId) -> Result<Vec<Connection>, Fault> {
        self.many(
            &format!(
                "{CONNECTION} JOIN instances i ON i.id = c.from_instance WHERE i.community = ?1 ORDER BY c.id"
            ),
            [community.0],
            connection,
        )
    }

    /// The connections that begin or end at an instance.
    ///
    /// # Errors
    /// As the module says.
    pub fn connections_at(&self, instance: InstanceId) -> Result<Vec<Connection>, Fault> {
        self.many(
            &format!("{CONNECTION} WHERE c.from_instance = ?1 OR c.to_instance = ?1 ORDER BY c.id"),
            [instance.0],
            connection,
        )
    }
}

impl Writer<'_> {
    /// Records a connection, waiting.
    ///
    /// # Errors
    /// `BadInput` when its ends are of two communities, `Conflict` when it is there already, `NotFound` when an end is
    /// not.
    pub fn insert_connection(
        &self,
        from: InstanceId,
        to: InstanceId,
        verb: &str,
    ) -> Result<Connection, Fault> {
        if self.instance(from)?.community != self.instance(to)?.community {
            return Err(Fault::new(
                FaultKind::BadInput,
                "Those two instances belong to different communities, so they are not connected.",
            )
            .hint("Connect instances of one community."));
        }
        self.attempt(
            "INSERT INTO connections (from_instance, to_instance, verb, state) VALUES (?1, ?2, ?3, ?4)",
            (from.0, to.0, verb, ConnectionState::Waiting.word()),
        )
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    "Those two instances are connected already.",
                    "Test that connection, or undo it first.",
                )
            } else {
                fault::from_sqlite(&error)
            }
        })?;
        self.connection_by_id(ConnectionId(self.last_id()))
    }

    /// Changes where a connection stands, with the reason beside it. A time says when it was tested; without one the
    /// former test's time stays.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_connection_state(
        &self,
        id: ConnectionId,
        state: ConnectionState,
        note: &str,
        tested_at: Option<Timestamp>,
    ) -> Result<(), Fault> {
        self.change_one(
            "connection",
            id,
            "UPDATE connections SET state = ?2, note = ?3, tested_at = coalesce(?4, tested_at) WHERE id = ?1",
            (id.0, state.word(), note, tested_at.map(millis)),
        )
    }

    /// Forgets a connection.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn remove_connection(&self, id: ConnectionId) -> Result<(), Fault> {
        self.change_one(
            "connection",
            id,
            "DELETE FROM connections WHERE id = ?1",
            [id.0],
        )
    }
}
