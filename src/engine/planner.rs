//! What an intent will do, told before anything is sent: what is made now, what waits for a key, what it costs.

use super::{
    Engine, accepting, adopting, allowances, choosing, communities, connections, delegating, drift,
    handing_over,
    held::Examined,
    keys, moving, operations, plans,
    rules::{self, NO_ADAPTER, Rules},
    slots, tenants, wanting,
};
use crate::{
    catalog::{Manifest, Maturity, Needs},
    domain::{
        Actor, Capability, Choice, CommunityId, Fault, FaultKind, Instance, Intent, NewCommunity,
        Plan, PlanItem, PlanItemKind, PlatformId, Verb, mebibytes,
    },
    store::Reader,
};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write as _, fs};

impl Engine {
    /// What an intent will do. Nothing is sent and nothing is changed.
    ///
    /// # Errors
    /// As [`Engine::submit`] would answer for what is wrong with the intent itself.
    pub async fn plan(&self, actor: &Actor, intent: &Intent) -> Result<Plan, Fault> {
        let (asking, intent, rules) = (actor.clone(), intent.clone(), self.core.rules());
        let examined = self.core.examined_for(&intent);
        self.core
            .store
            .read(move |reader| plan(reader, &rules, &asking, &intent, examined.as_ref()))
            .await
    }
}

/// Refuses what was decided upon a plan that is not true any more.
pub(super) fn require_basis(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    intent: &Intent,
    examined: Option<&Examined>,
    basis: &str,
) -> Result<(), Fault> {
    if plan(reader, rules, actor, intent, examined)?.basis == basis {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Conflict,
        "Things have changed since the plan was made; nothing was done.",
    )
    .hint("Look at the plan as it is now, then decide again."))
}

fn plan(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    intent: &Intent,
    examined: Option<&Examined>,
) -> Result<Plan, Fault> {
    let kind = intent.kind();
    let allow = |community| Rules::require(reader, actor, kind, community);
    match intent {
        Intent::CreateCommunity(new) => {
            allow(None)?;
            create(reader, rules, new)
        }
        Intent::SetDesired {
            community,
            platform,
            desired,
        } => {
            let actor = allow(Some(*community))?;
            allowances::require_room(reader, rules, &actor, (*community, platform), *desired)?;
            plans::switch(reader, rules, *community, platform, *desired)
        }
        Intent::Remove {
            community,
            platform,
            mode,
            ..
        } => {
            allow(Some(*community))?;
            plans::remove(reader, rules, *community, platform, *mode)
        }
        Intent::Adopt {
            community,
            platform,
            reference,
            observe_only,
        } => {
            allow(Some(*community))?;
            plans::adopt(
                reader,
                rules,
                *community,
                platform,
                reference,
                *observe_only,
            )
        }
        Intent::Manage {
            community,
            platform,
        } => {
            allow(Some(*community))?;
            adopting::plan_manage(reader, rules, *community, platform)
        }
        Intent::AnswerDrift {
            community,
            platform,
            only,
            answer,
        } => {
            allow(Some(*community))?;
            let which = drift::Which {
                community: *community,
                platform,
                only: *only,
            };
            drift::plan(reader, rules, &which, *answer)
        }
        Intent::ArchiveCommunity { community } => {
            allow(Some(*community))?;
            plans::archive(reader, rules, *community)
        }
        Intent::Connect {
            community,
            from,
            to,
        } => {
            allow(Some(*community))?;
            plans::connect(reader, rules, *community, from, to)
        }
        Intent::HandOver {
            community,
            platform,
            to,
        } => {
            allow(Some(*community))?;
            handing_over::plan(reader, rules, (*community, platform), to)
        }
        Intent::MoveAccount {
            community,
            platform,
            name,
        } => {
            allow(None)?;
            moving::plan(reader, rules, (*community, platform), name)
        }
        Intent::WantAccount { platform, name, .. } => {
            allow(None)?;
            wanting::plan(reader, rules, platform, name)
        }
        other => {
            allow(concerned(reader, actor, other, examined)?)?;
            Ok(Draft::new(kind.word()).finish(String::new()))
        }
    }
}

