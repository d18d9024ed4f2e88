//! One instance of one community on one simulated Loomio.

use crate::journal::{Death, MemoryJournal};
use guildhall::adapters::http::{Http, HttpOptions};
use guildhall::adapters::process::Runner;
use guildhall::adapters::registry::Registry;
use guildhall::adapters::{
    Adapter, Halt, Observation, Op, Peer, Presence, Secrets, Settings, Site, Target, VerifyRequest,
};
use guildhall::domain::{
    CommunityId, Fault, FaultKind, HumanTask, Identity, InstanceId, InstanceKind, PlatformId,
    Progress,
};
use guildhall::sandbox::{RunningSandbox, Sandbox, SandboxOptions, stand_in_docker};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::{
    collections::BTreeMap,
    future::Future,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    sync::Arc,
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const BOT: u64 = 3;
pub const SPARE: u64 = 4;
pub const PERSON: u64 = 5;
pub const MARKER: &str = "4f1d2c3b5a69788796a5b4c3d2e1f001";

pub struct World {
    pub sandbox: RunningSandbox,
    pub journal: Arc<MemoryJournal>,
    pub http: Http,
    pub runner: Runner,
    pub keys: Value,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    pub external_id: Option<String>,
    pub kind: InstanceKind,
    pub active: bool,
    pub made_by_us: bool,
    slug: &'static str,
    folder: tempfile::TempDir,
}

impl World {
    /// Hosted Loomio, with the key of a bot that administers the group rosewood.
    pub async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let keys = sandbox.keys().await.unwrap()["loomio"].clone();
        let journal = MemoryJournal::new();
        let seen = Arc::clone(&journal);
        let http = Http::new(HttpOptions {
            overrides: sandbox.overrides(),
            timeout: Duration::from_millis(2500),
            first_pause: Duration::from_millis(1),
            recorder: Some(Arc::new(move |_| seen.saw_call())),
            ..HttpOptions::default()
        });
        let settings = [
            ("base_url", "https://www.loomio.com"),
            ("mode", "hosted"),
            ("event_kinds", "new_discussion,poll_created,outcome_created"),
            ("pause", "announcements"),
        ];
        let mut world = Self {
            sandbox,
            journal,
            http,
            runner: Runner::default(),
            secrets: BTreeMap::new(),
            keys,
            settings: settings
                .map(|(field, value)| (field.to_owned(), value.to_owned()))
                .into(),
            external_id: None,
            kind: InstanceKind::Account,
            active: true,
            made_by_us: false,
            slug: "rosewood",
            folder: tempfile::tempdir().unwrap(),
        };
        world.use_key("api_key");
        world
    }

    /// An own server in whose container scripts may be run; no key yet.
    pub async fn own_server() -> Self {
        let mut world = Self::new().await;
        world.secrets.clear();
        world.set("base_url", "https://loomio.sandbox");
        world.set("mode", "self-hosted");
        world.set("runner_container", "loomio-app");
        world.set("bot_email", "guildhall@example.org");
        world.kind = InstanceKind::Tenant;
        world.slug = "lilac";
        let program = world.folder.path().join("stand-in");
        let script = format!(
            "#!/bin/sh\nexport STAND_IN_BASE='{}' STAND_IN_ARGUMENTS=\"$*\"\n\
             exec '{}' --exact world::stand_in --nocapture --test-threads=1\n",
            world.sandbox.base(),
            std::env::current_exe().unwrap().display(),
        );
        std::fs::write(&program, script).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o700)).unwrap();
        world.runner = Runner::default().standing_in("docker", vec![program.into()]);
        world
    }

    pub fn set(&mut self, field: &str, value: &str) {
        self.settings.insert(field.to_owned(), value.to_owned());
    }

    pub fn use_key(&mut self, name: &str) {
        let key = self.keys[name].as_str().unwrap().to_owned();
        self.secrets
            .insert("api_key".into(), SecretString::from(key));
    }

    pub async fn act(&self, action: &str, input: Value) -> Value {
        self.sandbox.act("loomio", action, input).await.unwrap()
    }

    pub async fn state(&self) -> Value {
        self.sandbox.state("loomio").await.unwrap()
    }

    /// The number of the group with this handle.
    pub async fn group(&self, handle: &str) -> u64 {
        let state = self.state().await;
        let groups = state["groups"].as_object().unwrap();
        let found = groups.iter().find(|(_, group)| group["handle"] == handle);
        found.unwrap().0.parse().unwrap()
    }

    pub fn site(&self) -> Site {
        let mut secrets = self.secrets.clone();
        secrets.extend(self.journal.secrets());
        Site {
            installation: "installation-1".into(),
            community: CommunityId(1),
            slug: self.slug.parse().unwrap(),
            community_name: "Rosewood Co-op".into(),
            description: "A housing co-op.".into(),
            instance: InstanceId(1),
            platform: PlatformId::new("loomio"),
            marker: MARKER.into(),
            kind: self.kind,
            external_id: self.external_id.clone(),
            made_by_us: self.made_by_us,
            active: self.active,
            settings: Settings(self.settings.clone()),
            facts: self.journal.facts(),
            secrets: Secrets(secrets),
            credential_key: "credential-1".into(),
            locked: false,
            data_folder: "/nonexistent".into(),
            runtime_folder: "/nonexistent".into(),
            settling: Duration::from_millis(20),
            http: self.http.clone(),
            runner: self.runner.clone(),
        }
    }

    pub fn op(&self) -> Op {
        Op::new(
            self.site(),
            Arc::clone(&self.journal) as Arc<_>,
            watch::Sender::new(Progress::default()),
            CancellationToken::new(),
        )
    }

    /// Lets the work go on until it ends, or dies as planned.
    pub async fn until_death<T>(
        &self,
        work: impl Future<Output = Result<T, Halt>>,
    ) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "dead").into()),
            result = work => result,
        }
    }

    pub async fn provision(&self) -> Result<Presence, Halt> {
        let op = self.op();
        let adapter = adapter();
        self.until_death(adapter.provision(&op)).await
    }

    /// Provisions, and records what the engine would record.
    pub async fn provisioned(&mut self) -> Presence {
        let presence = self.provision().await.unwrap();
        self.take(&presence);
        presence
    }

    pub fn take(&mut self, presence: &Presence) {
        self.external_id = Some(presence.external_id.clone());
        self.made_by_us = presence.made_by_us;
        self.kind = presence.kind;
        self.journal.next_operation();
    }

    pub async fn verify(&self) -> Result<Identity, Fault> {
        let site = self.site();
        let request = VerifyRequest {
            site: &site,
            entered: &site.secrets,
        };
        adapter().verify(&request).await
    }

    pub async fn observe(&self) -> Observation {
        adapter().observe(&self.site()).await.unwrap()
    }

    pub async fn connect(&self, peer: &Peer) -> String {
        let said = adapter().connect(&self.op(), peer).await.unwrap();
        self.journal.next_operation();
        said
    }

    pub async fn activate(&mut self) -> String {
        self.active = true;
        let said = adapter().activate(&self.op()).await.unwrap();
        self.journal.next_operation();
        said
    }

    pub async fn deactivate(&mut self) -> String {
        self.active = false;
        let said = adapter().deactivate(&self.op()).await.unwrap();
        self.journal.next_operation();
        said
    }

    /// The chat integrations, sorted, without their numbers.
    pub async fn integrations(&self) -> Vec<Value> {
        let state = self.state().await;
        let mut all: Vec<Value> = state["chatbots"]
            .as_object()
            .unwrap()
            .values()
            .cloned()
            .collect();
        all.sort_by_key(ToString::to_string);
        all
    }
}

