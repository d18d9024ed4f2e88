//! The operator's folder of manifests: which files it holds, and their texts.

use super::{CatalogError, reader::Result};
use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// The most bytes a manifest may have.
const MAX_BYTES: u64 = 1024 * 1024;

/// The name of a file without its ending.
pub(super) fn stem(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn unreadable(path: &Path, error: &io::Error) -> CatalogError {
    CatalogError::of_file(
        path.display().to_string(),
        format!("This cannot be read ({error})."),
        "Make it readable for the user that runs Guildhall, or move it away.",
    )
}

/// The manifests in the operator's folder, in the order of their names.
pub(super) fn manifests(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(unreadable(folder, &error)),
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unreadable(folder, &error))?.path();
        let hidden = path
            .file_name()
            .is_some_and(|name| name.to_string_lossy().starts_with('.'));
        if !hidden && path.extension().is_some_and(|ending| ending == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

/// The text of a manifest.
pub(super) fn read(path: &Path) -> Result<String> {
    let size = fs::metadata(path)
        .map_err(|error| unreadable(path, &error))?
        .len();
    if size > MAX_BYTES {
        return Err(CatalogError::of_file(
            path.display().to_string(),
            format!("This has {size} bytes; no manifest is that long."),
            "Move it out of the folder of manifests.",
        ));
    }
    fs::read_to_string(path).map_err(|error| unreadable(path, &error))
}
