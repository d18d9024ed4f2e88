//! Intents about communities: creating one with its instances, archiving it, and the template for new ones.

use super::{
    accepting, connections, homes, instances,
    rules::Rules,
    submit::{After, Applied},
    tenants,
    views::Receipt,
};
use crate::{
    domain::{
        Actor, Choice, CommunityId, Desired, Fault, FaultKind, NewCommunity, Observed,
        OperationState, PlatformId, clean, clean_line,
    },
    store::{Reader, Writer},
};
use std::collections::BTreeMap;

/// The name under which the installation keeps where its template departs from the manifests.
pub(super) const TEMPLATE: &str = "template";
/// The most characters a description may have.
const MAX_DESCRIPTION: usize = 2000;

/// What a new community gets: the manifests' defaults, then what the operator chose.
pub(super) fn template(
    reader: &Reader<'_>,
    rules: &Rules,
) -> Result<BTreeMap<PlatformId, Choice>, Fault> {
    let mut choices: BTreeMap<_, _> = rules
        .catalog
        .iter()
        .map(|manifest| (manifest.id.clone(), manifest.default))
        .collect();
    let chosen: Option<BTreeMap<PlatformId, Choice>> = reader.setting(TEMPLATE)?;
    for (platform, choice) in chosen.unwrap_or_default() {
        if let Some(known) = choices.get_mut(&platform) {
            *known = choice;
        }
    }
    Ok(choices)
}

/// What a new community gets of one platform.
pub(super) struct Chosen {
    /// Which platform.
    pub platform: PlatformId,
    /// Made inactive or active; never off.
    pub choice: Choice,
    /// Settings given at once, checked.
    pub settings: BTreeMap<String, String>,
}

/// What a new community will get, in the order of the catalog, with its settings checked.
pub(super) fn chosen(
    reader: &Reader<'_>,
    rules: &Rules,
    new: &NewCommunity,
) -> Result<Vec<Chosen>, Fault> {
    let mut choices = template(reader, rules)?;
    for (platform, choice) in &new.choices {
        rules.manifest(platform)?;
        choices.insert(platform.clone(), *choice);
    }
    for platform in new.settings.keys() {
        rules.manifest(platform)?;
    }
    let mut list = Vec::new();
    for manifest in rules.catalog.iter() {
        let choice = choices.get(&manifest.id).copied().unwrap_or(Choice::Off);
        if choice != Choice::Off {
            let mut entered = new.settings.get(&manifest.id).cloned().unwrap_or_default();
            homes::prefill(reader, &rules.catalog, &manifest.id, &mut entered)?;
            let settings = instances::checked_settings(rules, &manifest.id, entered)?;
            tenants::kind_of(rules, &manifest.id, &settings)?;
            list.push(Chosen {
                platform: manifest.id.clone(),
                choice,
                settings,
            });
        }
    }
    Ok(list)
}

/// The name and the description as they are stored.
pub(super) fn checked_names(new: &NewCommunity) -> Result<(String, String), Fault> {
    let name = clean_line(&new.name);
    let length = name.chars().count();
    if length == 0 {
        return Err(
            Fault::new(FaultKind::BadInput, "The community has no name.")
                .hint("Write a name with at least one visible character."),
        );
    }
    if length > NewCommunity::MAX_NAME {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "The name has {length} characters; a community's name has at most {}.",
                NewCommunity::MAX_NAME
            ),
        )
        .hint("Shorten it; the description has room for more."));
    }
    let description = clean(&new.description).trim().to_owned();
    let length = description.chars().count();
    if length > MAX_DESCRIPTION {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("The description has {length} characters; it has at most {MAX_DESCRIPTION}."),
        )
        .hint("Shorten it to a sentence or two."));
    }
    Ok((name, description))
}

