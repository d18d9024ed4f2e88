//! The screen of somebody who came in over SSH: cut to what the table of authority gives that role.

use super::fixture::*;
use crate::domain::*;
use crate::engine::views::EngineEvent;
use crate::tui::{
    effect::Effect,
    message::{Answer, Msg},
    state::{Pane, State, View},
    update::update,
};

const SIZE: (u16, u16) = (120, 40);

/// The furnished screen as this role sees it; of an administrator's communities there is one.
fn as_role(role: Role) -> State {
    let mut state = bare(SIZE, colour());
    let mut overview = overview();
    overview.role = role.to_string();
    overview.communities = 1;
    update(&mut state, Msg::Answer(Answer::Overview(Ok(overview))));
    let opening = state.opening_loads();
    let rest = opening
        .into_iter()
        .filter(|effect| *effect != Effect::Load(crate::tui::effect::Load::Overview))
        .collect();
    answer_all(&mut state, rest);
    state
}

fn request(state: RequestState) -> Request {
    Request {
        id: RequestId(7),
        community: CommunityId(1),
        slug: slug("rosewood-co-op"),
        asked_by: "amina".into(),
        asked_at: ago(12),
        wish: Wish::Activate {
            platform: PlatformId::new("beta"),
        },
        words: "we vote there".into(),
        state,
        answered_by: None,
        answered_at: None,
        answer: String::new(),
    }
}

