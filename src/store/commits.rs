//! Changes that wait at the same time go to disk together. Each is undone by itself when it fails; nobody is told of a success
//! before it is on disk. A commit waits for the disk, so that a hundred operations that each write a line would otherwise
//! stand in a queue for it.

use super::{Writer, fault, keys_digest::Remembered, lines};
use crate::domain::Fault;
use rusqlite::{Connection, TransactionBehavior};
use std::{
    marker::PhantomData,
    sync::{
        Mutex, PoisonError,
        mpsc::{Receiver, RecvError},
    },
    time::{Duration, Instant},
};

/// The most changes that share one commit: the first of them waits for the last.
const MOST: usize = 128;
/// From so many changes in a commit on, more are coming: the next commit waits for them.
const MANY: usize = 4;
/// How long a commit waits for those that are coming. One that is waited for by a person comes alone, and at once.
const GATHERING: Duration = Duration::from_millis(2);

/// A change that waits for its turn.
pub(super) trait Change: Send {
    /// Makes it in an open transaction.
    fn make(self: Box<Self>, connection: &Connection, remembered: &Remembered) -> Made;
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
    fn make(self: Box<Self>, connection: &Connection, remembered: &Remembered) -> Made {
        let Self {
            change, deliver, ..
        } = *self;
        let before = connection.total_changes();
        match by_itself(connection, remembered, change) {
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
    remembered: &Remembered,
    change: impl FnOnce(&Writer<'_>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    let order = |sql: &str| {
        connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute([]))
            .map_err(|error| fault::from_sqlite(&error))
    };
    order("SAVEPOINT change")?;
    let made = lines::guarded(|| change(&Writer::over(connection, remembered)));
    let made = made.and_then(|value| order("RELEASE change").map(|_| value));
    if made.is_err() {
        remembered.forget();
    }
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
    let mut remembered = Remembered::default();
    let mut gathering = Duration::ZERO;
    let mut next = turns.recv();
    loop {
        next = match next {
            Ok(Turn::Alone(job)) => {
                job(&mut connection);
                turns.recv()
            }
            Ok(Turn::Change(first)) => {
                let coming = Coming {
                    turns: &turns,
                    until: Instant::now() + gathering,
                };
                let (made, after) = together(&mut connection, &mut remembered, first, &coming);
                gathering = if made < MANY {
                    Duration::ZERO
                } else {
                    GATHERING
                };
                after.map_or_else(|| turns.recv(), Ok)
            }
            Err(RecvError) => return,
        }
    }
}

/// Makes a change and those that wait behind it in one transaction that takes the write lock at its beginning (a view
/// that turns to writing is refused at once, whatever the busy timeout). Answers how many there were, and the turn that
/// could not join.
fn together(
    connection: &mut Connection,
    remembered: &mut Remembered,
    first: Box<dyn Change>,
    coming: &Coming<'_>,
) -> (usize, Option<Turn>) {
    let begun = connection
        .transaction_with_behavior(TransactionBehavior::Immediate)
        .map_err(|error| fault::from_sqlite(&error))
        .and_then(|transaction| {
            remembered.heed_others(&transaction)?;
            Ok(transaction)
        });
    let transaction = match begun {
        Ok(transaction) => transaction,
        Err(fault) => {
            first.refuse(fault);
            return (1, None);
        }
    };
    let mut made = Vec::new();
    let mut next = Some(Turn::Change(first));
    let mut lost = None;
    while let Some(Turn::Change(change)) = next {
        let outcome = change.make(&transaction, remembered);
        if transaction.is_autocommit() {
            lost.clone_from(&outcome.undone);
        }
        made.push(outcome);
        let is_over = lost.is_some() || made.len() == MOST;
        next = if is_over { None } else { coming.next() };
    }
    let kept = match lost {
        Some(fault) => Err(fault),
        None => transaction
            .commit()
            .map_err(|error| fault::from_sqlite(&error)),
    };
    if kept.is_err() {
        remembered.forget();
    }
    let count = made.len();
    for outcome in made {
        (outcome.tell)(kept.clone());
    }
    (count, next)
}

/// The turns that may join.
struct Coming<'a> {
    turns: &'a Receiver<Turn>,
    until: Instant,
}

impl Coming<'_> {
    /// The turn that waits, or comes while it is waited for.
    fn next(&self) -> Option<Turn> {
        self.turns.try_recv().ok().or_else(|| {
            let left = self.until.saturating_duration_since(Instant::now());
            self.turns.recv_timeout(left).ok()
        })
    }
}
