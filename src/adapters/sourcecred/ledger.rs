//! The ledger: names, balances, distributions. It cannot be made again, so it is never replaced and never started empty.

use super::folder::Folder;
use crate::{
    domain::{Fault, FaultKind},
    services::files,
};
use jiff::Timestamp;
use serde_json::Value;
use std::path::{Path, PathBuf};

/// Makes the ledger of a new instance, unless there is one.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn begin(path: &Path) -> Result<(), Fault> {
    if files::read(path)?.is_none() {
        files::write(path, b"[]\n")?;
    }
    Ok(())
}

/// The events of the ledger. The tool takes an empty file for a new ledger, and writes one while there are no events:
/// so an empty ledger is right only as long as no copy with events was saved.
///
/// # Errors
/// [`FaultKind::Storage`] when it is missing, was emptied, or is neither empty, `[]` nor one JSON event a line (sheet:
/// sourcecred, health).
pub fn events(folder: &Folder) -> Result<Vec<Value>, Fault> {
    let events = events_in(&folder.ledger())?;
    let saved = saved(folder);
    if events.is_empty() && saved.exists() {
        let detail = format!("it is empty, and {} is not", saved.display());
        return Err(damaged(&folder.ledger(), detail));
    }
    Ok(events)
}

fn damaged(path: &Path, detail: impl std::fmt::Display) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The ledger {} is damaged; nothing was run.", path.display()),
    )
    .hint("Put back an archived copy of it; it is never begun anew, because balances are people's.")
    .detail(detail)
}

fn events_in(path: &Path) -> Result<Vec<Value>, Fault> {
    let damaged = |detail: String| damaged(path, detail);
    let bytes = files::read(path)?.ok_or_else(|| damaged("the file is missing".to_owned()))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
    if matches!(text.trim(), "" | "[]") {
        return Ok(Vec::new());
    }
    let mut events = Vec::new();
    for (number, line) in text.trim_end().lines().enumerate() {
        let event: Value = serde_json::from_str(line)
            .map_err(|error| damaged(format!("line {}: {error}", number + 1)))?;
        if !event.is_object() {
            return Err(damaged(format!("line {} is no event", number + 1)));
        }
        events.push(event);
    }
    Ok(events)
}

/// How many events the ledger has.
///
/// # Errors
/// As [`events`].
pub fn check(folder: &Folder) -> Result<usize, Fault> {
    events(folder).map(|events| events.len())
}

/// Checks the ledger, and copies one with events: a run adds to it.
///
/// # Errors
/// As [`check`].
pub fn save(folder: &Folder) -> Result<(), Fault> {
    if check(folder)? > 0
        && let Some(bytes) = files::read(&folder.ledger())?
    {
        files::write(&saved(folder), &bytes)?;
    }
    Ok(())
}

/// How many events the saved copy has, where the ledger is damaged and the copy is whole.
///
/// # Errors
/// [`FaultKind::Storage`] when the ledger cannot be read.
pub fn restorable(folder: &Folder) -> Result<Option<usize>, Fault> {
    files::read(&folder.ledger())?;
    if check(folder).is_ok() || !saved(folder).exists() {
        return Ok(None);
    }
    Ok(events_in(&saved(folder)).ok().map(|events| events.len()))
}

/// Puts the saved copy in the place of a damaged ledger, which is kept beside it; a whole one is left alone.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn restore(folder: &Folder) -> Result<(), Fault> {
    if restorable(folder)?.is_none() {
        return Ok(());
    }
    let ledger = folder.ledger();
    if let Some(bytes) = files::read(&ledger)? {
        let now = Timestamp::now().as_second();
        let kept = folder.own().join(format!("ledger.damaged-{now}.json"));
        files::write(&kept, &bytes)?;
    }
    if let Some(bytes) = files::read(&saved(folder))? {
        files::make_folder(ledger.parent().unwrap_or(folder.root()))?;
        files::write(&ledger, &bytes)?;
    }
    Ok(())
}

fn saved(folder: &Folder) -> PathBuf {
    folder.own().join("ledger.saved.json")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_emptied_cut_or_foreign_ledger_is_damaged_and_left_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = Folder::at(place.path(), place.path());
        let path = folder.ledger();
        assert_eq!(check(&folder).unwrap_err().kind, FaultKind::Storage);
        std::fs::create_dir(place.path().join("data")).unwrap();
        begin(&path).unwrap();
        for (text, events) in [
            ("[]\n", Some(0)),
            ("", Some(0)),
            ("{\"a\":1}\n{\"b\":2}\n", Some(2)),
            ("{\"a\":1}\n{\"b\":", None),
            ("[1]", None),
            ("<html>", None),
            // The copy of the two events is there now.
            ("", None),
            ("[]\n", None),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(check(&folder).ok(), events, "{text:?}");
            assert_eq!(save(&folder).is_ok(), events.is_some());
            begin(&path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
