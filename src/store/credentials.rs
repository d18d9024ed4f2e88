//! Stored keys: what is known of them, and their sealed bytes. How they are sealed is the vault's.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis},
    fault,
};
use crate::domain::{
    AccountId, CommunityId, CredentialId, CredentialMeta, CredentialState, Fault, Identity,
    PlatformId,
};
use jiff::Timestamp;
use std::fmt;

/// A secret as it is stored.
#[derive(Clone, PartialEq, Eq)]
pub enum SealedSecret {
    /// Under the vault key.
    Vault(Vec<u8>),
    /// To the vault's public inbox, while it was locked.
    Inbox(Vec<u8>),
}

impl fmt::Debug for SealedSecret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (how, bytes) = match self {
            Self::Vault(bytes) => ("Vault", bytes.len()),
            Self::Inbox(bytes) => ("Inbox", bytes.len()),
        };
        write!(formatter, "{how}({bytes} bytes)")
    }
}

/// What is recorded of a key beside its sealed bytes.
#[derive(Debug, Clone, PartialEq)]
pub struct NewCredential {
    /// Whose.
    pub account: AccountId,
    /// Which field of the manifest.
    pub field: String,
    /// How it begins its life.
    pub state: CredentialState,
    /// How many characters it has.
    pub length: i64,
    /// Its last four, empty for short ones.
    pub last_four: String,
    /// A keyed hash; empty while the vault is locked.
    pub fingerprint: String,
    /// When the platform accepted it.
    pub verified_at: Option<Timestamp>,
    /// What the verification found.
    pub identity: Option<Identity>,
}

const META: &str =
    "SELECT c.id, c.account, c.field, c.version, c.state, c.length, c.last_four, c.fingerprint,
    c.created_at, c.verified_at, c.used_at, c.expires_at, c.identity FROM credentials c";

/// The newest version of each field that is neither on its way out nor out.
const CURRENT: &str =
    "c.version = (SELECT max(n.version) FROM credentials n WHERE n.account = c.account
    AND n.field = c.field AND n.state NOT IN ('retiring', 'revoked'))";

/// In use, and not on its way out.
const STAYS: &str =
    "c.state IN ('active', 'unverified') AND NOT EXISTS (SELECT 1 FROM rotation_keys k
    JOIN rotations r ON r.id = k.rotation WHERE k.credential = c.id AND r.ended_at IS NULL)";

fn meta(row: &rusqlite::Row<'_>) -> rusqlite::Result<CredentialMeta> {
    let mut columns = Columns::of(row);
    Ok(CredentialMeta {
        id: CredentialId(columns.value()?),
        account: AccountId(columns.value()?),
        field: columns.value()?,
        version: columns.value()?,
        state: columns.word()?,
        length: columns.value()?,
        last_four: columns.value()?,
        fingerprint: columns.value()?,
        created_at: columns.time()?,
        verified_at: columns.time_or_none()?,
        used_at: columns.time_or_none()?,
        expires_at: columns.time_or_none()?,
        identity: columns.json_or_none()?,
    })
}

