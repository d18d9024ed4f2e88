//! Settings that are the same for every community of the installation, as where sources are fetched: whoever sets one at
//! one instance sets it at all of that platform, and at those that are made later.

use super::{rules::Rules, scene::shared_settings_name};
use crate::{
    catalog::Manifest,
    domain::{Fault, InstanceId, PlatformId},
    store::{Reader, Writer},
};
use std::collections::BTreeMap;

/// The settings of a new instance, with those that are the same everywhere.
///
/// # Errors
/// `Storage`.
pub(super) fn with_shared(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    mut settings: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let manifest = rules.manifest(platform)?;
    let known: Option<BTreeMap<String, String>> =
        reader.setting(&shared_settings_name(platform))?;
    for (field, value) in known.unwrap_or_default() {
        if manifest
            .setting(&field)
            .is_some_and(|setting| setting.shared)
        {
            settings.entry(field).or_insert(value);
        }
    }
    Ok(settings)
}

/// Sets what is the same everywhere at all other instances of the platform, and for those to come. Answers which others
/// were changed.
///
/// # Errors
/// `Storage`.
pub(super) fn spread(
    writer: &Writer<'_>,
    rules: &Rules,
    (platform, own): (&PlatformId, InstanceId),
    checked: &BTreeMap<String, String>,
) -> Result<Vec<InstanceId>, Fault> {
    let shared = shared_of(rules.manifest(platform)?, checked);
    if shared.is_empty() {
        return Ok(Vec::new());
    }
    let name = shared_settings_name(platform);
    let mut known: BTreeMap<String, String> = writer.setting(&name)?.unwrap_or_default();
    for (field, value) in &shared {
        if value.is_empty() {
            known.remove(field);
        } else {
            known.insert(field.clone(), value.clone());
        }
    }
    writer.set_setting(&name, &known)?;
    let mut others = writer.all_instances_of(platform)?;
    others.retain(|other| *other != own);
    for other in &others {
        writer.merge_settings(*other, &shared)?;
    }
    Ok(others)
}

/// Those of these settings that are the same everywhere.
pub(super) fn shared_of(
    manifest: &Manifest,
    settings: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    settings
        .iter()
        .filter(|(field, _)| {
            manifest
                .setting(field)
                .is_some_and(|setting| setting.shared)
        })
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect()
}
