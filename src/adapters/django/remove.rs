//! Removal: to the dated trash, or for good after what the community wrote and the database were saved.

use super::{Service, life, orders, place::Place, shared, told, without_keys::without_keys};
use crate::{
    adapters::{
        aside,
        contract::Removed,
        durable::{Halt, Op},
    },
    domain::{Fault, InstanceKind, RemoveMode},
    services::{database, files, supervisor::Supervisor},
};
use serde_json::Value;
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

/// What is asked of the service before rows of one community leave a database that others use too.
pub struct Export {
    /// The order that saves what is kept, and the name of the file for it.
    pub keep: (Value, &'static str),
    /// The order that takes the rows out; giving it again is harmless.
    pub take_out: Value,
}

/// Saves what one community has in a shared service, takes its rows out, and takes its leave of the service. Repeating is
/// harmless.
///
/// # Errors
/// [`Host`](crate::domain::FaultKind::Host) when something cannot be stopped or taken out, `Storage`.
pub async fn remove_shared(
    op: &Op,
    supervisor: &Supervisor,
    service: &Service,
    mode: RemoveMode,
    export: Export,
) -> Result<Removed, Halt> {
    let site = op.site();
    let place = op
        .step("place", || async { Ok(aside::place(site, mode)) })
        .await?;
    let own = Place::of(site);
    if own.is_marked(site)? {
        if database::is_migrated(&own.database())? {
            if !place.is_dir() {
                let (order, name) = export.keep;
                let known: Vec<_> = told::keys_in(&own)?.into_values().collect();
                save_rows(&place, |folder| async move {
                    let to = folder.join(name);
                    orders::save(site, service, order, to.clone(), op.cancel()).await?;
                    let mut rows: Value = files::read_json(&to)?.unwrap_or_default();
                    without_keys(&mut rows, &known);
                    files::write_json(&to, &rows)
                })
                .await?;
            }
            orders::give(site, service, export.take_out.into(), op.cancel()).await?;
        }
        shared::leave(op, supervisor).await?;
        own.remove()?;
    }
    for fact in ["port", "joined", "made", super::upgrade::VERSION] {
        op.forget(fact).await?;
    }
    let (what, way_back) = match mode {
        RemoveMode::Soft => (
            "All its rows but keys and tokens of people lie in",
            " Guildhall does not put them back: made again, the instance begins empty, and what it needs of them is entered by \
             hand.",
        ),
        RemoveMode::Hard => ("What the community wrote lies in", ""),
    };
    Ok(Removed {
        left: vec![format!(
            "{what} {}; the rows of other communities and the service that they share stay.{way_back}",
            place.display()
        )],
    })
}

async fn save_rows<E, F>(place: &Path, export: E) -> Result<(), Fault>
where
    E: FnOnce(PathBuf) -> F,
    F: Future<Output = Result<(), Fault>>,
{
    let beside = fresh_beside(place)?;
    export(beside.clone()).await?;
    files::rename(&beside, place)
}

/// An empty folder beside the place, in which something is put together.
fn fresh_beside(place: &Path) -> Result<PathBuf, Fault> {
    aside::make_parent(place)?;
    let mut name = place.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = place.with_file_name(name);
    files::remove(&beside)?;
    files::make_folder(&beside)?;
    Ok(beside)
}

/// Whole or not at all: what is saved is put together beside and renamed.
async fn save<E, F>(own: &Place, place: &Path, export: E) -> Result<(), Fault>
where
    E: FnOnce(PathBuf) -> F,
    F: Future<Output = Result<(), Fault>>,
{
    let beside = fresh_beside(place)?;
    if database::is_migrated(&own.database())? {
        export(beside.clone()).await?;
    }
    if own.database().is_file() {
        database::save(&own.database(), &beside.join("db.sqlite3"))?;
    }
    files::rename(&beside, place)
}
