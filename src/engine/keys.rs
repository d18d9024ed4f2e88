//! Intents about keys: storing one that was examined, forgetting one, adding an account of the installation.

use super::{
    allowances, choosing, connection_work,
    held::Examined,
    instances, key_policy, keyring,
    keyring::NewKey,
    rotation,
    rules::Rules,
    submit,
    submit::{After, Applied},
    titles, wanting,
};
use crate::{
    catalog::Holder,
    domain::{
        Actor, CommunityId, ExaminationId, Fault, FaultKind, InstanceId, IntentKind, Observed,
        OperationId, OperationState, PlatformId, Subject, permits,
    },
    store::{OperationFilter, Writer},
};
use std::{collections::BTreeMap, sync::Arc};

/// How an examined key is kept.
#[derive(Clone, Copy)]
pub(super) struct Keeping {
    /// The examination that holds it.
    pub examination: ExaminationId,
    /// Also when it was not verified.
    pub keep_unverified: bool,
    /// Also where the manifest says to use it once and forget it.
    pub keep_powerful: bool,
}

/// The examined key, which only the one who examined it may store.
pub(super) fn require_examined(
    examined: Option<Examined>,
    actor: &Actor,
) -> Result<Examined, Fault> {
    examined
        .filter(|examined| examined.actor == actor.id)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                "That key is not in memory any more; nothing was stored.",
            )
            .hint("Enter it again: an examined key is kept for ten minutes.")
        })
}

fn require_verified(examined: &Examined, keep_unverified: bool) -> Result<(), Fault> {
    if examined.identity.is_some() || (keep_unverified && examined.may_keep_unverified) {
        return Ok(());
    }
    Err(if examined.may_keep_unverified {
        Fault::new(
            FaultKind::Conflict,
            "The platform could not be asked about this key, so it was not stored.",
        )
        .hint("Try again later, or keep it as unverified.")
    } else {
        Fault::new(
            FaultKind::KeyRejected,
            "The platform does not accept this key, so it was not stored.",
        )
        .hint("Copy the key again from where it is shown.")
    })
}

fn unverified_successor() -> Fault {
    Fault::new(
        FaultKind::Conflict,
        "This key is to replace another, and the platform could not be asked about it: it was not stored, and the old one is in use still.",
    )
    .hint("Enter it again when the platform can be reached.")
}

