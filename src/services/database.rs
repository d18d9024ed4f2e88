//! A look into the SQLite database of a local service. Only read: what stands there is the service's own.
//!
//! A service that lost its database makes an empty one in its place and goes on answering (sheets: policykit 4, kybern 4,
//! metagov 4), so neither the file nor a page proves anything: only a row does.

use super::files::{self, storage};
use crate::domain::{Fault, FaultKind};
use rusqlite::{Connection, ErrorCode, OpenFlags, params_from_iter};
use std::{fs, path::Path, time::Duration};

/// How long a service's own writing is waited for.
const BUSY: Duration = Duration::from_secs(5);

/// The rows of a query, each value as text; none where there is no such database, or no such table in it.
///
/// # Errors
/// [`FaultKind::Storage`] when the database is there and cannot be read, [`FaultKind::InUse`] when it stays locked.
pub fn rows(path: &Path, query: &str, values: &[&str]) -> Result<Option<Vec<Vec<String>>>, Fault> {
    if !path.is_file() {
        return Ok(None);
    }
    let unreadable = |error: &rusqlite::Error| {
        if is_locked(error) {
            return locked(path);
        }
        Fault::new(
            FaultKind::Storage,
            format!("The database {} cannot be read.", path.display()),
        )
        .hint("Check the disk and who owns the file; a copy can be put in its place while the instance is off.")
        .detail(error)
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let database = Connection::open_with_flags(path, flags).map_err(|error| unreadable(&error))?;
    database
        .busy_timeout(BUSY)
        .map_err(|error| unreadable(&error))?;
    let mut statement = match database.prepare(query) {
        Ok(statement) => statement,
        Err(error) if error.to_string().contains("no such table") => return Ok(None),
        Err(error) => return Err(unreadable(&error)),
    };
    let many = statement.column_count();
    let read = statement.query_map(params_from_iter(values), |row| {
        (0..many)
            .map(|at| {
                Ok(match row.get_ref(at)? {
                    rusqlite::types::ValueRef::Null => String::new(),
                    rusqlite::types::ValueRef::Integer(number) => number.to_string(),
                    rusqlite::types::ValueRef::Real(number) => number.to_string(),
                    rusqlite::types::ValueRef::Text(text)
                    | rusqlite::types::ValueRef::Blob(text) => {
                        String::from_utf8_lossy(text).into_owned()
                    }
                })
            })
            .collect()
    });
    read.and_then(Iterator::collect)
        .map(Some)
        .map_err(|error| unreadable(&error))
}

/// Whether the database opens and was migrated.
///
/// # Errors
/// As [`rows`].
pub fn is_migrated(path: &Path) -> Result<bool, Fault> {
    rows(path, "SELECT 1 FROM django_migrations LIMIT 1", &[])
        .map(|found| found.is_some_and(|rows| !rows.is_empty()))
}

/// Puts a copy of a template in place, unless a migrated database is there: under another name, onto the disk, renamed.
///
/// # Errors
/// [`FaultKind::Storage`]; nothing half made is left in its place then.
pub fn copy_template(template: &Path, path: &Path) -> Result<bool, Fault> {
    if is_migrated(path)? {
        return Ok(false);
    }
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    files::remove(&beside)?;
    let bytes = files::read(template)?.ok_or_else(|| {
        Fault::new(
            FaultKind::Host,
            format!("The template database {} is missing.", template.display()),
        )
        .hint("Install the runtime again: remove its folder and activate an instance.")
    })?;
    files::write(&beside, &bytes)?;
    put_in_place(&beside, path)?;
    Ok(true)
}

/// Puts a database whose journal is settled in the place of another one, which is not in use.
///
/// # Errors
/// [`FaultKind::Storage`]; one of the two stands there then.
pub fn put_in_place(beside: &Path, path: &Path) -> Result<(), Fault> {
    // What the former one left beside it would be taken for the new one's.
    for ending in ["-journal", "-wal", "-shm"] {
        let mut left = path.as_os_str().to_owned();
        left.push(ending);
        files::remove(Path::new(&left))?;
    }
    fs::rename(beside, path)
        .and_then(|()| files::sync_parent(path))
        .map_err(|error| storage("A database cannot be put in its place", path, &error))
}

/// Writes what a database's journal still holds into the database, which is not in use.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn settle_journal(path: &Path) -> Result<(), Fault> {
    let settled =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE).and_then(|database| {
            database.busy_timeout(BUSY)?;
            database.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
                row.get::<_, i64>(0)
            })
        });
    match settled {
        Ok(0) => Ok(()),
        Ok(_) => Err(Fault::new(
            FaultKind::InUse,
            format!(
                "The database {} is in use; nothing was changed.",
                path.display()
            ),
        )
        .hint("Deactivate the instance, then try again.")),
        Err(error) if is_locked(&error) => Err(locked(path)),
        Err(error) => Err(damaged(path, error)),
    }
}

