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
    engine::{Communities, KeyOwner, Page},
};

/// An intent of this kind about this place; none for what is a question, or is about the installation.
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
        | IntentKind::RevealKey
        | IntentKind::Recipients
        | IntentKind::Backup => return None,
        delegated => Intent::Delegate(delegation(delegated, place)?),
    })
}

/// Of the same kind and place, where it is about who may do how much.
fn delegation(verb: IntentKind, place: &Place) -> Option<Delegation> {
    let community = place.id;
    Some(match verb {
        IntentKind::ManageAdmins => Delegation::AddAdmin {
            community,
            name: "amina".into(),
            key: key(KEY),
        },
        IntentKind::SetAllowance => Delegation::SetAllowance {
            community,
            allowance: Allowance::default(),
        },
        IntentKind::MakeRequest => Delegation::Ask {
            community,
            wish: Wish::Archive,
            words: String::new(),
        },
        IntentKind::AnswerRequest => Delegation::Answer {
            request: place.request,
            approve: true,
            typed: String::new(),
            words: String::new(),
        },
        _ => return None,
    })
}

/// Asks what is a question about a place; none for what is an intent, or is about the installation.
async fn question(town: &Town, verb: IntentKind, place: &Place) -> Option<Result<(), Fault>> {
    let Town { engine, actor, .. } = town;
    Some(match verb {
        IntentKind::View => look_everywhere(engine, actor, place).await,
        IntentKind::ViewAdmins => engine.admins(actor, Some(&place.slug)).await.map(drop),
        IntentKind::Export => engine.export(actor, &place.slug).await.map(drop),
        IntentKind::HandOver => {
            let looked = engine.hand_over(actor, &place.slug).await.map(drop);
            let pass_on = Intent::HandOver {
                community: place.id,
                platform: id("alpha"),
                to: String::new(),
            };
            let begun = engine.submit(actor, pass_on).await.map(drop);
            assert_eq!(outcome(&begun), outcome(&looked), "{}", place.slug);
            looked
        }
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
            .communities(actor, Communities::default(), Page::first(100))
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
        IntentKind::RevealKey => {
            let unknown = engine
                .reveal_key(actor, CredentialId(9999), "a reason")
                .await;
            unknown.map(drop)
        }
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

/// What was answered about a place: to the intent or question itself, to its plan, and to the same about nothing there is.
struct Answered {
    done: Result<(), Fault>,
    planned: Option<Result<(), Fault>>,
    unknown: Result<(), Fault>,
}

async fn ask(town: &Town, verb: IntentKind, place: &Place) -> Option<Answered> {
    let Town { engine, actor, .. } = town;
    if let Some(wanted) = intent(verb, place) {
        let planned = engine.plan(actor, &wanted).await.map(drop);
        let done = engine.submit(actor, wanted).await.map(drop);
        let unknown = intent(verb, &nowhere()).unwrap();
        return Some(Answered {
            done,
            planned: Some(planned),
            unknown: engine.submit(actor, unknown).await.map(drop),
        });
    }
    Some(Answered {
        done: question(town, verb, place).await?,
        planned: None,
        unknown: question(town, verb, &nowhere()).await?,
    })
}

/// Looks whether one cell is as the table says; none where the verb is not about a community.
async fn cell(town: &Town, role: Role, verb: IntentKind, whose: Where) -> Option<Outcome> {
    let place = town.place(whose);
    let Answered {
        done,
        planned,
        unknown,
    } = ask(town, verb, place).await?;
    let expected = expected(role, verb, whose);
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
    Some(expected)
}

/// The same for what is about the installation as a whole.
async fn whole(town: &Town, role: Role, verb: IntentKind) -> Option<Outcome> {
    let result = installation(town, verb).await?;
    let expected = match line_of(verb).of(role) {
        Grant::Everywhere => Outcome::Granted,
        Grant::Own | Grant::Nowhere => Outcome::Refused,
    };
    assert_eq!(outcome(&result), expected, "{role} {verb}: {result:?}");
    Some(expected)
}

/// Every cell of a role. What ends something comes last.
async fn every_cell(town: &Town, role: Role) -> Vec<Outcome> {
    let mut verbs: Vec<_> = IntentKind::ALL.to_vec();
    verbs.sort_by_key(|verb| {
        matches!(
            verb,
            IntentKind::Disconnect | IntentKind::Remove | IntentKind::ArchiveCommunity
        )
    });
    let mut cells = Vec::new();
    for verb in verbs {
        for whose in [Where::Other, Where::Archived, Where::Own] {
            cells.extend(cell(town, role, verb, whose).await);
        }
        cells.extend(whole(town, role, verb).await);
    }
    cells
}

#[tokio::test(flavor = "multi_thread")]
#[expect(clippy::print_stderr, reason = "the figures of the run")]
async fn every_verb_is_granted_exactly_where_the_table_says() {
    let mut cells = Vec::new();
    for role in Role::ALL {
        let town = Town::new(*role).await;
        cells.extend(every_cell(&town, *role).await);
        settle(&town.engine).await;
        if *role == Role::CommunityAdmin {
            only_their_own_is_told(&town).await;
        }
    }
    let count = |wanted| cells.iter().filter(|outcome| **outcome == wanted).count();
    let (granted, refused, hidden) = (
        count(Outcome::Granted),
        count(Outcome::Refused),
        count(Outcome::Hidden),
    );
    eprintln!(
        "{} cells: {granted} granted, {refused} refused, {hidden} hidden, each as the table says",
        cells.len()
    );
    assert!(granted > 50 && refused > 50 && hidden > 30);
}

/// The audit tells an administrator what was done in the own community, and what they did themselves.
async fn only_their_own_is_told(town: &Town) {
    let told = town
        .engine
        .audit(&town.actor, Page::first(1000))
        .await
        .unwrap();
    assert!(!told.is_empty());
    for entry in told {
        let by_them = entry.actor == "grace (community-admin)";
        assert!(
            entry.community == Some(town.own.id) || (entry.community.is_none() && by_them),
            "{entry:?}"
        );
        let text = format!("{} {}", entry.subject, entry.detail);
        assert!(!text.contains("other"), "{entry:?}");
    }
}
