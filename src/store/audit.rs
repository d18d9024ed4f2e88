//! The audit: a chain of entries, each covered by the digests of all that follow.
//!
//! The digest is a plain hash, so that entries can be written while the vault is locked. The seal is a keyed hash of the
//! digest, made while the vault is open; a later unlock seals what was written meanwhile, without touching the chain.
//! What it cannot prove: somebody who writes the file can replace entries that bear no seal yet, or cut the end off;
//! who also holds the vault key can rewrite everything since the last head that was kept elsewhere.

use super::{
    Reader, Writer,
    columns::{Columns, millis, only_these},
};
use crate::domain::{AuditEntry, AuditResult, AuditSequence, CommunityId, Fault};
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use rusqlite::ToSql;
use sha2::{Digest, Sha256};

/// What is written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAuditEntry {
    /// Who, by name and role.
    pub actor: String,
    /// What, an intent kind or an operation verb.
    pub action: String,
    /// On what.
    pub subject: String,
    /// The community concerned.
    pub community: Option<CommunityId>,
    /// How it ended.
    pub result: AuditResult,
    /// Reason or particulars. Never a secret.
    pub detail: String,
}

/// Which entries a list shows, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    /// Only those about this community.
    pub community: Option<CommunityId>,
    /// Only those about these, for an actor who may not know of others.
    pub only: Option<Vec<CommunityId>>,
    /// Also those of which this is the actor, where `only` cuts the list: what one did oneself.
    pub or_by: Option<String>,
    /// Only those before this one: the next page.
    pub before: Option<AuditSequence>,
}

/// What a walk along the chain found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditVerdict {
    /// How many entries were walked, up to a break.
    pub entries: u64,
    /// How many of them bear a seal.
    pub sealed: u64,
    /// Whether the seals were checked: only with the chain's key.
    pub seals_checked: bool,
    /// The digest of the last good entry; empty for an empty chain. Kept elsewhere, it proves later that nothing before
    /// it was changed.
    pub head: String,
    /// The last entry that tells which keys were stored, with their digest.
    pub keys: Option<(AuditSequence, String)>,
    /// The last entry that tells of keys that were changed by somebody else than Guildhall.
    pub keys_differed: Option<AuditSequence>,
    /// The first thing that is wrong.
    pub broken: Option<AuditBreak>,
}

/// The action of an entry that tells that the stored keys were not those that were stored last.
pub const KEYS_DIFFER: &str = "keys-differ";
/// The action of an entry that tells which keys are stored: its detail is their digest.
pub const KEYS_CHANGED: &str = "keys-changed";

/// Where a chain does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditBreak {
    /// At which entry.
    pub sequence: AuditSequence,
    /// What is wrong there, as a sentence's end: "was changed".
    pub what: String,
}

const ENTRY: &str = "SELECT sequence, at, actor, action, subject, community, result, detail, digest, seal FROM audit";

fn entry(row: &rusqlite::Row<'_>) -> rusqlite::Result<(AuditEntry, Option<String>)> {
    let mut columns = Columns::of(row);
    let mut entry = AuditEntry {
        sequence: AuditSequence(columns.value()?),
        at: columns.time()?,
        actor: columns.value()?,
        action: columns.value()?,
        subject: columns.value()?,
        community: columns.value::<Option<i64>>()?.map(CommunityId),
        result: columns.word()?,
        detail: columns.value()?,
        digest: columns.value()?,
        keyed: false,
    };
    let seal: Option<String> = columns.value()?;
    entry.keyed = seal.is_some();
    Ok((entry, seal))
}

