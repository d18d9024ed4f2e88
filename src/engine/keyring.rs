//! Keys in the store: whose they are, sealing and opening them, and what becomes of one that does not open or is refused.

use super::{choosing, core::Core, facts, key_policy, rotation, rules::Rules, slots};
use crate::{
    domain::{
        Account, AccountId, CommunityId, CredentialId, CredentialMeta, CredentialState, Fault,
        FaultKind, Identity, Instance, PlatformId, last_four,
    },
    store::{NewAccount, NewCredential, Reader, SealedSecret, Writer},
    vault::{self, Custody, SealContext, Sealed},
};
use secrecy::{ExposeSecret, SecretString};
use std::{collections::BTreeMap, time::Instant};

/// A key as it lies in the store.
pub(super) struct SealedKey {
    /// Its row.
    pub id: CredentialId,
    field: String,
    context: SealContext,
    sealed: SealedSecret,
}

impl SealedKey {
    /// What its seal is bound to.
    pub fn context(&self) -> &SealContext {
        &self.context
    }
}

/// A key to be stored.
pub(super) struct NewKey {
    /// Which field of the manifest.
    pub field: String,
    /// The secret.
    pub secret: SecretString,
    /// Whether the platform accepted it.
    pub verified: bool,
    /// What the platform said of it.
    pub identity: Option<Identity>,
}

/// Keys that were opened, and those that did not open.
pub(super) struct Opened {
    /// The secrets, by field.
    pub secrets: BTreeMap<String, SecretString>,
    /// Rows that do not open any more: damaged, swapped or put back.
    pub bad: Vec<CredentialId>,
}

/// The keys in use for an instance: its community's, then the installation's, as far as manifest and policy allow.
pub(super) fn current(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    community: CommunityId,
) -> Result<Vec<CredentialMeta>, Fault> {
    choosing::best(reader, rules, platform, Some(community))
}

/// The same with their sealed bytes. A row without bytes is left out: it shows as missing.
pub(super) fn sealed_for(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    community: CommunityId,
) -> Result<Vec<SealedKey>, Fault> {
    let mut sealed = Vec::new();
    for key in current(reader, rules, platform, community)? {
        if key.state == CredentialState::NeedsReentry {
            continue;
        }
        let account = reader.account(key.account)?;
        sealed.extend(sealed_one(reader, rules, &account, &key)?);
    }
    Ok(sealed)
}

/// Whether keys stay closed for now. What was entered while the vault was locked could be compared with nobody's keys: it
/// is of no use to anybody before that.
pub(super) fn stay_closed(rules: &Rules, keys: &[SealedKey]) -> bool {
    let waits = |key: &SealedKey| matches!(key.sealed, SealedSecret::Inbox(_));
    !rules.custody.is_unlocked() || keys.iter().any(waits)
}

/// Every key of the installation, with its sealed bytes.
pub(super) fn every_sealed(reader: &Reader<'_>, rules: &Rules) -> Result<Vec<SealedKey>, Fault> {
    let mut sealed = Vec::new();
    for account in reader.accounts()? {
        for key in reader.credentials(account.id)? {
            sealed.extend(sealed_one(reader, rules, &account, &key)?);
        }
    }
    Ok(sealed)
}

