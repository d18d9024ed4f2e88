//! The community's app, made with a configuration token and installed by a person.

use super::world::{WHOLE, Workspace};
use crate::world::{fault, task};
use guildhall::domain::{FaultKind, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use secrecy::ExposeSecret;
use serde_json::{Value, json};

/// An instance with nothing but a configuration token.
async fn with_configuration() -> Workspace {
    let mut world = Workspace::new().await;
    world.secrets.clear();
    world.use_key("config_token", "config_token");
    world
}

/// The apps that were made for the community.
async fn made(world: &Workspace) -> Vec<(String, Value)> {
    let state = world.state().await;
    let apps = state["apps"].as_object().unwrap().iter();
    let ours = apps.filter(|(_, app)| app["name"] == "Guildhall Rosewood Co-op");
    ours.map(|(id, app)| (id.clone(), app.clone())).collect()
}

async fn install(world: &mut Workspace, app: &str) {
    let installed = world.act("install-app", json!({"app": app})).await;
    let token = installed["token"].as_str().unwrap().to_owned();
    world.secrets.insert("bot_token".to_owned(), token.into());
}

#[tokio::test]
async fn the_app_is_made_once_and_a_person_only_installs_it() {
    let mut world = with_configuration().await;
    let asked = task(world.provision().await.unwrap_err());
    let apps = made(&world).await;
    let [(id, app)] = apps.as_slice() else {
        panic!("{apps:?}");
    };
    assert!(asked.url.as_ref().unwrap().contains(id), "{asked:?}");
    assert_eq!(json!(asked.asks_for), app["scopes"]);
    let told = format!("{asked:?}");
    assert!(!told.contains("twice"), "{told}");
    // Whatever is needed later is kept, and nothing of it stands in the journal.
    let kept = world.journal.secrets();
    assert_eq!(kept["client_secret"].expose_secret(), app["client_secret"]);
    let written = world.journal.to_string();
    assert!(!written.contains(app["client_secret"].as_str().unwrap()));
    // The configuration token was used for one run and is forgotten.
    world.secrets.clear();
    assert_eq!(task(world.provision().await.unwrap_err()).step, asked.step);
    install(&mut world, id).await;
    let presence = world.provisioned().await;
    assert!(presence.made_by_us);
    assert_eq!(made(&world).await.len(), 1);
    assert_eq!(channels_of(&world, id).await, WHOLE.len());
}

/// How many channels the bot of an app made.
async fn channels_of(world: &Workspace, app: &str) -> usize {
    let state = world.state().await;
    let bot = &state["apps"][app]["bot"];
    let channels = state["channels"].as_object().unwrap().values();
    channels
        .filter(|channel| channel["creator"] == *bot)
        .count()
}

#[tokio::test]
async fn a_configuration_token_that_expired_says_so_and_another_one_goes_on() {
    let world = with_configuration().await;
    let token = world.key("config_token");
    world
        .act("expire-configuration", json!({"token": token}))
        .await;
    let dead = fault(world.provision().await.unwrap_err());
    assert_eq!(dead.kind, FaultKind::KeyRejected, "{dead}");
    assert!(dead.what.contains("twelve hours"), "{dead}");
    assert!(dead.hint.contains("config_token"), "{dead}");
    assert!(made(&world).await.is_empty());
    let refused = world.verify(&[("config_token", &token)]).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::KeyRejected);
    assert!(!format!("{refused:?}").contains(&token));
}

#[tokio::test]
async fn a_configuration_token_is_tried_without_making_anything_and_its_reach_is_told() {
    let world = with_configuration().await;
    let token = world.key("config_token");
    let identity = world.verify(&[("config_token", &token)]).await.unwrap();
    let reach = identity.reach.everything.unwrap();
    assert!(reach.contains("every app"), "{reach}");
    assert!(made(&world).await.is_empty());
    let bot = world.key("bot_token");
    let refused = world.verify(&[("config_token", &bot)]).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::KeyRejected, "{refused}");
}

#[tokio::test]
async fn too_many_apps_are_told_apart() {
    let world = with_configuration().await;
    world.act("managed-cap", json!({"most": 0})).await;
    let full = fault(world.provision().await.unwrap_err());
    assert_eq!(full.kind, FaultKind::OverQuota, "{full}");
    assert!(full.hint.contains("https://api.slack.com/apps"), "{full}");
}

#[tokio::test]
async fn a_lost_answer_is_told_in_the_step_and_none_of_its_words_are_quoted() {
    for kind in [
        TroubleKind::CutBody,
        TroubleKind::HalfJson,
        TroubleKind::NoAnswer,
    ] {
        let world = with_configuration().await;
        let lost = Trouble::new(kind.clone()).matching("apps.manifest.create");
        world.sandbox.trouble(lost.after_work()).await.unwrap();
        let first = world.provision().await.unwrap_err();
        let asked = match first {
            guildhall::adapters::Halt::Stopped(unknown) => {
                assert!(unknown.is_passing(), "{kind:?}: {unknown:?}");
                let told = format!("{unknown:?}");
                assert!(!told.contains("client_secret"), "{kind:?}: {told}");
                task(world.provision().await.unwrap_err())
            }
            guildhall::adapters::Halt::Human(asked) => *asked,
        };
        let told = asked.instructions.join(" ");
        assert!(told.contains("stands twice"), "{kind:?}: {told}");
    }
}

#[tokio::test]
async fn a_hard_removal_deletes_the_app_or_says_where_it_stays() {
    for with_token in [true, false] {
        let world = with_configuration().await;
        task(world.provision().await.unwrap_err());
        let mut world = world;
        if !with_token {
            world.secrets.clear();
        }
        let removed = world.adapter.remove(&world.op(), RemoveMode::Hard).await;
        let left = removed.unwrap().left;
        assert_eq!(made(&world).await.is_empty(), with_token, "{left:?}");
        assert_eq!(left.is_empty(), with_token, "{left:?}");
        assert!(with_token || left[0].contains("Guildhall Rosewood Co-op"));
        let again = world.adapter.remove(&world.op(), RemoveMode::Hard).await;
        assert_eq!(again.unwrap().left, Vec::<String>::new());
    }
}
