//! Whether the file is whole.

use super::fault;
use crate::domain::Fault;
use rusqlite::Connection;
use std::path::Path;

/// How closely a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Pages and rows (9 ms for 110,000 rows).
    Quick,
    /// Also every index against its table, and every reference.
    Whole,
}

/// The most findings that are listed: one is enough to act on.
const MOST: u32 = 20;

/// Above this size a look at every start would cost more than the first screen may: 1 MiB takes about 2 ms.
const CHEAP: u64 = 1024 * 1024;

/// The first thing that is wrong with a file, where looking costs next to nothing.
///
/// # Errors
/// `Storage` when it cannot even be read.
pub(super) fn look_if_cheap(connection: &Connection, path: &Path) -> Result<Option<String>, Fault> {
    if std::fs::metadata(path).map_or(true, |about| about.len() > CHEAP) {
        return Ok(None);
    }
    problems(connection, Depth::Quick).map(|found| found.into_iter().next())
}

/// What is wrong with a file, in the database library's words. Empty for a good one.
///
/// # Errors
/// `Storage` when it cannot even be read.
pub(super) fn problems(connection: &Connection, depth: Depth) -> Result<Vec<String>, Fault> {
    let check = match depth {
        Depth::Quick => format!("PRAGMA quick_check({MOST})"),
        Depth::Whole => format!("PRAGMA integrity_check({MOST})"),
    };
    let mut found: Vec<String> = connection
        .prepare(&check)
        .and_then(|mut statement| {
            statement
                .query_map([], |row| row.get::<_, String>(0))?
                .collect()
        })
        .map_err(|error| fault::from_sqlite(&error))?;
    found.retain(|line| line != "ok");
    if depth == Depth::Whole {
        let dangling: Vec<String> = connection
            .prepare("PRAGMA foreign_key_check")
            .and_then(|mut statement| {
                statement
                    .query_map([], |row| {
                        Ok(format!(
                            "a row of {} refers to a missing row of {}",
                            row.get::<_, String>(0)?,
                            row.get::<_, String>(2)?
                        ))
                    })?
                    .take(MOST as usize)
                    .collect()
            })
            .map_err(|error| fault::from_sqlite(&error))?;
        found.extend(dangling);
    }
    Ok(found)
}
