//! Every verb, by every role, in an own, in another and in an archived community: granted exactly where the table says.

use super::{
    town::{KEY, Place, Town, Where, key, nowhere},
    *,
};
use guildhall::{
    domain::{
        AccountPolicy, Allowance, CredentialId, Delegation, DriftAnswer, FaultKind, Grant,
        IntentKind, RemoveMode, Role, RotationReason, Wish, line_of,
    },
    engine::{KeyOwner, Page},
};

/// An intent of this kind about this place; none for what is a question, or is about the installation.
#[expect(clippy::too_many_lines, reason = "one arm for each verb of the table")]
fn intent(verb: IntentKind, place: &Place) -> Option<Intent> {
    let community = place.id;
    let platform = id("alpha");
    Some(match verb {
        IntentKind::Activate => Intent::SetDesired {
            community,
            platform,
            desired: Desired::Active,
        },
        IntentKind::Deactivate => Intent::SetDesired {
            community,
            platform,
            desired: Desired::Inactive,
        },
        IntentKind::Configure => Intent::Configure {
            community,
            platform,
            settings: BTreeMap::new(),
            typed: String::new(),
        },
        IntentKind::Adopt => Intent::Adopt {
            community,
            platform,
            reference: "hall-7".into(),
            observe_only: true,
        },
        IntentKind::Manage => Intent::Manage {
            community,
            platform,
        },
        IntentKind::AnswerDrift => Intent::AnswerDrift {
            community,
            platform,
            only: None,
            answer: DriftAnswer::TakeOver,
        },
        IntentKind::Check => Intent::Check {
            community: Some(community),
            platform: None,
        },
        IntentKind::Remove => Intent::Remove {
            community,
            platform: id("gamma"),
            mode: RemoveMode::Soft,
            typed: place.slug.to_string(),
        },
        IntentKind::ForgetKey => Intent::ForgetKey {
            community,
            platform,
            field: None,
        },
        IntentKind::Connect => Intent::Connect {
            community,
            from: id("beta"),
            to: platform,
        },
        IntentKind::Disconnect => Intent::Disconnect {
            connection: place.connection,
        },
        IntentKind::TestConnection => Intent::TestConnection {
            connection: place.connection,
        },
        IntentKind::ResumeOperation => Intent::ResumeOperation {
            operation: place.operation,
        },
        IntentKind::CancelOperation => Intent::CancelOperation {
            operation: place.operation,
        },
        IntentKind::ArchiveCommunity => Intent::ArchiveCommunity { community },
        IntentKind::ManageAdmins => Intent::Delegate(Delegation::AddAdmin {
            community,
            name: "amina".into(),
            key: key(KEY),
        }),
        IntentKind::SetAllowance => Intent::Delegate(Delegation::SetAllowance {
            community,
            allowance: Allowance::default(),
        }),
        IntentKind::MakeRequest => Intent::Delegate(Delegation::Ask {
            community,
            wish: Wish::Archive,
            words: String::new(),
        }),
        IntentKind::AnswerRequest => Intent::Delegate(Delegation::Answer {
            request: place.request,
            approve: true,
            words: String::new(),
        }),
        IntentKind::View
        | IntentKind::ViewAudit
        | IntentKind::ViewAccounts
        | IntentKind::ViewAdmins
        | IntentKind::Export
        | IntentKind::HandOver
        | IntentKind::SetKey
        | IntentKind::CreateCommunity
        | IntentKind::SetTemplate
        | IntentKind::Settings
        | IntentKind::AddAccount
        | IntentKind::SetAccountPolicy
        | IntentKind::RotateKey
        | IntentKind::Recipients
        | IntentKind::Backup => return None,
    })
}

/// Asks what is a question about a place; none for what is an intent, or is about the installation.
async fn question(town: &Town, verb: IntentKind, place: &Place) -> Option<Result<(), Fault>> {
    let Town { engine, actor, .. } = town;
    Some(match verb {
        IntentKind::View => look_everywhere(engine, actor, place).await,
        IntentKind::ViewAdmins => engine.admins(actor, Some(&place.slug)).await.map(drop),
        IntentKind::Export => engine.export(actor, &place.slug).await.map(drop),
        IntentKind::HandOver => engine.hand_over(actor, &place.slug).await.map(drop),
        IntentKind::SetKey => {
            let entries = vec![KeyEntry {
                field: "token".into(),
                secret: SecretString::from("tok-aaaaaaaaaaaaaaaaaaaa"),
            }];
            let owner = KeyOwner::Slug(place.slug.clone());
            engine
                .examine_key(actor, owner, &id("beta"), entries, BTreeMap::new())
                .await
                .map(drop)
        }
        _ => return None,
    })
}

