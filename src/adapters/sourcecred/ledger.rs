//! The ledger: names, balances, distributions. It cannot be made again, so it is never replaced and never started empty.

use crate::{
    domain::{Fault, FaultKind},
    services::files,
};
use std::path::Path;

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

/// How many events the ledger has.
///
/// # Errors
/// [`FaultKind::Storage`] when it is missing, or is neither `[]` nor one JSON event a line (sheet: sourcecred, health).
pub fn check(path: &Path) -> Result<usize, Fault> {
    let damaged = |detail: String| {
        Fault::new(
            FaultKind::Storage,
            format!("The ledger {} is damaged; nothing was run.", path.display()),
        )
        .hint("Put back an archived copy of it; it is never begun anew, because balances are people's.")
        .detail(detail)
    };
    let bytes = files::read(path)?.ok_or_else(|| damaged("the file is missing".to_owned()))?;
    let text = std::str::from_utf8(&bytes).map_err(|error| damaged(error.to_string()))?;
    if text.trim() == "[]" {
        return Ok(0);
    }
    let mut events = 0;
    for (number, line) in text.trim_end().lines().enumerate() {
        let event: serde_json::Value = serde_json::from_str(line)
            .map_err(|error| damaged(format!("line {}: {error}", number + 1)))?;
        if !event.is_object() {
            return Err(damaged(format!("line {} is no event", number + 1)));
        }
        events += 1;
    }
    if events == 0 {
        return Err(damaged("the file is empty".to_owned()));
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_empty_cut_or_foreign_ledger_is_damaged_and_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.json");
        assert_eq!(check(&path).unwrap_err().kind, FaultKind::Storage);
        begin(&path).unwrap();
        assert_eq!(check(&path), Ok(0));
        for (text, events) in [
            ("{\"a\":1}\n{\"b\":2}\n", Some(2)),
            ("{\"a\":1}\n{\"b\":", None),
            ("", None),
            ("[1]", None),
            ("<html>", None),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(check(&path).ok(), events, "{text:?}");
            begin(&path).unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
}
