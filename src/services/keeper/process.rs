//! Keeping a process: started again when it ends, later and later while it ends soon.

use super::{Keeper, child};
use crate::services::supervisor::ProcessDescription;
use jiff::Timestamp;
use std::time::Duration;
use tokio::time::Instant;

/// The first pause before a process that ended is started again; it doubles up to the longest.
pub(in crate::services) const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// What ran so long was well, and its next pause is the first one again.
const WELL: Duration = Duration::from_secs(60);

/// Keeps it until the keeper is stopped.
pub(super) async fn keep(keeper: &Keeper, process: &ProcessDescription) {
    let name = process.name.as_str();
    let launch = &process.launch;
    child::clear(keeper, name, launch.grace).await;
    let mut pause = FIRST_PAUSE;
    while !keeper.stop.is_cancelled() {
        let begun = Instant::now();
        let exit = child::run(keeper, name, launch, |pid| {
            keeper.note_process(name, |state| {
                state.pid = Some(pid);
                state.since = Some(Timestamp::now());
            });
        })
        .await;
        keeper.note_process(name, |state| {
            state.pid = None;
            state.since = None;
            state.last_exit = Some(exit);
        });
        if keeper.stop.is_cancelled() {
            return;
        }
        if begun.elapsed() >= WELL {
            pause = FIRST_PAUSE;
        }
        keeper.tell(&format!("{name} is started again in {} s", pause.as_secs()));
        tokio::select! {
            () = keeper.stop.cancelled() => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST_PAUSE);
        keeper.note_process(name, |state| state.restarts += 1);
    }
}