/// Every question about one community; they have to agree on whether it is there.
async fn look_everywhere(engine: &Engine, actor: &Actor, place: &Place) -> Result<(), Fault> {
    let seen = engine.community(actor, &place.slug).await.map(drop);
    let others = [
        engine
            .instance(actor, &place.slug, &id("alpha"))
            .await
            .map(drop),
        engine.operation(actor, place.operation).await.map(drop),
        engine.request(actor, place.request).await.map(drop),
        engine.allowance(actor, &place.slug).await.map(drop),
        engine.services(actor, Some(&place.slug)).await.map(drop),
    ];
    for other in others {
        assert_eq!(seen.is_ok(), other.is_ok(), "{}: {other:?}", place.slug);
    }
    let lists = [
        engine
            .communities(actor, Default::default(), Page::first(100))
            .await?
            .iter()
            .any(|row| row.id == place.id),
        engine
            .instances(actor)
            .await?
            .iter()
            .any(|(slug, _)| *slug == place.slug),
        engine
            .operations(actor, Operations::default())
            .await?
            .iter()
            .any(|row| row.slug == place.slug),
        engine
            .requests(actor)
            .await?
            .iter()
            .any(|request| request.community == place.id),
    ];
    for listed in lists {
        assert_eq!(listed, seen.is_ok(), "{}", place.slug);
    }
    seen
}

/// Asks what is about the installation as a whole.
async fn installation(town: &Town, verb: IntentKind) -> Option<Result<(), Fault>> {
    let Town { engine, actor, .. } = town;
    let submit = |intent| async move { engine.submit(actor, intent).await.map(drop) };
    Some(match verb {
        IntentKind::View => engine.template(actor).await.map(drop),
        IntentKind::ViewAudit => engine.audit_verify(actor).await.map(drop),
        IntentKind::ViewAccounts => engine.accounts(actor).await.map(drop),
        IntentKind::CreateCommunity => {
            let new = NewCommunity {
                slug: slug("new"),
                ..rosewood()
            };
            submit(Intent::CreateCommunity(new)).await
        }
        IntentKind::SetTemplate => {
            let choices = BTreeMap::new();
            submit(Intent::SetTemplate { choices }).await
        }
        IntentKind::Check => {
            let everything = Intent::Check {
                community: None,
                platform: None,
            };
            submit(everything).await
        }
        IntentKind::Settings => engine.set_idle_lock(actor, 5).await,
        IntentKind::AddAccount => {
            let entries = vec![KeyEntry {
                field: "token".into(),
                secret: SecretString::from("tok-bbbbbbbbbbbbbbbbbbbb"),
            }];
            engine
                .examine_key(
                    actor,
                    KeyOwner::Installation,
                    &id("beta"),
                    entries,
                    BTreeMap::new(),
                )
                .await
                .map(drop)
        }
        IntentKind::SetAccountPolicy => {
            let policy = Intent::SetAccountPolicy {
                platform: id("beta"),
                policy: AccountPolicy::Own,
                typed: String::new(),
            };
            submit(policy).await
        }
        IntentKind::Backup => engine.may_restore(actor).await,
        IntentKind::Recipients => engine.recipients(actor).await.map(drop),
        IntentKind::RotateKey => {
            let unknown = Intent::RotateKey {
                key: CredentialId(9999),
                reason: RotationReason::Choice,
                why: String::new(),
            };
            submit(unknown).await
        }
        IntentKind::ManageAdmins => {
            let auditor = Delegation::AddAuditor {
                name: "kofi".into(),
                key: key(KEY),
            };
            submit(Intent::Delegate(auditor)).await
        }
        _ => return None,
    })
}

/// How a cell came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    /// Authority let it pass; it may have failed for another reason.
    Granted,
    /// It was said that this actor may not.
    Refused,
    /// It was said that there is no such thing.
    Hidden,
}

fn outcome(result: &Result<(), Fault>) -> Outcome {
    match result {
        Err(fault) if fault.kind == FaultKind::NotAllowed => Outcome::Refused,
        Err(fault)
            if fault.kind == FaultKind::NotFound
                && (fault.what.starts_with("There is no such community")
                    || fault.what.starts_with("There is no community")
                    || fault.what.ends_with(" here.")) =>
        {
            Outcome::Hidden
        }
        _ => Outcome::Granted,
    }
}

