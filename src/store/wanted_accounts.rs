//! Accounts that somebody wants and that are not there yet.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::{Fault, PlatformId, WantedAccount, WantedAccountId};
use jiff::Timestamp;

const WANTED: &str =
    "SELECT id, platform, name, contact, actor, marker, note, asked_at FROM wanted_accounts";

fn wanted(row: &rusqlite::Row<'_>) -> rusqlite::Result<WantedAccount> {
    let mut columns = Columns::of(row);
    Ok(WantedAccount {
        id: WantedAccountId(columns.value()?),
        platform: columns.platform()?,
        name: columns.value()?,
        contact: columns.value()?,
        actor: columns.value()?,
        marker: columns.value()?,
        note: columns.value()?,
        asked_at: columns.time()?,
    })
}

impl Reader<'_> {
    /// An account that is wanted, by its row.
    ///
    /// # Errors
    /// `NotFound`, also once it is there or is not wanted any more.
    pub fn wanted_account(&self, id: WantedAccountId) -> Result<WantedAccount, Fault> {
        self.one(&format!("{WANTED} WHERE id = ?1"), [id.0], wanted)?
            .ok_or_else(|| fault::not_found("wanted account", id))
    }

    /// The wanted account of this name, if there is one.
    ///
    /// # Errors
    /// As the module says.
    pub fn wanted_account_named(
        &self,
        platform: &PlatformId,
        name: &str,
    ) -> Result<Option<WantedAccount>, Fault> {
        self.one(
            &format!("{WANTED} WHERE platform = ?1 AND name = ?2"),
            (platform.as_str(), name),
            wanted,
        )
    }

    /// Every wanted account, those first that have been wanted for longest.
    ///
    /// # Errors
    /// As the module says.
    pub fn wanted_accounts(&self) -> Result<Vec<WantedAccount>, Fault> {
        self.many(&format!("{WANTED} ORDER BY asked_at, id"), [], wanted)
    }

    /// How many accounts are wanted.
    ///
    /// # Errors
    /// As the module says.
    pub fn count_wanted_accounts(&self) -> Result<u64, Fault> {
        let counted: Option<u32> =
            self.one("SELECT count(*) FROM wanted_accounts", [], |row| row.get(0))?;
        Ok(u64::from(counted.unwrap_or(0)))
    }

    /// Which process makes it now, as far as that was written down.
    ///
    /// # Errors
    /// As the module says.
    pub fn holder_of_wanted_account(&self, id: WantedAccountId) -> Result<Option<String>, Fault> {
        let held = self.one(
            "SELECT holder FROM wanted_accounts WHERE id = ?1",
            [id.0],
            |row| row.get::<_, Option<String>>(0),
        )?;
        Ok(held.flatten())
    }
}

impl Writer<'_> {
    /// Writes down that an account is wanted.
    ///
    /// # Errors
    /// `Conflict` when one of that name is wanted already.
    pub fn insert_wanted_account(
        &self,
        new: &WantedAccount,
        now: Timestamp,
    ) -> Result<WantedAccount, Fault> {
        self.attempt(
            "INSERT INTO wanted_accounts (platform, name, contact, actor, marker, asked_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            (
                new.platform.as_str(),
                &new.name,
                &new.contact,
                &new.actor,
                &new.marker,
                millis(now),
            ),
        )
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    format!("An account {} is asked for already.", new.name),
                    "Its step is among the tasks.",
                )
            } else {
                fault::from_sqlite(&error)
            }
        })?;
        self.wanted_account(WantedAccountId(self.last_id()))
    }

    /// Writes down which process makes it now, or with none that no process does any more.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn hold_wanted_account(
        &self,
        id: WantedAccountId,
        holder: Option<&str>,
    ) -> Result<(), Fault> {
        self.change_one(
            "wanted account",
            id,
            "UPDATE wanted_accounts SET holder = ?2 WHERE id = ?1",
            (id.0, holder),
        )
    }

    /// Writes down why it is not there yet.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn note_wanted_account(&self, id: WantedAccountId, note: &str) -> Result<(), Fault> {
        self.change_one(
            "wanted account",
            id,
            "UPDATE wanted_accounts SET note = ?2 WHERE id = ?1",
            (id.0, note),
        )
    }

    /// Takes it off the list: it is there, or nobody wants it any more.
    ///
    /// # Errors
    /// As the module says.
    pub fn drop_wanted_account(&self, id: WantedAccountId) -> Result<(), Fault> {
        self.change("DELETE FROM wanted_accounts WHERE id = ?1", [id.0])
            .map(drop)
    }
}
