//! Private files and folders, written so that a crash leaves either the old or the new.

use crate::domain::{Fault, FaultKind};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
};

/// A fault of storage at a path.
#[must_use]
pub fn storage(what: &str, path: &Path, error: &io::Error) -> Fault {
    let hint = match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            "Make room on the disk, then try again."
        }
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            "Check who owns the folder and whether it may be written, then try again."
        }
        _ => "Check the disk and the folder, then try again.",
    };
    Fault::new(FaultKind::Storage, format!("{what}: {}.", path.display()))
        .hint(hint)
        .detail(error)
}

/// Makes a folder, and those above it, for its owner alone.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn make_folder(path: &Path) -> Result<(), Fault> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(path)
        .map_err(|error| storage("A folder cannot be made", path, &error))
}

/// Writes a file of mode 0600 under a temporary name, and renames it when it is whole on the disk.
///
/// # Errors
/// [`FaultKind::Storage`]; the former file stands then.
pub fn write(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let failed = |error: io::Error| storage("A file cannot be written", path, &error);
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(name);
    let written = (|| {
        let mut file = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    })();
    if let Err(error) = written {
        // What is half written must not stay; that it stays is no second trouble.
        let _ = fs::remove_file(&beside);
        return Err(failed(error));
    }
    sync_parent(path).map_err(failed)
}

/// Writes a file of mode 0600 that is not there yet.
///
/// # Errors
/// [`FaultKind::Conflict`] when something is there; [`FaultKind::Storage`], and nothing is left there then.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), Fault> {
    let opened = OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path);
    let mut file = match opened {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("{} is there already; nothing was written.", path.display()),
            )
            .hint("Name a file that is not there yet."));
        }
        opened => opened.map_err(|error| storage("A file cannot be made", path, &error))?,
    };
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(|error| {
            // What is half written must not stay; that it stays is no second trouble.
            let _ = fs::remove_file(path);
            storage("A file cannot be written", path, &error)
        })
}

/// Makes a rename or a new name in the folder of `path` last.
///
/// # Errors
/// What the file system says.
pub fn sync_parent(path: &Path) -> io::Result<()> {
    path.parent()
        .map_or(Ok(()), |parent| File::open(parent)?.sync_all())
}

/// [`write()`] of a value as JSON.
///
/// # Errors
/// [`FaultKind::Storage`], [`FaultKind::Internal`].
pub fn write_json(path: &Path, value: &impl Serialize) -> Result<(), Fault> {
    let mut bytes = serde_json::to_vec_pretty(value).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            format!("{} cannot be written as JSON.", path.display()),
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .detail(error)
    })?;
    bytes.push(b'\n');
    write(path, &bytes)
}

/// A file's bytes; none when there is no such file.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn read(path: &Path) -> Result<Option<Vec<u8>>, Fault> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if is_absent(&error) => Ok(None),
        Err(error) => Err(storage("A file cannot be read", path, &error)),
    }
}

/// A JSON file's value; none when there is no such file.
///
/// # Errors
/// [`FaultKind::Storage`] when it cannot be read or is of another shape.
pub fn read_json<T: DeserializeOwned>(path: &Path) -> Result<Option<T>, Fault> {
    let Some(bytes) = read(path)? else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| {
        Fault::new(
            FaultKind::Storage,
            format!("The file {} is not what Guildhall wrote.", path.display()),
        )
        .hint("Restore it from a copy, or move it away; then try again.")
        .detail(error)
    })
}

/// Removes a file or a whole folder; one that is not there is removed already.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn remove(path: &Path) -> Result<(), Fault> {
    let removed = match fs::symlink_metadata(path) {
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if !is_absent(&error) => {
            Err(storage("Something cannot be removed", path, &error))
        }
        _ => Ok(()),
    }
}

/// The folders in a folder; none in one that is not there.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn folders(path: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |error: &io::Error| storage("A folder cannot be read", path, error);
    let entries = match fs::read_dir(path) {
        Err(error) if is_absent(&error) => return Ok(Vec::new()),
        entries => entries.map_err(|error| failed(&error))?,
    };
    let mut found = Vec::new();
    for entry in entries {
        let entry = entry.map_err(|error| failed(&error))?;
        if entry.file_type().map_err(|error| failed(&error))?.is_dir() {
            found.push(entry.path());
        }
    }
    Ok(found)
}

/// What a folder with everything in it takes of the disk, in bytes. What goes away meanwhile does not count.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn size(folder: &Path) -> Result<u64, Fault> {
    /// The unit of `st_blocks` (stat(2)).
    const BLOCK: u64 = 512;
    let failed = |error: &io::Error| storage("A folder cannot be measured", folder, error);
    let mut sum = 0;
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let about = match fs::symlink_metadata(&path) {
            Err(error) if is_absent(&error) => continue,
            about => about.map_err(|error| failed(&error))?,
        };
        sum += about.blocks() * BLOCK;
        if about.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| failed(&error))? {
                waiting.push(entry.map_err(|error| failed(&error))?.path());
            }
        }
    }
    Ok(sum)
}

/// Lets everybody read a folder with everything in it, and run what its owner may run; as far as they come to it. Links
/// are not followed.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn open_to_all(folder: &Path) -> Result<(), Fault> {
    let failed = |error: &io::Error| storage("A folder cannot be opened to others", folder, error);
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        let about = fs::symlink_metadata(&path).map_err(|error| failed(&error))?;
        if about.is_symlink() {
            continue;
        }
        let mode = about.permissions().mode();
        // Whatever its owner may read and run.
        let wanted = mode | (mode & 0o500) >> 3 | (mode & 0o500) >> 6;
        if wanted != mode {
            fs::set_permissions(&path, fs::Permissions::from_mode(wanted))
                .map_err(|error| failed(&error))?;
        }
        if about.is_dir() {
            for entry in fs::read_dir(&path).map_err(|error| failed(&error))? {
                waiting.push(entry.map_err(|error| failed(&error))?.path());
            }
        }
    }
    Ok(())
}

/// Moves a file or folder within one file system.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn rename(from: &Path, to: &Path) -> Result<(), Fault> {
    fs::rename(from, to)
        .and_then(|()| sync_parent(to))
        .map_err(|error| storage("A folder cannot be moved", from, &error))
}

/// Copies a folder with everything in it. Links are copied as links.
///
/// # Errors
/// [`FaultKind::Storage`]; what was copied so far stays.
pub fn copy_folder(from: &Path, to: &Path) -> Result<(), Fault> {
    copy_folder_without(from, to, &[])
}

/// [`copy_folder`] without these files and folders, which are named in full.
///
/// # Errors
/// [`FaultKind::Storage`]; what was copied so far stays.
pub fn copy_folder_without(from: &Path, to: &Path, left_out: &[PathBuf]) -> Result<(), Fault> {
    make_folder(to)?;
    let failed = |error: io::Error| storage("A folder cannot be copied", from, &error);
    let mut waiting: Vec<PathBuf> = vec![PathBuf::new()];
    while let Some(inner) = waiting.pop() {
        for entry in fs::read_dir(from.join(&inner)).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if left_out.contains(&entry.path()) {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            let path = inner.join(entry.file_name());
            let target = to.join(&path);
            if kind.is_dir() {
                make_folder(&target)?;
                waiting.push(path);
            } else if kind.is_symlink() {
                let link = fs::read_link(entry.path()).map_err(failed)?;
                std::os::unix::fs::symlink(link, target).map_err(failed)?;
            } else {
                fs::copy(entry.path(), target).map_err(failed)?;
            }
        }
    }
    Ok(())
}

fn is_absent(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
    )
}
