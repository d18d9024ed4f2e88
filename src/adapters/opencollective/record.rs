//! What the adapter remembers of an instance. Addresses of webhooks are secrets of other platforms and are kept as one.

use super::account::{Account, Owner};
use super::{WEBHOOK_ADDRESSES, web_page};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

const COLLECTIVE: &str = "collective";
const HOOKS: &str = "webhooks";

/// The collective, as last written or read by an operation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Collective {
    /// Stable.
    pub id: String,
    /// The only name in payloads of webhooks.
    pub legacy_id: Option<u64>,
    /// May be changed by a person.
    pub slug: String,
    /// Whether it existed before; it carries no marker then.
    pub adopted: bool,
    /// The texts as the server gave them back, which is not always as they were sent.
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
    /// The host that was applied to, or that was there at adoption.
    pub host: Option<String>,
    /// Whether it was archived when an operation last looked.
    pub archived: bool,
}

impl Collective {
    pub fn from_account(account: &Account, adopted: bool) -> Self {
        Self {
            id: account.id.clone(),
            legacy_id: account.legacy_id,
            slug: account.slug.clone(),
            adopted,
            name: account.name.clone(),
            description: account.description.clone(),
            tags: account.tags.clone(),
            host: account.host_slug().map(str::to_owned),
            archived: account.is_archived,
        }
    }

    /// Takes over what the server gave back.
    pub fn take_echo(&mut self, account: &Account) {
        let fresh = Self::from_account(account, self.adopted);
        let host = fresh.host.clone().or_else(|| self.host.take());
        *self = Self { host, ..fresh };
    }

    pub fn of(op: &Op) -> Result<Option<Self>, Halt> {
        Ok(op.fact::<Self>(COLLECTIVE)?.or_else(|| bare(op.site())))
    }

    pub fn at(site: &Site) -> Result<Option<Self>, Fault> {
        Ok(site.fact::<Self>(COLLECTIVE)?.or_else(|| bare(site)))
    }

    pub async fn save(&self, op: &Op) -> Result<(), Halt> {
        op.remember(COLLECTIVE, self).await
    }

    pub async fn forget(op: &Op) -> Result<(), Halt> {
        op.forget(COLLECTIVE).await
    }

    pub fn presence(&self, site: &Site, account: &Account) -> Presence {
        Presence {
            external_id: self.id.clone(),
            url: web_page(site, &self.slug),
            kind: if account.is_admin {
                InstanceKind::Account
            } else {
                InstanceKind::Link
            },
            made_by_us: !self.adopted,
            note: account.money_note(),
        }
    }

    /// Whether the account may be written to: there, ours, administered.
    pub fn check(&self, site: &Site, account: Option<Account>) -> Result<Account, Fault> {
        let slug = &self.slug;
        let Some(account) = account else {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("The collective {slug} is not there any more; nothing was changed."),
            )
            .hint("Remove the instance here, or make a new one."));
        };
        if !self.adopted && account.owner(site) != Owner::Us {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!("The collective {slug} does not carry our marker any more; nothing was written to it."),
            )
            .hint("Look at who changed it; adopt it if it is yours."));
        }
        if !account.is_admin {
            return Err(Fault::new(
                FaultKind::ScopeMissing,
                format!("Our user is not an administrator of {slug}; nothing was changed."),
            )
            .hint("Let an administrator of the collective invite our user on its team page."));
        }
        Ok(account)
    }
}

/// Without the adapter's own record, the instance's is enough to find the object.
fn bare(site: &Site) -> Option<Collective> {
    site.external_id.as_ref().map(|id| Collective {
        id: id.clone(),
        adopted: !site.made_by_us,
        ..Collective::default()
    })
}

/// One webhook of ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Hook {
    /// The instance it announces to.
    pub peer: i64,
    /// What is announced; one webhook each for a user and a collective.
    pub activity: String,
    /// Its id; none while it is not there.
    pub id: Option<String>,
    /// The host of its address, which may be shown.
    pub host: String,
}

impl Hook {
    /// Names it among the secret addresses.
    pub fn key(&self) -> String {
        format!("{} {}", self.peer, self.activity)
    }
}

/// Our webhooks.
pub(super) fn hooks(op: &Op) -> Result<Vec<Hook>, Halt> {
    Ok(op.fact(HOOKS)?.unwrap_or_default())
}

/// Our webhooks, as of the beginning.
pub(super) fn hooks_at(site: &Site) -> Result<Vec<Hook>, Fault> {
    Ok(site.fact(HOOKS)?.unwrap_or_default())
}

pub(super) async fn save_hooks(op: &Op, hooks: &[Hook]) -> Result<(), Halt> {
    if hooks.is_empty() {
        return op.forget(HOOKS).await;
    }
    op.remember(HOOKS, &hooks).await
}

/// The addresses of our webhooks, by [`Hook::key`].
pub(super) struct Addresses(BTreeMap<String, String>);

impl Addresses {
    pub fn of(op: &Op) -> Result<Self, Fault> {
        let secret = match op.secret(WEBHOOK_ADDRESSES) {
            Ok(secret) => secret,
            Err(fault) if fault.kind == FaultKind::NeedsKey => return Ok(Self(BTreeMap::new())),
            Err(fault) => return Err(fault),
        };
        // Never with the parser's words: they may quote what was parsed.
        serde_json::from_str(secret.expose_secret())
            .map(Self)
            .map_err(|_| {
                Fault::new(
                    FaultKind::Internal,
                    "The kept addresses of the webhooks cannot be read.",
                )
                .hint("Disconnect and connect again.")
            })
    }

    pub fn get(&self, hook: &Hook) -> Option<SecretString> {
        self.0.get(&hook.key()).cloned().map(SecretString::from)
    }

    pub async fn put(&mut self, op: &Op, hook: &Hook, address: &SecretString) -> Result<(), Halt> {
        let address = address.expose_secret().to_owned();
        self.0.insert(hook.key(), address);
        self.save(op).await
    }

    pub async fn take(&mut self, op: &Op, hook: &Hook) -> Result<(), Halt> {
        if self.0.remove(&hook.key()).is_none() {
            return Ok(());
        }
        self.save(op).await
    }

    async fn save(&self, op: &Op) -> Result<(), Halt> {
        if self.0.is_empty() {
            return op.drop_secret(WEBHOOK_ADDRESSES).await;
        }
        let text = serde_json::to_string(&self.0).map_err(|_| {
            Fault::new(
                FaultKind::Internal,
                "The addresses of the webhooks cannot be kept.",
            )
            .hint("This is a mistake of Guildhall; please report it.")
        })?;
        op.keep_secret(WEBHOOK_ADDRESSES, SecretString::from(text), None)
            .await
    }
}