impl Reader<'_> {
    /// What is known of a key.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn credential(&self, id: CredentialId) -> Result<CredentialMeta, Fault> {
        self.one(&format!("{META} WHERE c.id = ?1"), [id.0], meta)?
            .ok_or_else(|| fault::not_found("key", id))
    }

    /// Every version of every key of an account, by field, the newest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn credentials(&self, account: AccountId) -> Result<Vec<CredentialMeta>, Fault> {
        self.many(
            &format!("{META} WHERE c.account = ?1 ORDER BY c.field, c.version DESC"),
            [account.0],
            meta,
        )
    }

    /// The keys in use on a platform for a community, one for each field of each of its accounts; with no community,
    /// those of the installation's own accounts.
    ///
    /// # Errors
    /// As the module says.
    pub fn current_credentials(
        &self,
        community: Option<CommunityId>,
        platform: &PlatformId,
    ) -> Result<Vec<CredentialMeta>, Fault> {
        self.many(
            &format!(
                "{META} JOIN accounts a ON a.id = c.account
                 WHERE a.community IS ?1 AND a.platform = ?2 AND {CURRENT} ORDER BY c.account, c.field"
            ),
            (community.map(|id| id.0), platform.as_str()),
            meta,
        )
    }

    /// How many keys their platforms refused, or do not open any more.
    ///
    /// # Errors
    /// As the module says.
    pub fn keys_refused(&self) -> Result<u64, Fault> {
        self.count(
            "SELECT count(*) FROM credentials WHERE state IN ('rejected', 'needs-reentry')",
            [],
        )
    }

    /// How many keys in use stop working before this time, and are not being replaced.
    ///
    /// # Errors
    /// As the module says.
    pub fn count_keys_ending(&self, before: Timestamp) -> Result<u64, Fault> {
        self.count(
            &format!("SELECT count(*) FROM credentials c WHERE c.expires_at <= ?1 AND {STAYS}"),
            [millis(before)],
        )
    }

    /// How many keys in use of these fields of a platform were stored before this time, do not stop working before the
    /// other one, and are not being replaced.
    ///
    /// # Errors
    /// As the module says.
    pub fn count_keys_older(
        &self,
        platform: &PlatformId,
        fields: &[&str],
        before: Timestamp,
        ending: Timestamp,
    ) -> Result<u64, Fault> {
        self.count(
            &format!(
                "SELECT count(*) FROM credentials c JOIN accounts a ON a.id = c.account
                 WHERE c.created_at <= ?1 AND a.platform = ?2 AND c.field IN (SELECT value FROM json_each(?3))
                 AND coalesce(c.expires_at, ?4 + 1) > ?4 AND {STAYS}"
            ),
            (millis(before), platform.as_str(), json_text(&fields)?, millis(ending)),
        )
    }

    fn count(&self, query: &str, given: impl rusqlite::Params) -> Result<u64, Fault> {
        let found = self.one(query, given, |row| row.get::<_, i64>(0))?;
        Ok(found
            .and_then(|count| u64::try_from(count).ok())
            .unwrap_or(0))
    }

    /// Where the same secret is stored, on whatever account.
    ///
    /// # Errors
    /// As the module says.
    pub fn credentials_with_fingerprint(
        &self,
        fingerprint: &str,
    ) -> Result<Vec<CredentialMeta>, Fault> {
        self.many(
            &format!("{META} WHERE c.fingerprint = ?1 AND c.fingerprint <> '' ORDER BY c.id"),
            [fingerprint],
            meta,
        )
    }

    /// Keys that wait in the inbox for the next unlock.
    ///
    /// # Errors
    /// As the module says.
    pub fn inbox_credentials(&self) -> Result<Vec<CredentialMeta>, Fault> {
        self.many(
            &format!("{META} WHERE c.inbox IS NOT NULL ORDER BY c.id"),
            [],
            meta,
        )
    }

    /// The sealed bytes of a key.
    ///
    /// # Errors
    /// `NotFound`, also when the row has lost its bytes.
    pub fn sealed_secret(&self, id: CredentialId) -> Result<SealedSecret, Fault> {
        self.one(
            "SELECT sealed, inbox FROM credentials WHERE id = ?1",
            [id.0],
            |row| {
                let sealed: Option<Vec<u8>> = row.get(0)?;
                let inbox: Option<Vec<u8>> = row.get(1)?;
                Ok(sealed
                    .map(SealedSecret::Vault)
                    .or(inbox.map(SealedSecret::Inbox)))
            },
        )?
        .flatten()
        .ok_or_else(|| fault::not_found("key", id))
    }
}

