//! Entries of the audit, countersigned while the vault is open.

use crate::{
    domain::{AuditResult, CommunityId, Fault, FaultKind, clean_line, shorten},
    store::{NewAuditEntry, Writer},
    vault::{Custody, chain_key},
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

/// Appends an entry, with the vault's seal while it is open.
pub(super) fn append(writer: &Writer<'_>, custody: &Custody, line: Line<'_>) -> Result<(), Fault> {
    let entry = NewAuditEntry {
        actor: line.actor.to_owned(),
        action: line.action.to_owned(),
        subject: line.subject.to_owned(),
        community: line.community,
        result: line.result,
        detail: shorten(&clean_line(line.detail), DETAIL, "..."),
    };
    let key = match custody.with(|key| Ok(chain_key(key))) {
        Ok(key) => Some(key),
        Err(fault) if fault.kind == FaultKind::Locked => None,
        Err(fault) => return Err(fault),
    };
    writer
        .append_audit(
            &entry,
            key.as_ref().map(crate::vault::ChainKey::bytes),
            line.at,
        )
        .map(drop)
}
