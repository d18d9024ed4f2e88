//! Everything else that is done with an instance: keys, looks, removal, settings, adoption, connections.

use super::world::{AMINA, WHOLE, World, adapter, fault, text};
use crate::journal::MemoryJournal;
use guildhall::adapters::{Halt, Settings, Standing, Target};
use guildhall::domain::{
    DriftKind, FaultKind, Health, InstanceId, InstanceKind, PlatformId, RemoveMode,
};
use guildhall::sandbox::{Trouble, TroubleKind};
use secrecy::ExposeSecret;
use serde_json::json;
use std::time::Duration;

#[tokio::test]
async fn an_answer_that_does_not_say_whether_a_user_administers_the_server_is_no_no() {
    let world = World::new().await;
    let field = "admin".to_owned();
    let lacking = Trouble::new(TroubleKind::Without { field }).times(u32::MAX);
    world.sandbox.trouble(lacking).await.unwrap();
    let admin = world.key("admin_token");
    let refused = world.verify(&[("access_token", &admin)]).await;
    assert_eq!(refused.unwrap_err().kind, FaultKind::BadAnswer);
}

#[tokio::test]
async fn verification_says_who_it_is_and_what_is_too_much() {
    let world = World::new().await;
    let bot = world.key("access_token");
    let identity = world.verify(&[("access_token", &bot)]).await.unwrap();
    assert_eq!(identity.external_id, "@ready-bot:matrix.sandbox");
    assert!(identity.scopes_excess.is_empty() && identity.scopes_missing.is_empty());

    let admin = world.key("admin_token");
    let identity = world.verify(&[("access_token", &admin)]).await.unwrap();
    assert_eq!(identity.scopes_excess, ["server administrator"]);
    assert!(
        identity
            .warnings
            .iter()
            .any(|warning| warning.contains("whole homeserver"))
    );

    let identity = world.verify(&[("admin_token", &admin)]).await.unwrap();
    assert!(identity.scopes_missing.is_empty());
    assert!(
        identity
            .reach
            .everything
            .unwrap()
            .contains("matrix.sandbox")
    );

    let identity = world.verify(&[("admin_token", &bot)]).await.unwrap();
    assert_eq!(identity.scopes_missing, ["server administrator"]);
}

