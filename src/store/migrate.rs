//! The shape of the tables, from any earlier version to today's: one transaction a version, a checked copy before.

use super::{connect, fault, header::APPLICATION_ID, place};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{fs, path::Path};
use uuid::Uuid;

/// Every version's change, in order. Never edit one that was released: add another.
const MIGRATIONS: &[&str] = &[
    include_str!("../../assets/migrations/0001_foundation.sql"),
    include_str!("../../assets/migrations/0002_accounts.sql"),
    include_str!("../../assets/migrations/0003_answers.sql"),
];

/// A database that is complete before it bears its name: whatever is found under that name later was whole once.
///
/// # Errors
/// `Storage`.
pub(super) fn create(path: &Path) -> Result<(), Fault> {
    let unborn = place::beside(path, &format!("new-{}", Uuid::new_v4().simple()));
    drop(place::new_file(&unborn)?);
    let made = fill(&unborn).and_then(|()| {
        match renameat_with(CWD, &unborn, CWD, path, RenameFlags::NOREPLACE) {
            // Another process was quicker; its database is as good.
            Ok(()) | Err(rustix::io::Errno::EXIST) => Ok(()),
            Err(error) => Err(fault::from_io(
                &error.into(),
                "The new database cannot be named",
                path,
            )),
        }
    });
    // Still there only when something failed or another was quicker.
    if let Err(error) = fs::remove_file(&unborn)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        tracing::warn!(%error, "an unfinished database stays behind");
    }
    made?;
    place::sync_folder(place::folder_of(path))
}

fn fill(path: &Path) -> Result<(), Fault> {
    let mut connection = connect::to_write(path)?;
    connection
        .pragma_update(None, "application_id", APPLICATION_ID)
        .map_err(|error| fault::from_sqlite(&error))?;
    steps(&mut connection, MIGRATIONS)?;
    connection
        .close()
        .map_err(|(_, error)| fault::from_sqlite(&error))
}

/// Brings an existing database to today's shape. Answers the copy it made of the earlier one, if it changed anything.
///
/// # Errors
/// `Storage` (also for a database of a later Guildhall), `InUse`.
pub(super) fn upgrade(connection: &mut Connection, path: &Path) -> Result<(), Fault> {
    upgrade_with(connection, path, MIGRATIONS)
}

fn upgrade_with(connection: &mut Connection, path: &Path, all: &[&str]) -> Result<(), Fault> {
    let found = version(connection)? as usize;
    let today = all.len();
    if found > today {
        return Err(later(path, found, today));
    }
    if found == today {
        return Ok(());
    }
    if found > 0 {
        let when = Timestamp::now().strftime("%Y%m%dT%H%M%S");
        let copy = place::beside(
            path,
            &format!("before-{today}-{when}-{}", std::process::id()),
        );
        copy_checked(connection, &copy)?;
        place::sync_folder(place::folder_of(path))?;
    }
    steps(connection, all)
}

/// Refuses a database that a later Guildhall wrote.
///
/// # Errors
/// `Storage`.
pub(super) fn refuse_later(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let found = version(connection)? as usize;
    if found > MIGRATIONS.len() {
        return Err(later(path, found, MIGRATIONS.len()));
    }
    Ok(())
}

fn later(path: &Path, found: usize, today: usize) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!(
            "{} was written by a later Guildhall (tables of version {found}; this one knows {today}).",
            path.display()
        ),
    )
    .hint("Use that Guildhall again, or restore the copy it made before it changed the tables.")
}

fn steps(connection: &mut Connection, all: &[&str]) -> Result<(), Fault> {
    loop {
        let transaction = connection
            .transaction_with_behavior(TransactionBehavior::Immediate)
            .map_err(|error| fault::from_sqlite(&error))?;
        // Read under the lock: another process may have done the step meanwhile.
        let from = version(&transaction)?;
        let Some(change) = all.get(from as usize) else {
            return Ok(());
        };
        transaction
            .execute_batch(change)
            .and_then(|()| transaction.pragma_update(None, "user_version", from + 1))
            .and_then(|()| transaction.commit())
            .map_err(|error| {
                let cause = fault::from_sqlite(&error);
                Fault::new(
                    cause.kind,
                    format!(
                        "The tables could not be brought to version {}; they are as before.",
                        from + 1
                    ),
                )
                .hint(cause.hint)
                .detail(error)
            })?;
    }
}

