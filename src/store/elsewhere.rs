//! Noticing that the database file is written, by whichever process, without asking it again and again.

use super::{fault, handle::Store, place};
use crate::domain::Fault;
use rustix::{
    fs::inotify::{self, CreateFlags, Reader, WatchFlags},
    io::Errno,
};
use std::{mem::MaybeUninit, os::fd::OwnedFd};
use tokio::io::unix::AsyncFd;

/// Room for the names of what was written meanwhile: a few dozen of them.
const ROOM: usize = 4096;

/// Tells when the database was written. Sleeps in the kernel meanwhile (inotify(7)).
#[derive(Debug)]
pub struct FileWatch {
    queue: AsyncFd<OwnedFd>,
}

impl Store {
    /// Watches the database from now on. Changes of this process are noticed as well: ask [`Store::data_version`] whose
    /// it was. Within a tokio runtime only.
    ///
    /// # Errors
    /// `Storage` where the system has no such watch, or none left.
    pub fn watch_file(&self) -> Result<FileWatch, Fault> {
        let cannot = |error: std::io::Error| {
            fault::from_io(&error, "Changes cannot be watched for", self.home())
        };
        let queue = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)
            .map_err(|error| cannot(error.into()))?;
        // The folder and not the file: what a checkpoint deletes is made anew under the same name.
        inotify::add_watch(&queue, self.home(), WatchFlags::MODIFY)
            .map_err(|error| cannot(error.into()))?;
        #[expect(
            deprecated,
            reason = "what took its place is unsafe code; the queue is owned, and closed with this alone"
        )]
        let queue = AsyncFd::new(queue).map_err(cannot)?;
        Ok(FileWatch { queue })
    }
}

impl FileWatch {
    /// Waits until the database was written since the last answer.
    ///
    /// # Errors
    /// When the system takes the watch away.
    pub async fn written(&mut self) -> std::io::Result<()> {
        loop {
            let mut ready = self.queue.readable().await?;
            let written = ready.try_io(|queue| drain(queue.get_ref()));
            match written {
                Ok(Ok(true)) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                // Another file of the folder, or nothing to read after all.
                Ok(Ok(false)) | Err(_) => {}
            }
        }
    }

    /// Forgets what was written until now.
    ///
    /// # Errors
    /// When the system takes the watch away.
    pub fn forget(&mut self) -> std::io::Result<()> {
        match drain(self.queue.get_ref()) {
            Err(error) if error.kind() != std::io::ErrorKind::WouldBlock => Err(error),
            _ => Ok(()),
        }
    }
}

/// Reads everything there is; whether the database was among it. "Would block" only when there was nothing at all.
fn drain(queue: &OwnedFd) -> std::io::Result<bool> {
    let mut room = [const { MaybeUninit::uninit() }; ROOM];
    let mut reader = Reader::new(queue, &mut room);
    let (mut any, mut ours) = (false, false);
    loop {
        match reader.next() {
            Ok(event) => {
                any = true;
                ours |= event
                    .file_name()
                    .is_some_and(|name| name.to_bytes().starts_with(place::DATABASE.as_bytes()));
            }
            Err(Errno::AGAIN) if any => return Ok(ours),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}