impl Reader<'_> {
    /// A page of the audit, the newest first.
    ///
    /// # Errors
    /// As the module says.
    pub fn audit(&self, filter: &AuditFilter, limit: u32) -> Result<Vec<AuditEntry>, Fault> {
        let community = filter.community.map(|id| id.0);
        let only = only_these(filter.only.as_deref())?;
        let before = filter.before.map(|sequence| sequence.0);
        let mut conditions = vec!["TRUE"];
        let mut values: Vec<(&str, &dyn ToSql)> = vec![(":limit", &limit)];
        if community.is_some() {
            conditions.push("community = :community");
            values.push((":community", &community));
        }
        if only.is_some() {
            conditions.push(
                "(community IN (SELECT value FROM json_each(:only)) OR (community IS NULL AND actor = :by))",
            );
            values.push((":only", &only));
            values.push((":by", &filter.or_by));
        }
        if before.is_some() {
            conditions.push("sequence < :before");
            values.push((":before", &before));
        }
        self.many(
            &format!(
                "{ENTRY} WHERE {} ORDER BY sequence DESC LIMIT :limit",
                conditions.join(" AND ")
            ),
            values.as_slice(),
            |row| entry(row).map(|(entry, _)| entry),
        )
    }

    /// Walks the whole chain. With the chain's key, seals are checked too, and a key that fits none is a break.
    ///
    /// # Errors
    /// As the module says; a broken chain is no fault but a verdict.
    pub fn verify_audit(&self, key: Option<&[u8; 32]>) -> Result<AuditVerdict, Fault> {
        let mut verdict = AuditVerdict {
            entries: 0,
            sealed: 0,
            seals_checked: key.is_some(),
            head: String::new(),
            keys: None,
            keys_differed: None,
            broken: None,
        };
        // Preparing a key costs as much as sealing with it, and an audit has a million entries.
        let sealing = key.map(sealing);
        let mut expected = 1;
        self.each(
            &format!("{ENTRY} ORDER BY sequence"),
            [],
            entry,
            |(entry, seal)| {
                let wrong = if entry.sequence.0 != expected {
                    Some(format!("follows a gap: entry {expected} is missing"))
                } else if digest(&entry, &verdict.head) != entry.digest {
                    Some("or the one before it was changed after it was written".to_owned())
                } else if sealing
                    .as_ref()
                    .zip(seal.as_ref())
                    .is_some_and(|(sealing, seal)| seal_with(sealing, &entry.digest) != *seal)
                {
                    Some("bears a seal that is not of this vault".to_owned())
                } else {
                    None
                };
                if let Some(what) = wrong {
                    verdict.broken = Some(AuditBreak {
                        sequence: entry.sequence,
                        what,
                    });
                    return false;
                }
                expected += 1;
                verdict.entries += 1;
                verdict.sealed += u64::from(seal.is_some());
                if entry.action == KEYS_DIFFER {
                    verdict.keys_differed = Some(entry.sequence);
                }
                if entry.action == KEYS_CHANGED {
                    verdict.keys = Some((entry.sequence, entry.detail));
                }
                verdict.head = entry.digest;
                true
            },
        )?;
        if let (None, Some((sequence, told))) = (&verdict.broken, &verdict.keys)
            && *told != self.keys_digest()?
        {
            verdict.broken = Some(AuditBreak {
                sequence: *sequence,
                what: "tells of other stored keys than there are now: one was changed, put back, put in or taken out".to_owned(),
            });
        }
        Ok(verdict)
    }

    /// What the last entry about the stored keys tells of them; none when no key was ever stored.
    ///
    /// # Errors
    /// As the module says.
    pub fn keys_told(&self) -> Result<Option<String>, Fault> {
        self.one(
            "SELECT detail FROM audit WHERE action = 'keys-changed' ORDER BY sequence DESC LIMIT 1",
            [],
            |row| row.get(0),
        )
    }

    /// Whether an entry bears this digest: a head that was noted elsewhere is still part of the chain.
    ///
    /// # Errors
    /// As the module says.
    pub fn audit_bears(&self, digest: &str) -> Result<bool, Fault> {
        let found = self.one(
            "SELECT 1 FROM audit WHERE digest = ?1",
            [digest],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }
}

