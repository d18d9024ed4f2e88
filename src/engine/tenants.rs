//! Instances that are rows in a service on this host which several communities of this installation share: how one is
//! chosen, with whom it shares, and where that service lies.

use super::{removal, rules::Rules, scene};
use crate::{
    adapters::local,
    domain::{Community, Desired, Fault, FaultKind, Instance, InstanceKind, PlatformId, Slug},
    store::{Reader, Writer},
};
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

/// The kind of a new instance with these settings.
///
/// # Errors
/// `BadInput` when nobody accepted what the chosen kind means.
pub(super) fn kind_of(
    rules: &Rules,
    platform: &PlatformId,
    settings: &BTreeMap<String, String>,
) -> Result<InstanceKind, Fault> {
    let manifest = rules.manifest(platform)?;
    if let Some((offer, switch)) = manifest.unaccepted_kind(settings) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "A {} of the kind {} was not made, since nobody accepted what that means. {}",
                manifest.name, offer.kind, offer.text
            ),
        )
        .hint(format!(
            "When you accept that, set {} of {platform} to true as well; else leave {} out.",
            switch.field,
            offer
                .chosen_by
                .as_deref()
                .unwrap_or("the setting that chooses it"),
        )));
    }
    Ok(manifest
        .chosen_offer(settings)
        .map_or(InstanceKind::Link, |offer| offer.kind))
}

/// Lets changed settings choose the kind of an instance of which nothing was made yet.
///
/// # Errors
/// `BadInput` when something was made already or nobody accepted what the kind means; `Storage`.
pub(super) fn choose_again(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    settings: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    if manifest.kinds.iter().all(|offer| offer.chosen_by.is_none()) {
        return Ok(());
    }
    let stands = instance.external_id.is_some();
    if stands && !manifest.shares_a_service_here(instance.kind) {
        return Ok(());
    }
    let kind = kind_of(rules, &instance.platform, settings)?;
    if kind == instance.kind {
        return Ok(());
    }
    if !removal::never_tried(writer, instance)? {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "It is being made as {}; that was not changed.",
                instance.kind
            ),
        )
        .hint("Remove the instance, then make it again as you want it."));
    }
    writer.set_kind(instance.id, kind)
}

/// The others whose rows lie in the same service, by short name.
///
/// # Errors
/// `Storage`.
pub(super) fn others(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<Vec<(Slug, Instance)>, Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    let mut found = Vec::new();
    if !manifest.shares_a_service_here(instance.kind) {
        return Ok(found);
    }
    for id in reader.all_instances_of(&instance.platform)? {
        let other = reader.instance(id)?;
        if other.kind == instance.kind && other.community != instance.community {
            found.push((reader.community(other.community)?.slug, other));
        }
    }
    Ok(found)
}

/// What is to be said of an instance that shares its service, by name; nothing of one that does not.
///
/// # Errors
/// `Storage`.
pub(super) fn warning(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<Option<String>, Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    if !manifest.shares_a_service_here(instance.kind) {
        return Ok(None);
    }
    let names: Vec<String> = others(reader, rules, instance)?
        .iter()
        .map(|(slug, _)| slug.to_string())
        .collect();
    let with = if names.is_empty() {
        "Nobody else is in it now.".to_owned()
    } else {
        format!("In it with: {}.", names.join(", "))
    };
    let offer = manifest
        .kinds
        .iter()
        .find(|offer| offer.kind == instance.kind);
    let text = offer.map_or("", |offer| offer.text.as_str());
    Ok(Some(format!("{text} {with}")))
}

/// Whether a new instance of this kind would find its service running already, so that it takes no more memory.
///
/// # Errors
/// `Storage`.
pub(super) fn is_running(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    settings: &BTreeMap<String, String>,
) -> Result<bool, Fault> {
    let manifest = rules.manifest(platform)?;
    let kind = manifest.chosen_offer(settings).map(|offer| offer.kind);
    let Some(kind) = kind.filter(|kind| manifest.shares_a_service_here(*kind)) else {
        return Ok(false);
    };
    for id in reader.all_instances_of(platform)? {
        let other = reader.instance(id)?;
        if other.kind == kind && other.desired == Desired::Active && other.external_id.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The folder in which the service of an instance lies.
///
/// # Errors
/// `NotFound` for a platform that is not in the catalog.
pub(super) fn service_data(
    rules: &Rules,
    home: &Path,
    community: &Community,
    instance: &Instance,
) -> Result<PathBuf, Fault> {
    let platform = &instance.platform;
    Ok(
        if rules
            .manifest(platform)?
            .shares_a_service_here(instance.kind)
        {
            local::shared_folder(&scene::runtime_folder(home), platform)
        } else {
            scene::data_folder(home, &community.slug, platform)
        },
    )
}

/// Refuses what would show or move the rows of other communities along with this one's.
///
/// # Errors
/// `Unsupported`.
pub(super) fn require_own(rules: &Rules, instance: &Instance, what: &str) -> Result<(), Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    if !manifest.shares_a_service_here(instance.kind) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Unsupported,
        format!(
            "{} shares its service with other communities, so {what}.",
            manifest.name
        ),
    )
    .hint("What this community wrote is in its export: guildhall community export."))
}
