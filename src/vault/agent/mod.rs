//! The agent: keeps the vault unlocked for some hours, for programs of the same user, on a socket of this host.
//!
//! Like `ssh-agent`, but it hands over the vault key itself: what asks is Guildhall, and it needs the key to open rows.
//! So the right to connect is the right to every secret. The socket is 0600 in a folder 0700, and the kernel is asked who is
//! at the other end: nobody but the same user is answered, not even root (who has other ways).
//!
//! How it starts: `guildhall unlock --for 8h` unwraps the key, starts its own binary again as a detached child, writes the
//! key to that child's standard input ([`pass_on`]); the child reads it ([`take_over`]) and serves ([`serve`]). The key is
//! never an argument and never in the environment. Must not know: how a process is detached, what is unlocked with the key.

mod client;
mod handover;
mod socket;
#[cfg(test)]
mod tests;

pub use client::{fetch, stop};
pub use handover::{pass_on, take_over};
pub use socket::socket_path;

use super::VaultKey;
use crate::domain::{Fault, FaultKind};
use socket::{Ours, bind, cannot_listen, is_same_user};
use std::{
    io,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    sync::Notify,
    time::{Instant, sleep_until, timeout},
};

/// How long either end waits for the other. Both are on this host and have nothing to compute.
const PATIENCE: Duration = Duration::from_secs(2);
/// The longest an agent may serve.
pub const LONGEST: Duration = Duration::from_secs(30 * 24 * 60 * 60);

const ASK_FOR_KEY: u8 = b'k';
const ASK_TO_STOP: u8 = b's';
const STOPPING: u8 = b'.';

/// Serves the key to processes of the same user until the time is over or somebody calls [`stop`]; then wipes it and
/// removes the socket. An agent that listens there already is replaced: the newest wish counts.
///
/// # Errors
/// [`FaultKind::BadInput`] for a duration beyond [`LONGEST`]; [`FaultKind::Host`] when the socket cannot be made, or its
/// folder belongs to somebody else or is open to others.
pub async fn serve(key: VaultKey, duration: Duration, socket: &Path) -> Result<(), Fault> {
    if duration > LONGEST {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The vault cannot stay unlocked for more than 30 days.",
        )
        .hint("Use an identity file for work that goes on without an operator."));
    }
    // By both clocks: the steady one stands still while the host sleeps, the other one may be set.
    let deadline = Instant::now() + duration;
    let wall_deadline = SystemTime::now() + duration;
    stop(socket).await?;
    let listener = bind(socket).map_err(|cause| cannot_listen(socket, &cause))?;
    let ours = Ours::of(socket).map_err(|cause| cannot_listen(socket, &cause))?;
    let key = Arc::new(key);
    let stopped = Arc::new(Notify::new());
    let ended = loop {
        tokio::select! {
            () = sleep_until(deadline) => break Ok(()),
            () = stopped.notified() => break Ok(()),
            accepted = listener.accept() => match accepted {
                Ok(_) if SystemTime::now() >= wall_deadline => break Ok(()),
                Ok((stream, _)) if is_same_user(&stream) => {
                    tokio::spawn(answer(stream, Arc::clone(&key), Arc::clone(&stopped)));
                }
                Ok((stream, _)) => drop(stream),
                // The other end may have gone already; only a listener that is broken itself ends the agent.
                Err(cause) if cause.kind() == io::ErrorKind::ConnectionAborted => {}
                Err(cause) => break Err(cannot_listen(socket, &cause)),
            }
        }
    };
    ours.remove(socket);
    ended
}

async fn answer(mut stream: UnixStream, key: Arc<VaultKey>, stopped: Arc<Notify>) {
    // Who goes away in the middle of a question gets no answer; there is nobody to tell.
    let _ = timeout(PATIENCE, async {
        match stream.read_u8().await? {
            ASK_FOR_KEY => stream.write_all(key.bytes()).await?,
            ASK_TO_STOP => {
                stopped.notify_one();
                stream.write_u8(STOPPING).await?;
            }
            _ => {}
        }
        stream.shutdown().await
    })
    .await;
}
