//! Keys that are replaced, who may open the vault, and what one key may reach, as a made-up engine tells of them; and what
//! is done about them on the screen.

use super::fixture::*;
use crate::domain::{
    AccountPolicy, ConnectionState, CredentialId, Fault, FaultKind, Intent, OperationId,
    OperationState, PartState, PlatformId, Rotation, RotationId, RotationReason,
};
use crate::engine::{
    Exposed, PartLine, ReachedConnection, RecipientRow, Removal, RotationReport, views::KeySharing,
};
use crate::tui::{
    effect::{Effect, Load, NewOperator, OperatorsWay},
    hidden::Hidden,
    layers::Layer,
    message::{Answer, Msg},
    state::State,
    update::update,
};

const SIZE: (u16, u16) = (120, 40);

pub fn rotations() -> Vec<RotationReport> {
    let part = |slug: &str, state, waits_for: Option<&str>| PartLine {
        slug: slug.parse().unwrap(),
        platform: PlatformId::new("epsilon"),
        platform_name: "Epsilon".into(),
        field: "token".into(),
        state,
        note: match state {
            PartState::Moved => "It works with the new key.".into(),
            _ => String::new(),
        },
        at: ago(2),
        operation: waits_for.map(|_| OperationId(3)),
        operation_state: waits_for.map(|_| OperationState::WaitsHuman),
        waits_for: waits_for.map(str::to_owned),
    };
    vec![RotationReport {
        rotation: Rotation {
            id: RotationId(4),
            platform: PlatformId::new("epsilon"),
            field: "token".into(),
            last_four: "a1b2".into(),
            reason: RotationReason::Leaked,
            why: "it stood in a paste".into(),
            actor: "root".into(),
            started_at: ago(12),
            ended_at: None,
            proof: String::new(),
        },
        platform_name: "Epsilon".into(),
        parts: vec![
            part("rosewood-co-op", PartState::Moved, None),
            part(
                "harbour",
                PartState::Open,
                Some("make and enter a new Token"),
            ),
        ],
        connections: vec![ReachedConnection {
            slug: "rosewood-co-op".parse().unwrap(),
            from: "Alpha".into(),
            verb: "announces in".into(),
            to: "Epsilon".into(),
            state: ConnectionState::Made,
            note: String::new(),
        }],
    }]
}

pub fn operators() -> Vec<RecipientRow> {
    let row = |id: &str, kind: &str, label: &str| RecipientRow {
        id: id.into(),
        kind: kind.into(),
        label: label.into(),
        recipient: String::new(),
    };
    vec![
        row("1", "passphrase", "Ada"),
        row("2", "ssh", "Bea's laptop"),
        row("3", "recovery", "recovery key"),
    ]
}

pub fn removal() -> Removal {
    Removal {
        removed: operators().remove(1),
        dropped: vec![],
        exposed: vec![Exposed {
            key: CredentialId(5),
            platform: PlatformId::new("epsilon"),
            platform_name: "Epsilon".into(),
            account: "guildhall-shared".into(),
            community: None,
            field: "token".into(),
            last_four: "a1b2".into(),
            reaches_communities: 12,
        }],
        lost: 0,
    }
}

pub fn sharing(platform: &PlatformId) -> KeySharing {
    KeySharing {
        platform: platform.clone(),
        platform_name: "Gamma".into(),
        policy: AccountPolicy::Own,
        most: 1,
        communities: 12,
    }
}

#[test]
fn who_is_removed_is_told_of_with_what_they_could_have_read_and_that_is_replaced() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "O down x");
    let shown = screen(&state);
    assert!(shown.contains("Remove Bea's laptop"), "{shown}");
    assert!(shown.contains("With a passphrase stays: Ada"), "{shown}");
    let effects = press(&mut state, "tab text:canary-of-ada tab tab enter");
    let shown = screen(&state);
    for part in ["token of Epsilon", "reaches 12 communities", "another key"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    assert!(!shown.contains("canary"), "{shown}");
    assert!(
        matches!(
            submitted(&effects)[..],
            [Intent::RotateKey {
                key: CredentialId(5),
                reason: RotationReason::OperatorLeft,
                ..
            }]
        ),
        "{effects:?}"
    );
    // The recovery key stays, whoever wants to remove it.
    press(&mut state, "esc down down x");
    assert!(
        !screen(&state).contains("Remove recovery key"),
        "{}",
        screen(&state)
    );
}

