//! Keeps the states of the simulated platforms: in memory for a test or `sandbox serve`, or as one document per
//! platform in a small database, so that one-shot commands see what earlier ones did and several processes may use it
//! at once. Every use of a document is one immediate transaction. Knows no platform and no HTTP.

use crate::domain::{Fault, FaultKind};
use rusqlite::{Connection, OptionalExtension, TransactionBehavior};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    any::Any,
    collections::HashMap,
    fmt::Display,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::Path,
    time::Duration,
};

/// One kind of state, kept under a name.
pub(super) trait Document: Send + Sync {
    fn name(&self) -> &'static str;
    fn fresh(&self) -> State;
    fn read(&self, text: &str) -> Result<State, Fault>;
    fn write(&self, state: &State) -> Result<String, Fault>;
}

/// A state of any type.
pub(super) struct State(Box<dyn Any + Send>);

impl State {
    pub fn of<T: Send + 'static>(state: T) -> Self {
        Self(Box::new(state))
    }

    pub fn get<T: 'static>(&self) -> Option<&T> {
        self.0.downcast_ref()
    }

    pub fn get_mut<T: 'static>(&mut self) -> Option<&mut T> {
        self.0.downcast_mut()
    }

    pub fn read<T: DeserializeOwned + Send + 'static>(
        name: &str,
        text: &str,
    ) -> Result<Self, Fault> {
        serde_json::from_str::<T>(text)
            .map(Self::of)
            .map_err(|error| unreadable(name, error))
    }

    pub fn write<T: Serialize + 'static>(&self, name: &str) -> Result<String, Fault> {
        let state = self
            .get::<T>()
            .ok_or_else(|| unreadable(name, "it is of another type"))?;
        serde_json::to_string(state).map_err(|error| unreadable(name, error))
    }
}

/// All documents.
pub(super) struct States {
    file: Option<Connection>,
    held: HashMap<&'static str, Held>,
}

/// A document as last seen by this process.
struct Held {
    /// The version in the file at that time.
    version: i64,
    /// Its text in the file at that time; empty in memory.
    text: String,
    state: State,
}

impl States {
    /// States that end with this process.
    pub fn in_memory() -> Self {
        Self {
            file: None,
            held: HashMap::new(),
        }
    }

    /// Whether using them never waits for a disk or another process.
    pub fn are_in_memory(&self) -> bool {
        self.file.is_none()
    }

    /// States kept in `folder`, which is made if need be.
    pub fn in_folder(folder: &Path) -> Result<Self, Fault> {
        let unusable = |error: &dyn Display| storage(folder, error);
        std::fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(folder)
            .map_err(|error| unusable(&error))?;
        // Until this returns: SQLite does not wait its turn while the journal mode of a new file is set.
        let first = std::fs::File::open(folder).map_err(|error| unusable(&error))?;
        rustix::fs::flock(&first, rustix::fs::FlockOperation::LockExclusive)
            .map_err(|error| unusable(&error))?;
        let path = folder.join("platforms.sqlite");
        let file = Connection::open(&path).map_err(|error| unusable(&error))?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))
            .map_err(|error| unusable(&error))?;
        file.busy_timeout(Duration::from_secs(20))
            .map_err(|error| unusable(&error))?;
        // Nothing here must survive a power cut; what a killed process wrote is safe without syncing.
        file.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;
             CREATE TABLE IF NOT EXISTS document(
                 name TEXT PRIMARY KEY, version INTEGER NOT NULL, state TEXT NOT NULL) STRICT;",
        )
        .map_err(|error| unusable(&error))?;
        Ok(Self {
            file: Some(file),
            held: HashMap::new(),
        })
    }

    /// Uses a document, alone: what `work` leaves in it is kept when this returns.
    pub fn with<R>(
        &mut self,
        document: &dyn Document,
        work: impl FnOnce(&mut State) -> R,
    ) -> Result<R, Fault> {
        let name = document.name();
        let Some(file) = &mut self.file else {
            let held = self.held.entry(name).or_insert_with(|| Held {
                version: 0,
                text: String::new(),
                state: document.fresh(),
            });
            return Ok(work(&mut held.state));
        };
        let broken = |error: rusqlite::Error| unreadable(name, error);
        let transaction = file
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(broken)?;
        let version: Option<i64> = transaction
            .query_row(
                "SELECT version FROM document WHERE name = ?1",
                [name],
                |row| row.get(0),
            )
            .optional()
            .map_err(broken)?;
        let known = self.held.remove(name);
        let mut held = match (known, version) {
            (Some(held), Some(version)) if held.version == version => held,
            (_, Some(version)) => {
                let text: String = transaction
                    .query_row(
                        "SELECT state FROM document WHERE name = ?1",
                        [name],
                        |row| row.get(0),
                    )
                    .map_err(broken)?;
                Held {
                    version,
                    state: document.read(&text)?,
                    text,
                }
            }
            (_, None) => Held {
                version: 0,
                text: String::new(),
                state: document.fresh(),
            },
        };
        let result = work(&mut held.state);
        let text = document.write(&held.state)?;
        if text != held.text {
            held.version += 1;
            held.text = text;
            transaction
                .execute(
                    "INSERT INTO document(name, version, state) VALUES(?1, ?2, ?3)
                     ON CONFLICT(name) DO UPDATE SET version = ?2, state = ?3",
                    (name, held.version, &held.text),
                )
                .map_err(broken)?;
        }
        transaction.commit().map_err(broken)?;
        self.held.insert(name, held);
        Ok(result)
    }

    /// Forgets everything: all documents begin anew.
    pub fn reset(&mut self) -> Result<(), Fault> {
        self.held.clear();
        if let Some(file) = &self.file {
            file.execute("DELETE FROM document", [])
                .map_err(|error| unreadable("the platforms", error))?;
        }
        Ok(())
    }
}

