//! `guildhall service save` and `put-back`: copies of what an instance on this host holds.

use super::{
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
};
use crate::domain::Fault;
use clap::Args;
use serde_json::json;
use std::path::PathBuf;

/// What is saved, and where.
#[derive(Debug, Args)]
pub struct Save {
    #[command(flatten)]
    which: Which,
    /// A folder that is not there yet.
    folder: PathBuf,
}

/// What is put back, and from where.
#[derive(Debug, Args)]
pub struct PutBack {
    #[command(flatten)]
    which: Which,
    /// A folder that was saved.
    folder: PathBuf,
    /// The community's short name, because what the instance holds now is replaced.
    #[arg(long, value_name = "SLUG", default_value = "")]
    confirm: String,
}

/// Saves it.
///
/// # Errors
/// What the engine returns.
pub async fn save(context: &Context, hall: &Hall, asked: &Save) -> Result<Exit, Fault> {
    let (community, platform) = asked.which.find(hall).await?;
    let folder = absolute(&asked.folder);
    let about = hall
        .engine
        .save_instance(&hall.actor, &community.slug, &platform, &folder)
        .await?;
    let object = json!({
        "status": Exit::Done.word(),
        "community": community.slug,
        "platform": platform,
        "folder": folder,
        "at": about.at,
    });
    context
        .out
        .data(&object, |_| format!("Saved in {}.", folder.display()))?;
    context.out.advise(&format!(
        "To put it back, while it is off: guildhall service put-back {} {platform} {} --confirm {}",
        community.slug,
        folder.display(),
        community.slug
    ));
    Ok(Exit::Done)
}

/// Puts it back.
///
/// # Errors
/// What the engine returns.
pub async fn put_back(context: &Context, hall: &Hall, asked: &PutBack) -> Result<Exit, Fault> {
    let (community, platform) = asked.which.find(hall).await?;
    let folder = absolute(&asked.folder);
    let former = hall
        .engine
        .put_back_instance(
            &hall.actor,
            &community.slug,
            &platform,
            &folder,
            &asked.confirm,
        )
        .await?;
    let object = json!({
        "status": Exit::Done.word(),
        "community": community.slug,
        "platform": platform,
        "former": former,
    });
    context.out.data(&object, |_| {
        format!(
            "Put back. What it held before lies in {}.",
            former.display()
        )
    })?;
    Ok(Exit::Done)
}

/// Seen from the folder in which the command was given.
pub fn absolute(path: &std::path::Path) -> PathBuf {
    std::path::absolute(path).unwrap_or_else(|_| path.to_owned())
}
