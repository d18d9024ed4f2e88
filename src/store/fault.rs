//! The database's errors in sentences that a person can act on.

use crate::domain::{Fault, FaultKind};
use rusqlite::ErrorCode;
use std::{io, path::Path};

/// An error of the database library as a fault.
pub(super) fn from_sqlite(error: &rusqlite::Error) -> Fault {
    let code = error.sqlite_error_code();
    let fault = match code {
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Fault::new(
            FaultKind::InUse,
            "Another program held the database for more than five seconds, so nothing was changed.",
        )
        .hint("Try again; if it stays so, look for a second Guildhall or a copy job that is still running."),
        Some(ErrorCode::DiskFull) => Fault::new(
            FaultKind::Storage,
            "The disk under the database is full, so nothing was changed.",
        )
        .hint("Free some space on that disk, then try again."),
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Fault::new(
            FaultKind::Storage,
            "The database cannot be written, so nothing was changed.",
        )
        .hint("Check the rights of the folder and the file, and that the disk is not mounted read-only."),
        Some(ErrorCode::CannotOpen) => Fault::new(
            FaultKind::Storage,
            "The database or one of the files beside it cannot be opened.",
        )
        .hint("Check the rights of the folder, and how many files this process may open."),
        Some(ErrorCode::SystemIoFailure) if lacks_room(error) => Fault::new(
            FaultKind::Storage,
            "The disk under the database has no room for the memory that Guildhalls share beside it, so nothing was changed.",
        )
        .hint("Free some space on that disk, then try again."),
        Some(ErrorCode::SystemIoFailure) => Fault::new(
            FaultKind::Storage,
            "The disk under the database does not answer as it should, so nothing was changed.",
        )
        .hint("Check the disk and the system log, then try again."),
        Some(ErrorCode::NotADatabase | ErrorCode::DatabaseCorrupt) => damaged(),
        Some(ErrorCode::ConstraintViolation) => Fault::new(
            FaultKind::Conflict,
            "What exists already in the database stands in the way, so nothing was changed.",
        )
        .hint("Look at what is there, then try again."),
        _ => match error {
            rusqlite::Error::FromSqlConversionFailure(..)
            | rusqlite::Error::InvalidColumnType(..)
            | rusqlite::Error::IntegralValueOutOfRange(..) => Fault::new(
                FaultKind::Storage,
                "A row of the database holds something that Guildhall did not write.",
            )
            .hint("Run `guildhall doctor`, and restore a backup if it says that the file is damaged."),
            _ => Fault::new(
                FaultKind::Internal,
                "Guildhall asked its database something that it cannot answer.",
            )
            .hint("This is a mistake of Guildhall; please report it with the details from the log."),
        },
    };
    fault.detail(error)
}

/// Whether the shared memory beside the file could not be made as large as it must be.
fn lacks_room(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(inner, _)
        if inner.extended_code == rusqlite::ffi::SQLITE_IOERR_SHMSIZE)
}

/// What is said of a file whose pages do not fit together.
pub(super) fn damaged() -> Fault {
    Fault::new(FaultKind::Storage, "The database is damaged.").hint(
        "Run `guildhall doctor` to see how far, and `guildhall restore FILE` to go back to a backup; \
         the damaged file is kept.",
    )
}

/// A failure of the operating system about a file or folder.
pub(super) fn from_io(error: &io::Error, what: &str, path: &Path) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("{what} ({}): {}.", path.display(), cause(error)),
    )
    .hint(match error.kind() {
        io::ErrorKind::PermissionDenied => {
            "Give yourself the right to write there, or name another folder with --home."
        }
        io::ErrorKind::ReadOnlyFilesystem => {
            "That disk is mounted read-only; name another folder with --home."
        }
        io::ErrorKind::StorageFull => "Free some space on that disk, then try again.",
        _ => "Check the folder and the disk, then try again.",
    })
    .detail(error)
}

fn cause(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied",
        io::ErrorKind::ReadOnlyFilesystem => "the file system is read-only",
        io::ErrorKind::StorageFull => "the disk is full",
        io::ErrorKind::NotFound => "it does not exist",
        io::ErrorKind::NotADirectory => "a part of the path is not a folder",
        _ => "the system refused",
    }
}

/// The row that was asked for by id is not there.
pub(super) fn not_found(what: &str, id: impl std::fmt::Display) -> Fault {
    Fault::new(FaultKind::NotFound, format!("There is no {what} {id}."))
        .hint("It may have been removed meanwhile; look at the list again.")
}

/// Something exists already.
pub(super) fn conflict(what: impl Into<String>, hint: impl Into<String>) -> Fault {
    Fault::new(FaultKind::Conflict, what).hint(hint)
}

/// Whether an error says that a uniqueness rule was broken.
pub(super) fn is_duplicate(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(inner, _)
        if inner.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_UNIQUE
            || inner.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_PRIMARYKEY)
}

/// Whether an error says that a row which is referred to does not exist.
pub(super) fn is_dangling(error: &rusqlite::Error) -> bool {
    matches!(error, rusqlite::Error::SqliteFailure(inner, _)
        if inner.extended_code == rusqlite::ffi::SQLITE_CONSTRAINT_FOREIGNKEY)
}
