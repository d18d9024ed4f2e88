//! Where a key lies in the clear: the files of local services, searched for the key itself.

use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use std::{
    collections::VecDeque,
    fs,
    io::ErrorKind,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Files larger than this hold no settings.
const LARGEST: u64 = 4 * 1024 * 1024;
/// The most files that one search reads.
const MOST_FILES: usize = 20_000;
/// Folders of code that others wrote: no key is written into them.
const CODE: [&str; 4] = ["node_modules", ".git", "site-packages", "__pycache__"];

/// What a search found, and what it could not look at.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Copies {
    /// The files that hold the key.
    pub found: Vec<PathBuf>,
    /// Files and folders that could not be read, so that nobody knows what they hold.
    pub unread: Vec<PathBuf>,
    /// Why not everything was searched, in one sentence; none when everything was.
    pub incomplete: Option<String>,
}

impl Copies {
    /// A search that never began, and why.
    pub(super) fn none_because(why: &str) -> Self {
        Self {
            incomplete: Some(why.to_owned()),
            ..Self::default()
        }
    }
}

/// The files below these folders that hold the secret, in their order.
pub(super) fn of(secret: &SecretString, folders: &[PathBuf]) -> Copies {
    let needle = secret.expose_secret().as_bytes();
    let mut queue: VecDeque<PathBuf> = folders.iter().cloned().collect();
    let (mut copies, mut read) = (Copies::default(), 0);
    while let Some(folder) = queue.pop_front() {
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            // Nothing was made there.
            Err(error) if error.kind() == ErrorKind::NotFound => continue,
            Err(_) => {
                copies.unread.push(folder);
                continue;
            }
        };
        for entry in entries.flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else {
                copies.unread.push(entry.path());
                continue;
            };
            if kind.is_dir() {
                let name = entry.file_name();
                if !CODE.iter().any(|code| *code == name) {
                    queue.push_back(path);
                }
            } else if kind.is_file() {
                if read == MOST_FILES {
                    copies.incomplete = Some(format!(
                        "Only the first {MOST_FILES} files of local services were searched for copies of the key."
                    ));
                    break;
                }
                read += 1;
                match holds(&path, needle) {
                    Some(true) => copies.found.push(path),
                    Some(false) => {}
                    None => copies.unread.push(path),
                }
            }
        }
    }
    copies.found.sort();
    copies.unread.sort();
    copies
}

/// Whether a file holds it; none where it cannot be read. One that is gone meanwhile holds nothing.
fn holds(path: &Path, needle: &[u8]) -> Option<bool> {
    let read = |error: std::io::Error| (error.kind() == ErrorKind::NotFound).then_some(false);
    match fs::metadata(path) {
        Ok(file) if needle.is_empty() || file.len() > LARGEST => return Some(false),
        Ok(_) => {}
        Err(error) => return read(error),
    }
    match fs::read(path).map(Zeroizing::new) {
        Ok(bytes) => Some(bytes.windows(needle.len()).any(|window| window == needle)),
        Err(error) => read(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_key_in_a_services_file_is_found_and_code_is_not_searched() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("node_modules")).unwrap();
        fs::write(data.join("environment"), "TOKEN=canary-secret\n").unwrap();
        fs::write(data.join("other"), "TOKEN=none\n").unwrap();
        fs::write(data.join("node_modules/x"), "canary-secret").unwrap();
        let found = of(&"canary-secret".into(), std::slice::from_ref(&data));
        assert_eq!(found.found, [data.join("environment")]);
        assert_eq!((found.unread, found.incomplete), (vec![], None));
        assert_eq!(of(&"".into(), &[data]), Copies::default());
    }

    #[test]
    fn what_cannot_be_read_is_named_and_what_is_not_there_is_not() {
        let folder = tempfile::tempdir().unwrap();
        // A folder that leads to itself cannot be opened by anybody, whoever runs this.
        let round = folder.path().join("round");
        symlink(&round, &round).unwrap();
        let absent = folder.path().join("absent");
        let found = of(&"canary-secret".into(), &[round.clone(), absent]);
        assert_eq!(found.unread, [round]);
    }
}