fn unreadable(name: &str, error: impl Display) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The sandbox cannot use its state of {name}."),
    )
    .hint("Run `guildhall sandbox reset` to begin with a fresh sandbox.")
    .detail(error)
}

fn storage(folder: &Path, error: &dyn Display) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The sandbox cannot keep its state in {}.", folder.display()),
    )
    .hint("Make the folder writable, or choose another home with --home.")
    .detail(error)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Counter;

    impl Document for Counter {
        fn name(&self) -> &'static str {
            "counter"
        }
        fn fresh(&self) -> State {
            State::of(0_u64)
        }
        fn read(&self, text: &str) -> Result<State, Fault> {
            State::read::<u64>("counter", text)
        }
        fn write(&self, state: &State) -> Result<String, Fault> {
            state.write::<u64>("counter")
        }
    }

    fn count(states: &mut States) -> u64 {
        states
            .with(&Counter, |state| {
                let count = state.get_mut::<u64>().unwrap();
                *count += 1;
                *count
            })
            .unwrap()
    }

    #[test]
    fn two_holders_of_one_folder_see_each_others_work() {
        let folder = tempfile::tempdir().unwrap();
        let mut one = States::in_folder(folder.path()).unwrap();
        let mut other = States::in_folder(folder.path()).unwrap();
        assert_eq!(count(&mut one), 1);
        assert_eq!(count(&mut other), 2);
        assert_eq!(count(&mut other), 3);
        assert_eq!(count(&mut one), 4);
        other.reset().unwrap();
        assert_eq!(count(&mut one), 1, "a reset is seen by the other holder");
    }

    #[test]
    fn many_at_once_lose_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(move || {
                    let mut states = States::in_folder(path).unwrap();
                    for _ in 0..25 {
                        count(&mut states);
                    }
                });
            }
        });
        assert_eq!(count(&mut States::in_folder(path).unwrap()), 101);
    }

    #[test]
    fn a_state_of_another_build_says_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let mut states = States::in_folder(folder.path()).unwrap();
        count(&mut states);
        let file = Connection::open(folder.path().join("platforms.sqlite")).unwrap();
        file.execute(
            "UPDATE document SET state = '\"words\"', version = version + 1",
            [],
        )
        .unwrap();
        let fault = states.with(&Counter, |_| ()).unwrap_err();
        assert_eq!(fault.kind, FaultKind::Storage);
        assert!(fault.hint.contains("sandbox reset"));
    }
}
