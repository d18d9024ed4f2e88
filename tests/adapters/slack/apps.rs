//! The community's app, made with a configuration token and installed by a person.

use super::world::{WHOLE, Workspace};
use crate::journal::Death;
use crate::world::{deaths, fault, task};
use guildhall::adapters::Halt;
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

/// An instance whose configuration token ended, with the refresh token that was shown beside it.
async fn ended_with_refresh() -> Workspace {
    let mut world = with_configuration().await;
    world.use_key("config_refresh", "config_refresh");
    let token = world.key("config_token");
    world
        .act("expire-configuration", json!({"token": token}))
        .await;
    world
}

#[tokio::test]
async fn a_configuration_token_that_ended_is_renewed_and_both_parts_are_stored() {
    let mut world = ended_with_refresh().await;
    let asked = task(world.provision().await.unwrap_err());
    assert_eq!(made(&world).await.len(), 1);
    assert!(!format!("{asked:?}").contains("twice"), "{asked:?}");
    let kept = world.journal.secrets();
    for field in ["config_token", "config_refresh"] {
        assert_ne!(kept[field].expose_secret(), world.key(field), "{field}");
    }
    // What is stored works again when it has ended too: nobody enters anything.
    let token = kept["config_token"].expose_secret().to_owned();
    world
        .act("expire-configuration", json!({"token": token}))
        .await;
    world.secrets.clear();
    let removed = world.adapter.remove(&world.op(), RemoveMode::Hard).await;
    assert_eq!(removed.unwrap().left, Vec::<String>::new());
    assert!(made(&world).await.is_empty());
    let refresh = world.key("config_refresh");
    let sent = world
        .requests()
        .iter()
        .map(|sent| format!("{sent:?}"))
        .collect::<Vec<_>>();
    assert!(
        sent.iter()
            .any(|sent| sent.contains("tooling.tokens.rotate"))
    );
    assert!(!sent.iter().any(|sent| sent.contains(&refresh)));
}

#[tokio::test]
async fn a_token_whose_end_is_near_is_renewed_before_it_is_used() {
    let mut world = ended_with_refresh().await;
    task(world.provision().await.unwrap_err());
    let first = world.journal.secrets()["config_token"].clone();
    // As if it had been renewed twelve hours ago, less a minute.
    let soon = jiff::Timestamp::now().as_second() + 60;
    guildhall::adapters::Journal::remember(&*world.journal, "configuration_ends", json!(soon))
        .await
        .unwrap();
    world.secrets.clear();
    let removed = world.adapter.remove(&world.op(), RemoveMode::Hard).await;
    assert_eq!(removed.unwrap().left, Vec::<String>::new());
    let second = world.journal.secrets()["config_token"].clone();
    assert_ne!(first.expose_secret(), second.expose_secret());
    let refused = world
        .requests()
        .iter()
        .filter(|sent| format!("{sent:?}").contains("manifest.delete"))
        .count();
    assert_eq!(refused, 1, "the one that was about to end was not tried");
}

#[tokio::test]
async fn the_refresh_token_alone_is_enough() {
    let mut world = with_configuration().await;
    world.secrets.clear();
    world.use_key("config_refresh", "config_refresh");
    task(world.provision().await.unwrap_err());
    assert_eq!(made(&world).await.len(), 1);
}

#[tokio::test]
async fn a_spent_refresh_token_says_what_happened_and_what_to_do() {
    let mut world = ended_with_refresh().await;
    let refresh = world.key("config_refresh");
    world.act("spend-refresh", json!({"token": refresh})).await;
    let dead = fault(world.provision().await.unwrap_err());
    assert_eq!(dead.kind, FaultKind::KeyRejected, "{dead}");
    assert!(dead.what.contains("works once"), "{dead}");
    assert!(dead.hint.contains("config_refresh"), "{dead}");
    assert!(!format!("{dead:?}").contains(&refresh));
    assert!(made(&world).await.is_empty());
    // Another pair goes on, and nobody is told of an app that is not there.
    world.secrets.clear();
    let fresh = world.act("new-configuration", json!({})).await;
    for field in ["config_token", "config_refresh"] {
        let text = fresh[field].as_str().unwrap().to_owned();
        world.secrets.insert(field.to_owned(), text.into());
    }
    let asked = task(world.provision().await.unwrap_err());
    assert!(!format!("{asked:?}").contains("twice"), "{asked:?}");
    let identity = world.verify(&[("config_refresh", &refresh)]).await.unwrap();
    assert!(identity.warnings[0].contains("works once"), "{identity:?}");
}

#[tokio::test]
async fn killed_while_it_is_renewed_nothing_is_lost_that_slack_had_told() {
    let undisturbed = ended_with_refresh().await;
    undisturbed.journal.revive(None);
    task(undisturbed.provision().await.unwrap_err());
    let (writes, calls) = (undisturbed.journal.writes(), undisturbed.journal.calls());
    let mut locked_out = Vec::new();
    for death in deaths(writes, calls) {
        let world = ended_with_refresh().await;
        world.journal.revive(Some(death));
        world.provision().await.unwrap_err();
        world.journal.revive(None);
        match world.provision().await.unwrap_err() {
            Halt::Human(_) => {}
            Halt::Stopped(fault) => {
                assert_eq!(fault.kind, FaultKind::KeyRejected, "{death:?}: {fault}");
                assert!(fault.what.contains("works once"), "{death:?}: {fault}");
                assert!(world.journal.secrets().is_empty(), "{death:?}");
                locked_out.push(death);
            }
        }
        assert!(made(&world).await.len() <= 2, "{death:?}");
    }
    // Only where the process died before the first word of the answer could be written down.
    assert!(
        matches!(
            locked_out.as_slice(),
            [Death::BeforeWrite(_), Death::AfterCall(_)]
        ),
        "{locked_out:?}"
    );
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