/// The community that an intent is about; none for the installation.
fn concerned(
    reader: &Reader<'_>,
    actor: &Actor,
    intent: &Intent,
    examined: Option<&Examined>,
) -> Result<Option<CommunityId>, Fault> {
    Ok(match intent {
        Intent::CreateCommunity(_)
        | Intent::SetTemplate { .. }
        | Intent::TakeHomes { .. }
        | Intent::AddAccount { .. }
        | Intent::WantAccount { .. }
        | Intent::CheckWantedAccount { .. }
        | Intent::DropWantedAccount { .. }
        | Intent::SetAccountContact { .. }
        | Intent::MoveAccount { .. }
        | Intent::SetAccountPolicy { .. }
        | Intent::RotateKey { .. }
        | Intent::CloseRotation { .. } => None,
        Intent::ArchiveCommunity { community }
        | Intent::SetDesired { community, .. }
        | Intent::Configure { community, .. }
        | Intent::ForgetKey { community, .. }
        | Intent::Adopt { community, .. }
        | Intent::Manage { community, .. }
        | Intent::AnswerDrift { community, .. }
        | Intent::Remove { community, .. }
        | Intent::HandOver { community, .. }
        | Intent::Connect { community, .. } => Some(*community),
        Intent::Check { community, .. } => *community,
        Intent::Delegate(delegation) => delegating::concerned(reader, actor, delegation)?,
        Intent::StoreKey { .. } => keys::require_examined(examined.cloned(), actor)?.owner.1,
        Intent::Disconnect { connection } | Intent::TestConnection { connection } => {
            Some(connections::community_of(reader, actor, *connection)?)
        }
        Intent::ResumeOperation { operation } | Intent::CancelOperation { operation } => {
            Some(operations::community_of(reader, actor, *operation)?)
        }
    })
}

/// A plan in the making.
pub(super) struct Draft {
    /// As far as it is made.
    pub plan: Plan,
}

impl Draft {
    /// An empty plan.
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            plan: Plan {
                title: title.into(),
                items: Vec::new(),
                memory_mib: 0,
                memory_free_mib: free_memory_mib(),
                disk_mib: 0,
                typed_confirmation: None,
                basis: String::new(),
            },
        }
    }

    /// Adds a line.
    pub fn say(
        &mut self,
        kind: PlanItemKind,
        platform: Option<&PlatformId>,
        text: impl Into<String>,
    ) {
        self.plan.items.push(PlanItem {
            kind,
            platform: platform.cloned(),
            text: text.into(),
        });
    }

    /// Adds what an instance takes of this host, and warns where that is more than there is.
    pub fn finish(mut self, basis: String) -> Plan {
        let (needed, free) = (self.plan.memory_mib, self.plan.memory_free_mib);
        if free > 0 && needed > free {
            self.say(
                PlanItemKind::Warning,
                None,
                format!(
                    "This takes about {} of memory and {} are free.",
                    mebibytes(needed),
                    mebibytes(free)
                ),
            );
        }
        let asked = self.plan.items.iter();
        let asked: Vec<String> = asked
            .filter(|item| item.kind == PlanItemKind::Accept)
            .map(|item| item.text.clone())
            .collect();
        self.plan.basis = if asked.is_empty() {
            basis
        } else {
            // What was accepted is what was shown.
            digest(&[vec![basis], asked].concat())
        };
        self.plan
    }
}