#[tokio::test]
async fn a_mistyped_token_is_found_without_a_call_and_a_dead_one_by_the_server() {
    let world = World::new().await;
    let bot = world.key("access_token");
    let mut mistyped = bot.clone();
    mistyped.replace_range(6..7, if &bot[6..7] == "x" { "y" } else { "x" });
    world.sandbox.forget_calls();
    let fault = world
        .verify(&[("access_token", &mistyped)])
        .await
        .unwrap_err();
    assert_eq!(fault.kind, FaultKind::BadInput);
    assert_eq!(world.sandbox.calls(), []);

    world.act("revoke", json!({"token": bot})).await;
    let fault = world.verify(&[("access_token", &bot)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected);
    let trouble = Trouble::new(TroubleKind::Echo).matching("whoami");
    world.sandbox.trouble(trouble).await.unwrap();
    let fault = world.verify(&[("access_token", &bot)]).await.unwrap_err();
    assert!(
        !format!("{fault:?}").contains(&bot),
        "the token is never told"
    );
}

#[tokio::test]
async fn a_token_that_an_administrator_minted_is_ended_and_two_of_one_device_are_not() {
    let world = World::new().await;
    world.provision().await.unwrap();
    let (op, site) = (world.op(), world.site());
    let lives = async |token| {
        adapter()
            .key_lives(&site, "access_token", token)
            .await
            .unwrap()
    };
    let bot = "@gov-rosewood:matrix.sandbox";
    let token = async |input| {
        let made = world.act("sign-in", input).await;
        secrecy::SecretString::from(made["token"].as_str().unwrap())
    };
    let minted = token(json!({"user": bot})).await;
    assert!(lives(&minted).await);
    assert!(
        adapter()
            .revoke_key(&op, "access_token", &minted)
            .await
            .unwrap()
    );
    assert!(!lives(&minted).await);

    let now = op.secret("access_token").unwrap();
    let state = world.state().await;
    let device = state["tokens"][now.expose_secret()]["device"].clone();
    let twin = token(json!({"user": bot, "device": device})).await;
    let refused = fault(
        adapter()
            .revoke_key(&op, "access_token", &twin)
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.kind, FaultKind::Conflict, "{refused}");
    assert!(lives(&twin).await && lives(&now).await);

    // A locked bot's token works again later: nobody says that it is dead.
    world.act("lock", json!({"user": bot})).await;
    let asked = adapter().key_lives(&site, "access_token", &now).await;
    assert_eq!(asked.unwrap_err().kind, FaultKind::Refused);
}

#[tokio::test]
async fn the_token_in_use_is_ended_where_no_other_follows_it() {
    let world = World::new().await;
    world.provision().await.unwrap();
    let (op, site) = (world.op(), world.site());
    let now = op.secret("access_token").unwrap();
    let ended = adapter().revoke_key(&op, "access_token", &now).await;
    assert!(ended.unwrap());
    let lives = adapter().key_lives(&site, "access_token", &now).await;
    assert!(!lives.unwrap());
}

#[tokio::test]
async fn a_look_finds_drift_and_tells_gone_from_thrown_out() {
    let world = World::new().await;
    world.provision().await.unwrap();
    let look = || async { adapter().observe(&world.site()).await.unwrap() };
    let seen = look().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok),
        "{seen:?}"
    );

    let general = world.room_id("general").await;
    world.act("purge", json!({"room": general})).await;
    let seen = look().await;
    assert_eq!(seen.standing, Standing::Present);
    assert!(seen.drift.iter().any(|drift| {
        drift.kind == DriftKind::Missing
            && drift.what.contains("general")
            && drift.what.contains("deleted")
    }));

    adapter().deactivate(&world.op()).await.unwrap();
    let proposals = world.room_id("proposals").await;
    world
        .act(
            "set-state",
            json!({"room": proposals, "type": "m.room.power_levels", "content": {}}),
        )
        .await;
    let seen = look().await;
    assert!(
        seen.drift
            .iter()
            .any(|drift| drift.kind == DriftKind::Changed),
        "{seen:?}"
    );

    let space = world.room_id("Rosewood Co-op").await;
    let bot = "@gov-rosewood:matrix.sandbox";
    world
        .act("remove-member", json!({"room": space, "user": bot}))
        .await;
    let seen = look().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Down)
    );
    world.act("purge", json!({"room": space})).await;
    assert_eq!(look().await.standing, Standing::Gone);

    world.act("revoke", json!({"user": bot})).await;
    let seen = look().await;
    assert_eq!(seen.standing, Standing::Unseen);
    assert_eq!(seen.drift[0].kind, DriftKind::CredentialDead);
}

#[tokio::test]
async fn a_purge_is_seen_without_an_administrator_too() {
    let mut world = World::new().await;
    world.provision().await.unwrap();
    world.secrets.clear();
    let space = world.room_id("Rosewood Co-op").await;
    world.act("purge", json!({"room": space})).await;
    let seen = adapter().observe(&world.site()).await.unwrap();
    assert_eq!(seen.standing, Standing::Gone);
}

#[tokio::test]
async fn a_soft_removal_empties_and_a_hard_one_purges_and_both_can_be_repeated() {
    for mode in [RemoveMode::Soft, RemoveMode::Hard] {
        let world = World::new().await;
        world.provision().await.unwrap();
        world.add_member(AMINA, "general").await;
        let token = world.journal.secrets()["access_token"]
            .expose_secret()
            .to_owned();
        adapter().remove(&world.op(), mode).await.unwrap();
        adapter().remove(&world.op(), mode).await.ok();
        assert_eq!(world.rooms().await, Vec::<String>::new(), "{mode:?}");
        let state = world.state().await;
        assert_eq!(state["aliases"], json!({}), "{mode:?}");
        assert!(
            state["tokens"][&token].is_null(),
            "the bot's token is ended"
        );
        let bot = &state["users"]["@gov-rosewood:matrix.sandbox"];
        assert_eq!(bot["deactivated"], mode == RemoveMode::Hard);
        let left = state["rooms"].as_object().unwrap().len();
        assert_eq!(left, if mode == RemoveMode::Hard { 0 } else { 3 });
        assert!(!world.journal.secrets().contains_key("access_token"));
    }
}