/// What the table says of a cell.
fn expected(role: Role, verb: IntentKind, whose: Where) -> Outcome {
    let line = line_of(verb);
    let hides = role == Role::CommunityAdmin && whose != Where::Own;
    match (line.of(role), whose) {
        // What one may not know of does not exist, whatever one wants of it.
        _ if hides => Outcome::Hidden,
        (Grant::Nowhere, _) => Outcome::Refused,
        (Grant::Everywhere, Where::Archived) if !line.when_archived => Outcome::Refused,
        (Grant::Own | Grant::Everywhere, _) => Outcome::Granted,
    }
}

/// The same words, whatever names and numbers they hold.
fn words(result: &Result<(), Fault>, place: &Place) -> Option<(FaultKind, String, String)> {
    let fault = result.as_ref().err()?;
    let mut what = fault.what.replace(place.slug.as_str(), "SLUG");
    for number in [
        place.operation.to_string(),
        place.connection.to_string(),
        place.request.to_string(),
    ] {
        what = what.replace(&format!(" {number} "), " NUMBER ");
    }
    Some((fault.kind.clone(), what, fault.hint.clone()))
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "the figures of the run")]
async fn every_verb_is_granted_exactly_where_the_table_says() {
    let (mut cells, mut granted, mut refused, mut hidden) = (0, 0, 0, 0);
    let mut count = |outcome| {
        cells += 1;
        match outcome {
            Outcome::Granted => granted += 1,
            Outcome::Refused => refused += 1,
            Outcome::Hidden => hidden += 1,
        }
    };
    for role in Role::ALL {
        let town = Town::new(*role).await;
        let mut verbs: Vec<_> = IntentKind::ALL.to_vec();
        // What ends a community comes last.
        verbs.sort_by_key(|verb| {
            matches!(
                verb,
                IntentKind::Disconnect | IntentKind::Remove | IntentKind::ArchiveCommunity
            )
        });
        for verb in verbs {
            for whose in [Where::Other, Where::Archived, Where::Own] {
                let (place, none) = (town.place(whose), &nowhere());
                let results = match intent(verb, place) {
                    Some(wanted) => {
                        let planned = town.engine.plan(&town.actor, &wanted).await.map(drop);
                        let done = town.engine.submit(&town.actor, wanted).await.map(drop);
                        let none = town
                            .engine
                            .submit(&town.actor, intent(verb, &nowhere()).unwrap())
                            .await
                            .map(drop);
                        Some((done, Some(planned), none))
                    }
                    None => match question(&town, verb, place).await {
                        Some(answer) => {
                            let none = question(&town, verb, none).await.unwrap();
                            Some((answer, None, none))
                        }
                        None => None,
                    },
                };
                let Some((done, planned, unknown)) = results else {
                    continue;
                };
                let expected = expected(*role, verb, whose);
                assert_eq!(
                    outcome(&done),
                    expected,
                    "{role} {verb} {whose:?}: {done:?}"
                );
                if let Some(planned) = planned {
                    assert_eq!(
                        outcome(&planned) == Outcome::Granted,
                        expected == Outcome::Granted,
                        "the plan: {role} {verb} {whose:?}: {planned:?}"
                    );
                }
                if expected == Outcome::Hidden {
                    assert_eq!(
                        words(&done, place),
                        words(&unknown, &nowhere()),
                        "{verb} {whose:?}: what is hidden reads like what is not there"
                    );
                }
                count(expected);
            }
            if let Some(result) = installation(&town, verb).await {
                let expected = match line_of(verb).of(*role) {
                    Grant::Everywhere => Outcome::Granted,
                    Grant::Own | Grant::Nowhere => Outcome::Refused,
                };
                assert_eq!(outcome(&result), expected, "{role} {verb}: {result:?}");
                count(expected);
            }
        }
        settle(&town.engine).await;
        let told = town
            .engine
            .audit(&town.actor, Page::first(1000))
            .await
            .unwrap();
        if *role == Role::CommunityAdmin {
            let mine = format!("grace ({role})");
            assert!(!told.is_empty());
            for entry in told {
                assert!(
                    entry.community == Some(town.own.id)
                        || (entry.community.is_none() && entry.actor == mine),
                    "{entry:?}"
                );
                let text = format!("{} {}", entry.subject, entry.detail);
                assert!(!text.contains("other"), "{entry:?}");
            }
        }
    }
    eprintln!(
        "{cells} cells: {granted} granted, {refused} refused, {hidden} hidden, each as the table says"
    );
    assert_eq!(cells, granted + refused + hidden);
    assert!(granted > 50 && refused > 50 && hidden > 30);
}
