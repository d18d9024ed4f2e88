//! What a command works with: the options, the streams, and the open installation.

use super::{
    arguments::Globals, descriptors::Descriptors, logging, output::Output, place::Place, prompt,
    simulation::Simulation,
};
use crate::{
    adapters::registry::Registry,
    catalog::Catalog,
    domain::{Actor, ActorId, Community, Fault, FaultKind, PlatformId, Slug},
    engine::{Engine, EngineOptions, views::VaultState},
    services::supervisor::Supervisor,
    vault::{Unlocker, WorkFactor},
};
use std::{
    fs::File,
    io::Read,
    path::{Path, PathBuf},
    sync::Arc,
};

/// Says how services on this host are run: `plain` for processes of Guildhall's own, else systemd where it is there.
const SUPERVISOR: &str = "GUILDHALL_SUPERVISOR";

/// What every command is given.
pub struct Context {
    /// What was asked for on the command line.
    pub globals: Globals,
    /// Where the installation lies.
    pub place: Place,
    /// The streams.
    pub out: Output,
    /// Where secrets come from.
    pub descriptors: Descriptors,
}

/// An open installation, and who acts in it.
pub struct Hall {
    /// The engine.
    pub engine: Engine,
    /// Who acts.
    pub actor: Actor,
    /// The simulated platforms, served as long as this lives.
    _simulation: Option<Simulation>,
}

impl Context {
    /// What is known of the platforms.
    ///
    /// # Errors
    /// `BadInput` when a manifest of the operator is wrong.
    pub fn catalog(&self) -> Result<Catalog, Fault> {
        Ok(Catalog::load(Some(&self.place.config.join("platforms")))?)
    }

    /// The options for an engine, and the simulated platforms it talks to in the sandbox.
    ///
    /// # Errors
    /// As [`Context::catalog`]; what starting the simulation returns.
    pub async fn options(&self) -> Result<(EngineOptions, Option<Simulation>), Fault> {
        let home = self.place.home.clone();
        let catalog = Arc::new(self.catalog()?);
        let mut options = EngineOptions::new(home, catalog, registry(self.globals.sandbox));
        options.config = Some(self.place.config.clone());
        options.read_only = self.globals.read_only;
        options.sandbox = self.globals.sandbox;
        if self.globals.confined {
            options.only = self.globals.actor.map(ActorId);
        }
        if !self.globals.sandbox {
            return Ok((options, None));
        }
        // Nothing there has to be protected, and nobody should wait for it.
        options.limits.work_factor = WorkFactor::TRIFLING;
        let simulation = Simulation::begin(&self.place.home).await?;
        options.overrides = simulation.overrides();
        options.runner = simulation.runner()?;
        Ok((options, Some(simulation)))
    }

    /// Opens the installation, and its vault where the command line says how.
    ///
    /// # Errors
    /// `NotFound` when there is none; `Storage` or `InUse` when it cannot be used; `Locked` when the vault does not open.
    pub async fn open(&self) -> Result<Hall, Fault> {
        let hall = self.open_locked().await?;
        if let Some(unlocker) = self.unlocker()?
            && hall.engine.vault_state() == VaultState::Locked
        {
            hall.engine.unlock(unlocker).await?;
        }
        Ok(hall)
    }

    /// Opens the installation; its vault only where that needs nobody.
    ///
    /// # Errors
    /// As [`Context::open`].
    pub async fn open_locked(&self) -> Result<Hall, Fault> {
        // The sandbox would make its folder; an installation that is not there leaves no trace of having been asked for.
        if !Engine::exists(&self.place.home) {
            return Err(self.none_here());
        }
        self.begin_log();
        let (options, simulation) = self.options().await?;
        let engine = Engine::open(options).await?;
        let actor = engine.actor(self.globals.actor.map(ActorId)).await?;
        Ok(Hall {
            engine,
            actor,
            _simulation: simulation,
        })
    }

    /// Begins the log. Without it everything else works, so that is said and no more.
    pub fn begin_log(&self) {
        if let Err(fault) = logging::begin(&self.place.home) {
            self.out.advise(&format!("guildhall: {fault}"));
        }
    }

    /// What the command line gives to unlock the vault with.
    ///
    /// # Errors
    /// `BadInput` when a descriptor or file cannot be read.
    pub fn unlocker(&self) -> Result<Option<Unlocker>, Fault> {
        if let Some(path) = &self.globals.identity_file {
            return self.by_file(path).map(Some);
        }
        if let Some(passphrase) = self.descriptors.passphrase()? {
            return Ok(Some(Unlocker::Passphrase(passphrase)));
        }
        Ok(self.descriptors.recovery_key()?.map(Unlocker::RecoveryKey))
    }

