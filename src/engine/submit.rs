//! The one door for changes: authority, validation, the change, the operations it enqueues and the audit entry, in one
//! transaction; then the work begins.

use super::{
    Engine, adopting, allowances, communities, connections, delegating,
    desk::Stop,
    drift, handing_over,
    held::{Examined, Lending, Owner},
    homes, instances, joining, key_policy, keys, moving, observe, operations, planner, removal,
    rotation,
    rules::Rules,
    scheduler,
    views::Receipt,
    wanting,
};
use crate::{
    domain::{
        Actor, AuditResult, CommunityId, ConnectionId, ExaminationId, Fault, FaultKind, InstanceId,
        Intent, OperationId, PlatformId, WantedAccountId,
    },
    store::Writer,
};
use secrecy::SecretString;
use std::{collections::BTreeMap, mem};

/// What an intent did, and what is to be done once it is on disk.
#[derive(Default)]
pub(super) struct Applied {
    /// For whoever asked.
    pub receipt: Receipt,
    /// On what, for the audit: "rosewood/name-of-platform".
    pub subject: String,
    /// Particulars for the audit.
    pub detail: String,
    /// The instances it touched.
    pub instances: Vec<InstanceId>,
    /// Powerful keys for the work that it begins, to be at hand before anybody can see that work.
    pub lent: Vec<(Owner, BTreeMap<String, SecretString>)>,
    /// What is to be done afterwards.
    pub after: Vec<After>,
}

/// What is done after the change is on disk.
pub(super) enum After {
    /// Stop an operation that runs in this process.
    Stop(OperationId),
    /// Look at instances.
    Look(Vec<InstanceId>),
    /// Test a connection.
    Probe(ConnectionId),
    /// An examined key was stored; it need not be held any more.
    DropExamined(ExaminationId),
    /// Have the platform make an account.
    MakeAccount(WantedAccountId, PlatformId),
}

impl Engine {
    /// Does what an actor wants, or refuses. What takes long is begun and goes on in the background; the receipt names it.
    ///
    /// # Errors
    /// `NotAllowed` when the actor may not; `BadInput`, `NotFound` or `Conflict` when it cannot be; `Storage` or `InUse` when
    /// it could not be written. In every case nothing was changed.
    pub async fn submit(&self, actor: &Actor, intent: Intent) -> Result<Receipt, Fault> {
        self.take_in(actor, intent, None, false).await
    }

    /// Does what an actor decided after looking at its plan; `basis` is that of the plan.
    ///
    /// # Errors
    /// As [`Engine::submit`]; `Conflict` when things have changed since the plan was made. Nothing was done then.
    pub async fn submit_planned(
        &self,
        actor: &Actor,
        intent: Intent,
        basis: String,
    ) -> Result<Receipt, Fault> {
        self.take_in(actor, intent, Some(basis), false).await
    }

    /// Does what an actor decided who was shown what its plan asks to accept, and accepts that: without it nothing is
    /// installed on this host for the first time. `basis` is that of the plan, where it is held to one.
    ///
    /// # Errors
    /// As [`Engine::submit_planned`].
    pub async fn submit_accepting(
        &self,
        actor: &Actor,
        intent: Intent,
        basis: Option<String>,
    ) -> Result<Receipt, Fault> {
        self.take_in(actor, intent, basis, true).await
    }

    async fn take_in(
        &self,
        actor: &Actor,
        intent: Intent,
        basis: Option<String>,
        accepts: bool,
    ) -> Result<Receipt, Fault> {
        let core = &self.core;
        core.require_writable()?;
        let kind = intent.kind();
        let examined = core.examined_for(&intent);
        let asking = actor.clone();
        let lent = core.held.lent_fields();
        let held = core.held.clone();
        let outcome = core
            .change(move |writer, rules| {
                let rules = Rules {
                    accepts,
                    lent,
                    ..rules.clone()
                };
                if let Some(basis) = basis {
                    let examined = examined.as_ref();
                    planner::require_basis(writer, &rules, &asking, &intent, examined, &basis)?;
                }
                let mut applied = apply(writer, &rules, &asking, intent, examined)?;
                rules.audit(
                    writer,
                    &label(&asking),
                    kind.word(),
                    &applied.subject,
                    applied.receipt.community,
                    AuditResult::Permitted,
                    &applied.detail,
                )?;
                let lendings: Vec<Lending> = mem::take(&mut applied.lent)
                    .into_iter()
                    .map(|(owner, entries)| Lending::begin(&held, owner, entries))
                    .collect();
                Ok((applied, lendings))
            })
            .await;
        match outcome {
            Ok((applied, lendings)) => {
                lendings.into_iter().for_each(Lending::keep);
                Ok(self.begin(applied))
            }
            Err(fault) => {
                self.audit_refusal(actor, kind.word(), &fault).await;
                Err(fault)
            }
        }
    }

