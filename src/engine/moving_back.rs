//! What a move to another account that came to no end had begun on the platform is taken back there.

use super::{
    core::Core, ending::Effect, journal::StoreJournal, keyring, keyring::SealedKey, rules::Rules,
    scene::Scene,
};
use crate::{
    adapters::{Adapter, Halt, Op},
    domain::{AccountId, CredentialState, Fault, FaultKind, Operation},
    store::Reader,
};
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// The key of a field in one of these accounts, as it lies in the store.
pub(super) fn sealed(
    reader: &Reader<'_>,
    rules: &Rules,
    accounts: &[AccountId],
    field: &str,
) -> Result<Option<SealedKey>, Fault> {
    for id in accounts {
        let account = reader.account(*id)?;
        for key in reader.credentials(*id)? {
            if key.field != field || key.state == CredentialState::NeedsReentry {
                continue;
            }
            if let Some(sealed) = keyring::sealed_one(reader, rules, &account, &key)? {
                return Ok(Some(sealed));
            }
        }
    }
    Ok(None)
}

/// The operation as the adapter sees it after its instance was given other accounts.
pub(super) async fn op_there(
    core: &Arc<Core>,
    operation: &Operation,
    scene: Scene,
    op: &Op,
    cancel: CancellationToken,
) -> Result<Op, Fault> {
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    let journal = Arc::new(StoreJournal {
        core: core.clone(),
        operation: operation.id,
        steps_of: operation.instance,
        instance: operation.instance,
        community: operation.community,
        platform: operation.platform.clone(),
        marker: site.marker.clone(),
        prefix: String::new(),
    });
    Ok(Op::new(site, journal, op.progress_sender(), cancel))
}

/// Takes back what was begun, the instance working with its former accounts again. Somebody who stops the move does not
/// stop this. Answers what stays there.
///
/// # Errors
/// What the platform answers; what was begun is remembered still then.
pub(super) async fn undo(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
    to: AccountId,
) -> Result<Vec<String>, Fault> {
    let instance = operation.instance;
    let field = operation.argument["field"].as_str().unwrap_or_default();
    let wanted = field.to_owned();
    let rules = core.rules();
    let (scene, other) = core
        .store
        .read(move |reader| {
            let other = sealed(reader, &rules, &[to], &wanted)?;
            let scene = Scene::read(reader, &rules, reader.instance(instance)?)?;
            Ok((scene, other))
        })
        .await?;
    let other = other.and_then(|key| keyring::opened(&core.custody, &key));
    let there = op_there(core, operation, scene, op, CancellationToken::new()).await?;
    match adapter.take_back_move(&there, field, other.as_ref()).await {
        Ok(left) => Ok(left),
        Err(Halt::Stopped(fault)) => Err(*fault),
        Err(Halt::Human(task)) => Err(Fault::new(
            FaultKind::Refused,
            format!("A person is needed for it: {}.", task.title),
        )
        .hint("Do that on the platform, then resume the operation.")),
    }
}

/// The verb where a move was stopped while it waited.
pub(super) async fn work(
    core: &Arc<Core>,
    adapter: &dyn Adapter,
    operation: &Operation,
    op: &Op,
    to: AccountId,
) -> Result<Effect, Halt> {
    let instance = operation.instance;
    let used = core
        .store
        .read(move |reader| reader.accounts_used(instance))
        .await?;
    if used.contains(&to) {
        return Ok(Effect::Replaced(
            "It was moved after all, so nothing is taken back.".to_owned(),
        ));
    }
    let left = undo(core, adapter, operation, op, to).await?;
    let said = format!(
        "What the stopped move had begun is taken back. {}",
        left.join(" ")
    );
    Ok(Effect::Replaced(said.trim_end().to_owned()))
}
