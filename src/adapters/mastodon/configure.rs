//! Sends a changed profile, always whole.

use super::{
    client::{self, Client},
    notice,
    pause::{self, Paused},
    profile,
    provision::{check_account, presence},
    record::Known,
};
use crate::adapters::{
    contract::{Presence, puts_back},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};

const PROFILE: [&str; 3] = ["display_name", "note", "discoverable"];
const FIXED: [&str; 2] = ["base_url", "username"];

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    if let Some(field) = changed.iter().find(|field| FIXED.contains(&field.as_str())) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{field} says which account it is and cannot be changed."),
        )
        .hint("Remove the instance and make it anew with another account.")
        .into());
    }
    let mut known = Known::of(op)?;
    if known.id.is_empty() {
        return Err(Fault::new(
            FaultKind::NotFound,
            "No account is recorded for this instance yet.",
        )
        .hint("Let the instance be made first.")
        .into());
    }
    // The rest is for what is posted from now on.
    if !puts_back(changed)
        && !changed
            .iter()
            .any(|field| PROFILE.contains(&field.as_str()))
    {
        return Ok(presence(site, &known));
    }
    let client = Client::of(op)?;
    let account = client.whoami().await?;
    check_account(site, &known, &account)?;
    let current = profile::of(&account);
    let recorded = known.profile.clone().unwrap_or_else(|| current.clone());
    let paused = op.fact::<Paused>(pause::FACT)?;
    let sends = |field: &str| changed.iter().any(|known| known == field);
    let (wanted, stands) = if !puts_back(changed) {
        // What somebody else has changed there stays, and stays told as a difference.
        let stands = match &paused {
            Some(paused) => profile::restored(&current, &paused.ours, &paused.saved),
            None => current,
        };
        (
            profile::with_settings(site, &recorded, &known, sends),
            profile::with_settings(site, &stands, &known, sends),
        )
    } else if known.adopted {
        let wanted = profile::with_settings(site, &recorded, &known, sends);
        (wanted.clone(), wanted)
    } else {
        let most = client::probe(site).await?.fields;
        let wanted = profile::with_settings(site, &recorded, &known, |_| true);
        let wanted = profile::ours(site, wanted, most)?;
        (wanted.clone(), wanted)
    };
    let is_paused = paused.is_some();
    match paused {
        Some(mut paused) => {
            paused.ours = pause::quiet(&stands, paused.limit);
            paused.saved = stands;
            op.remember(pause::FACT, &paused).await?;
            profile::write(&client, &paused.ours).await?;
        }
        None => profile::write(&client, &stands).await?,
    }
    known.profile = Some(wanted);
    known.save(op).await?;
    if puts_back(changed) && !is_paused && known.notice.is_some() {
        notice::ensure(op, &client, &mut known).await?;
    }
    Ok(presence(site, &known))
}
