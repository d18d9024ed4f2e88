//! What most adapters do alike while a key is replaced: bring what works with it to the new one, and see whether the old
//! one is dead.

use super::contract::{Adapter, Observation, Secrets, Site, Standing, VerifyRequest};
use super::durable::{Halt, Op};
use crate::domain::{DriftKind, Fault, FaultKind, Health};
use secrecy::SecretString;
use std::collections::BTreeMap;

/// What [`Adapter::move_key`] does by default, for those that have something to do first.
///
/// # Errors
/// As [`Adapter::move_key`].
pub async fn move_by_looking(adapter: &(impl Adapter + ?Sized), op: &Op) -> Result<String, Halt> {
    let site = op.site();
    let Some(there) = site.external_id.clone() else {
        return Ok("Nothing is made yet; it will be made with the new key.".to_owned());
    };
    if sees(adapter.observe(site).await)? {
        return Ok("It works with the new key.".to_owned());
    }
    if !site.made_by_us {
        return Err(not_seen(site).into());
    }
    let presence = adapter.provision(op).await?;
    if presence.external_id != there {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!(
                "With the new key {} makes {} in the place of {there}, which it does not see.",
                site.platform, presence.external_id
            ),
        )
        .hint("Give the new key's account access to what is there, remove the other by hand, and resume.")
        .into());
    }
    if site.active {
        adapter.activate(op).await?;
    }
    if sees(adapter.observe(site).await)? {
        return Ok("It works with the new key.".to_owned());
    }
    Err(not_seen(site).into())
}

/// What [`Adapter::key_lives`] does by default, for those that know better about some fields only.
///
/// # Errors
/// As [`Adapter::verify`].
pub async fn lives_if_verified(
    adapter: &(impl Adapter + ?Sized),
    site: &Site,
    field: &str,
    old: &SecretString,
) -> Result<bool, Fault> {
    let entered = Secrets(BTreeMap::from([(field.to_owned(), old.clone())]));
    let request = VerifyRequest {
        site,
        entered: &entered,
    };
    match adapter.verify(&request).await {
        Ok(_) => Ok(true),
        Err(fault) if fault.kind == FaultKind::KeyRejected => Ok(false),
        Err(fault) => Err(fault),
    }
}

/// Whether a look saw what is there. Trouble that passes by itself is no answer.
fn sees(looked: Result<Observation, Fault>) -> Result<bool, Fault> {
    match looked {
        // What is there and cannot be reached with this key is as good as not seen.
        Ok(seen) => Ok(seen.standing == Standing::Present
            && seen.health != Health::Down
            && !seen
                .drift
                .iter()
                .any(|drift| drift.kind == DriftKind::CredentialDead)),
        Err(fault) if fault.is_passing() || fault.kind == FaultKind::KeyRejected => Err(fault),
        Err(_) => Ok(false),
    }
}

fn not_seen(site: &Site) -> Fault {
    Fault::new(
        FaultKind::Refused,
        format!(
            "With the new key what is there on {} is not to be seen, so nothing was moved; the old key is kept.",
            site.platform
        ),
    )
    .hint("Give the new key's account access to it, then resume the operation.")
}

/// [`Adapter::move_key`] of what runs on this host: it is told the new key, and started anew where it runs.
///
/// # Errors
/// As [`Adapter::configure`].
pub async fn tell_new_key(adapter: &dyn Adapter, op: &Op, field: &str) -> Result<String, Halt> {
    if op.site().external_id.is_none() {
        return Ok("Nothing is made yet; it will be made with the new key.".to_owned());
    }
    adapter.configure(op, &[field.to_owned()]).await?;
    Ok("It was told the new key.".to_owned())
}
