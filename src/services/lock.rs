//! Exclusive locks between processes (`flock`). The kernel releases them when their holder ends, however it ends.

use super::files::storage;
use crate::domain::{Fault, FaultKind};
use rustix::{
    fs::{FlockOperation, flock},
    io::Errno,
};
use std::{
    fs::{File, OpenOptions},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::fs::OpenOptionsExt,
    },
    path::Path,
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

/// How often it is looked whether a lock has become free.
const LOOK: Duration = Duration::from_millis(100);

/// A held lock; released when dropped.
#[derive(Debug)]
pub struct FileLock {
    /// Open as long as the lock is held.
    file: File,
}

impl AsFd for FileLock {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

impl FileLock {
    /// Takes the lock if nobody holds it. The file is made when it is not there, and stays.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn try_take(path: &Path) -> Result<Option<Self>, Fault> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(path)
            .map_err(|error| storage("A lock cannot be opened", path, &error))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Some(Self { file })),
            Err(Errno::WOULDBLOCK) => Ok(None),
            Err(error) => Err(storage("A lock cannot be taken", path, &error.into())),
        }
    }

    /// Takes the lock, waiting `patience` at most for its holder.
    ///
    /// # Errors
    /// [`FaultKind::InUse`] when it stays held, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
    pub async fn take(
        path: &Path,
        patience: Duration,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        let until = Instant::now() + patience;
        loop {
            if let Some(lock) = Self::try_take(path)? {
                return Ok(lock);
            }
            if Instant::now() >= until {
                return Err(Fault::new(
                    FaultKind::InUse,
                    format!(
                        "Somebody else works here at the moment ({}).",
                        path.display()
                    ),
                )
                .hint("Wait until that work has ended, then try again."));
            }
            tokio::select! {
                () = cancel.cancelled() => {
                    return Err(Fault::new(FaultKind::Cancelled, "The wait for a lock was stopped.")
                        .hint("What was done stays done; resume it to go on."));
                }
                () = tokio::time::sleep(LOOK) => {}
            }
        }
    }
}