fn delegations(effects: &[Effect]) -> Vec<Delegation> {
    effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Submit(_, intent) => match intent.as_ref() {
                Intent::Delegate(delegation) => Some(delegation.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

#[test]
fn only_what_the_table_gives_a_role_is_offered() {
    let offered = |role| {
        let state = as_role(role);
        ACTIONS
            .iter()
            .filter(|action| state.offers(action.id))
            .map(|action| action.name)
            .collect::<Vec<_>>()
    };
    let admin = offered(Role::CommunityAdmin);
    for name in ["toggle", "enter-key", "ask", "tasks", "requests", "audit"] {
        assert!(admin.contains(&name), "{name}: {admin:?}");
    }
    for name in [
        "new-community",
        "archive-community",
        "configure",
        "adopt",
        "remove",
        "destroy",
        "accounts",
        "unlock",
        "lock",
    ] {
        assert!(!admin.contains(&name), "{name}: {admin:?}");
    }
    let auditor = offered(Role::Auditor);
    assert!(auditor.contains(&"accounts") && !auditor.contains(&"toggle"));
    let operator = offered(Role::Operator);
    assert!(operator.contains(&"new-community") && !operator.contains(&"ask"));
    assert!(screen(&as_role(Role::CommunityAdmin)).contains("p ask"));
}

#[test]
fn who_administers_one_community_begins_in_it() {
    assert_eq!(as_role(Role::CommunityAdmin).pane, Pane::Instances);
    assert_eq!(as_role(Role::Operator).pane, Pane::Communities);
}

#[test]
fn what_one_may_not_do_is_asked_for_with_a_word() {
    let mut state = as_role(Role::CommunityAdmin);
    let effects = press(&mut state, "G p tab text:please tab enter");
    let [
        Delegation::Ask {
            community, words, ..
        },
    ] = &delegations(&effects)[..]
    else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert_eq!((community.0, words.as_str()), (1, "please"));
}

#[test]
fn an_operator_answers_on_the_screen_and_who_asked_takes_back() {
    for (role, keys, wanted) in [
        (
            Role::Operator,
            "enter text:until tab enter",
            Delegation::Answer {
                request: RequestId(7),
                approve: true,
                typed: String::new(),
                words: "until".into(),
            },
        ),
        (
            Role::Operator,
            "enter text:no tab tab enter",
            Delegation::Answer {
                request: RequestId(7),
                approve: false,
                typed: String::new(),
                words: "no".into(),
            },
        ),
        (
            Role::CommunityAdmin,
            "enter tab enter",
            Delegation::Withdraw {
                request: RequestId(7),
            },
        ),
    ] {
        let mut state = as_role(role);
        press(&mut state, "6");
        assert_eq!(state.view, View::Requests);
        let answer = Answer::Requests(Ok(vec![request(RequestState::Open)]));
        update(&mut state, Msg::Answer(answer));
        assert!(screen(&state).contains("activate beta"));
        let effects = press(&mut state, keys);
        assert_eq!(delegations(&effects), [wanted], "{}", screen(&state));
    }
}

#[test]
fn an_answer_is_told_once_and_stands_in_the_title_until_the_list_was_looked_at() {
    let mut state = as_role(Role::CommunityAdmin);
    let refused = Request {
        answered_by: Some("ada".into()),
        answer: "not this year".into(),
        ..request(RequestState::Refused)
    };
    let mut answered = state.overview.clone().unwrap();
    answered.answers = vec![refused.clone()];
    let tell =
        |state: &mut State| update(state, Msg::Answer(Answer::Overview(Ok(answered.clone()))));
    assert_eq!(tell(&mut state), []);
    let shown = screen(&state);
    let said = "ada refused your request 7 (activate beta): not this year";
    assert!(
        shown.contains(said) && shown.contains("1 answer"),
        "{shown}"
    );
    press(&mut state, "down");
    tell(&mut state);
    let shown = screen(&state);
    assert!(
        !shown.contains(said) && shown.contains("1 answer"),
        "{shown}"
    );
    press(&mut state, "6");
    let listed = Answer::Requests(Ok(vec![refused]));
    let effects = update(&mut state, Msg::Answer(listed));
    assert_eq!(effects, [Effect::AnswersSeen]);
}

/// The screen of a role with one open request, for this.
fn asked(role: Role, wish: Wish) -> State {
    let mut state = as_role(role);
    press(&mut state, "6");
    let request = Request {
        wish,
        ..request(RequestState::Open)
    };
    update(&mut state, Msg::Answer(Answer::Requests(Ok(vec![request]))));
    state
}

fn removal() -> Wish {
    Wish::Remove {
        platform: PlatformId::new("beta"),
        mode: RemoveMode::Hard,
    }
}

#[test]
fn a_removal_is_approved_on_the_screen_only_with_the_name_typed() {
    let mut state = asked(Role::Operator, removal());
    assert!(screen(&state).contains("remove beta and destroy it there"));
    let effects = press(&mut state, "enter tab text:rosewood tab enter");
    assert_eq!(delegations(&effects), []);
    let shown = screen(&state);
    assert!(shown.contains("Type rosewood-co-op"), "{shown}");
    assert!(shown.contains("nothing was done"), "{shown}");
    assert!(shown.contains("cannot be undone"), "{shown}");
    let effects = press(&mut state, "text:-co-op tab enter");
    assert_eq!(
        delegations(&effects),
        [Delegation::Answer {
            request: RequestId(7),
            approve: true,
            typed: "rosewood-co-op".into(),
            words: String::new(),
        }],
        "{}",
        screen(&state)
    );
}

#[test]
fn a_removal_is_refused_on_the_screen_without_the_name() {
    let mut state = asked(Role::Operator, removal());
    let effects = press(&mut state, "enter text:no tab tab tab enter");
    assert_eq!(
        delegations(&effects),
        [Delegation::Answer {
            request: RequestId(7),
            approve: false,
            typed: String::new(),
            words: "no".into(),
        }],
        "{}",
        screen(&state)
    );
}

#[test]
fn a_removal_is_asked_for_about_what_is_under_the_cursor() {
    let mut state = as_role(Role::CommunityAdmin);
    // The form begins with words; what is asked for stands above them.
    let effects = press(&mut state, "g p left left left tab text:unused tab enter");
    let [Delegation::Ask { wish, words, .. }] = &delegations(&effects)[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    assert!(
        matches!(
            wish,
            Wish::Remove {
                mode: RemoveMode::Soft,
                ..
            }
        ),
        "{wish:?}"
    );
    assert_eq!(words, "unused");
}

#[test]
fn other_settings_are_asked_for_in_the_form_of_the_settings() {
    let mut state = as_role(Role::CommunityAdmin);
    assert!(state.offers(ActionId::AskSettings) && !state.offers(ActionId::Configure));
    let effects = press(
        &mut state,
        "g P text:kind tab tab text:softer tab tab enter",
    );
    let [Delegation::Ask { wish, words, .. }] = &delegations(&effects)[..] else {
        panic!("{effects:?}\n{}", screen(&state));
    };
    let Wish::Configure { settings, .. } = wish else {
        panic!("{wish:?}");
    };
    assert!(settings.values().any(|value| value == "kind"), "{wish:?}");
    assert_eq!(words, "softer");
    assert!(!as_role(Role::Operator).offers(ActionId::AskSettings));
}

#[test]
fn connections_are_tested_and_undone_only_by_whom_the_table_lets() {
    for (role, tests, undoes) in [
        (Role::Operator, true, true),
        (Role::CommunityAdmin, true, false),
        (Role::Auditor, false, false),
    ] {
        let mut state = as_role(role);
        // An administrator begins in the instances already.
        press(&mut state, "right w");
        if state.layers.is_empty() {
            press(&mut state, "left w");
        }
        let shown = screen(&state);
        assert!(shown.contains("Connections of Alpha"), "{role}: {shown}");
        assert_eq!(shown.contains("t test"), tests, "{role}: {shown}");
        assert_eq!(shown.contains("x undo"), undoes, "{role}: {shown}");
        let effects = press(&mut state, "t");
        assert_eq!(submitted(&effects).len(), usize::from(tests), "{role}");
        press(&mut state, "x");
        let asked = screen(&state).contains("Undo it");
        assert_eq!(asked, undoes, "{role}: {}", screen(&state));
    }
    let details = |role| {
        let mut state = as_role(role);
        press(&mut state, "right right");
        screen(&state)
    };
    assert!(details(Role::Operator).contains("w tests or undoes them"));
    assert!(details(Role::CommunityAdmin).contains("w tests them"));
    assert!(details(Role::Auditor).contains("w lists them"));
}

/// A key that is missing, as one of the things that wait.
fn missing_key() -> crate::engine::views::TaskRow {
    let mut row = tasks().remove(0);
    row.operation = None;
    row.key = Some(crate::engine::views::KeyWanted {
        field: None,
        made: false,
        settings: std::collections::BTreeMap::new(),
    });
    row
}

#[test]
fn nobody_types_a_key_that_they_may_not_store() {
    let open = |mut state: State| {
        press(&mut state, "t");
        update(
            &mut state,
            Msg::Answer(Answer::Tasks(Ok(vec![missing_key()]))),
        );
        press(&mut state, "enter");
        state
    };
    let asks = |state: &State| screen(state).contains("Verify");
    assert!(asks(&open(as_role(Role::CommunityAdmin))));

    let mut auditor = open(as_role(Role::Auditor));
    let shown = screen(&auditor);
    assert!(!asks(&auditor), "{shown}");
    assert!(
        shown.contains("ask an operator or whoever administers the community"),
        "{shown}"
    );
    assert!(!shown.contains("check now"), "{shown}");
    assert_eq!(press(&mut auditor, "enter"), []);

    let mut looking = as_role(Role::Operator);
    looking.read_only = true;
    let looking = open(looking);
    let shown = screen(&looking);
    assert!(!asks(&looking), "{shown}");
    assert!(shown.contains("This screen is read-only"), "{shown}");
}

#[test]
fn an_auditor_is_not_offered_to_check_a_step() {
    let mut state = as_role(Role::Auditor);
    press(&mut state, "t enter");
    let shown = screen(&state);
    assert!(shown.contains("invite the bot"), "{shown}");
    assert!(
        !shown.contains("check now") && !shown.contains("Press enter"),
        "{shown}"
    );
    assert_eq!(press(&mut state, "enter"), []);
}

#[test]
fn who_may_not_look_any_more_is_let_out() {
    let mut state = as_role(Role::CommunityAdmin);
    let effects = update(&mut state, Msg::Engine(EngineEvent::AccessEnded));
    assert_eq!(effects, [Effect::Quit(4)]);
}
