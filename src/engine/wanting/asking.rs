//! The intents about an account that is wanted.

use super::{at_hand, has_key, maker, require_unheld, shared_settings, task};
use crate::{
    catalog::{Holder, Manifest},
    domain::{
        AccountId, Actor, Capability, Fault, FaultKind, Plan, PlanItemKind, PlatformId, Verb,
        WantedAccount, WantedAccountId, clean_line,
    },
    engine::{
        key_policy,
        planner::{Draft, digest},
        rules::Rules,
        submit::{After, Applied},
        views::Receipt,
    },
    store::{Reader, Writer},
};
use uuid::Uuid;

/// The most characters of an account's name.
const NAME: usize = 100;
/// The most characters of who can be asked about it.
const CONTACT: usize = 200;

/// An account's name as it is kept.
pub(in crate::engine) fn checked_name(name: &str) -> Result<String, Fault> {
    let name = clean_line(name);
    if name.is_empty() || name.chars().count() > NAME {
        return Err(Fault::new(
            FaultKind::BadInput,
            "An account's name has 1 to 100 characters.",
        )
        .hint("Name it so that you will know it in a year."));
    }
    Ok(name)
}

/// Who can be asked about it, as it is kept.
pub(in crate::engine) fn checked_contact(contact: &str) -> Result<String, Fault> {
    let contact = clean_line(contact);
    if contact.chars().count() > CONTACT {
        return Err(Fault::new(
            FaultKind::BadInput,
            "Who can be asked about an account is told in 200 characters at most.",
        )
        .hint("A name and an address are enough."));
    }
    Ok(contact)
}

fn supported(manifest: &Manifest) -> Result<(), Fault> {
    if manifest.capability(Verb::MakeAccount) != Capability::Unsupported {
        return Ok(());
    }
    let note = manifest.capabilities.get(&Verb::MakeAccount);
    Err(Fault::new(
        FaultKind::Unsupported,
        format!("{} has no accounts that could be made.", manifest.name),
    )
    .hint(note.map(|note| note.note.clone()).unwrap_or_default()))
}

/// Refuses a name that an account with a key has.
fn require_free(reader: &Reader<'_>, manifest: &Manifest, name: &str) -> Result<(), Fault> {
    if has_key(reader, &manifest.id, name)? {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "There is an account {name} on {} already, with a key.",
                manifest.name
            ),
        )
        .hint("Choose another name."));
    }
    Ok(())
}

/// Writes down that another account is wanted, and begins to make it where that is possible.
pub(in crate::engine) fn want(
    writer: &Writer<'_>,
    rules: &Rules,
    actor: &Actor,
    platform: &PlatformId,
    (name, contact): (&str, &str),
) -> Result<Applied, Fault> {
    let manifest = rules.manifest(platform)?;
    supported(manifest)?;
    let (name, contact) = (checked_name(name)?, checked_contact(contact)?);
    require_free(writer, manifest, &name)?;
    let new = WantedAccount {
        id: WantedAccountId(0),
        platform: platform.clone(),
        name: name.clone(),
        contact,
        actor: actor.name.clone(),
        marker: Uuid::new_v4().simple().to_string(),
        note: String::new(),
        asked_at: rules.now,
    };
    let wanted = writer.insert_wanted_account(&new, rules.now)?;
    let makes = at_hand(writer, rules, manifest)?.is_some();
    let mut applied = Applied {
        subject: format!("{platform}/{name}"),
        detail: "wanted".to_owned(),
        ..Applied::default()
    };
    applied.receipt.message = if makes {
        applied
            .after
            .push(After::MakeAccount(wanted.id, platform.clone()));
        format!("The account {name} on {} is being made.", manifest.name)
    } else {
        let step = task(
            rules,
            &shared_settings(writer, platform)?,
            manifest,
            &wanted,
        );
        format!(
            "The account {name} on {} waits for a person: {}. It is among the tasks.",
            manifest.name, step.title
        )
    };
    Ok(applied)
}

