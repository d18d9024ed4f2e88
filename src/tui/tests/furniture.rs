//! Made-up communities on made-up platforms.

use super::fixture::{ago, slug};
use crate::catalog::Catalog;
use crate::domain::*;
use crate::engine::views::*;
use std::collections::BTreeMap;

/// Alpha to Theta, all of one made-up manifest.
pub fn catalog() -> Catalog {
    let folder = tempfile::tempdir().unwrap();
    for (order, id) in PLATFORMS.iter().enumerate() {
        let mut name = (*id).to_owned();
        name[..1].make_ascii_uppercase();
        let text = include_str!("../../../tests/support/fake_manifest.toml")
            .replace("The @id@", &name)
            .replace("@id@", id)
            .replace("@order@", &(100 + order).to_string())
            .replace("@another@", "human")
            .replace("@provision@", r#"["token"], ["master"]"#)
            .replace("@operate@", r#"["token"]"#);
        // The first one runs on this host.
        let here = if order == 0 {
            "\n[exposure]\npublish = [\"/\"]\nsource = \"made up\"\n"
        } else {
            ""
        };
        let text = format!("{text}{here}");
        std::fs::write(folder.path().join(format!("{id}.toml")), text).unwrap();
    }
    let all = Catalog::load(Some(folder.path())).unwrap();
    let made_up = PLATFORMS
        .iter()
        .map(|id| all.get(&PlatformId::new(*id)).unwrap().clone())
        .collect();
    Catalog::of(made_up)
}

const PLATFORMS: &[&str] = &[
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta",
];

/// What the first platform wrote.
pub fn log() -> Vec<ServiceLine> {
    (1..=60)
        .map(|number| ServiceLine {
            process: if number % 3 == 0 { "worker" } else { "web" }.into(),
            text: match number {
                17 | 41 => {
                    format!("{number} Refused: a signature that is not ours, of a request to the address for events")
                }
                _ => format!("{number} GET / 200"),
            },
        })
        .collect()
}

pub fn overview() -> Overview {
    Overview {
        installation: "commons.example".into(),
        host: "hall".into(),
        sandbox: true,
        read_only: false,
        vault: VaultState::Unlocked,
        actor: "root".into(),
        role: "operator".into(),
        communities: 128,
        need_you: 3,
        working: 2,
        failed: 1,
        nearly_full: 0,
        requests: 0,
        answers: vec![],
        keys_refused: 0,
        keys_due: 0,
    }
}

pub fn communities() -> Vec<CommunityRow> {
    let row = |id, name: &str, active, total, mark, archived| CommunityRow {
        id: CommunityId(id),
        slug: Slug::suggest(name).unwrap(),
        name: name.into(),
        active,
        total,
        mark,
        archived,
    };
    vec![
        row(1, "Rosewood Co-op", 9, 11, Mark::Waiting, false),
        row(2, "Fern Collective", 4, 11, Mark::Working, false),
        row(3, "Harbour Tenants", 2, 11, Mark::Drift, false),
        row(
            4,
            "Mill Lane Makers of the Northern Quarter",
            6,
            11,
            Mark::Failed,
            false,
        ),
        row(5, "Old Quay", 0, 4, Mark::Inactive, true),
    ]
}

fn summary(
    id: i64,
    platform: &str,
    desired: Desired,
    observed: Observed,
    note: &str,
) -> InstanceSummary {
    InstanceSummary {
        id: InstanceId(id),
        platform: PlatformId::new(platform),
        kind: InstanceKind::Account,
        desired,
        observed,
        health: if observed == Observed::Ready {
            Health::Ok
        } else {
            Health::Unknown
        },
        checked_at: (observed == Observed::Ready).then(|| ago(id * 2)),
        drifted: platform == "delta",
        note: note.into(),
        url: (observed == Observed::Ready).then(|| format!("https://{platform}.example/rosewood")),
    }
}

pub fn community(slug: &Slug) -> CommunityDetail {
    let listed = communities()
        .into_iter()
        .find(|row| row.slug == *slug)
        .unwrap();
    let row = |name: &str, group: &str, instance: Option<InstanceSummary>| PlatformRow {
        platform: PlatformId::new(name.to_lowercase()),
        name: name.into(),
        group: group.into(),
        adapter: name != "Theta",
        instance,
    };
    let (active, inactive) = (Desired::Active, Desired::Inactive);
    CommunityDetail {
        community: Community {
            id: listed.id,
            slug: listed.slug,
            name: listed.name,
            description: "Housing held in common by the people who live in it.".into(),
            created_at: ago(60 * 24 * 9),
            archived_at: listed.archived.then(|| ago(60)),
        },
        platforms: vec![
            row(
                "Alpha",
                "governance",
                Some(summary(1, "alpha", active, Observed::Ready, "")),
            ),
            row(
                "Beta",
                "governance",
                Some(summary(2, "beta", inactive, Observed::Ready, "")),
            ),
            row(
                "Gamma",
                "governance",
                Some(summary(
                    3,
                    "gamma",
                    inactive,
                    Observed::NeedsKey,
                    "a key of its bot",
                )),
            ),
            row(
                "Delta",
                "home",
                Some(summary(4, "delta", active, Observed::Ready, "")),
            ),
            row(
                "Epsilon",
                "home",
                Some(summary(
                    5,
                    "epsilon",
                    active,
                    Observed::NeedsHuman,
                    "invite the bot",
                )),
            ),
            row(
                "Zeta",
                "home",
                Some(summary(6, "zeta", active, Observed::Working, "rooms")),
            ),
            row(
                "Eta",
                "home",
                Some(summary(
                    7,
                    "eta",
                    active,
                    Observed::Failed,
                    "missing scope channels:manage",
                )),
            ),
            row("Theta", "home", None),
        ],
        connections: vec![ConnectionRow {
            connection: Connection {
                id: ConnectionId(1),
                from: InstanceId(1),
                to: InstanceId(4),
                verb: "reads".into(),
                state: ConnectionState::Ok,
                note: String::new(),
                tested_at: Some(ago(11)),
            },
            from: "Alpha".into(),
            to: "Delta".into(),
        }],
    }
}

pub fn task() -> HumanTask {
    HumanTask {
        step: "invite".into(),
        title: "invite the bot to Rosewood's server".into(),
        why: "a program cannot create or enter a server by itself".into(),
        who: "somebody with \"Manage Server\" there".into(),
        url: Some("https://epsilon.example/oauth2/authorize?client_id=123&scope=bot".into()),
        instructions: vec![
            "Open the address.".into(),
            "Choose the server and confirm.".into(),
        ],
        asks_for: vec![
            "manage channels".into(),
            "manage roles".into(),
            "send".into(),
        ],
        others_decide: false,
    }
}

pub fn instance(slug: &Slug, platform: &PlatformId) -> InstanceDetail {
    let detail = community(slug);
    let row = detail
        .platforms
        .iter()
        .find(|row| row.platform == *platform)
        .unwrap()
        .clone();
    let key = CredentialMeta {
        id: CredentialId(1),
        account: AccountId(1),
        field: "token".into(),
        version: 1,
        state: CredentialState::Active,
        length: 32,
        last_four: "a1b2".into(),
        fingerprint: "0011".into(),
        created_at: ago(500),
        used_at: None,
        verified_at: Some(ago(500)),
        expires_at: None,
        identity: Some(identity()),
    };
    InstanceDetail {
        slug: slug.clone(),
        community: detail.community.name.clone(),
        platform: platform.clone(),
        platform_name: row.name.clone(),
        meaning: "An account on a hosted service.".into(),
        adapter: row.adapter,
        advice: match row.instance.as_ref().map(|i| i.observed) {
            Some(Observed::NeedsKey) => vec![
                "There, make a bot user that belongs to this group only.".into(),
                "Copy its API key.".into(),
                "Press e and paste it.".into(),
            ],
            _ => vec![],
        },
        task: (platform.as_str() == "epsilon").then(|| tasks().remove(0)),
        healthy_at: None,
        answered: vec![],
        keys: if platform.as_str() == "delta" {
            vec![key]
        } else {
            vec![]
        },
        keys_reach: 1,
        due: if platform.as_str() == "delta" {
            vec![Due {
                key: CredentialId(1),
                reason: RotationReason::Age,
                over: false,
                words: "is older than 90 days".into(),
            }]
        } else {
            vec![]
        },
        connections: detail.connections.clone(),
        operations: vec![operations()[0].operation.clone()],
        warnings: vec!["Upstream has had no release for two years.".into()],
        capabilities: vec![],
        instance: row.instance.map(|summary| Instance {
            id: summary.id,
            community: detail.community.id,
            platform: platform.clone(),
            kind: InstanceKind::Account,
            desired: summary.desired,
            observed: summary.observed,
            note: summary.note,
            health: summary.health,
            checked_at: summary.checked_at,
            drift: if summary.drifted {
                vec![Drift::new(
                    DriftKind::Missing,
                    "The room general is missing.",
                )]
            } else {
                vec![]
            },
            observe_only: false,
            made_by_us: true,
            external_id: summary.url.as_ref().map(|_| "x1".to_owned()),
            url: summary.url,
            settings: BTreeMap::new(),
            created_at: ago(700),
        }),
    }
}

pub fn identity() -> Identity {
    Identity {
        external_id: "u1".into(),
        who: "rosewood-bot, a bot account".into(),
        scopes_held: vec!["read groups".into(), "make polls".into()],
        scopes_missing: vec![],
        scopes_excess: vec!["delete groups".into()],
        warnings: vec![
            "It is also an administrator of the whole server: it sees every group there.".into(),
        ],
        reach: Reach {
            unit: "group".into(),
            objects: vec![ReachedObject {
                external_id: "g1".into(),
                name: "rosewood".into(),
                role: "admin".into(),
                community: Some(CommunityId(1)),
            }],
            total: None,
            everything: None,
        },
        slots: vec![Slots {
            unit: "tokens".into(),
            max: Some(15),
            used: Some(2),
            source: "measured".into(),
        }],
        expires_at: None,
    }
}

fn operation_row(
    id: i64,
    community: &str,
    platform: &str,
    state: OperationState,
    fault: Option<Fault>,
) -> OperationRow {
    OperationRow {
        operation: Operation {
            id: OperationId(id),
            instance: InstanceId(id),
            community: CommunityId(1),
            platform: PlatformId::new(platform.to_lowercase()),
            verb: OperationVerb::Provision,
            state,
            actor: "root".into(),
            argument: serde_json::Value::Null,
            task: (state == OperationState::WaitsHuman).then(task),
            fault,
            attempts: 1,
            not_before: None,
            created_at: ago(5),
            updated_at: ago(2),
        },
        community: community.into(),
        slug: Slug::suggest(community).unwrap(),
        platform_name: platform.into(),
        interrupted: false,
        progress: (state == OperationState::Running).then(|| Progress {
            phase: "rooms".into(),
            done: 2,
            of: 4,
            item: "general".into(),
        }),
    }
}

pub fn operations() -> Vec<OperationRow> {
    vec![
        operation_row(1, "Fern Collective", "Zeta", OperationState::Running, None),
        operation_row(2, "Rosewood Co-op", "Gamma", OperationState::WaitsKey, None),
        operation_row(
            3,
            "Rosewood Co-op",
            "Epsilon",
            OperationState::WaitsHuman,
            None,
        ),
        operation_row(
            4,
            "Mill Lane Makers",
            "Eta",
            OperationState::Failed,
            Some(
                Fault::new(
                    FaultKind::ScopeMissing,
                    "Eta refused: the scope channels:manage is missing.",
                )
                .hint("Add the scope there and retry."),
            ),
        ),
        operation_row(5, "Harbour Tenants", "Alpha", OperationState::Done, None),
    ]
}

pub fn operation(id: OperationId) -> OperationDetail {
    let row = operations()
        .into_iter()
        .find(|row| row.operation.id == id)
        .unwrap();
    let step = |name: &str, state, minutes| StepRecord {
        name: name.into(),
        state,
        key: OperationKey::recorded("00"),
        result: None,
        intended_at: ago(minutes),
        recorded_at: None,
    };
    OperationDetail {
        row,
        steps: vec![
            step("space", StepState::Recorded, 4),
            step("room general", StepState::Recorded, 3),
            step("room votes", StepState::Intended, 2),
        ],
    }
}

pub fn tasks() -> Vec<TaskRow> {
    vec![TaskRow {
        subject: TaskSubject::Instance {
            instance: InstanceId(5),
            community: CommunityId(1),
            slug: slug("rosewood-co-op"),
            name: "Rosewood Co-op".into(),
        },
        operation: Some(OperationId(3)),
        platform: PlatformId::new("epsilon"),
        platform_name: "Epsilon".into(),
        task: task(),
        key: None,
        since: ago(2),
    }]
}

pub fn accounts() -> Vec<AccountRow> {
    let row = |id, platform: &str, name: &str, used, reaches| AccountRow {
        account: Account {
            id: AccountId(id),
            platform: PlatformId::new(platform.to_lowercase()),
            name: name.into(),
            community: None,
            external_id: None,
            contact: String::new(),
            created_at: ago(600),
        },
        platform_name: platform.into(),
        slug: None,
        keys: vec![],
        due: vec![],
        slots: vec![SlotRow {
            slots: Slots {
                unit: "servers joined".into(),
                max: Some(100),
                used: Some(used),
                source: "the documentation of Epsilon".into(),
            },
            per: "bot".into(),
            takes: 1,
            note: "The page for inviting refuses the next one.".into(),
            measured_at: (used > 1).then(|| ago(3)),
        }],
        reaches_communities: reaches,
    };
    vec![
        row(1, "Epsilon", "guildhall-rosewood", 1, 1),
        row(2, "Epsilon", "guildhall-shared", 83, 83),
        row(3, "Epsilon", "guildhall-old", 100, 100),
    ]
}

pub fn audit() -> Vec<AuditEntry> {
    vec![AuditEntry {
        sequence: AuditSequence(2),
        at: ago(2),
        actor: "root (operator)".into(),
        action: "instance-activate".into(),
        subject: "rosewood-co-op/alpha".into(),
        community: Some(CommunityId(1)),
        result: AuditResult::ALL[0],
        detail: String::new(),
        digest: "00".into(),
        keyed: true,
    }]
}

pub fn plan() -> Plan {
    let item = |kind, platform: &str, text: &str| PlanItem {
        kind,
        platform: (!platform.is_empty()).then(|| PlatformId::new(platform)),
        text: text.into(),
    };
    Plan {
        title: "Create Rosewood Co-op".into(),
        items: vec![
            item(PlanItemKind::Now, "alpha", "starts, about 250 MB"),
            item(PlanItemKind::Now, "beta", "made, left inactive"),
            item(PlanItemKind::NeedsKey, "gamma", "a key of its bot"),
            item(PlanItemKind::NeedsHuman, "epsilon", "invite the bot"),
            item(
                PlanItemKind::Slot,
                "epsilon",
                "servers joined: 42 of 100 after this",
            ),
            item(
                PlanItemKind::NotYet,
                "theta",
                "its adapter is not there yet",
            ),
        ],
        memory_mib: 250,
        memory_free_mib: 3_100,
        disk_mib: 40,
        typed_confirmation: None,
        basis: "1".into(),
    }
}

pub fn examination() -> Examination {
    Examination {
        id: ExaminationId(7),
        identity: Some(identity()),
        fault: None,
        our_communities: vec!["rosewood-co-op".parse().unwrap()],
        same_as: vec![],
        warnings: vec![],
    }
}

pub fn discovered() -> Vec<Discovered> {
    vec![
        Discovered {
            reference: "g1".into(),
            name: "Rosewood".into(),
            what: "group".into(),
            obstacle: None,
        },
        Discovered {
            reference: "g2".into(),
            name: "Everybody".into(),
            what: "group".into(),
            obstacle: Some("The key is no administrator there.".into()),
        },
    ]
}

pub fn homes(domains: &[String]) -> Vec<crate::engine::FoundHome> {
    let home = |platform: &str, address: String| crate::engine::FoundHome {
        platform: PlatformId::new(platform.to_lowercase()),
        name: platform.into(),
        address,
        proves: "A server answers with the versions it speaks.".into(),
    };
    let mut found = vec![home("Delta", "http://127.0.0.1:8008".into())];
    found.extend(
        domains
            .iter()
            .map(|domain| home("Zeta", format!("https://{domain}"))),
    );
    found
}