    /// Begins what an intent asked for.
    fn begin(&self, applied: Applied) -> Receipt {
        let core = &self.core;
        for after in applied.after {
            match after {
                After::Stop(operation) => {
                    core.desk.stop(operation, Stop::Asked);
                }
                After::Look(instances) => observe::begin(core, instances),
                After::Probe(connection) => joining::begin_probe(core, connection),
                After::DropExamined(examination) => core.held.drop_examined(examination),
                After::MakeAccount(wanted, platform) => {
                    wanting::begin_making(core, wanted, platform);
                }
            }
        }
        core.desk.widen(applied.instances);
        scheduler::ensure_started(core);
        core.emit_changed(applied.receipt.community);
        applied.receipt
    }

    /// Writes down that somebody was refused. Trouble of the disk is no refusal, and cannot be written down either.
    pub(super) async fn audit_refusal(&self, actor: &Actor, action: &'static str, fault: &Fault) {
        if matches!(
            fault.kind,
            FaultKind::Storage | FaultKind::InUse | FaultKind::Internal
        ) {
            return;
        }
        let (actor, detail) = (label(actor), fault.what.clone());
        let written = self
            .core
            .change(move |writer, rules| {
                rules.audit(
                    writer,
                    &actor,
                    action,
                    "",
                    None,
                    AuditResult::Refused,
                    &detail,
                )
            })
            .await;
        if let Err(fault) = written {
            tracing::error!(%fault, "a refusal could not be written to the audit");
        }
    }
}

/// An actor as the audit names it.
pub(super) fn label(actor: &Actor) -> String {
    format!("{} ({})", actor.name, actor.role)
}