    fn by_file(&self, path: &Path) -> Result<Unlocker, Fault> {
        if !is_ssh_key(path)? {
            return Ok(Unlocker::IdentityFile(path.to_owned()));
        }
        let passphrase = self.descriptors.passphrase()?;
        Ok(Unlocker::SshIdentity(path.to_owned(), passphrase))
    }

    fn none_here(&self) -> Fault {
        Fault::new(
            FaultKind::NotFound,
            format!("There is no installation in {}.", self.place.home.display()),
        )
        .hint("Name its folder with --home, or set one up: guildhall init --name NAME")
    }

    /// Asks before something is done that is hard to take back; yes where the command line says so.
    ///
    /// # Errors
    /// `BadInput` when nobody is there to ask; `Cancelled` when the answer is no.
    pub fn confirm(&self, question: &str) -> Result<(), Fault> {
        if self.globals.yes {
            return Ok(());
        }
        if !prompt::somebody_is_there() {
            return Err(Fault::new(
                FaultKind::BadInput,
                "This is only done when it is confirmed, and nobody is there to ask.",
            )
            .hint("Add --yes when you are sure."));
        }
        if prompt::agrees(question)? {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::Cancelled,
            "It was not confirmed, so nothing was done.",
        )
        .hint("Run the command again to be asked again."))
    }
}

/// The adapters, and what keeps their services: in the sandbox, and where the operator says so, without systemd, so that
/// nothing is left outside the folder of the installation. Who names systemd has its units also in the sandbox.
fn registry(sandbox: bool) -> Registry {
    let named = std::env::var(SUPERVISOR).unwrap_or_default();
    let supervisor = Supervisor::default();
    if named == "plain" || sandbox && named != "systemd" {
        return Registry::kept_by(&supervisor.without_systemd());
    }
    Registry::kept_by(&supervisor)
}

/// Private SSH keys say so on their first line; age identities do not.
fn is_ssh_key(path: &Path) -> Result<bool, Fault> {
    let mut head = [0; 64];
    let read = File::open(path)
        .and_then(|mut file| file.read(&mut head))
        .map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                format!("The key file {} cannot be read.", path.display()),
            )
            .hint("Give the path of an age identity or of a private SSH key.")
            .detail(error)
        })?;
    Ok(head[..read].starts_with(b"-----BEGIN OPENSSH PRIVATE KEY"))
}

impl Hall {
    /// The community of a short name.
    ///
    /// # Errors
    /// `BadInput` when that is no short name, `NotFound` when there is no such community for this actor.
    pub async fn community(&self, slug: &str) -> Result<Community, Fault> {
        let slug = self::slug(slug)?;
        Ok(self.engine.community(&self.actor, &slug).await?.community)
    }

    /// The platform of a name.
    ///
    /// # Errors
    /// `NotFound`, with the nearest name there is.
    pub fn platform(&self, name: &str) -> Result<PlatformId, Fault> {
        platform(self.engine.catalog(), name)
    }

    /// Puts away what is in flight, before the process ends.
    pub async fn close(self) {
        self.engine.shutdown().await;
    }
}

/// A short name as it was written.
///
/// # Errors
/// `BadInput` with the reason.
pub fn slug(text: &str) -> Result<Slug, Fault> {
    text.parse::<Slug>().map_err(|error| {
        let shown: String = crate::domain::clean_line(text).chars().take(40).collect();
        Fault::new(
            FaultKind::BadInput,
            format!("{shown:?} is no community's short name: {error}."),
        )
        .hint(match Slug::suggest(text) {
            Ok(suggestion) => format!("Write it like this: {suggestion}"),
            Err(_) => "Write one like this: rosewood-coop".to_owned(),
        })
    })
}

/// A platform by its name in commands.
///
/// # Errors
/// `NotFound`, with the nearest name there is.
pub fn platform(catalog: &Catalog, name: &str) -> Result<PlatformId, Fault> {
    let id = PlatformId::new(name);
    if catalog.get(&id).is_some() {
        return Ok(id);
    }
    let shown: String = crate::domain::clean_line(name).chars().take(40).collect();
    let fault = Fault::new(
        FaultKind::NotFound,
        format!("There is no platform {shown:?} in the catalog."),
    );
    if let Some(near) = catalog.nearest(name) {
        return Err(fault.hint(format!("Did you mean {near}?")));
    }
    let all: Vec<&str> = catalog
        .iter()
        .map(|manifest| manifest.id.as_str())
        .collect();
    Err(fault.hint(format!("There are: {}.", all.join(", "))))
}

/// The file that protects the keys of the sandbox, which nobody has to keep.
pub fn sandbox_identity(home: &Path) -> PathBuf {
    home.join("sandbox.identity")
}
