//! Room on the disk: how much is free, and a file to give up when nothing is.
//!
//! On a full disk not even the log can be written back into the database, so a retry does not help; a few pages that
//! were set aside do.

use super::{fault, place};
use crate::domain::{Fault, FaultKind};
use rustix::fs::{FallocateFlags, fallocate, statvfs};
use std::{fs, io, path::Path};

const NAME: &str = "reserve";

/// Enough for some hundreds of commits.
const SIZE: u64 = 2 * 1024 * 1024;

/// The reserve is not taken from a disk that has less than this left: 32 MiB.
const LEAVE: u64 = 32 * 1024 * 1024;

/// Bytes that this user may still write below a folder.
///
/// # Errors
/// `Storage`.
pub(super) fn free(home: &Path) -> Result<u64, Fault> {
    let about = statvfs(home).map_err(|error| {
        fault::from_io(&error.into(), "The free space cannot be measured", home)
    })?;
    Ok(about.f_bavail.saturating_mul(about.f_frsize))
}

/// Refuses when less than so many bytes are free.
///
/// # Errors
/// `Storage`.
pub(super) fn require(home: &Path, bytes: u64) -> Result<(), Fault> {
    let free = free(home)?;
    if free >= bytes {
        return Ok(());
    }
    let mib = |bytes: u64| bytes.div_ceil(1024 * 1024);
    Err(Fault::new(
        FaultKind::Storage,
        format!(
            "This needs {} MiB on the disk of {}, and {} MiB are free; nothing was begun.",
            mib(bytes),
            home.display(),
            free / (1024 * 1024)
        ),
    )
    .hint("Free some space on that disk, then try again."))
}

/// Sets the reserve aside, where it is missing and the disk has room. A disk without room is no reason not to start.
pub(super) fn set_aside(home: &Path) {
    let path = home.join(NAME);
    if path.exists() || free(home).is_ok_and(|free| free < LEAVE) {
        return;
    }
    let made = place::new_file(&path).and_then(|file| {
        fallocate(&file, FallocateFlags::empty(), 0, SIZE)
            .map_err(|error| fault::from_io(&error.into(), "The reserve cannot be made", &path))
    });
    if let Err(fault) = made {
        tracing::warn!(detail = ?fault.detail, "no reserve of disk space was set aside");
        release(home);
    }
}

/// Gives the reserve up, and says whether there was one.
pub(super) fn release(home: &Path) -> bool {
    match fs::remove_file(home.join(NAME)) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::NotFound => false,
        Err(error) => {
            tracing::warn!(%error, "the reserve of disk space cannot be given up");
            false
        }
    }
}

/// Whether the disk is so full that the reserve is due.
pub(super) fn is_due(home: &Path) -> bool {
    free(home).is_ok_and(|free| free < 256 * 1024)
}
