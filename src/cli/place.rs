//! Where an installation lies: its folder, and the folder of the operator's own files.

use crate::domain::{Fault, FaultKind};
use std::{
    env,
    ffi::OsString,
    path::{Path, PathBuf},
};

/// The variable that names the folder of the installation.
pub const HOME_VARIABLE: &str = "GUILDHALL_HOME";
/// The variable that names the folder of the operator's own files.
pub const CONFIG_VARIABLE: &str = "GUILDHALL_CONFIG";

/// The two folders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// The installation: database, logs, data. In the sandbox the folder `sandbox` of the home that was named.
    pub home: PathBuf,
    /// The operator's own manifests, keys and themes.
    pub config: PathBuf,
}

impl Place {
    /// Whether this is where this system keeps such files for this user, so that nobody has to name it.
    pub fn is_the_systems(&self) -> bool {
        directories::ProjectDirs::from("", "", "guildhall")
            .is_some_and(|dirs| dirs.data_dir() == self.home && dirs.config_dir() == self.config)
    }

    /// By option, else by environment, else where this system keeps such files.
    ///
    /// # Errors
    /// `Host` when the system names no folder for this user.
    pub fn find(home: Option<&Path>, sandbox: bool) -> Result<Self, Fault> {
        let named = home.map(Path::to_owned).or_else(|| folder(HOME_VARIABLE));
        let config = folder(CONFIG_VARIABLE);
        let (home, config) = match (named, config) {
            (Some(home), Some(config)) => (home, config),
            // What was put elsewhere on purpose does not mix with the files of the user's own installation.
            (Some(home), None) => {
                let config = home.join("config");
                (home, config)
            }
            (None, config) => {
                let dirs =
                    directories::ProjectDirs::from("", "", "guildhall").ok_or_else(|| {
                        Fault::new(
                            FaultKind::Host,
                            "This system names no folder for the files of this user.",
                        )
                        .hint(format!("Name one with --home or {HOME_VARIABLE}."))
                    })?;
                let config = config.unwrap_or_else(|| dirs.config_dir().to_owned());
                (dirs.data_dir().to_owned(), config)
            }
        };
        let home = std::path::absolute(&home).map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                format!("The folder {} cannot be used.", home.display()),
            )
            .hint("Give the full path of a folder with --home.")
            .detail(error)
        })?;
        Ok(Self {
            home: if sandbox { home.join("sandbox") } else { home },
            config,
        })
    }
}

fn folder(variable: &str) -> Option<PathBuf> {
    env::var_os(variable)
        .filter(|value: &OsString| !value.is_empty())
        .map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sandbox_has_a_home_of_its_own() {
        let place = Place::find(Some(Path::new("/srv/hall")), true).unwrap();
        assert_eq!(place.home, Path::new("/srv/hall/sandbox"));
        let place = Place::find(Some(Path::new("/srv/hall")), false).unwrap();
        assert_eq!(place.home, Path::new("/srv/hall"));
    }
}
