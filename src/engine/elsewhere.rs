//! What other Guildhalls change in the database is told here as what this one changes is. Nothing ticks: the file is
//! watched, and between two writes this sleeps.

use super::core::Core;
use crate::{domain::Fault, store::FileWatch};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::sleep;

/// Writes so close to each other are told as one.
const TOGETHER: Duration = Duration::from_millis(100);

/// Begins to watch. Without a watch everything else works; another's changes are then seen at the next reading.
pub(super) fn attend(core: &Arc<Core>) {
    match core.store.watch_file() {
        Ok(watch) => {
            let closing = core.desk.closing().clone();
            let core = Arc::downgrade(core);
            tokio::spawn(async move {
                tokio::select! {
                    () = closing.cancelled() => {}
                    () = follow(core, watch) => {}
                }
            });
        }
        Err(fault) => {
            tracing::warn!(%fault, detail = ?fault.detail, "what other processes change is not seen at once");
        }
    }
}

async fn follow(core: Weak<Core>, mut watch: FileWatch) {
    let mut known = None;
    loop {
        match tell(&core, known).await {
            Ok(Some(now)) => known = Some(now),
            Ok(None) => return,
            Err(fault) => {
                tracing::warn!(%fault, "whether another process changed something is not known");
            }
        }
        if let Err(error) = watch.written().await {
            tracing::warn!(%error, "what other processes change is not seen at once any more");
            return;
        }
        sleep(TOGETHER).await;
        if let Err(error) = watch.forget() {
            tracing::warn!(%error, "what other processes change is not seen at once any more");
            return;
        }
    }
}

/// Tells of a change by another process since `known`. None when the engine is gone.
async fn tell(core: &Weak<Core>, known: Option<i64>) -> Result<Option<i64>, Fault> {
    let Some(core) = core.upgrade() else {
        return Ok(None);
    };
    let now = core.store.data_version().await?;
    if known.is_some_and(|known| known != now) {
        // It may have left something to do as well.
        core.desk.ring();
        core.emit_changed(None);
    }
    Ok(Some(now))
}