fn version(connection: &Connection) -> Result<u32, Fault> {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|error| fault::from_sqlite(&error))
}

/// A whole, checked copy of the database in a new file of mode 0600, its bytes on disk when this returns.
///
/// # Errors
/// `Storage`.
pub(super) fn copy_checked(connection: &Connection, copy: &Path) -> Result<(), Fault> {
    let file = place::new_file(copy)?;
    let text = copy.to_str().ok_or_else(|| {
        Fault::new(
            FaultKind::Storage,
            format!("{} cannot be named to the database.", copy.display()),
        )
        .hint("Use a path that is valid UTF-8.")
    })?;
    let made = connection
        .execute("VACUUM INTO ?1", [text])
        .map_err(|error| fault::from_sqlite(&error))
        .and_then(|_| check_whole(copy))
        .and_then(|()| {
            file.sync_all()
                .map_err(|error| fault::from_io(&error, "The copy cannot be written to disk", copy))
        });
    if made.is_err()
        && let Err(error) = fs::remove_file(copy)
    {
        tracing::warn!(%error, "an unfinished copy stays behind");
    }
    made
}

/// Looks through a whole file, its rules and its references.
///
/// # Errors
/// `Storage` when anything is wrong with it.
pub(super) fn check_whole(path: &Path) -> Result<(), Fault> {
    let connection = connect::to_read(path)?;
    let problems = super::health::problems(&connection, super::health::Depth::Whole)?;
    match problems.first() {
        None => Ok(()),
        Some(first) => Err(fault::damaged().detail(format!(
            "{}: {first} ({} findings)",
            path.display(),
            problems.len()
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_earlier_database_is_copied_before_it_is_changed() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(place::DATABASE);
        create(&path).unwrap();
        let mut connection = connect::to_write(&path).unwrap();
        connection
            .execute("INSERT INTO settings VALUES ('a', '1')", [])
            .unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.push("ALTER TABLE settings ADD COLUMN note TEXT; UPDATE settings SET note = 'new';");
        upgrade_with(&mut connection, &path, &later).unwrap();

        let copy = fs::read_dir(home.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .find(|path| {
                path.to_string_lossy()
                    .contains(&format!("before-{}-", later.len()))
            })
            .unwrap();
        assert_eq!(
            fs::metadata(&copy).unwrap().permissions().mode() & 0o777,
            0o600
        );
        let former = connect::to_read(&copy).unwrap();
        let known = u32::try_from(MIGRATIONS.len()).unwrap();
        assert_eq!(version(&former).unwrap(), known);
        let kept: String = former
            .query_row("SELECT value FROM settings", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, "1");
        let note: String = connection
            .query_row("SELECT note FROM settings", [], |row| row.get(0))
            .unwrap();
        assert_eq!(
            (version(&connection).unwrap(), note.as_str()),
            (known + 1, "new")
        );
    }

    #[test]
    fn a_migration_that_fails_leaves_everything_as_it_was() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join(place::DATABASE);
        create(&path).unwrap();
        let mut connection = connect::to_write(&path).unwrap();
        let mut later = MIGRATIONS.to_vec();
        later.push("CREATE TABLE half (a INTEGER) STRICT; INSERT INTO nowhere VALUES (1);");
        let fault = upgrade_with(&mut connection, &path, &later).unwrap_err();
        assert!(fault.what.contains("as before"), "{fault}");
        assert_eq!(version(&connection).unwrap() as usize, MIGRATIONS.len());
        assert!(connection.prepare("SELECT * FROM half").is_err());
    }
}
