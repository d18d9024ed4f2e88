//! Those who come in over SSH: by which keys, how much they may switch on, what they ask for, and when it is over.

use super::{
    town::{KEY, OTHER_KEY, Town, key},
    *,
};
use guildhall::{
    domain::{
        Allowance, Delegation, DriftKind, FaultKind, LoginKey, RemoveMode, RequestState, Role, Wish,
    },
    engine::Page,
};

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_given_is_asked_for_and_done_once_an_operator_approves() {
    let town = Town::new(Role::CommunityAdmin).await;
    let (engine, grace) = (&town.engine, &town.actor);
    let ada = ada(engine).await;
    let allow = |allowance| {
        Intent::Delegate(Delegation::SetAllowance {
            community: town.own.id,
            allowance,
        })
    };
    let on = |platform: &str| Intent::SetDesired {
        community: town.own.id,
        platform: id(platform),
        desired: Desired::Active,
    };
    // Alpha is active by the template.
    let one = Allowance {
        most: Some(1),
        ..Allowance::default()
    };
    engine.submit(&ada, allow(one)).await.unwrap();
    let fault = engine.submit(grace, on("gamma")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::NotAllowed);
    assert!(fault.what.contains("1 of 1"), "{fault}");
    assert!(engine.plan(grace, &on("gamma")).await.is_err());
    // What is on already is no more than before, and off is always possible.
    engine.submit(grace, on("alpha")).await.unwrap();

    let only_alpha = Allowance {
        platforms: Some([id("alpha")].into()),
        ..Allowance::default()
    };
    engine.submit(&ada, allow(only_alpha)).await.unwrap();
    let fault = engine.submit(grace, on("gamma")).await.unwrap_err();
    assert!(fault.what.contains("not on the list"), "{fault}");
    assert!(fault.hint.contains("request activate own gamma"), "{fault}");

    let ask = Intent::Delegate(Delegation::Ask {
        community: town.own.id,
        wish: Wish::Activate {
            platform: id("gamma"),
        },
        words: "we vote there".into(),
    });
    engine.submit(grace, ask.clone()).await.unwrap();
    let twice = engine.submit(grace, ask).await.unwrap_err();
    assert_eq!(twice.kind, FaultKind::Conflict);
    let request = engine.requests(grace).await.unwrap()[0].clone();
    assert_eq!(engine.requests(&ada).await.unwrap()[0], request);
    let answer = |approve, words: &str| {
        Intent::Delegate(Delegation::Answer {
            request: request.id,
            approve,
            typed: String::new(),
            words: words.into(),
        })
    };
    let fault = engine.submit(&ada, answer(false, "")).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput, "a refusal says why");
    let own = engine.submit(grace, answer(true, "")).await.unwrap_err();
    assert_eq!(own.kind, FaultKind::NotAllowed);
    engine
        .submit(&ada, answer(true, "until spring"))
        .await
        .unwrap();
    settle(engine).await;
    let seen = engine.request(grace, request.id).await.unwrap();
    assert_eq!(seen.state, RequestState::Approved);
    assert_eq!(seen.answer, "until spring");
    let detail = engine.instance(grace, &town.own.slug, &id("gamma")).await;
    assert_eq!(detail.unwrap().instance.unwrap().desired, Desired::Active);
    let again = engine.submit(&ada, answer(true, "")).await.unwrap_err();
    assert_eq!(again.kind, FaultKind::Conflict);
    let actions: Vec<String> = engine
        .audit(grace, Page::first(20))
        .await
        .unwrap()
        .into_iter()
        .map(|entry| format!("{} by {}", entry.action, entry.actor))
        .collect();
    for wanted in [
        "request-make by grace (community-admin)",
        "request-answer by ada (operator)",
        "instance-activate by ada (operator)",
    ] {
        assert!(actions.iter().any(|each| each == wanted), "{actions:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asked_is_told_of_the_answer_until_they_have_looked_at_it() {
    let town = Town::new(Role::CommunityAdmin).await;
    let (engine, grace) = (&town.engine, &town.actor);
    let ada = ada(engine).await;
    let ask = Intent::Delegate(Delegation::Ask {
        community: town.own.id,
        wish: Wish::Other,
        words: "a second forum".into(),
    });
    engine.submit(grace, ask).await.unwrap();
    let answers = async |actor: &Actor| engine.overview(actor).await.unwrap().answers;
    assert_eq!(answers(grace).await, []);
    let request = engine.requests(grace).await.unwrap()[0].id;
    let refuse = Intent::Delegate(Delegation::Answer {
        request,
        approve: false,
        typed: String::new(),
        words: "not this year".into(),
    });
    engine.submit(&ada, refuse).await.unwrap();
    let told = answers(grace).await;
    assert_eq!(told.len(), 1);
    assert_eq!(
        (told[0].id, told[0].state, told[0].answer.as_str()),
        (request, RequestState::Refused, "not this year")
    );
    assert_eq!(answers(&ada).await, [], "it is told to who asked");
    // Somebody else looking at it is not enough.
    engine.answers_seen(&ada).await.unwrap();
    assert_eq!(answers(grace).await.len(), 1);
    engine.answers_seen(grace).await.unwrap();
    assert_eq!(answers(grace).await, []);
    let listed = engine.requests(grace).await.unwrap();
    assert!(
        listed.iter().any(|listed| listed.id == request),
        "{listed:?}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn an_approval_that_cannot_be_carried_out_leaves_the_request_open() {
    let town = Town::new(Role::CommunityAdmin).await;
    let engine = &town.engine;
    let ask = Intent::Delegate(Delegation::Ask {
        community: town.own.id,
        wish: Wish::Cancel {
            operation: town.own.operation,
        },
        words: String::new(),
    });
    engine.submit(&town.actor, ask).await.unwrap();
    let request = engine.requests(&town.actor).await.unwrap()[0].id;
    // It is done already, so it cannot be stopped.
    let approve = Intent::Delegate(Delegation::Answer {
        request,
        approve: true,
        typed: String::new(),
        words: String::new(),
    });
    engine
        .submit(&ada(engine).await, approve)
        .await
        .unwrap_err();
    let state = engine.request(&town.actor, request).await.unwrap().state;
    assert_eq!(state, RequestState::Open);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_removal_that_was_asked_for_is_approved_by_typing_the_name_only() {
    let town = Town::new(Role::CommunityAdmin).await;
    let (engine, grace, ada) = (&town.engine, &town.actor, ada(&town.engine).await);
    // To do it without asking is not theirs.
    let remove = Intent::Remove {
        community: town.own.id,
        platform: id("alpha"),
        mode: RemoveMode::Hard,
        typed: "own".into(),
    };
    let refused = engine.submit(grace, remove).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::NotAllowed);

    let ask = |mode| {
        Intent::Delegate(Delegation::Ask {
            community: town.own.id,
            wish: Wish::Remove {
                platform: id("alpha"),
                mode,
            },
            words: "nobody uses it".into(),
        })
    };
    engine.submit(grace, ask(RemoveMode::Hard)).await.unwrap();
    let request = engine.requests(&ada).await.unwrap()[0].clone();
    let seen = async |who: &Actor| engine.request(who, request.id).await.unwrap();
    assert_eq!(
        request.wish.to_string(),
        "remove alpha and destroy it there"
    );
    assert_eq!(request, seen(grace).await);
    let answer = |approve, typed: &str| {
        Intent::Delegate(Delegation::Answer {
            request: request.id,
            approve,
            typed: typed.into(),
            words: String::new(),
        })
    };
    let by_themselves = engine.submit(grace, answer(true, "own")).await.unwrap_err();
    assert_eq!(by_themselves.kind, FaultKind::NotAllowed);
    for typed in ["", "Own", "other"] {
        let fault = engine.submit(&ada, answer(true, typed)).await.unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput, "{typed:?}");
        assert!(fault.hint.contains("--confirm own"), "{fault:?}");
        assert_eq!(seen(grace).await.state, RequestState::Open, "{typed:?}");
    }
    let there = async || {
        let detail = engine.community(grace, &town.own.slug).await.unwrap();
        let mut rows = detail.platforms.iter();
        rows.any(|row| row.platform == id("alpha") && row.instance.is_some())
    };
    assert!(there().await);
    engine.submit(&ada, answer(true, "own")).await.unwrap();
    settle(engine).await;
    assert!(!there().await);
    assert_eq!(seen(grace).await.state, RequestState::Approved);
    assert_eq!(seen(grace).await.answered_by.as_deref(), Some("ada"));
}

#[tokio::test(flavor = "multi_thread")]
async fn archiving_that_was_asked_for_wants_the_name_and_a_refusal_does_not() {
    let town = Town::new(Role::CommunityAdmin).await;
    let (engine, ada) = (&town.engine, ada(&town.engine).await);
    let ask = || {
        Intent::Delegate(Delegation::Ask {
            community: town.own.id,
            wish: Wish::Archive,
            words: String::new(),
        })
    };
    let answer = |request, approve, typed: &str| {
        Intent::Delegate(Delegation::Answer {
            request,
            approve,
            typed: typed.into(),
            words: "so be it".into(),
        })
    };
    engine.submit(&town.actor, ask()).await.unwrap();
    let first = engine.requests(&ada).await.unwrap()[0].id;
    let fault = engine.submit(&ada, answer(first, true, "")).await;
    assert_eq!(fault.unwrap_err().kind, FaultKind::BadInput);
    engine.submit(&ada, answer(first, false, "")).await.unwrap();
    let told = engine.request(&town.actor, first).await.unwrap();
    assert_eq!(
        (told.state, told.answer.as_str()),
        (RequestState::Refused, "so be it")
    );

    engine.submit(&town.actor, ask()).await.unwrap();
    let open = engine.requests(&ada).await.unwrap();
    let second = open
        .iter()
        .find(|request| request.wish == Wish::Archive && request.state == RequestState::Open);
    let second = second.unwrap().id;
    engine
        .submit(&ada, answer(second, true, "own"))
        .await
        .unwrap();
    let archived = engine.community(&ada, &town.own.slug).await.unwrap();
    assert!(archived.community.archived_at.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_changed_on_a_platform_is_put_back_when_an_operator_approves() {
    let town = Town::new(Role::CommunityAdmin).await;
    let engine = &town.engine;
    let look = Intent::Check {
        community: Some(town.own.id),
        platform: Some(id("alpha")),
    };
    town.home
        .world
        .differ(DriftKind::Changed, "Room 1 is painted red.");
    engine.submit(&town.actor, look).await.unwrap();
    settle(engine).await;
    let differs = async || {
        let detail = engine
            .instance(&town.actor, &town.own.slug, &id("alpha"))
            .await;
        !detail.unwrap().instance.unwrap().drift.is_empty()
    };
    assert!(differs().await);

    let ask = Intent::Delegate(Delegation::Ask {
        community: town.own.id,
        wish: Wish::PutBack {
            platform: id("alpha"),
        },
        words: "it was white".into(),
    });
    engine.submit(&town.actor, ask).await.unwrap();
    let request = engine.requests(&town.actor).await.unwrap()[0].id;
    let approve = Intent::Delegate(Delegation::Answer {
        request,
        approve: true,
        typed: String::new(),
        words: String::new(),
    });
    engine.submit(&ada(engine).await, approve).await.unwrap();
    settle(engine).await;
    assert!(!differs().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_removed_or_whose_community_is_archived_is_told_so_and_nothing_more() {
    for archive in [false, true] {
        let town = Town::new(Role::CommunityAdmin).await;
        let engine = &town.engine;
        let ada = ada(engine).await;
        let mut events = engine.events(&town.actor);
        let end = if archive {
            Intent::ArchiveCommunity {
                community: town.own.id,
            }
        } else {
            Intent::Delegate(Delegation::RemoveAdmin {
                community: town.own.id,
                name: "grace".into(),
            })
        };
        engine.submit(&ada, end).await.unwrap();
        settle(engine).await;
        let told = events.so_far().await;
        assert_eq!(
            told.last(),
            Some(&guildhall::engine::views::EngineEvent::AccessEnded),
            "{told:?}"
        );
        let back_on = Intent::SetDesired {
            community: town.own.id,
            platform: id("alpha"),
            desired: Desired::Active,
        };
        engine.submit(&town.actor, back_on).await.unwrap_err();
        settle(engine).await;
        assert!(events.so_far().await.is_empty());
        assert!(events.next().await.is_none());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_lets_in_who_has_it_and_nobody_else() {
    let home = Home::new();
    let engine = home.init().await;
    let first = create(&engine).await.community.unwrap();
    let mut new = rosewood();
    new.slug = slug("fern");
    let ada = ada(&engine).await;
    let second = engine
        .submit(&ada, Intent::CreateCommunity(new))
        .await
        .unwrap()
        .community
        .unwrap();
    let add = |community, name: &str, text: &str| {
        Intent::Delegate(Delegation::AddAdmin {
            community,
            name: name.into(),
            key: key(text),
        })
    };
    let login = guildhall::engine::login_name();
    let enter = |text: &str| {
        let (home, login) = (home.options.home.clone(), login.clone());
        let key = key(text);
        async move {
            Engine::entrance(&home, &login, &key.kind, &key.body)
                .await
                .unwrap()
        }
    };
    assert_eq!(enter(KEY).await, None);
    engine.submit(&ada, add(first, "amina", KEY)).await.unwrap();
    let amina = enter(KEY).await.unwrap();
    assert_eq!(amina.kind, "ssh-ed25519");
    let print = key(KEY).fingerprint;
    let by_print = Engine::entrance(&home.options.home, &login, "ssh-ed25519", &print).await;
    assert_eq!(by_print.unwrap(), Some(amina.clone()));
    let as_root = Engine::entrance(&home.options.home, "somebody-else", "ssh-ed25519", &print);
    assert_eq!(as_root.await.unwrap(), None);

    // One key for two, one name for two, the same again: each is refused with its reason.
    for (wish, reason) in [
        (add(first, "kofi", KEY), "amina comes in by that key"),
        (add(second, "amina", OTHER_KEY), "with other keys"),
        (add(first, "amina", KEY), "already, with that key"),
        (add(first, "ada", OTHER_KEY), "as operator"),
        (add(first, "x (operator)", OTHER_KEY), "no brackets"),
    ] {
        let fault = engine.submit(&ada, wish).await.unwrap_err();
        assert!(fault.what.contains(reason), "{fault}");
    }
    // The same person in another community, and one more key.
    engine
        .submit(&ada, add(second, "amina", KEY))
        .await
        .unwrap();
    engine
        .submit(&ada, add(first, "amina", OTHER_KEY))
        .await
        .unwrap();
    assert_eq!(enter(OTHER_KEY).await.unwrap().actor, amina.actor);

    let remove = |community| {
        Intent::Delegate(Delegation::RemoveAdmin {
            community,
            name: "amina".into(),
        })
    };
    engine.submit(&ada, remove(first)).await.unwrap();
    assert!(enter(KEY).await.is_some(), "she administers the other one");
    engine
        .submit(&ada, Intent::ArchiveCommunity { community: second })
        .await
        .unwrap();
    assert_eq!(enter(KEY).await, None, "nothing is left to administer");
    engine.submit(&ada, remove(second)).await.unwrap();
    assert!(engine.actor(Some(amina.actor)).await.is_err());
}

#[test]
fn keys_are_taken_or_refused_with_a_reason() {
    let taken = key(&format!("# from the mail\n\n  {KEY} laptop\t \n"));
    assert_eq!(taken.comment, "amina laptop");
    assert!(taken.fingerprint.starts_with("SHA256:"));
    let body = KEY.split(' ').nth(1).unwrap();
    let rsa_1024 = "ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQDlcN0k2A0IixivX0OIbi6sqDs43dV1pMxh8kWEZk94OnpC5r5svyNhP6rJvN4KJEaNeIl3OxgYKlrsPwEuko0qTAeKMeYotAF50MFJtG3Bc42YWFrb8EIiq7Ra+/U66LwvoH+ds0EUXuHGMyjHHxIZrnBcjfxhDcIVK7E35ic86w== old";
    for (text, reason) in [
        (String::new(), "No key"),
        (format!("{KEY}\n{OTHER_KEY}"), "Several lines"),
        (
            "-----BEGIN OPENSSH PRIVATE KEY-----\nb3Blbg==".to_owned(),
            "private key",
        ),
        (format!("command=\"/bin/sh\" {KEY}"), "Options"),
        (format!("no-pty,restrict {KEY}"), "Options"),
        (
            format!("ssh-ed25519-cert-v01@openssh.com {body}"),
            "certificate",
        ),
        (format!("ssh-dss {body}"), "DSA"),
        (format!("ssh-rsa {body}"), "no public SSH key"),
        (rsa_1024.to_owned(), "1024 bits"),
        (format!("ssh-ed25519 {}", &body[..40]), "no public SSH key"),
        ("hello there".to_owned(), "no kind"),
        ("x".repeat(1024 * 1024), "longer"),
    ] {
        let fault = LoginKey::parse(&text).unwrap_err();
        assert_eq!(fault.kind, FaultKind::BadInput);
        assert!(fault.what.contains(reason), "{reason}: {fault}");
        assert!(!fault.hint.is_empty());
    }
}
