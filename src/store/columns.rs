//! From columns to the domain's types and back.

use crate::domain::{CommunityId, Fault, FaultKind, PlatformId, Slug};
use jiff::Timestamp;
use rusqlite::{
    Row,
    types::{FromSql, Type},
};
use serde::{Serialize, de::DeserializeOwned};
use std::str::FromStr;

/// Unix milliseconds of a time.
pub(super) fn millis(time: Timestamp) -> i64 {
    time.as_millisecond()
}

/// A value as the text of a JSON column.
pub(super) fn json_text(value: &impl Serialize) -> Result<String, Fault> {
    serde_json::to_string(value).map_err(|error| {
        Fault::new(
            FaultKind::Internal,
            "A value could not be put into the database's form.",
        )
        .hint("This is a mistake of Guildhall; please report it.")
        .detail(error)
    })
}

/// Communities as the JSON list that a query takes apart again; none stays none: all of them.
pub(super) fn only_these(communities: Option<&[CommunityId]>) -> Result<Option<String>, Fault> {
    communities.map(|ids| json_text(&ids)).transpose()
}

/// Takes the columns of a row from left to right, in the order of the query.
pub(super) struct Columns<'row> {
    row: &'row Row<'row>,
    next: usize,
}

impl<'row> Columns<'row> {
    pub fn of(row: &'row Row<'row>) -> Self {
        Self { row, next: 0 }
    }

    pub fn value<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        let index = self.step();
        self.row.get(index)
    }

    pub fn word<T: FromStr<Err = String>>(&mut self) -> rusqlite::Result<T> {
        let index = self.step();
        let text: String = self.row.get(index)?;
        text.parse().map_err(|message: String| bad(index, message))
    }

    pub fn time(&mut self) -> rusqlite::Result<Timestamp> {
        let index = self.step();
        Timestamp::from_millisecond(self.row.get(index)?).map_err(|error| bad(index, error))
    }

    pub fn time_or_none(&mut self) -> rusqlite::Result<Option<Timestamp>> {
        let index = self.step();
        self.row
            .get::<_, Option<i64>>(index)?
            .map(|time| Timestamp::from_millisecond(time).map_err(|error| bad(index, error)))
            .transpose()
    }

    pub fn json<T: DeserializeOwned>(&mut self) -> rusqlite::Result<T> {
        let index = self.step();
        let text: String = self.row.get(index)?;
        serde_json::from_str(&text).map_err(|error| bad(index, error))
    }

    pub fn json_or_none<T: DeserializeOwned>(&mut self) -> rusqlite::Result<Option<T>> {
        let index = self.step();
        self.row
            .get::<_, Option<String>>(index)?
            .map(|text| serde_json::from_str(&text).map_err(|error| bad(index, error)))
            .transpose()
    }

    pub fn platform(&mut self) -> rusqlite::Result<PlatformId> {
        self.value::<String>().map(PlatformId::new)
    }

    pub fn slug(&mut self) -> rusqlite::Result<Slug> {
        let index = self.step();
        let text: String = self.row.get(index)?;
        text.parse().map_err(|error| bad(index, error))
    }

    /// A count, which is never negative.
    pub fn count(&mut self) -> rusqlite::Result<u32> {
        self.value()
    }

    fn step(&mut self) -> usize {
        let index = self.next;
        self.next += 1;
        index
    }
}

/// Never carries the value itself: it may be foreign text.
fn bad(column: usize, why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, why.into())
}
