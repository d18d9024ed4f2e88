//! An account is made on its platform, in the background.

use super::{at_hand, owner, require_unheld};
use crate::{
    adapters::MadeAccount,
    domain::{
        AuditResult, Fault, FaultKind, InstanceId, IntentKind, PlatformId, Slug, WantedAccount,
        WantedAccountId, clean_line,
    },
    engine::{
        choosing, core::Core, ending::brief, examine, keyring, keyring::NewKey, rules::Rules,
        scene::Scene, submit::Applied,
    },
    store::Writer,
};
use std::sync::Arc;

/// Takes up what an ended process began, or what waited for the vault.
pub(in crate::engine) async fn resume(core: &Arc<Core>) -> Result<(), Fault> {
    let rules = core.rules();
    let possible = core
        .store
        .read(move |reader| {
            let mut possible = Vec::new();
            for wanted in reader.wanted_accounts()? {
                if at_hand(reader, &rules, rules.manifest(&wanted.platform)?)?.is_some() {
                    possible.push((wanted.id, wanted.platform));
                }
            }
            Ok(possible)
        })
        .await?;
    for (id, platform) in possible {
        begin_making(core, id, platform);
    }
    Ok(())
}

/// Begins to make it in the background.
pub(in crate::engine) fn begin_making(core: &Arc<Core>, id: WantedAccountId, platform: PlatformId) {
    let looking = core.desk.look();
    let core = core.clone();
    tokio::spawn(async move {
        let _looking = looking;
        if let Err(fault) = make(&core, id).await {
            // Whoever is making it at this moment needs what was lent for it, and takes it back.
            if fault.kind != FaultKind::InUse {
                core.held.take_back(&owner(&platform));
            }
            tracing::warn!(wanted = %id, %fault, detail = ?fault.detail, "an account was not made");
        }
        core.emit_changed(None);
    });
}

/// Makes it and keeps its key; what stood in the way is noted in its step. Whatever happens, nobody is said to be making it
/// afterwards.
async fn make(core: &Arc<Core>, id: WantedAccountId) -> Result<(), Fault> {
    let holder = core.holder.clone();
    let (wanted, scene) = core
        .change_patiently(move |writer, rules| {
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
    let asking = core.clone();
    let platform = wanted.platform.clone();
    // A task of its own, so that a panic in an adapter is no more than a failure.
    let asked = tokio::spawn(async move { ask(&asking, &platform, scene).await });
    let made = match asked.await {
        Ok(made) => made,
        // This process ends; the next one takes it up.
        Err(gone) if gone.is_cancelled() => return Ok(()),
        // The words of a panic may hold anything, a secret too: they go nowhere.
        Err(_) => Err(Fault::new(
            FaultKind::Internal,
            "Guildhall failed while it had the account made.",
        )
        .hint("Have it looked for again, and please report this with the log.")),
    };
    core.held.take_back(&owner);
    let kept = match made {
        Ok(made) => {
            core.change_patiently(move |writer, rules| keep(writer, rules, &wanted, &made))
                .await
        }
        Err(fault) => Err(fault),
    };
    match kept {
        Ok(queued) => {
            core.desk.widen(queued);
            core.desk.ring();
            Ok(())
        }
        Err(fault) => {
            let note = brief(&fault);
            core.change_patiently(move |writer, _| {
                writer.note_wanted_account(id, &note)?;
                writer.hold_wanted_account(id, None)
            })
            .await?;
            Err(fault)
        }
    }
}

/// Has the platform make it.
async fn ask(core: &Arc<Core>, platform: &PlatformId, scene: Scene) -> Result<MadeAccount, Fault> {
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    match core.options.registry.get(platform) {
        Some(adapter) => adapter.make_account(&site).await,
        None => Err(Fault::new(
            FaultKind::Unsupported,
            "The platform has no adapter in this build.",
        )),
    }
}

/// Keeps the key of an account that its platform has made, and lets go on what waited for one.
fn keep(
    writer: &Writer<'_>,
    rules: &Rules,
    wanted: &WantedAccount,
    made: &MadeAccount,
) -> Result<Vec<InstanceId>, Fault> {
    let platform = &wanted.platform;
    let account = keyring::account_of_installation(writer, rules, platform, &wanted.name)?;
    writer.set_account_contact(account.id, &wanted.contact)?;
    let who = made.identity.who.clone();
    let new = NewKey {
        field: made.field.to_owned(),
        secret: made.secret.clone(),
        verified: true,
        identity: Some(made.identity.clone()),
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
