//! The handle that the rest of the house holds.

use super::{
    Depth, Reader, Writer,
    commits::{self, Turn},
    connect, fault, header, health,
    lines::{self, Job, Line},
    migrate, place, reserve,
};
use crate::domain::{Fault, FaultKind};
use std::{
    path::{Path, PathBuf},
    sync::{Arc, mpsc},
};
use tokio::sync::{oneshot, watch};

/// One reads the page on the screen while another runs a long list.
const READERS: usize = 2;

/// The state of the installation. Cheap to clone; the last clone that is dropped closes the file.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
}

struct Inner {
    home: PathBuf,
    warnings: Vec<String>,
    changes: watch::Sender<u64>,
    readers: Line<Job>,
    writer: Line<Turn>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Store")
            .field("home", &self.inner.home)
            .finish_non_exhaustive()
    }
}

impl Store {
    /// Whether a folder holds a database already, without making either.
    #[must_use]
    pub fn exists(home: &Path) -> bool {
        home.join(place::DATABASE).exists()
    }

    /// Opens the database of a folder, making both where they are missing, and brings its tables up to date.
    ///
    /// # Errors
    /// `Storage` when the folder, the file or the file system cannot be used, the file is not ours, damaged or of a
    /// later Guildhall; `InUse` when another process held it for five seconds.
    pub fn open(home: &Path) -> Result<Self, Fault> {
        match Self::open_once(home) {
            // Even looking needs some room, for the shared memory beside the file.
            Err(fault) => match relieve(fault.clone(), home) {
                relieved if relieved == fault => Err(fault),
                _ => Self::open_once(home),
            },
            opened => opened,
        }
    }

    fn open_once(home: &Path) -> Result<Self, Fault> {
        let warnings = place::settle(home)?;
        let path = home.join(place::DATABASE);
        if !path.exists() {
            migrate::create(&path)?;
        }
        place::check_file(&path)?;
        let mut readers = vec![header::check(&path)?];
        let mut writer = connect::to_write(&path)?;
        migrate::upgrade(&mut writer, &path)?;
        if let Some(first) = health::look_if_cheap(&writer, &path)? {
            return Err(fault::damaged().detail(first));
        }
        while readers.len() < READERS {
            readers.push(connect::to_read(&path)?);
        }
        reserve::set_aside(home);
        Ok(Self {
            inner: Arc::new(Inner {
                home: home.to_owned(),
                warnings,
                changes: watch::Sender::new(0),
                readers: Line::start("store-reader", readers, lines::work)?,
                writer: Line::start("store-writer", vec![writer], commits::work)?,
            }),
        })
    }

