//! Copies of what an instance on this host holds: saved into a folder, and put back from it.

use super::{Engine, facts, holding::holding, reading::seen, rules::Rules, scene, submit, tenants};
use crate::{
    adapters::local,
    domain::{
        Actor, AuditResult, Community, Fault, FaultKind, Instance, IntentKind, PlatformId, Slug,
    },
    services::{
        saved::{self, About},
        supervisor,
    },
};
use jiff::Timestamp;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};
use tokio_util::sync::CancellationToken;

/// An instance with a folder on this host.
struct Here {
    community: Community,
    instance: Instance,
    marker: String,
    folder: PathBuf,
}

impl Engine {
    /// Saves what an instance on this host holds into a folder that is not there yet. It may run meanwhile. Secrets are left
    /// out: they are in the vault.
    ///
    /// # Errors
    /// `NotAllowed`; `Unsupported` for what lives elsewhere; `NotFound` where nothing was made; `Conflict` when the folder is
    /// there; `Storage`.
    pub async fn save_instance(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        to: &Path,
    ) -> Result<About, Fault> {
        let here = self.here(actor, slug, platform).await?;
        let about = About {
            instance: here.marker.clone(),
            community: slug.to_string(),
            platform: platform.to_string(),
            at: Timestamp::now(),
            files: BTreeMap::new(),
        };
        let (folder, target, what) = (here.folder.clone(), to.to_owned(), about.clone());
        off_the_loop(move || saved::save(&folder, &target, &what)).await?;
        self.write_down(actor, "save", &here, to).await?;
        Ok(about)
    }

    /// Puts what was saved of an instance in the place of what it holds now, which is kept in the trash and answered. The
    /// instance must be off.
    ///
    /// # Errors
    /// As [`Engine::save_instance`]; `BadInput` unless the community's short name was typed; `InUse` while it runs or is worked on;
    /// `Conflict` for a copy of another instance.
    pub async fn put_back_instance(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        from: &Path,
        typed: &str,
    ) -> Result<PathBuf, Fault> {
        self.core.require_writable()?;
        let here = self.here(actor, slug, platform).await?;
        if typed.trim() != slug.as_str() {
            return Err(Fault::new(
                FaultKind::BadInput,
                "What it holds now would be replaced; nothing was changed.",
            )
            .hint(format!("When you are sure, give --confirm {slug}.")));
        }
        let aside = holding(&self.core, &here.instance, self.replace(&here, from)).await?;
        self.write_down(actor, "put-back", &here, from).await?;
        Ok(aside)
    }

    /// Puts the copy in place of what an instance that is off holds; answers where that lies then.
    async fn replace(&self, here: &Here, from: &Path) -> Result<PathBuf, Fault> {
        self.require_off(here).await?;
        let (copy, folder) = (from.to_owned(), here.folder.clone());
        let about = off_the_loop(move || saved::check(&copy)).await?;
        if about.instance != here.marker {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "{} holds {} of {}, of another incarnation than this one; nothing was changed.",
                    from.display(),
                    about.platform,
                    about.community
                ),
            )
            .hint("Name a folder that was saved from this instance."));
        }
        let now = Timestamp::now().strftime("%Y-%m-%d-%H%M%S");
        let (slug, platform) = (&here.community.slug, &here.instance.platform);
        let aside = self
            .core
            .options
            .home
            .join("communities/.trash")
            .join(format!("{now}-{slug}-{platform}-replaced"));
        let (copy, kept) = (from.to_owned(), aside.clone());
        off_the_loop(move || saved::put_back(&copy, &folder, &kept)).await?;
        Ok(aside)
    }

    async fn here(&self, actor: &Actor, slug: &Slug, platform: &PlatformId) -> Result<Here, Fault> {
        let (asking, slug, platform) = (actor.clone(), slug.clone(), platform.clone());
        let (rules, home) = (self.core.rules(), self.core.options.home.clone());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::Backup, None)?;
                let community = seen(reader, &asking, &slug)?;
                let manifest = rules.manifest(&platform)?;
                let instance = reader.instance_of(community.id, &platform)?;
                let Some(instance) = instance.filter(|_| manifest.runs_here()) else {
                    return Err(Fault::new(
                        FaultKind::Unsupported,
                        format!("{} of {slug} holds nothing on this host.", manifest.name),
                    )
                    .hint("What lives elsewhere is saved there."));
                };
                tenants::require_own(
                    &rules,
                    &instance,
                    "its folder cannot be saved or put back without theirs",
                )?;
                let folder = scene::data_folder(&home, &slug, &platform);
                if !folder.is_dir() {
                    return Err(Fault::new(
                        FaultKind::NotFound,
                        format!("Nothing of {} was made for {slug} yet.", manifest.name),
                    )
                    .hint("Activate it first."));
                }
                let marker = facts::recall(reader, instance.id, facts::MARKER)?;
                Ok(Here {
                    marker: marker.unwrap_or_default(),
                    community,
                    instance,
                    folder,
                })
            })
            .await
    }

    async fn require_off(&self, here: &Here) -> Result<(), Fault> {
        let core = &self.core;
        let never = CancellationToken::new();
        let tools = local::lent(&core.runner, &core.http, &never);
        let service = supervisor::folder_of(&here.folder);
        let state = core
            .options
            .registry
            .supervisor()
            .state(&tools, &service)
            .await?;
        if state.is_some_and(|state| state.kept) {
            return Err(Fault::new(
                FaultKind::InUse,
                format!("{} runs; nothing was changed.", here.instance.platform),
            )
            .hint(format!(
                "Deactivate it first: guildhall instance deactivate {} {}",
                here.community.slug, here.instance.platform
            )));
        }
        Ok(())
    }

    async fn write_down(
        &self,
        actor: &Actor,
        verb: &'static str,
        here: &Here,
        where_to: &Path,
    ) -> Result<(), Fault> {
        let (label, detail) = (submit::label(actor), where_to.display().to_string());
        let subject = format!("{}/{}", here.community.slug, here.instance.platform);
        let community = here.community.id;
        self.core
            .change(move |writer, rules| {
                let permitted = AuditResult::Permitted;
                rules.audit(
                    writer,
                    &label,
                    verb,
                    &subject,
                    Some(community),
                    permitted,
                    &detail,
                )
            })
            .await
    }
}

/// Copying may take long; the loop goes on meanwhile.
async fn off_the_loop<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Fault> + Send + 'static,
) -> Result<T, Fault> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Fault::new(FaultKind::Internal, "Copying was broken off.")
            .hint("Try again.")
            .detail(error)
    })?
}
