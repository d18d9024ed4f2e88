//! Removing instances: softly (forget it here, hide it there) or for good. Always with the community's short name typed.

use super::{
    facts, instances, keyring, outcome, parting,
    rules::{Rules, subject_of},
    submit::{After, Applied},
    titles,
};
use crate::{
    domain::{
        Actor, CommunityId, Desired, Fault, FaultKind, Instance, Observed, OperationState,
        OperationVerb, PlatformId, RemoveMode,
    },
    store::{OperationFilter, Reader, Writer},
};
use serde_json::json;

/// Removes an instance. What was never made is removed at once; else an operation does it on the platform first.
pub(super) fn remove(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
    mode: RemoveMode,
    typed: &str,
) -> Result<Applied, Fault> {
    let instance = instances::required(writer, rules, community, platform)?;
    let slug = writer.community(community)?.slug;
    if typed.trim() != slug.as_str() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "What was typed is not the community's short name, so nothing was removed.",
        )
        .hint(format!("Type {slug} to confirm.")));
    }
    if instance.observe_only && mode == RemoveMode::Hard {
        return Err(Fault::new(
            FaultKind::Conflict,
            "This instance is only looked at; what is there is not Guildhall's to destroy.",
        )
        .hint("Remove it softly, which forgets it here."));
    }
    let mut after = stop_others(writer, rules, &instance)?;
    if let Some(why) = forget_here(writer, rules, &instance, mode, after.is_empty())? {
        return forgotten(writer, rules, actor, &instance, why);
    }
    after.append(&mut parting::stop_joining(writer, rules, &instance)?);
    let argument = json!({ "was": instance.desired.word() });
    writer.set_desired(instance.id, Desired::Removed)?;
    let verb = match mode {
        RemoveMode::Soft => OperationVerb::RemoveSoft,
        RemoveMode::Hard => OperationVerb::RemoveHard,
    };
    let begun = rules.enqueue(writer, instance.id, verb, argument, &actor.name, true)?;
    let mut applied = instances::applied(
        writer,
        rules,
        instance.id,
        begun.into_iter().collect(),
        mode.word().to_owned(),
    )?;
    let title = titles::of(&rules.catalog, platform, &writer.community(community)?.name);
    applied.receipt.message = format!("{title} is being removed.");
    applied.after.append(&mut after);
    // They undo their connections once it is gone.
    applied
        .instances
        .extend(parting::acting(writer, instance.id)?);
    Ok(applied)
}

/// Drops what has not begun, and asks what runs to stop.
fn stop_others(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<Vec<After>, Fault> {
    let filter = OperationFilter {
        states: vec![OperationState::Running],
        instance: Some(instance.id),
        ..Default::default()
    };
    let running = writer.operations(&filter, 16)?;
    outcome::cancel_open(writer, rules, instance)?;
    let mut after = Vec::new();
    for operation in running {
        // Seen by the holder at its next renewal, where it runs in another process.
        facts::remember(writer, instance.id, facts::CANCEL, &operation.id)?;
        after.push(After::Stop(operation.id));
    }
    Ok(after)
}

/// Why an instance is removed here without anything being sent, if so.
fn forget_here(
    reader: &Reader<'_>,
    rules: &Rules,
    instance: &Instance,
    mode: RemoveMode,
    at_rest: bool,
) -> Result<Option<&'static str>, Fault> {
    if !at_rest {
        return Ok(None);
    }
    if rules.registry.get(&instance.platform).is_none() || never_tried(reader, instance)? {
        return Ok(Some("Nothing was made there."));
    }
    if instance.observe_only {
        return Ok(Some("What is there stays as it is: it was only looked at."));
    }
    if mode == RemoveMode::Hard {
        return Ok(None);
    }
    if instance.observed == Observed::Gone {
        return Ok(Some("It was not there any more."));
    }
    if !rules.situation(reader, instance)?.can_operate {
        return Ok(Some(
            "What is there stays as it is: there is no key to hide it with.",
        ));
    }
    Ok(None)
}

/// Whether no operation ever tried to make anything for it.
pub(super) fn never_tried(reader: &Reader<'_>, instance: &Instance) -> Result<bool, Fault> {
    if instance.external_id.is_some() || !facts::of_adapter(reader, instance.id)?.is_empty() {
        return Ok(false);
    }
    let filter = OperationFilter {
        instance: Some(instance.id),
        ..Default::default()
    };
    let mut operations = reader.operations(&filter, 256)?.into_iter();
    operations.try_fold(true, |untried, operation| {
        Ok(untried && reader.steps(operation.id)?.is_empty())
    })
}

fn forgotten(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    instance: &Instance,
    why: &str,
) -> Result<Applied, Fault> {
    let community = writer.community(instance.community)?;
    let title = titles::of(&rules.catalog, &instance.platform, &community.name);
    keyring::forget(writer, rules, &instance.platform, instance.community, None)?;
    let mut applied = Applied {
        subject: subject_of(writer, instance)?,
        detail: why.to_owned(),
        ..Applied::default()
    };
    let enders = super::rotation::gone(writer, rules, instance.id)?;
    applied.instances = parting::take_out(writer, rules, instance, &actor.name)?;
    applied.instances.extend(enders);
    applied.receipt.message = format!("{title} is removed. {why}");
    applied.receipt.community = Some(instance.community);
    Ok(applied)
}
