//! Shared runtimes: one read-only folder per platform and version, used by every instance.
//!
//! An installation is made beside (`.<name>.new`), verified there, and becomes the runtime by one rename. Its steps are
//! journaled where the runtime is, not in an operation: it is shared by instances and by Guildhalls, and a step that
//! one of them finished counts for all. Whatever is killed at any instant, the next one goes on from the last
//! finished step. A runtime that is there already, laid by whomever, is used when its description fits.
//!
//! | file | what it knows |
//! |---|---|
//! | `steps` | what every installation has: lock, marks, log, switch |
//! | `npm`, `python` | one recipe each |
//! | `source` | sources from a pinned commit or a folder of this host |
//! | `trouble` | a full disk, no network, a program that was killed |
//! | `clearing` | what lies there, and taking it away |

mod clearing;
mod npm;
mod python;
mod source;
mod steps;
mod trouble;

pub use clearing::{Laid, clear, laid};
pub use npm::{NpmRecipe, ensure_npm};
pub use python::{FrontEnd, Manage, PythonRecipe, ensure_python};
pub use source::{Origin, Source};
pub use steps::{Tools, Watch, folder_beside};

use super::files;
use crate::domain::Fault;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The file in a runtime's folder that describes it.
const DESCRIPTION: &str = "guildhall-runtime.json";
/// What stands in a runtime's folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Description {
    /// The platform's version.
    pub version: String,
    /// What is run, and its first arguments; `{runtime}` stands for the folder.
    pub program: Vec<String>,
    /// The site that every instance shares, below the folder.
    pub site: Option<String>,
    /// Where its sources came from, by their names.
    #[serde(default)]
    pub sources: BTreeMap<String, String>,
    /// When it was installed.
    pub installed_at: Timestamp,
}

/// A runtime that can be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Runtime {
    /// Its folder.
    pub folder: PathBuf,
    /// Its description.
    pub description: Description,
}

impl Runtime {
    /// What is run.
    #[must_use]
    pub fn program(&self) -> OsString {
        self.described(0).unwrap_or_default().into()
    }

    /// The arguments that come before those of the call.
    #[must_use]
    pub fn first_arguments(&self) -> Vec<String> {
        (1..self.description.program.len())
            .filter_map(|place| self.described(place))
            .collect()
    }

    /// The folder of the shared site.
    #[must_use]
    pub fn site(&self) -> Option<PathBuf> {
        Some(self.folder.join(self.description.site.as_deref()?))
    }

    fn described(&self, place: usize) -> Option<String> {
        let word = self.description.program.get(place)?;
        Some(word.replace("{runtime}", &self.folder.to_string_lossy()))
    }
}

/// The runtime in this folder, when there is a finished one of this version.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn find(runtimes: &Path, name: &str, version: &str) -> Result<Option<Runtime>, Fault> {
    let folder = runtimes.join(name);
    let described: Option<Description> = files::read_json(&folder.join(DESCRIPTION))?;
    Ok(described
        .filter(|description| description.version == version && !description.program.is_empty())
        .map(|description| Runtime {
            folder,
            description,
        }))
}
