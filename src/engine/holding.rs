//! An instance held for work that is no operation, so that no operation, of this Guildhall or of another, begins on it
//! meanwhile.

use super::{core::Core, lease, rules::Rules};
use crate::{
    domain::{Fault, FaultKind, Instance},
    store::Writer,
};
use std::{future::Future, sync::Arc};

/// Does some work while nobody else may work on the instance. The lease is renewed meanwhile and given back at the end,
/// also when the work fails.
///
/// # Errors
/// [`FaultKind::InUse`] when somebody works on it, or took it over from a process that stood still for too long; what the
/// work returns; [`FaultKind::Storage`].
pub(super) async fn holding<T, W>(
    core: &Arc<Core>,
    instance: &Instance,
    work: W,
) -> Result<T, Fault>
where
    W: Future<Output = Result<T, Fault>>,
{
    let holder = lease::holder_name();
    hold(core, instance, &holder).await?;
    let mut renewal = tokio::time::interval(core.options.limits.renew_every);
    renewal.tick().await;
    tokio::pin!(work);
    let done = loop {
        tokio::select! {
            done = &mut work => break done,
            _ = renewal.tick() => {
                if let Err(fault) = hold(core, instance, &holder).await {
                    if fault.kind == FaultKind::InUse {
                        return Err(fault);
                    }
                    // The lease has some time left; the next renewal may succeed.
                    tracing::warn!(%fault, "a lease could not be renewed");
                }
            }
        }
    };
    let id = instance.id;
    core.change(move |writer, _| writer.break_lease(id, &holder))
        .await?;
    core.desk.ring();
    done
}

async fn hold(core: &Arc<Core>, instance: &Instance, holder: &str) -> Result<(), Fault> {
    let (instance, holder) = (instance.clone(), holder.to_owned());
    core.change(move |writer, rules| take(writer, rules, &instance, &holder))
        .await
}

fn take(
    writer: &Writer<'_>,
    rules: &Rules,
    instance: &Instance,
    holder: &str,
) -> Result<(), Fault> {
    let until = rules
        .now
        .checked_add(rules.limits.lease)
        .unwrap_or(rules.now);
    if writer.hold_instance(instance.id, holder, rules.now, until)? {
        return Ok(());
    }
    let held = writer.lease(instance.id)?;
    if let Some(held) = held.filter(|held| lease::is_abandoned(&held.holder)) {
        writer.break_lease(instance.id, &held.holder)?;
        if writer.hold_instance(instance.id, holder, rules.now, until)? {
            return Ok(());
        }
    }
    Err(Fault::new(
        FaultKind::InUse,
        format!(
            "{} is being worked on; nothing was changed.",
            instance.platform
        ),
    )
    .hint("Wait until that has ended (guildhall operation list), then try again."))
}
