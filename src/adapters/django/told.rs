//! The private file that an instance's processes and scripts read. It holds secrets, so it is built in memory that is
//! wiped, and never shown.

use super::place::Place;
use crate::{domain::Fault, services::files};
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet};
use zeroize::Zeroizing;

/// Lies there while what runs does not know yet what it is told.
pub const CHANGED: &str = "instance.changed";

/// What an instance is told.
#[derive(Default)]
pub struct Told {
    /// What anybody may read.
    pub plain: Map<String, Value>,
    /// The server's own secret.
    pub secret: SecretString,
    /// Keys of platforms, by the name under which the service knows them.
    pub keys: Vec<(String, SecretString)>,
}

impl Told {
    /// Writes the file; whether it differs from what was there.
    ///
    /// # Errors
    /// Storage trouble.
    pub fn write(&self, place: &Place) -> Result<bool, Fault> {
        let mut text = Zeroizing::new(String::from("{"));
        for (name, value) in &self.plain {
            let name = Value::from(name.as_str()).to_string();
            for part in ["\n  ", &name, ": ", &value.to_string(), ","] {
                text.push_str(part);
            }
        }
        text.push_str("\n  \"keys\": {");
        for (at, (name, key)) in self.keys.iter().enumerate() {
            text.push_str(if at == 0 { "\n    " } else { ",\n    " });
            text.push_str(&Value::from(name.as_str()).to_string());
            text.push_str(": ");
            text.push_str(&quoted(key));
        }
        text.push_str("},\n  \"secret_key\": ");
        text.push_str(&quoted(&self.secret));
        text.push_str("\n}\n");
        let path = place.told();
        let former = files::read(&path)?.map(Zeroizing::new);
        if former.is_some_and(|former| former.as_slice() == text.as_bytes()) {
            return Ok(false);
        }
        // Until what runs was started anew with it, also after an interruption.
        files::write(&place.path(CHANGED), b"")?;
        files::write(&path, text.as_bytes())?;
        Ok(true)
    }
}

/// A secret that is read.
struct Hidden(SecretString);

impl<'de> Deserialize<'de> for Hidden {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|text| Self(text.into()))
    }
}

#[derive(Deserialize)]
struct Held {
    secret_key: Hidden,
    #[serde(default)]
    keys: BTreeMap<String, Hidden>,
    #[serde(flatten)]
    plain: Map<String, Value>,
}

fn held(place: &Place) -> Result<Option<Held>, Fault> {
    let bytes = files::read(&place.told())?.map(Zeroizing::new);
    // A file that is not ours any more is written anew, with what the vault holds.
    Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
}

/// The server's secret in the file that is there.
///
/// # Errors
/// Storage trouble.
pub fn secret_in(place: &Place) -> Result<Option<SecretString>, Fault> {
    Ok(held(place)?
        .map(|held| held.secret_key.0)
        .filter(|secret| !secret.expose_secret().is_empty()))
}

/// The keys in the file that is there.
///
/// # Errors
/// Storage trouble.
pub fn keys_in(place: &Place) -> Result<BTreeMap<String, SecretString>, Fault> {
    Ok(held(place)?
        .map(|held| held.keys)
        .unwrap_or_default()
        .into_iter()
        .map(|(name, key)| (name, key.0))
        .collect())
}

/// Takes keys out of the file that is there; whether it held one of them.
///
/// # Errors
/// Storage trouble.
pub fn drop_keys(place: &Place, names: &BTreeSet<String>) -> Result<bool, Fault> {
    let Some(held) = held(place)? else {
        return Ok(false);
    };
    let told = Told {
        plain: held.plain,
        secret: held.secret_key.0,
        keys: held
            .keys
            .into_iter()
            .filter(|(name, _)| !names.contains(name))
            .map(|(name, key)| (name, key.0))
            .collect(),
    };
    told.write(place)
}

/// A secret as JSON writes it.
pub fn quoted(secret: &SecretString) -> Zeroizing<String> {
    Zeroizing::new(Value::from(secret.expose_secret()).to_string())
}
