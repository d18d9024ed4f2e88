//! Who acts.

use super::platform::words;
use super::{ActorId, CommunityId};
use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr};

words! {
    /// What an actor is.
    Role {
        /// Everything.
        Operator = "operator",
        /// Named communities, within what the operator allows.
        CommunityAdmin = "community-admin",
        /// Reads everything but secrets.
        Auditor = "auditor",
    }
}

/// A person or program that may act.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// Its row.
    pub id: ActorId,
    /// Its name, as the audit shows it.
    pub name: String,
    /// What it is.
    pub role: Role,
    /// The communities it administers; empty for an operator or auditor, who see all.
    pub communities: Vec<CommunityId>,
}

impl Actor {
    /// Whether this actor may know that a community exists.
    #[must_use]
    pub fn sees(&self, community: CommunityId) -> bool {
        match self.role {
            Role::Operator | Role::Auditor => true,
            Role::CommunityAdmin => self.communities.contains(&community),
        }
    }
}
