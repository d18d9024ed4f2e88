//! Plans for what is there already: switching an instance, removing it, adopting one, archiving a community.

use super::{
    connections, instances, keyring,
    planner::{Draft, Making, basis_of, digest},
    reconcile,
    rules::{self, NO_ADAPTER, Rules},
    tenants, titles,
};
use crate::{
    catalog::{Manifest, Needs},
    domain::{
        Capability, CommunityId, Desired, Fault, Instance, Observed, Plan, PlanItemKind,
        PlatformId, RemoveMode, Verb,
    },
    store::Reader,
};

/// What switching on or off will do.
pub(super) fn switch(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
    desired: Desired,
) -> Result<Plan, Fault> {
    let manifest = rules.manifest(platform)?;
    let name = reader.community(community)?.name;
    let on = desired == Desired::Active;
    let title = format!(
        "{} {}",
        if on { "Activate" } else { "Deactivate" },
        titles::of(&rules.catalog, platform, &name)
    );
    let mut draft = Draft::new(title);
    let instance = reader.instance_of(community, platform)?;
    let basis = basis_of(instance.as_ref());
    match instance {
        Some(instance) if instance.external_id.is_some() => {
            rules::require_switchable(&instance)?;
            present(&mut draft, reader, rules, manifest, &instance, desired)?;
        }
        instance => {
            let settings = instance
                .map(|instance| instance.settings)
                .unwrap_or_default();
            let held = rules.fields_held(reader, platform, community)?;
            let can = Needs::met(manifest.needs.to_provision(&settings), |field| {
                held.contains(field)
            });
            let making = Making {
                community: Some(community),
                active: on,
                can,
                settings: &settings,
            };
            draft.make(reader, rules, manifest, &making)?;
        }
    }
    if on {
        for warning in &manifest.warnings {
            draft.say(PlanItemKind::Warning, Some(platform), warning.clone());
        }
    }
    Ok(draft.finish(basis))
}

/// The line for an instance that is there already.
fn present(
    draft: &mut Draft,
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
    instance: &Instance,
    desired: Desired,
) -> Result<(), Fault> {
    let wished = Instance {
        desired,
        ..instance.clone()
    };
    let next = reconcile::next(rules.situation(reader, &wished)?);
    if let Some(text) = tenants::warning(reader, rules, instance)? {
        draft.say(PlanItemKind::Warning, Some(&manifest.id), text);
    }
    let platform = Some(&manifest.id);
    let resources = &manifest.resources;
    match next {
        reconcile::Next::NeedsKey(verb) => {
            let text = format!("{}: {}", manifest.name, rules.key_note(instance, verb)?);
            draft.say(PlanItemKind::NeedsKey, platform, text);
        }
        reconcile::Next::NoAdapter => {
            let text = format!("{}: {NO_ADAPTER}", manifest.name);
            draft.say(PlanItemKind::NotYet, platform, text);
        }
        reconcile::Next::Run(_) if desired == Desired::Active => {
            draft.plan.memory_mib += resources
                .memory_active_mib
                .saturating_sub(resources.memory_inactive_mib);
            let text = format!("{} is switched on", manifest.name);
            draft.say(PlanItemKind::Now, platform, text);
        }
        reconcile::Next::Run(_) => {
            let note = manifest
                .capabilities
                .get(&Verb::Deactivate)
                .map(|note| note.note.clone())
                .unwrap_or_default();
            let text = format!(
                "{} is switched off, everything is kept. {note}",
                manifest.name
            );
            draft.say(PlanItemKind::Deactivate, platform, text.trim_end());
        }
        reconcile::Next::Nothing => {
            let text = format!("{} is {desired} already", manifest.name);
            draft.say(PlanItemKind::Record, platform, text);
        }
    }
    Ok(())
}

