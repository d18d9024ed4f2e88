//! Changes that wait at the same time go to disk together. Each is undone by itself when it fails; nobody is told of a success
//! before it is on disk. A commit waits for the disk, so that a hundred operations that each write a line would otherwise
//! stand in a queue for it.

use super::{Writer, fault, lines};
use crate::domain::Fault;
use rusqlite::{Connection, TransactionBehavior};
use std::{
    marker::PhantomData,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvError},
    },
};

/// The most changes that share one commit: the first of them waits for the last.
const MOST: usize = 128;

/// A change that waits for its turn.
pub(super) trait Change: Send {
    /// Makes it in an open transaction.
    fn make(self: Box<Self>, connection: &Connection) -> Made;
    /// Tells whoever waits that it was not even tried.
    fn refuse(self: Box<Self>, fault: Fault);
}

/// What the thread that writes is asked to do.
pub(super) enum Turn {
    /// Change something, beside whatever waits too.
    Change(Box<dyn Change>),
    /// Anything else, outside of any transaction.
    Alone(lines::Job),
}

/// What became of a change, before it is on disk.
pub(super) struct Made {
    /// Why it was undone, if it was.
    undone: Option<Fault>,
    /// Tells whoever waits, once it is known whether the disk has it.
    tell: Box<dyn FnOnce(Result<(), Fault>) + Send>,
}

/// A change as it waits: `deliver` gets what it answered, and whether it changed any row.
pub(super) fn waiting<T, F, D>(change: F, deliver: D) -> Turn
where
    F: FnOnce(&Writer<'_>) -> Result<T, Fault> + Send + 'static,
    D: FnOnce(Result<(T, bool), Fault>) + Send + 'static,
    T: Send + 'static,
{
    Turn::Change(Box::new(Waiting {
        change,
        deliver,
        answer: PhantomData,
    }))
}

struct Waiting<T, F, D> {
    change: F,
    deliver: D,
    answer: PhantomData<fn() -> T>,
}

impl<T, F, D> Change for Waiting<T, F, D>
where
    F: FnOnce(&Writer<'_>) -> Result<T, Fault> + Send + 'static,
    D: FnOnce(Result<(T, bool), Fault>) + Send + 'static,
    T: Send + 'static,
{
    fn make(self: Box<Self>, connection: &Connection) -> Made {
        let Self {
            change, deliver, ..
        } = *self;
        let before = connection.total_changes();
        match by_itself(connection, change) {
            Ok(value) => {
                let wrote = connection.total_changes() != before;
                Made {
                    undone: None,
                    tell: Box::new(move |kept| deliver(kept.map(|()| (value, wrote)))),
                }
            }
            Err(fault) => Made {
                undone: Some(fault.clone()),
                tell: Box::new(move |_| deliver(Err(fault))),
            },
        }
    }

    fn refuse(self: Box<Self>, fault: Fault) {
        (self.deliver)(Err(fault));
    }
}

/// Runs a change so that it can be undone without those that share its transaction.
fn by_itself<T>(
    connection: &Connection,
    change: impl FnOnce(&Writer<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let order = |sql: &str| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map_err(|error| fault::from_sqlite(&error))
    };
    order("SAVEPOINT change")?;
    let made = lines::guarded(|| change(&Writer::over(connection)));
    let made = made.and_then(|value| order("RELEASE change").map(|_| value));
    // A full disk undoes the whole transaction, and with it the mark to which it could be undone.
    if made.is_err() && !connection.is_autocommit() {
        order("ROLLBACK TO change")?;
        order("RELEASE change")?;
    }
    made
}

/// The thread that writes: works off turns until nobody can send any.
pub(super) fn work(turns: &Mutex<Receiver<Turn>>, mut connection: Connection) {
    let turns = turns.lock().unwrap_or_else(PoisonError::into_inner);
    let mut next = turns.recv();
    loop {
        next = match next {
            Ok(Turn::Alone(job)) => {
                job(&mut connection);
                turns.recv()
            }
            Ok(Turn::Change(first)) => {
                let after = together(&mut connection, first, &turns);
                after.map_or_else(|| turns.recv(), Ok)
            }
            Err(RecvError) => return,
        }
    }
}

/// Makes a change and those that wait behind it in one transaction that takes the write lock at its beginning (a view
/// that turns to writing is refused at once, whatever the busy timeout). Answers the turn that could not join.
fn together(
    connection: &mut Connection,
    first: Box<dyn Change>,
    turns: &Receiver<Turn>,
) -> Option<Turn> {
    let transaction = match connection.transaction_with_behavior(TransactionBehavior::Immediate) {
        Ok(transaction) => transaction,
        Err(error) => {
            first.refuse(fault::from_sqlite(&error));
            return None;
        }
    };
    let mut made = Vec::new();
    let mut next = Some(Turn::Change(first));
    let mut lost = None;
    while let Some(Turn::Change(change)) = next {
        let outcome = change.make(&transaction);
        if transaction.is_autocommit() {
            lost.clone_from(&outcome.undone);
        }
        made.push(outcome);
        let is_over = lost.is_some() || made.len() == MOST;
        next = if is_over { None } else { turns.try_recv().ok() };
    }
    let kept = match lost {
        Some(fault) => Err(fault),
        None => transaction
            .commit()
            .map_err(|error| fault::from_sqlite(&error)),
    };
    for outcome in made {
        (outcome.tell)(kept.clone());
    }
    next
}
