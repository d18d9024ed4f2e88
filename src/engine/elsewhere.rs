//! What other Guildhalls change in the database is told here as what this one changes is. Nothing ticks: the file is
//! watched, and between two writes this sleeps. Only where the system has no watch left (Linux gives a user 128, unless told
//! otherwise) the file is asked once a second.

use super::{core::Core, unlocking};
use crate::{domain::Fault, store::FileWatch};
use std::{
    sync::{Arc, Weak},
    time::Duration,
};
use tokio::time::sleep;

/// Writes so close to each other are told as one.
const TOGETHER: Duration = Duration::from_millis(100);

/// How often is asked where nothing can be watched: who is removed must not stay longer than that.
const ASKING: Duration = Duration::from_secs(1);

/// Begins to watch.
pub(super) fn attend(core: &Arc<Core>) {
    let watch = core.store.watch_file();
    if let Err(fault) = &watch {
        tracing::warn!(%fault, detail = ?fault.detail, "what other processes change is asked for every second");
    }
    let closing = core.desk.closing().clone();
    let core = Arc::downgrade(core);
    tokio::spawn(async move {
        let told = async {
            if let Ok(watch) = watch {
                follow(core.clone(), watch).await;
            }
            ask(core).await;
        };
        tokio::select! {
            () = closing.cancelled() => {}
            () = told => {}
        }
    });
}

/// Asks again and again, until the engine is gone.
async fn ask(core: Weak<Core>) {
    let mut known = None;
    loop {
        match tell(&core, known).await {
            Ok(Some(now)) => known = Some(now),
            Ok(None) => return,
            Err(fault) => {
                tracing::warn!(%fault, "whether another process changed something is not known");
            }
        }
        sleep(ASKING).await;
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
            tracing::warn!(%error, "what other processes change is asked for every second from now on");
            return;
        }
        sleep(TOGETHER).await;
        if let Err(error) = watch.forget() {
            tracing::warn!(%error, "what other processes change is asked for every second from now on");
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
        unlocking::on_behalf_of_others(&core).await?;
    }
    Ok(Some(now))
}
