//! A group on the operator's own server, made by the script in the container.

use super::world::{MARKER, World, adapter, fault, text};
use guildhall::adapters::Standing;
use guildhall::domain::{DriftKind, FaultKind, Health, InstanceKind, RemoveMode};
use serde_json::json;

/// The users and groups that carry this instance's marker, and how many of the groups have an administrator.
async fn made(world: &World) -> (usize, usize, usize) {
    let state = world.state().await;
    let email = format!("guildhall+{MARKER}@example.org");
    let users = state["users"].as_object().unwrap();
    let bots: Vec<u64> = users
        .iter()
        .filter(|(_, user)| user["email"] == email)
        .map(|(id, _)| id.parse().unwrap())
        .collect();
    let groups = state["groups"].as_object().unwrap();
    let own: Vec<u64> = groups
        .iter()
        .filter(|(_, group)| bots.iter().any(|bot| group["creator"] == *bot))
        .map(|(id, _)| id.parse().unwrap())
        .collect();
    let members = state["memberships"].as_array().unwrap();
    let administered = members
        .iter()
        .filter(|one| own.iter().any(|id| one["group"] == *id) && one["admin"] == true)
        .count();
    (bots.len(), own.len(), administered)
}

#[tokio::test]
async fn the_script_makes_bot_and_group_and_the_key_goes_to_the_vault() {
    let mut world = World::own_server().await;
    let presence = world.provisioned().await;
    assert_eq!(made(&world).await, (1, 1, 1));
    assert_eq!(presence.kind, InstanceKind::Tenant);
    assert!(presence.made_by_us);
    assert_eq!(
        presence.url.as_deref(),
        Some("https://loomio.sandbox/lilac")
    );
    let secrets = world.journal.secrets();
    let key = text(&secrets["api_key"]).to_owned();
    assert_eq!(key.len(), 24);
    assert!(!format!("{:?}", world.journal.facts()).contains(&key));
    let seen = world.observe().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok)
    );
}

#[tokio::test]
async fn a_script_that_dies_in_the_middle_is_repaired_by_the_next_run() {
    for place in ["user", "group"] {
        let world = World::own_server().await;
        world.act("script", json!({"die_after": place})).await;
        let died = fault(world.provision().await.unwrap_err());
        assert_eq!(died.kind, FaultKind::Refused, "{place}: {died:?}");
        assert_eq!(made(&world).await.2, 0, "{place}: no administrator yet");
        world.provision().await.unwrap();
        assert_eq!(made(&world).await, (1, 1, 1), "{place}");
    }
}

#[tokio::test]
async fn a_handle_that_is_taken_is_said_so() {
    let world = World::own_server().await;
    let other = json!({"user": 5, "handle": "lilac", "name": "Other"});
    world.act("make-group", other).await;
    let fault = fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::Conflict, "{fault:?}");
}

#[tokio::test]
async fn a_container_that_is_not_there_or_stopped_is_the_hosts_trouble() {
    let mut world = World::own_server().await;
    world.set("runner_container", "other-app");
    let missing = fault(world.provision().await.unwrap_err());
    assert_eq!(missing.kind, FaultKind::Host);
    assert!(missing.what.contains("other-app"));
    world.set("runner_container", "loomio-app");
    world
        .act(
            "container",
            json!({"name": "loomio-app", "state": "exited"}),
        )
        .await;
    assert_eq!(
        fault(world.provision().await.unwrap_err()).kind,
        FaultKind::Host
    );
}

#[tokio::test]
async fn the_whole_group_is_suspended_and_opened_again_with_the_state_it_had() {
    let mut world = World::own_server().await;
    world.set("pause", "group");
    let id = world.provisioned().await.external_id;
    let said = world.deactivate().await;
    assert!(said.contains("suspended"), "{said}");
    let state = world.state().await["groups"][&id]["state"].clone();
    assert_eq!(state, "paused");
    let seen = world.observe().await;
    assert_eq!(seen.note, "suspended by Guildhall");
    assert!(seen.drift.is_empty(), "{:?}", seen.drift);
    // Twice must not take the suspension for the state to restore.
    world.deactivate().await;
    let said = world.activate().await;
    assert!(said.contains("open again"), "{said}");
    let state = world.state().await["groups"][&id]["state"].clone();
    assert_eq!(state, "active");
    assert!(world.observe().await.drift.is_empty());
}

#[tokio::test]
async fn by_default_only_announcements_stop() {
    let mut world = World::own_server().await;
    world.provisioned().await;
    let said = world.deactivate().await;
    assert!(said.contains("the group itself stays open"), "{said}");
}

#[tokio::test]
async fn a_stopped_worker_is_seen_while_the_web_answers() {
    let mut world = World::own_server().await;
    world.provisioned().await;
    world
        .act(
            "container",
            json!({"name": "loomio-worker", "state": "exited"}),
        )
        .await;
    let seen = world.observe().await;
    assert_eq!(seen.health, Health::Degraded);
    assert_eq!(seen.drift[0].kind, DriftKind::Changed);
}

#[tokio::test]
async fn a_group_of_ours_is_renamed_and_at_last_discarded_with_its_bot() {
    let mut world = World::own_server().await;
    let id = world.provisioned().await.external_id;
    world.set("group_name", "Roses");
    let changed = ["group_name".to_owned()];
    adapter().configure(&world.op(), &changed).await.unwrap();
    assert_eq!(world.state().await["groups"][&id]["name"], "Roses");
    assert!(world.observe().await.drift.is_empty());
    let removed = adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(removed.left.len(), 2);
    assert_eq!(world.state().await["groups"][&id]["discarded"], true);
    world.journal.next_operation();
    adapter()
        .remove(&world.op(), RemoveMode::Hard)
        .await
        .unwrap();
    assert_eq!(
        world.verify().await.unwrap_err().kind,
        FaultKind::KeyRejected
    );
}

#[tokio::test]
async fn the_script_gives_the_bot_another_key_and_the_old_one_is_dead() {
    let mut world = World::own_server().await;
    world.provisioned().await;
    let field = "api_key";
    let old = world.journal.secrets()[field].clone();
    // One that nobody wrote down before the program ended is replaced by the next.
    let op = world.op();
    assert!(adapter().mints(&op, field));
    let (lost, _) = adapter().mint_key(&op, field).await.unwrap();
    let op = world.op();
    let (new, identity) = adapter().mint_key(&op, field).await.unwrap();
    assert!(identity.is_some());
    op.keep_secret(field, new, identity).await.unwrap();
    let op = world.op();
    adapter().move_key(&op, field).await.unwrap();
    for dead in [old, lost] {
        assert!(!adapter().key_lives(op.site(), field, &dead).await.unwrap());
    }
    assert_eq!(made(&world).await, (1, 1, 1));
    let seen = world.observe().await;
    assert_eq!(
        (seen.standing, seen.health),
        (Standing::Present, Health::Ok)
    );
}

#[tokio::test]
async fn a_bot_that_a_person_made_is_given_another_key_by_that_person() {
    let mut world = World::new().await;
    world.provisioned().await;
    assert!(!adapter().mints(&world.op(), "api_key"));
}
