//! What becomes of a key that is entered for an account that is wanted, and of the settings that come with it.

use super::{maker, owner, require_unheld};
use crate::{
    domain::{Fault, FaultKind, PlatformId, WantedAccount, clean_line},
    engine::{
        held::Examined,
        rules::Rules,
        scene,
        submit::{After, Applied},
        views::Receipt,
    },
    store::{Reader, Writer},
};
use std::collections::BTreeMap;

/// What becomes of a key that was entered for a wanted account, where it is the one with which the platform makes it: used
/// for that, and forgotten. None where it is the account's own key.
pub(in crate::engine) fn made_with(
    reader: &Reader<'_>,
    rules: &Rules,
    wanted: &WantedAccount,
    examined: &Examined,
) -> Result<Option<Applied>, Fault> {
    let manifest = rules.manifest(&wanted.platform)?;
    let Some(field) = maker(rules, manifest) else {
        return Ok(None);
    };
    let lent: BTreeMap<_, _> = examined
        .entries
        .iter()
        .filter(|(known, _)| *known == field)
        .map(|(known, secret)| (known.clone(), secret.clone()))
        .collect();
    if lent.is_empty() || lent.len() < examined.entries.len() {
        return Ok(None);
    }
    require_unheld(reader, wanted)?;
    Ok(Some(Applied {
        subject: format!("{}/{}", wanted.platform, wanted.name),
        detail: format!("used once {field}"),
        receipt: Receipt {
            message: format!(
                "The account {} on {} is being made; the key is used for that and then forgotten.",
                wanted.name, manifest.name
            ),
            ..Receipt::default()
        },
        lent: vec![(owner(&wanted.platform), lent)],
        after: vec![After::MakeAccount(wanted.id, wanted.platform.clone())],
        ..Applied::default()
    }))
}

/// Refuses a key of an account that is there already, where another one was wanted.
pub(in crate::engine) fn require_another(
    reader: &Reader<'_>,
    wanted: &WantedAccount,
    examined: &Examined,
) -> Result<(), Fault> {
    let Some(identity) = &examined.identity else {
        return Ok(());
    };
    for account in reader.accounts()? {
        if account.platform == wanted.platform
            && account.external_id.as_ref() == Some(&identity.external_id)
            && account.name != wanted.name
        {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "This key is that of {}, which is the account {} already; another one was wanted. It was not stored.",
                    clean_line(&identity.who), account.name
                ),
            )
            .hint("Enter a key of the new account."));
        }
    }
    Ok(())
}

/// Keeps settings of a platform for the whole installation.
pub(in crate::engine) fn keep_settings(
    writer: &Writer<'_>,
    platform: &PlatformId,
    settings: BTreeMap<String, String>,
) -> Result<(), Fault> {
    if settings.is_empty() {
        return Ok(());
    }
    let mut shared = shared_settings(writer, platform)?;
    shared.extend(settings);
    writer.set_setting(&scene::shared_settings_name(platform), &shared)
}

/// The settings of a platform that hold for the whole installation.
pub(in crate::engine) fn shared_settings(
    reader: &Reader<'_>,
    platform: &PlatformId,
) -> Result<BTreeMap<String, String>, Fault> {
    let stored = reader.setting(&scene::shared_settings_name(platform))?;
    Ok(stored.unwrap_or_default())
}
