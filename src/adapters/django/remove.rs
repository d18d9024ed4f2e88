//! Removal: to the dated trash, or for good after what the community wrote and the database were saved.

use super::{life, place::Place};
use crate::{
    adapters::{
        aside,
        contract::Removed,
        durable::{Halt, Op},
    },
    domain::{Fault, InstanceKind, RemoveMode},
    services::{database, files, supervisor::Supervisor},
};
use std::{
    future::Future,
    path::{Path, PathBuf},
};

/// Stops the instance and removes it. Repeating is harmless. `export` saves what people wrote into the folder that it is
/// given, before a hard removal.
///
/// # Errors
/// `Host` when something cannot be stopped, `Storage`, and what `export` returns.
pub async fn remove<E, F>(
    op: &Op,
    supervisor: &Supervisor,
    mode: RemoveMode,
    export: E,
) -> Result<Removed, Halt>
where
    E: FnOnce(PathBuf) -> F,
    F: Future<Output = Result<(), Fault>>,
{
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(Removed {
            left: vec!["The other site stays as it is; it is not ours.".to_owned()],
        });
    }
    life::stop(op, supervisor).await?;
    // The place is written down before anything moves, so that a second try tells the same.
    let place = op
        .step("place", || async { Ok(aside::place(site, mode)) })
        .await?;
    let own = Place::of(site);
    if own.folder().is_dir() && own.is_ours(site)? {
        match mode {
            RemoveMode::Soft => {
                aside::make_parent(&place)?;
                files::rename(own.folder(), &place)?;
            }
            RemoveMode::Hard => {
                if !place.is_dir() {
                    save(&own, &place, export).await?;
                }
                own.remove()?;
            }
        }
    }
    for fact in ["port", "joined", "made", super::upgrade::VERSION] {
        op.forget(fact).await?;
    }
    let what = match mode {
        RemoveMode::Soft => "The whole folder lies in",
        RemoveMode::Hard => "The database and what the community wrote lie in",
    };
    Ok(Removed {
        left: vec![format!("{what} {}.", place.display())],
    })
}

/// Whole or not at all: what is saved is put together beside and renamed.
async fn save<E, F>(own: &Place, place: &Path, export: E) -> Result<(), Fault>
where
    E: FnOnce(PathBuf) -> F,
    F: Future<Output = Result<(), Fault>>,
{
    aside::make_parent(place)?;
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = place.with_file_name(name);
    files::remove(&beside)?;
    files::make_folder(&beside)?;
    if database::is_migrated(&own.database())? {
        export(beside.clone()).await?;
    }
    if own.database().is_file() {
        database::save(&own.database(), &beside.join("db.sqlite3"))?;
    }
    files::rename(&beside, place)
}