/// What a removal will do.
pub(super) fn remove(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
    mode: RemoveMode,
) -> Result<Plan, Fault> {
    let instance = instances::required(reader, rules, community, platform)?;
    let manifest = rules.manifest(platform)?;
    let community = reader.community(community)?;
    let title = titles::of(&rules.catalog, platform, &community.name);
    let (kind, verb, what) = match mode {
        RemoveMode::Soft => (
            PlanItemKind::RemoveSoft,
            Verb::RemoveSoft,
            "forgotten here and hidden there",
        ),
        RemoveMode::Hard => (
            PlanItemKind::RemoveHard,
            Verb::RemoveHard,
            "destroyed there",
        ),
    };
    let mut draft = Draft::new(format!("Remove {title}"));
    draft.say(kind, Some(platform), format!("{} is {what}", manifest.name));
    if let Some(note) = manifest.capabilities.get(&verb) {
        draft.say(PlanItemKind::Warning, Some(platform), note.note.clone());
    }
    if let Some(text) = tenants::warning(reader, rules, &instance)? {
        draft.say(PlanItemKind::Warning, Some(platform), text);
    }
    if mode == RemoveMode::Soft && manifest.shares_a_service_here(instance.kind) {
        let text = "Its rows leave the shared service for a file without keys, and Guildhall does not put them back.";
        draft.say(PlanItemKind::Warning, Some(platform), text);
    }
    if mode == RemoveMode::Hard && !instance.made_by_us && instance.external_id.is_some() {
        let text = "Guildhall did not make what is there; it was adopted.";
        draft.say(PlanItemKind::Warning, Some(platform), text);
    }
    let keys = keyring::current(reader, rules, platform, community.id)?.len();
    if keys > 0 {
        let text = "Its keys are forgotten here; on the platform they work until revoked there.";
        draft.say(PlanItemKind::Warning, Some(platform), text);
    }
    draft.plan.typed_confirmation = Some(community.slug.to_string());
    Ok(draft.finish(basis_of(Some(&instance))))
}

/// What taking over will do.
pub(super) fn adopt(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    platform: &PlatformId,
    reference: &str,
    observe_only: bool,
) -> Result<Plan, Fault> {
    let manifest = rules.manifest(platform)?;
    let name = reader.community(community)?.name;
    let title = titles::of(&rules.catalog, platform, &name);
    let instance = reader.instance_of(community, platform)?;
    let mut draft = Draft::new(format!("Adopt as {title}"));
    if rules.registry.get(platform).is_none() {
        let text = format!("{}: {NO_ADAPTER}", manifest.name);
        draft.say(PlanItemKind::NotYet, Some(platform), text);
    } else {
        let how = if observe_only {
            "is only looked at; nothing there is changed"
        } else {
            "is managed from here; nothing there is changed by taking it over"
        };
        let reference = crate::domain::clean_line(reference);
        draft.say(
            PlanItemKind::Now,
            Some(platform),
            format!("{reference} {how}"),
        );
    }
    Ok(draft.finish(basis_of(instance.as_ref())))
}

/// What joining two instances will do.
pub(super) fn connect(
    reader: &Reader<'_>,
    rules: &Rules,
    community: CommunityId,
    from: &PlatformId,
    to: &PlatformId,
) -> Result<Plan, Fault> {
    let offer = connections::offer(rules, from, to)?;
    let names = connections::names(rules, from, &offer.verb, to);
    let name = reader.community(community)?.name;
    let mut draft = Draft::new(format!("Connect for {name}"));
    let mut basis = Vec::new();
    draft.say(PlanItemKind::Connection, Some(from), names);
    let kind = match offer.how {
        Capability::Human => PlanItemKind::NeedsHuman,
        _ => PlanItemKind::Warning,
    };
    draft.say(kind, None, offer.note.clone());
    for platform in [from, to] {
        let end = instances::required(reader, rules, community, platform)?;
        if end.external_id.is_none() {
            let title = titles::platform(&rules.catalog, platform);
            let text = format!("{title} is not made yet; the connection waits for it");
            draft.say(PlanItemKind::Record, Some(platform), text);
        }
        basis.push(basis_of(Some(&end)));
    }
    Ok(draft.finish(digest(&basis)))
}

/// What archiving will do.
pub(super) fn archive(reader: &Reader<'_>, rules: &Rules, id: CommunityId) -> Result<Plan, Fault> {
    let community = reader.community(id)?;
    let mut draft = Draft::new(format!("Archive {}", community.name));
    let mut basis = Vec::new();
    for instance in reader.instances(id)? {
        basis.push(basis_of(Some(&instance)));
        if instance.desired == Desired::Active && instance.observed != Observed::Absent {
            let name = titles::platform(&rules.catalog, &instance.platform);
            let text = format!("{name} is switched off, everything is kept");
            draft.say(PlanItemKind::Deactivate, Some(&instance.platform), text);
        }
    }
    draft.plan.typed_confirmation = Some(community.slug.to_string());
    Ok(draft.finish(digest(&basis)))
}
