//! Sends a changed profile, always whole.

use super::{
    client::Client,
    notice,
    pause::{self, Paused},
    profile,
    provision::{check_account, presence},
    record::{Known, Profile},
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
    let base = known
        .profile
        .clone()
        .unwrap_or_else(|| profile::of(&account));
    let wanted = profile::wanted(site, &base)?;
    match op.fact::<Paused>(pause::FACT)? {
        Some(mut paused) => {
            paused.saved.clone_from(&wanted);
            paused.ours = quiet(&paused, &wanted);
            op.remember(pause::FACT, &paused).await?;
            profile::write(&client, &paused.ours).await?;
        }
        None => profile::write(&client, &wanted).await?,
    }
    known.profile = Some(wanted);
    known.save(op).await?;
    let is_paused = op.fact::<Paused>(pause::FACT)?.is_some();
    if puts_back(changed) && !is_paused && known.notice.is_some() {
        notice::ensure(op, &client, &mut known).await?;
    }
    Ok(presence(site, &known))
}

fn quiet(paused: &Paused, wanted: &Profile) -> Profile {
    pause::quiet(wanted, paused.limit)
}
