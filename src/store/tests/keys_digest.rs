//! The digest of the stored keys, remembered by the thread that writes: the same as one made from the beginning, whatever
//! happened to the rows.

use super::{
    core::{furnished, now},
    records::new_key,
};
use crate::{domain::*, store::*};
use proptest::prelude::*;

/// What may happen to the keys, and to which of them.
#[derive(Debug, Clone, Copy)]
enum Happens {
    Stored,
    StoredAndUndone,
    Sealed(u8),
    SealedAndUndone(u8),
    Emptied(u8),
    Forgotten(u8),
    StoredElsewhere,
    SealedElsewhere(u8),
}

fn happens() -> impl Strategy<Value = Happens> {
    prop_oneof![
        Just(Happens::Stored),
        Just(Happens::Stored),
        Just(Happens::StoredAndUndone),
        any::<u8>().prop_map(Happens::Sealed),
        any::<u8>().prop_map(Happens::SealedAndUndone),
        any::<u8>().prop_map(Happens::Emptied),
        any::<u8>().prop_map(Happens::Forgotten),
        Just(Happens::StoredElsewhere),
        any::<u8>().prop_map(Happens::SealedElsewhere),
    ]
}

fn changed(
    writer: &Writer<'_>,
    account: AccountId,
    happens: Happens,
    bytes: u8,
) -> Result<(), Fault> {
    let secret = SealedSecret::Vault(vec![bytes; 40]);
    let keys = writer.credentials(account)?;
    let chosen = |which: u8| keys.get(usize::from(which) % keys.len().max(1));
    match happens {
        Happens::Stored | Happens::StoredAndUndone | Happens::StoredElsewhere => writer
            .add_credential(&new_key(account), now(), |_| Ok(secret))
            .map(drop),
        Happens::Sealed(which)
        | Happens::SealedAndUndone(which)
        | Happens::SealedElsewhere(which) => chosen(which).map_or(Ok(()), |key| {
            writer.reseal_credential(key.id, &secret, "f00d", CredentialState::Active)
        }),
        Happens::Emptied(which) => chosen(which).map_or(Ok(()), |key| {
            writer.empty_credential(key.id, CredentialState::Revoked)
        }),
        Happens::Forgotten(which) => {
            chosen(which).map_or(Ok(()), |key| writer.forget_credential(key.id))
        }
    }
}

fn remembered(writer: &Writer<'_>) -> Result<String, Fault> {
    writer.keys_digest()
}

fn afresh(reader: &Reader<'_>) -> Result<String, Fault> {
    reader.keys_digest()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_is_remembered_of_it_is_never_stale(all in prop::collection::vec(happens(), 1..24)) {
        let (home, store, community, _) = furnished(1);
        let other = Store::open(home.path()).unwrap();
        let account = store
            .write_now(move |writer| {
                let new = NewAccount {
                    platform: PlatformId::new("platform-0"),
                    name: "rosewood-bot".into(),
                    community: Some(community.id),
                    external_id: None,
                };
                writer.insert_account(&new, now())
            })
            .unwrap()
            .id;
        for (bytes, happens) in (0..).zip(all) {
            let before = store.write_now(remembered).unwrap();
            let (change, is_undone) = match happens {
                Happens::StoredElsewhere | Happens::SealedElsewhere(_) => (&other, false),
                Happens::StoredAndUndone | Happens::SealedAndUndone(_) => (&store, true),
                _ => (&store, false),
            };
            let made = change.write_now(move |writer| {
                changed(writer, account, happens, bytes)?;
                if is_undone {
                    // Hashed with the row that is about to be undone.
                    writer.keys_digest()?;
                    return Err(Fault::new(FaultKind::Conflict, "undone"));
                }
                Ok(writer.take_keys_before())
            });
            if let Ok(Some(told)) = &made {
                prop_assert_eq!(told, &before);
            }
            let made_afresh = store.read_now(afresh).unwrap();
            let made_now = store.write_now(remembered).unwrap();
            prop_assert_eq!(&made_afresh, &made_now, "{:?}", happens);
            if is_undone {
                prop_assert_eq!(&before, &made_now);
            } else if matches!(happens, Happens::Stored | Happens::StoredElsewhere) {
                prop_assert_ne!(&before, &made_now);
            }
        }
    }
}
