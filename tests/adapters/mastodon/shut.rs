//! Accounts that exist and may do nothing: not confirmed, not approved, frozen.

use super::world::{World, task};
use guildhall::adapters::Standing;
use guildhall::domain::FaultKind;
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

#[tokio::test]
async fn mail_and_approval_are_waited_for_in_turn() {
    let world = World::new().await;
    world
        .set_on(json!({"confirmed": false, "approved": false}))
        .await;
    let asked = task(world.provision().await.unwrap_err());
    assert!(
        asked.title.contains("mail") && !asked.others_decide,
        "{asked:?}"
    );
    world.set_on(json!({"confirmed": true})).await;
    let asked = task(world.provision().await.unwrap_err());
    assert!(asked.others_decide, "the moderators decide: {asked:?}");
    world.set_on(json!({"approved": true})).await;
    world.provision().await.unwrap();
}

#[tokio::test]
async fn a_frozen_account_is_somebody_elses_to_thaw() {
    let mut world = World::new().await;
    world.provisioned().await;
    world.set_on(json!({"disabled": true})).await;
    let seen = world.observe().await;
    assert_eq!(seen.standing, Standing::Present);
    let asked = seen.task.unwrap();
    assert!(
        asked.others_decide && asked.title.contains("thaw"),
        "{asked:?}"
    );
    assert!(seen.drift[0].what.contains("froze"));
}

#[tokio::test]
async fn a_server_that_moved_is_told_and_the_key_stays_here() {
    let world = World::new().await;
    let trouble = Trouble::new(TroubleKind::Html { status: 200 })
        .matching("/instance")
        .times(9);
    world.sandbox.trouble(trouble).await.unwrap();
    let fault = super::world::fault(world.provision().await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::BadAnswer, "{fault}");
}
