//! Keys that are due to be replaced: older than an operator lets keys of their platform become, or about to stop working.
//! It is told and proposed; replacing one stays somebody's decision.

use super::{Engine, rotation, rules::Rules, submit::label, titles};
use crate::{
    catalog::Manifest,
    domain::{
        Actor, AuditResult, Capability, CredentialId, CredentialMeta, CredentialState, Fault,
        FaultKind, IntentKind, PlatformId, RotationReason, Verb, counted,
    },
    store::Reader,
};
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;
use std::collections::BTreeMap;

/// A key that stops working within so many days is due.
const SOON_DAYS: i64 = 14;
/// The most days that a key may be let become old: ten years.
const MOST_DAYS: u32 = 3_650;

/// A key that should be replaced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Due {
    /// Which.
    pub key: CredentialId,
    /// Its age or its end.
    pub reason: RotationReason,
    /// Whether it has stopped working already.
    pub over: bool,
    /// Completes "The key ...": "is older than 90 days".
    pub words: String,
}

fn setting(platform: &PlatformId) -> String {
    format!("key-age.{platform}")
}

fn ago(now: Timestamp, days: i64) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * days))
        .unwrap_or(Timestamp::MIN)
}

fn soon(now: Timestamp) -> Timestamp {
    now.checked_add(SignedDuration::from_hours(24 * SOON_DAYS))
        .unwrap_or(Timestamp::MAX)
}

/// The fields of a platform whose keys are secrets that can be replaced.
fn replaceable(manifest: &Manifest) -> Vec<&str> {
    if manifest.capability(Verb::Rotate) == Capability::Unsupported {
        return Vec::new();
    }
    let secret = manifest.credentials.iter().filter(|known| known.secret);
    secret.map(|known| known.field.as_str()).collect()
}

/// Whether a key of a platform is due. One that is being replaced is not.
pub(super) fn of(
    reader: &Reader<'_>,
    rules: &Rules,
    platform: &PlatformId,
    key: &CredentialMeta,
) -> Result<Option<Due>, Fault> {
    let in_use = matches!(
        key.state,
        CredentialState::Active | CredentialState::Unverified
    );
    if !in_use || rotation::is_under_way(reader, key.id)? {
        return Ok(None);
    }
    let due = |reason, over, words| {
        Ok(Some(Due {
            key: key.id,
            reason,
            over,
            words,
        }))
    };
    match key.expires_at {
        Some(at) if at <= rules.now => {
            let words = "has stopped working".to_owned();
            return due(RotationReason::Expiry, true, words);
        }
        Some(at) if at <= soon(rules.now) => {
            let words = format!("stops working within {SOON_DAYS} days");
            return due(RotationReason::Expiry, false, words);
        }
        _ => {}
    }
    let Some(days) = reader.setting::<u32>(&setting(platform))? else {
        return Ok(None);
    };
    let manifest = rules.manifest(platform)?;
    if key.created_at > ago(rules.now, i64::from(days))
        || !replaceable(manifest).contains(&key.field.as_str())
    {
        return Ok(None);
    }
    let words = format!("is older than {}", counted(days, "day", "days"));
    due(RotationReason::Age, false, words)
}

/// How many keys are due.
pub(super) fn count(reader: &Reader<'_>, rules: &Rules) -> Result<u64, Fault> {
    let mut count = reader.count_keys_ending(soon(rules.now))?;
    for heading in rules.catalog.headings() {
        if let Some(days) = reader.setting::<u32>(&setting(&heading.id))? {
            let before = ago(rules.now, i64::from(days));
            let fields = replaceable(rules.manifest(&heading.id)?);
            count += reader.count_keys_older(&heading.id, &fields, before, soon(rules.now))?;
        }
    }
    Ok(count)
}

impl Engine {
    /// How many days keys may become old, by platform; platforms without a rule are left out.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn key_ages(&self, actor: &Actor) -> Result<BTreeMap<PlatformId, u32>, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                let mut ages = BTreeMap::new();
                for heading in rules.catalog.headings() {
                    if let Some(days) = reader.setting(&setting(&heading.id))? {
                        ages.insert(heading.id.clone(), days);
                    }
                }
                Ok(ages)
            })
            .await
    }

    /// Says how many days keys of a platform may become old; none for as old as they like.
    ///
    /// # Errors
    /// `NotAllowed`; `BadInput` for no days, or more than ten years; `Unsupported` where no key can be replaced; `NotFound`,
    /// `Storage`.
    pub async fn set_key_age(
        &self,
        actor: &Actor,
        platform: &PlatformId,
        days: Option<u32>,
    ) -> Result<(), Fault> {
        self.core.require_writable()?;
        if days.is_some_and(|days| days == 0 || days > MOST_DAYS) {
            return Err(Fault::new(
                FaultKind::BadInput,
                "A key cannot be replaced every so many days; nothing was changed.",
            )
            .hint(format!("Give 1 to {MOST_DAYS} days, or never.")));
        }
        let (asking, platform) = (actor.clone(), platform.clone());
        self.core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::SetAccountPolicy, None)?;
                let manifest = rules.manifest(&platform)?;
                if days.is_some() && replaceable(manifest).is_empty() {
                    return Err(Fault::new(
                        FaultKind::Unsupported,
                        format!(
                            "Keys of {} cannot be replaced, so no age is kept for them.",
                            manifest.name
                        ),
                    )
                    .hint("The platform's page in the catalog says why."));
                }
                match days {
                    Some(days) => writer.set_setting(&setting(&platform), &days)?,
                    None => writer.forget_setting(&setting(&platform))?,
                }
                let name = titles::platform(&rules.catalog, &platform);
                let detail = match days {
                    Some(days) => format!("keys of {name}: {}", counted(days, "day", "days")),
                    None => format!("keys of {name}: as old as they like"),
                };
                rules.audit(
                    writer,
                    &label(&actor),
                    "key-age",
                    platform.as_str(),
                    None,
                    AuditResult::Done,
                    &detail,
                )
            })
            .await?;
        self.core.emit_changed(None);
        Ok(())
    }
}