/// What wanting one will do.
pub(in crate::engine) fn plan(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    name: &str,
) -> Result<Plan, Fault> {
    let manifest = rules.manifest(platform)?;
    supported(manifest)?;
    let name = checked_name(name)?;
    require_free(reader, manifest, &name)?;
    let mut draft = Draft::new(format!("Make another account of {}", manifest.name));
    let note = manifest
        .capabilities
        .get(&Verb::MakeAccount)
        .map_or_else(String::new, |note| note.note.clone());
    let label = |field| {
        manifest
            .credential(field)
            .map_or(field, |known| known.label.as_str())
    };
    let made_now = at_hand(reader, rules, manifest)?;
    match (made_now, maker(rules, manifest)) {
        (Some(field), _) => draft.say(
            PlanItemKind::Now,
            Some(platform),
            format!(
                "{name} is made there with the stored {}, and its key is kept here",
                label(field)
            ),
        ),
        (None, Some(field)) => draft.say(
            PlanItemKind::NeedsKey,
            Some(platform),
            format!(
                "{} first: with it {name} is made there without a person",
                label(field)
            ),
        ),
        (None, None) => draft.say(PlanItemKind::NeedsHuman, Some(platform), note),
    }
    if made_now.is_none() {
        let text = "It is a step among the tasks from now on, until its key is entered; that can be another day.";
        draft.say(PlanItemKind::Remember, None, text);
    }
    let of_communities = manifest
        .entered_credentials()
        .all(|known| known.holder == Holder::Community);
    if of_communities && key_policy::most(reader, platform)? <= 1 {
        let text = format!(
            "One key of {} serves one community: no community works with an account of the installation until an operator allows that.",
            manifest.name
        );
        draft.say(PlanItemKind::Warning, None, text);
    }
    let basis = digest(&[platform.to_string(), name, format!("{made_now:?}")]);
    Ok(draft.finish(basis))
}

/// Looks whether it is there. Where the platform makes it, that is tried again.
pub(in crate::engine) fn check(
    writer: &Writer<'_>,
    rules: &Rules,
    id: WantedAccountId,
) -> Result<Applied, Fault> {
    let wanted = writer.wanted_account(id)?;
    let manifest = rules.manifest(&wanted.platform)?;
    let mut applied = Applied {
        subject: format!("{}/{}", wanted.platform, wanted.name),
        detail: "looked for".to_owned(),
        ..Applied::default()
    };
    if has_key(writer, &wanted.platform, &wanted.name)? {
        writer.drop_wanted_account(id)?;
        applied.receipt.message =
            format!("The account {} on {} is there.", wanted.name, manifest.name);
        return Ok(applied);
    }
    require_unheld(writer, &wanted)?;
    if at_hand(writer, rules, manifest)?.is_some() {
        applied
            .after
            .push(After::MakeAccount(id, wanted.platform.clone()));
        applied.receipt.message = format!(
            "The account {} on {} is being made.",
            wanted.name, manifest.name
        );
        return Ok(applied);
    }
    let step = task(
        rules,
        &shared_settings(writer, &wanted.platform)?,
        manifest,
        &wanted,
    );
    Err(Fault::new(
        FaultKind::NeedsKey,
        format!(
            "The account {} on {} is not there yet: {}.",
            wanted.name, manifest.name, step.title
        ),
    )
    .hint(format!(
        "Then: guildhall account add {} '{}'",
        wanted.platform, wanted.name
    )))
}

/// Wants it no longer.
pub(in crate::engine) fn drop_one(
    writer: &Writer<'_>,
    rules: &Rules,
    id: WantedAccountId,
) -> Result<Applied, Fault> {
    let wanted = writer.wanted_account(id)?;
    require_unheld(writer, &wanted)?;
    writer.drop_wanted_account(id)?;
    let name = &rules.manifest(&wanted.platform)?.name;
    Ok(Applied {
        subject: format!("{}/{}", wanted.platform, wanted.name),
        detail: "not wanted any more".to_owned(),
        receipt: Receipt {
            message: format!(
                "The account {} on {name} is not wanted any more.",
                wanted.name
            ),
            ..Receipt::default()
        },
        ..Applied::default()
    })
}

/// Writes down who can be asked about an account.
pub(in crate::engine) fn set_contact(
    writer: &Writer<'_>,
    id: AccountId,
    contact: &str,
) -> Result<Applied, Fault> {
    let account = writer.account(id)?;
    let contact = checked_contact(contact)?;
    writer.set_account_contact(id, &contact)?;
    Ok(Applied {
        subject: format!("{}/{}", account.platform, account.name),
        receipt: Receipt {
            message: match contact.as_str() {
                "" => format!("Nobody is named for the account {} any more.", account.name),
                contact => format!("About the account {} one asks {contact}.", account.name),
            },
            ..Receipt::default()
        },
        detail: contact,
        ..Applied::default()
    })
}
