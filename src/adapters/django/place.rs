//! What lies where in an instance's folder, and the marker by which it is known as ours.

use crate::{
    adapters::contract::Site,
    domain::{Fault, FaultKind},
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

/// An instance's folder.
#[derive(Debug, Clone)]
pub struct Place {
    folder: PathBuf,
}

impl Place {
    /// The folder of an instance.
    #[must_use]
    pub fn of(site: &Site) -> Self {
        Self::at(&site.data_folder)
    }

    /// A folder by its path.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self {
            folder: folder.to_owned(),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
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
        self.folder.join("guildhall.json")
    }

    /// Whether the folder carries this instance's marker.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn is_ours(&self, site: &Site) -> Result<bool, Fault> {
        let marker: Option<Marker> = files::read_json(&self.marker_file())?;
        Ok(marker.is_some_and(|marker| marker.instance == site.marker))
    }

    /// Makes the folder, and marks it as this instance's.
    ///
    /// # Errors
    /// [`FaultKind::Conflict`] when another instance's things lie there, [`FaultKind::Storage`].
    pub fn claim(&self, site: &Site, key: &str) -> Result<(), Fault> {
        if self.is_ours(site)? {
            return Ok(());
        }
        if self.marker_file().exists() || self.database().exists() {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "The folder {} holds another instance; nothing was changed.",
                    self.folder.display()
                ),
            )
            .hint("Move it away and try again."));
        }
        files::make_folder(&self.folder)?;
        let marker = Marker {
            instance: site.marker.clone(),
            key: key.to_owned(),
            installation: site.installation.clone(),
        };
        files::write_json(&self.marker_file(), &marker)
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

    /// Removes everything, the marker last: as long as it is there, an interrupted removal knows whose folder this is.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn remove(&self) -> Result<(), Fault> {
        let entries = std::fs::read_dir(&self.folder)
            .map_err(|error| files::storage("A folder cannot be read", &self.folder, &error))?;
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            if path != self.marker_file() {
                files::remove(&path)?;
            }
        }
        files::remove(&self.folder)
    }
}