/// Every death that work of so many writes and calls can die.
pub fn deaths(writes: usize, calls: usize) -> Vec<Death> {
    (1..=writes)
        .flat_map(|write| [Death::BeforeWrite(write), Death::AfterWrite(write)])
        .chain((1..=calls).map(Death::AfterCall))
        .collect()
}

pub fn adapter() -> Arc<dyn Adapter> {
    let registry = Registry::builtin();
    Arc::clone(registry.get(&PlatformId::new("loomio")).unwrap())
}

pub fn task(halt: Halt) -> HumanTask {
    match halt {
        Halt::Human(task) => *task,
        Halt::Stopped(fault) => panic!("{fault:?}"),
    }
}

pub fn fault(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => panic!("{task:?}"),
    }
}

/// A chat with an incoming webhook.
pub fn webhook(instance: i64, flavour: &str, address: &str) -> Peer {
    Peer {
        platform: PlatformId::new(flavour),
        instance: InstanceId(instance),
        url: None,
        settings: Settings::default(),
        target: Some(Target::Webhook {
            flavour: flavour.into(),
            address: SecretString::from(address),
        }),
    }
}

pub fn text(secret: &SecretString) -> &str {
    secret.expose_secret()
}

/// Not a test by itself: the stand-in for Docker, where [`World::own_server`] had it started.
#[test]
fn stand_in() {
    let Ok(base) = std::env::var("STAND_IN_BASE") else {
        return;
    };
    let arguments = std::env::var("STAND_IN_ARGUMENTS").unwrap();
    let arguments: Vec<String> = arguments.split(' ').map(str::to_owned).collect();
    let mut script = String::new();
    if arguments[0] == "exec" {
        std::io::stdin().read_to_string(&mut script).unwrap();
    }
    let data = std::env::var("GUILDHALL").ok();
    let output = stand_in_docker(&base.parse().unwrap(), &arguments, data.as_deref(), &script);
    // After what the test harness has already written into the line.
    let mut out = std::io::stdout();
    write!(out, "\n{}", output.stdout).unwrap();
    out.flush().unwrap();
    std::io::stderr()
        .write_all(output.stderr.as_bytes())
        .unwrap();
    std::process::exit(i32::from(output.code));
}
