//! Read models for adding accounts and for moving what works with them.

use crate::domain::{CommunityId, PlatformId, Slug};
use serde::Serialize;
use std::collections::BTreeMap;

/// What is to be known before an account of the installation is added.
#[derive(Debug, Clone, PartialEq)]
pub struct AccountOffer {
    /// On which platform.
    pub platform: PlatformId,
    /// The settings of that platform that hold for the whole installation.
    pub settings: BTreeMap<String, String>,
    /// Who is named already where an account of that name is wanted. May be empty.
    pub contact: String,
}

/// What works with an account, and where that could be moved.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AccountMoves {
    /// On which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub platform_name: String,
    /// The account's name.
    pub name: String,
    /// The communities whose instance works with it, by name.
    pub communities: Vec<MovingCommunity>,
    /// The other accounts there.
    pub targets: Vec<MoveTarget>,
}

/// A community whose instance works with an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MovingCommunity {
    /// Which.
    pub id: CommunityId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: String,
}

/// An account to which something could be moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoveTarget {
    /// Its name.
    pub name: String,
    /// The community it works for alone; none for one of the installation.
    pub owner: Option<Slug>,
    /// How full it is, in words; may be empty.
    pub words: String,
    /// Why nothing can be moved there now.
    pub obstacle: Option<String>,
}
