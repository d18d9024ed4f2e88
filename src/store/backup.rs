//! Copies of the whole database, and the way back from one. A copy counts once it was looked through.

use super::{Reader, Store, fault, header, migrate, place};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use rusqlite::Connection;
use rustix::fs::{CWD, RenameFlags, renameat_with};
use std::{
    fs,
    path::{Path, PathBuf},
};
use tokio::sync::oneshot;
use uuid::Uuid;

impl Store {
    /// Writes a whole copy to a new file of mode 0600, beside all other work. It bears its name only after every page,
    /// index and reference in it was checked and it is on disk. Keys are in it as they are here: sealed.
    ///
    /// # Errors
    /// `Conflict` when the file exists, `Storage`.
    pub async fn backup_to(&self, path: &Path) -> Result<(), Fault> {
        let path = path.to_owned();
        let (answer, wait) = oneshot::channel();
        self.send_to_reader(Box::new(move |connection| {
            let _ = answer.send(copy_to(connection, &path));
        }))?;
        wait.await.map_err(|_| super::lines::closed())?
    }

    /// Reads a copy, and only reads it.
    ///
    /// # Errors
    /// `Storage` when it cannot be read; what `read` answers.
    pub fn read_copy<T>(
        path: &Path,
        read: impl FnOnce(&Reader<'_>) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let connection = super::connect::to_read(path)?;
        read(&Reader::over(&connection))
    }

    /// Puts a backup in the place of the database of a folder. The backup is copied beside and checked before anything
    /// is touched; the former database stays under a dated name, which is the answer (none where there was none).
    ///
    /// # Errors
    /// `Storage` when the backup is not ours, damaged or of a later Guildhall, or the folder cannot be used; `InUse`
    /// while any Guildhall is open on that folder.
    pub fn restore_from(backup: &Path, home: &Path) -> Result<Option<PathBuf>, Fault> {
        place::settle(home)?;
        let source = header::check(backup)?;
        let path = home.join(place::DATABASE);
        let fresh = place::beside(&path, &format!("restore-{}", Uuid::new_v4().simple()));
        migrate::refuse_later(&source, backup)?;
        migrate::copy_checked(&source, &fresh)?;
        drop(source);
        let swapped = swap(&fresh, &path);
        if swapped.is_err()
            && let Err(error) = fs::remove_file(&fresh)
        {
            tracing::warn!(%error, "an unfinished copy stays behind");
        }
        let former = swapped?;
        place::sync_folder(home)?;
        Ok(former)
    }
}

fn copy_to(connection: &Connection, path: &Path) -> Result<(), Fault> {
    let exists = || {
        fault::conflict(
            format!("{} exists already; nothing was written.", path.display()),
            "Choose another name, or move that file away.",
        )
    };
    if path.exists() {
        return Err(exists());
    }
    let partial = place::beside(path, &format!("partial-{}", Uuid::new_v4().simple()));
    migrate::copy_checked(connection, &partial)?;
    let named = renameat_with(CWD, &partial, CWD, path, RenameFlags::NOREPLACE);
    if named.is_err()
        && let Err(error) = fs::remove_file(&partial)
    {
        tracing::warn!(%error, "an unfinished copy stays behind");
    }
    match named {
        Ok(()) => place::sync_folder(place::folder_of(path)),
        Err(rustix::io::Errno::EXIST) => Err(exists()),
        Err(error) => Err(fault::from_io(
            &error.into(),
            "The copy cannot be named",
            path,
        )),
    }
}

/// Puts the fresh file in the place of the database in one step, so that there is one under that name at every instant.
fn swap(fresh: &Path, path: &Path) -> Result<Option<PathBuf>, Fault> {
    let refused =
        |error: std::io::Error| fault::from_io(&error, "The database cannot be replaced", path);
    if !path.exists() {
        return match renameat_with(CWD, fresh, CWD, path, RenameFlags::NOREPLACE) {
            Ok(()) => Ok(None),
            Err(error) => Err(refused(error.into())),
        };
    }
    let lock = take_alone(path)?;
    let when = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let former = place::beside(path, &format!("former-{when}-{}", std::process::id()));
    // A log that stayed would be read into the new file.
    for ending in ["-wal", "-shm"] {
        let with = |path: &Path| {
            let mut name = path.as_os_str().to_owned();
            name.push(ending);
            PathBuf::from(name)
        };
        if with(path).exists() {
            fs::rename(with(path), with(&former)).map_err(refused)?;
        }
    }
    fs::hard_link(path, &former).map_err(refused)?;
    fs::rename(fresh, path).map_err(refused)?;
    drop(lock);
    Ok(Some(former))
}

/// The database held against everybody else, its log written back into it. A damaged one cannot be held, and is
/// replaced all the same.
fn take_alone(path: &Path) -> Result<Option<Connection>, Fault> {
    let hold = || -> rusqlite::Result<Connection> {
        let connection = Connection::open(path)?;
        // Leaving the log's mode needs every other connection to be gone: that is the question asked here.
        connection.pragma_update_and_check(None, "journal_mode", "delete", |row| {
            row.get::<_, String>(0)
        })?;
        connection.execute_batch("BEGIN EXCLUSIVE")?;
        Ok(connection)
    };
    match hold() {
        Ok(connection) => Ok(Some(connection)),
        Err(error)
            if matches!(
                error.sqlite_error_code(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked)
            ) =>
        {
            Err(Fault::new(
                FaultKind::InUse,
                "A Guildhall is open on this folder, so its database was not replaced.",
            )
            .hint("Close every Guildhall there, also `guildhall up`, then restore again."))
        }
        Err(error) => {
            tracing::warn!(%error, "the database that is being replaced cannot be opened");
            Ok(None)
        }
    }
}
