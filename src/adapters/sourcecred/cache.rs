//! The mirror of the sources. When a load fails, the tool empties a source's cache and tries again (sheet: sourcecred 4):
//! so the mirror is copied aside before a load, and put back when the load fails or is cut off.
//!
//! A copy counts only under its final name, which it gets by a rename when it is whole, and loses by a rename before it
//! is deleted: a kill at any instant leaves either a whole copy or none.

use super::folder::Folder;
use crate::{
    domain::{Fault, FaultKind},
    services::files,
};

const CACHE: &str = "cache";
const SAVED: &str = "cache.saved";
const SAVING: &str = "cache.saving";
const DROPPED: &str = "cache.dropped";

/// Copies the mirror aside. A copy that an interrupted run left is put back first.
///
/// # Errors
/// [`FaultKind::Storage`].
pub async fn save(folder: &Folder) -> Result<(), Fault> {
    let folder = folder.clone();
    tokio::task::spawn_blocking(move || {
        restore(&folder)?;
        files::remove(&folder.path(SAVING))?;
        files::remove(&folder.path(DROPPED))?;
        if folder.path(CACHE).is_dir() {
            files::copy_folder(&folder.path(CACHE), &folder.path(SAVING))?;
            files::rename(&folder.path(SAVING), &folder.path(SAVED))?;
        }
        Ok(())
    })
    .await
    .map_err(|error| {
        Fault::new(
            FaultKind::Storage,
            "The mirror of the sources could not be saved; nothing was run.",
        )
        .hint("Try again.")
        .detail(error)
    })?
}

/// Puts the copy back, if there is one.
///
/// # Errors
/// [`FaultKind::Storage`]; the copy stays then.
pub fn restore(folder: &Folder) -> Result<(), Fault> {
    if folder.path(SAVED).is_dir() {
        files::remove(&folder.path(CACHE))?;
        files::rename(&folder.path(SAVED), &folder.path(CACHE))?;
    }
    Ok(())
}

/// Drops the copy: the load went well.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn accept(folder: &Folder) -> Result<(), Fault> {
    if folder.path(SAVED).is_dir() {
        files::remove(&folder.path(DROPPED))?;
        files::rename(&folder.path(SAVED), &folder.path(DROPPED))?;
        files::remove(&folder.path(DROPPED))?;
    }
    Ok(())
}

/// Drops mirror and copy: they belong to other sources.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn forget(folder: &Folder) -> Result<(), Fault> {
    accept(folder)?;
    files::remove(&folder.path(CACHE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[tokio::test]
    async fn a_run_cut_off_after_the_tool_emptied_the_mirror_loses_nothing() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path(), place.path());
        fs::create_dir_all(folder.path("cache/deep")).unwrap();
        fs::write(folder.path("cache/deep/mirror.db"), "rows").unwrap();
        save(&folder).await.unwrap();
        fs::remove_dir_all(folder.path("cache")).unwrap();
        fs::create_dir(folder.path("cache")).unwrap();
        // Killed here; the next run begins.
        save(&folder).await.unwrap();
        let kept = fs::read_to_string(folder.path("cache/deep/mirror.db")).unwrap();
        assert_eq!(kept, "rows");
        // A copy that was being made or dropped when its process was killed does not count.
        accept(&folder).unwrap();
        fs::create_dir(folder.path(SAVING)).unwrap();
        fs::create_dir(folder.path(DROPPED)).unwrap();
        restore(&folder).unwrap();
        assert!(folder.path("cache/deep/mirror.db").is_file());
    }
}
