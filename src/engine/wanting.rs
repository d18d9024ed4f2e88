//! Another account of the installation: its platform makes it, where it does that and the key for it is at hand; else it
//! is a person's step, which waits among the tasks until a key of another account than those that are there is entered.

use super::{
    choosing,
    core::Core,
    ending::brief,
    examine,
    held::{Examined, Owner},
    key_policy, keyring,
    keyring::NewKey,
    lease,
    planner::{Draft, digest},
    rules::Rules,
    scene::{self, Scene},
    submit::{After, Applied},
    views::Receipt,
};
use crate::{
    adapters::MadeAccount,
    catalog::{Holder, Manifest},
    domain::{
        AccountId, Actor, AuditResult, Capability, Fault, FaultKind, HumanTask, IntentKind, Plan,
        PlanItemKind, PlatformId, Slug, Verb, WantedAccount, WantedAccountId, clean_line,
    },
    store::{Reader, Writer},
};
use std::{collections::BTreeMap, sync::Arc};
use uuid::Uuid;

/// The most characters of an account's name.
const NAME: usize = 100;
/// The most characters of who can be asked about it.
const CONTACT: usize = 200;
/// The name of the step.
const STEP: &str = "wanted-account";

/// An account's name as it is kept.
pub(super) fn checked_name(name: &str) -> Result<String, Fault> {
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
pub(super) fn checked_contact(contact: &str) -> Result<String, Fault> {
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

/// With which key of the installation the platform makes an account; none where a person does.
fn maker(rules: &Rules, manifest: &Manifest) -> Option<&'static str> {
    let adapter = rules.registry.get(&manifest.id)?;
    let auto = manifest.capability(Verb::MakeAccount) == Capability::Auto;
    auto.then(|| adapter.makes_account_with()).flatten()
}

/// The same, where that key is stored and can be opened now.
fn at_hand(
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
) -> Result<Option<&'static str>, Fault> {
    let Some(field) = maker(rules, manifest) else {
        return Ok(None);
    };
    let stored = choosing::best(reader, rules, &manifest.id, None)?
        .iter()
        .any(|key| key.field == field);
    Ok((stored && rules.custody.is_unlocked()).then_some(field))
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

fn has_key(reader: &Reader<'_>, platform: &PlatformId, name: &str) -> Result<bool, Fault> {
    for account in reader.accounts_of(None, platform)? {
        if account.name == name && !reader.credentials(account.id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Writes down that another account is wanted, and begins to make it where that is possible.
pub(super) fn want(
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
        applied.after.push(After::MakeAccount(wanted.id));
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
pub(super) fn plan(
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
pub(super) fn check(
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
    if at_hand(writer, rules, manifest)?.is_some() {
        applied.after.push(After::MakeAccount(id));
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
pub(super) fn drop_one(
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
pub(super) fn set_contact(
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

/// Refuses while some process makes it.
fn require_unheld(reader: &Reader<'_>, wanted: &WantedAccount) -> Result<(), Fault> {
    match reader.holder_of_wanted_account(wanted.id)? {
        Some(holder) if !lease::is_abandoned(&holder) => Err(Fault::new(
            FaultKind::InUse,
            format!("The account {} is being made at this moment.", wanted.name),
        )
        .hint("Wait a moment, then look at the accounts.")),
        _ => Ok(()),
    }
}

/// Whose lent keys are those with which accounts of the installation are made.
fn owner(platform: &PlatformId) -> Owner {
    (platform.clone(), Some(examine::NO_COMMUNITY))
}

/// What becomes of a key that was entered for a wanted account, where it is the one with which the platform makes it: used
/// for that, and forgotten. None where it is the account's own key.
pub(super) fn made_with(
    reader: &Reader<'_>,
    rules: &Rules,
    wanted: &WantedAccount,
    examined: &Examined,
) -> Result<Option<Applied>, Fault> {
    let manifest = rules.manifest(&wanted.platform)?;
    let Some(field) = maker(rules, manifest) else {
        return Ok(None);
    };
    let lent: BTreeMap<_, _> = examined
        .entries
        .iter()
        .filter(|(known, _)| *known == field)
        .map(|(known, secret)| (known.clone(), secret.clone()))
        .collect();
    if lent.is_empty() || lent.len() < examined.entries.len() {
        return Ok(None);
    }
    require_unheld(reader, wanted)?;
    Ok(Some(Applied {
        subject: format!("{}/{}", wanted.platform, wanted.name),
        detail: format!("used once {field}"),
        receipt: Receipt {
            message: format!(
                "The account {} on {} is being made; the key is used for that and then forgotten.",
                wanted.name, manifest.name
            ),
            ..Receipt::default()
        },
        after: vec![
            After::Lend(owner(&wanted.platform), lent),
            After::MakeAccount(wanted.id),
        ],
        ..Applied::default()
    }))
}

/// Refuses a key of an account that is there already, where another one was wanted.
pub(super) fn require_another(
    reader: &Reader<'_>,
    wanted: &WantedAccount,
    examined: &Examined,
) -> Result<(), Fault> {
    let Some(identity) = &examined.identity else {
        return Ok(());
    };
    for account in reader.accounts()? {
        if account.platform == wanted.platform
            && account.external_id.as_ref() == Some(&identity.external_id)
            && account.name != wanted.name
        {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "This key is that of {}, which is the account {} already; another one was wanted. It was not stored.",
                    clean_line(&identity.who), account.name
                ),
            )
            .hint("Enter a key of the new account."));
        }
    }
    Ok(())
}

/// Keeps settings of a platform for the whole installation.
pub(super) fn keep_settings(
    writer: &Writer<'_>,
    platform: &PlatformId,
    settings: BTreeMap<String, String>,
) -> Result<(), Fault> {
    if settings.is_empty() {
        return Ok(());
    }
    let mut shared = shared_settings(writer, platform)?;
    shared.extend(settings);
    writer.set_setting(&scene::shared_settings_name(platform), &shared)
}

/// The settings of a platform that hold for the whole installation.
pub(super) fn shared_settings(
    reader: &Reader<'_>,
    platform: &PlatformId,
) -> Result<BTreeMap<String, String>, Fault> {
    let stored = reader.setting(&scene::shared_settings_name(platform))?;
    Ok(stored.unwrap_or_default())
}

/// The step of a person for an account that is wanted.
pub(super) fn task(
    rules: &Rules,
    settings: &BTreeMap<String, String>,
    manifest: &Manifest,
    wanted: &WantedAccount,
) -> HumanTask {
    let maker = maker(rules, manifest).and_then(|field| manifest.credential(field));
    let own = manifest
        .entered_credentials()
        .find(|known| known.secret && maker.is_none_or(|maker| maker.field != known.field));
    let first = maker.or(own);
    let note = manifest.capabilities.get(&Verb::MakeAccount);
    let filled = |text: &String| {
        manifest
            .fill(text, settings)
            .unwrap_or_else(|| text.clone())
    };
    let mut instructions: Vec<String> = note.iter().map(|note| note.note.clone()).collect();
    instructions.extend(
        first
            .iter()
            .flat_map(|known| known.where_to_get.iter().map(filled)),
    );
    let title = if let Some(maker) = maker {
        instructions.push(format!(
            "Enter {} here: with it the account is made, and it is forgotten afterwards.",
            maker.label
        ));
        if let Some(own) = own {
            instructions.push(format!(
                "Or make the account by hand and enter its {} here.",
                own.label
            ));
        }
        format!("enter {} for another account: {}", maker.label, wanted.name)
    } else {
        instructions.push("Enter its key here; it is verified first.".to_owned());
        format!("make another account: {}", wanted.name)
    };
    instructions.retain(|step| !step.is_empty());
    let mut why = format!("{} asked for another account.", wanted.actor);
    if !wanted.note.is_empty() {
        why = format!("{why} {}", wanted.note);
    }
    if !wanted.contact.is_empty() {
        why = format!("{why} About it one asks {}.", wanted.contact);
    }
    HumanTask {
        step: STEP.to_owned(),
        title,
        why,
        who: first.map_or_else(|| "an operator".to_owned(), |known| known.whose.clone()),
        url: first
            .and_then(|known| known.url.as_ref())
            .and_then(|url| manifest.fill(url, settings)),
        instructions,
        asks_for: first.map(|known| known.scopes.clone()).unwrap_or_default(),
        others_decide: false,
    }
}

/// Takes up what an ended process began, or what waited for the vault.
pub(super) async fn resume(core: &Arc<Core>) -> Result<(), Fault> {
    let rules = core.rules();
    let possible = core
        .store
        .read(move |reader| {
            let mut possible = Vec::new();
            for wanted in reader.wanted_accounts()? {
                if at_hand(reader, &rules, rules.manifest(&wanted.platform)?)?.is_some() {
                    possible.push(wanted.id);
                }
            }
            Ok(possible)
        })
        .await?;
    for id in possible {
        begin_making(core, id);
    }
    Ok(())
}

/// Begins to make it in the background.
pub(super) fn begin_making(core: &Arc<Core>, id: WantedAccountId) {
    let looking = core.desk.look();
    let core = core.clone();
    tokio::spawn(async move {
        let _looking = looking;
        if let Err(fault) = make(&core, id).await {
            tracing::warn!(wanted = %id, %fault, detail = ?fault.detail, "an account was not made");
        }
        core.emit_changed(None);
    });
}

/// Makes it and keeps its key; what stood in the way is noted in its step.
async fn make(core: &Arc<Core>, id: WantedAccountId) -> Result<(), Fault> {
    let holder = core.holder.clone();
    let (wanted, scene) = core
        .change(move |writer, rules| {
            let wanted = writer.wanted_account(id)?;
            require_unheld(writer, &wanted)?;
            writer.hold_wanted_account(id, Some(&holder))?;
            let instance = examine::imagined(rules, examine::NO_COMMUNITY, &wanted.platform)?;
            let scene = Scene::of_installation(writer, rules, instance)?;
            let slug = Slug::suggest(&wanted.name).or_else(|_| Slug::suggest("account"));
            Ok((wanted.clone(), scene.of_account(slug.ok(), &wanted.marker)))
        })
        .await?;
    let owner = owner(&wanted.platform);
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let made = match core.options.registry.get(&wanted.platform) {
        Some(adapter) => adapter.make_account(&site).await,
        None => Err(Fault::new(
            FaultKind::Unsupported,
            "The platform has no adapter in this build.",
        )),
    };
    core.held.take_back(&owner);
    let made = match made {
        Ok(made) => made,
        Err(fault) => {
            let note = brief(&fault);
            core.change(move |writer, _| {
                writer.note_wanted_account(id, &note)?;
                writer.hold_wanted_account(id, None)
            })
            .await?;
            return Err(fault);
        }
    };
    let queued = core
        .change(move |writer, rules| keep(writer, rules, &wanted, made))
        .await?;
    core.desk.widen(queued);
    core.desk.ring();
    Ok(())
}

/// Keeps the key of an account that its platform has made, and lets go on what waited for one.
fn keep(
    writer: &Writer<'_>,
    rules: &Rules,
    wanted: &WantedAccount,
    made: MadeAccount,
) -> Result<Vec<crate::domain::InstanceId>, Fault> {
    let platform = &wanted.platform;
    let account = keyring::account_of_installation(writer, rules, platform, &wanted.name)?;
    writer.set_account_contact(account.id, &wanted.contact)?;
    let who = made.identity.who.clone();
    let new = NewKey {
        field: made.field.to_owned(),
        secret: made.secret,
        verified: true,
        identity: Some(made.identity),
    };
    keyring::store(writer, rules, &account, new)?;
    writer.drop_wanted_account(wanted.id)?;
    rules.audit(
        writer,
        &wanted.actor,
        IntentKind::AddAccount.word(),
        &format!("{platform}/{}", wanted.name),
        None,
        AuditResult::Permitted,
        &format!("made by the platform: {}", clean_line(&who)),
    )?;
    let mut applied = Applied::default();
    choosing::wake(writer, rules, &wanted.actor, platform, &mut applied)?;
    Ok(applied.instances)
}
