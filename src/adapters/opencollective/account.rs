//! An account as the platform tells it, and the marker by which ours are known.

use super::PLATFORM;
use crate::adapters::contract::Site;
use crate::domain::{Fault, FaultKind, clean, clean_line};
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

/// An account: a collective, a user, an organisation.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of its own on the platform"
)]
pub(super) struct Account {
    pub id: String,
    pub legacy_id: Option<u64>,
    pub slug: String,
    #[serde(rename = "type")]
    pub kind: String,
    #[serde(deserialize_with = "or_default")]
    pub name: String,
    #[serde(deserialize_with = "or_default")]
    pub description: String,
    #[serde(deserialize_with = "or_default")]
    pub tags: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub is_admin: bool,
    #[serde(deserialize_with = "or_default")]
    pub is_active: bool,
    #[serde(deserialize_with = "or_default")]
    pub is_archived: bool,
    #[serde(deserialize_with = "or_default")]
    pub is_frozen: bool,
    #[serde(deserialize_with = "or_default")]
    pub is_approved: bool,
    pub settings: Value,
    pub permissions: Value,
    pub host: Option<HostReference>,
    pub host_application: Option<Application>,
}

/// The host of a collective.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct HostReference {
    pub slug: String,
}

/// An application to a host.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
pub(super) struct Application {
    #[serde(deserialize_with = "or_default")]
    pub status: String,
    pub host: Option<HostReference>,
}

/// The platform writes null where a text is empty.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// What an account says about whose it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Owner {
    /// It carries the marker of this instance.
    Us,
    /// It carries the marker of another instance.
    Other,
    /// It carries none.
    Nobody,
}

/// The marker in settings, as it is sent. Anybody can read it, so it holds a random id only (sheet: opencollective 4.2).
pub(super) fn marker(site: &Site) -> Value {
    json!({"guildhall": {"instance": site.marker}})
}

/// Whose an account with these settings is.
pub(super) fn owner(settings: &Value, site: &Site) -> Owner {
    match settings["guildhall"]["instance"].as_str() {
        Some(marker) if marker == site.marker => Owner::Us,
        Some(_) => Owner::Other,
        None => Owner::Nobody,
    }
}

impl Account {
    /// Reads an account; null is none, and what is of another shape is no knowledge of it.
    pub fn read(value: &Value) -> Result<Option<Self>, Fault> {
        if value.is_null() {
            return Ok(None);
        }
        let unreadable = || {
            Fault::new(
                FaultKind::BadAnswer,
                format!("{PLATFORM} tells an account in another shape than it promises."),
            )
            .hint("Try again in a while; if it stays so, please report it.")
        };
        let mut account: Self =
            serde_json::from_value(value.clone()).map_err(|error| unreadable().detail(error))?;
        if account.id.is_empty() {
            return Err(unreadable().detail("no id"));
        }
        account.name = clean_line(&account.name);
        account.description = clean(&account.description);
        Ok(Some(account))
    }

    pub fn is_collective(&self) -> bool {
        self.kind == "COLLECTIVE"
    }

    pub fn owner(&self, site: &Site) -> Owner {
        owner(&self.settings, site)
    }

    /// Whether the token's user administers its host too, and the token has the scope for it.
    pub fn may_be_frozen_by_us(&self) -> bool {
        self.permissions["addFunds"]["allowed"] == true
    }

    pub fn host_slug(&self) -> Option<&str> {
        self.host.as_ref().map(|host| host.slug.as_str())
    }

    /// What the money side comes to, in a short phrase.
    pub fn money_note(&self) -> String {
        match self.host_slug() {
            Some(host) if self.is_approved => format!("money held by {host}"),
            Some(host) => format!("waits for {host} to decide"),
            None => "holds no money".to_owned(),
        }
    }
}
