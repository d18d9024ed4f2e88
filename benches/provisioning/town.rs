//! Communities whose keys are entered and verified, and whose instances are then all made in one go.

use guildhall::{
    adapters::registry::Registry,
    catalog::Catalog,
    domain::{
        Actor, Choice, ExaminationId, Intent, KeyEntry, NewCommunity, Observed, PlatformId, Slug,
    },
    engine::{Engine, EngineOptions, Limits, NewInstallation, Protection},
    sandbox::{RecordedCall, RunningSandbox, Sandbox, SandboxOptions},
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{
    collections::BTreeMap,
    sync::Arc,
    time::{Duration, Instant},
};
use tempfile::TempDir;

/// The platforms on which every community gets an instance, with a key of its own.
const PLATFORMS: [&str; 7] = [
    "matrix",
    "opencollective",
    "loomio",
    "slack",
    "discord",
    "mastodon",
    "discourse",
];

/// Those of them that `GUILDHALL_BENCH_PLATFORMS` names, separated by commas; all without it.
pub fn platforms() -> Vec<&'static str> {
    let asked = std::env::var("GUILDHALL_BENCH_PLATFORMS").ok();
    let is_asked = |platform: &&str| {
        asked
            .as_deref()
            .is_none_or(|asked| asked.split(',').any(|one| one == *platform))
    };
    PLATFORMS.into_iter().filter(is_asked).collect()
}

/// What the forum grants to all keys in a minute: a hundred communities on one forum with its usual sixty would take an hour
/// and a half, so that whoever has so many raises it.
pub const FORUM_GRANTS: u32 = 6000;

/// What a run came to.
pub struct Figures {
    /// Every call that the platforms saw, those that verified the keys before the run too.
    pub calls: Vec<RecordedCall>,
    began: Timestamp,
    pub wall: Duration,
    /// What this process computed meanwhile, the platforms' part included.
    pub cpu: Duration,
    /// The most memory this process ever had, the platforms' part included.
    pub peak_mib: u64,
}

impl Figures {
    /// The calls to a platform since the run began.
    pub fn made_by(&self, platform: &str) -> impl Iterator<Item = &RecordedCall> {
        let began = self.began;
        let calls = self.calls.iter();
        calls.filter(move |call| call.platform == platform && call.at >= began)
    }

    /// How many calls the key made that made the most.
    pub fn most_of_a_key(&self, platform: &str) -> u32 {
        let mut made: BTreeMap<u64, u32> = BTreeMap::new();
        for key in self.made_by(platform).filter_map(|call| call.credential) {
            *made.entry(key).or_default() += 1;
        }
        made.into_values().max().unwrap_or(0)
    }

    /// The most calls of the run that came one after the other, each when the former was answered.
    pub fn longest_chain(&self, latency: Duration) -> u32 {
        let mut begun: Vec<Duration> = platforms()
            .iter()
            .flat_map(|platform| self.made_by(platform))
            .map(|call| self.since_start(call.at))
            .collect();
        begun.sort_unstable();
        let mut chain = 0;
        let mut answered = Duration::ZERO;
        for at in begun {
            if at >= answered {
                chain += 1;
                answered = at + latency;
            }
        }
        chain
    }

    /// How long after the beginning something was.
    pub fn since_start(&self, at: Timestamp) -> Duration {
        Duration::try_from(at.duration_since(self.began)).unwrap_or(Duration::ZERO)
    }
}

/// An installation, its platforms, and keys that are verified and not stored yet.
pub struct Town {
    _folder: TempDir,
    sandbox: RunningSandbox,
    engine: Engine,
    actor: Actor,
    communities: Vec<Slug>,
    examined: Vec<ExaminationId>,
}

impl Town {
    /// Communities with inactive instances that wait for their keys.
    pub async fn ready(communities: usize, limited: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let sandbox = Sandbox::start(SandboxOptions {
            remembered: Some(1_000_000),
            ..SandboxOptions::default()
        })
        .await
        .unwrap();
        let preset = if limited { "synapse" } else { "lifted" };
        let limits = json!({"preset": preset, "hold_ms": 0});
        sandbox.act("matrix", "limits", limits).await.unwrap();
        if limited {
            let granted = json!({"admin_per_minute": FORUM_GRANTS});
            sandbox.act("discourse", "limits", granted).await.unwrap();
        } else {
            for (platform, action, input) in [
                ("loomio", "limit", json!({"requests": 1_000_000})),
                ("slack", "limits", json!({"on": false})),
                ("discord", "limits", json!({"on": false})),
                ("mastodon", "limits", json!({"calls": 1_000_000})),
                ("discourse", "limits", json!({"preset": "lifted"})),
            ] {
                sandbox.act(platform, action, input).await.unwrap();
            }
        }
        let catalog = Arc::new(Catalog::builtin().unwrap());
        let home = folder.path().join("home");
        let mut options = EngineOptions::new(home, Arc::clone(&catalog), Registry::builtin());
        options.overrides = sandbox.overrides();
        options.sandbox = true;
        options.limits = Limits {
            patience: Duration::from_secs(3600),
            ..Limits::default()
        };
        let choices = catalog.iter().map(|manifest| {
            let is_wanted = platforms().contains(&manifest.id.as_str());
            let choice = if is_wanted {
                Choice::Inactive
            } else {
                Choice::Off
            };
            (manifest.id.clone(), choice)
        });
        let new = NewInstallation {
            name: "Commons".into(),
            protection: Protection::IdentityFile(folder.path().join("key")),
            choices: choices.collect(),
        };
        let (engine, _) = Engine::init(options, new).await.unwrap();
        let actor = engine.actor(None).await.unwrap();
        let mut town = Self {
            _folder: folder,
            sandbox,
            engine,
            actor,
            communities: Vec::new(),
            examined: Vec::new(),
        };
        for number in 0..communities {
            town.add(number, limited).await;
        }
        town
    }

