//! Keys that are being replaced: the rows that hold them, what depends on them and how far each of that is.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::{
    CredentialId, Fault, InstanceId, PartState, PlatformId, Rotation, RotationId, RotationPart,
    RotationReason,
};
use jiff::Timestamp;

/// What is recorded of a rotation when it is asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRotation {
    /// Whose platform's key.
    pub platform: PlatformId,
    /// Which field of the manifest.
    pub field: String,
    /// The last four characters of the old key.
    pub last_four: String,
    /// Why.
    pub reason: RotationReason,
    /// Particulars of the reason.
    pub why: String,
    /// Who asks, by name.
    pub actor: String,
}

const ROTATION: &str =
    "SELECT r.id, r.platform, r.field, r.last_four, r.reason, r.why, r.actor, r.started_at,
    r.ended_at, r.proof FROM rotations r";

fn rotation(row: &rusqlite::Row<'_>) -> rusqlite::Result<Rotation> {
    let mut columns = Columns::of(row);
    Ok(Rotation {
        id: RotationId(columns.value()?),
        platform: columns.platform()?,
        field: columns.value()?,
        last_four: columns.value()?,
        reason: columns.word()?,
        why: columns.value()?,
        actor: columns.value()?,
        started_at: columns.time()?,
        ended_at: columns.time_or_none()?,
        proof: columns.value()?,
    })
}

impl Reader<'_> {
    /// A rotation by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn rotation(&self, id: RotationId) -> Result<Rotation, Fault> {
        self.one(&format!("{ROTATION} WHERE r.id = ?1"), [id.0], rotation)?
            .ok_or_else(|| fault::not_found("rotation", id))
    }

    /// Every rotation, the newest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn rotations(&self) -> Result<Vec<Rotation>, Fault> {
        self.many(&format!("{ROTATION} ORDER BY r.id DESC"), [], rotation)
    }

    /// The rotation under way of which this key is a row.
    ///
    /// # Errors
    /// As the module says.
    pub fn open_rotation_of_key(&self, key: CredentialId) -> Result<Option<Rotation>, Fault> {
        self.one(
            &format!(
                "{ROTATION} JOIN rotation_keys k ON k.rotation = r.id
                 WHERE k.credential = ?1 AND r.ended_at IS NULL ORDER BY r.id DESC LIMIT 1"
            ),
            [key.0],
            rotation,
        )
    }

    /// The rotations under way in which an instance has to move or has moved.
    ///
    /// # Errors
    /// As the module says.
    pub fn open_rotations_at(&self, instance: InstanceId) -> Result<Vec<Rotation>, Fault> {
        self.many(
            &format!(
                "{ROTATION} JOIN rotation_parts p ON p.rotation = r.id
                 WHERE p.instance = ?1 AND r.ended_at IS NULL ORDER BY r.id"
            ),
            [instance.0],
            rotation,
        )
    }

    /// The rotations that are over in which an instance had to move, the oldest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn ended_rotations_at(&self, instance: InstanceId) -> Result<Vec<Rotation>, Fault> {
        self.many(
            &format!(
                "{ROTATION} JOIN rotation_parts p ON p.rotation = r.id
                 WHERE p.instance = ?1 AND r.ended_at IS NOT NULL ORDER BY r.id"
            ),
            [instance.0],
            rotation,
        )
    }

    /// The rows that hold the old key.
    ///
    /// # Errors
    /// As the module says.
    pub fn rotation_keys(&self, id: RotationId) -> Result<Vec<CredentialId>, Fault> {
        self.many(
            "SELECT credential FROM rotation_keys WHERE rotation = ?1 ORDER BY credential",
            [id.0],
            |row| row.get(0).map(CredentialId),
        )
    }

    /// What depends on the old key, in the order of the instances.
    ///
    /// # Errors
    /// As the module says.
    pub fn rotation_parts(&self, id: RotationId) -> Result<Vec<RotationPart>, Fault> {
        self.many(
            "SELECT instance, field, state, note, at FROM rotation_parts WHERE rotation = ?1 ORDER BY instance",
            [id.0],
            |row| {
                let mut columns = Columns::of(row);
                Ok(RotationPart {
                    instance: InstanceId(columns.value()?),
                    field: columns.value()?,
                    state: columns.word()?,
                    note: columns.value()?,
                    at: columns.time()?,
                })
            },
        )
    }
}

impl Writer<'_> {
    /// Records a rotation.
    ///
    /// # Errors
    /// As the module says.
    pub fn insert_rotation(&self, new: &NewRotation, now: Timestamp) -> Result<RotationId, Fault> {
        self.change(
            "INSERT INTO rotations (platform, field, last_four, reason, why, actor, started_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            (
                new.platform.as_str(),
                &new.field,
                &new.last_four,
                new.reason.word(),
                &new.why,
                &new.actor,
                millis(now),
            ),
        )?;
        Ok(RotationId(self.last_id()))
    }

    /// Changes why a key is replaced: what was a choice may turn out to be a leak.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_rotation_reason(
        &self,
        id: RotationId,
        reason: RotationReason,
        why: &str,
    ) -> Result<(), Fault> {
        self.change_one(
            "rotation",
            id,
            "UPDATE rotations SET reason = ?2, why = ?3 WHERE id = ?1",
            (id.0, reason.word(), why),
        )
    }

    /// Records a row that holds the old key. Repeating is harmless.
    ///
    /// # Errors
    /// As the module says.
    pub fn add_rotation_key(&self, id: RotationId, key: CredentialId) -> Result<(), Fault> {
        self.change(
            "INSERT INTO rotation_keys (rotation, credential) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
            (id.0, key.0),
        )
        .map(drop)
    }

    /// Records an instance that depends on the old key. One that is recorded keeps how far it is. Whether it is new.
    ///
    /// # Errors
    /// As the module says.
    pub fn add_rotation_part(
        &self,
        id: RotationId,
        instance: InstanceId,
        field: &str,
        now: Timestamp,
    ) -> Result<bool, Fault> {
        let added = self.change(
            "INSERT INTO rotation_parts (rotation, instance, field, state, note, at)
             VALUES (?1, ?2, ?3, 'open', '', ?4) ON CONFLICT DO NOTHING",
            (id.0, instance.0, field, millis(now)),
        )?;
        Ok(added > 0)
    }

    /// Records how far an instance is.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_rotation_part(
        &self,
        id: RotationId,
        instance: InstanceId,
        state: PartState,
        note: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change_one(
            "part of the rotation",
            instance,
            "UPDATE rotation_parts SET state = ?3, note = ?4, at = ?5 WHERE rotation = ?1 AND instance = ?2",
            (id.0, instance.0, state.word(), note, millis(now)),
        )
    }

    /// Records that a rotation is over, and how that is known.
    ///
    /// # Errors
    /// `NotFound`, also when it is over already.
    pub fn end_rotation(&self, id: RotationId, proof: &str, now: Timestamp) -> Result<(), Fault> {
        self.change_one(
            "rotation under way",
            id,
            "UPDATE rotations SET ended_at = ?2, proof = ?3 WHERE id = ?1 AND ended_at IS NULL",
            (id.0, millis(now), proof),
        )
    }
}
