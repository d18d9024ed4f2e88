//! How much a community's administrators may switch on: which platforms, how many, how much memory. For everybody else there
//! is no such limit.

use super::{rules::Rules, submit::Applied, titles, views::Receipt};
use crate::{
    catalog::{Holder, Manifest},
    domain::{
        Actor, Allowance, CommunityId, Desired, Fault, FaultKind, Grant, IntentKind, PlatformId,
        Role, clean_line, line_of, mebibytes,
    },
    store::{Reader, Writer},
};
use std::collections::BTreeMap;

/// Says how much a community's administrators may switch on.
pub(super) fn set(
    writer: &Writer<'_>,
    rules: &Rules,
    community: CommunityId,
    allowance: &Allowance,
) -> Result<Applied, Fault> {
    for platform in allowance.platforms.iter().flatten() {
        rules.manifest(platform)?;
    }
    let record = writer.community(community)?;
    writer.set_allowance(community, allowance)?;
    let words = words_of(allowance);
    Ok(Applied {
        subject: record.slug.to_string(),
        detail: words.clone(),
        receipt: Receipt {
            message: format!(
                "Administrators of {} may switch on: {words}. What is on stays on.",
                record.name
            ),
            community: Some(community),
            operations: Vec::new(),
        },
        ..Applied::default()
    })
}

fn words_of(allowance: &Allowance) -> String {
    let mut parts = vec![match &allowance.platforms {
        None => "what has an instance".to_owned(),
        Some(list) if list.is_empty() => "nothing".to_owned(),
        Some(list) => list
            .iter()
            .map(PlatformId::as_str)
            .collect::<Vec<_>>()
            .join(", "),
    }];
    if let Some(most) = allowance.most {
        parts.push(format!("at most {most} at the same time"));
    }
    if let Some(memory) = allowance.memory_mib {
        parts.push(format!("at most {} of memory", mebibytes(memory)));
    }
    parts.join("; ")
}

/// Whether a platform is on the list of what a community's administrators may use.
pub(super) fn is_listed(
    reader: &Reader<'_>,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<bool, Fault> {
    match reader.allowance(community)?.platforms {
        Some(list) => Ok(list.contains(platform)),
        None => Ok(reader.instance_of(community, platform)?.is_some()),
    }
}

/// Refuses what is not on the list of what an administrator may use; for everybody else there is no list.
pub(super) fn require_listed(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<(), Fault> {
    if reader.actor(actor.id)?.role != Role::CommunityAdmin
        || is_listed(reader, community, platform)?
    {
        return Ok(());
    }
    let name = rules.manifest(platform)?.name.clone();
    Err(not_given(
        format!("{name} is not on the list of what this community may use."),
        platform,
        reader,
        community,
    )?)
}

/// Refuses to switch on more than a community was given. Switching off is always possible.
pub(super) fn require_room(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    (community, platform): (CommunityId, &PlatformId),
    desired: Desired,
) -> Result<(), Fault> {
    if reader.actor(actor.id)?.role != Role::CommunityAdmin {
        return Ok(());
    }
    require_listed(reader, rules, actor, community, platform)?;
    if desired != Desired::Active {
        return Ok(());
    }
    let mut active = 0;
    let mut memory = rules.manifest(platform)?.resources.memory_active_mib;
    for instance in reader.instances(community)? {
        if instance.platform == *platform {
            if instance.desired == Desired::Active {
                return Ok(());
            }
        } else if instance.desired == Desired::Active {
            active += 1;
            memory += memory_of(rules.catalog.get(&instance.platform));
        }
    }
    let allowance = reader.allowance(community)?;
    let title = titles::platform(&rules.catalog, platform);
    if let Some(most) = allowance.most
        && active >= most
    {
        return Err(not_given(
            format!(
                "{active} of {most} instances are active already, so {title} was left as it is."
            ),
            platform,
            reader,
            community,
        )?);
    }
    if let Some(most) = allowance.memory_mib
        && memory > most
    {
        return Err(not_given(
            format!(
                "With {title} this community would take about {} of memory, and it was given {}.",
                mebibytes(memory),
                mebibytes(most)
            ),
            platform,
            reader,
            community,
        )?);
    }
    let (takes, free) = (
        memory_of(rules.catalog.get(platform)),
        super::planner::free_memory_mib(),
    );
    if free > 0 && takes > free {
        return Err(not_given(
            format!(
                "{title} takes about {} of memory, and this host has {} left.",
                mebibytes(takes),
                mebibytes(free)
            ),
            platform,
            reader,
            community,
        )?);
    }
    Ok(())
}

fn memory_of(manifest: Option<&Manifest>) -> u64 {
    manifest.map_or(0, |manifest| manifest.resources.memory_active_mib)
}

fn not_given(
    what: String,
    platform: &PlatformId,
    reader: &Reader<'_>,
    community: CommunityId,
) -> Result<Fault, Fault> {
    let slug = reader.community(community)?.slug;
    Ok(Fault::new(FaultKind::NotAllowed, what).hint(format!(
        "Ask an operator for it: guildhall request activate {slug} {platform}"
    )))
}

/// Refuses settings that only an operator changes: an administrator enters those that a key needs, and no others.
pub(super) fn require_own_settings(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    platform: &PlatformId,
    settings: &BTreeMap<String, String>,
) -> Result<(), Fault> {
    let actor = reader.actor(actor.id)?;
    if line_of(IntentKind::Configure).of(actor.role) != Grant::Nowhere {
        return Ok(());
    }
    let manifest = rules.manifest(platform)?;
    for field in settings.keys() {
        let needed = manifest
            .setting(field)
            .is_some_and(|setting| setting.holder == Holder::Community && setting.required);
        if !needed {
            return Err(Fault::new(
                FaultKind::NotAllowed,
                format!(
                    "{} is a setting that an operator changes.",
                    clean_line(field)
                ),
            )
            .hint("Enter the key without it, or ask for it with: guildhall request configure"));
        }
    }
    Ok(())
}
