//! Communities.

use super::{Choice, CommunityId, PlatformId, Slug};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// A community of this installation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Community {
    /// Its row.
    pub id: CommunityId,
    /// Its short name, unique in the installation and fixed after creation.
    pub slug: Slug,
    /// Its name, as people write it.
    pub name: String,
    /// What it is, in a sentence or two. May be empty.
    pub description: String,
    /// When it was created here.
    pub created_at: Timestamp,
    /// When it was archived; an archived community is kept and does nothing.
    pub archived_at: Option<Timestamp>,
}

/// What is asked for when a community is created.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewCommunity {
    /// Its short name.
    pub slug: Slug,
    /// Its name, 1 to 100 characters after cleaning.
    pub name: String,
    /// What it is. May be empty.
    pub description: String,
    /// Where it departs from the installation's template.
    pub choices: BTreeMap<PlatformId, Choice>,
    /// Settings given at once, per platform.
    #[serde(default)]
    pub settings: BTreeMap<PlatformId, BTreeMap<String, String>>,
}

impl NewCommunity {
    /// The most characters a name may have.
    pub const MAX_NAME: usize = 100;
}