fn create(reader: &Reader<'_>, rules: &Rules, new: &NewCommunity) -> Result<Plan, Fault> {
    let (name, _) = communities::checked_names(new)?;
    if let Some(existing) = reader.community_by_slug(&new.slug)? {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "There is a community {} already: {}.",
                new.slug, existing.name
            ),
        )
        .hint("Choose another short name."));
    }
    let mut draft = Draft::new(format!("Create {name}"));
    let mut basis = vec![new.slug.to_string()];
    let mut platforms = Vec::new();
    for communities::Chosen {
        platform,
        choice,
        settings,
    } in communities::chosen(reader, rules, new)?
    {
        platforms.push(platform.clone());
        let manifest = rules.manifest(&platform)?;
        let active = choice == Choice::Active;
        let held = rules.shared_fields(reader, &platform)?;
        let can = Needs::met(manifest.needs.to_provision(&settings), |field| {
            held.contains(field)
        });
        basis.push(format!("{platform} {choice} {can}"));
        let making = Making {
            community: None,
            active,
            can,
            settings: &settings,
        };
        draft.make(reader, rules, manifest, &making)?;
        if matches!(
            manifest.maturity,
            Maturity::Experimental | Maturity::Unmaintained
        ) && active
        {
            let text = format!("{} is {}.", manifest.name, manifest.maturity);
            draft.say(PlanItemKind::Warning, Some(&platform), text);
        }
    }
    for (from, offer, to) in connections::proposed(rules, &platforms)? {
        let text = connections::names(rules, &from, &offer.verb, &to);
        draft.say(PlanItemKind::Connection, None, text);
    }
    draft.plan.items.sort_by_key(|item| order_of(item.kind));
    Ok(draft.finish(digest(&basis)))
}

fn order_of(kind: PlanItemKind) -> usize {
    PlanItemKind::ALL
        .iter()
        .position(|known| *known == kind)
        .unwrap_or(usize::MAX)
}

/// An instance that will be made.
pub(super) struct Making<'a> {
    /// For which community, where that is there already.
    pub community: Option<CommunityId>,
    /// Whether it is switched on as well.
    pub active: bool,
    /// Whether the keys for it are at hand.
    pub can: bool,
    /// Its settings.
    pub settings: &'a BTreeMap<String, String>,
}

impl Draft {
    /// The lines for an instance that will be made.
    pub fn make(
        &mut self,
        reader: &Reader<'_>,
        rules: &Rules,
        manifest: &Manifest,
        making: &Making<'_>,
    ) -> Result<(), Fault> {
        let Making {
            active,
            can,
            settings,
            ..
        } = *making;
        let platform = &manifest.id;
        if rules.registry.get(platform).is_none() {
            self.say(
                PlanItemKind::NotYet,
                Some(platform),
                format!("{}: recorded; {NO_ADAPTER}", manifest.name),
            );
            return Ok(());
        }
        let resources = &manifest.resources;
        let memory = if active && tenants::is_running(reader, rules, platform, settings)? {
            0
        } else if active {
            resources.memory_active_mib
        } else {
            resources.memory_inactive_mib
        };
        let offer = manifest.chosen_offer(settings);
        if let Some(offer) = offer.filter(|offer| offer.chosen_by.is_some()) {
            self.say(PlanItemKind::Warning, Some(platform), offer.text.clone());
        }
        for text in accepting::asked(reader, manifest)? {
            self.say(PlanItemKind::Accept, Some(platform), text);
        }
        self.plan.memory_mib += memory;
        self.plan.disk_mib += resources.disk_instance_mib;
        if reader
            .instances_to_check(platform, rules.now, 1)?
            .is_empty()
        {
            // The shared runtime is there once any instance was made.
            self.plan.disk_mib += resources.disk_runtime_mib;
        }
        let cost = if memory > 0 {
            format!(", about {}", mebibytes(memory))
        } else {
            String::new()
        };
        if !can {
            let needs = manifest.needs.to_provision(settings);
            let text = format!("{}: {}", manifest.name, rules::name_keys(manifest, needs));
            self.say(PlanItemKind::NeedsKey, Some(platform), text);
        } else if manifest.capability(Verb::Provision) == Capability::Human {
            let note = manifest
                .capabilities
                .get(&Verb::Provision)
                .map(|note| note.note.clone())
                .unwrap_or_default();
            let text = format!("{}: {note}", manifest.name);
            self.say(PlanItemKind::NeedsHuman, Some(platform), text);
        } else if active {
            let text = format!("{} (made and switched on{cost})", manifest.name);
            self.say(PlanItemKind::Now, Some(platform), text);
        } else {
            let text = format!("{} (made, left inactive{cost})", manifest.name);
            self.say(PlanItemKind::Record, Some(platform), text);
        }
        self.slots(reader, rules, manifest, making.community)
    }

