//! Taking over what exists on a platform: looked at first, managed only when that is asked for as a second step.

use super::{
    instances::{self, applied, found_or_recorded},
    planner::{Draft, basis_of},
    rules::Rules,
    submit::Applied,
    titles,
};
use crate::{
    domain::{
        Actor, CommunityId, Fault, FaultKind, Instance, InstanceId, OperationState, OperationVerb,
        Plan, PlanItemKind, PlatformId, clean_line,
    },
    store::{OperationFilter, Reader, Writer},
};
use serde_json::{Value, json};

/// The most characters of a reference to something on a platform.
const MAX_REFERENCE: usize = 500;

/// What is to be taken over, and how.
pub(super) struct Adoption {
    /// The object there.
    pub reference: String,
    /// Only look at it.
    pub observe_only: bool,
}

/// Takes over what exists on the platform.
pub(super) fn adopt(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
    wish: &Adoption,
) -> Result<Applied, Fault> {
    let manifest = rules.manifest(platform)?;
    let reference = clean_line(&wish.reference);
    if reference.is_empty() || reference.chars().count() > MAX_REFERENCE {
        return Err(Fault::new(
            FaultKind::BadInput,
            "What is to be adopted is named by a text of 1 to 500 characters.",
        )
        .hint("Take a reference from the list of what was found there."));
    }
    if rules.registry.get(platform).is_none() {
        return Err(Fault::new(
            FaultKind::Unsupported,
            format!("The adapter of {} is not there yet.", manifest.name),
        )
        .hint("A later Guildhall can adopt it."));
    }
    let instance = found_or_recorded(writer, rules, community, platform)?;
    if instance.external_id.is_some() && !instance.observe_only {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "This community has its instance of {} already.",
                manifest.name
            ),
        )
        .hint("Remove that one first; a soft removal keeps what is there."));
    }
    if !wish.observe_only && !instance.observe_only {
        return Err(Fault::new(
            FaultKind::Conflict,
            "What exists there is only looked at first; nothing was adopted.",
        )
        .hint("Adopt it to look at it; then manage it as a second step."));
    }
    if let Some(making) = writer.open_operation(instance.id, OperationVerb::Provision)? {
        if making.state == OperationState::Running {
            return Err(Fault::new(
                FaultKind::Conflict,
                "An instance is being made at this moment.",
            )
            .hint("Cancel that operation first, then adopt."));
        }
        writer.set_operation_state(making.id, OperationState::Cancelled, rules.now)?;
    }
    if let Some(former) = writer.open_operation(instance.id, OperationVerb::Adopt)?
        && former.state != OperationState::Running
    {
        writer.set_operation_state(former.id, OperationState::Cancelled, rules.now)?;
    }
    let argument = json!({ "reference": reference, "observe_only": wish.observe_only });
    let begun = rules.enqueue(
        writer,
        instance.id,
        OperationVerb::Adopt,
        argument,
        &actor.name,
        true,
    )?;
    let begun = begun.into_iter().collect();
    applied(writer, rules, instance.id, begun, reference)
}

/// Manages from here what was only looked at so far.
pub(super) fn manage(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<Applied, Fault> {
    let instance = instances::required(writer, rules, community, platform)?;
    let reference = looked_at(writer, rules, &instance)?;
    let wish = Adoption {
        reference,
        observe_only: false,
    };
    adopt(writer, rules, actor, community, platform, &wish)
}

/// By what name an instance was adopted that is only looked at.
fn looked_at(reader: &Reader<'_>, rules: &Rules, instance: &Instance) -> Result<String, Fault> {
    if !instance.observe_only {
        let name = titles::platform(&rules.catalog, &instance.platform);
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("The instance of {name} is not one that is only looked at."),
        )
        .hint("Adopt something first; what Guildhall made is managed already."));
    }
    let named = reference_of(reader, instance.id)?.or_else(|| instance.external_id.clone());
    Ok(named.unwrap_or_default())
}

fn reference_of(reader: &Reader<'_>, instance: InstanceId) -> Result<Option<String>, Fault> {
    let filter = OperationFilter {
        states: vec![OperationState::Done],
        instance: Some(instance),
        ..Default::default()
    };
    let done = reader.operations(&filter, 64)?;
    Ok(done
        .iter()
        .find(|operation| operation.verb == OperationVerb::Adopt)
        .and_then(|operation| operation.argument.get("reference"))
        .and_then(Value::as_str)
        .map(str::to_owned))
}

/// What managing will do.
pub(super) fn plan_manage(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
) -> Result<Plan, Fault> {
    let instance = instances::required(reader, rules, community, platform)?;
    let reference = looked_at(reader, rules, &instance)?;
    let name = reader.community(community)?.name;
    let title = titles::of(&rules.catalog, platform, &name);
    let mut draft = Draft::new(format!("Manage {title}"));
    let text = format!("{} is managed from here", clean_line(&reference));
    draft.say(PlanItemKind::Now, Some(platform), text);
    let text = "From then on settings are sent there and it can be switched on and off; what is there is never destroyed without the community's short name typed.";
    draft.say(PlanItemKind::Warning, Some(platform), text);
    Ok(draft.finish(basis_of(Some(&instance))))
}
