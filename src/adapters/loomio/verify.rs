//! Who a key is and how far it reaches: the whole user, every group, without scopes (sheet: loomio 2, 4.1).

use super::{
    API_KEY,
    client::{self, Client},
    group::{Stage, stage},
    model::{Group, Listing},
};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, Slots};
use tokio_util::sync::CancellationToken;

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    let key = match request.entered.get(API_KEY) {
        Some(key) => key.clone(),
        None => site.secret(API_KEY)?.clone(),
    };
    let never = CancellationToken::new();
    let base = client::base(site)?;
    let version = client::version(site, &never).await?;
    version.require(client::host(&base))?;
    let listing = Client::new(site, key, &never)?.groups().await?;
    if listing.own().is_none() && !listing.groups.is_empty() {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            format!(
                "{} accepts the key but does not say whose it is.",
                client::host(&base)
            ),
        )
        .hint("Check the address; Guildhall works with Loomio 3.8 and later."));
    }
    Ok(identity(site, &listing))
}

/// What a listing says of its key.
pub(super) fn identity(site: &Site, listing: &Listing) -> Identity {
    let own = listing.own();
    let meant = meant(site, listing);
    let mut missing = Vec::new();
    if let Some(wanted) = site.settings.get("group").filter(|_| meant.is_none()) {
        missing.push(format!("membership of the group {wanted}"));
    }
    if let Some(group) = meant.filter(|group| stage(listing, group.id) != Stage::Admin) {
        missing.push(format!("administrator of {}", group.title()));
    }
    let beyond: Vec<&Group> = listing
        .groups
        .iter()
        .filter(|group| !belongs(meant, group, listing.groups.len()))
        .collect();
    let mut slots = vec![Slots {
        unit: "groups".to_owned(),
        max: None,
        used: u64::try_from(listing.groups.len()).ok(),
        source: "measured".to_owned(),
    }];
    slots.extend(meant.map(Group::slots).unwrap_or_default());
    Identity {
        external_id: own.map(|user| user.id.to_string()).unwrap_or_default(),
        who: own.map_or_else(
            || "a user in no group yet".to_owned(),
            |user| format!("the user {}", user.name),
        ),
        scopes_held: listing
            .groups
            .iter()
            .map(|group| format!("{} of {}", role(stage(listing, group.id)), group.title()))
            .collect(),
        scopes_missing: missing,
        scopes_excess: beyond
            .iter()
            .map(|group| format!("{} of {}", role(stage(listing, group.id)), group.title()))
            .collect(),
        warnings: warnings(beyond.len()),
        reach: Reach {
            unit: "group".to_owned(),
            objects: listing
                .groups
                .iter()
                .map(|group| ReachedObject {
                    external_id: group.id.to_string(),
                    name: group.title().to_owned(),
                    role: role(stage(listing, group.id)).to_owned(),
                    community: (site.external_id.as_deref() == Some(group.id.to_string().as_str()))
                        .then_some(site.community),
                })
                .collect(),
            total: u64::try_from(listing.groups.len()).ok(),
            everything: None,
        },
        slots,
        expires_at: None,
    }
}

/// The group of this instance among those of the key.
fn meant<'listing>(site: &Site, listing: &'listing Listing) -> Option<&'listing Group> {
    let reference = site.external_id.as_deref().or(site.settings.get("group"));
    match reference {
        Some(reference) => listing.group(reference),
        None => match listing.groups.as_slice() {
            [group] => Some(group),
            groups => groups
                .iter()
                .find(|group| group.handle == site.slug.as_str()),
        },
    }
}

/// Whether a group is the community's own: it, or the organisation above it.
fn belongs(meant: Option<&Group>, group: &Group, all: usize) -> bool {
    meant.map_or(all == 1, |meant| {
        meant.id == group.id || meant.parent_id == Some(group.id)
    })
}

fn warnings(beyond: usize) -> Vec<String> {
    let mut warnings = Vec::new();
    if beyond > 0 {
        warnings.push(format!(
            "This key reaches {beyond} more group{}: it looks like a person's own account. Make a bot user for this \
             community alone and enter its key instead.",
            if beyond == 1 { "" } else { "s" }
        ));
    }
    warnings.push("It also reads everything that is public on this Loomio.".to_owned());
    warnings.push(
        "It changes when the bot's password changes, and the old one dies in the same instant."
            .to_owned(),
    );
    warnings
}

fn role(stage: Stage) -> &'static str {
    match stage {
        Stage::Admin => "admin",
        Stage::Member => "member",
        Stage::Invited => "invited",
        Stage::Outside | Stage::Nothing => "no role",
    }
}