#[tokio::test]
async fn a_hard_removal_without_an_administrator_asks_for_one_and_changes_nothing() {
    let mut world = World::new().await;
    world.provision().await.unwrap();
    world.secrets.clear();
    let fault = fault(
        adapter()
            .remove(&world.op(), RemoveMode::Hard)
            .await
            .unwrap_err(),
    );
    assert_eq!(fault.kind, FaultKind::NeedsKey);
    assert_eq!(world.rooms().await, WHOLE);
}

#[tokio::test]
async fn the_owner_stands_beside_the_bot_and_unknown_people_are_refused_first() {
    let mut world = World::new().await;
    world.set("owner", "@nobody:matrix.sandbox");
    let refused = fault(world.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::BadInput);
    assert_eq!(
        world.rooms().await,
        Vec::<String>::new(),
        "nothing was made"
    );
    world.set("owner", AMINA);
    world.provision().await.unwrap();
    let space = world.room_id("Rosewood Co-op").await;
    let state = world.state().await;
    let room = &state["rooms"][&space]["state"];
    assert_eq!(
        room["m.room.create\n"]["content"]["additional_creators"],
        json!([AMINA])
    );
    assert_eq!(
        room[format!("m.room.member\n{AMINA}")]["content"]["membership"],
        "invite"
    );
}

