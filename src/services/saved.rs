//! What an instance on this host holds, saved into a folder from which it can be put back.
//!
//! Databases are copied whole while they are in use. Left out is what is made again by itself, and what holds secrets: the
//! vault has those, and they are written anew at the next start.

use super::{
    database,
    files::{self, storage},
};
use crate::domain::{Fault, FaultKind};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs::{self, File},
    io::{self, Read as _},
    path::{Path, PathBuf},
};

/// What is not saved, by the name of file or folder.
const LEFT_OUT: [&str; 9] = [
    "service",
    "broker",
    "control",
    "upgrade",
    "safety",
    "env",
    "instance.json",
    "beat",
    ".lock",
];
/// What is not saved, by the end of its name.
const ENDINGS: [&str; 5] = [".log", ".new", "-wal", "-shm", "-journal"];
/// The file that says what a saved folder is.
const ABOUT: &str = "saved.json";
/// How a database of SQLite begins (its file format, 1.3).
const SQLITE: &[u8; 16] = b"SQLite format 3\0";

/// What was saved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// The instance's marker.
    pub instance: String,
    /// Its community.
    pub community: String,
    /// Its platform.
    pub platform: String,
    /// When.
    pub at: Timestamp,
    /// The digest of every file (SHA-256), by its path: a database that was cut can still look whole to SQLite.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
}

/// Saves a folder into another one that is not there yet: whole or not at all, and looked through afterwards.
///
/// # Errors
/// [`FaultKind::Conflict`] when something lies there already; [`FaultKind::Storage`].
pub fn save(data: &Path, to: &Path, about: &About) -> Result<(), Fault> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("{} is there already; nothing was saved.", to.display()),
        )
        .hint("Name a folder that is not there yet."));
    }
    let beside = beside(to);
    files::remove(&beside)?;
    copy(data, &beside)?;
    let about = About {
        files: digests(&beside)?,
        ..about.clone()
    };
    files::write_json(&beside.join(ABOUT), &about)?;
    check(&beside)?;
    files::rename(&beside, to)
}

/// What a saved folder is, when everything in it is whole.
///
/// # Errors
/// [`FaultKind::BadInput`] when it is none, [`FaultKind::Storage`] when something in it is damaged.
pub fn check(saved: &Path) -> Result<About, Fault> {
    let about: About = files::read_json(&saved.join(ABOUT))?.ok_or_else(|| {
        Fault::new(
            FaultKind::BadInput,
            format!(
                "{} holds nothing that was saved from here.",
                saved.display()
            ),
        )
        .hint("Name a folder that guildhall service save made.")
    })?;
    let mut found = digests(saved)?;
    found.remove(ABOUT);
    if found != about.files {
        return Err(Fault::new(
            FaultKind::Storage,
            format!("{} is not as it was saved.", saved.display()),
        )
        .hint("Take another copy; one file at least was changed, cut or lost."));
    }
    for path in all(saved)? {
        if is_database(&path)? {
            database::require_whole(&path)?;
        }
    }
    Ok(about)
}

fn digests(folder: &Path) -> Result<BTreeMap<String, String>, Fault> {
    let mut digests = BTreeMap::new();
    for path in all(folder)? {
        let failed = |error| storage("A file cannot be read", &path, &error);
        let mut hash = Sha256::new();
        let mut file = File::open(&path).map_err(failed)?;
        io::copy(&mut file, &mut hash).map_err(failed)?;
        let name = path.strip_prefix(folder).unwrap_or(&path);
        let digest = hash
            .finalize()
            .iter()
            .fold(String::new(), |mut digits, byte| {
                // Writing to a String does not fail.
                let _ = write!(digits, "{byte:02x}");
                digits
            });
        digests.insert(name.to_string_lossy().into_owned(), digest);
    }
    Ok(digests)
}

/// Puts what was saved in the place of a folder that is not in use, which is kept at `aside`.
///
/// # Errors
/// As [`check`]; the folder stands as it was then, or the fault says where it lies.
pub fn put_back(saved: &Path, data: &Path, aside: &Path) -> Result<(), Fault> {
    check(saved)?;
    let beside = beside(data);
    files::remove(&beside)?;
    copy(saved, &beside)?;
    files::remove(&beside.join(ABOUT))?;
    aside.parent().map_or(Ok(()), files::make_folder)?;
    files::rename(data, aside)?;
    take_the_place(&beside, data, aside)
}

/// Puts a folder where another one stood, which was moved aside; what stood goes back when that fails.
fn take_the_place(beside: &Path, data: &Path, aside: &Path) -> Result<(), Fault> {
    let Err(fault) = files::rename(beside, data) else {
        return Ok(());
    };
    let Err(second) = files::rename(aside, data) else {
        return Err(fault);
    };
    Err(Fault::new(
        FaultKind::Storage,
        format!(
            "{} is empty or somebody else's now: neither what was saved nor what it held before could be put there.",
            data.display()
        ),
    )
    .hint(format!(
        "Nothing is lost: what it held before lies whole in {}, what was saved in {}. Clear the place, then move one of them there.",
        aside.display(),
        beside.display()
    ))
    .detail(format!("{fault}; {second}")))
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    path.with_file_name(name)
}

