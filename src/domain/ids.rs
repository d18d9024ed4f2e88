//! Identifiers. Each is its own type, so that one can never stand for another.

use serde::{Deserialize, Serialize};
use std::fmt;
use uuid::Uuid;

macro_rules! row_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub i64);

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(formatter)
            }
        }
    };
}

row_id!(/// A community of this installation.
    CommunityId);
row_id!(/// One platform for one community.
    InstanceId);
row_id!(/// An identity of ours on a platform.
    AccountId);
row_id!(/// An account that is still to be made.
    WantedAccountId);
row_id!(/// The secret of an account.
    CredentialId);
row_id!(/// One verb on one instance, journaled.
    OperationId);
row_id!(/// A configured link between two instances of one community.
    ConnectionId);
row_id!(/// A key on its way out, with everything that depends on it.
    RotationId);
row_id!(/// A person or program that may act.
    ActorId);
row_id!(/// What an administrator asked an operator for.
    RequestId);
row_id!(/// The place of an entry in the audit chain, from 1.
    AuditSequence);

/// A key that was examined against its platform and waits, in memory only, to be stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ExaminationId(pub u64);

/// The marker of one remote creation: written to the journal before the call, sent along with it
/// (idempotency key, alias, topic, name, as the platform's sheet says) and looked for afterwards.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OperationKey(String);

impl OperationKey {
    /// A new key: 32 lower-case hexadecimal digits, ordered by time (UUID version 7).
    #[must_use]
    pub fn fresh() -> Self {
        Self(Uuid::now_v7().simple().to_string())
    }

    /// The key as recorded in a journal.
    #[must_use]
    pub fn recorded(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The digits.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for OperationKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}
