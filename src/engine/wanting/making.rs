//! An account is made on its platform, in the background.

use super::{at_hand, owner, require_unheld};
use crate::{
    adapters::MadeAccount,
    domain::{
        AuditResult, Fault, FaultKind, InstanceId, IntentKind, Slug, WantedAccount,
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
pub(in crate::engine) fn begin_making(core: &Arc<Core>, id: WantedAccountId) {
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
) -> Result<Vec<InstanceId>, Fault> {
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