impl Writer<'_> {
    /// Stores a key: gives it its row and version, then has it sealed, since the seal is bound to both. Former versions
    /// stay as they are.
    ///
    /// # Errors
    /// What sealing answers; `Conflict` when there is no such account.
    pub fn add_credential(
        &self,
        new: &NewCredential,
        now: Timestamp,
        seal: impl FnOnce(&CredentialMeta) -> Result<SealedSecret, Fault>,
    ) -> Result<CredentialMeta, Fault> {
        self.note_keys(None)?;
        let identity = new.identity.as_ref().map(json_text).transpose()?;
        let expires_at = new.identity.as_ref().and_then(|found| found.expires_at);
        self.change(
            "INSERT INTO credentials (account, field, version, state, length, last_four, fingerprint,
                created_at, verified_at, expires_at, identity)
             VALUES (?1, ?2, (SELECT coalesce(max(version), 0) + 1 FROM credentials WHERE account = ?1 AND field = ?2),
                ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                new.account.0,
                &new.field,
                new.state.word(),
                new.length,
                &new.last_four,
                &new.fingerprint,
                millis(now),
                new.verified_at.map(millis),
                expires_at.map(millis),
                identity,
            ),
        )?;
        let stored = self.credential(CredentialId(self.last_id()))?;
        self.write_secret(stored.id, &seal(&stored)?)?;
        Ok(stored)
    }

    /// Replaces the sealed bytes of a key: out of the inbox into its row, or under another vault key.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn reseal_credential(
        &self,
        id: CredentialId,
        secret: &SealedSecret,
        fingerprint: &str,
        state: CredentialState,
    ) -> Result<(), Fault> {
        self.write_secret(id, secret)?;
        self.change_one(
            "key",
            id,
            "UPDATE credentials SET fingerprint = ?2, state = ?3 WHERE id = ?1",
            (id.0, fingerprint, state.word()),
        )
    }

    /// Changes where a key stands in its life.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_credential_state(
        &self,
        id: CredentialId,
        state: CredentialState,
    ) -> Result<(), Fault> {
        self.change_one(
            "key",
            id,
            "UPDATE credentials SET state = ?2 WHERE id = ?1",
            (id.0, state.word()),
        )
    }

    /// Records that the platform accepted a key, and what it found; the key becomes active.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_credential_verified(
        &self,
        id: CredentialId,
        identity: &Identity,
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change_one(
            "key",
            id,
            "UPDATE credentials SET state = 'active', identity = ?2, verified_at = ?3, expires_at = ?4 WHERE id = ?1",
            (
                id.0,
                json_text(identity)?,
                millis(now),
                identity.expires_at.map(millis),
            ),
        )
    }

    /// Records that keys are being worked with.
    ///
    /// # Errors
    /// As the module says.
    pub fn touch_credentials(&self, ids: &[CredentialId], now: Timestamp) -> Result<(), Fault> {
        for id in ids {
            self.change(
                "UPDATE credentials SET used_at = ?2 WHERE id = ?1",
                (id.0, millis(now)),
            )?;
        }
        Ok(())
    }

    /// Deletes a key. Its bytes are overwritten in the file; a copy made before still has them, sealed.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn forget_credential(&self, id: CredentialId) -> Result<(), Fault> {
        self.note_keys(Some(id))?;
        self.change_one("key", id, "DELETE FROM credentials WHERE id = ?1", [id.0])
    }

    /// Takes the sealed bytes of a key away and keeps what is known of it: it is of no use any more.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn empty_credential(&self, id: CredentialId, state: CredentialState) -> Result<(), Fault> {
        self.note_keys(Some(id))?;
        self.change_one(
            "key",
            id,
            "UPDATE credentials SET sealed = NULL, inbox = NULL, state = ?2 WHERE id = ?1",
            (id.0, state.word()),
        )
    }

    fn write_secret(&self, id: CredentialId, secret: &SealedSecret) -> Result<(), Fault> {
        self.note_keys(Some(id))?;
        let (sealed, inbox) = match secret {
            SealedSecret::Vault(bytes) => (Some(bytes), None),
            SealedSecret::Inbox(bytes) => (None, Some(bytes)),
        };
        self.change_one(
            "key",
            id,
            "UPDATE credentials SET sealed = ?2, inbox = ?3 WHERE id = ?1",
            (id.0, sealed, inbox),
        )
    }
}