#[test]
fn somebody_is_added_with_a_passphrase_typed_twice_alike() {
    let mut state = furnished(SIZE, colour());
    press(
        &mut state,
        "O a text:Cleo tab tab text:canary-one tab text:canary-two",
    );
    let effects = press(&mut state, "tab tab enter");
    assert!(effects.is_empty(), "{effects:?}");
    assert!(screen(&state).contains("differ"), "{}", screen(&state));
    let effects = press(&mut state, "ctrl-u text:canary-one tab tab enter");
    let [Effect::AddOperator(ticket, new)] = &effects[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    let with = OperatorsWay::Passphrase(Hidden::pasted("canary-one".into()));
    let label = "Cleo".to_owned();
    assert_eq!(**new, NewOperator { label, with });
    let locked = Fault::new(FaultKind::Locked, "The vault is locked.");
    let answer = Answer::OperatorAdded(*ticket, Err(locked));
    update(&mut state, Msg::Answer(answer));
    assert!(screen(&state).contains("The vault is locked."));
    let answer = Answer::OperatorAdded(*ticket, Ok(operators().remove(0)));
    let effects = update(&mut state, Msg::Answer(answer));
    assert_eq!(effects, [Effect::Load(Load::Operators)]);
    assert!(!screen(&state).contains("canary"));
}

#[test]
fn a_shared_key_is_acknowledged_by_typing_how_many_communities_it_may_reach() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down S right");
    let shown = screen(&state);
    assert!(shown.contains("12 communities have an instance"), "{shown}");
    let effects = press(&mut state, "tab text:12 tab tab enter");
    let [Intent::SetAccountPolicy { policy, typed, .. }] = submitted(&effects)[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!((*policy, typed.as_str()), (AccountPolicy::Shared, "12"));
    let Some(ticket) = state.layers.last().and_then(Layer::ticket) else {
        panic!("the form waits");
    };
    let refused = Fault::new(FaultKind::BadInput, "Nothing was changed.");
    let answer = Answer::Submitted(Some(ticket), Err(refused));
    update(&mut state, Msg::Answer(answer));
    assert!(screen(&state).contains("Nothing was changed."));
}

#[test]
fn keys_that_are_replaced_are_listed_with_what_still_waits() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "7");
    let shown = screen(&state);
    assert!(shown.contains("1 of 2 moved"), "{shown}");
    press(&mut state, "enter");
    let shown = screen(&state);
    for part in [
        "it stood in a paste",
        "harbour",
        "make and enter a new Token",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
}

/// The instance under the cursor with two keys, of which the second should be replaced.
fn with_two_keys() -> State {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down");
    let Some(detail) = state.instance.as_mut() else {
        panic!("{}", screen(&state));
    };
    let mut second = detail.keys[0].clone();
    second.id = CredentialId(2);
    second.field = "master".into();
    second.last_four = "c3d4".into();
    detail.keys.push(second);
    detail.due[0].key = CredentialId(2);
    state
}

#[test]
fn of_several_keys_the_one_that_is_meant_is_asked_for_and_named_before_it_is_replaced() {
    for (key, wanted) in [("z", RotationReason::Choice), ("Z", RotationReason::Leaked)] {
        let mut state = with_two_keys();
        assert_eq!(press(&mut state, key), []);
        let shown = screen(&state);
        assert!(
            shown.contains("token, ..a1b2") && shown.contains("master, ..c3d4"),
            "{shown}"
        );
        // The one that is due is proposed; here the other one is meant.
        assert_eq!(press(&mut state, "up enter"), []);
        let shown = screen(&state);
        assert!(
            shown.contains("It is the key token, ..a1b2 of Delta, Rosewood Co-op."),
            "{shown}"
        );
        let effects = press(&mut state, "tab enter");
        let [
            Intent::RotateKey {
                key: CredentialId(1),
                reason,
                ..
            },
        ] = submitted(&effects)[..]
        else {
            panic!("{effects:?}");
        };
        assert_eq!(*reason, wanted);
    }
    let mut state = with_two_keys();
    press(&mut state, "z enter");
    assert!(
        screen(&state).contains("It is the key master, ..c3d4"),
        "{}",
        screen(&state)
    );
}

#[test]
fn what_is_shown_to_be_reached_is_what_the_chosen_key_reaches() {
    let mut state = with_two_keys();
    assert_eq!(
        press(&mut state, "b enter"),
        [Effect::Load(Load::Reach(CredentialId(2)))]
    );
    assert!(state.layers.is_empty(), "{}", screen(&state));
}

#[test]
fn a_single_key_is_named_before_it_is_replaced() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down z");
    assert!(
        screen(&state).contains("It is the key token, ..a1b2 of Delta, Rosewood Co-op."),
        "{}",
        screen(&state)
    );
}
