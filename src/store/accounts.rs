//! Accounts: identities of ours on platforms.

use super::{
    Reader, Writer,
    columns::{Columns, millis},
    fault,
};
use crate::domain::{Account, AccountId, CommunityId, Fault, PlatformId};
use jiff::Timestamp;

/// What is recorded of a new account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// On which platform.
    pub platform: PlatformId,
    /// What to call it, unique among those of its platform and community.
    pub name: String,
    /// The community it works for; none for the installation's own.
    pub community: Option<CommunityId>,
    /// What it is called on the platform, where that is known.
    pub external_id: Option<String>,
}

const ACCOUNT: &str =
    "SELECT id, platform, name, community, external_id, contact, created_at FROM accounts";

fn account(row: &rusqlite::Row<'_>) -> rusqlite::Result<Account> {
    let mut columns = Columns::of(row);
    Ok(Account {
        id: AccountId(columns.value()?),
        platform: columns.platform()?,
        name: columns.value()?,
        community: columns.value::<Option<i64>>()?.map(CommunityId),
        external_id: columns.value()?,
        contact: columns.value()?,
        created_at: columns.time()?,
    })
}

impl Reader<'_> {
    /// An account by its row.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn account(&self, id: AccountId) -> Result<Account, Fault> {
        self.one(&format!("{ACCOUNT} WHERE id = ?1"), [id.0], account)?
            .ok_or_else(|| fault::not_found("account", id))
    }

    /// Every account, by platform and name.
    ///
    /// # Errors
    /// As the module says.
    pub fn accounts(&self) -> Result<Vec<Account>, Fault> {
        self.many(
            &format!("{ACCOUNT} ORDER BY platform, name, id"),
            [],
            account,
        )
    }

    /// The accounts on a platform that work for a community; with none, the installation's own.
    ///
    /// # Errors
    /// As the module says.
    pub fn accounts_of(
        &self,
        community: Option<CommunityId>,
        platform: &PlatformId,
    ) -> Result<Vec<Account>, Fault> {
        self.many(
            &format!("{ACCOUNT} WHERE community IS ?1 AND platform = ?2 ORDER BY id"),
            (community.map(|id| id.0), platform.as_str()),
            account,
        )
    }
}

impl Writer<'_> {
    /// Records an account.
    ///
    /// # Errors
    /// `Conflict` when its name is taken, `NotFound` when there is no such community.
    pub fn insert_account(&self, new: &NewAccount, now: Timestamp) -> Result<Account, Fault> {
        self.attempt(
            "INSERT INTO accounts (platform, name, community, external_id, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5)",
            (
                new.platform.as_str(),
                &new.name,
                new.community.map(|id| id.0),
                &new.external_id,
                millis(now),
            ),
        )
        .map_err(|error| {
            if fault::is_duplicate(&error) {
                fault::conflict(
                    format!(
                        "There is an account {} on {} already.",
                        new.name, new.platform
                    ),
                    "Choose another name.",
                )
            } else if fault::is_dangling(&error) {
                fault::not_found("community", new.community.map_or(0, |id| id.0))
            } else {
                fault::from_sqlite(&error)
            }
        })?;
        self.account(AccountId(self.last_id()))
    }

    /// Records what an account is called on its platform.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_account_external_id(&self, id: AccountId, external_id: &str) -> Result<(), Fault> {
        self.change_one(
            "account",
            id,
            "UPDATE accounts SET external_id = ?2 WHERE id = ?1",
            (id.0, external_id),
        )
    }

    /// Records who can be asked about an account.
    ///
    /// # Errors
    /// `NotFound`.
    pub fn set_account_contact(&self, id: AccountId, contact: &str) -> Result<(), Fault> {
        self.change_one(
            "account",
            id,
            "UPDATE accounts SET contact = ?2 WHERE id = ?1",
            (id.0, contact),
        )
    }

    /// Forgets an account that holds no key any more.
    ///
    /// # Errors
    /// `NotFound`, `Conflict` while it holds keys.
    pub fn forget_account(&self, id: AccountId) -> Result<(), Fault> {
        let account = self.account(id)?;
        if !self.credentials(id)?.is_empty() {
            return Err(fault::conflict(
                format!("Account {} still holds keys.", account.name),
                "Forget its keys first.",
            ));
        }
        self.change("DELETE FROM accounts WHERE id = ?1", [id.0])
            .map(drop)
    }
}
