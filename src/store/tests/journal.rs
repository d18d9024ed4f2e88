//! Operations, their leases, and the journal of steps against a simple model.

use super::core::{furnished, now};
use crate::{domain::*, store::*};
use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;

fn new_operation(instance: InstanceId, verb: OperationVerb) -> NewOperation {
    NewOperation {
        instance,
        verb,
        actor: "root".into(),
        argument: Value::Null,
        not_before: None,
    }
}

#[test]
fn one_operation_of_a_verb_is_open_on_an_instance() {
    let (_home, store, community, instances) = furnished(1);
    let id = instances[0];
    let first = store
        .write_now(move |writer| {
            writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())
        })
        .unwrap();
    let twice = store
        .write_now(move |writer| {
            writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())
        })
        .unwrap_err();
    assert_eq!(twice.kind, FaultKind::Conflict);
    let (open, all) = store
        .write_now(move |writer| {
            let argument = |to: i64| NewOperation {
                argument: json!({ "to": to }),
                ..new_operation(id, OperationVerb::Connect)
            };
            writer.insert_operation(&argument(1), now())?;
            writer.insert_operation(&argument(2), now())?;
            writer.set_operation_state(first, OperationState::Done, now())?;
            writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())?;
            let list = |open| OperationFilter {
                open,
                community: Some(community.id),
                ..OperationFilter::default()
            };
            Ok((
                writer.operations(&list(true), 10)?,
                writer.operations(&list(false), 10)?,
            ))
        })
        .unwrap();
    assert_eq!((open.len(), all.len()), (3, 4));
    let back = store
        .write_now(move |writer| writer.begin_operation(first, now()))
        .unwrap_err();
    assert_eq!(back.kind, FaultKind::NotFound);
}

#[test]
fn a_parked_operation_says_what_it_waits_for_and_comes_due() {
    let (_home, store, _, instances) = furnished(1);
    let id = instances[0];
    let later = now() + SignedDuration::from_secs(60);
    let task = HumanTask {
        step: "invite".into(),
        title: "invite the bot".into(),
        why: "a program cannot".into(),
        who: "an owner".into(),
        url: None,
        instructions: vec!["Open it.".into()],
        asks_for: vec![],
        others_decide: false,
    };
    let expected = task.clone();
    let operation = store
        .write_now(move |writer| {
            let operation =
                writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())?;
            writer.begin_operation(operation, now())?;
            writer.park_operation(
                operation,
                OperationState::WaitsHuman,
                Some(&task),
                None,
                None,
                now(),
            )?;
            writer.operation(operation)
        })
        .unwrap();
    assert_eq!((operation.task, operation.attempts), (Some(expected), 1));
    let id = operation.id;
    let (before, wake, after) = store
        .write_now(move |writer| {
            let fault = Fault::new(FaultKind::Unreachable, "No answer.");
            writer.park_operation(
                id,
                OperationState::Queued,
                None,
                Some(&fault),
                Some(later),
                now(),
            )?;
            Ok((
                writer.due_operations(now(), 10)?,
                writer.due_later(now())?,
                writer.due_operations(later, 10)?,
            ))
        })
        .unwrap();
    assert!(before.is_empty());
    assert_eq!(wake, [(instances[0], later)]);
    assert_eq!(
        after[0].fault.as_ref().map(|fault| &fault.kind),
        Some(&FaultKind::Unreachable)
    );
    let requeued = store
        .write_now(move |writer| {
            writer.set_operation_state(id, OperationState::WaitsUnlock, now())?;
            writer.requeue(None, OperationState::WaitsUnlock, now())
        })
        .unwrap();
    assert_eq!(requeued, [id]);
}

#[test]
fn a_lease_is_one_holders_until_it_ends() {
    let (home, store, _, instances) = furnished(1);
    let other = Store::open(home.path()).unwrap();
    let id = instances[0];
    let (one, two) = store
        .write_now(move |writer| {
            Ok((
                writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())?,
                writer.insert_operation(&new_operation(id, OperationVerb::Activate), now())?,
            ))
        })
        .unwrap();
    let until = now() + SignedDuration::from_secs(30);
    let take = |store: &Store, operation, holder: &'static str, at| {
        store
            .write_now(move |writer| {
                writer.take_lease(operation, holder, at, at + SignedDuration::from_secs(30))
            })
            .unwrap()
    };
    assert!(take(&store, one, "a", now()));
    assert!(take(&store, one, "a", now()), "its own lease");
    assert!(!take(&other, one, "b", now()), "another's operation");
    assert!(
        !take(&other, two, "b", now()),
        "another operation on the same instance"
    );
    assert!(
        !take(&store, two, "a", now()),
        "the same holder, another operation"
    );
    let due = other
        .read_now(move |reader| reader.due_operations(now(), 9))
        .unwrap();
    assert!(due.is_empty(), "a leased instance has nothing due");

    assert!(take(&other, two, "b", until), "expired");
    let lost = store
        .read_now(move |reader| reader.require_lease(one, "a"))
        .unwrap_err();
    assert_eq!(lost.kind, FaultKind::InUse);
    let (renewed, released, broken) = store
        .write_now(move |writer| {
            Ok((
                writer.renew_lease(one, "a", until)?,
                writer.release_lease(one, "a")?,
                writer.break_lease(id, "b")?,
            ))
        })
        .unwrap();
    assert_eq!((renewed, released, broken), (false, false, true));
}

