//! Keys, connections, actors, ports, facts, the vault.

use super::core::{furnished, new_instance, now};
use crate::{domain::*, store::*};
use serde_json::json;
use std::collections::BTreeSet;

pub fn new_key(account: AccountId) -> NewCredential {
    NewCredential {
        account,
        field: "token".into(),
        state: CredentialState::Active,
        length: 32,
        last_four: "a1b2".into(),
        fingerprint: "f00d".into(),
        verified_at: Some(now()),
        identity: Some(Identity {
            who: "rosewood-bot".into(),
            ..Identity::default()
        }),
    }
}

#[test]
fn a_key_is_sealed_for_the_row_and_version_it_gets() {
    let (_home, store, community, _) = furnished(1);
    let platform = PlatformId::new("platform-0");
    let (first, second, current) = store
        .write_now(move |writer| {
            let account = writer.insert_account(
                &NewAccount {
                    platform: platform.clone(),
                    name: "rosewood-bot".into(),
                    community: Some(community.id),
                    external_id: None,
                },
                now(),
            )?;
            let seal = |meta: &CredentialMeta| {
                Ok(SealedSecret::Vault(
                    format!("{}/{}", meta.id, meta.version).into_bytes(),
                ))
            };
            let first = writer.add_credential(&new_key(account.id), now(), seal)?;
            let second = writer.add_credential(&new_key(account.id), now(), seal)?;
            let current = writer.current_credentials(Some(community.id), &platform)?;
            Ok((first, second, current))
        })
        .unwrap();
    assert_eq!((first.version, second.version), (1, 2));
    assert_eq!(
        current.iter().map(|key| key.id).collect::<Vec<_>>(),
        [second.id]
    );
    let (secret, twins) = store
        .read_now(move |reader| {
            Ok((
                reader.sealed_secret(second.id)?,
                reader.credentials_with_fingerprint("f00d")?,
            ))
        })
        .unwrap();
    assert_eq!(
        secret,
        SealedSecret::Vault(format!("{}/2", second.id).into_bytes())
    );
    assert_eq!(twins.len(), 2);

    // A key whose sealing failed leaves no row, and a forgotten one gives its row to nobody.
    let account = first.account;
    store
        .write_now(move |writer| {
            writer.add_credential(&new_key(account), now(), |_| {
                Err(Fault::new(FaultKind::Locked, "locked"))
            })
        })
        .unwrap_err();
    let (third, back) = store
        .write_now(move |writer| {
            writer.forget_credential(second.id)?;
            let back =
                writer.current_credentials(Some(community.id), &PlatformId::new("platform-0"))?;
            let third = writer.add_credential(&new_key(account), now(), |_| {
                Ok(SealedSecret::Inbox(vec![1]))
            })?;
            Ok((third, back))
        })
        .unwrap();
    assert_eq!(back, [first]);
    assert!(third.id > second.id);
    let waiting = store
        .write_now(|writer| writer.inbox_credentials())
        .unwrap();
    assert_eq!(waiting, [third]);
}

#[test]
fn connections_stay_within_a_community_and_go_with_their_ends() {
    let (_home, store, community, instances) = furnished(2);
    let (from, to) = (instances[0], instances[1]);
    let stranger = store
        .write_now(|writer| {
            let other = writer.insert_community(&"fern".parse().unwrap(), "Fern", "", now())?;
            Ok(writer.insert_instances(other.id, &[new_instance("platform-0")], now())?[0])
        })
        .unwrap();
    let refused = store
        .write_now(move |writer| writer.insert_connection(from, stranger, "reads"))
        .unwrap_err();
    assert_eq!(refused.kind, FaultKind::BadInput);
    let made = store
        .write_now(move |writer| {
            let made = writer.insert_connection(from, to, "reads")?;
            writer.set_connection_state(made.id, ConnectionState::Ok, "", Some(now()))?;
            writer.set_connection_state(made.id, ConnectionState::Failed, "no answer", None)?;
            writer.connection_by_id(made.id)
        })
        .unwrap();
    assert_eq!(
        (made.state, made.tested_at),
        (ConnectionState::Failed, Some(now()))
    );
    let twice = store
        .write_now(move |writer| writer.insert_connection(from, to, "reads"))
        .unwrap_err();
    assert_eq!(twice.kind, FaultKind::Conflict);
    let left = store
        .write_now(move |writer| {
            writer.remove_instance(to, now())?;
            writer.connections_of(community.id)
        })
        .unwrap();
    assert!(left.is_empty());
}

