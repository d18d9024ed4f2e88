//! Another account of the installation: its platform makes it, where it does that and the key for it is at hand; else it
//! is a person's step, which waits among the tasks until a key of another account than those that are there is entered.
//!
//! | file | reason to be |
//! |---|---|
//! | `asking` | the intents: wanted, looked for, wanted no longer |
//! | `keys` | what becomes of a key that is entered for it |
//! | `making` | it is made on its platform, in the background |
//! | `step` | what a person is asked |

mod asking;
mod keys;
mod making;
mod step;

pub(super) use asking::{check, checked_contact, checked_name, drop_one, plan, set_contact, want};
pub(super) use keys::{keep_settings, made_with, require_another, shared_settings};
pub(super) use making::{begin_making, resume};
pub(super) use step::task;

use super::{choosing, examine, held::Owner, lease, rules::Rules};
use crate::{
    catalog::Manifest,
    domain::{Capability, Fault, FaultKind, PlatformId, Verb, WantedAccount},
    store::Reader,
};

/// With which key of the installation the platform makes an account; none where a person does.
fn maker(rules: &Rules, manifest: &Manifest) -> Option<&'static str> {
    let adapter = rules.registry.get(&manifest.id)?;
    let auto = manifest.capability(Verb::MakeAccount) == Capability::Auto;
    auto.then(|| adapter.makes_account_with()).flatten()
}

/// The same, where that key is stored and can be opened now.
fn at_hand(
    reader: &Reader<'_>,
    rules: &Rules,
    manifest: &Manifest,
) -> Result<Option<&'static str>, Fault> {
    let Some(field) = maker(rules, manifest) else {
        return Ok(None);
    };
    let stored = choosing::best(reader, rules, &manifest.id, None)?
        .iter()
        .any(|key| key.field == field);
    Ok((stored && rules.custody.is_unlocked()).then_some(field))
}

fn has_key(reader: &Reader<'_>, platform: &PlatformId, name: &str) -> Result<bool, Fault> {
    for account in reader.accounts_of(None, platform)? {
        if account.name == name && !reader.credentials(account.id)?.is_empty() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Refuses while some process makes it.
fn require_unheld(reader: &Reader<'_>, wanted: &WantedAccount) -> Result<(), Fault> {
    match reader.holder_of_wanted_account(wanted.id)? {
        Some(holder) if !lease::is_abandoned(&holder) => Err(Fault::new(
            FaultKind::InUse,
            format!("The account {} is being made at this moment.", wanted.name),
        )
        .hint("Wait a moment, then look at the accounts.")),
        _ => Ok(()),
    }
}

/// Whose lent keys are those with which accounts of the installation are made.
fn owner(platform: &PlatformId) -> Owner {
    (platform.clone(), Some(examine::NO_COMMUNITY))
}