    async fn add(&mut self, number: usize, limited: bool) {
        let slug: Slug = format!("c{number}").parse().unwrap();
        let new = NewCommunity {
            slug: slug.clone(),
            name: format!("Community {number}"),
            description: String::new(),
            choices: BTreeMap::new(),
            settings: BTreeMap::new(),
        };
        let create = Intent::CreateCommunity(new);
        self.engine.submit(&self.actor, create).await.unwrap();
        for platform in platforms() {
            let (field, key, settings) = self.key(platform, number, limited).await;
            let entries = vec![KeyEntry {
                field: field.into(),
                secret: SecretString::from(key),
            }];
            let settings = settings
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value))
                .collect();
            let platform = PlatformId::new(platform);
            let examined = self
                .engine
                .examine_key(&self.actor, &slug, &platform, entries, settings)
                .await
                .unwrap();
            assert_eq!(examined.fault, None, "{platform}");
            self.examined.push(examined.id);
        }
        self.communities.push(slug);
    }

    /// A key of the community's own, as a person would make it, with the settings that go with it.
    async fn key(
        &self,
        platform: &str,
        number: usize,
        limited: bool,
    ) -> (&'static str, String, Vec<(&'static str, String)>) {
        let act = async |action: &str, input: Value| {
            self.sandbox.act(platform, action, input).await.unwrap()
        };
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        match platform {
            "matrix" => {
                let user = json!({"user": format!("@gov-c{number}:matrix.sandbox")});
                let token = text(&act("add-user", user).await["token"]);
                let settings = vec![
                    ("homeserver", "https://matrix.sandbox".to_owned()),
                    ("rooms", "general,proposals".to_owned()),
                    ("raised_limits", (!limited).to_string()),
                ];
                ("access_token", token, settings)
            }
            "opencollective" => {
                let user = format!("bot-c{number}");
                act("add-user", json!({"slug": user})).await;
                let scopes = json!({"user": user, "scopes": ["account", "webhooks"]});
                let token = text(&act("add-token", scopes).await["token"]);
                ("token", token, Vec::new())
            }
            "slack" => {
                let made = act("add-team", json!({"name": format!("team-c{number}")})).await;
                let settings = vec![("channels", "general,proposals".to_owned())];
                ("bot_token", text(&made["token"]), settings)
            }
            "discord" => {
                let made = act("add-server", json!({"name": format!("server-c{number}")})).await;
                let settings = vec![
                    ("guild_id", text(&made["guild"])),
                    ("channels", "general,proposals".to_owned()),
                ];
                ("bot_token", text(&made["token"]), settings)
            }
            "mastodon" => {
                let made = act("add-account", json!({"name": format!("gov_c{number}")})).await;
                let settings = vec![("base_url", "https://mastodon.sandbox".to_owned())];
                ("access_token", text(&made["token"]), settings)
            }
            "discourse" => {
                let user = format!("guildhall-c{number}");
                let made = act("add-key", json!({"user": user})).await;
                let mut settings = vec![
                    ("base_url", "https://discourse.sandbox".to_owned()),
                    ("api_username", user),
                ];
                let granted = if limited { FORUM_GRANTS } else { 100_000 };
                settings.push(("requests_per_minute", granted.to_string()));
                ("api_key", text(&made["key"]), settings)
            }
            _ => {
                let email = format!("c{number}@example.org");
                let user = json!({"name": format!("Bot {number}"), "email": email});
                let user = act("add-user", user).await;
                let handle = format!("group-c{number}");
                let group = json!({"user": user["id"], "handle": handle, "name": handle});
                act("make-group", group).await;
                let granted = if limited { 900 } else { 1_000_000 };
                let settings = vec![
                    ("group", handle),
                    ("requests_per_five_minutes", granted.to_string()),
                ];
                ("api_key", text(&user["api_key"]), settings)
            }
        }
    }

    /// Stores all keys at once, upon which everything is made, and waits until it is.
    pub async fn provision(self, latency: Duration) -> Figures {
        self.sandbox.set_latency(latency).await.unwrap();
        let (began, started, computed) = (Timestamp::now(), Instant::now(), cpu());
        let stores = self.examined.iter().map(|examination| {
            let intent = Intent::StoreKey {
                examination: *examination,
                keep_unverified: false,
                keep_powerful: false,
            };
            self.engine.submit(&self.actor, intent)
        });
        for stored in futures::future::join_all(stores).await {
            stored.unwrap();
        }
        self.engine.settle().await;
        let (wall, cpu) = (started.elapsed(), cpu().saturating_sub(computed));
        self.assert_made().await;
        self.engine.shutdown().await;
        Figures {
            calls: self.sandbox.calls(),
            began,
            wall,
            cpu,
            peak_mib: peak_mib(),
        }
    }

    async fn assert_made(&self) {
        for slug in &self.communities {
            for platform in platforms() {
                let platform = PlatformId::new(platform);
                let shown = self.engine.instance(&self.actor, slug, &platform).await;
                let instance = shown.unwrap().instance.unwrap();
                let note = instance.note;
                assert_eq!(
                    instance.observed,
                    Observed::Ready,
                    "{slug} {platform}: {note}"
                );
            }
        }
    }
}

/// Processor time of this process so far.
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    // The name may hold spaces; behind it follow the fields from the third on.
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: u64 = fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap();
    // A tick is a hundredth of a second on Linux.
    Duration::from_millis(ticks * 10)
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    let digits: String = line.chars().filter(char::is_ascii_digit).collect();
    digits.parse::<u64>().unwrap() / 1024
}
