//! What is decided inside one transaction: whether the actor may, what an instance lacks, which operation is next.
//!
//! A [`Rules`] is taken along into the transaction, with everything that is not in the store: the time, the catalog, the
//! adapters of this build, the custody of keys. It starts nothing; who called it runs what it enqueued.

use super::{
    choosing, facts,
    held::LentFields,
    keyring,
    options::Limits,
    reconcile::{Reached, Situation},
};
use crate::{
    adapters::registry::Registry,
    catalog::{Catalog, Keep, Manifest, Needs},
    domain::{
        Actor, AuditResult, CommunityId, CredentialState, Desired, Fault, FaultKind, Instance,
        InstanceId, IntentKind, Observed, OperationState, OperationVerb, PlatformId, Subject,
        permits,
    },
    store::{Reader, Writer},
    vault::Custody,
};
use jiff::Timestamp;
use std::{collections::BTreeSet, sync::Arc};

/// Said of a platform whose adapter this build does not have.
pub(super) const NO_ADAPTER: &str = "adapter not there yet";

/// Everything a decision needs that is not in the store.
#[derive(Clone)]
pub(super) struct Rules {
    /// Whether whoever asks was shown what is installed on this host, and accepts it.
    pub accepts: bool,
    /// Whether the platforms are simulated.
    pub sandbox: bool,
    /// What is known of the platforms.
    pub catalog: Arc<Catalog>,
    /// The adapters of this build.
    pub registry: Registry,
    /// The keys.
    pub custody: Custody,
    /// The installation's own id.
    pub installation: String,
    /// The time of this transaction.
    pub now: Timestamp,
    /// How patient.
    pub limits: Limits,
    /// Powerful keys that lie in memory: their fields.
    pub lent: Arc<LentFields>,
}

impl Rules {
    /// The manifest of a platform.
    pub fn manifest(&self, platform: &PlatformId) -> Result<&Manifest, Fault> {
        self.catalog.get(platform).ok_or_else(|| {
            let near = self
                .catalog
                .nearest(platform.as_str())
                .map(|near| format!(" Did you mean {near}?"))
                .unwrap_or_default();
            Fault::new(
                FaultKind::NotFound,
                format!("There is no platform {platform} in the catalog.{near}"),
            )
            .hint("Look at the catalog for the platforms there are.")
        })
    }

    /// Refuses what the actor may not do. The actor is read again: what a screen remembers of it does not count.
    pub fn require(
        reader: &Reader<'_>,
        actor: &Actor,
        verb: IntentKind,
        community: Option<CommunityId>,
    ) -> Result<Actor, Fault> {
        let actor = reader.actor(actor.id)?;
        let subject = match community {
            None => Subject::Installation,
            Some(id) if actor.sees(id) => Subject::Community {
                id,
                archived: reader.community(id)?.archived_at.is_some(),
            },
            // What one may not know of does not exist.
            Some(_) => return Err(hidden()),
        };
        if permits(&actor, verb, subject) {
            return Ok(actor);
        }
        Err(match subject {
            Subject::Community { archived: true, .. }
                if permits(
                    &actor,
                    verb,
                    Subject::Community {
                        id: community.unwrap_or(CommunityId(0)),
                        archived: false,
                    },
                ) =>
            {
                Fault::new(
                    FaultKind::NotAllowed,
                    format!("The community is archived, so {verb} is not possible."),
                )
                .hint("In an archived community one can look, check and remove what is left.")
            }
            _ => Fault::new(
                FaultKind::NotAllowed,
                format!("{} ({}) may not do this: {verb}.", actor.name, actor.role),
            )
            .hint("Ask an operator of this installation to do it."),
        })
    }