/// Creates a community with one instance for every platform that is not off.
pub(super) fn create(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    new: &NewCommunity,
) -> Result<Applied, Fault> {
    let (name, description) = checked_names(new)?;
    let chosen = chosen(writer, rules, new)?;
    let names: Vec<PlatformId> = chosen.iter().map(|one| one.platform.clone()).collect();
    let community = writer.insert_community(&new.slug, &name, &description, rules.now)?;
    let mut applied = Applied {
        subject: new.slug.to_string(),
        detail: name.clone(),
        ..Applied::default()
    };
    for Chosen {
        platform,
        choice,
        settings,
    } in chosen
    {
        let desired = if choice == Choice::Active {
            Desired::Active
        } else {
            Desired::Inactive
        };
        accepting::require(writer, rules, rules.manifest(&platform)?, &new.slug)?;
        let id = instances::record(writer, rules, community.id, &platform, desired, settings)?;
        let begun = rules.towards_desired(writer, id, &actor.name, true)?;
        applied.receipt.operations.extend(begun);
        applied.instances.push(id);
    }
    let joined = connections::record_proposed(writer, rules, community.id, &names, &actor.name)?;
    let waiting = writer
        .instance_summaries(community.id)?
        .iter()
        .filter(|instance| instance.observed == Observed::NeedsKey)
        .count();
    applied.receipt.message = created(
        &name,
        applied.instances.len(),
        applied.receipt.operations.len(),
        (waiting, joined),
    );
    applied.receipt.community = Some(community.id);
    Ok(applied)
}

fn created(name: &str, recorded: usize, begun: usize, (waiting, joined): (usize, usize)) -> String {
    let mut parts = vec![format!(
        "{name} is created with {}",
        crate::domain::counted(recorded, "instance", "instances")
    )];
    if begun > 0 {
        parts.push(format!("{begun} being made"));
    }
    if waiting > 0 {
        parts.push(format!("{waiting} waiting for a key"));
    }
    if joined > 0 {
        let joined = crate::domain::counted(joined, "connection", "connections");
        parts.push(format!("{joined} once both ends are there"));
    }
    format!("{}.", parts.join(", "))
}

/// Archives a community: what is switched on is switched off first, what was not begun is dropped.
pub(super) fn archive(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    id: CommunityId,
) -> Result<Applied, Fault> {
    let community = writer.community(id)?;
    writer.archive_community(id, rules.now)?;
    let mut applied = Applied {
        subject: community.slug.to_string(),
        receipt: Receipt {
            community: Some(id),
            ..Receipt::default()
        },
        ..Applied::default()
    };
    for instance in writer.instances(id)? {
        if instance.desired == Desired::Active {
            writer.set_desired(instance.id, Desired::Inactive)?;
        }
        if let Some(making) =
            writer.open_operation(instance.id, crate::domain::OperationVerb::Provision)?
            && making.state == OperationState::Running
        {
            applied.after.push(After::Stop(making.id));
        }
        let begun = rules.towards_desired(writer, instance.id, &actor.name, true)?;
        applied.receipt.operations.extend(begun);
        applied.instances.push(instance.id);
    }
    let off = applied.receipt.operations.len();
    applied.receipt.message = match off {
        0 => format!("{} is archived; nothing was switched on.", community.name),
        _ => format!(
            "{} is archived; {} being switched off. Everything is kept.",
            community.name,
            crate::domain::counted(off, "instance", "instances")
        ),
    };
    Ok(applied)
}

/// Changes what a new community gets. Communities that exist are not touched.
pub(super) fn set_template(
    writer: &Writer<'_>,
    rules: &Rules,
    choices: BTreeMap<PlatformId, Choice>,
) -> Result<Applied, Fault> {
    let mut stored: BTreeMap<PlatformId, Choice> = writer.setting(TEMPLATE)?.unwrap_or_default();
    let mut told = Vec::new();
    for (platform, choice) in choices {
        rules.manifest(&platform)?;
        told.push(format!("{platform} {choice}"));
        stored.insert(platform, choice);
    }
    writer.set_setting(TEMPLATE, &stored)?;
    Ok(Applied {
        subject: TEMPLATE.to_owned(),
        detail: told.join(", "),
        receipt: Receipt {
            message: "The template is changed; it holds for communities created from now on."
                .to_owned(),
            ..Receipt::default()
        },
        ..Applied::default()
    })
}
