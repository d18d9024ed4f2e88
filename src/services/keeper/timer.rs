//! Running what is due.

use super::{Keeper, child};
use crate::services::supervisor::TimerDescription;
use jiff::Timestamp;
use std::time::Duration;

/// Runs it whenever it is due, until the keeper is stopped.
pub(super) async fn keep(keeper: &Keeper, timer: &TimerDescription) {
    let name = timer.name.as_str();
    child::clear(keeper, name, timer.launch.grace).await;
    let mut next = timer
        .rhythm
        .next(timer.last, Timestamp::now(), rand::random());
    keeper.note_timer(name, |state| state.next = Some(next));
    loop {
        let wait =
            Duration::try_from(next.duration_since(Timestamp::now())).unwrap_or(Duration::ZERO);
        tokio::select! {
            () = keeper.stop.cancelled() => return,
            () = tokio::time::sleep(wait) => {}
        }
        keeper.tell(&format!("{name} begins"));
        let exit = child::run(keeper, name, &timer.launch, |_| {}).await;
        next = timer.rhythm.next(exit.at, exit.at, rand::random());
        // In one writing: a reader between two would see an ended run as still due.
        keeper.note_timer(name, |state| {
            state.last = Some(exit);
            state.next = Some(next);
        });
    }
}
