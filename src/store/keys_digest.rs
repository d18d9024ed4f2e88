//! A digest of every stored key with its sealed bytes, by which the audit's chain tells of one that was put back.
//!
//! The thread that writes remembers how far it has hashed, so that storing a key costs the same whether there are ten
//! others or ten thousand. It forgets as soon as a row that it has hashed is changed, a change is undone, or another
//! process has written.

use super::{Reader, Writer, audit::hexadecimal, fault};
use crate::domain::{CredentialId, Fault};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::cell::RefCell;

/// The keys that are hashed already: all rows up to an id.
#[derive(Default)]
struct Hashed {
    up_to: i64,
    hash: Sha256,
}

impl Hashed {
    /// Hashes the rows behind the last one, and answers the digest of all.
    fn hash_the_rest(&mut self, reader: &Reader<'_>) -> Result<String, Fault> {
        let Self { up_to, hash } = self;
        reader.each(
            "SELECT id, account, field, version, sealed, inbox FROM credentials WHERE id > ?1 ORDER BY id",
            [*up_to],
            |row| {
                let mut part = |bytes: &[u8]| {
                    hash.update((bytes.len() as u64).to_be_bytes());
                    hash.update(bytes);
                };
                *up_to = row.get(0)?;
                part(&up_to.to_be_bytes());
                part(&row.get::<_, i64>(1)?.to_be_bytes());
                part(row.get_ref(2)?.as_bytes()?);
                part(&row.get::<_, i64>(3)?.to_be_bytes());
                for column in [4, 5] {
                    let bytes = row.get_ref(column)?.as_bytes_or_null()?;
                    part(&[u8::from(bytes.is_some())]);
                    part(bytes.unwrap_or_default());
                }
                Ok(())
            },
            |()| true,
        )?;
        Ok(hexadecimal(&hash.clone().finalize()))
    }
}

/// What the thread that writes remembers from one change to the next.
#[derive(Default)]
pub(super) struct Remembered {
    hashed: RefCell<Hashed>,
    /// The library's count of what others have written, when that was hashed.
    others: Option<i64>,
}

impl Remembered {
    /// Forgets where another process has written since: called in every transaction before its first change.
    pub fn heed_others(&mut self, transaction: &Connection) -> Result<(), Fault> {
        let others = transaction
            .prepare_cached("PRAGMA data_version")
            .and_then(|mut statement| statement.query_row([], |row| row.get(0)))
            .map_err(|error| fault::from_sqlite(&error))?;
        if self.others.replace(others) != Some(others) {
            self.forget();
        }
        Ok(())
    }

    /// Forgets all: what was hashed may have been undone.
    pub fn forget(&self) {
        self.hashed.take();
    }
}

impl Reader<'_> {
    /// A digest of every stored key with its sealed bytes: another one as soon as a row was changed, put back, put in or
    /// taken out. Tells nothing of the keys.
    ///
    /// # Errors
    /// As the module says.
    pub fn keys_digest(&self) -> Result<String, Fault> {
        Hashed::default().hash_the_rest(self)
    }
}

impl Writer<'_> {
    /// [`Reader::keys_digest`] from where the thread that writes has hashed to.
    ///
    /// # Errors
    /// As the module says.
    pub fn keys_digest(&self) -> Result<String, Fault> {
        self.remembered.hashed.borrow_mut().hash_the_rest(self)
    }

    /// The digest of the stored keys before this transaction first changed one, once: whoever takes it writes the witness.
    /// None where no key changed since.
    #[must_use]
    pub fn take_keys_before(&self) -> Option<String> {
        self.keys_before.take()
    }

    /// To be called before a key is changed, or stored where none is named.
    pub(super) fn note_keys(&self, changed: Option<CredentialId>) -> Result<(), Fault> {
        if self.keys_before.borrow().is_none() {
            let digest = self.keys_digest()?;
            self.keys_before.replace(Some(digest));
        }
        let hashed = self.remembered.hashed.borrow().up_to;
        if changed.is_some_and(|changed| changed.0 <= hashed) {
            self.remembered.forget();
        }
        Ok(())
    }
}
