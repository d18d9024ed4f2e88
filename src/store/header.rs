//! Whether a file is a database, ours, and all there, before anything is written to it.
//!
//! It is asked through the database library and not by opening the file beside it: closing any descriptor of a file
//! gives up every lock that this process holds on it, also those of another handle, and a database without its locks
//! breaks ("How To Corrupt An SQLite Database File", section 2.2).

use super::{connect, fault};
use crate::domain::{Fault, FaultKind};
use rusqlite::{Connection, ErrorCode};
use std::{
    fs::{self, File},
    io::Read,
    path::Path,
};

/// Stands in every file of ours: "Ghal" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x4768_616c;

/// Opens for reading what is a database of ours; refuses with one sentence each what is empty, no database, not ours,
/// cut short or damaged.
///
/// # Errors
/// `Storage`.
pub(super) fn check(path: &Path) -> Result<Connection, Fault> {
    let length = fs::metadata(path)
        .map_err(|error| fault::from_io(&error, "The database cannot be read", path))?
        .len();
    if length == 0 {
        return Err(refusal(path, "is empty, and no database of Guildhall ever is")
            .hint("Restore a backup with `guildhall restore FILE`, or move the file away to begin anew."));
    }
    let connection = connect::to_read(path)?;
    match connection.pragma_query_value(None, "application_id", |row| row.get(0)) {
        Ok(APPLICATION_ID) => Ok(connection),
        Ok(_) => Err(refusal(path, "is a database, but not one of Guildhall")
            .hint("Name another folder with --home, or move that file away.")),
        Err(error) => Err(match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => refusal(path, "is not a database")
                .hint("Name another folder with --home, or move that file away."),
            Some(ErrorCode::DatabaseCorrupt) => cut_short(path, length)
                .unwrap_or_else(fault::damaged)
                .detail(error),
            _ => fault::from_sqlite(&error),
        }),
    }
}

/// The fault for a file that is shorter than it says itself. Field positions: the "Database File Format" page of
/// SQLite, section 1.3.
fn cut_short(path: &Path, length: u64) -> Option<Fault> {
    let mut header = [0_u8; 100];
    File::open(path).ok()?.read_exact(&mut header).ok()?;
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    let said = page_size * u64::from(pages);
    (length < said).then(|| {
        refusal(
            path,
            &format!("was cut short: it has {length} of {said} bytes"),
        )
        .hint("Restore a backup with `guildhall restore FILE`; the cut file is kept.")
    })
}

fn refusal(path: &Path, why: &str) -> Fault {
    Fault::new(FaultKind::Storage, format!("{} {why}.", path.display()))
}
