//! Asking the agent: for the key, or to stop.

use super::{ASK_FOR_KEY, ASK_TO_STOP, PATIENCE, STOPPING, socket::is_same_user};
use crate::domain::{Fault, FaultKind};
use crate::vault::{VaultKey, key::KEY_BYTES};
use std::{io, path::Path};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::UnixStream,
    time::timeout,
};
use zeroize::Zeroizing;

/// The key from the agent that listens there; none when there is none.
///
/// # Errors
/// [`FaultKind::Locked`] when what listens there belongs to another user or does not answer like an agent.
pub async fn fetch(socket: &Path) -> Result<Option<VaultKey>, Fault> {
    let Some(mut stream) = connect(socket).await? else {
        return Ok(None);
    };
    let mut bytes = Zeroizing::new([0; KEY_BYTES]);
    let asked = timeout(PATIENCE, async {
        stream.write_u8(ASK_FOR_KEY).await?;
        stream.read_exact(bytes.as_mut_slice()).await
    })
    .await;
    match asked {
        Ok(Ok(_)) => Ok(VaultKey::from_bytes(bytes.as_slice())),
        // Its time came between the connection and the question.
        Ok(Err(cause)) if is_gone(&cause) => Ok(None),
        Ok(Err(cause)) => Err(odd_answer(socket).detail(cause)),
        Err(_) => Err(odd_answer(socket).detail("no answer in time")),
    }
}

/// Ends the agent that listens there. Whether there was one.
///
/// # Errors
/// As [`fetch`].
pub async fn stop(socket: &Path) -> Result<bool, Fault> {
    let Some(mut stream) = connect(socket).await? else {
        return Ok(false);
    };
    let asked = timeout(PATIENCE, async {
        stream.write_u8(ASK_TO_STOP).await?;
        stream.read_u8().await
    })
    .await;
    match asked {
        Ok(Ok(STOPPING)) => Ok(true),
        Ok(Err(cause)) if is_gone(&cause) => Ok(true),
        Ok(Ok(_)) => Err(odd_answer(socket)),
        Ok(Err(cause)) => Err(odd_answer(socket).detail(cause)),
        Err(_) => Err(odd_answer(socket).detail("no answer in time")),
    }
}

async fn connect(socket: &Path) -> Result<Option<UnixStream>, Fault> {
    match timeout(PATIENCE, UnixStream::connect(socket)).await {
        Ok(Ok(stream)) if is_same_user(&stream) => Ok(Some(stream)),
        Ok(Ok(_)) => Err(Fault::new(
            FaultKind::Locked,
            format!(
                "What listens at {} belongs to another user; it was not asked for the key.",
                socket.display()
            ),
        )
        .hint("Find out who made that socket before you unlock the vault.")),
        Ok(Err(cause)) if is_gone(&cause) => Ok(None),
        Ok(Err(cause)) => Err(odd_answer(socket).detail(cause)),
        Err(_) => Err(odd_answer(socket).detail("no connection in time")),
    }
}

fn is_gone(cause: &io::Error) -> bool {
    matches!(
        cause.kind(),
        io::ErrorKind::NotFound
            | io::ErrorKind::ConnectionRefused
            | io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::BrokenPipe
            // A path too long for a socket: no agent can ever listen there.
            | io::ErrorKind::InvalidInput
    )
}

fn odd_answer(socket: &Path) -> Fault {
    Fault::new(
        FaultKind::Locked,
        format!(
            "What listens at {} does not answer like an agent; the vault stays locked.",
            socket.display()
        ),
    )
    .hint("Remove that file if no agent of yours is running, then unlock again.")
}
