//! Communities, instances and their counts.

use crate::{domain::*, store::*};
use jiff::Timestamp;
use std::collections::BTreeMap;

pub fn now() -> Timestamp {
    Timestamp::from_second(1_790_000_000).unwrap()
}

pub fn new_instance(platform: &str) -> NewInstance {
    NewInstance {
        platform: PlatformId::new(platform),
        kind: InstanceKind::Account,
        desired: Desired::Inactive,
        observed: Observed::Absent,
        note: String::new(),
        settings: BTreeMap::new(),
    }
}

/// A store with one community and so many instances.
pub fn furnished(platforms: usize) -> (tempfile::TempDir, Store, Community, Vec<InstanceId>) {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    let (community, instances) = store
        .write_now(move |writer| {
            let community =
                writer.insert_community(&"rosewood".parse().unwrap(), "Rosewood", "", now())?;
            let new: Vec<_> = (0..platforms)
                .map(|number| new_instance(&format!("platform-{number}")))
                .collect();
            let instances = writer.insert_instances(community.id, &new, now())?;
            Ok((community, instances))
        })
        .unwrap();
    (home, store, community, instances)
}

#[test]
fn the_counts_follow_every_pair_of_axes() {
    let (_home, store, community, instances) = furnished(1);
    let id = instances[0];
    for desired in Desired::ALL {
        for observed in Observed::ALL {
            for drift in [vec![], vec![Drift::new(DriftKind::Changed, "a room")]] {
                let (counts, instance) = store
                    .write_now(move |writer| {
                        writer.set_desired(id, *desired)?;
                        writer.set_observed(id, *observed, "note")?;
                        writer.set_drift(id, &drift)?;
                        Ok((writer.community_counts(community.id)?, writer.instance(id)?))
                    })
                    .unwrap();
                assert_eq!(counts.total(), 1);
                assert_eq!(counts.worst(), instance.mark(), "{desired} {observed}");
                assert_eq!(counts.switched_on, u32::from(*desired == Desired::Active));
            }
        }
    }
    let counts = store
        .write_now(move |writer| {
            writer.remove_instance(id, now())?;
            writer.insert_instances(community.id, &[new_instance("platform-0")], now())?;
            writer.community_counts(community.id)
        })
        .unwrap();
    assert_eq!((counts.total(), counts.inactive), (1, 1));
}

#[test]
fn a_failed_change_leaves_nothing_behind() {
    let (_home, store, community, _) = furnished(2);
    let fault = store
        .write_now(move |writer| {
            writer.insert_instances(
                community.id,
                &[new_instance("new"), new_instance("platform-1")],
                now(),
            )
        })
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    let names: Vec<_> = store
        .read_now(move |reader| reader.instances(community.id))
        .unwrap()
        .iter()
        .map(|instance| instance.platform.to_string())
        .collect();
    assert_eq!(names, ["platform-0", "platform-1"]);
}

#[test]
fn pages_follow_each_other_by_name_with_the_archived_last() {
    let home = tempfile::tempdir().unwrap();
    let store = Store::open(home.path()).unwrap();
    store
        .write_now(|writer| {
            for name in ["elm", "Birch", "ash", "Dogwood", "cedar"] {
                let slug = Slug::suggest(name).unwrap();
                writer.insert_community(&slug, name, "", now())?;
            }
            let ash = writer.community_by_slug(&"ash".parse().unwrap())?.unwrap();
            let elm = writer.community_by_slug(&"elm".parse().unwrap())?.unwrap();
            for community in [ash.id, elm.id] {
                writer.insert_instances(community, &[new_instance("platform-0")], now())?;
            }
            writer.archive_community(ash.id, now())
        })
        .unwrap();
    let totals = |only: Option<Vec<CommunityId>>| {
        store
            .read_now(move |reader| reader.totals(only.as_deref()))
            .map(|totals| (totals.communities, totals.archived, totals.counts.total()))
            .unwrap()
    };
    assert_eq!(totals(None), (4, 1, 1));
    assert_eq!(
        totals(Some(vec![CommunityId(1), CommunityId(3)])),
        (1, 1, 1)
    );
    assert_eq!(totals(Some(vec![])), (0, 0, 0));
    let names = |filter: CommunityFilter| {
        let mut names = Vec::new();
        let mut after = None;
        loop {
            let filter = filter.clone();
            let page = store
                .read_now(move |reader| reader.communities(&filter, after, 2))
                .unwrap();
            let Some(last) = page.last() else { break };
            after = Some(last.community.id);
            names.extend(page.into_iter().map(|row| row.community.name));
        }
        names
    };
    let all = CommunityFilter::default();
    assert_eq!(
        names(all.clone()),
        ["Birch", "cedar", "Dogwood", "elm", "ash"]
    );
    assert_eq!(
        names(CommunityFilter {
            text: "D".into(),
            ..all.clone()
        }),
        ["cedar", "Dogwood"]
    );
    assert!(
        names(CommunityFilter {
            text: "%".into(),
            ..all.clone()
        })
        .is_empty()
    );
    assert!(
        names(CommunityFilter {
            needing_attention: true,
            ..all.clone()
        })
        .is_empty()
    );
    assert_eq!(
        names(CommunityFilter {
            only: Some(vec![CommunityId(1)]),
            ..all.clone()
        }),
        ["elm"]
    );
    assert!(
        names(CommunityFilter {
            only: Some(vec![]),
            ..all
        })
        .is_empty()
    );
}

#[test]
fn a_slug_is_given_once() {
    let (_home, store, ..) = furnished(0);
    let fault = store
        .write_now(|writer| writer.insert_community(&"rosewood".parse().unwrap(), "B", "", now()))
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Conflict);
    assert!(fault.what.contains("Rosewood"), "{fault}");
}

#[test]
fn a_panic_in_a_change_undoes_it_and_the_store_works_on() {
    let (_home, store, community, instances) = furnished(1);
    let id = instances[0];
    let fault = store
        .write_now(move |writer| -> Result<(), Fault> {
            writer.set_desired(id, Desired::Active)?;
            panic!("on purpose")
        })
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::Internal);
    let counts = store
        .read_now(move |reader| reader.community_counts(community.id))
        .unwrap();
    assert_eq!(counts.switched_on, 0);
}
