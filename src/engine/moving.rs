//! An instance is moved from the account it works with to another of its platform, which is there already with its key.
//! The former account keeps its key, and whatever else works with it.

use super::{
    choosing, connections,
    core::Core,
    ending::Effect,
    facts, key_policy, keyring, moving_back,
    planner::{Draft, digest},
    reach,
    rules::{Rules, has_open_operation, subject_of},
    scene::Scene,
    slots,
    submit::Applied,
    titles,
    views::Receipt,
};
use crate::{
    adapters::{Adapter, Halt, Op, contract::HALF_MOVED},
    domain::{
        Account, AccountId, Actor, CommunityId, CredentialMeta, CredentialState, Fault, FaultKind,
        Instance, InstanceId, Observed, Operation, OperationId, OperationVerb, Plan, PlanItemKind,
        PlatformId,
    },
    store::{NewOperation, Reader, Writer},
};
use serde_json::json;
use std::sync::Arc;

/// To which account an operation moves its instance.
pub(super) fn of(operation: &Operation) -> Option<AccountId> {
    if operation.verb != OperationVerb::Rotate {
        return None;
    }
    operation.argument["account"].as_i64().map(AccountId)
}

/// A move that is possible.
struct Move {
    instance: Instance,
    account: Account,
    key: CredentialMeta,
}

/// Looks whether an instance can be moved to the account of this name.
fn possible(
    reader: &Reader<'_>,
    rules: &Rules,
    (community, platform): (CommunityId, &PlatformId),
    name: &str,
) -> Result<Move, Fault> {
    let instance = super::instances::required(reader, rules, community, platform)?;
    let account = named(reader, community, platform, name)?;
    let title = titles::platform(&rules.catalog, platform);
    if reader.accounts_used(instance.id)?.contains(&account.id) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{title} works with the account {name} already."),
        )
        .hint("Nothing is to be done."));
    }
    if has_open_operation(reader, instance.id)? {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("Something is under way at {title}, so it was not moved."),
        )
        .hint("Wait until that is done, or cancel it."));
    }
    let checked = require_key(reader, rules, &account)
        .and_then(|key| require_room(reader, rules, &account, &key).map(|()| key));
    let key = checked.map_err(|fault| Fault {
        what: format!("{} Nothing was moved.", fault.what),
        ..fault
    })?;
    Ok(Move {
        instance,
        account,
        key,
    })
}

/// What a move will do.
pub(super) fn plan(
    reader: &Reader<'_>,
    rules: &Rules,
    place: (CommunityId, &PlatformId),
    name: &str,
) -> Result<Plan, Fault> {
    let Move {
        instance, account, ..
    } = possible(reader, rules, place, name)?;
    let platform = Some(place.1);
    let title = titles::of(
        &rules.catalog,
        place.1,
        &reader.community(instance.community)?.name,
    );
    let mut draft = Draft::new(format!("Move {title} to the account {name}"));
    let mut former = Vec::new();
    for id in reader.accounts_used(instance.id)? {
        former.push(reader.account(id)?.name);
    }
    let instead = if former.is_empty() {
        String::new()
    } else {
        format!(" in the place of {}", former.join(" and "))
    };
    draft.say(
        PlanItemKind::Now,
        platform,
        format!("{title} works with {name}{instead}"),
    );
    for row in slots::rows(reader, rules, &account)? {
        if let (true, Some(used), Some(max)) = (row.takes > 0, row.slots.used, row.slots.max) {
            let after = used.saturating_add(row.takes);
            let text = format!("{name}, {}: {after} of {max} after this", row.slots.unit);
            draft.say(PlanItemKind::Slot, platform, text);
        }
    }
    let served = reach::served(reader, &account)?;
    if account.community.is_none() && !served.contains(&instance.community) {
        let count = u64::try_from(served.len()).unwrap_or(u64::MAX) + 1;
        let text = format!(
            "Whoever steals the key of {name} has {} then.",
            crate::domain::counted(count, "community", "communities")
        );
        draft.say(PlanItemKind::Warning, None, text);
    }
    draft.say(
        PlanItemKind::Remember,
        None,
        "The former account keeps its key, and whatever else works with it.",
    );
    draft.say(
        PlanItemKind::Remember,
        None,
        "What the new account lacks there is asked of a person as a step; where it cannot take over, everything works with the former one as before.",
    );
    let basis = digest(&[
        super::planner::basis_of(Some(&instance)),
        account.id.to_string(),
        former.join(" "),
    ]);
    Ok(draft.finish(basis))
}