impl Writer<'_> {
    /// Appends an entry to the chain, sealed when the chain's key is at hand.
    ///
    /// # Errors
    /// As the module says.
    pub fn append_audit(
        &self,
        new: &NewAuditEntry,
        key: Option<&[u8; 32]>,
        now: Timestamp,
    ) -> Result<AuditEntry, Fault> {
        let (last, former) = self
            .one(
                "SELECT sequence, digest FROM audit ORDER BY sequence DESC LIMIT 1",
                [],
                |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
            )?
            .unwrap_or_default();
        let mut entry = AuditEntry {
            sequence: AuditSequence(last + 1),
            // As the table keeps it, or the digest would not fit what is read back.
            at: Timestamp::from_millisecond(millis(now)).unwrap_or(now),
            actor: new.actor.clone(),
            action: new.action.clone(),
            subject: new.subject.clone(),
            community: new.community,
            result: new.result,
            detail: new.detail.clone(),
            digest: String::new(),
            keyed: key.is_some(),
        };
        entry.digest = digest(&entry, &former);
        self.change(
            "INSERT INTO audit (sequence, at, actor, action, subject, community, result, detail, digest, seal)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)",
            (
                entry.sequence.0,
                millis(entry.at),
                &entry.actor,
                &entry.action,
                &entry.subject,
                entry.community.map(|id| id.0),
                entry.result.word(),
                &entry.detail,
                &entry.digest,
                key.map(|key| seal_of(key, &entry.digest)),
            ),
        )?;
        Ok(entry)
    }

    /// Seals the whole chain anew under another key, after it was verified under the former one; says how many entries
    /// there are.
    ///
    /// # Errors
    /// As the module says.
    pub fn reseal_audit(&self, key: &[u8; 32]) -> Result<u64, Fault> {
        let entries = self.many("SELECT sequence, digest FROM audit", [], |row| {
            Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
        })?;
        let mut count = 0;
        for (sequence, digest) in entries {
            self.change(
                "UPDATE audit SET seal = ?2 WHERE sequence = ?1",
                (sequence, seal_of(key, &digest)),
            )?;
            count += 1;
        }
        Ok(count)
    }

    /// Seals every entry that was written while the vault was locked, and says how many.
    ///
    /// # Errors
    /// As the module says.
    pub fn countersign_audit(&self, key: &[u8; 32]) -> Result<u64, Fault> {
        let unsealed = self.many(
            "SELECT sequence, digest FROM audit WHERE seal IS NULL",
            [],
            |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)),
        )?;
        let mut count = 0;
        for (sequence, digest) in unsealed {
            self.change(
                "UPDATE audit SET seal = ?2 WHERE sequence = ?1 AND seal IS NULL",
                (sequence, seal_of(key, &digest)),
            )?;
            count += 1;
        }
        Ok(count)
    }
}

/// Every field with its length before it, so that no two entries have the same bytes.
fn digest(entry: &AuditEntry, former: &str) -> String {
    let mut hash = Sha256::new();
    let mut field = |bytes: &[u8]| {
        hash.update((bytes.len() as u64).to_be_bytes());
        hash.update(bytes);
    };
    field(b"guildhall audit 1");
    field(former.as_bytes());
    field(&entry.sequence.0.to_be_bytes());
    field(&millis(entry.at).to_be_bytes());
    field(entry.actor.as_bytes());
    field(entry.action.as_bytes());
    field(entry.subject.as_bytes());
    match entry.community {
        Some(community) => field(&community.0.to_be_bytes()),
        None => field(b""),
    }
    field(entry.result.word().as_bytes());
    field(entry.detail.as_bytes());
    hexadecimal(&hash.finalize())
}

/// What seals with a key.
fn sealing(key: &[u8; 32]) -> Hmac<Sha256> {
    // A key shorter than the hash's block is padded with zeros (RFC 2104); done here, no error is left to handle.
    let mut block = [0; 64];
    block[..32].copy_from_slice(key);
    Hmac::new((&block).into())
}

fn seal_with(sealing: &Hmac<Sha256>, digest: &str) -> String {
    let mut hash = sealing.clone();
    hash.update(digest.as_bytes());
    hexadecimal(&hash.finalize().into_bytes())
}

fn seal_of(key: &[u8; 32], digest: &str) -> String {
    seal_with(&sealing(key), digest)
}

/// Two lower-case digits for each byte.
pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        text.push(char::from(DIGITS[usize::from(byte >> 4)]));
        text.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
    text
}
