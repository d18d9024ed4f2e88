//! `guildhall backup` and `guildhall restore`.

use super::{exit::Exit, hall::Context, words};
use crate::{
    adapters::registry::Registry,
    domain::{ActorId, Fault, FaultKind},
    engine::{Engine, EngineOptions, KeysTried, views::VaultState},
};
use clap::Args;
use serde_json::json;
use std::path::{Path, PathBuf};

/// Where the copy goes.
#[derive(Debug, Args)]
pub struct Backup {
    /// The new file.
    file: PathBuf,
}

/// Where the copy is.
#[derive(Debug, Args)]
pub struct Restore {
    /// The backup.
    file: PathBuf,
}

/// Backs up.
///
/// # Errors
/// `Conflict` when the file exists; `NotAllowed`, `Storage`.
pub async fn backup(context: &Context, backup: Backup) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let tried = hall.engine.backup(&hall.actor, &backup.file).await?;
    hall.close().await;
    let proven = tried.is_some_and(|keys| keys.stored == keys.open);
    let exit = match tried {
        Some(_) if !proven => Exit::Failed,
        _ => Exit::Done,
    };
    context.out.data(
        &json!({
            "status": exit.word(),
            "file": backup.file,
            "keys": tried.map(|keys| keys.stored),
            "keys_that_open": tried.map(|keys| keys.open),
        }),
        |_| match tried {
            Some(keys) => format!(
                "Backed up to {}. Of {} in it {} open.",
                backup.file.display(),
                words::counted(keys.stored, "key", "keys"),
                keys.open
            ),
            None => format!("Backed up to {}.", backup.file.display()),
        },
    )?;
    if tried.is_none() {
        context.out.advise(
            "The vault is locked, so nobody tried whether the keys in it open. Unlock it and back up again to know.",
        );
    } else if !proven {
        context.out.advise(
            "! Keys that do not open in the copy do not open here either: enter them again, then back up again.",
        );
    }
    context.out.advise(
        "The keys in it are sealed. To open them elsewhere the passphrase, key file or recovery key is needed: keep it apart from the copy.",
    );
    Ok(exit)
}

/// What a backup holds, looked at before it is restored.
struct Content {
    installation: String,
    keys: KeysTried,
    vault_opens: bool,
}

impl Content {
    /// How many keys open, in a sentence without its beginning.
    fn told(&self) -> String {
        let KeysTried { stored, open } = self.keys;
        let keys = words::counted(stored, "stored key", "stored keys");
        let later =
            "the passphrase, key file or recovery key is needed, else they are entered again";
        match (stored, open) {
            (0, _) => "no stored key".to_owned(),
            (_, 0) if !self.vault_opens => {
                format!(
                    "{keys}; none of them was tried, since the vault does not open with what is at hand: {later}"
                )
            }
            (stored, open) if stored == open => {
                format!("{keys}; each was tried, and all of them open with what is at hand")
            }
            (_, open) => format!(
                "{keys}; each was tried, and {open} of them open with what is at hand; the others have to be entered again"
            ),
        }
    }
}

/// Refuses who may not restore here. Where the database cannot be used any more nobody's right can be looked up: there
/// whoever owns the files may. Any other fault stands, so that an actor who does not exist restores nothing.
async fn require_right(context: &Context) -> Result<(), Fault> {
    let home = &context.place.home;
    if !Engine::exists(home) {
        return Ok(());
    }
    context.begin_log();
    // Without platforms: what is simulated or served may be broken too, and nobody is asked anything there.
    let options = EngineOptions::new(home.clone(), context.catalog()?.into(), Registry::default());
    let engine = match Engine::open(options).await {
        Ok(engine) => engine,
        Err(fault) => return past_unusable(fault),
    };
    let allowed = async {
        let actor = engine.actor(context.globals.actor.map(ActorId)).await?;
        engine.may_restore(&actor).await
    }
    .await;
    engine.shutdown().await;
    allowed.or_else(past_unusable)
}

/// Goes past a database that cannot be used, and past nothing else.
fn past_unusable(fault: Fault) -> Result<(), Fault> {
    if fault.kind != FaultKind::Storage {
        return Err(fault);
    }
    tracing::warn!(%fault, "the database that is being replaced cannot be used");
    Ok(())
}

/// Restores, after saying how many keys will open with what is at hand.
///
/// # Errors
/// `Storage` when the backup is not ours, damaged or of a later Guildhall; `InUse` while a Guildhall is open there.
pub async fn restore(context: &Context, command: Restore) -> Result<Exit, Fault> {
    if context.globals.read_only {
        return Err(Fault::new(
            FaultKind::NotAllowed,
            "Nothing is restored while --read-only is given.",
        )
        .hint("Leave --read-only out."));
    }
    require_right(context).await?;
    let found = look_into(context, &command.file).await?;
    context.out.advise(&format!(
        "The backup is of {} and holds {}.",
        found.installation,
        found.told()
    ));
    let home = &context.place.home;
    if Engine::exists(home) {
        context.confirm(&format!(
            "Put it in the place of the installation in {}? That one is kept under a dated name.",
            home.display()
        ))?;
    }
    let restored = Engine::restore(&command.file, home)?;
    context.begin_log();
    let object = json!({
        "status": Exit::Done.word(),
        "installation": restored.installation,
        "former": restored.former,
        "missing_key_file": restored.missing_key_file,
        "keys": found.keys.stored,
        "keys_that_open": found.keys.open,
        "vault_opens": found.vault_opens,
    });
    context.out.data(&object, |_| {
        let mut text = format!(
            "{} is restored in {}.",
            restored.installation,
            home.display()
        );
        if let Some(former) = &restored.former {
            text = format!("{text}\nThe former database is kept: {}", former.display());
        }
        text
    })?;
    if let Some(missing) = &restored.missing_key_file {
        context.out.advise(&format!(
            "For unattended start the vault expects the key file {}; put it there, mode 0600.",
            missing.display()
        ));
    }
    Ok(Exit::Done)
}

/// Restores the backup to a folder of its own and looks there, so that nothing is touched before it is known to be good.
async fn look_into(context: &Context, file: &Path) -> Result<Content, Fault> {
    let folder = Trial::make()?;
    let restored = Engine::restore(file, &folder.0)?;
    let options = EngineOptions {
        read_only: true,
        ..EngineOptions::new(
            folder.0.clone(),
            context.catalog()?.into(),
            Registry::default(),
        )
    };
    let engine = Engine::open(options).await?;
    if let Some(unlocker) = context.unlocker()? {
        engine.unlock(unlocker).await?;
    }
    let actor = engine.actor(None).await?;
    let keys = engine.try_keys(&actor).await?;
    let vault_opens = engine.vault_state() == VaultState::Unlocked;
    engine.shutdown().await;
    Ok(Content {
        installation: restored.installation,
        keys,
        vault_opens,
    })
}

/// A folder for its owner alone that goes when this goes.
struct Trial(PathBuf);

impl Trial {
    fn make() -> Result<Self, Fault> {
        use std::os::unix::fs::DirBuilderExt;
        let folder = std::env::temp_dir().join(format!("guildhall-{}", uuid::Uuid::new_v4()));
        std::fs::DirBuilder::new()
            .mode(0o700)
            .create(&folder)
            .map_err(|error| {
                Fault::new(
                    FaultKind::Storage,
                    format!("The folder {} cannot be made.", folder.display()),
                )
                .hint("Name a folder with room in TMPDIR.")
                .detail(error)
            })?;
        Ok(Self(folder))
    }
}

impl Drop for Trial {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "a folder could not be removed");
        }
    }
}