/// Why an instance of the community cannot be moved to an account; none where it can be.
pub(super) fn obstacle(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
) -> Result<Option<String>, Fault> {
    let found = require_key(reader, rules, account)
        .and_then(|key| require_room(reader, rules, account, &key));
    match found {
        Ok(()) => Ok(None),
        Err(fault) if matches!(fault.kind, FaultKind::NeedsKey | FaultKind::Conflict) => {
            Ok(Some(format!("{} {}", fault.what, fault.hint)))
        }
        Err(fault) => Err(fault),
    }
}

/// Queues the move of an instance to the account of this name.
pub(super) fn begin(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    (community, platform): (CommunityId, &PlatformId),
    name: &str,
) -> Result<Applied, Fault> {
    let title = titles::platform(&rules.catalog, platform);
    let Move {
        instance,
        account,
        key,
    } = possible(writer, rules, (community, platform), name)?;
    let new = NewOperation {
        instance: instance.id,
        verb: OperationVerb::Rotate,
        actor: actor.name.clone(),
        argument: json!({ "account": account.id.0, "field": key.field }),
        not_before: None,
    };
    let operation = writer.insert_operation(&new, rules.now)?;
    writer.set_observed(instance.id, Observed::Working, "")?;
    Ok(Applied {
        subject: subject_of(writer, &instance)?,
        detail: format!("to the account {name}"),
        receipt: Receipt {
            message: format!("{title} is being moved to the account {name}."),
            community: Some(community),
            operations: vec![operation],
        },
        instances: vec![instance.id],
        ..Applied::default()
    })
}

/// The community's own account of this name, else the installation's.
fn named(
    reader: &Reader<'_>,
    community: CommunityId,
    platform: &PlatformId,
    name: &str,
) -> Result<Account, Fault> {
    let mut known = reader.accounts_of(Some(community), platform)?;
    known.extend(reader.accounts_of(None, platform)?);
    known
        .into_iter()
        .find(|account| account.name == name)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!(
                    "There is no account {:?} on {platform} that this community could work with.",
                    crate::domain::clean_line(name)
                ),
            )
            .hint("List them with: guildhall account list")
        })
}

/// A key that an instance can work with: one with which things are only made moves nothing.
fn require_key(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
) -> Result<CredentialMeta, Fault> {
    let keys = reader.credentials(account.id)?;
    let needed = &rules.manifest(&account.platform)?.needs.operate;
    let works =
        |field: &String| needed.is_empty() || needed.iter().flatten().any(|one| one == field);
    let good = |key: &CredentialMeta| {
        key.verified_at.is_some() && key.state == CredentialState::Active && works(&key.field)
    };
    keys.into_iter().find(good).ok_or_else(|| {
        Fault::new(
            FaultKind::NeedsKey,
            format!(
                "The account {} has no verified key that an instance could work with.",
                account.name
            ),
        )
        .hint(format!(
            "Enter one: guildhall account add {} {}",
            account.platform, account.name
        ))
    })
}

/// One more community on the account must be allowed, and must fit.
fn require_room(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
    key: &CredentialMeta,
) -> Result<(), Fault> {
    let manifest = rules.manifest(&account.platform)?;
    let shared = account.community.is_none() && !choosing::is_installations(manifest, &key.field);
    if shared && !key_policy::has_room(reader, &account.platform, account.id)? {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "One more community would work with the key of {}, and one key of {} may reach {}.",
                account.name,
                manifest.name,
                crate::domain::counted(
                    key_policy::most(reader, &account.platform)?,
                    "community",
                    "communities"
                )
            ),
        )
        .hint(format!(
            "An operator can allow more: guildhall account policy {} shared",
            account.platform
        )));
    }
    if slots::fill(&slots::rows(reader, rules, account)?).full {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("The account {} is full.", account.name),
        )
        .hint(format!(
            "Make another: guildhall account another {}",
            account.platform
        )));
    }
    Ok(())
}