    /// Reads in one consistent view, beside any writer.
    ///
    /// # Errors
    /// What the query answers; `Storage`; `Internal` when it panics.
    pub async fn read<T, F>(&self, query: F) -> Result<T, Fault>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        self.inner.readers.send(Box::new(move |connection| {
            // Nobody waits any more when the asking task was cancelled.
            let _ = answer.send(lines::reading(connection, query));
        }))?;
        wait.await.map_err(|_| lines::closed())?
    }

    /// Makes a change as a whole: it is on disk when this answers `Ok`, and undone otherwise. Changes that wait at the same
    /// time are committed together.
    /// A caller that is cancelled while waiting does not stop the change.
    ///
    /// # Errors
    /// What the change answers; `Storage`; `InUse`; `Internal` when it panics.
    pub async fn write<T, F>(&self, change: F) -> Result<T, Fault>
    where
        F: FnOnce(&Writer<'_>) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, wait) = oneshot::channel();
        self.queue_write(change, move |outcome| {
            let _ = answer.send(outcome);
        })?;
        wait.await.map_err(|_| lines::closed())?
    }

    /// [`Store::read`] for code without a runtime: it blocks the calling thread.
    ///
    /// # Errors
    /// As [`Store::read`].
    pub fn read_now<T, F>(&self, query: F) -> Result<T, Fault>
    where
        F: FnOnce(&Reader<'_>) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, wait) = mpsc::sync_channel(1);
        self.inner.readers.send(Box::new(move |connection| {
            let _ = answer.send(lines::reading(connection, query));
        }))?;
        wait.recv().map_err(|_| lines::closed())?
    }

    /// [`Store::write`] for code without a runtime: it blocks the calling thread.
    ///
    /// # Errors
    /// As [`Store::write`].
    pub fn write_now<T, F>(&self, change: F) -> Result<T, Fault>
    where
        F: FnOnce(&Writer<'_>) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let (answer, wait) = mpsc::sync_channel(1);
        self.queue_write(change, move |outcome| {
            let _ = answer.send(outcome);
        })?;
        wait.recv().map_err(|_| lines::closed())?
    }

    /// Ticks whenever this process has changed something.
    #[must_use]
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.inner.changes.subscribe()
    }

    /// A number that differs from the last answer when *another* process has changed something in between. One cheap
    /// look at shared memory: ask it when there is a reason (a key press, a refresh), never on a short timer.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn data_version(&self) -> Result<i64, Fault> {
        let (answer, wait) = oneshot::channel();
        let look: Job = Box::new(move |connection| {
            let version = connection
                .pragma_query_value(None, "data_version", |row| row.get(0))
                .map_err(|error| fault::from_sqlite(&error));
            let _ = answer.send(version);
        });
        self.inner.writer.send(Turn::Alone(look))?;
        wait.await.map_err(|_| lines::closed())?
    }

    /// What is wrong with the file, in the database library's words; empty for a good one.
    ///
    /// # Errors
    /// `Storage` when it cannot even be read.
    pub async fn check(&self, depth: Depth) -> Result<Vec<String>, Fault> {
        self.read(move |reader| health::problems(reader.connection(), depth))
            .await
    }

    /// The folder.
    #[must_use]
    pub fn home(&self) -> &Path {
        &self.inner.home
    }

    /// What the operator should know about the disk, found when it was opened.
    #[must_use]
    pub fn warnings(&self) -> &[String] {
        &self.inner.warnings
    }

    /// Bytes that may still be written in the folder.
    ///
    /// # Errors
    /// `Storage`.
    pub fn free_bytes(&self) -> Result<u64, Fault> {
        reserve::free(&self.inner.home)
    }

    /// Refuses when less than so many bytes are free: ask before beginning what needs them.
    ///
    /// # Errors
    /// `Storage`, with both figures.
    pub fn require_free(&self, bytes: u64) -> Result<(), Fault> {
        reserve::require(&self.inner.home, bytes)
    }

    /// A job on a connection that reads, outside of any transaction.
    pub(super) fn send_to_reader(&self, job: Job) -> Result<(), Fault> {
        self.inner.readers.send(job)
    }

    fn queue_write<T, F>(
        &self,
        change: F,
        deliver: impl FnOnce(Result<T, Fault>) + Send + 'static,
    ) -> Result<(), Fault>
    where
        F: FnOnce(&Writer<'_>) -> Result<T, Fault> + Send + 'static,
        T: Send + 'static,
    {
        let changes = self.inner.changes.clone();
        let home = self.inner.home.clone();
        let turn = commits::waiting(change, move |outcome| {
            deliver(match outcome {
                Ok((value, wrote)) => {
                    if wrote {
                        changes.send_modify(|tick| *tick += 1);
                    }
                    Ok(value)
                }
                Err(fault) => Err(relieve(fault, &home)),
            });
        });
        self.inner.writer.send(turn)
    }
}

/// On a full disk, gives up the reserve, so that what is in flight can at least be parked.
fn relieve(fault: Fault, home: &Path) -> Fault {
    if fault.kind == FaultKind::Storage && reserve::is_due(home) && reserve::release(home) {
        let hint = format!(
            "{} The reserve of 2 MiB was given up so that work can be put away.",
            fault.hint
        );
        return fault.hint(hint);
    }
    fault
}
