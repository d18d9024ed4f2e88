//! Intents about instances: recording, switching on and off, configuring.

use super::{
    accepting, facts, reconcile,
    rules::{self, Rules, require_switchable, subject_of},
    scene, sharing,
    submit::Applied,
    tenants, titles,
    views::Receipt,
};
use crate::{
    domain::{
        Actor, CommunityId, Desired, Fault, FaultKind, Instance, InstanceId, Observed, OperationId,
        OperationState, OperationVerb, PlatformId, Slug, clean_line,
    },
    store::{NewInstance, OperationFilter, Reader, Writer},
};
use std::collections::BTreeMap;

/// Records an instance with its marker. Nothing is begun for it yet.
pub(super) fn record(
    writer: &Writer<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
    desired: Desired,
    settings: BTreeMap<String, String>,
) -> Result<InstanceId, Fault> {
    let manifest = rules.manifest(platform)?;
    let kind = tenants::kind_of(rules, platform, &settings)?;
    let given = sharing::shared_of(manifest, &settings);
    let new = NewInstance {
        platform: platform.clone(),
        kind,
        desired,
        observed: Observed::Absent,
        note: String::new(),
        settings: sharing::with_shared(writer, rules, platform, settings)?,
    };
    let recorded = writer.insert_instances(community, &[new], rules.now)?;
    let id = *recorded.first().ok_or_else(|| {
        Fault::new(FaultKind::Internal, "An instance was not recorded.")
            .hint("Try again; this is a mistake of Guildhall.")
    })?;
    scene::mark(writer, id)?;
    for other in sharing::spread(writer, rules, (platform, id), &given)? {
        wake_parked(writer, rules, other)?;
    }
    Ok(id)
}

/// Settings as they are stored: known fields only, each checked by the manifest.
pub(super) fn checked_settings(
    rules: &Rules,
    platform: &PlatformId,
    entered: BTreeMap<String, String>,
) -> Result<BTreeMap<String, String>, Fault> {
    let manifest = rules.manifest(platform)?;
    let mut checked = BTreeMap::new();
    for (field, value) in entered {
        let Some(setting) = manifest.setting(&field) else {
            let known: Vec<_> = manifest
                .settings
                .iter()
                .map(|setting| setting.field.as_str())
                .collect();
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("{} has no setting {}.", manifest.name, clean_line(&field)),
            )
            .hint(if known.is_empty() {
                "It has none at all.".to_owned()
            } else {
                format!("Its settings are {}.", known.join(", "))
            }));
        };
        let value = setting
            .check(&value)
            .map_err(|reason| Fault::new(FaultKind::BadInput, reason).hint(setting.help.clone()))?;
        checked.insert(field, value);
    }
    Ok(checked)
}

/// The instance of a platform for a community, recorded as inactive where there is none.
pub(super) fn found_or_recorded(
    writer: &Writer<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<Instance, Fault> {
    if let Some(instance) = writer.instance_of(community, platform)? {
        return Ok(instance);
    }
    let id = record(
        writer,
        rules,
        community,
        platform,
        Desired::Inactive,
        BTreeMap::new(),
    )?;
    writer.instance(id)
}

/// The instance of a platform for a community, which must be there.
pub(super) fn required(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<Instance, Fault> {
    let manifest = rules.manifest(platform)?;
    reader.instance_of(community, platform)?.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!(
                "{} is off for this community: there is no instance.",
                manifest.name
            ),
        )
        .hint("Switch it on first; that records one.")
    })
}

/// Switches an instance on or off. Where it waits for a key, only the wish is recorded, and that is said.
pub(super) fn set_desired(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
    desired: Desired,
) -> Result<Applied, Fault> {
    if desired == Desired::Removed {
        return Err(Fault::new(
            FaultKind::BadInput,
            "Removing is not a way of switching off; nothing was changed.",
        )
        .hint("Use the removal, which asks for the community's short name."));
    }
    let known = writer.instance_of(community, platform)?;
    let stands = known.is_some_and(|instance| instance.external_id.is_some());
    if !stands {
        let slug = writer.community(community)?.slug;
        accepting::require(writer, rules, rules.manifest(platform)?, &slug)?;
    }
    let instance = found_or_recorded(writer, rules, community, platform)?;
    require_switchable(&instance)?;
    writer.set_desired(instance.id, desired)?;
    let begun = rules.towards_desired(writer, instance.id, &actor.name, true)?;
    applied(writer, rules, instance.id, begun, desired.word().to_owned())
}

/// Changes settings, and sends them where the instance stands already.
pub(super) fn configure(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
    entered: BTreeMap<String, String>,
    typed: &str,
) -> Result<Applied, Fault> {
    let checked = checked_settings(rules, &instance.platform, entered)?;
    if instance.external_id.is_none() {
        let slug = writer.community(instance.community)?.slug;
        let manifest = rules.manifest(&instance.platform)?;
        accepting::require(writer, rules, manifest, &slug)?;
    }
    let changed = take_settings(writer, rules, instance, &checked, typed)?;
    let begun = rules.towards_desired(writer, instance.id, &actor.name, true)?;
    let detail = if changed.is_empty() {
        "nothing differs".to_owned()
    } else {
        changed.join(", ")
    };
    applied(writer, rules, instance.id, begun, detail)
}