/// Stores an examined key and the settings entered along with it, and goes on with what waited for it.
pub(super) fn store(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    examined: Examined,
    how: Keeping,
) -> Result<Applied, Fault> {
    require_verified(&examined, how.keep_unverified)?;
    let (platform, community) = examined.owner.clone();
    let Some(community) = community else {
        return Err(Fault::new(
            FaultKind::BadInput,
            "That key was examined for the installation, not for a community.",
        )
        .hint("Add it as an account of the installation."));
    };
    allowances::require_listed(writer, rules, actor, community, &platform)?;
    let instance = instances::found_or_recorded(writer, rules, community, &platform)?;
    key_policy::require_entries(
        writer,
        rules,
        actor,
        &platform,
        Some(community),
        &examined.entries,
    )?;
    instances::take_settings(writer, rules, &instance, &examined.settings, "")?;
    let (mut after, mut kept, mut lent) = (Vec::new(), Vec::new(), BTreeMap::new());
    for (field, secret) in examined.entries {
        let holder = rules
            .manifest(&platform)?
            .credential(&field)
            .map_or(Holder::Community, |known| known.holder);
        if holder == Holder::Installation {
            require_installation(writer, actor)?;
        }
        // What replaces a stored key is stored as that one was, and nothing works with it that nobody tried.
        let replaces = rotation::awaits(writer, instance.id, &field)?;
        if replaces && examined.identity.is_none() {
            return Err(unverified_successor());
        }
        if !rules.is_kept(&platform, &field) && !how.keep_powerful && !replaces {
            lent.insert(field, secret);
            continue;
        }
        let account = match holder {
            Holder::Community => {
                keyring::account_of_community(writer, rules, &platform, community)?
            }
            Holder::Installation => {
                keyring::account_of_installation(writer, rules, &platform, "installation")?
            }
        };
        let new = NewKey {
            field: field.clone(),
            secret,
            verified: examined.identity.is_some(),
            identity: examined.identity.clone(),
        };
        keyring::store(writer, rules, &account, new)?;
        kept.push(field);
    }
    let mut rules = rules.clone();
    let owner = (platform.clone(), Some(community));
    let lent_fields: Vec<String> = lent.keys().cloned().collect();
    if !lent.is_empty() {
        Arc::make_mut(&mut rules.lent)
            .entry(owner.clone())
            .or_default()
            .extend(lent_fields.iter().cloned());
    }
    after.push(After::DropExamined(how.examination));
    let (mut begun, beside) = wake_waiting(writer, &rules, instance.id)?;
    for id in rules.towards_desired(writer, instance.id, &actor.name, true)? {
        if !begun.contains(&id) {
            begun.push(id);
        }
    }
    let detail = told(&kept, &lent_fields);
    let mut applied = instances::applied(writer, &rules, instance.id, begun, detail)?;
    applied.instances.extend(beside);
    let locked = if rules.custody.is_unlocked() || kept.is_empty() {
        ""
    } else {
        " The vault is locked: the key lies in its inbox until the next unlock, and only then is seen whether it serves another community already."
    };
    let what = if kept.is_empty() {
        "The key is used now and then forgotten."
    } else {
        "The key is stored."
    };
    applied.receipt.message = format!("{what}{locked} {}", applied.receipt.message);
    if !lent.is_empty() {
        applied.lent.push((owner, lent));
    }
    applied.after = after;
    Ok(applied)
}

fn told(kept: &[String], lent: &[String]) -> String {
    let mut parts = Vec::new();
    if !kept.is_empty() {
        parts.push(format!("stored {}", kept.join(", ")));
    }
    if !lent.is_empty() {
        parts.push(format!("used once {}", lent.join(", ")));
    }
    parts.join("; ")
}

/// A key of the installation serves every community: who enters it must be allowed to do that.
fn require_installation(writer: &Writer<'_>, actor: &Actor) -> Result<(), Fault> {
    let actor = writer.actor(actor.id)?;
    if permits(&actor, IntentKind::AddAccount, Subject::Installation) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::NotAllowed,
        "This key belongs to the installation; a community's administrator does not enter it.",
    )
    .hint("Ask an operator to enter it."))
}

/// Queues what waited for a key of an instance, or for a person: a step that is done with that key passes now, and any other
/// waits on. Connections with it belong to their acting end, and wait for what this one offers. Answers the operations, and
/// the other instances concerned.
fn wake_waiting(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: InstanceId,
) -> Result<(Vec<OperationId>, Vec<InstanceId>), Fault> {
    let waiting = |of: InstanceId| {
        let filter = OperationFilter {
            states: vec![OperationState::WaitsKey, OperationState::WaitsHuman],
            instance: Some(of),
            ..Default::default()
        };
        writer.operations(&filter, 64)
    };
    let (mut woken, mut beside) = (Vec::new(), Vec::new());
    for operation in waiting(instance)? {
        rules.wake(writer, operation.id, instance)?;
        woken.push(operation.id);
    }
    for connection in writer.connections_at(instance)? {
        if connection.from == instance {
            continue;
        }
        for operation in waiting(connection.from)? {
            if connection_work::of(&operation) == Some(connection.id) {
                rules.wake(writer, operation.id, connection.from)?;
                woken.push(operation.id);
                beside.push(connection.from);
            }
        }
    }
    Ok((woken, beside))
}

/// An account of the installation that is added with an examined key.
#[derive(Clone, Copy)]
pub(super) struct NewAccount<'a> {
    /// What to call it.
    pub name: &'a str,
    /// Who can be asked about it; empty keeps what is known.
    pub contact: &'a str,
    /// The examination that holds its key.
    pub examination: ExaminationId,
}

