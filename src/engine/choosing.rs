//! With which accounts an instance works: its community's own, else the installation's where the manifest or the policy
//! says so; of several the least loaded. Chosen when it is made, and kept from then on.

use super::{
    facts, key_policy, keyring,
    rules::{self, Rules},
    slots::{self, Fill},
    submit::Applied,
};
use crate::{
    catalog::{Holder, Manifest, Needs},
    domain::{
        Account, AccountId, Capability, CommunityId, CredentialMeta, CredentialState, Fault,
        HumanTask, Identity, Instance, OperationVerb, PlatformId, Verb,
    },
    store::{Reader, Writer},
};
use jiff::Timestamp;
use std::collections::BTreeSet;

/// The name of the person's step for which a full account parks an instance.
pub(super) const STEP: &str = "another-account";

/// Lets go on whatever of a platform waited for a key or for a person: a step that is done with what came passes now, and
/// any other waits on.
pub(super) fn wake(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &str,
    platform: &PlatformId,
    applied: &mut Applied,
) -> Result<(), Fault> {
    for (operation, instance) in writer.operations_at_a_person(platform)? {
        rules.wake(writer, operation, instance)?;
        applied.receipt.operations.push(operation);
        applied.instances.push(instance);
    }
    for instance in writer.instances_without_key(platform)? {
        let begun = rules.towards_desired(writer, instance, actor, true)?;
        applied.receipt.operations.extend(begun);
        applied.instances.push(instance);
    }
    Ok(())
}

/// Of keys on several accounts those that an instance works with: one for each field, the best account's first. Without
/// a community: those that a new community would find.
pub(super) fn best(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    community: Option<CommunityId>,
) -> Result<Vec<CredentialMeta>, Fault> {
    let manifest = rules.manifest(platform)?;
    let instance = match community {
        Some(community) => reader.instance_of(community, platform)?,
        None => None,
    };
    let mut keys = match community {
        Some(community) => reader.current_credentials(Some(community), platform)?,
        None => Vec::new(),
    };
    let own: BTreeSet<AccountId> = keys.iter().map(|key| key.account).collect();
    let used = match &instance {
        Some(instance) => reader.accounts_used(instance.id)?,
        None => Vec::new(),
    };
    for key in reader.current_credentials(None, platform)? {
        if used.contains(&key.account)
            || is_installations(manifest, &key.field)
            || key_policy::has_room(reader, platform, key.account)?
        {
            keys.push(key);
        }
    }
    if let Some(instance) = &instance {
        let left: Option<Vec<AccountId>> =
            facts::recall(reader, instance.id, facts::LEFT_ACCOUNTS)?;
        let left = left.unwrap_or_default();
        keys.retain(|key| !left.contains(&key.account));
    }
    let made = instance.is_some_and(|instance| instance.external_id.is_some());
    let is_refused = |account: AccountId| {
        let mut held = keys.iter().filter(|key| key.account == account);
        held.any(|key| key.state == CredentialState::Rejected)
    };
    let accounts: BTreeSet<AccountId> = keys.iter().map(|key| key.account).collect();
    let mut ranked = Vec::new();
    for account in &accounts {
        // What was made before choices were recorded keeps the account it was made with: the first.
        let load = if made || accounts.len() == 1 {
            (Fill::default(), 0)
        } else {
            let known = reader.account(*account)?;
            let fill = slots::fill(&slots::rows(reader, rules, &known)?);
            (fill, reader.account_uses(*account, None)?)
        };
        ranked.push((
            !used.contains(account),
            !own.contains(account),
            // What its platform refused makes nothing new while another key could.
            !made && is_refused(*account),
            load,
            *account,
        ));
    }
    ranked.sort_unstable();
    let mut best: Vec<CredentialMeta> = Vec::new();
    for (.., account) in ranked {
        let held: Vec<_> = keys
            .iter()
            .filter(|key| key.account == account)
            .filter(|key| !best.iter().any(|known| known.field == key.field))
            .cloned()
            .collect();
        best.extend(held);
    }
    Ok(best)
}

/// Whether a field's key belongs to the installation by its nature, so that serving several communities is what it is for.
pub(super) fn is_installations(manifest: &Manifest, field: &str) -> bool {
    manifest
        .credential(field)
        .is_some_and(|known| known.holder == Holder::Installation)
}

