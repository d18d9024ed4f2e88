//! Accounts: one is added, another is asked for, a community is moved, a key is read for a while.

use super::fixture::*;
use crate::domain::*;
use crate::engine::{
    KeyOwner,
    views::{AccountMoves, AccountOffer, MoveTarget, MovingCommunity, TaskRow, TaskSubject},
};
use crate::tui::{
    effect::Effect,
    hidden::Hidden,
    message::{Answer, KeyRead, Msg},
    state::State,
    update::update,
};
use std::{collections::BTreeMap, time::Duration};

const SIZE: (u16, u16) = (120, 40);

pub fn offer(platform: &PlatformId) -> AccountOffer {
    AccountOffer {
        platform: platform.clone(),
        settings: BTreeMap::new(),
        contact: "Bea, bea@example.org".into(),
    }
}

pub fn moves() -> AccountMoves {
    let target = |name: &str, obstacle: Option<&str>| MoveTarget {
        name: name.into(),
        owner: None,
        words: "83 of 100 servers joined".into(),
        obstacle: obstacle.map(str::to_owned),
    };
    AccountMoves {
        platform: PlatformId::new("epsilon"),
        platform_name: "Epsilon".into(),
        name: "guildhall-rosewood".into(),
        communities: vec![MovingCommunity {
            id: CommunityId(1),
            slug: slug("rosewood-co-op"),
            name: "Rosewood Co-op".into(),
        }],
        targets: vec![
            target("guildhall-old", Some("The account guildhall-old is full.")),
            target("guildhall-shared", None),
        ],
    }
}

pub fn read() -> KeyRead {
    KeyRead {
        secret: Hidden::pasted("canary-in-the-clear-0123".into()),
        what: "token of Alpha, rosewood-co-op".into(),
    }
}

pub fn wanted() -> TaskRow {
    let wanted = WantedAccount {
        id: WantedAccountId(7),
        platform: PlatformId::new("gamma"),
        name: "second bot".into(),
        contact: "Bea".into(),
        actor: "root".into(),
        marker: "0123".into(),
        note: String::new(),
        asked_at: ago(90),
    };
    TaskRow {
        subject: TaskSubject::Account(wanted),
        operation: None,
        platform: PlatformId::new("gamma"),
        platform_name: "Gamma".into(),
        task: task(),
        key: Some(crate::engine::views::KeyWanted {
            field: None,
            made: false,
            settings: BTreeMap::new(),
        }),
        since: ago(90),
    }
}

#[test]
fn an_account_is_added_with_its_name_whom_one_asks_and_its_key() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "3 n");
    let shown = screen(&state);
    assert!(shown.contains("An account of the installation"), "{shown}");
    // Without a name nothing is asked of anybody.
    press(&mut state, "tab tab tab enter");
    assert!(screen(&state).contains("Name it"), "{}", screen(&state));
    press(&mut state, "up");
    for _ in 0..10 {
        if !screen(&state).contains("< Gamma >") {
            press(&mut state, "right");
        }
    }
    press(&mut state, "tab text:second tab tab tab enter");
    let shown = screen(&state);
    assert!(shown.contains("Key for Gamma, account second"), "{shown}");
    press(&mut state, "text:tok-canary0123456789abcdef");
    let effects = update_all(&mut state, "tab tab tab enter");
    let owners: Vec<_> = effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Examine(_, entered) => Some(&entered.owner),
            _ => None,
        })
        .collect();
    assert_eq!(owners, [&KeyOwner::Installation], "{}", screen(&state));
    answer_all(&mut state, effects);
    let effects = press(&mut state, "tab enter");
    let [
        Intent::AddAccount {
            platform,
            name,
            contact,
            ..
        },
    ] = submitted(&effects)[..]
    else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!(
        (platform.as_str(), name.as_str(), contact.as_str()),
        ("gamma", "second", "Bea, bea@example.org")
    );
}

/// Presses keys and answers nothing.
fn update_all(state: &mut State, keys: &str) -> Vec<Effect> {
    let mut effects = Vec::new();
    for word in keys.split(' ') {
        effects.extend(update(state, Msg::Key(event(word))));
    }
    effects
}

#[test]
fn another_account_is_asked_for_after_its_plan_was_seen() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "3 a");
    assert!(screen(&state).contains("Make another account of Epsilon"));
    let effects = press(&mut state, "tab tab tab enter");
    assert!(submitted(&effects).is_empty());
    assert!(screen(&state).contains("Name it"), "{}", screen(&state));
    press(&mut state, "text:second tab text:Bea enter");
    let shown = screen(&state);
    assert!(shown.contains("Nothing has been sent yet."), "{shown}");
    let effects = press(&mut state, "tab enter");
    let [Intent::WantAccount { name, contact, .. }] = submitted(&effects)[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!((name.as_str(), contact.as_str()), ("second", "Bea"));
}