/// The verb itself. Where the new account cannot take it over, the instance works with the former again, and what was begun
/// on the platform is taken back.
pub(super) async fn work(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
    to: AccountId,
) -> Result<Effect, Halt> {
    if let Some(sentence) = moved_already(core, operation).await? {
        return Ok(Effect::Replaced(sentence));
    }
    if op.site().locked {
        return Err(Fault::new(
            FaultKind::Locked,
            "The vault is locked, so nothing can be moved to another account.",
        )
        .hint("Unlock the vault; the work goes on by itself.")
        .into());
    }
    if takes_back(operation) {
        return moving_back::work(core, adapter, operation, op, to).await;
    }
    let (instance, lease, holder) = (operation.instance, operation.id, core.holder.clone());
    let field = field_of(operation);
    let (scene, name, former) = core
        .change(move |writer, rules| {
            writer.require_lease(lease, &holder)?;
            switch(writer, rules, instance, to)?;
            let former: Option<Vec<AccountId>> =
                facts::recall(writer, instance, facts::FORMER_ACCOUNTS)?;
            let former = moving_back::sealed(writer, rules, &former.unwrap_or_default(), &field)?;
            let scene = Scene::read(writer, rules, writer.instance(instance)?)?;
            Ok((scene, writer.account(to)?.name, former))
        })
        .await?;
    let former = former.and_then(|key| keyring::opened(&core.custody, &key));
    let there = moving_back::op_there(core, operation, scene, op, op.cancel().clone()).await?;
    let field = field_of(operation);
    let moved = adapter.move_account(&there, &field, former.as_ref()).await;
    let moved = moved.map(|said| format!("It works with the account {name}. {said}"));
    let (holder, back) = (core.holder.clone(), !waits(&moved));
    let reached = moved.as_ref().ok().cloned();
    let actor = operation.actor.clone();
    let queued = core
        .change(move |writer, rules| {
            writer.require_lease(lease, &holder)?;
            if let Some(sentence) = reached {
                pass_no_return(writer, instance, lease, sentence)?;
                return remake_connections(writer, rules, instance, &actor);
            }
            if back {
                switch_back(writer, rules, instance, to)?;
            }
            Ok(Vec::new())
        })
        .await?;
    core.desk.widen(queued);
    match moved {
        Ok(sentence) => Ok(Effect::Replaced(sentence)),
        Err(Halt::Stopped(fault)) if back => {
            let undone = moving_back::undo(core, adapter, operation, op, to).await;
            Err(stays(&fault, &name, undone).into())
        }
        Err(halt) => Err(halt),
    }
}

/// What a move reached whose ending was not written down, because the process died or somebody stopped it just then.
async fn moved_already(core: &Core, operation: &Operation) -> Result<Option<String>, Fault> {
    let (instance, id) = (operation.instance, operation.id);
    core.store
        .read(move |reader| {
            let moved: Option<(OperationId, String)> =
                facts::recall(reader, instance, facts::MOVED)?;
            Ok(moved
                .filter(|(of, _)| *of == id)
                .map(|(_, sentence)| sentence))
        })
        .await
}

/// Platform and record agree on the new account: whatever happens before the ending is written down, nothing leads back to
/// the former ones.
fn pass_no_return(
    writer: &Writer<'_>,
    instance: InstanceId,
    operation: OperationId,
    sentence: String,
) -> Result<(), Fault> {
    facts::forget(writer, instance, facts::FORMER_ACCOUNTS)?;
    writer.forget(instance, HALF_MOVED)?;
    facts::remember(writer, instance, facts::MOVED, &(operation, sentence))?;
    // The other account may hold less there than the former one did.
    facts::remember(writer, instance, facts::LOOK_AFTER, &true)
}