/// Settles, before an operation runs, with which accounts the instance works. Answers the person's step where every
/// account that could make it is full.
pub(super) fn settle(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    verb: OperationVerb,
) -> Result<Option<HumanTask>, Fault> {
    if !writer.accounts_used(instance.id)?.is_empty() {
        return Ok(None);
    }
    let manifest = rules.manifest(&instance.platform)?;
    let keys = keyring::current(writer, rules, &instance.platform, instance.community)?;
    let mut accounts: Vec<AccountId> = keys.iter().map(|key| key.account).collect();
    accounts.sort_unstable();
    accounts.dedup();
    if verb == OperationVerb::Provision && instance.external_id.is_none() {
        let mut full = Vec::new();
        for account in &accounts {
            if counted_at(&keys, *account, instance.community).is_some() {
                continue;
            }
            let account = writer.account(*account)?;
            if slots::fill(&slots::rows(writer, rules, &account)?).full {
                full.push(account);
            }
        }
        if !full.is_empty() {
            let is_left = |key: &CredentialMeta| full.iter().any(|known| known.id == key.account);
            let rest: BTreeSet<&str> = keys
                .iter()
                .filter(|key| !is_left(key))
                .map(|key| key.field.as_str())
                .collect();
            let needs = manifest.needs.to_provision(&instance.settings);
            let owner = (instance.platform.clone(), Some(instance.community));
            let lent = rules.lent.get(&owner);
            let holds = |field: &str| {
                rest.contains(field) || lent.is_some_and(|fields| fields.contains(field))
            };
            if !Needs::met(needs, holds) {
                return task(writer, rules, manifest, instance, &full).map(Some);
            }
            // The platform can make it with what is left: there it makes an account of its own.
            let without: Vec<AccountId> = full.iter().map(|account| account.id).collect();
            accounts.retain(|account| !without.contains(account));
            facts::remember(writer, instance.id, facts::LEFT_ACCOUNTS, &without)?;
        }
    }
    for account in accounts {
        let since = counted_at(&keys, account, instance.community).unwrap_or(rules.now);
        writer.use_accounts(instance.id, &[account], since)?;
    }
    Ok(None)
}

/// Those of an instance's accounts that still have a key in use: what takes its place works with the same ones, so that
/// its community keeps the bot it knows.
///
/// # Errors
/// As the store's.
pub(super) fn usable_still(
    reader: &Reader<'_>,
    instance: &Instance,
) -> Result<Vec<AccountId>, Fault> {
    let platform = &instance.platform;
    let mut keys = reader.current_credentials(Some(instance.community), platform)?;
    keys.extend(reader.current_credentials(None, platform)?);
    let mut accounts = reader.accounts_used(instance.id)?;
    let is_usable = |key: &CredentialMeta| {
        matches!(
            key.state,
            CredentialState::Active | CredentialState::Unverified | CredentialState::Inbox
        )
    };
    accounts.retain(|account| {
        let mut keys = keys.iter().filter(|key| is_usable(key));
        keys.any(|key| key.account == *account)
    });
    Ok(accounts)
}

/// When the platform counted what the community has there, where that was there before the instance: a bot that was let
/// into the community's server takes no further place by working in it.
fn counted_at(
    keys: &[CredentialMeta],
    account: AccountId,
    community: CommunityId,
) -> Option<Timestamp> {
    let reaches = |identity: &Identity| {
        let mut objects = identity.reach.objects.iter();
        objects.any(|object| object.community == Some(community))
    };
    keys.iter()
        .filter(|key| key.account == account && key.identity.as_ref().is_some_and(reaches))
        .map(|key| key.created_at)
        .max()
}

/// What a person is asked when no account has room.
fn task(
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
    instance: &Instance,
    full: &[Account],
) -> Result<HumanTask, Fault> {
    let mut why = Vec::new();
    let mut is_installations = true;
    for account in full {
        is_installations &= account.community.is_none();
        for row in slots::rows(reader, rules, account)? {
            if slots::fill(std::slice::from_ref(&row)).full {
                why.push(format!(
                    "{} is full: {}. {}",
                    account.name,
                    row.words(),
                    row.note
                ));
            }
        }
    }
    let note = manifest
        .capabilities
        .get(&Verb::MakeAccount)
        .map(|note| note.note.clone())
        .unwrap_or_default();
    let needs = manifest.needs.to_provision(&instance.settings);
    let own = manifest.capability(Verb::MakeAccount) == Capability::Auto;
    // Where the platform makes accounts by itself, only the key for that is missing: the installation's.
    let fields = needs
        .iter()
        .find(|fields| {
            !own || fields
                .iter()
                .any(|field| self::is_installations(manifest, field))
        })
        .or(needs.first());
    let fields: Vec<_> = fields
        .into_iter()
        .flatten()
        .filter_map(|field| manifest.credential(field))
        .collect();
    let mut instructions = vec![note];
    for field in &fields {
        instructions.extend(field.where_to_get.iter().map(|step| {
            manifest
                .fill(step, &instance.settings)
                .unwrap_or_else(|| step.clone())
        }));
    }
    instructions.push(if is_installations && !own {
        format!(
            "Add it to the installation as another account of {}.",
            manifest.name
        )
    } else {
        format!("Enter its {} here.", rules::name_keys(manifest, needs))
    });
    instructions.retain(|step| !step.is_empty());
    let first = fields.first();
    Ok(HumanTask {
        step: STEP.to_owned(),
        title: "make another account: the one there is full".to_owned(),
        why: why.join(" "),
        who: first.map_or_else(|| "an operator".to_owned(), |field| field.who.clone()),
        url: first
            .and_then(|field| field.url.as_ref())
            .and_then(|url| manifest.fill(url, &instance.settings)),
        instructions,
        asks_for: first.map(|field| field.scopes.clone()).unwrap_or_default(),
        others_decide: false,
    })
}