#[test]
fn a_community_is_moved_to_an_account_that_has_room() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "3 m");
    let shown = screen(&state);
    for part in [
        "Move a community from guildhall-rosewood",
        "Rosewood Co-op",
        "83 of 100",
    ] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    // The one that is full says so, and nothing is moved to it.
    press(&mut state, "tab up tab tab enter");
    let shown = screen(&state);
    assert!(shown.contains("guildhall-old is full"), "{shown}");
    assert!(!shown.contains("Nothing has been sent yet."), "{shown}");
    press(&mut state, "down tab tab enter");
    let effects = press(&mut state, "tab enter");
    let [
        Intent::MoveAccount {
            community, name, ..
        },
    ] = submitted(&effects)[..]
    else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!(
        (*community, name.as_str()),
        (CommunityId(1), "guildhall-shared")
    );
}

#[test]
fn where_there_is_nothing_to_move_a_page_says_what_was_found_and_what_to_do_first() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "3");
    let answer = |known| Msg::Answer(Answer::Moves(AccountId(1), Ok(known)));
    let alone = AccountMoves {
        targets: vec![],
        ..moves()
    };
    update(&mut state, answer(alone));
    let shown = screen(&state);
    for part in ["1 community works with", "Make another account first"] {
        assert!(shown.contains(part), "{part}\n{shown}");
    }
    press(&mut state, "esc");
    let idle = AccountMoves {
        communities: vec![],
        ..moves()
    };
    update(&mut state, answer(idle));
    let shown = screen(&state);
    assert!(shown.contains("No community works with"), "{shown}");
}

#[test]
fn an_account_that_is_wanted_is_a_step_whose_key_is_entered_and_that_can_be_dropped() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "t");
    state.tasks.replace(vec![wanted()], 20);
    assert!(screen(&state).contains("the installation"));
    let effects = press(&mut state, "r");
    assert_eq!(
        submitted(&effects),
        [&Intent::CheckWantedAccount {
            wanted: WantedAccountId(7)
        }]
    );
    state.tasks.replace(vec![wanted()], 20);
    press(&mut state, "enter");
    let shown = screen(&state);
    assert!(shown.contains("account second bot"), "{shown}");
    press(&mut state, "esc C");
    let effects = press(&mut state, "tab enter");
    assert_eq!(
        submitted(&effects),
        [&Intent::DropWantedAccount {
            wanted: WantedAccountId(7)
        }]
    );
}

#[test]
fn a_key_is_read_only_with_a_reason_and_goes_with_its_time() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down V");
    let shown = screen(&state);
    assert!(shown.contains("Read a key of Delta"), "{shown}");
    let effects = press(&mut state, "tab tab tab enter");
    assert!(effects.is_empty(), "{effects:?}");
    assert!(screen(&state).contains("Say why"), "{}", screen(&state));
    press(&mut state, "text:the platform asks for it tab");
    // What is proposed is replaced by typing.
    press(&mut state, "text:20 tab tab enter");
    let shown = screen(&state);
    assert!(shown.contains("canary-in-the-clear-0123"), "{shown}");
    assert_eq!(
        state.ends_at(),
        now().checked_add(Duration::from_secs(20)).ok()
    );
    assert!(!format!("{:?}", state.layers).contains("canary"));
    // Something else lies over it by now; it goes all the same.
    state.now = now().checked_add(Duration::from_secs(19)).unwrap();
    update(&mut state, Msg::Tick);
    assert!(screen(&state).contains("canary"));
    state.now = now().checked_add(Duration::from_secs(20)).unwrap();
    update(&mut state, Msg::Tick);
    let shown = screen(&state);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(shown.contains("off the screen"), "{shown}");
    assert!(state.layers.is_empty() && state.ends_at().is_none());
}

#[test]
fn any_key_takes_a_key_off_the_screen_and_does_nothing_else() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down");
    for key in ["q", "ctrl-z", "space"] {
        press(&mut state, "V text:why tab tab tab enter");
        assert!(screen(&state).contains("canary"), "{}", screen(&state));
        let effects = press(&mut state, key);
        assert_eq!(effects, [], "{key}");
        assert!(!screen(&state).contains("canary"), "{key}");
    }
}

#[test]
fn a_locked_vault_keeps_its_keys_and_says_so() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down V text:why");
    let effects = update_all(&mut state, "tab tab tab enter");
    let [Effect::Reveal(ticket, key, why)] = &effects[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!((*key, why.as_str()), (CredentialId(1), "why"));
    let locked = Fault::new(
        FaultKind::Locked,
        "The vault is locked, so no key can be read.",
    )
    .hint("Unlock it first.");
    let answer = Answer::Revealed(*ticket, Err(locked));
    update(&mut state, Msg::Answer(answer));
    let shown = screen(&state);
    assert!(shown.contains("Unlock it first."), "{shown}");
}

#[test]
fn who_may_not_read_keys_is_not_offered_it() {
    let mut state = furnished(SIZE, colour());
    press(&mut state, "enter down down down");
    assert!(state.offers(ActionId::RevealKey));
    let mut told = overview();
    told.role = Role::Auditor.to_string();
    state.overview = Some(told);
    assert!(!state.offers(ActionId::RevealKey));
    press(&mut state, "V");
    assert!(state.layers.is_empty());
}
