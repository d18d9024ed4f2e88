//! Doing something and waiting for it: submit, show how far it is, and tell what came of it.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    progress_line::{ProgressLine, TICK},
    report::{self, Watched},
};
use crate::{
    domain::{Fault, Intent, OperationId},
    engine::views::Receipt,
};
use tokio::signal::unix::{SignalKind, signal};

/// Does what the actor wants, waits for the work that follows, and tells the result.
///
/// # Errors
/// What the engine refuses it with.
pub async fn carry_out(
    context: &Context,
    hall: &Hall,
    intent: Intent,
    watched: Option<Watched>,
) -> Result<Exit, Fault> {
    carry_out_planned(context, hall, intent, None, watched).await
}

/// The same, held to the plan of this basis.
///
/// # Errors
/// As [`carry_out`]; `Conflict` when things have changed since the plan was made.
pub async fn carry_out_planned(
    context: &Context,
    hall: &Hall,
    intent: Intent,
    basis: Option<String>,
    watched: Option<Watched>,
) -> Result<Exit, Fault> {
    let receipt = submit(hall, intent, basis).await?;
    follow(context, hall, receipt, watched).await
}

/// Submits, held to a plan where there is one.
///
/// # Errors
/// What the engine refuses it with.
pub async fn submit(hall: &Hall, intent: Intent, basis: Option<String>) -> Result<Receipt, Fault> {
    match basis {
        Some(basis) => hall.engine.submit_planned(&hall.actor, intent, basis).await,
        None => hall.engine.submit(&hall.actor, intent).await,
    }
}

/// Submits what somebody accepted who was shown what it installs on this host.
///
/// # Errors
/// What the engine refuses it with.
pub async fn submit_accepting(
    hall: &Hall,
    intent: Intent,
    basis: Option<String>,
) -> Result<Receipt, Fault> {
    hall.engine
        .submit_accepting(&hall.actor, intent, basis)
        .await
}

/// Waits for the work of a receipt, and tells the result.
///
/// # Errors
/// `Storage` when the result cannot be read or written.
pub async fn follow(
    context: &Context,
    hall: &Hall,
    receipt: Receipt,
    watched: Option<Watched>,
) -> Result<Exit, Fault> {
    if context.globals.no_wait {
        hall.engine.shutdown().await;
    } else if let Some(stopped) = wait(context, hall, &receipt.operations).await {
        return Ok(stopped);
    }
    report::tell(context, hall, &receipt, watched).await
}

/// Waits until nothing is under way. Answers with an exit code when a signal came in between.
pub async fn wait(context: &Context, hall: &Hall, operations: &[OperationId]) -> Option<Exit> {
    let engine = &hall.engine;
    let mut line = ProgressLine::new(context, hall, operations).await;
    let settled = engine.settle();
    let stopped = stop_signal();
    tokio::pin!(settled, stopped);
    let exit = loop {
        tokio::select! {
            biased;
            code = &mut stopped => break Some(Exit::Other(code)),
            () = &mut settled => break None,
            () = tokio::time::sleep(TICK), if line.is_shown() => line.draw(hall),
        }
    };
    line.clear();
    if exit.is_some() {
        engine.shutdown().await;
        context.out.advise(
            "Stopped. What was done is recorded; the rest goes on with: guildhall operation resume",
        );
    }
    exit
}

/// Listens from now on, also before it is awaited, for the signals that ask a command to end; answers with the exit code
/// for it.
pub fn stop_signal() -> impl Future<Output = u8> {
    let by = |kind: SignalKind| {
        let stream = signal(kind);
        async move {
            match stream {
                Ok(mut stream) => {
                    stream.recv().await;
                }
                // Without a handler the signal ends the process by itself.
                Err(_) => std::future::pending().await,
            }
        }
    };
    let interrupt = by(SignalKind::interrupt());
    let terminate = by(SignalKind::terminate());
    let hangup = by(SignalKind::hangup());
    async move {
        tokio::select! {
            () = interrupt => 130,
            () = terminate => 143,
            () = hangup => 129,
        }
    }
}