#[tokio::test]
async fn changed_settings_add_and_hide_rooms_and_change_the_topic() {
    let mut world = World::new().await;
    world.provision().await.unwrap();
    world.set("rooms", "general,budget");
    world.set("topic", "Housing for all");
    world.journal.next_operation();
    let changed = ["rooms".to_owned(), "topic".to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
    assert_eq!(
        world.rooms().await,
        ["Rosewood Co-op", "budget", "general", "proposals"]
    );
    let state = world.state().await;
    let space = &state["rooms"][world.room_id("Rosewood Co-op").await];
    assert_eq!(text(space, "m.room.topic", "topic"), "Housing for all");
    let proposals = world.room_id("proposals").await;
    assert_eq!(
        space["state"][format!("m.space.child\n{proposals}")]["content"],
        json!({})
    );

    world.set("rooms", "general,budget,proposals");
    world.journal.next_operation();
    adapter().configure(&world.op(), &changed).await.unwrap();
    assert_eq!(
        world.room_id("proposals").await,
        proposals,
        "taken up again, not made anew"
    );

    let fixed = fault(
        adapter()
            .configure(&world.op(), &["owner".into()])
            .await
            .unwrap_err(),
    );
    assert_eq!(fixed.kind, FaultKind::BadInput);
}

#[tokio::test]
async fn an_existing_room_is_taken_over_after_an_invitation_and_only_watched() {
    let mut world = World::new().await;
    // Somebody else's room, made by another user with the same server.
    world.provision().await.unwrap();
    let room = world.room_id("general").await;
    world
        .act(
            "set-state",
            json!({"room": room, "type": "org.guildhall.instance", "content": {}}),
        )
        .await;
    let journal = MemoryJournal::new();
    world.journal = journal;
    world.made_by_us = false;
    world.secrets.clear();
    world.use_key("access_token", "access_token");
    let Err(Halt::Human(task)) = adapter().adopt(&world.op(), &room).await else {
        panic!("the bot is not in the room");
    };
    assert!(
        task.title.contains("@ready-bot:matrix.sandbox"),
        "{}",
        task.title
    );
    world
        .act(
            "add-member",
            json!({"room": room, "user": "@ready-bot:matrix.sandbox"}),
        )
        .await;
    let presence = adapter().adopt(&world.op(), &room).await.unwrap();
    assert_eq!(
        (presence.kind, presence.made_by_us),
        (InstanceKind::Link, false)
    );
    let before = world.levels("general").await;
    let refused = fault(adapter().deactivate(&world.op()).await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
    assert_eq!(world.levels("general").await, before);
    let found = adapter().discover(&world.site()).await.unwrap();
    assert_eq!(found.len(), 1);
    adapter()
        .remove(&world.op(), RemoveMode::Soft)
        .await
        .unwrap();
    assert_eq!(
        world.rooms().await,
        WHOLE,
        "others' rooms are left as they are"
    );
    assert!(
        !world.state().await["aliases"]
            .as_object()
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_message_that_others_send_into_the_room_is_seen() {
    let world = World::new().await;
    world.provision().await.unwrap();
    let probe = adapter()
        .probe_connection(&world.op(), &nobody())
        .await
        .unwrap();
    assert!(probe.arrived, "{}", probe.what);
    let target = adapter()
        .offer_target(&world.op(), &PlatformId::new("loomio"))
        .await
        .unwrap();
    let Target::Room { room, .. } = target else {
        panic!("a room is offered");
    };
    assert_eq!(room, world.room_id("general").await);
    assert!(
        !adapter()
            .saw_message(&world.site(), "proposal 7", jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
    );
    world.add_member(AMINA, "general").await;
    world
        .act(
            "say",
            json!({"user": AMINA, "room": room, "body": "see proposal 7"}),
        )
        .await;
    assert!(
        adapter()
            .saw_message(&world.site(), "proposal 7", jiff::Timestamp::UNIX_EPOCH)
            .await
            .unwrap()
    );
    let later = jiff::Timestamp::now() + Duration::from_secs(60);
    assert!(
        !adapter()
            .saw_message(&world.site(), "proposal 7", later)
            .await
            .unwrap(),
        "one of a former test"
    );
}

fn nobody() -> guildhall::adapters::Peer {
    guildhall::adapters::Peer {
        platform: PlatformId::new("loomio"),
        instance: InstanceId(2),
        url: None,
        settings: Settings::default(),
        target: None,
    }
}

#[tokio::test]
async fn a_homeserver_that_is_not_synapse_works_with_a_pasted_token_and_says_what_is_missing() {
    let mut world = World::new().await;
    world.act("not-synapse", json!({})).await;
    let refused = fault(world.provision().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::Unsupported, "{refused}");
    world.use_key("access_token", "access_token");
    world.provision().await.unwrap();
    assert_eq!(world.rooms().await, WHOLE);
    let refused = fault(
        adapter()
            .remove(&world.op(), RemoveMode::Hard)
            .await
            .unwrap_err(),
    );
    assert_eq!(refused.kind, FaultKind::Unsupported, "{refused}");
}

#[tokio::test]
async fn a_bot_name_that_somebody_has_is_never_taken_over() {
    let world = World::new().await;
    let name = "@gov-rosewood:matrix.sandbox";
    let token = world.act("add-user", json!({"user": name})).await["token"].clone();
    world.provision().await.unwrap();
    let state = world.state().await;
    assert!(
        state["tokens"][token.as_str().unwrap()].is_object(),
        "their token lives"
    );
    let ours = state["users"].as_object().unwrap().keys();
    assert_eq!(
        ours.filter(|user| user.starts_with("@gov-rosewood-"))
            .count(),
        1
    );
}

#[tokio::test]
async fn what_is_announced_is_to_be_read_in_the_first_room() {
    let world = World::new().await;
    world.provision().await.unwrap();
    let site = world.site();
    assert!(adapter().announces());
    let words = "2 keys are to be replaced";
    for _ in 0..2 {
        adapter().announce(&site, words, "key-1").await.unwrap();
    }
    let since = jiff::Timestamp::UNIX_EPOCH;
    assert!(adapter().saw_message(&site, words, since).await.unwrap());
}

#[tokio::test]
async fn a_bot_of_the_installation_is_made_once_however_often_it_is_tried() {
    let world = World::new().await;
    let users = async || {
        let state = world.state().await;
        let users = state["users"].as_object().unwrap().keys().cloned();
        users.filter(|user| user.starts_with("@gov-")).count()
    };
    let mut site = world.site();
    site.slug = "second".parse().unwrap();
    assert_eq!(adapter().makes_account_with(), Some("admin_token"));
    let lost = adapter().make_account(&site).await.unwrap();
    let made = adapter().make_account(&site).await.unwrap();
    assert_eq!((users().await, made.field), (1, "access_token"));
    assert!(made.identity.external_id.starts_with("@gov-second-"));
    let lives = async |token| {
        adapter()
            .key_lives(&site, "access_token", token)
            .await
            .unwrap()
    };
    assert!(lives(&made.secret).await);
    assert!(!lives(&lost.secret).await, "two live tokens of one bot");
    site.secrets.0.clear();
    let fault = adapter().make_account(&site).await.err().unwrap();
    assert_eq!(fault.kind, FaultKind::NeedsKey);
}
