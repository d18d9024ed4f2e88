//! Entries of the audit, countersigned while the vault is open.

use crate::{
    domain::{AuditResult, CommunityId, Fault, FaultKind, clean_line, shorten},
    store::{KEYS_CHANGED, KEYS_DIFFER, NewAuditEntry, Writer},
    vault::{ChainKey, Custody, chain_key},
};
use jiff::Timestamp;

/// The most columns of particulars in an entry: enough for a sentence, too little to fill the disk with.
const DETAIL: usize = 500;

/// What is to be written down.
#[derive(Clone, Copy)]
pub(super) struct Line<'a> {
    /// When.
    pub at: Timestamp,
    /// Who.
    pub actor: &'a str,
    /// What.
    pub action: &'a str,
    /// On what.
    pub subject: &'a str,
    /// The community concerned.
    pub community: Option<CommunityId>,
    /// How it ended.
    pub result: AuditResult,
    /// Particulars. Never a secret.
    pub detail: &'a str,
}

/// By what an entry is countersigned.
#[derive(Clone, Copy)]
pub(super) enum Sealing<'a> {
    /// The vault in custody, while it is open.
    By(&'a Custody),
    /// This key, which comes into custody only when the transaction is on disk.
    With(&'a ChainKey),
}

/// Appends an entry, with the vault's seal while it is open.
pub(super) fn append(
    writer: &Writer<'_>,
    sealing: Sealing<'_>,
    line: Line<'_>,
) -> Result<(), Fault> {
    let entry = NewAuditEntry {
        actor: line.actor.to_owned(),
        action: line.action.to_owned(),
        subject: line.subject.to_owned(),
        community: line.community,
        result: line.result,
        detail: shorten(&clean_line(line.detail), DETAIL, "..."),
    };
    let key = match sealing {
        Sealing::With(key) => Some(key.clone()),
        Sealing::By(custody) => match custody.with(|key| Ok(chain_key(key))) {
            Ok(key) => Some(key),
            Err(fault) if fault.kind == FaultKind::Locked => None,
            Err(fault) => return Err(fault),
        },
    };
    writer
        .append_audit(&entry, key.as_ref().map(ChainKey::bytes), line.at)
        .map(drop)
}

/// Writes down which keys are stored, where that has changed in this transaction: an older row that somebody puts back
/// opens, and only the chain can tell of it.
pub(super) fn witness(writer: &Writer<'_>, custody: &Custody, at: Timestamp) -> Result<(), Fault> {
    witness_sealed(writer, Sealing::By(custody), at)
}

/// The same, countersigned as said.
pub(super) fn witness_sealed(
    writer: &Writer<'_>,
    sealing: Sealing<'_>,
    at: Timestamp,
) -> Result<(), Fault> {
    let Some(before) = writer.take_keys_before() else {
        return Ok(());
    };
    let line = |action, detail| Line {
        at,
        actor: "guildhall",
        action,
        subject: "vault",
        community: None,
        result: AuditResult::Done,
        detail,
    };
    if let Some(told) = writer.keys_told()?
        && told != before
    {
        let line = Line {
            result: AuditResult::Failed,
            ..line(
                KEYS_DIFFER,
                "stored keys were changed, put back, put in or taken out by somebody else",
            )
        };
        append(writer, sealing, line)?;
    }
    append(writer, sealing, line(KEYS_CHANGED, &writer.keys_digest()?))
}
