//! What administrators asked operators for, and what became of it.

use super::{
    Reader, Writer,
    columns::{Columns, json_text, millis, only_these},
    fault,
};
use crate::domain::{CommunityId, Fault, Request, RequestId, RequestState, Wish};
use jiff::Timestamp;

/// A request in the making.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewRequest {
    /// In which community.
    pub community: CommunityId,
    /// Who asks.
    pub asked_by: String,
    /// For what.
    pub wish: Wish,
    /// Why.
    pub words: String,
}

const REQUEST: &str = "SELECT r.id, r.community, c.slug, r.asked_by, r.asked_at, r.wish, r.words, r.state, r.answered_by,
    r.answered_at, r.answer FROM requests r JOIN communities c ON c.id = r.community";

fn request(row: &rusqlite::Row<'_>) -> rusqlite::Result<Request> {
    let mut columns = Columns::of(row);
    Ok(Request {
        id: RequestId(columns.value()?),
        community: CommunityId(columns.value()?),
        slug: columns.slug()?,
        asked_by: columns.value()?,
        asked_at: columns.time()?,
        wish: columns.json()?,
        words: columns.value()?,
        state: columns.word()?,
        answered_by: columns.value()?,
        answered_at: columns.time_or_none()?,
        answer: columns.value()?,
    })
}

impl Reader<'_> {
    /// A request by its number.
    ///
    /// # Errors
    /// As the module says.
    pub fn request(&self, id: RequestId) -> Result<Option<Request>, Fault> {
        self.one(&format!("{REQUEST} WHERE r.id = ?1"), [id.0], request)
    }

    /// Requests, the open ones first and each kind the newest first; only those of these communities where they are named.
    ///
    /// # Errors
    /// As the module says.
    pub fn requests(
        &self,
        only: Option<&[CommunityId]>,
        limit: u32,
    ) -> Result<Vec<Request>, Fault> {
        self.many(
            &format!(
                "{REQUEST} WHERE ?1 IS NULL OR r.community IN (SELECT value FROM json_each(?1))
                 ORDER BY r.state <> 'open', r.id DESC LIMIT ?2"
            ),
            (only_these(only)?, limit),
            request,
        )
    }

    /// How many requests nobody has answered; only those of these communities where they are named.
    ///
    /// # Errors
    /// As the module says.
    pub fn count_open_requests(&self, only: Option<&[CommunityId]>) -> Result<u64, Fault> {
        let count: Option<u32> = self.one(
            "SELECT count(*) FROM requests WHERE state = 'open'
             AND (?1 IS NULL OR community IN (SELECT value FROM json_each(?1)))",
            [only_these(only)?],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default().into())
    }

    /// What somebody asked for, was answered by an operator, and has not seen the answer of; the newest first, only those of
    /// these communities where they are named.
    ///
    /// # Errors
    /// As the module says.
    pub fn unseen_answers(
        &self,
        asked_by: &str,
        only: Option<&[CommunityId]>,
        limit: u32,
    ) -> Result<Vec<Request>, Fault> {
        self.many(
            &format!(
                "{REQUEST} WHERE r.asked_by = ?1 AND r.state IN ('approved', 'refused') AND r.seen_at IS NULL
                 AND (?2 IS NULL OR r.community IN (SELECT value FROM json_each(?2)))
                 ORDER BY r.id DESC LIMIT ?3"
            ),
            (asked_by, only_these(only)?, limit),
            request,
        )
    }

    /// How many requests of a community nobody has answered.
    ///
    /// # Errors
    /// As the module says.
    pub fn open_requests(&self, community: CommunityId) -> Result<u32, Fault> {
        let count = self.one(
            "SELECT count(*) FROM requests WHERE community = ?1 AND state = 'open'",
            [community.0],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or_default())
    }
}

impl Writer<'_> {
    /// Records a request.
    ///
    /// # Errors
    /// `Conflict` when the same was asked for and is not answered yet.
    pub fn insert_request(&self, new: &NewRequest, now: Timestamp) -> Result<RequestId, Fault> {
        self.attempt(
            "INSERT INTO requests (community, asked_by, asked_at, wish, words, state) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                new.community.0,
                &new.asked_by,
                millis(now),
                json_text(&new.wish)?,
                &new.words,
                RequestState::Open.word(),
            ),
        )
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    "The same was asked for already, and is not answered yet.",
                    "List the requests to see where it stands.",
                )
            } else {
                fault::from_sqlite(&error)
            }
        })?;
        Ok(RequestId(self.last_id()))
    }

    /// Writes down that somebody has seen every answer to what they asked for. Answers how many were new.
    ///
    /// # Errors
    /// As the module says.
    pub fn answers_seen(&self, asked_by: &str, now: Timestamp) -> Result<usize, Fault> {
        self.change(
            "UPDATE requests SET seen_at = ?2
             WHERE asked_by = ?1 AND state IN ('approved', 'refused') AND seen_at IS NULL",
            (asked_by, millis(now)),
        )
    }

    /// Writes down what became of a request.
    ///
    /// # Errors
    /// `NotFound` when there is no such request that is open.
    pub fn answer_request(
        &self,
        id: RequestId,
        state: RequestState,
        (by, words): (&str, &str),
        now: Timestamp,
    ) -> Result<(), Fault> {
        self.change_one(
            "open request",
            id,
            "UPDATE requests SET state = ?2, answered_by = ?3, answered_at = ?4, answer = ?5
             WHERE id = ?1 AND state = 'open'",
            (id.0, state.word(), by, millis(now), words),
        )
    }
}