#[test]
fn two_processes_never_hold_one_instance() {
    let (home, store, _, instances) = furnished(1);
    let id = instances[0];
    let operation = store
        .write_now(move |writer| {
            writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())
        })
        .unwrap();
    let won: usize = std::thread::scope(|scope| {
        let racers: Vec<_> = (0..4)
            .map(|racer| {
                let store = Store::open(home.path()).unwrap();
                scope.spawn(move || {
                    store
                        .write_now(move |writer| {
                            writer.take_lease(
                                operation,
                                &format!("racer-{racer}"),
                                now(),
                                now() + SignedDuration::from_secs(30),
                            )
                        })
                        .unwrap()
                })
            })
            .collect();
        racers
            .into_iter()
            .map(|racer| usize::from(racer.join().unwrap()))
            .sum()
    });
    assert_eq!(won, 1);
}

#[test]
fn a_request_to_stop_reaches_another_process_and_ends_with_the_next_begin() {
    let (home, store, _, instances) = furnished(1);
    let id = instances[0];
    let operation = store
        .write_now(move |writer| {
            writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())
        })
        .unwrap();
    let other = Store::open(home.path()).unwrap();
    other
        .write_now(move |writer| writer.ask_cancel(operation, now()))
        .unwrap();
    assert!(
        store
            .read_now(move |reader| reader.cancel_asked(operation))
            .unwrap()
    );
    store
        .write_now(move |writer| writer.begin_operation(operation, now()))
        .unwrap();
    assert!(
        !store
            .read_now(move |reader| reader.cancel_asked(operation))
            .unwrap()
    );
}

#[derive(Debug, Clone)]
enum Move {
    Intend(u8),
    Record(u8, u8),
    Await(u8),
    Reopen,
}

fn moves() -> impl Strategy<Value = Vec<Move>> {
    prop::collection::vec(
        prop_oneof![
            (0..3_u8).prop_map(Move::Intend),
            (0..3_u8, 0..2_u8).prop_map(|(step, result)| Move::Record(step, result)),
            (0..3_u8).prop_map(Move::Await),
            Just(Move::Reopen),
        ],
        1..16,
    )
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    /// The journal is a map from step to (first key, state, first result); nothing that was recorded changes, and
    /// closing and opening the file changes nothing at all.
    #[test]
    fn the_journal_does_as_its_model(moves in moves()) {
        let (home, mut store, _, instances) = furnished(1);
        let id = instances[0];
        let operation = store
            .write_now(move |writer| {
                writer.insert_operation(&new_operation(id, OperationVerb::Provision), now())
            })
            .unwrap();
        let mut model: BTreeMap<String, (OperationKey, StepState, Option<Value>)> = BTreeMap::new();
        for change in moves {
            match change {
                Move::Intend(step) | Move::Await(step) => {
                    let name = format!("step-{step}");
                    let key = OperationKey::fresh();
                    let waits = matches!(change, Move::Await(_));
                    let expected = model.entry(name.clone()).or_insert((key.clone(), StepState::Intended, None));
                    if waits && expected.1 == StepState::Intended {
                        expected.1 = StepState::Waiting;
                    }
                    let given = key.clone();
                    let record = store.write_now(move |writer| if waits {
                        writer.await_step(operation, &name, &given, now())
                    } else {
                        writer.intend_step(operation, &name, &given, now())
                    }).unwrap();
                    prop_assert_eq!((&record.key, record.state, &record.result), (&expected.0, expected.1, &expected.2));
                }
                Move::Record(step, result) => {
                    let name = format!("step-{step}");
                    let result = json!({ "id": result });
                    let outcome = {
                        let (name, result) = (name.clone(), result.clone());
                        store.write_now(move |writer| writer.record_step(operation, &name, &result, now()))
                    };
                    match model.get_mut(&name) {
                        None => prop_assert_eq!(outcome.unwrap_err().kind, FaultKind::NotFound),
                        Some((_, StepState::Recorded, Some(former))) if *former != result => {
                            prop_assert_eq!(outcome.unwrap_err().kind, FaultKind::Conflict);
                        }
                        Some(expected) => {
                            expected.1 = StepState::Recorded;
                            expected.2 = Some(result);
                            prop_assert_eq!(outcome.unwrap().state, StepState::Recorded);
                        }
                    }
                }
                Move::Reopen => {
                    drop(store);
                    store = Store::open(home.path()).unwrap();
                }
            }
        }
        let steps = store.read_now(move |reader| reader.steps(operation)).unwrap();
        let kept: BTreeMap<_, _> = steps
            .into_iter()
            .map(|step| (step.name, (step.key, step.state, step.result)))
            .collect();
        prop_assert_eq!(kept, model);
    }
}
