//! What a sealed row must withstand.

use super::super::context::tests::{any_context, context};
use super::*;
use crate::domain::{AccountId, CommunityId, CredentialId, PlatformId};
use proptest::prelude::*;

const CANARY: &str = "canary-6f1d2c9be04a";

fn sealed_canary(key: &VaultKey) -> Sealed {
    seal(key, &context(), &SecretString::from(CANARY)).unwrap()
}

proptest! {
    #[test]
    fn what_is_sealed_opens_again_in_its_context(context in any_context(), secret in ".{0,300}") {
        let key = VaultKey::generate().unwrap();
        let sealed = seal(&key, &context, &SecretString::from(secret.as_str())).unwrap();
        prop_assert!(!sealed.is_inbox());
        let opened = open(&key, &context, &sealed).unwrap();
        prop_assert_eq!(opened.expose_secret(), secret.as_str());
    }

    #[test]
    fn garbage_is_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let key = VaultKey::generate().unwrap();
        prop_assert!(open(&key, &context(), &Sealed(bytes)).is_err());
    }
}

#[test]
fn every_flipped_bit_and_every_cut_is_noticed() {
    let key = VaultKey::generate().unwrap();
    let sealed = sealed_canary(&key);
    for place in 0..sealed.0.len() {
        for bit in 0..8 {
            let mut edited = sealed.clone();
            edited.0[place] ^= 1 << bit;
            assert!(
                open(&key, &context(), &edited).is_err(),
                "byte {place}, bit {bit}"
            );
        }
        assert!(open(&key, &context(), &Sealed(sealed.0[..place].to_vec())).is_err());
    }
}

/// Contexts that differ from each other in a single part each.
fn neighbours() -> Vec<SealContext> {
    let base = context();
    vec![
        base.clone(),
        SealContext {
            installation: "another".into(),
            ..base.clone()
        },
        SealContext {
            community: Some(CommunityId(4)),
            ..base.clone()
        },
        SealContext {
            community: None,
            ..base.clone()
        },
        SealContext {
            platform: PlatformId::new("matrix"),
            ..base.clone()
        },
        SealContext {
            account: AccountId(6),
            ..base.clone()
        },
        SealContext {
            credential: CredentialId(8),
            ..base.clone()
        },
        SealContext {
            version: 1,
            ..base.clone()
        },
        SealContext {
            version: 3,
            ..base.clone()
        },
        SealContext {
            field: "webhook-secret".into(),
            ..base
        },
    ]
}

#[test]
fn no_row_opens_in_the_place_of_another() {
    let key = VaultKey::generate().unwrap();
    let rows: Vec<_> = neighbours()
        .into_iter()
        .enumerate()
        .map(|(number, context)| {
            let secret = SecretString::from(format!("secret {number}"));
            (seal(&key, &context, &secret).unwrap(), context)
        })
        .collect();
    for (from, (sealed, _)) in rows.iter().enumerate() {
        for (to, (_, context)) in rows.iter().enumerate() {
            assert_eq!(
                open(&key, context, sealed).is_ok(),
                from == to,
                "row {from} in place {to}"
            );
        }
    }
}

#[test]
fn an_older_version_put_back_does_not_open() {
    let key = VaultKey::generate().unwrap();
    let older = sealed_canary(&key);
    let newer = SealContext {
        version: context().version + 1,
        ..context()
    };
    let fault = open(&key, &newer, &older).unwrap_err();
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    assert!(fault.what.contains("api-key of loomio"), "{fault}");
}

#[test]
fn one_bad_row_degrades_alone() {
    let key = VaultKey::generate().unwrap();
    let mut rows: Vec<_> = neighbours()
        .into_iter()
        .map(|context| (sealed_in(&key, &context), context))
        .collect();
    rows[4].0.0[30] ^= 1;
    let bad: Vec<_> = (0..rows.len())
        .filter(|row| open(&key, &rows[*row].1, &rows[*row].0).is_err())
        .collect();
    assert_eq!(bad, [4]);
}

fn sealed_in(key: &VaultKey, context: &SealContext) -> Sealed {
    seal(key, context, &SecretString::from(CANARY)).unwrap()
}

#[test]
fn another_vault_key_opens_nothing() {
    let sealed = sealed_canary(&VaultKey::generate().unwrap());
    assert!(open(&VaultKey::generate().unwrap(), &context(), &sealed).is_err());
}

#[test]
fn the_same_secret_sealed_twice_looks_different() {
    let key = VaultKey::generate().unwrap();
    assert_ne!(sealed_canary(&key), sealed_canary(&key));
}

#[test]
fn neither_the_row_nor_its_faults_hold_the_secret() {
    let key = VaultKey::generate().unwrap();
    let sealed = sealed_canary(&key);
    let holds = |bytes: &[u8]| {
        bytes
            .windows(8)
            .any(|window| CANARY.as_bytes().starts_with(window))
    };
    assert!(!holds(&sealed.0));
    assert_eq!(
        format!("{sealed:?}"),
        format!("Sealed({} bytes)", sealed.0.len())
    );
    let other = SealContext {
        version: 9,
        ..context()
    };
    let fault = open(&key, &other, &sealed).unwrap_err();
    assert!(!holds(format!("{fault:?}").as_bytes()));
}
