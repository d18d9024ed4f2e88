//! Where a key lies in the clear: the files of local services, searched for the key itself.

use secrecy::{ExposeSecret, SecretString};
use std::{
    collections::VecDeque,
    fs,
    path::{Path, PathBuf},
};
use zeroize::Zeroizing;

/// Files larger than this hold no settings.
const LARGEST: u64 = 4 * 1024 * 1024;
/// The most files that one search reads.
const MOST_FILES: usize = 20_000;
/// Folders of code that others wrote: no key is written into them.
const CODE: [&str; 4] = ["node_modules", ".git", "site-packages", "__pycache__"];

/// The files below these folders that hold the secret, in their order. What cannot be read is passed over: it belongs to
/// somebody else.
pub(super) fn of(secret: &SecretString, folders: &[PathBuf]) -> Vec<PathBuf> {
    let needle = secret.expose_secret().as_bytes();
    let mut queue: VecDeque<PathBuf> = folders.iter().cloned().collect();
    let (mut found, mut read) = (Vec::new(), 0);
    while let Some(folder) = queue.pop_front() {
        let Ok(entries) = fs::read_dir(&folder) else {
            continue;
        };
        for entry in entries.flatten() {
            let (path, Ok(kind)) = (entry.path(), entry.file_type()) else {
                continue;
            };
            if kind.is_dir() {
                let name = entry.file_name();
                if !CODE.iter().any(|code| *code == name) {
                    queue.push_back(path);
                }
            } else if kind.is_file() && read < MOST_FILES {
                read += 1;
                if holds(&path, needle) {
                    found.push(path);
                }
            }
        }
    }
    found.sort();
    found
}

fn holds(path: &Path, needle: &[u8]) -> bool {
    let small = fs::metadata(path).is_ok_and(|file| file.len() <= LARGEST);
    if needle.is_empty() || !small {
        return false;
    }
    fs::read(path)
        .map(Zeroizing::new)
        .is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_a_services_file_is_found_and_code_is_not_searched() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        fs::create_dir_all(data.join("node_modules")).unwrap();
        fs::write(data.join("environment"), "TOKEN=canary-secret\n").unwrap();
        fs::write(data.join("other"), "TOKEN=none\n").unwrap();
        fs::write(data.join("node_modules/x"), "canary-secret").unwrap();
        let found = of(&"canary-secret".into(), std::slice::from_ref(&data));
        assert_eq!(found, [data.join("environment")]);
        assert_eq!(of(&"".into(), &[data]), Vec::<PathBuf>::new());
    }
}
