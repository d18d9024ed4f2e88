//! Whether one key may serve several communities. It may not, since whoever steals it has all of them; an operator who
//! wants it otherwise types how many communities it may reach, and beyond that number it is refused again.

use super::{
    choosing, keyring, reach, rotation, rules::Rules, submit::Applied, titles, views::Receipt,
};
use crate::{
    catalog::{CredentialField, Holder, Manifest},
    domain::{
        Account, AccountId, AccountPolicy, Actor, AuditResult, CommunityId, CredentialMeta,
        CredentialState, Fault, FaultKind, PlatformId, counted,
    },
    store::{Reader, Writer},
};
use secrecy::SecretString;
use std::collections::{BTreeMap, BTreeSet};

/// The most communities that are named in a refusal.
const NAMED: usize = 5;

fn policy_setting(platform: &PlatformId) -> String {
    format!("account-policy.{platform}")
}

fn most_setting(platform: &PlatformId) -> String {
    format!("account-policy-most.{platform}")
}

/// Which accounts the communities may use for keys that belong to a community.
pub(super) fn policy(reader: &Reader<'_>, platform: &PlatformId) -> Result<AccountPolicy, Fault> {
    let stored: Option<AccountPolicy> = reader.setting(&policy_setting(platform))?;
    Ok(stored.unwrap_or(AccountPolicy::Own))
}

/// How many communities one key of a platform may reach: one, unless an operator acknowledged more.
pub(super) fn most(reader: &Reader<'_>, platform: &PlatformId) -> Result<u64, Fault> {
    if policy(reader, platform)? == AccountPolicy::Own {
        return Ok(1);
    }
    let stored: Option<u64> = reader.setting(&most_setting(platform))?;
    Ok(stored.unwrap_or(1))
}

/// Whether an account of the installation may take on one more community on a platform whose keys belong to communities.
pub(super) fn has_room(
    reader: &Reader<'_>,
    platform: &PlatformId,
    account: AccountId,
) -> Result<bool, Fault> {
    if policy(reader, platform)? == AccountPolicy::Own {
        return Ok(false);
    }
    let used: BTreeSet<CommunityId> = reader
        .instances_using(account)?
        .into_iter()
        .map(|(_, community)| community)
        .collect();
    Ok(number(used.len()) < most(reader, platform)?)
}

/// Changes the policy. Sharing is acknowledged by typing the number of communities that one leaked key then opens.
pub(super) fn set_policy(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &str,
    platform: &PlatformId,
    policy: AccountPolicy,
    typed: &str,
) -> Result<Applied, Fault> {
    let name = titles::platform(&rules.catalog, platform);
    rules.manifest(platform)?;
    let mut applied = Applied {
        subject: platform.to_string(),
        detail: policy.word().to_owned(),
        ..Applied::default()
    };
    writer.set_setting(&policy_setting(platform), &policy)?;
    if policy == AccountPolicy::Own {
        applied.receipt = Receipt {
            message: format!(
                "{name}: new instances use accounts of their own community only; those that were made keep theirs."
            ),
            ..Receipt::default()
        };
        return Ok(applied);
    }
    let now = u64::from(writer.instances_of_platform(platform)?);
    let least = now.max(1);
    let most = typed
        .trim()
        .parse::<u64>()
        .ok()
        .filter(|most| *most >= least);
    let Some(most) = most else {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "Whoever steals a shared key of {name} has every community that it reaches; {} an instance there now. Nothing was changed.",
                match now {
                    1 => "1 community has".to_owned(),
                    _ => format!("{now} communities have"),
                }
            ),
        )
        .hint(format!(
            "To confirm, type the number of communities that one key may reach there: {least} or more."
        )));
    };
    writer.set_setting(&most_setting(platform), &most)?;
    applied.detail = format!("shared by up to {}", communities(most));
    applied.receipt.message = format!(
        "{name}: communities without a key of their own use an account of the installation; one key may reach {}.",
        communities(most)
    );
    choosing::wake(writer, rules, actor, platform, &mut applied)?;
    Ok(applied)
}

/// Refuses keys that serve another community already, unless the policy of the platform allows that many.
pub(super) fn require_entries(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: &Actor,
    platform: &PlatformId,
    community: Option<CommunityId>,
    entries: &BTreeMap<String, SecretString>,
) -> Result<(), Fault> {
    // While the vault is locked nobody can tell; the same is asked when the inbox is emptied.
    if !rules.custody.is_unlocked() {
        return Ok(());
    }
    for (field, secret) in entries {
        let print = keyring::fingerprint(rules, secret)?;
        require(
            reader,
            rules,
            Some(actor),
            (platform, community, field),
            &print,
        )?;
    }
    Ok(())
}

