//! Communities, their instances and what joins them.

use super::work::TaskRow;
use crate::domain::{
    AnsweredDrift, Capability, Community, CommunityId, Connection, CredentialMeta, Instance,
    InstanceSummary, Mark, Operation, PlatformId, Slug,
};
use crate::engine::key_age::Due;
use jiff::Timestamp;
use serde::Serialize;

/// One row of the list of communities.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommunityRow {
    /// Its row in the store.
    pub id: CommunityId,
    /// Its short name.
    pub slug: Slug,
    /// Its name.
    pub name: String,
    /// Instances wanted active.
    pub active: u32,
    /// Instances recorded.
    pub total: u32,
    /// The worst mark among its instances.
    pub mark: Mark,
    /// Whether it is archived.
    pub archived: bool,
}

/// One community with every platform of the catalog.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CommunityDetail {
    /// The community.
    pub community: Community,
    /// One row for every platform, in the order of the catalog; rows keep their place whatever their state.
    pub platforms: Vec<PlatformRow>,
    /// What is joined to what.
    pub connections: Vec<ConnectionRow>,
}

/// One platform of a community.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PlatformRow {
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub name: String,
    /// The heading it stands under.
    pub group: String,
    /// Whether this build has its adapter.
    pub adapter: bool,
    /// The instance; none where the platform is off.
    pub instance: Option<InstanceSummary>,
}

/// One connection, with the names of its ends.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ConnectionRow {
    /// The connection.
    pub connection: Connection,
    /// The acting or reading platform's name for people.
    pub from: String,
    /// The other platform's name for people.
    pub to: String,
}

/// Everything about one platform of one community.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InstanceDetail {
    /// The community's short name.
    pub slug: Slug,
    /// The community's name.
    pub community: String,
    /// Which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub platform_name: String,
    /// What an instance is there (manifest).
    pub meaning: String,
    /// Whether this build has its adapter.
    pub adapter: bool,
    /// The instance; none where the platform is off.
    pub instance: Option<Instance>,
    /// When a look last found it well.
    pub healthy_at: Option<Timestamp>,
    /// What to do next, one sentence each, before anything else.
    pub advice: Vec<String>,
    /// The step that waits for a person.
    pub task: Option<TaskRow>,
    /// Differences that somebody has decided about, and what.
    pub answered: Vec<AnsweredDrift>,
    /// What is known of its keys.
    pub keys: Vec<CredentialMeta>,
    /// Those of them that should be replaced; none for who may not replace them.
    pub due: Vec<Due>,
    /// How many communities the keys reach; more than one is a decision somebody took.
    pub keys_reach: u64,
    /// Its connections.
    pub connections: Vec<ConnectionRow>,
    /// Its latest operations, newest first.
    pub operations: Vec<Operation>,
    /// What the manifest says should be known before it is switched on.
    pub warnings: Vec<String>,
    /// How the platform does each verb, for the help of this row.
    pub capabilities: Vec<(String, Capability, String)>,
}