    /// What it takes of the account there, and whether that has room.
    fn slots(
        &mut self,
        reader: &Reader<'_>,
        rules: &Rules,
        manifest: &Manifest,
        community: Option<CommunityId>,
    ) -> Result<(), Fault> {
        let keys = choosing::best(reader, rules, &manifest.id, community)?;
        let Some(key) = keys.first() else {
            return Ok(());
        };
        let account = reader.account(key.account)?;
        let rows = slots::rows(reader, rules, &account)?;
        for row in rows.iter().filter(|row| row.takes > 0) {
            let (Some(used), Some(max)) = (row.slots.used, row.slots.max) else {
                continue;
            };
            let after = used.saturating_add(row.takes);
            let (name, unit) = (&manifest.name, &row.slots.unit);
            if after > max {
                let text = format!(
                    "{name}, {unit}: {used} of {max}, so the account {} is full; another one is asked for",
                    account.name
                );
                self.say(PlanItemKind::NeedsHuman, Some(&manifest.id), text);
            } else {
                let text = format!("{name}, {unit}: {after} of {max} after this");
                self.say(PlanItemKind::Slot, Some(&manifest.id), text);
            }
        }
        Ok(())
    }
}

/// The state that a plan about an instance was made from.
pub(super) fn basis_of(instance: Option<&Instance>) -> String {
    let text = instance.map_or_else(String::new, |instance| {
        format!(
            "{} {} {} {:?} {:?} {}",
            instance.id,
            instance.desired,
            instance.observed,
            instance.external_id,
            instance.settings,
            instance.observe_only
        )
    });
    digest(&[text])
}

pub(super) fn digest(parts: &[String]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update((part.len() as u64).to_be_bytes());
        hash.update(part);
    }
    hash.finalize()
        .iter()
        .take(8)
        .fold(String::new(), |mut digits, byte| {
            // Writing to a String does not fail.
            let _ = write!(digits, "{byte:02x}");
            digits
        })
}

/// Memory of this host that programs can have, in MiB (proc(5), `MemAvailable`); 0 when it cannot be read.
#[must_use]
pub fn free_memory_mib() -> u64 {
    fs::read_to_string("/proc/meminfo")
        .ok()
        .and_then(|text| available(&text))
        .unwrap_or(0)
}

fn available(meminfo: &str) -> Option<u64> {
    let line = meminfo
        .lines()
        .find_map(|line| line.strip_prefix("MemAvailable:"))?;
    let kibibytes: u64 = line.trim().trim_end_matches("kB").trim().parse().ok()?;
    Some(kibibytes / 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_memory_is_read_in_mebibytes() {
        let text = "MemTotal:  8000000 kB\nMemAvailable:    3174400 kB\n";
        assert_eq!(available(text), Some(3100));
        assert_eq!(available("nothing"), None);
    }

    #[test]
    fn a_basis_changes_with_the_parts_and_with_where_they_end() {
        let of =
            |parts: &[&str]| digest(&parts.iter().map(|s| (*s).to_owned()).collect::<Vec<_>>());
        assert_ne!(of(&["ab", "c"]), of(&["a", "bc"]));
        assert_eq!(of(&["ab", "c"]), of(&["ab", "c"]));
    }
}