fn is_locked(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

fn locked(path: &Path) -> Fault {
    Fault::new(
        FaultKind::InUse,
        format!(
            "The database {} is locked by whoever writes to it; nothing was read and nothing changed.",
            path.display()
        ),
    )
    .hint("Try again in a moment; when it stays so, read the log of what runs on it, then switch it off and on.")
}

/// That a database is whole, by its own check of every page.
///
/// # Errors
/// [`FaultKind::Storage`] when it is not.
pub fn require_whole(path: &Path) -> Result<(), Fault> {
    match rows(path, "PRAGMA quick_check(1)", &[])? {
        Some(found) if found == [["ok"]] => Ok(()),
        found => Err(damaged(path, format!("{found:?}"))),
    }
}

fn damaged(path: &Path, why: impl std::fmt::Display) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The database {} is not whole.", path.display()),
    )
    .hint("Put a copy in its place while the instance is off.")
    .detail(why)
}

/// A consistent copy of a database that may be in use, of mode 0600.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn save(path: &Path, to: &Path) -> Result<(), Fault> {
    let failed = |error: &rusqlite::Error| {
        Fault::new(
            FaultKind::Storage,
            format!("The database {} cannot be saved.", path.display()),
        )
        .hint("Make room on the disk, then try again.")
        .detail(error)
    };
    files::write(to, b"")?;
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let from = Connection::open_with_flags(path, flags).map_err(|error| failed(&error))?;
    let mut copy = Connection::open(to).map_err(|error| failed(&error))?;
    rusqlite::backup::Backup::new(&from, &mut copy)
        .and_then(|backup| backup.run_to_completion(512, Duration::from_millis(5), None))
        .map_err(|error| failed(&error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_file_is_no_database_and_is_replaced_and_a_migrated_one_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (template, path) = (folder.path().join("template"), folder.path().join("db"));
        Connection::open(&template)
            .unwrap()
            .execute_batch(
                "CREATE TABLE django_migrations (id); INSERT INTO django_migrations VALUES (1);
                 CREATE TABLE community (slug TEXT, many INTEGER); INSERT INTO community VALUES ('rosewood', 3);",
            )
            .unwrap();
        assert_eq!(rows(&path, "SELECT 1", &[]).unwrap(), None);
        fs::write(&path, b"").unwrap();
        assert!(!is_migrated(&path).unwrap());
        assert!(copy_template(&template, &path).unwrap());
        Connection::open(&path)
            .unwrap()
            .execute("UPDATE community SET many = 4", [])
            .unwrap();
        assert!(!copy_template(&template, &path).unwrap());
        let query = "SELECT slug, many FROM community WHERE slug = ?1";
        let found = rows(&path, query, &["rosewood"]).unwrap().unwrap();
        assert_eq!(found, [["rosewood", "4"]]);
        assert_eq!(rows(&path, "SELECT 1 FROM other", &[]).unwrap(), None);

        let saved = folder.path().join("saved");
        save(&path, &saved).unwrap();
        assert_eq!(rows(&saved, query, &["rosewood"]).unwrap().unwrap(), found);
    }

    #[test]
    fn a_database_that_stays_locked_is_not_taken_for_an_empty_or_a_damaged_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("db");
        let writer = Connection::open(&path).unwrap();
        writer
            .execute_batch("CREATE TABLE community (slug TEXT); BEGIN EXCLUSIVE;")
            .unwrap();
        let fault = rows(&path, "SELECT slug FROM community", &[]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::InUse, "{fault}");
        assert!(fault.what.contains("is locked"), "{fault}");
        writer.execute_batch("COMMIT").unwrap();
        let found = rows(&path, "SELECT slug FROM community", &[]).unwrap();
        assert_eq!(found, Some(Vec::new()));
    }
}
