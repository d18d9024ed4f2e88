//! What lies in the folder of shared runtimes, how much of the disk it takes, and taking one away.

use super::{DESCRIPTION, Description};
use crate::{
    domain::{Fault, FaultKind},
    services::{files, lock::FileLock},
};
use std::path::{Path, PathBuf};

/// How the folder of an installation that is not finished ends.
const UNFINISHED: &str = ".new";
/// How the folder of a runtime ends that is being taken away.
const GOING: &str = ".gone";

/// A runtime, or what an installation that was never finished left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// The name of the runtime, with the version.
    pub name: String,
    /// Its folder.
    pub folder: PathBuf,
    /// Whether it can be used.
    pub finished: bool,
    /// What it takes of the disk, in bytes.
    pub bytes: u64,
}

/// Everything that lies there, by name.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn laid(runtimes: &Path) -> Result<Vec<Laid>, Fault> {
    let mut found = Vec::new();
    for folder in files::folders(runtimes)? {
        let Some(entry) = folder.file_name().map(|name| name.to_string_lossy()) else {
            continue;
        };
        let described: Option<Description> = files::read_json(&folder.join(DESCRIPTION))?;
        let name = entry.trim_start_matches('.');
        let name = name
            .strip_suffix(UNFINISHED)
            .or_else(|| name.strip_suffix(GOING))
            .unwrap_or(name);
        found.push(Laid {
            name: name.to_owned(),
            finished: described.is_some() && !entry.starts_with('.'),
            bytes: files::size(&folder)?,
            folder: folder.clone(),
        });
    }
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(found)
}

/// Takes one away, with its log: under another name first, so that it is there whole or not at all.
///
/// # Errors
/// [`FaultKind::InUse`] while it is installed; [`FaultKind::Storage`].
pub fn clear(runtimes: &Path, laid: &Laid) -> Result<(), Fault> {
    let lock = runtimes.join(format!(".{}.lock", laid.name));
    let Some(_held) = FileLock::try_take(&lock)? else {
        return Err(Fault::new(
            FaultKind::InUse,
            format!("{} is being installed; it was left alone.", laid.name),
        )
        .hint("Wait until that has ended, then look again."));
    };
    let going = runtimes.join(format!(".{}{GOING}", laid.name));
    if laid.folder != going {
        files::remove(&going)?;
        files::rename(&laid.folder, &going)?;
    }
    files::remove(&going)?;
    if laid.finished {
        files::remove(&runtimes.join(format!("{}.log", laid.name)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use std::fs;

    fn lay(runtimes: &Path, name: &str, finished: bool) {
        let folder = runtimes.join(name);
        fs::create_dir_all(folder.join("venv")).unwrap();
        fs::write(folder.join("venv/python"), vec![b'x'; 100_000]).unwrap();
        if finished {
            let description = Description {
                version: "1".to_owned(),
                program: vec!["x".to_owned()],
                site: None,
                sources: std::collections::BTreeMap::new(),
                installed_at: Timestamp::UNIX_EPOCH,
            };
            files::write_json(&folder.join(DESCRIPTION), &description).unwrap();
        }
    }

    #[test]
    fn runtimes_are_known_with_their_size_and_go_whole_unless_they_are_being_installed() {
        let folder = tempfile::tempdir().unwrap();
        let runtimes = folder.path();
        lay(runtimes, "thing-1", true);
        lay(runtimes, ".thing-2.new", false);
        fs::write(runtimes.join("thing-1.log"), "lines").unwrap();
        let found = laid(runtimes).unwrap();
        let told: Vec<_> = found
            .iter()
            .map(|one| (one.name.as_str(), one.finished))
            .collect();
        assert_eq!(told, [("thing-2", false), ("thing-1", true)]);
        assert!(found.iter().all(|one| one.bytes >= 100_000), "{found:?}");

        let held = FileLock::try_take(&runtimes.join(".thing-2.lock")).unwrap();
        let fault = clear(runtimes, &found[0]).unwrap_err();
        assert_eq!(fault.kind, FaultKind::InUse);
        drop(held);
        for one in &found {
            clear(runtimes, one).unwrap();
        }
        assert_eq!(laid(runtimes).unwrap(), []);
        assert!(!runtimes.join("thing-1.log").exists());
    }
}
