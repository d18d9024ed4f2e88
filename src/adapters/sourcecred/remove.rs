//! Removal: to the dated trash, or for good after ledger and configuration were archived.

use super::{folder::Folder, keeping, life::PATIENCE};
use crate::{
    adapters::{
        aside,
        contract::Removed,
        durable::{Halt, Op},
    },
    domain::{Fault, InstanceKind, RemoveMode},
    services::{files, lock::FileLock, supervisor::Supervisor},
};
use std::{fs, path::Path};

/// Removes the instance. Repeating is harmless.
pub async fn remove(op: &Op, mode: RemoveMode, supervisor: &Supervisor) -> Result<Removed, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(Removed {
            left: vec!["The other site stays as it is; it is not ours.".to_owned()],
        });
    }
    let folder = Folder::of(site)?;
    keeping::stop(op, supervisor, &folder).await?;
    // The place is written down before anything moves, so that a second try tells the same.
    let place = op
        .step("place", || async { Ok(aside::place(site, mode)) })
        .await?;
    let left = if folder.root() == folder.own() {
        own_folder(op, &folder, mode, &place).await?
    } else {
        adopted_folder(op, &folder, mode, &place).await?
    };
    for fact in ["files", "connected", "port", "folder"] {
        op.forget(fact).await?;
    }
    Ok(Removed { left })
}

async fn own_folder(
    op: &Op,
    folder: &Folder,
    mode: RemoveMode,
    place: &Path,
) -> Result<Vec<String>, Halt> {
    if folder.root().is_dir() && folder.is_ours(op.site())? {
        let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
        match mode {
            RemoveMode::Soft => {
                aside::make_parent(place)?;
                files::rename(folder.root(), place)?;
            }
            RemoveMode::Hard => {
                archive(folder, place)?;
                remove_marker_last(folder)?;
            }
        }
    }
    Ok(told(mode, place))
}

async fn adopted_folder(
    op: &Op,
    folder: &Folder,
    mode: RemoveMode,
    place: &Path,
) -> Result<Vec<String>, Halt> {
    let mut left = vec![format!(
        "The adopted folder {} stays as it is.",
        folder.root().display()
    )];
    if mode == RemoveMode::Hard {
        if folder.root().is_dir() {
            let _lock = FileLock::take(&folder.lock(), PATIENCE, op.cancel()).await?;
            archive(folder, place)?;
            files::remove(folder.root())?;
        }
        left = told(mode, place);
    }
    files::remove(folder.own())?;
    Ok(left)
}

/// Copies ledger and configuration before anything is deleted. An archive that is there already is whole.
fn archive(folder: &Folder, place: &Path) -> Result<(), Fault> {
    if place.is_dir() {
        return Ok(());
    }
    aside::make_parent(place)?;
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = place.with_file_name(name);
    files::remove(&beside)?;
    files::make_folder(&beside)?;
    if let Some(ledger) = files::read(&folder.ledger())? {
        files::write(&beside.join("ledger.json"), &ledger)?;
    }
    if folder.path("config").is_dir() {
        files::copy_folder(&folder.path("config"), &beside.join("config"))?;
    }
    files::rename(&beside, place)
}

/// The marker goes last: as long as it is there, an interrupted removal knows whose folder this is.
fn remove_marker_last(folder: &Folder) -> Result<(), Fault> {
    let entries = fs::read_dir(folder.root())
        .map_err(|error| files::storage("A folder cannot be read", folder.root(), &error))?;
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path != folder.marker_file() {
            files::remove(&path)?;
        }
    }
    files::remove(folder.root())
}

fn told(mode: RemoveMode, place: &Path) -> Vec<String> {
    let what = match mode {
        RemoveMode::Soft => "The whole folder lies in",
        RemoveMode::Hard => "Ledger and configuration lie in",
    };
    vec![format!("{what} {}.", place.display())]
}