/// One key with its sealed bytes; none where it has none any more.
pub(super) fn sealed_one(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
    key: &CredentialMeta,
) -> Result<Option<SealedKey>, Fault> {
    match reader.sealed_secret(key.id) {
        Ok(bytes) => Ok(Some(SealedKey {
            id: key.id,
            context: context(&rules.installation, account, key),
            field: key.field.clone(),
            sealed: bytes,
        })),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Whether a key opens. What it is goes nowhere.
pub(super) fn opens(custody: &Custody, key: &SealedKey) -> bool {
    opened(custody, key).is_some()
}

/// A key's secret; none while the vault is locked or when it does not open any more.
pub(super) fn opened(custody: &Custody, key: &SealedKey) -> Option<SecretString> {
    open(custody, &key.context, &key.sealed).ok()
}

fn context(installation: &str, account: &Account, key: &CredentialMeta) -> SealContext {
    SealContext {
        installation: installation.to_owned(),
        community: account.community,
        platform: account.platform.clone(),
        account: account.id,
        credential: key.id,
        version: key.version,
        field: key.field.clone(),
    }
}

/// Opens what opens. While the vault is locked that is nothing, and nothing is bad either.
pub(super) fn open_all(core: &Core, keys: &[SealedKey]) -> Opened {
    let mut opened = Opened {
        secrets: BTreeMap::new(),
        bad: Vec::new(),
    };
    for key in keys {
        match open(&core.custody, &key.context, &key.sealed) {
            Ok(secret) => {
                opened.secrets.insert(key.field.clone(), secret);
            }
            Err(fault) if fault.kind == FaultKind::Locked && !core.custody.is_unlocked() => {
                return Opened {
                    secrets: BTreeMap::new(),
                    bad: Vec::new(),
                };
            }
            Err(fault) => {
                tracing::warn!(credential = %key.id, %fault, "a key does not open any more");
                opened.bad.push(key.id);
            }
        }
    }
    opened
}

fn open(
    custody: &Custody,
    context: &SealContext,
    sealed: &SealedSecret,
) -> Result<SecretString, Fault> {
    // Work that uses secrets is as good a sign as a key pressed.
    custody.touch(Instant::now());
    custody.with(|key| match sealed {
        SealedSecret::Vault(bytes) => vault::open(key, context, &Sealed(bytes.clone())),
        SealedSecret::Inbox(bytes) => vault::open_from_inbox(key, context, &Sealed(bytes.clone())),
    })
}

/// Notes which keys have to be entered again; everything else works on.
pub(super) async fn mark_bad(core: &Core, bad: Vec<CredentialId>) -> Result<(), Fault> {
    if bad.is_empty() {
        return Ok(());
    }
    core.change(move |writer, rules| {
        // A vault with another key is no damage to its rows.
        require_same_vault(writer, rules)?;
        for id in bad {
            writer.set_credential_state(id, CredentialState::NeedsReentry)?;
        }
        Ok(())
    })
    .await
}

/// The account of a platform for a community, made where there is none: one for each, by policy. One that was full when
/// the instance was made is left alone; another takes its place.
pub(super) fn account_of_community(
    writer: &Writer<'_>,
    rules: &Rules,
    platform: &PlatformId,
    community: CommunityId,
) -> Result<Account, Fault> {
    let left: Option<Vec<AccountId>> = match writer.instance_of(community, platform)? {
        Some(instance) => facts::recall(writer, instance.id, facts::LEFT_ACCOUNTS)?,
        None => None,
    };
    let left = left.unwrap_or_default();
    let known = writer.accounts_of(Some(community), platform)?;
    let taken = known.len();
    if let Some(account) = known
        .into_iter()
        .find(|account| !left.contains(&account.id))
    {
        return Ok(account);
    }
    let slug = writer.community(community)?.slug;
    let new = NewAccount {
        platform: platform.clone(),
        name: match taken {
            0 => slug.to_string(),
            _ => format!("{slug}-{}", taken + 1),
        },
        community: Some(community),
        external_id: None,
    };
    writer.insert_account(&new, rules.now)
}

/// The installation's own account on a platform, by name, made where there is none.
pub(super) fn account_of_installation(
    writer: &Writer<'_>,
    rules: &Rules,
    platform: &PlatformId,
    name: &str,
) -> Result<Account, Fault> {
    let known = writer.accounts_of(None, platform)?;
    if let Some(account) = known.into_iter().find(|account| account.name == name) {
        return Ok(account);
    }
    let new = NewAccount {
        platform: platform.clone(),
        name: name.to_owned(),
        community: None,
        external_id: None,
    };
    writer.insert_account(&new, rules.now)
}

/// Refuses where another process gave the vault a new key: what this one would seal nobody could open.
pub(super) fn require_same_vault(reader: &Reader<'_>, rules: &Rules) -> Result<(), Fault> {
    let same = match reader.vault()? {
        Some(vault) => vault.inbox_public == rules.custody.inbox().bytes(),
        None => true,
    };
    if same {
        return Ok(());
    }
    rules.custody.lock();
    Err(Fault::new(
        FaultKind::Locked,
        "Somebody was removed from the vault, which has another key since; this Guildhall knows only the former one.",
    )
    .hint("End it and start it again, then unlock the vault."))
}

/// Stores a key in an account, in the place of the former one of its field. While the vault is locked it goes to the inbox.
pub(super) fn store(
    writer: &Writer<'_>,
    rules: &Rules,
    account: &Account,
    new: NewKey,
) -> Result<(), Fault> {
    require_same_vault(writer, rules)?;
    let former: Vec<_> = writer
        .credentials(account.id)?
        .into_iter()
        .filter(|key| key.field == new.field)
        .collect();
    let open = rules.custody.is_unlocked();
    let plain = new.secret.expose_secret();
    let record = NewCredential {
        account: account.id,
        field: new.field,
        state: match (open, new.verified) {
            (false, _) => CredentialState::Inbox,
            (true, true) => CredentialState::Active,
            (true, false) => CredentialState::Unverified,
        },
        length: i64::try_from(plain.chars().count()).unwrap_or(i64::MAX),
        last_four: last_four(plain),
        fingerprint: if open {
            fingerprint(rules, &new.secret)?
        } else {
            String::new()
        },
        verified_at: new.verified.then_some(rules.now),
        identity: new.identity,
    };
    if let Some(identity) = &record.identity {
        let known = writer.account(account.id)?.external_id;
        if known.is_some_and(|known| known != identity.external_id) {
            writer.forget_measured_slots(account.id)?;
        }
        writer.set_account_external_id(account.id, &identity.external_id)?;
        slots::record(
            writer,
            rules,
            account.id,
            &account.platform,
            &identity.slots,
        )?;
    }
    writer.add_credential(&record, rules.now, |meta| {
        let context = context(&rules.installation, account, meta);
        if open {
            rules
                .custody
                .with(|key| vault::seal(key, &context, &new.secret))
                .map(|sealed| SealedSecret::Vault(sealed.0))
        } else {
            vault::seal_to_inbox(&rules.custody.inbox(), &context, &new.secret)
                .map(|sealed| SealedSecret::Inbox(sealed.0))
        }
    })?;
    for key in former {
        retire(writer, &key)?;
    }
    Ok(())
}

/// Lets go of a key: forgotten, or kept until everything has moved where it is being replaced. What is known of a dead
/// one stays, so that it is known again when somebody enters it.
fn retire(writer: &Writer<'_>, key: &CredentialMeta) -> Result<(), Fault> {
    if key.state == CredentialState::Revoked {
        return Ok(());
    }
    if rotation::is_under_way(writer, key.id)? {
        return writer.set_credential_state(key.id, CredentialState::Retiring);
    }
    writer.forget_credential(key.id)
}

/// The keyed hash of a key.
pub(super) fn fingerprint(rules: &Rules, secret: &SecretString) -> Result<String, Fault> {
    rules
        .custody
        .with(|key| Ok(vault::fingerprint(key, secret)))
}

/// Forgets the keys of a platform of a community, or one field of them. Accounts of the installation are not touched. Says
/// how many keys there were.
pub(super) fn forget(
    writer: &Writer<'_>,
    _rules: &Rules,
    platform: &PlatformId,
    community: CommunityId,
    field: Option<&str>,
) -> Result<usize, Fault> {
    let mut forgotten = 0;
    for account in writer.accounts_of(Some(community), platform)? {
        for key in writer.credentials(account.id)? {
            if field.is_none_or(|field| field == key.field) {
                forgotten += usize::from(key.state != CredentialState::Revoked);
                retire(writer, &key)?;
            }
        }
        if writer.credentials(account.id)?.is_empty() {
            writer.forget_account(account.id)?;
        }
    }
    Ok(forgotten)
}

/// An operation succeeded with the keys of the accounts that the instance works with: what was kept unverified, or was
/// refused before, is good. Those of another account were not tried.
pub(super) fn mark_accepted(
    writer: &Writer<'_>,
    _rules: &Rules,
    instance: &Instance,
) -> Result<(), Fault> {
    let used = writer.accounts_used(instance.id)?;
    for key in writer.current_credentials(Some(instance.community), &instance.platform)? {
        let was_tried = used.is_empty() || used.contains(&key.account);
        let is_in_doubt = matches!(
            key.state,
            CredentialState::Unverified | CredentialState::Rejected
        );
        if was_tried && is_in_doubt {
            writer.set_credential_state(key.id, CredentialState::Active)?;
        }
    }
    Ok(())
}

/// The platform refused the key of an instance. Which one is certain only where there is one.
pub(super) fn mark_refused(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
) -> Result<(), Fault> {
    let owner = (instance.platform.clone(), Some(instance.community));
    if rules.lent.contains_key(&owner) {
        return Ok(());
    }
    if let [key] = current(writer, rules, &instance.platform, instance.community)?.as_slice()
        && matches!(
            key.state,
            CredentialState::Active | CredentialState::Unverified
        )
    {
        writer.set_credential_state(key.id, CredentialState::Rejected)?;
    }
    Ok(())
}

/// Moves every key from the inbox into its row, now that the vault is open. One that does not open has to be entered again.
pub(super) fn promote_inbox(writer: &Writer<'_>, rules: &Rules) -> Result<usize, Fault> {
    let waiting = writer.inbox_credentials()?;
    let count = waiting.len();
    for meta in waiting {
        let account = writer.account(meta.account)?;
        let context = context(&rules.installation, &account, &meta);
        let sealed = writer.sealed_secret(meta.id)?;
        let Ok(secret) = open(&rules.custody, &context, &sealed) else {
            writer.set_credential_state(meta.id, CredentialState::NeedsReentry)?;
            continue;
        };
        let resealed = rules
            .custody
            .with(|key| vault::seal(key, &context, &secret))?;
        let state = if meta.verified_at.is_some() {
            CredentialState::Active
        } else {
            CredentialState::Unverified
        };
        let print = fingerprint(rules, &secret)?;
        if let Err(fault) =
            key_policy::require_one_community(writer, rules, &account, &meta.field, &print)
        {
            key_policy::refuse_late(writer, rules, &account, &meta, &fault)?;
            continue;
        }
        writer.reseal_credential(meta.id, &SealedSecret::Vault(resealed.0), &print, state)?;
    }
    Ok(count)
}
