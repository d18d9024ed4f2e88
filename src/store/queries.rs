//! The two faces of a transaction: what can be read, and what can be changed.

use super::{fault, keys_digest::Remembered};
use crate::domain::Fault;
use rusqlite::{Connection, OptionalExtension, Params, Row};
use std::{cell::RefCell, ops::Deref};

/// One consistent view of the store, for as long as the closure runs that was given it.
pub struct Reader<'transaction> {
    connection: &'transaction Connection,
}

/// One transaction that may change the store; also a [`Reader`] of its own changes.
pub struct Writer<'transaction> {
    reader: Reader<'transaction>,
    /// What the stored keys were before this transaction first changed one; none while it has not.
    pub(super) keys_before: RefCell<Option<String>>,
    pub(super) remembered: &'transaction Remembered,
}

impl<'transaction> Deref for Writer<'transaction> {
    type Target = Reader<'transaction>;

    fn deref(&self) -> &Self::Target {
        &self.reader
    }
}

impl<'transaction> Reader<'transaction> {
    pub(super) fn over(connection: &'transaction Connection) -> Self {
        Self { connection }
    }

    /// The row a query finds, if any.
    pub(super) fn one<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnOnce(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Option<T>, Fault> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_row(params, map).optional())
            .map_err(|error| fault::from_sqlite(&error))
    }

    /// Every row a query finds.
    pub(super) fn many<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> Result<Vec<T>, Fault> {
        self.connection
            .prepare_cached(sql)
            .and_then(|mut statement| statement.query_map(params, map)?.collect())
            .map_err(|error| fault::from_sqlite(&error))
    }

    /// Every row a query finds, one at a time, for as long as the visitor answers true.
    pub(super) fn each<T>(
        &self,
        sql: &str,
        params: impl Params,
        map: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
        mut visit: impl FnMut(T) -> bool,
    ) -> Result<(), Fault> {
        let walk = || {
            let mut statement = self.connection.prepare_cached(sql)?;
            for row in statement.query_map(params, map)? {
                if !visit(row?) {
                    break;
                }
            }
            Ok(())
        };
        walk().map_err(|error| fault::from_sqlite(&error))
    }

    pub(super) fn connection(&self) -> &'transaction Connection {
        self.connection
    }
}

impl<'transaction> Writer<'transaction> {
    pub(super) fn over(
        connection: &'transaction Connection,
        remembered: &'transaction Remembered,
    ) -> Self {
        Self {
            reader: Reader::over(connection),
            keys_before: RefCell::new(None),
            remembered,
        }
    }

    /// Changes rows and says how many.
    pub(super) fn change(&self, sql: &str, params: impl Params) -> Result<usize, Fault> {
        self.attempt(sql, params)
            .map_err(|error| fault::from_sqlite(&error))
    }

    /// Like [`Writer::change`], with the library's own error where the caller tells a broken rule apart.
    pub(super) fn attempt(&self, sql: &str, params: impl Params) -> rusqlite::Result<usize> {
        self.connection()
            .prepare_cached(sql)
            .and_then(|mut statement| statement.execute(params))
    }

    /// Changes exactly the row that was named by id; no such row is a fault of kind `NotFound`.
    pub(super) fn change_one(
        &self,
        what: &str,
        id: impl std::fmt::Display,
        sql: &str,
        params: impl Params,
    ) -> Result<(), Fault> {
        match self.change(sql, params)? {
            0 => Err(fault::not_found(what, id)),
            _ => Ok(()),
        }
    }

    /// The id that the last insertion was given.
    pub(super) fn last_id(&self) -> i64 {
        self.connection().last_insert_rowid()
    }
}
