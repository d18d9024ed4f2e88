//! What lies where in an instance's folder, and the marker by which a folder is known as ours.

use crate::{
    adapters::contract::Site,
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
    /// The tool's version.
    pub version: String,
    /// The folder of shared runtimes.
    pub runtimes: PathBuf,
    /// Where the tool works.
    pub root: PathBuf,
}

/// An instance's folder. What the tool reads lies in `root`; what is ours alone lies in `own`, which is the same
/// folder unless somebody else's folder was adopted.
#[derive(Debug, Clone)]
pub struct Folder {
    root: PathBuf,
    own: PathBuf,
}

impl Folder {
    /// The folder of an instance: its own, or the adopted one.
    ///
    /// # Errors
    /// [`FaultKind::Internal`] when the recorded place cannot be read.
    pub fn of(site: &Site) -> Result<Self, Fault> {
        let adopted: Option<PathBuf> = site.fact("folder")?;
        let own = site.data_folder.clone();
        Ok(Self {
            root: adopted.unwrap_or_else(|| own.clone()),
            own,
        })
    }

    /// A folder by its place.
    #[must_use]
    pub fn at(root: &Path, own: &Path) -> Self {
        Self {
            root: root.to_owned(),
            own: own.to_owned(),
        }
    }

    /// Where the tool works.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where our own files lie.
    #[must_use]
    pub fn own(&self) -> &Path {
        &self.own
    }

    /// Something below the folder.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.root.join(name)
    }

    /// The ledger.
    #[must_use]
    pub fn ledger(&self) -> PathBuf {
        self.path("data/ledger.json")
    }

    /// The lock of every run and every edit of the ledger.
    #[must_use]
    pub fn lock(&self) -> PathBuf {
        self.path(".lock")
    }

    /// The marker's file.
    #[must_use]
    pub fn marker_file(&self) -> PathBuf {
        self.own.join("guildhall.json")
    }

    /// Results and logs of runs.
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.own.join("runs")
    }

    /// The supervisor's files.
    #[must_use]
    pub fn service(&self) -> PathBuf {
        supervisor::folder_of(&self.own)
    }

    /// The marker, when there is one.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn marker(&self) -> Result<Option<Marker>, Fault> {
        files::read_json(&self.marker_file())
    }

    /// Whether the folder carries this instance's marker.
    ///
    /// # Errors
    /// [`FaultKind::Storage`].
    pub fn is_ours(&self, site: &Site) -> Result<bool, Fault> {
        Ok(self
            .marker()?
            .is_some_and(|marker| marker.instance == site.marker))
    }
}

/// Refuses what a link cannot do: it is only pointed at.
///
/// # Errors
/// [`FaultKind::Unsupported`].
pub fn refuse_link(site: &Site) -> Result<(), Fault> {
    if site.kind == InstanceKind::Link {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "This SourceCred is somebody else's site, of which only the scores are read.",
        )
        .hint("Ask whoever runs it, or make an instance of your own."));
    }
    Ok(())
}
