//! Processes behind the web server: a worker with its clock, a queue.

use super::{say, say_failed};
use serde_json::json;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// The clock's rhythm (sheet: policykit 3).
const BEAT: Duration = Duration::from_secs(60);
/// The real worker ends its task first, which takes 3 to 6 seconds.
const LAST_TASK: Duration = Duration::from_millis(300);

/// A worker that says when it is ready, and at each beat of its clock.
pub async fn worker() -> u8 {
    let line = |message: &str| {
        json!({ "message": message, "date": jiff::Timestamp::now().to_string(), "status": "INFO" })
            .to_string()
    };
    until_term(
        || say(&line("beat: Starting...")),
        || say(&line("w1@sandbox ready.")),
        || {
            say(&line(
                "Scheduler: Sending due task evaluate-pending-proposals-beat",
            ));
        },
    )
    .await
}

/// A queue that says when it is ready.
pub async fn queue() -> u8 {
    until_term(
        || say("[Q] INFO Q Cluster sandbox starting."),
        || say("[Q] INFO Q Cluster sandbox running."),
        || {},
    )
    .await
}

/// A clock that says when it ticked; nothing is decided here.
pub async fn clock() -> u8 {
    let tick =
        || say(&json!({ "tick": 0, "date": jiff::Timestamp::now().to_string() }).to_string());
    until_term(|| {}, || say("clock running"), tick).await
}

async fn until_term(start: impl Fn(), ready: impl Fn(), beat: impl Fn()) -> u8 {
    let Ok(mut term) = signal(SignalKind::terminate()) else {
        return say_failed("no signals");
    };
    start();
    ready();
    let mut clock = tokio::time::interval(BEAT);
    loop {
        tokio::select! {
            _ = term.recv() => {
                tokio::time::sleep(LAST_TASK).await;
                return 0;
            }
            _ = clock.tick() => beat(),
        }
    }
}