/// Adds an account of the installation with its key. Communities whose instances wait for such a key go on. Where the
/// account was wanted, that is fulfilled; the key may also be the one with which the platform makes it.
pub(super) fn add_account(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    platform: &PlatformId,
    new: &NewAccount<'_>,
    examined: Examined,
) -> Result<Applied, Fault> {
    require_verified(&examined, false)?;
    let name = wanting::checked_name(new.name)?;
    let contact = wanting::checked_contact(new.contact)?;
    if examined.owner.0 != *platform {
        return Err(Fault::new(
            FaultKind::BadInput,
            "That key was examined for another platform.",
        )
        .hint("Examine it for this one."));
    }
    let manifest = rules.manifest(platform)?;
    key_policy::require_entries(writer, rules, actor, platform, None, &examined.entries)?;
    let wanted = writer.wanted_account_named(platform, &name)?;
    if let Some(wanted) = &wanted {
        if let Some(mut applied) = wanting::made_with(writer, rules, wanted, &examined)? {
            wanting::keep_settings(writer, platform, examined.settings)?;
            applied.after.push(After::DropExamined(new.examination));
            return Ok(applied);
        }
        wanting::require_another(writer, wanted, &examined)?;
        writer.drop_wanted_account(wanted.id)?;
    }
    let account = keyring::account_of_installation(writer, rules, platform, &name)?;
    let known = wanted.map(|wanted| wanted.contact).unwrap_or_default();
    let contact = if contact.is_empty() { known } else { contact };
    if !contact.is_empty() {
        writer.set_account_contact(account.id, &contact)?;
    }
    for (field, secret) in examined.entries {
        let new = NewKey {
            field,
            secret,
            verified: true,
            identity: examined.identity.clone(),
        };
        keyring::store(writer, rules, &account, new)?;
    }
    wanting::keep_settings(writer, platform, examined.settings)?;
    let mut applied = Applied {
        subject: format!("{platform}/{name}"),
        receipt: super::views::Receipt {
            message: format!("The account {name} on {} is added.", manifest.name),
            ..Default::default()
        },
        after: vec![After::DropExamined(new.examination)],
        ..Applied::default()
    };
    choosing::wake(writer, rules, &actor.name, platform, &mut applied)?;
    Ok(applied)
}

/// Forgets stored keys. What needs them waits from then on; nothing is changed on the platform.
pub(super) fn forget(
    writer: &Writer<'_>,
    rules: &Rules,
    _actor: &Actor,
    community: CommunityId,
    platform: &PlatformId,
    field: Option<&str>,
) -> Result<Applied, Fault> {
    let manifest = rules.manifest(platform)?;
    let forgotten = keyring::forget(writer, rules, platform, community, field)?;
    if forgotten == 0 {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "No such key of {} is stored for this community.",
                manifest.name
            ),
        )
        .hint("The instance's details list its keys."));
    }
    let community_name = writer.community(community)?;
    let mut applied = Applied {
        subject: format!("{}/{platform}", community_name.slug),
        detail: field.unwrap_or("all").to_owned(),
        ..Applied::default()
    };
    if let Some(instance) = writer.instance_of(community, platform)? {
        applied.instances.push(instance.id);
        if !rules.situation(writer, &instance)?.can_operate
            && !super::rules::has_open_operation(writer, instance.id)?
        {
            let note = rules.key_note(&instance, crate::domain::OperationVerb::Activate)?;
            writer.set_observed(instance.id, Observed::NeedsKey, &note)?;
        }
    }
    let title = titles::of(&rules.catalog, platform, &community_name.name);
    applied.receipt = super::views::Receipt {
        message: format!(
            "{} of {title} forgotten here; on the platform it still works until it is revoked there.",
            submit::keys_word(forgotten)
        ),
        community: Some(community),
        operations: Vec::new(),
    };
    Ok(applied)
}
