//! People become the owners of an instance where it is: by a call where the platform lets us, else by somebody there. Over
//! when the platform itself says so, and not before.

use super::owned;
use crate::{
    adapters::{Adapter, Halt, Op, Ownership},
    catalog::Manifest,
    domain::{
        Actor, Capability, CommunityId, Fault, FaultKind, HumanTask, Instance, InstanceKind,
        Operation, OperationState, OperationVerb, Plan, PlanItemKind, PlatformId, Verb, clean_line,
    },
    engine::{
        core::Core,
        ending::Effect,
        instances,
        planner::{self, Draft},
        rules::Rules,
        submit::Applied,
        titles,
    },
    store::{Reader, Writer},
};
use serde_json::{Value, json};
use std::sync::Arc;

/// The most characters of a name.
const LONGEST: usize = 255;

/// Queues it; where the same was asked for before and waits for a person, lets that look again.
pub(in crate::engine) fn begin(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    (community, platform): (CommunityId, &PlatformId),
    to: &str,
) -> Result<Applied, Fault> {
    let (instance, to) = possible(writer, rules, (community, platform), to)?;
    let verb = OperationVerb::HandOver;
    let mut open = writer.open_operation(instance.id, verb)?;
    if let Some(other) = open.take_if(|open| open.argument["to"].as_str().unwrap_or_default() != to)
    {
        if other.state != OperationState::Failed {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "Operation {} hands it over already; nothing was changed.",
                    other.id
                ),
            )
            .hint("Let it come to its end, or cancel it."));
        }
        // A name that was mistyped is not to be in the way of the right one.
        writer.set_operation_state(other.id, OperationState::Cancelled, rules.now)?;
    }
    let title = titles::of(&rules.catalog, platform, &writer.community(community)?.name);
    let (begun, message) = match open {
        // Whoever asks again may know that it was done there meanwhile.
        Some(open) if open.state == OperationState::WaitsHuman => {
            rules.wake(writer, open.id, instance.id)?;
            let message = format!("Whether {title} is handed over is looked at again.");
            (Some(open.id), message)
        }
        open => {
            let argument = json!({ "to": to, "url": instance.url });
            let begun = rules.enqueue(writer, instance.id, verb, argument, &actor.name, true)?;
            let message = format!("{title} is being handed over.");
            // One that waits for the unlock goes on by itself.
            (begun.or(open.map(|open| open.id)), message)
        }
    };
    let detail = if to.is_empty() {
        String::new()
    } else {
        format!("to {to}")
    };
    let begun = begun.into_iter().collect();
    let mut applied = instances::applied(writer, rules, instance.id, begun, detail)?;
    applied.receipt.message = message;
    Ok(applied)
}

/// What it will do.
pub(in crate::engine) fn plan(
    reader: &Reader<'_>,
    rules: &Rules,
    (community, platform): (CommunityId, &PlatformId),
    to: &str,
) -> Result<Plan, Fault> {
    let (instance, to) = possible(reader, rules, (community, platform), to)?;
    let title = titles::of(&rules.catalog, platform, &reader.community(community)?.name);
    let mut draft = Draft::new(format!("Hand over {title}"));
    if to.is_empty() {
        let text = format!("Somebody there makes people the owners of {title}");
        draft.say(PlanItemKind::NeedsHuman, Some(platform), text);
    } else {
        let text = format!("{to} becomes an owner of {title}");
        draft.say(PlanItemKind::Now, Some(platform), text);
    }
    draft.say(
        PlanItemKind::Remember,
        None,
        "It is over when the platform itself says that people own it. Our key stays until it is ended.",
    );
    Ok(draft.finish(planner::basis_of(Some(&instance))))
}

/// The instance, and whom it is handed to, where that can be.
fn possible(
    reader: &Reader<'_>,
    rules: &Rules,
    (community, platform): (CommunityId, &PlatformId),
    to: &str,
) -> Result<(Instance, String), Fault> {
    let instance = instances::required(reader, rules, community, platform)?;
    let title = titles::platform(&rules.catalog, platform);
    let refuse = |what: String, hint: &str| Err(Fault::new(FaultKind::Conflict, what).hint(hint));
    if instance.external_id.is_none() {
        return refuse(
            format!("Nothing of {title} was made yet that anybody could own."),
            "Activate the instance first, or remove it.",
        );
    }
    if instance.kind == InstanceKind::Link || instance.observe_only {
        return refuse(
            format!("{title} is only looked at from here, so it is not ours to hand over."),
            "Remove the instance; what is there stays as it is.",
        );
    }
    let manifest = rules.manifest(platform)?;
    if manifest.capability(Verb::HandOver) == Capability::Unsupported {
        return refuse(
            format!("Nobody can be asked who owns {title}, so nothing was begun."),
            note(manifest),
        );
    }
    let to = clean_line(to).trim().to_owned();
    if to.chars().count() > LONGEST {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("A name has at most {LONGEST} characters; nothing was begun."),
        )
        .hint("Write the name that the platform has for the person."));
    }
    if !to.is_empty() && manifest.capability(Verb::HandOver) == Capability::Human {
        return refuse(
            format!("{title} lets no program make {to} its owner; nothing was begun."),
            "Name nobody: then a person there does it, and Guildhall looks whether it was done.",
        );
    }
    Ok((instance, to))
}

fn note(manifest: &Manifest) -> &str {
    manifest
        .capabilities
        .get(&Verb::HandOver)
        .map_or("", |note| note.note.as_str())
}

/// The work.
pub(in crate::engine) async fn work(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
) -> Result<Effect, Halt> {
    let site = op.site();
    let to = operation.argument.get("to").and_then(Value::as_str);
    let to = to.unwrap_or_default();
    if !to.is_empty() {
        if adapter.names_owner_by(site).is_none() {
            return Err(crate::adapters::contract::unsupported(
                site,
                "make somebody the owner by itself",
            )
            .into());
        }
        op.step("owner", || adapter.hand_to(site, to)).await?;
    }
    let task = task(core, op, operation, to);
    let ownership: Ownership = op
        .human(task, || async {
            let told = adapter.ownership(site).await?;
            Ok(told.is_handed_over().then_some(told))
        })
        .await?;
    let (instance, kept) = (operation.instance, ownership.clone());
    core.change(move |writer, rules| owned::remember(writer, instance, &kept, rules.now))
        .await?;
    Ok(Effect::Handed(format!("It is {}.", ownership.sentence())))
}

fn task(core: &Core, op: &Op, operation: &Operation, to: &str) -> HumanTask {
    let site = op.site();
    let title = titles::platform(&core.options.catalog, &site.platform);
    let manifest = core.options.catalog.get(&site.platform);
    let mut instructions = Vec::new();
    if !to.is_empty() {
        instructions.push(format!(
            "Let {to} come in there, or accept the invitation that was sent."
        ));
    }
    instructions.extend(
        manifest
            .map(|manifest| note(manifest).to_owned())
            .filter(|note| !note.is_empty()),
    );
    HumanTask {
        step: "hand over".into(),
        title: format!("make people of {} the owners of {title}", site.community_name),
        why: "The platform does not yet say that people own it and that nothing of ours stands above them.".into(),
        who: "somebody who has an owner's rights there".into(),
        url: operation.argument["url"].as_str().map(str::to_owned),
        instructions,
        asks_for: Vec::new(),
        others_decide: false,
    }
}
