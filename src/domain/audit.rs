//! Entries of the audit chain.

use super::platform::words;
use super::{AuditSequence, CommunityId};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// How an audited intent ended.
    AuditResult {
        /// It was allowed and accepted.
        Permitted = "permitted",
        /// It was refused: not allowed, or impossible.
        Refused = "refused",
        /// An operation came to its end.
        Done = "done",
        /// An operation failed.
        Failed = "failed",
    }
}

/// One entry: who did what to what, with which result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditEntry {
    /// Its place in the chain.
    pub sequence: AuditSequence,
    /// When.
    pub at: Timestamp,
    /// Who, by name and role at that time.
    pub actor: String,
    /// What, an intent kind or an operation verb.
    pub action: String,
    /// On what: community and platform, joined by a slash.
    pub subject: String,
    /// The community concerned, for the view of its administrators.
    pub community: Option<CommunityId>,
    /// How it ended.
    pub result: AuditResult,
    /// Reason or particulars. Never a secret.
    pub detail: String,
    /// Digest of this entry and everything before it, hexadecimal.
    pub digest: String,
    /// Whether the digest is keyed (made or countersigned while the vault was open).
    pub keyed: bool,
}
