//! Threads that own connections and work off what they are sent: one that writes, two that read.

use super::{Reader, fault};
use crate::domain::{Fault, FaultKind};
use rusqlite::Connection;
use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{self, Receiver, Sender},
    },
    thread::{self, JoinHandle},
};

/// What a thread is asked to do with its connection.
pub(super) type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// Threads that take work from one queue. Dropped, it finishes what was queued and closes the connections.
pub(super) struct Line<W> {
    queue: Option<Sender<W>>,
    threads: Vec<JoinHandle<()>>,
}

impl<W: Send + 'static> Line<W> {
    /// One thread for each connection, which works off the queue by `work` until nobody can send any more.
    pub fn start(
        name: &str,
        connections: Vec<Connection>,
        work: fn(&Mutex<Receiver<W>>, Connection),
    ) -> Result<Self, Fault> {
        let (sender, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let threads = connections
            .into_iter()
            .map(|connection| {
                let queue = Arc::clone(&queue);
                thread::Builder::new()
                    .name(name.to_owned())
                    .spawn(move || work(&queue, connection))
            })
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| {
                Fault::new(
                    FaultKind::Host,
                    "This machine refused a thread for the database.",
                )
                .hint("Raise the limit of processes for this user, then start again.")
                .detail(error)
            })?;
        Ok(Self {
            queue: Some(sender),
            threads,
        })
    }

    pub fn send(&self, work: W) -> Result<(), Fault> {
        self.queue
            .as_ref()
            .and_then(|queue| queue.send(work).ok())
            .ok_or_else(closed)
    }
}

impl<W> Drop for Line<W> {
    fn drop(&mut self) {
        self.queue = None;
        for thread in self.threads.drain(..) {
            // The last handle may be dropped by a job; a thread that waits for itself would never end.
            if thread.thread().id() != thread::current().id() && thread.join().is_err() {
                tracing::error!("a thread of the database ended by a panic");
            }
        }
    }
}

/// Works off jobs.
pub(super) fn work(queue: &Mutex<Receiver<Job>>, mut connection: Connection) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match next {
            Ok(job) => job(&mut connection),
            Err(mpsc::RecvError) => return,
        }
    }
}

/// What is said when the threads are gone.
pub(super) fn closed() -> Fault {
    Fault::new(FaultKind::Internal, "The database was closed already.")
        .hint("Start Guildhall again; nothing that was acknowledged is lost.")
}

/// Runs a query in one consistent view.
pub(super) fn reading<T>(
    connection: &Connection,
    query: impl FnOnce(&Reader<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let view = connection
        .unchecked_transaction()
        .map_err(|error| fault::from_sqlite(&error))?;
    guarded(|| query(&Reader::over(&view)))
}

/// A panic in a closure must not take the thread along, and with it every later query.
pub(super) fn guarded<T>(run: impl FnOnce() -> Result<T, Fault>) -> Result<T, Fault> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|_| {
        Err(Fault::new(
            FaultKind::Internal,
            "Guildhall failed inside a database transaction; the transaction was undone.",
        )
        .hint("This is a mistake of Guildhall; please report it with the details from the log."))
    })
}