#[expect(
    clippy::too_many_lines,
    reason = "one arm for each intent, which only names the function that does it"
)]
pub(super) fn apply(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    intent: Intent,
    examined: Option<Examined>,
) -> Result<Applied, Fault> {
    let kind = intent.kind();
    let allow = |community: Option<CommunityId>| Rules::require(writer, actor, kind, community);
    match intent {
        Intent::CreateCommunity(new) => communities::create(writer, rules, &allow(None)?, &new),
        Intent::ArchiveCommunity { community } => {
            communities::archive(writer, rules, &allow(Some(community))?, community)
        }
        Intent::SetTemplate { choices } => {
            allow(None)?;
            communities::set_template(writer, rules, choices)
        }
        Intent::TakeHomes { homes } => {
            allow(None)?;
            homes::take(writer, rules, homes)
        }
        Intent::SetDesired {
            community,
            platform,
            desired,
        } => {
            let actor = allow(Some(community))?;
            let place = (community, &platform);
            allowances::require_room(writer, rules, &actor, place, desired)?;
            instances::set_desired(writer, rules, &actor, community, &platform, desired)
        }
        Intent::Configure {
            community,
            platform,
            settings,
            typed,
        } => {
            let actor = allow(Some(community))?;
            let instance = instances::found_or_recorded(writer, rules, community, &platform)?;
            instances::configure(writer, rules, &actor, &instance, settings, &typed)
        }
        Intent::Adopt {
            community,
            platform,
            reference,
            observe_only,
        } => {
            let actor = allow(Some(community))?;
            let wish = adopting::Adoption {
                reference,
                observe_only,
            };
            adopting::adopt(writer, rules, &actor, community, &platform, &wish)
        }
        Intent::Manage {
            community,
            platform,
        } => {
            let actor = allow(Some(community))?;
            adopting::manage(writer, rules, &actor, community, &platform)
        }
        Intent::AnswerDrift {
            community,
            platform,
            only,
            answer,
        } => {
            let actor = allow(Some(community))?;
            let which = drift::Which {
                community,
                platform: &platform,
                only,
            };
            drift::answer(writer, rules, &actor, &which, answer)
        }
        Intent::Check {
            community,
            platform,
        } => {
            let actor = allow(community)?;
            observe::ask(writer, rules, &actor, community, platform.as_ref())
        }
        Intent::Remove {
            community,
            platform,
            mode,
            typed,
        } => {
            let actor = allow(Some(community))?;
            removal::remove(writer, rules, &actor, community, &platform, mode, &typed)
        }
        Intent::HandOver {
            community,
            platform,
            to,
        } => {
            let actor = allow(Some(community))?;
            handing_over::begin(writer, rules, &actor, (community, &platform), &to)
        }
        Intent::StoreKey {
            examination,
            keep_unverified,
            keep_powerful,
        } => {
            let examined = keys::require_examined(examined, actor)?;
            let actor = allow(examined.owner.1)?;
            let how = keys::Keeping {
                examination,
                keep_unverified,
                keep_powerful,
            };
            keys::store(writer, rules, &actor, examined, how)
        }
        Intent::AddAccount {
            platform,
            name,
            contact,
            examination,
        } => {
            let actor = allow(None)?;
            let examined = keys::require_examined(examined, &actor)?;
            let wish = keys::NewAccount {
                name: &name,
                contact: &contact,
                examination,
            };
            keys::add_account(writer, rules, &actor, &platform, &wish, examined)
        }
        Intent::WantAccount {
            platform,
            name,
            contact,
        } => {
            let actor = allow(None)?;
            wanting::want(writer, rules, &actor, &platform, (&name, &contact))
        }
        Intent::CheckWantedAccount { wanted } => {
            allow(None)?;
            wanting::check(writer, rules, wanted)
        }
        Intent::DropWantedAccount { wanted } => {
            allow(None)?;
            wanting::drop_one(writer, rules, wanted)
        }
        Intent::SetAccountContact { account, contact } => {
            allow(None)?;
            wanting::set_contact(writer, account, &contact)
        }
        Intent::SetAccountPolicy {
            platform,
            policy,
            typed,
        } => {
            let actor = allow(None)?;
            key_policy::set_policy(writer, rules, &actor.name, &platform, policy, &typed)
        }
        Intent::RotateKey { key, reason, why } => {
            let actor = allow(None)?;
            rotation::begin(writer, rules, &actor, key, reason, &why)
        }
        Intent::MoveAccount {
            community,
            platform,
            name,
        } => {
            let actor = allow(None)?;
            moving::begin(writer, rules, &actor, (community, &platform), &name)
        }
        Intent::CloseRotation { rotation, why } => {
            let actor = allow(None)?;
            rotation::close(writer, rules, &actor, rotation, &why)
        }
        Intent::Delegate(delegation) => delegating::apply(writer, rules, actor, delegation),
        Intent::ForgetKey {
            community,
            platform,
            field,
        } => {
            let actor = allow(Some(community))?;
            keys::forget(
                writer,
                rules,
                &actor,
                community,
                &platform,
                field.as_deref(),
            )
        }
        Intent::Connect {
            community,
            from,
            to,
        } => {
            let actor = allow(Some(community))?;
            connections::connect(writer, rules, &actor, community, &from, &to)
        }
        Intent::Disconnect { connection } => {
            let community = connections::community_of(writer, actor, connection)?;
            let actor = allow(Some(community))?;
            connections::disconnect(writer, rules, &actor, connection)
        }
        Intent::TestConnection { connection } => {
            let community = connections::community_of(writer, actor, connection)?;
            allow(Some(community))?;
            connections::test(writer, connection, community)
        }
        Intent::ResumeOperation { operation } => {
            let community = operations::community_of(writer, actor, operation)?;
            let actor = allow(Some(community))?;
            operations::resume(writer, rules, &actor, operation)
        }
        Intent::CancelOperation { operation } => {
            let community = operations::community_of(writer, actor, operation)?;
            let actor = allow(Some(community))?;
            operations::cancel(writer, rules, &actor, operation)
        }
    }
}

/// "One key is", "3 keys are".
pub(super) fn keys_word(count: usize) -> String {
    match count {
        1 => "The key".to_owned(),
        _ => crate::domain::counted(count, "key", "keys"),
    }
}