#[test]
fn an_actor_is_read_with_its_communities() {
    let (_home, store, community, _) = furnished(0);
    let actor = store
        .write_now(move |writer| {
            writer.insert_actor("root", Role::Operator, now())?;
            let ada = writer.insert_actor("ada", Role::CommunityAdmin, now())?;
            writer.grant_community(ada.id, community.id)?;
            writer.grant_community(ada.id, community.id)?;
            Ok(writer.actor_named("ada")?.unwrap())
        })
        .unwrap();
    assert_eq!(actor.communities, [community.id]);
    let (revoked, actors) = store
        .write_now(move |writer| {
            Ok((
                writer.revoke_community(actor.id, community.id)?,
                writer.actors()?,
            ))
        })
        .unwrap();
    assert!(revoked);
    assert!(actors.iter().all(|actor| actor.communities.is_empty()));
}

#[test]
fn a_port_belongs_to_one_instance_until_it_is_given_back() {
    let (_home, store, _, instances) = furnished(2);
    let (one, two) = (instances[0], instances[1]);
    let taken = store
        .write_now(move |writer| {
            let busy = BTreeSet::from([18_001]);
            Ok([
                writer.take_port(one, "web", 18_000..=18_002, &busy)?,
                writer.take_port(one, "web", 18_000..=18_002, &busy)?,
                writer.take_port(two, "web", 18_000..=18_002, &busy)?,
            ])
        })
        .unwrap();
    assert_eq!(taken, [18_000, 18_000, 18_002]);
    let full = store
        .write_now(move |writer| writer.take_port(two, "api", 18_000..=18_000, &BTreeSet::new()))
        .unwrap_err();
    assert_eq!(full.kind, FaultKind::Host);
    let again = store
        .write_now(move |writer| {
            writer.free_ports(one)?;
            writer.take_port(two, "api", 18_000..=18_000, &BTreeSet::new())
        })
        .unwrap();
    assert_eq!(again, 18_000);
}

#[test]
fn facts_are_those_of_one_instance() {
    let (_home, store, _, instances) = furnished(2);
    let (one, two) = (instances[0], instances[1]);
    let facts = store
        .write_now(move |writer| {
            writer.remember(one, "rooms", &json!(["a"]))?;
            writer.remember(one, "rooms", &json!(["a", "b"]))?;
            writer.remember(two, "space", &json!("s"))?;
            assert!(writer.forget(two, "space")?);
            assert!(!writer.forget(two, "space")?);
            Ok((writer.facts(one)?, writer.facts(two)?))
        })
        .unwrap();
    assert_eq!(facts.0["rooms"], json!(["a", "b"]));
    assert!(facts.1.is_empty());
}

#[test]
fn the_vault_keeps_one_who_can_open_it() {
    let (_home, store, ..) = furnished(0);
    let recipient = VaultRecipient {
        id: "1".into(),
        kind: "recovery".into(),
        label: "recovery key".into(),
        recipient: "age1".into(),
        wrapped: vec![1, 2, 3],
    };
    let record = VaultRecord {
        inbox_public: vec![9; 32],
        check_value: "c".into(),
    };
    let (kept, vault) = {
        let (recipient, record) = (recipient.clone(), record.clone());
        store
            .write_now(move |writer| {
                writer.insert_vault(&record)?;
                writer.put_vault_recipient(&recipient, now())?;
                Ok((writer.vault_recipients()?, writer.vault()?))
            })
            .unwrap()
    };
    assert_eq!((kept, vault), (vec![recipient], Some(record.clone())));
    let last = store
        .write_now(|writer| writer.remove_vault_recipient("1"))
        .unwrap_err();
    assert_eq!(last.kind, FaultKind::Conflict);
    let second = store
        .write_now(move |writer| writer.insert_vault(&record))
        .unwrap_err();
    assert_eq!(second.kind, FaultKind::Conflict);
    assert_eq!(
        store
            .write_now(|writer| writer.vault_recipients())
            .unwrap()
            .len(),
        1
    );
}
