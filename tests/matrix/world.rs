//! One instance of one community on one simulated homeserver, for the tests of the Matrix adapter.

use crate::journal::MemoryJournal;
use guildhall::adapters::http::{Http, HttpOptions};
use guildhall::adapters::process::Runner;
use guildhall::adapters::registry::Registry;
use guildhall::adapters::{Adapter, Halt, Op, Presence, Secrets, Settings, Site, VerifyRequest};
use guildhall::domain::{
    CommunityId, Fault, FaultKind, InstanceId, InstanceKind, PlatformId, Progress,
};
use guildhall::sandbox::{RunningSandbox, Sandbox, SandboxOptions};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const AMINA: &str = "@amina:matrix.sandbox";

/// One instance of one community on one simulated homeserver.
pub struct World {
    pub sandbox: RunningSandbox,
    pub journal: Arc<MemoryJournal>,
    pub http: Http,
    pub keys: Value,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    pub active: bool,
    pub made_by_us: bool,
}

impl World {
    pub async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        sandbox
            .act(
                "matrix",
                "limits",
                json!({"preset": "lifted", "hold_ms": 0}),
            )
            .await
            .unwrap();
        let keys = sandbox.keys().await.unwrap()["matrix"].clone();
        let journal = MemoryJournal::new();
        let seen = Arc::clone(&journal);
        let http = Http::new(HttpOptions {
            overrides: sandbox.overrides(),
            timeout: Duration::from_millis(1500),
            first_pause: Duration::from_millis(1),
            recorder: Some(Arc::new(move |_| seen.saw_call())),
            ..HttpOptions::default()
        });
        let settings = [
            ("homeserver", "https://matrix.sandbox"),
            ("rooms", "general,proposals"),
            // The limits are lifted, and ten rooms a minute would end these tests.
            ("raised_limits", "true"),
        ];
        Self {
            sandbox,
            journal,
            http,
            secrets: BTreeMap::from([admin(&keys)]),
            keys,
            settings: settings
                .map(|(field, value)| (field.to_owned(), value.to_owned()))
                .into(),
            active: true,
            made_by_us: true,
        }
    }

    pub fn set(&mut self, field: &str, value: &str) {
        self.settings.insert(field.to_owned(), value.to_owned());
    }

    pub fn site(&self) -> Site {
        let mut secrets = self.secrets.clone();
        secrets.extend(self.journal.secrets());
        Site {
            installation: "installation-1".into(),
            community: CommunityId(1),
            slug: "rosewood".parse().unwrap(),
            community_name: "Rosewood Co-op".into(),
            description: "A housing co-op.".into(),
            instance: InstanceId(1),
            platform: PlatformId::new("matrix"),
            marker: "4f1d2c3b5a69788796a5b4c3d2e1f001".into(),
            kind: InstanceKind::Tenant,
            // As long as nothing was recorded, also of something that was just taken over.
            external_id: None,
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
            runner: Runner::default(),
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

    /// Provisions until it ends or dies as planned.
    pub async fn provision(&self) -> Result<Presence, Halt> {
        let op = self.op();
        let adapter = adapter();
        tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "killed").into()),
            result = adapter.provision(&op) => result,
        }
    }

    pub async fn state(&self) -> Value {
        self.sandbox.state("matrix").await.unwrap()
    }

    /// Rooms somebody is in, by name; half-made ones have none.
    pub async fn rooms(&self) -> Vec<String> {
        let state = self.state().await;
        let mut names: Vec<String> = state["rooms"]
            .as_object()
            .unwrap()
            .values()
            .filter(|room| !members(room).is_empty())
            .map(|room| text(room, "m.room.name", "name"))
            .collect();
        names.sort();
        names
    }

    pub async fn room_id(&self, name: &str) -> String {
        let state = self.state().await;
        let rooms = state["rooms"].as_object().unwrap();
        let found = rooms
            .iter()
            .find(|(_, room)| text(room, "m.room.name", "name") == name);
        found.unwrap_or_else(|| panic!("no room {name}")).0.clone()
    }

    pub async fn levels(&self, name: &str) -> String {
        let id = self.room_id(name).await;
        self.state().await["rooms"][id]["state"]["m.room.power_levels\n"]["content"].to_string()
    }

    pub async fn act(&self, action: &str, input: Value) -> Value {
        self.sandbox.act("matrix", action, input).await.unwrap()
    }

    pub async fn may_write(&self, user: &str, room: &str) -> bool {
        let room = self.room_id(room).await;
        let said = json!({"user": user, "room": room, "body": "hello"});
        self.act("say", said).await["allowed"] == true
    }

    pub async fn add_member(&self, user: &str, room: &str) {
        let room = self.room_id(room).await;
        self.act("add-member", json!({"user": user, "room": room}))
            .await;
    }

    pub async fn verify(
        &self,
        entered: &[(&str, &str)],
    ) -> Result<guildhall::domain::Identity, Fault> {
        let entered = entered
            .iter()
            .map(|(field, token)| ((*field).to_owned(), SecretString::from(*token)));
        adapter()
            .verify(&VerifyRequest {
                site: &self.site(),
                entered: &Secrets(entered.collect()),
            })
            .await
    }

    pub fn key(&self, field: &str) -> String {
        self.keys[field].as_str().unwrap().to_owned()
    }
}

pub fn admin(keys: &Value) -> (String, SecretString) {
    let token = keys["admin_token"].as_str().unwrap();
    ("admin_token".to_owned(), token.into())
}

pub fn adapter() -> Arc<dyn Adapter> {
    let registry = Registry::builtin();
    Arc::clone(registry.get(&PlatformId::new("matrix")).unwrap())
}

pub fn members(room: &Value) -> Vec<String> {
    let events = room["state"].as_object().unwrap().values();
    events
        .filter(|event| {
            event["kind"] == "m.room.member" && event["content"]["membership"] == "join"
        })
        .map(|event| event["state_key"].as_str().unwrap().to_owned())
        .collect()
}

pub fn text(room: &Value, kind: &str, field: &str) -> String {
    let content = &room["state"][format!("{kind}\n")]["content"];
    content[field].as_str().unwrap_or("(no name)").to_owned()
}

pub fn fault(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => panic!("waits for a person: {}", task.title),
    }
}

/// The space and its rooms when everything is there.
pub const WHOLE: [&str; 3] = ["Rosewood Co-op", "general", "proposals"];
