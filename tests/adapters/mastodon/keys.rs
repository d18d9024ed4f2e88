//! Tokens: whose they are, what they may, and how a person's browser gives one.

use super::world::{World, adapter, fault, task};
use guildhall::domain::{FaultKind, RemoveMode};
use guildhall::sandbox::{Trouble, TroubleKind};
use serde_json::json;

#[tokio::test]
async fn a_token_says_whose_it_is_what_it_may_and_what_is_used() {
    let world = World::new().await;
    let identity = world
        .verify(&[("access_token", &world.key("access_token"))])
        .await
        .unwrap();
    assert!(identity.who.contains("@rosewood"), "{identity:?}");
    assert!(
        identity.scopes_missing.is_empty() && identity.scopes_excess.is_empty(),
        "{identity:?}"
    );
    let pins = identity
        .slots
        .iter()
        .find(|slot| slot.unit == "pinned posts")
        .unwrap();
    assert_eq!((pins.used, pins.max), (Some(0), Some(5)));
    assert!(
        world.posts("rosewood").await.is_empty(),
        "trying posts nothing"
    );
}

#[tokio::test]
async fn an_answer_without_what_decides_is_told_and_nothing_is_overwritten_by_it() {
    let mut world = World::new().await;
    let lacking = |field: &str| {
        let field = field.to_owned();
        Trouble::new(TroubleKind::Without { field }).times(u32::MAX)
    };
    // How far a token reaches stands in the role's permissions.
    world.sandbox.trouble(lacking("permissions")).await.unwrap();
    let key = world.key("access_token");
    let refused = world.verify(&[("access_token", &key)]).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::BadAnswer, "{refused}");
    world.sandbox.calm().await.unwrap();
    // What a person wrote is put back as it was; of an answer without it nobody knows what that is.
    world.provisioned().await;
    let before = world.account("rosewood").await["note"].clone();
    world.sandbox.trouble(lacking("note")).await.unwrap();
    let refused = fault(world.off().await.unwrap_err());
    assert_eq!(refused.kind, FaultKind::BadAnswer, "{refused}");
    world.sandbox.calm().await.unwrap();
    assert_eq!(world.account("rosewood").await["note"], before);
}

#[tokio::test]
async fn tokens_that_may_too_little_or_too_much_are_told_apart() {
    let world = World::new().await;
    let verify = async |name: &str| world.verify(&[("access_token", &world.key(name))]).await;
    let narrow = verify("narrow_token").await.unwrap();
    assert_eq!(narrow.scopes_missing, ["write:accounts", "write:statuses"]);
    let broad = verify("token_with_too_much").await.unwrap_err();
    assert_eq!(
        broad.kind,
        FaultKind::Refused,
        "an administrator's scopes: {broad}"
    );
    let app = verify("application_token").await.unwrap_err();
    assert_eq!(app.kind, FaultKind::KeyRejected, "{app}");
    assert!(app.what.contains("application"), "{app}");
    let other = world
        .verify(&[("admin_token", &world.key("access_token"))])
        .await
        .unwrap();
    assert!(
        other
            .scopes_missing
            .iter()
            .any(|scope| scope == "admin:write:accounts")
    );
    let admin = world
        .verify(&[("admin_token", &world.key("admin_token"))])
        .await
        .unwrap();
    assert!(
        admin.scopes_missing.is_empty() && admin.reach.everything.is_some(),
        "{admin:?}"
    );
    let unread = world.key("admin_token_that_cannot_say_whose_it_is");
    let refused = world.verify(&[("admin_token", &unread)]).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::ScopeMissing, "{refused}");
}

#[tokio::test]
async fn a_server_that_names_no_scopes_is_taken_with_a_warning() {
    let world = World::new().await;
    world.act("version", json!({"version": "4.2.9"})).await;
    for field in ["access_token", "admin_token"] {
        let identity = world.verify(&[(field, &world.key(field))]).await.unwrap();
        assert!(identity.scopes_missing.is_empty(), "{identity:?}");
        let warned = identity.warnings.iter();
        assert!(
            warned.clone().any(|said| said.contains("does not tell")),
            "{identity:?}"
        );
    }
    // What the token may not post shows all the same.
    let narrow = world.key("narrow_token");
    let narrow = world.verify(&[("access_token", &narrow)]).await.unwrap();
    assert_eq!(narrow.scopes_missing, ["write:statuses"]);
}

#[tokio::test]
async fn the_token_of_another_account_is_refused_for_an_instance() {
    let mut world = World::new().await;
    world.provisioned().await;
    let other = world.key("token_of_another_account");
    let fault = world.verify(&[("access_token", &other)]).await.unwrap_err();
    assert_eq!(fault.kind, FaultKind::KeyRejected, "{fault}");
    assert!(fault.hint.contains("rosewood"), "{fault}");
}

