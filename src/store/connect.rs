//! Connections with every setting set and read back: the library's defaults differ, and some settings fail in silence.

use super::fault;
use crate::domain::{Fault, FaultKind};
use rusqlite::{Connection, OpenFlags, config::DbConfig};
use std::{path::Path, time::Duration};

/// How long a connection waits for another process's write.
const BUSY: Duration = Duration::from_secs(5);

/// Distinct statements of this room; above this, statements would be compiled again and again.
const STATEMENTS: usize = 192;

/// A connection that may write. The file must exist: creation is `migrate`'s.
pub(super) fn to_write(path: &Path) -> Result<Connection, Fault> {
    let connection = open(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    let taken: String = connection
        .pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))
        .map_err(|error| fault::from_sqlite(&error))?;
    if taken != "wal" {
        return Err(refused_setting("journal_mode", "wal", &taken));
    }
    set(&connection, "synchronous", 2)?;
    set(&connection, "foreign_keys", 1)?;
    // Forgotten rows are overwritten: among them are sealed keys.
    set(&connection, "secure_delete", 1)?;
    set(&connection, "journal_size_limit", 16 * 1024 * 1024)?;
    // What undoes one change of a commit would otherwise go through a file in the folder for temporary ones: pages of this
    // database outside of its home, a second full disk to fail on, and two thirds of everything written.
    set(&connection, "temp_store", 2)?;
    Ok(connection)
}

/// A connection that only reads. It can still copy the file (`VACUUM INTO`), which `query_only` would forbid.
pub(super) fn to_read(path: &Path) -> Result<Connection, Fault> {
    open(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}

fn open(path: &Path, access: OpenFlags) -> Result<Connection, Fault> {
    // No URI: a folder may hold '?' or '%'. No mutex: each connection belongs to one thread.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| fault::from_sqlite(&error))?;
    connection
        .busy_timeout(BUSY)
        .map_err(|error| fault::from_sqlite(&error))?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    set(&connection, "trusted_schema", 0)?;
    set(&connection, "cell_size_check", 1)?;
    for (setting, value) in [
        // A mistyped column would otherwise be read as a text.
        (DbConfig::SQLITE_DBCONFIG_DQS_DML, false),
        (DbConfig::SQLITE_DBCONFIG_DQS_DDL, false),
        (DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true),
        // Otherwise a statement is compiled a second time as soon as it has its first values, to look at statistics
        // that are not kept.
        (DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true),
    ] {
        connection
            .set_db_config(setting, value)
            .map_err(|error| fault::from_sqlite(&error))?;
        let taken = connection
            .db_config(setting)
            .map_err(|error| fault::from_sqlite(&error))?;
        if taken != value {
            return Err(refused_setting(
                &format!("{setting:?}"),
                &value.to_string(),
                &taken.to_string(),
            ));
        }
    }
    Ok(connection)
}

fn set(connection: &Connection, name: &str, value: i64) -> Result<(), Fault> {
    let taken = connection
        .pragma_update(None, name, value)
        .and_then(|()| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0)))
        .map_err(|error| fault::from_sqlite(&error))?;
    if taken == value {
        Ok(())
    } else {
        Err(refused_setting(
            name,
            &value.to_string(),
            &taken.to_string(),
        ))
    }
}

fn refused_setting(name: &str, wanted: &str, taken: &str) -> Fault {
    Fault::new(
        FaultKind::Storage,
        format!("The database did not take the setting {name} = {wanted}; it answers {taken}."),
    )
    .hint("Put the folder on a local disk that allows shared memory and locks, or name another with --home.")
}