/// The same for one key that is stored already, as it comes out of the inbox.
pub(super) fn require_one_community(
    reader: &Reader<'_>,
    rules: &Rules,
    account: &Account,
    field: &str,
    print: &str,
) -> Result<(), Fault> {
    let place = (&account.platform, account.community, field);
    require(reader, rules, None, place, print)
}

fn require(
    reader: &Reader<'_>,
    rules: &Rules,
    actor: Option<&Actor>,
    (platform, community, field): (&PlatformId, Option<CommunityId>, &str),
    print: &str,
) -> Result<(), Fault> {
    let manifest = rules.manifest(platform)?;
    let Some(known) = manifest.credential(field) else {
        return Ok(());
    };
    if !known.secret || known.holder == Holder::Installation {
        return Ok(());
    }
    let mut others = BTreeSet::new();
    for key in reader.credentials_with_fingerprint(print)? {
        if key.state == CredentialState::Revoked || rotation::is_under_way(reader, key.id)? {
            return Err(Fault::new(
                FaultKind::Conflict,
                "That is the old key, which is being replaced or was ended: it was not stored.",
            )
            .hint(format!("Make a new one. {}", narrowest(manifest, known))));
        }
        let account = reader.account(key.account)?;
        others.extend(reach::served(reader, &account)?);
    }
    if let Some(community) = community {
        others.remove(&community);
    }
    let reaches = number(others.len()) + u64::from(community.is_some());
    if others.is_empty() || reaches <= most(reader, platform)? {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Conflict,
        format!(
            "This key serves {} already, and on {} one key may reach {}: it was not stored.",
            named(reader, actor, &others)?,
            manifest.name,
            communities(most(reader, platform)?)
        ),
    )
    .hint(format!(
        "{} An operator can allow one key to reach more: guildhall account policy {platform} shared.",
        narrowest(manifest, known)
    )))
}

/// Communities by their short names, as far as an actor may know of them.
fn named(
    reader: &Reader<'_>,
    actor: Option<&Actor>,
    others: &BTreeSet<CommunityId>,
) -> Result<String, Fault> {
    let mut names = Vec::new();
    for id in others.iter().take(NAMED) {
        if actor.is_some_and(|actor| actor.sees(*id)) {
            names.push(reader.community(*id)?.slug.to_string());
        }
    }
    let rest = others.len() - names.len();
    if names.is_empty() {
        return Ok(counted(rest, "other community", "other communities"));
    }
    if rest > 0 {
        names.push(format!("{rest} more"));
    }
    Ok(names.join(", "))
}

/// The narrowest key there is on a platform, and what even that one reaches.
pub(super) fn narrowest(manifest: &Manifest, field: &CredentialField) -> String {
    let also = field.also_reaches.trim();
    let also = if also.is_empty() || also.starts_with("Nothing") {
        String::new()
    } else {
        format!(" Even that one reaches: {}.", also.trim_end_matches('.'))
    };
    format!(
        "The narrowest key of {} is that of {}.{also}",
        manifest.name,
        lower_first(field.whose.trim_end_matches('.'))
    )
}

fn lower_first(text: &str) -> String {
    let mut characters = text.chars();
    match characters.next() {
        Some(first) if !text.chars().nth(1).is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(characters).collect()
        }
        _ => text.to_owned(),
    }
}

/// Puts away a key that was entered while nobody could compare it, and that turned out to serve another community.
pub(super) fn refuse_late(
    writer: &Writer<'_>,
    rules: &Rules,
    account: &Account,
    key: &CredentialMeta,
    fault: &Fault,
) -> Result<(), Fault> {
    writer.empty_credential(key.id, CredentialState::NeedsReentry)?;
    let subject = match account.community {
        Some(community) => format!("{}/{}", writer.community(community)?.slug, account.platform),
        None => format!("{}/{}", account.platform, account.name),
    };
    rules.audit(
        writer,
        "guildhall",
        crate::domain::IntentKind::SetKey.word(),
        &subject,
        account.community,
        AuditResult::Refused,
        &fault.what,
    )
}

fn communities(count: u64) -> String {
    counted(count, "community", "communities")
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
