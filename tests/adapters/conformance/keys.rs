//! Keys that cannot be right are refused, keys that may too little say what they lack, and none is ever written down.

use super::there;
use crate::description::Platform;
use guildhall::domain::{FaultKind, RemoveMode};
use secrecy::ExposeSecret;

/// A key as no platform of this kind gives one out.
const OF_ANOTHER_PLATFORM: &str = "xoxz-key-of-another-platform-0123456789";

pub async fn wrong_keys<P: Platform>() {
    let Some((field, unknown)) = P::UNKNOWN_KEY else {
        return;
    };
    let world = P::fresh().await;
    for (what, key) in [
        ("a key nobody gave out", unknown),
        ("a key of another platform", OF_ANOTHER_PLATFORM),
    ] {
        let told = world.verify(&[(field, key)]).await;
        let Err(fault) = told else {
            panic!("{}: {what} was taken: {told:?}", P::NAME);
        };
        assert!(
            matches!(fault.kind, FaultKind::KeyRejected | FaultKind::BadInput),
            "{}: {what}: {fault:?}",
            P::NAME
        );
        let told = format!("{fault:?}");
        assert!(!told.contains(key), "{}: {what} is told: {told}", P::NAME);
    }
    let Some((field, narrow)) = world.narrow_key().await else {
        return;
    };
    match world.verify(&[(field, &narrow)]).await {
        Ok(identity) => assert!(
            !identity.scopes_missing.is_empty(),
            "{}: a key that may too little: {identity:?}",
            P::NAME
        ),
        Err(fault) => assert_eq!(
            fault.kind,
            FaultKind::ScopeMissing,
            "{}: a key that may too little: {fault:?}",
            P::NAME
        ),
    }
}

pub async fn nothing_secret_is_written<P: Platform>() {
    let mut world = there::<P>().await;
    world.use_it().await;
    let mut secrets = world.site().secrets.0;
    for active in [false, true] {
        world.active = active;
        let op = world.op();
        // What it comes to is another case's concern.
        let _ = if active {
            world.adapter.activate(&op).await
        } else {
            world.adapter.deactivate(&op).await
        };
        secrets.extend(world.site().secrets.0);
    }
    let _ = world.adapter.remove(&world.op(), RemoveMode::Soft).await;
    let written = world.journal.to_string();
    let requests = world.requests();
    for (field, secret) in &secrets {
        let secret = secret.expose_secret();
        assert!(
            !written.contains(secret),
            "{}: {field} is in the journal: {written}",
            P::NAME
        );
        for request in &requests {
            let address = format!("{}?{:?}", request.path, request.query);
            assert!(
                !address.contains(secret),
                "{}: {field} is in an address: {} {address}",
                P::NAME,
                request.method
            );
        }
    }
}