    /// Writes an entry of the audit, in the transaction of what it tells.
    #[expect(
        clippy::too_many_arguments,
        reason = "an entry has these parts, and each caller has them loose"
    )]
    pub fn audit(
        &self,
        writer: &Writer<'_>,
        actor: &str,
        action: &str,
        subject: &str,
        community: Option<CommunityId>,
        result: AuditResult,
        detail: &str,
    ) -> Result<(), Fault> {
        super::auditing::append(
            writer,
            super::auditing::Sealing::By(&self.custody),
            super::auditing::Line {
                at: self.now,
                actor,
                action,
                subject,
                community,
                result,
                detail,
            },
        )
    }

    /// The fields of an instance's platform for which a usable key is at hand, stored or in memory.
    pub fn fields_held(
        &self,
        reader: &Reader<'_>,
        platform: &PlatformId,
        community: CommunityId,
    ) -> Result<BTreeSet<String>, Fault> {
        let mut held = self
            .lent
            .get(&(platform.clone(), Some(community)))
            .cloned()
            .unwrap_or_default();
        for key in keyring::current(reader, self, platform, community)? {
            if matches!(
                key.state,
                CredentialState::Active | CredentialState::Unverified | CredentialState::Inbox
            ) {
                held.insert(key.field);
            }
        }
        Ok(held)
    }

    /// The fields that the installation's own accounts hold for a community that is made now.
    pub fn shared_fields(
        &self,
        reader: &Reader<'_>,
        platform: &PlatformId,
    ) -> Result<BTreeSet<String>, Fault> {
        let keys = choosing::best(reader, self, platform, None)?;
        Ok(keys.into_iter().map(|key| key.field).collect())
    }

    /// Where an instance stands, as the rule of [`reconcile`] looks at it.
    pub fn situation(&self, reader: &Reader<'_>, instance: &Instance) -> Result<Situation, Fault> {
        let manifest = self.manifest(&instance.platform)?;
        let held = self.fields_held(reader, &instance.platform, instance.community)?;
        let can = |needs: &[Vec<String>]| Needs::met(needs, |field| held.contains(field));
        let reached: Option<String> = facts::recall(reader, instance.id, facts::REACHED)?;
        let unsent: Option<Vec<String>> = facts::recall(reader, instance.id, facts::UNSENT)?;
        Ok(Situation {
            desired: instance.desired,
            adapter: self.registry.get(&instance.platform).is_some(),
            archived: reader.community(instance.community)?.archived_at.is_some(),
            observe_only: instance.observe_only,
            present: instance.external_id.is_some(),
            reached: Reached::of(reached.as_deref()),
            unsent: unsent.is_some_and(|fields| !fields.is_empty()),
            can_provision: can(manifest.needs.to_provision(&instance.settings)),
            can_operate: can(manifest.needs.to_operate(&instance.settings)),
        })
    }

    /// What key an instance waits for, in the words of its row.
    pub fn key_note(&self, instance: &Instance, verb: OperationVerb) -> Result<String, Fault> {
        let manifest = self.manifest(&instance.platform)?;
        let needs = match verb {
            OperationVerb::Provision => manifest.needs.to_provision(&instance.settings),
            _ => manifest.needs.to_operate(&instance.settings),
        };
        Ok(format!("enter {}", name_keys(manifest, needs)))
    }

    /// Whether a field's key is used once and stored only when somebody asks for that.
    pub fn is_kept(&self, platform: &PlatformId, field: &str) -> bool {
        self.catalog
            .get(platform)
            .and_then(|manifest| manifest.credential(field))
            .is_none_or(|field| field.keep == Keep::Always)
    }
}

/// "rosewood/name-of-platform", for the audit.
pub(super) fn subject_of(reader: &Reader<'_>, instance: &Instance) -> Result<String, Fault> {
    let slug = reader.community(instance.community)?.slug;
    Ok(format!("{slug}/{}", instance.platform))
}

/// Whether an instance is worked on, or something of it waits.
pub(super) fn has_open_operation(reader: &Reader<'_>, instance: InstanceId) -> Result<bool, Fault> {
    let filter = crate::store::OperationFilter {
        open: true,
        instance: Some(instance),
        ..Default::default()
    };
    Ok(!reader.operations(&filter, 1)?.is_empty())
}

/// Whether an instance itself is worked on or waits. A connection that waits, for a person or a limit, keeps nobody from
/// looking at the instance or from deciding about it.
pub(super) fn is_held_up(reader: &Reader<'_>, instance: InstanceId) -> Result<bool, Fault> {
    let filter = crate::store::OperationFilter {
        open: true,
        instance: Some(instance),
        ..Default::default()
    };
    let open = reader.operations(&filter, 64)?;
    Ok(open.iter().any(|operation| {
        operation.state == OperationState::Running
            || !matches!(
                operation.verb,
                OperationVerb::Connect | OperationVerb::Disconnect
            )
    }))
}

/// What an instance shows when nothing is under way: ready where it was made, else absent.
pub(super) fn rest(writer: &Writer<'_>, instance: &Instance) -> Result<(), Fault> {
    let observed = match (instance.observed, &instance.external_id) {
        (Observed::Gone | Observed::Ready, _) => return Ok(()),
        (_, Some(_)) => Observed::Ready,
        (_, None) => Observed::Absent,
    };
    writer.set_observed(instance.id, observed, "")
}

/// Keys by their labels: "API key, or Token and Secret". Only those that a person enters: what Guildhall makes itself is
/// nobody's to enter.
pub(super) fn name_keys(manifest: &Manifest, alternatives: &[Vec<String>]) -> String {
    let label = |field: &String| match manifest.credential(field) {
        Some(known) if known.made_by_us => None,
        Some(known) => Some(known.label.clone()),
        None => Some(field.clone()),
    };
    let mut lists: Vec<String> = Vec::new();
    for fields in alternatives {
        let labels: Vec<String> = fields.iter().filter_map(label).collect();
        let list = labels.join(" and ");
        if !list.is_empty() && !lists.contains(&list) {
            lists.push(list);
        }
    }
    lists.join(", or ")
}

/// The answer about a community that the actor may not know of: the same as for one that does not exist.
pub(super) fn hidden() -> Fault {
    Fault::new(FaultKind::NotFound, "There is no such community here.")
        .hint("List the communities to see their short names.")
}

/// What remains to be said when an instance that cannot be switched is to be switched.
pub(super) fn require_switchable(instance: &Instance) -> Result<(), Fault> {
    if instance.observe_only {
        return Err(Fault::new(
            FaultKind::Conflict,
            "This instance is only looked at; it is not switched on or off from here.",
        )
        .hint("Manage it from here first."));
    }
    if instance.observed == Observed::Gone {
        return Err(Fault::new(
            FaultKind::Conflict,
            "What was made on the platform is not there any more, so it cannot be switched.",
        )
        .hint("Put it back, which makes another, or remove the instance here."));
    }
    if instance.desired == Desired::Removed {
        return Err(
            Fault::new(FaultKind::Conflict, "This instance is being removed.")
                .hint("Wait until that is done, or cancel its operation."),
        );
    }
    Ok(())
}