/// Merges checked settings into an instance, notes which of them the platform has to be told, and answers which changed.
pub(super) fn take_settings(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    checked: &BTreeMap<String, String>,
    typed: &str,
) -> Result<Vec<String>, Fault> {
    let manifest = rules.manifest(&instance.platform)?;
    let changed: Vec<String> = checked
        .iter()
        .filter(|(field, value)| {
            let former = instance.settings.get(*field).map_or("", String::as_str);
            former != value.as_str()
        })
        .map(|(field, _)| field.clone())
        .collect();
    if changed.is_empty() {
        return Ok(changed);
    }
    let present = instance.external_id.is_some();
    if present {
        let slug = writer.community(instance.community)?.slug;
        require_typed(&manifest.dangers(&instance.settings, checked), &slug, typed)?;
    }
    for field in &changed {
        let fixed = manifest
            .setting(field)
            .filter(|setting| setting.immutable && present);
        if let Some(setting) = fixed {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("{field} cannot be changed any more: the instance stands on it."),
            )
            .hint(manifest.way_around(setting)));
        }
    }
    let merged = writer.merge_settings(instance.id, checked)?;
    tenants::choose_again(writer, rules, instance, &merged)?;
    for other in sharing::spread(writer, rules, (&instance.platform, instance.id), checked)? {
        wake_parked(writer, rules, other)?;
    }
    let making = writer
        .open_operation(instance.id, OperationVerb::Provision)?
        .is_some_and(|operation| operation.state == OperationState::Running);
    if (present && !instance.observe_only) || making {
        let unsent: Option<Vec<String>> = facts::recall(writer, instance.id, facts::UNSENT)?;
        let mut unsent = unsent.unwrap_or_default();
        for field in &changed {
            if !unsent.contains(field) {
                unsent.push(field.clone());
            }
        }
        facts::remember(writer, instance.id, facts::UNSENT, &unsent)?;
    }
    wake_parked(writer, rules, instance.id)?;
    Ok(changed)
}

/// Refuses a change that can cost the community something unless its short name was typed.
fn require_typed(dangers: &[(&str, &str)], slug: &Slug, typed: &str) -> Result<(), Fault> {
    let Some((label, what)) = dangers.first() else {
        return Ok(());
    };
    if typed.trim() == slug.as_str() {
        return Ok(());
    }
    let fault = Fault::new(
        FaultKind::BadInput,
        format!("{label} was not changed, since the community's short name was not typed. {what}"),
    );
    Err(fault.hint(format!(
        "When you are sure, type {slug} in the form of the settings, or give --confirm {slug} to the command."
    )))
}

/// What waits for a person may have waited for these settings: it looks again by itself.
fn wake_parked(writer: &Writer<'_>, rules: &Rules, instance: InstanceId) -> Result<(), Fault> {
    let filter = OperationFilter {
        states: vec![OperationState::WaitsHuman],
        instance: Some(instance),
        ..Default::default()
    };
    for parked in writer.operations(&filter, 64)? {
        rules.wake(writer, parked.id, instance)?;
    }
    Ok(())
}

/// The receipt for a change of one instance: what is now so.
pub(super) fn applied(
    reader: &Reader<'_>,
    rules: &Rules,
    id: InstanceId,
    begun: Vec<OperationId>,
    detail: String,
) -> Result<Applied, Fault> {
    let instance = reader.instance(id)?;
    let community = reader.community(instance.community)?;
    let title = titles::of(&rules.catalog, &instance.platform, &community.name);
    Ok(Applied {
        subject: subject_of(reader, &instance)?,
        detail,
        receipt: Receipt {
            message: now_so(&title, &instance, reader, rules)?,
            community: Some(instance.community),
            operations: begun,
        },
        instances: vec![id],
        ..Applied::default()
    })
}

/// What is now so, in one sentence.
fn now_so(
    title: &str,
    instance: &Instance,
    reader: &Reader<'_>,
    rules: &Rules,
) -> Result<String, Fault> {
    let wanted = match instance.desired {
        Desired::Active => "wanted active",
        Desired::Inactive => "wanted inactive",
        Desired::Removed => "to be removed",
    };
    let next = reconcile::next(rules.situation(reader, instance)?);
    Ok(match (instance.observed, next) {
        (_, reconcile::Next::NoAdapter) => {
            format!("{title} is {wanted}; its {}.", rules::NO_ADAPTER)
        }
        (Observed::NeedsKey, _) => {
            format!(
                "{title} is {wanted} and waits for a key: {}.",
                instance.note
            )
        }
        (Observed::NeedsHuman, _) => {
            format!("{title} is {wanted} and waits for you: {}.", instance.note)
        }
        (Observed::NeedsOthers, _) => {
            format!(
                "{title} is {wanted}; somebody else decides: {}.",
                instance.note
            )
        }
        (Observed::Working, _) => format!("{title} is {wanted}; it is being worked on."),
        (Observed::Failed, _) => {
            format!(
                "{title} is {wanted}; the last attempt failed: {}.",
                instance.note
            )
        }
        (Observed::Gone, _) => format!("{title} is not there any more."),
        (Observed::Absent, _) => format!("{title} is {wanted} and not made yet."),
        (Observed::Ready, _) => format!("{title} is {}.", instance.desired),
    })
}