fn is_left_out(name: &str) -> bool {
    LEFT_OUT.contains(&name) || ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// Every file below a folder but what is left out. Links are not followed.
fn all(folder: &Path) -> Result<Vec<PathBuf>, Fault> {
    let failed = |error| storage("A folder cannot be read", folder, &error);
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if is_left_out(&entry.file_name().to_string_lossy()) {
                continue;
            }
            let kind = entry.file_type().map_err(failed)?;
            if kind.is_dir() {
                waiting.push(entry.path());
            } else if kind.is_file() {
                found.push(entry.path());
            }
        }
    }
    Ok(found)
}

fn copy(from: &Path, to: &Path) -> Result<(), Fault> {
    files::make_folder(to)?;
    for path in all(from)? {
        let target = to.join(path.strip_prefix(from).unwrap_or(&path));
        target.parent().map_or(Ok(()), files::make_folder)?;
        if is_database(&path)? {
            database::save(&path, &target)?;
        } else {
            fs::copy(&path, &target)
                .map_err(|error| storage("A file cannot be copied", &path, &error))?;
        }
    }
    Ok(())
}

fn is_database(path: &Path) -> Result<bool, Fault> {
    let mut start = Vec::new();
    File::open(path)
        .and_then(|file| file.take(SQLITE.len() as u64).read_to_end(&mut start))
        .map_err(|error| storage("A file cannot be read", path, &error))?;
    Ok(start == SQLITE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    fn about() -> About {
        About {
            instance: "marker".to_owned(),
            community: "rosewood".to_owned(),
            platform: "thing".to_owned(),
            at: Timestamp::UNIX_EPOCH,
            files: BTreeMap::new(),
        }
    }

    #[test]
    fn what_was_saved_is_put_back_without_secrets_and_only_when_it_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir_all(at("data/service")).unwrap();
        fs::create_dir_all(at("data/config")).unwrap();
        for (name, text) in [
            ("data/instance.json", "a secret"),
            ("data/service/web.log", "lines"),
            ("data/config/a.json", "{}"),
        ] {
            fs::write(at(name), text).unwrap();
        }
        let open = || Connection::open(at("data/db.sqlite3")).unwrap();
        // Open and written while it is saved, as by a service that runs.
        let running = open();
        running
            .execute_batch("PRAGMA journal_mode=WAL; CREATE TABLE t (x); INSERT INTO t VALUES (1);")
            .unwrap();
        save(&at("data"), &at("saved"), &about()).unwrap();
        assert!(!at("saved/instance.json").exists() && !at("saved/service").exists());
        let again = save(&at("data"), &at("saved"), &about());
        assert_eq!(again.unwrap_err().kind, FaultKind::Conflict);

        running.execute("DELETE FROM t", []).unwrap();
        drop(running);
        put_back(&at("saved"), &at("data"), &at("trash/former")).unwrap();
        let count = open().query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0));
        assert_eq!(count.unwrap(), 1);
        assert_eq!(fs::read_to_string(at("data/config/a.json")).unwrap(), "{}");
        assert!(!at("data/saved.json").exists() && at("trash/former/instance.json").exists());

        let mut bytes = fs::read(at("saved/db.sqlite3")).unwrap();
        bytes.truncate(5000);
        fs::write(at("saved/db.sqlite3"), bytes).unwrap();
        let damaged = put_back(&at("saved"), &at("data"), &at("trash/second"));
        assert_eq!(damaged.unwrap_err().kind, FaultKind::Storage);
        assert!(at("data/db.sqlite3").is_file() && !at("trash/second").exists());
        let none = check(&at("data")).unwrap_err();
        assert_eq!(none.kind, FaultKind::BadInput);
    }

    #[test]
    fn what_can_go_neither_forth_nor_back_is_told_with_the_places_where_both_lie() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in ["data.new", "trash/former", "data"] {
            fs::create_dir_all(at(name)).unwrap();
            fs::write(at(name).join("db.sqlite3"), name).unwrap();
        }
        // Somebody made the folder anew between the two moves.
        let fault = take_the_place(&at("data.new"), &at("data"), &at("trash/former")).unwrap_err();
        let hint = &fault.hint;
        for place in ["trash/former", "data.new"] {
            assert!(hint.contains(&at(place).display().to_string()), "{hint}");
            assert!(at(place).join("db.sqlite3").is_file(), "{place}");
        }
        fs::remove_dir_all(at("data")).unwrap();
        fs::remove_dir_all(at("data.new")).unwrap();
        // Nothing to put there: what stood stands again.
        take_the_place(&at("data.new"), &at("data"), &at("trash/former")).unwrap_err();
        assert!(at("data/db.sqlite3").is_file() && !at("trash/former").exists());
    }
}
