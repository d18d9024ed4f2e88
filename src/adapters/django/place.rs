//! What lies where in the folder of an instance's service, and the marker by which an instance's folder is known as ours.

use super::shared;
use crate::{
    adapters::{contract::Site, local},
    domain::{Fault, FaultKind, InstanceKind},
    services::{files, supervisor},
};
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// `guildhall.json`: written before anything else, so that an interrupted run is found again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Marker {
    /// The instance's marker.
    pub instance: String,
    /// The key of the creation.
    pub key: String,
    /// The installation.
    pub installation: String,
}

/// The folder of a service, and the instance's own; they are one unless several communities share the service.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
    own: PathBuf,
    name: String,
    is_shared: bool,
}

impl Place {
    /// The folders of an instance.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        let is_shared = site.kind == InstanceKind::Tenant;
        Self {
            folder: local::service_folder(site),
            own: site.data_folder.clone(),
            name: if is_shared {
                format!("{}-{}", site.installation, site.platform)
            } else {
                site.marker.clone()
            },
            is_shared,
        }
    }

    /// The same service in a folder inside its own, as for a copy of it.
    #[must_use]
    pub fn beside(&self, name: &str) -> Self {
        let folder = self.path(name);
        Self {
            own: folder.clone(),
            folder,
            name: self.name.clone(),
            is_shared: false,
        }
    }

    /// The folder of the service.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The instance's own folder.
    #[must_use]
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// By what the service is known: in its answers, and wherever it shares a queue. Holds no meaning.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether several communities share the service.
    #[must_use]
    pub fn is_shared(&self) -> bool {
        self.is_shared
    }

    /// The one private file that its processes and scripts read; 0600, with its secrets.
    #[must_use]
    pub fn told(&self) -> PathBuf {
        self.folder.join("instance.json")
    }

    /// Its database.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.folder.join("db.sqlite3")
    }

    /// The supervisor's files: description, state, logs.
    #[must_use]
    pub fn run(&self) -> PathBuf {
        supervisor::folder_of(&self.folder)
    }

    /// What our orders said.
    #[must_use]
    pub fn orders_log(&self) -> PathBuf {
        self.folder.join("orders.log")
    }

    /// Something in it.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn marker_file(&self) -> PathBuf {
        self.own.join("guildhall.json")
    }

    /// Whether the instance's own folder carries its marker.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn is_marked(&self, site: &Site) -> Result<bool, Fault> {
        let marker: Option<Marker> = files::read_json(&self.marker_file())?;
        Ok(marker.is_some_and(|marker| marker.instance == site.marker))
    }

    /// Whether the folder carries this instance's marker, and the shared service, where there is one, knows the instance.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn is_ours(&self, site: &Site) -> Result<bool, Fault> {
        Ok(self.is_marked(site)? && (!self.is_shared || shared::mine(site)?.is_some()))
    }

    /// Makes the folder, and marks it as this instance's; enters it into the shared service, where there is one.
    ///
    /// # Errors
    /// [`FaultKind::Conflict`] when another instance's things lie there, [`FaultKind::Storage`].
    pub fn claim(&self, site: &Site, key: &str) -> Result<(), Fault> {
        if !self.is_marked(site)? {
            if self.marker_file().exists() || self.own.join("db.sqlite3").exists() {
                return Err(Fault::new(
                    FaultKind::Conflict,
                    format!(
                        "The folder {} holds another instance; nothing was changed.",
                        self.own.display()
                    ),
                )
                .hint("Move it away and try again."));
            }
            files::make_folder(&self.own)?;
            let marker = Marker {
                instance: site.marker.clone(),
                key: key.to_owned(),
                installation: site.installation.clone(),
            };
            files::write_json(&self.marker_file(), &marker)?;
        }
        if self.is_shared {
            shared::enter(site)?;
        }
        Ok(())
    }

    /// The folder with our marker, which must be there.
    ///
    /// # Errors
    /// [`FaultKind::NotFound`] when it is not, [`FaultKind::Storage`].
    pub fn must_stand(&self, site: &Site) -> Result<(), Fault> {
        if self.is_ours(site)? {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "The folder {} is not there any more.",
                self.folder.display()
            ),
        )
        .hint("Put it back from a copy, or remove the instance and make it again."))
    }

    /// Removes everything of the instance's own folder, the marker last: as long as it is there, an interrupted removal
    /// knows whose folder this is.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn remove(&self) -> Result<(), Fault> {
        let entries = std::fs::read_dir(&self.own)
            .map_err(|error| files::storage("A folder cannot be read", &self.own, &error))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path != self.marker_file() {
                files::remove(&path)?;
            }
        }
        files::remove(&self.own)
    }
}
