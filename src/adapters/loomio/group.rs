//! Which group is meant, and how the bot stands in it.

use super::{
    client::{Client, Shown},
    model::{Group, Listing},
};
use crate::adapters::contract::{Discovered, Site};
use crate::domain::{Fault, FaultKind, Slug};

/// How far it is on the way to a group that the bot administers. The order is that of the steps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// There is no such group.
    Nothing,
    /// It exists; the bot is not in it.
    Outside,
    /// The bot is invited.
    Invited,
    /// The bot is a member.
    Member,
    /// The bot is an administrator.
    Admin,
}

/// What was seen of the group that is meant.
#[derive(Debug, Clone)]
pub(super) struct Sight {
    pub stage: Stage,
    /// The group, when it may be read.
    pub group: Option<Group>,
}

/// Looks for the group. Without a reference the one among the bot's groups is meant that it administers, if that is
/// clear.
pub(super) async fn look(
    client: &Client,
    wanted: Option<&str>,
    slug: &Slug,
) -> Result<Sight, Fault> {
    let listing = client.groups().await?;
    let Some(wanted) = wanted else {
        return Ok(match only(&listing, slug)? {
            Some(group) => seen(&listing, group),
            None => Sight {
                stage: Stage::Nothing,
                group: None,
            },
        });
    };
    if let Some(group) = listing.group(wanted) {
        return Ok(seen(&listing, group));
    }
    let (stage, group) = match client.show(wanted).await? {
        Shown::Found(group) => (Stage::Outside, Some(*group)),
        Shown::Hidden => (Stage::Outside, None),
        Shown::Missing => (Stage::Nothing, None),
    };
    Ok(Sight { stage, group })
}

/// How the bot stands in one of its groups.
pub(super) fn stage(listing: &Listing, group: u64) -> Stage {
    match listing.membership(group) {
        None => Stage::Outside,
        Some(membership) if membership.accepted_at.is_none() => Stage::Invited,
        Some(membership) if membership.admin => Stage::Admin,
        Some(_) => Stage::Member,
    }
}

fn seen(listing: &Listing, group: &Group) -> Sight {
    Sight {
        stage: stage(listing, group.id),
        group: Some(group.clone()),
    }
}

/// The one group that can be meant.
fn only<'listing>(
    listing: &'listing Listing,
    slug: &Slug,
) -> Result<Option<&'listing Group>, Fault> {
    let administered: Vec<&Group> = listing
        .groups
        .iter()
        .filter(|group| stage(listing, group.id) == Stage::Admin)
        .collect();
    let candidates = if administered.is_empty() {
        listing.groups.iter().collect()
    } else {
        administered
    };
    let named = candidates
        .iter()
        .find(|group| group.handle == slug.as_str());
    match (candidates.as_slice(), named) {
        ([], _) => Ok(None),
        ([group], _) | (_, Some(group)) => Ok(Some(group)),
        (several, None) => Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "The key reaches {} groups of Loomio, and which one is meant is not clear.",
                several.len()
            ),
        )
        .hint("Write the handle of the right one into the setting group.")),
    }
}

/// The groups of the key, those that the bot administers first.
pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let listing = Client::reading(site)?.groups().await?;
    let mut groups: Vec<&Group> = listing
        .groups
        .iter()
        .filter(|group| site.external_id.as_deref() != Some(group.id.to_string().as_str()))
        .collect();
    groups.sort_by_key(|group| std::cmp::Reverse(stage(&listing, group.id)));
    Ok(groups
        .into_iter()
        .map(|group| Discovered {
            reference: group.id.to_string(),
            name: group.title().to_owned(),
            what: if group.parent_id.is_some() {
                "subgroup".to_owned()
            } else {
                "group".to_owned()
            },
            obstacle: match stage(&listing, group.id) {
                Stage::Admin if group.is_enabled() => None,
                Stage::Admin => Some("its subscription or trial has ended".to_owned()),
                Stage::Invited => Some("the bot has not accepted the invitation".to_owned()),
                _ => Some("the bot is no administrator of it".to_owned()),
            },
        })
        .collect())
}
