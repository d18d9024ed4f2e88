//! What is installed on this host only once somebody accepts it, whoever asks and however.

use super::*;
use guildhall::{
    adapters::registry::Registry,
    catalog::Catalog,
    domain::{FaultKind, InstanceKind, PlanItemKind, RemoveMode},
    services::supervisor::Supervisor,
};

/// An installation with what ships, on which every platform is off.
async fn hall() -> (Home, Engine, Actor) {
    let mut home = Home::new();
    let catalog = Arc::new(Catalog::builtin().expect("the manifests"));
    home.options.catalog = catalog.clone();
    home.options.registry = Registry::kept_by(&Supervisor::default().without_systemd());
    let choices = catalog
        .iter()
        .map(|manifest| (manifest.id.clone(), Choice::Off));
    let new = NewInstallation {
        name: "commons.example".into(),
        protection: Protection::Passphrase(SecretString::from(PASSPHRASE)),
        choices: choices.collect(),
    };
    let (engine, _) = Engine::init(home.options.clone(), new)
        .await
        .expect("set-up");
    let ada = ada(&engine).await;
    (home, engine, ada)
}

/// A community with a PolicyKit whose sources lie nowhere: what is begun for it ends at once, and nothing is fetched.
fn community(home: &Home, name: &str, settings: &[(&str, &str)]) -> NewCommunity {
    let nowhere = home.folder.path().join("no-sources");
    std::fs::create_dir_all(&nowhere).unwrap();
    let mut all = BTreeMap::from([(
        "source_policykit".to_owned(),
        nowhere.to_string_lossy().into_owned(),
    )]);
    all.extend(
        settings
            .iter()
            .map(|(field, value)| ((*field).to_owned(), (*value).to_owned())),
    );
    NewCommunity {
        slug: slug(name),
        name: name.to_owned(),
        description: String::new(),
        choices: BTreeMap::from([(id("policykit"), Choice::Inactive)]),
        settings: BTreeMap::from([(id("policykit"), all)]),
    }
}

#[tokio::test]
async fn what_nobody_accepted_is_refused_by_the_engine_itself() {
    let (home, engine, ada) = hall().await;
    let create = Intent::CreateCommunity(community(&home, "rosewood", &[]));
    let refused = engine.submit(&ada, create.clone()).await.unwrap_err();
    assert_eq!(refused.kind, FaultKind::BadInput, "{refused:?}");
    assert!(refused.what.contains("accepts its licence"), "{refused:?}");
    assert!(refused.hint.contains("--accept"), "{refused:?}");
    let listed = engine.community(&ada, &slug("rosewood")).await;
    assert_eq!(listed.unwrap_err().kind, FaultKind::NotFound);

    // Nor is it there by a plan alone: somebody has to say that it is accepted.
    let plan = engine.plan(&ada, &create).await.unwrap();
    assert!(
        plan.items
            .iter()
            .any(|item| item.kind == PlanItemKind::Accept)
    );
    let basis = plan.basis;
    let unsaid = engine
        .submit_planned(&ada, create.clone(), basis.clone())
        .await;
    assert_eq!(unsaid.unwrap_err().kind, FaultKind::BadInput);
    engine
        .submit_accepting(&ada, create, Some(basis))
        .await
        .unwrap();

    // It is asked once, and told in no plan after that.
    let second = Intent::CreateCommunity(community(&home, "fern", &[]));
    engine.submit(&ada, second).await.unwrap();
    engine.shutdown().await;
}

#[tokio::test]
async fn no_way_to_an_instance_goes_around_it() {
    let (home, engine, ada) = hall().await;
    let mut bare = community(&home, "rosewood", &[]);
    bare.choices = BTreeMap::from([(id("policykit"), Choice::Off)]);
    bare.settings.clear();
    engine
        .submit(&ada, Intent::CreateCommunity(bare))
        .await
        .unwrap();
    let known = engine.community(&ada, &slug("rosewood")).await.unwrap();
    let community = known.community.id;
    let platform = id("policykit");
    for intent in [
        Intent::SetDesired {
            community,
            platform: platform.clone(),
            desired: Desired::Active,
        },
        Intent::SetDesired {
            community,
            platform: platform.clone(),
            desired: Desired::Inactive,
        },
        Intent::Configure {
            community,
            platform: platform.clone(),
            settings: BTreeMap::from([("home_platform".to_owned(), "none".to_owned())]),
            typed: String::new(),
        },
    ] {
        let refused = engine.submit(&ada, intent.clone()).await.unwrap_err();
        assert_eq!(refused.kind, FaultKind::BadInput, "{intent:?}");
        assert!(refused.what.contains("nothing was done"), "{refused:?}");
    }
    let found = engine
        .instance(&ada, &slug("rosewood"), &platform)
        .await
        .unwrap();
    assert_eq!(found.instance, None);
    engine.shutdown().await;
}

#[tokio::test]
async fn a_shared_service_is_chosen_only_by_who_accepts_what_that_means() {
    let (home, engine, ada) = hall().await;
    let chosen = [("instance_kind", "tenant")];
    let create = Intent::CreateCommunity(community(&home, "rosewood", &chosen));
    for refused in [
        engine.plan(&ada, &create).await.map(drop),
        engine.submit_accepting(&ada, create, None).await.map(drop),
    ] {
        let refused = refused.unwrap_err();
        assert_eq!(refused.kind, FaultKind::BadInput, "{refused:?}");
        assert!(refused.what.contains("stops nothing"), "{refused:?}");
        assert!(refused.hint.contains("sharing_accepted"), "{refused:?}");
    }
    let accepted = [("instance_kind", "tenant"), ("sharing_accepted", "true")];
    for name in ["rosewood", "fern"] {
        let create = Intent::CreateCommunity(community(&home, name, &accepted));
        engine.submit_accepting(&ada, create, None).await.unwrap();
    }
    settle(&engine).await;
    let row = engine
        .instance(&ada, &slug("rosewood"), &id("policykit"))
        .await
        .unwrap();
    let instance = row.instance.expect("it is recorded");
    assert_eq!(instance.kind, InstanceKind::Tenant);

    // Whoever removes one is told who is in it too.
    let known = engine.community(&ada, &slug("rosewood")).await.unwrap();
    let remove = Intent::Remove {
        community: known.community.id,
        platform: id("policykit"),
        mode: RemoveMode::Hard,
        typed: String::new(),
    };
    let plan = engine.plan(&ada, &remove).await.unwrap();
    assert!(
        plan.items
            .iter()
            .any(|item| item.text.contains("In it with: fern.")),
        "{plan:?}"
    );
    engine.shutdown().await;
}