#[tokio::test]
async fn a_persons_browser_gives_a_token_and_the_code_is_used_once() {
    let mut world = World::new().await;
    world.secrets.clear();
    world.set("sign_in", "browser");
    let asked = task(world.provision().await.unwrap_err());
    let address = asked.url.clone().unwrap();
    assert!(address.contains("code_challenge_method=S256"), "{address}");
    assert_eq!(asked.asks_for.len(), 4, "{asked:?}");
    let again = task(world.provision().await.unwrap_err());
    assert_eq!(again.url, asked.url, "the address holds until it is used");
    let input = json!({"account": "rosewood", "url": address});
    let code = world.act("authorize", input).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .secrets
        .insert("authorization_code".into(), code.clone().into());
    world.provision().await.unwrap();
    assert_eq!(world.posts("rosewood").await.len(), 1);
    let secrets = world.journal.secrets();
    assert!(secrets.contains_key("access_token") && !secrets.contains_key("code_verifier"));
    let told = format!("{:?}", world.requests());
    assert!(
        !told.contains(&code),
        "the code is in the record of requests"
    );
}

#[tokio::test]
async fn a_community_with_a_long_name_is_let_in_and_a_token_of_nobody_yet_is_ended() {
    let mut world = World::new().await;
    world.secrets.clear();
    world.set("sign_in", "browser");
    world.community_name = "The Housing Cooperative of Rosewood Avenue and Its Gardens";
    let asked = task(world.provision().await.unwrap_err());
    let input = json!({"account": "rosewood", "url": asked.url});
    let code = world.act("authorize", input).await["code"].clone();
    let code = code.as_str().unwrap().to_owned();
    world
        .secrets
        .insert("authorization_code".into(), code.into());
    // Before anything of the account is known, it is not confirmed any more.
    world.set_on(json!({"confirmed": false})).await;
    task(world.provision().await.unwrap_err());
    let token = world.journal.secrets()["access_token"].clone();
    world.remove(RemoveMode::Soft).await.unwrap();
    let token = secrecy::ExposeSecret::expose_secret(&token).to_owned();
    assert_eq!(world.state().await["tokens"][&token]["revoked"], true);
}

#[tokio::test]
async fn a_code_that_is_wrong_is_told_and_another_one_helps() {
    let mut world = World::new().await;
    world.secrets.clear();
    world.set("sign_in", "browser");
    let asked = task(world.provision().await.unwrap_err());
    world
        .secrets
        .insert("authorization_code".into(), "not-a-code-at-all".into());
    let told = fault(world.provision().await.unwrap_err());
    assert_eq!(told.kind, FaultKind::KeyRejected, "{told}");
    assert!(told.hint.contains("new code"), "{told}");
    let input = json!({"account": "rosewood", "url": asked.url});
    let code = world.act("authorize", input).await["code"]
        .as_str()
        .unwrap()
        .to_owned();
    world
        .secrets
        .insert("authorization_code".into(), code.into());
    world.provision().await.unwrap();
}

#[tokio::test]
async fn an_application_that_was_deleted_is_told_as_a_dead_token() {
    let mut world = World::new().await;
    world.provisioned().await;
    let id = world.key("client_id");
    world.act("delete-app", json!({"client_id": id})).await;
    let fault = fault(adapter().deactivate(&world.op()).await.unwrap_err());
    assert_eq!(fault.kind, FaultKind::KeyRejected, "{fault}");
}

#[tokio::test]
async fn an_old_token_is_ended_with_the_secret_of_its_application() {
    let world = World::new().await;
    assert!(!adapter().revokes(&world.op(), "access_token"), "no secret");
    let world = World::with_secret().await;
    let (op, site) = (world.op(), world.site());
    let lives = async |key| adapter().key_lives(&site, "access_token", key).await;
    let old = world.key("access_token").into();
    assert!(lives(&old).await.unwrap());
    for _ in 0..2 {
        assert!(
            adapter()
                .revoke_key(&op, "access_token", &old)
                .await
                .unwrap()
        );
        assert!(!lives(&old).await.unwrap());
    }
    // A token of another application, or of another account, is neither ended nor taken for dead.
    let foreign = world.key("token_of_another_account").into();
    assert!(lives(&foreign).await.unwrap());
    let mut strange = World::with_secret().await;
    strange.use_key("client_secret", "access_token");
    let refused = adapter()
        .revoke_key(&strange.op(), "access_token", &foreign)
        .await;
    assert!(!refused.unwrap());
    assert!(lives(&foreign).await.unwrap());
}
