//! What the first hundred bytes of a file say, before the database library touches it.
//!
//! Field positions: the "Database File Format" page of SQLite, section 1.3.

use super::fault;
use crate::domain::{Fault, FaultKind};
use std::{
    fs::File,
    io::{self, Read},
    path::Path,
};

/// Stands in every file of ours: "Ghal" in ASCII.
pub(super) const APPLICATION_ID: i32 = 0x4768_616c;

const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Refuses, with one sentence each, what is not a database, not ours, empty or cut short.
///
/// # Errors
/// `Storage`.
pub(super) fn check(path: &Path) -> Result<(), Fault> {
    let unreadable = |error: io::Error| fault::from_io(&error, "The database cannot be read", path);
    let mut file = File::open(path).map_err(unreadable)?;
    let length = file.metadata().map_err(unreadable)?.len();
    if length == 0 {
        return Err(refusal(path, "is empty; it was a database once, or never one")
            .hint("Restore a backup with `guildhall restore FILE`, or move the file away to begin anew."));
    }
    let mut header = [0_u8; 100];
    if let Err(error) = file.read_exact(&mut header) {
        return Err(if error.kind() == io::ErrorKind::UnexpectedEof {
            not_a_database(path)
        } else {
            unreadable(error)
        });
    }
    if header[..16] != *MAGIC {
        return Err(not_a_database(path));
    }
    if number(&header, 68) != APPLICATION_ID.cast_unsigned() {
        return Err(refusal(path, "is a database, but not one of Guildhall")
            .hint("Name another folder with --home, or move that file away."));
    }
    let page_size = match u64::from(number(&header, 16) >> 16) {
        1 => 65_536,
        size => size,
    };
    let said = page_size * u64::from(number(&header, 28));
    // With a write-ahead log beside it, the missing pages may be in there: the library sorts that out.
    if length < said && !log_has_pages(path) {
        return Err(refusal(
            path,
            &format!("was cut short: it has {length} of {said} bytes"),
        )
        .hint("Restore a backup with `guildhall restore FILE`; the cut file is kept."));
    }
    Ok(())
}

fn number(header: &[u8; 100], at: usize) -> u32 {
    header[at..at + 4]
        .iter()
        .fold(0, |number, byte| number << 8 | u32::from(*byte))
}

fn log_has_pages(path: &Path) -> bool {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    std::fs::metadata(log).is_ok_and(|log| log.len() > 0)
}

fn not_a_database(path: &Path) -> Fault {
    refusal(path, "is not a database")
        .hint("Name another folder with --home, or move that file away.")
}

fn refusal(path: &Path, why: &str) -> Fault {
    Fault::new(FaultKind::Storage, format!("{} {why}.", path.display()))
}