/// Which field of the manifest the key of the account is for.
fn field_of(operation: &Operation) -> String {
    let field = operation.argument["field"].as_str();
    field.unwrap_or_default().to_owned()
}

/// Whether the operation takes back what a move that was stopped had begun.
fn takes_back(operation: &Operation) -> bool {
    operation.argument["back"] == true
}

/// What the instance offers to others may have been made with the former account's key.
fn remake_connections(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
    actor: &str,
) -> Result<Vec<InstanceId>, Fault> {
    let mut queued = Vec::new();
    for connection in writer.connections_at(instance)? {
        if connection.to == instance && connections::remake(writer, rules, &connection, actor)? {
            queued.push(connection.from);
        }
    }
    Ok(queued)
}

/// The former account's key was not refused, so this is no word about it.
fn stays(fault: &Fault, name: &str, undone: Result<Vec<String>, Fault>) -> Fault {
    let left = match undone {
        Ok(left) => left.join(" "),
        Err(fault) => format!(
            "What was begun there could not be taken back yet: {} Resume the operation to go on, or cancel it to have it taken back.",
            fault.what
        ),
    };
    let what = format!(
        "The account {name} cannot take it over, so it works with the former one still. {} {left}",
        fault.what
    );
    let stays = Fault::new(FaultKind::Refused, what.trim_end()).hint(fault.hint.clone());
    match &fault.detail {
        Some(detail) => stays.detail(detail),
        None => stays,
    }
}

/// Whether the move goes on later: a person, or time, is needed first.
fn waits(moved: &Result<String, Halt>) -> bool {
    match moved {
        Ok(_) | Err(Halt::Human(_)) => true,
        Err(Halt::Stopped(fault)) => fault.is_passing() || fault.kind == FaultKind::Locked,
    }
}

/// From here on the instance works with the account. Repeating is harmless.
fn switch(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
    to: AccountId,
) -> Result<(), Fault> {
    let mut former = writer.accounts_used(instance)?;
    former.retain(|account| *account != to);
    let known: Option<Vec<AccountId>> = facts::recall(writer, instance, facts::FORMER_ACCOUNTS)?;
    if known.is_none() {
        facts::remember(writer, instance, facts::FORMER_ACCOUNTS, &former)?;
    }
    for account in former {
        writer.stop_using(instance, account)?;
    }
    writer.use_accounts(instance, &[to], rules.now)
}

/// The move was stopped: what it had begun is taken back, here at once and on the platform by an operation of its own.
pub(super) fn stopped(
    writer: &Writer<'_>,
    rules: &Rules,
    operation: &Operation,
    to: AccountId,
) -> Result<(), Fault> {
    let instance = operation.instance;
    facts::forget(writer, instance, facts::MOVED)?;
    let former: Option<Vec<AccountId>> = facts::recall(writer, instance, facts::FORMER_ACCOUNTS)?;
    if former.is_some() {
        switch_back(writer, rules, instance, to)?;
    }
    if takes_back(operation) || writer.fact(instance, HALF_MOVED)?.is_none() {
        return Ok(());
    }
    let new = NewOperation {
        instance,
        verb: OperationVerb::Rotate,
        actor: operation.actor.clone(),
        argument: json!({ "account": to.0, "field": field_of(operation), "back": true }),
        not_before: None,
    };
    writer.insert_operation(&new, rules.now)?;
    writer.set_observed(instance, Observed::Working, "")
}

fn switch_back(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
    from: AccountId,
) -> Result<(), Fault> {
    let former: Option<Vec<AccountId>> = facts::recall(writer, instance, facts::FORMER_ACCOUNTS)?;
    let former = former.unwrap_or_default();
    writer.stop_using(instance, from)?;
    writer.use_accounts(instance, &former, rules.now)?;
    facts::forget(writer, instance, facts::FORMER_ACCOUNTS)
}
