//! Changes that wait at the same time and share a commit.

use super::core::{furnished, now};
use crate::{domain::*, store::*};
use std::sync::mpsc;

/// Has the thread that writes wait within a change until told to go on, so that what is queued meanwhile shares its commit.
fn held_up(store: &Store) -> (mpsc::Sender<()>, std::thread::JoinHandle<Result<(), Fault>>) {
    let (go_on, wait) = mpsc::channel();
    let (begun, has_begun) = mpsc::channel();
    let store = store.clone();
    let first = std::thread::spawn(move || {
        store.write_now(move |writer| {
            begun.send(()).unwrap();
            wait.recv().unwrap();
            writer.set_setting("first", &1)
        })
    });
    has_begun.recv().unwrap();
    (go_on, first)
}

#[tokio::test]
async fn one_that_fails_is_undone_without_those_beside_it() {
    let (_home, store, community, _) = furnished(0);
    let (go_on, first) = held_up(&store);
    let slug: Slug = "rosewood".parse().unwrap();
    let taken = store.write(move |writer| {
        writer.set_setting("of the one that fails", &1)?;
        writer.insert_community(&slug, "Rosewood", "", now())
    });
    let panics = store.write(|writer| {
        writer.set_setting("of the one that panics", &1)?;
        assert_eq!(writer.setting::<u8>("first")?, None, "a mistake");
        Ok(())
    });
    let last = store.write(|writer| writer.set_setting("last", &1));
    // Polled in this order, so that all three are queued before the first goes on.
    let release = async { go_on.send(()).unwrap() };
    let (taken, panics, last, ()) = tokio::join!(taken, panics, last, release);
    first.join().unwrap().unwrap();
    assert_eq!(taken.unwrap_err().kind, FaultKind::Conflict);
    assert_eq!(panics.unwrap_err().kind, FaultKind::Internal);
    last.unwrap();
    let found = store
        .read(|reader| {
            let names = [
                "first",
                "of the one that fails",
                "of the one that panics",
                "last",
            ];
            let found = names.map(|name| reader.setting::<u8>(name));
            found.into_iter().collect::<Result<Vec<_>, _>>()
        })
        .await;
    assert_eq!(found.unwrap(), [Some(1), None, None, Some(1)]);
    let named = store.read(move |reader| reader.community(community.id));
    assert_eq!(named.await.unwrap().name, "Rosewood");
}

#[tokio::test]
async fn a_change_sees_those_before_it_and_other_processes_see_what_is_on_disk() {
    let (home, store, ..) = furnished(0);
    let other = Store::open(home.path()).unwrap();
    let (go_on, first) = held_up(&store);
    let early = store.write(|writer| writer.set_setting("early", &1));
    let late = store.write(move |writer| {
        let here = writer.setting::<u8>("early")?;
        let there = other.read_now(|reader| reader.setting::<u8>("early"))?;
        Ok((here, there))
    });
    let release = async { go_on.send(()).unwrap() };
    let (early, late, ()) = tokio::join!(early, late, release);
    first.join().unwrap().unwrap();
    early.unwrap();
    assert_eq!(late.unwrap(), (Some(1), None), "they share a commit");
}
