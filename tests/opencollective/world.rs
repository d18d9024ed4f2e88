//! One instance of one community on the simulated service, for the tests of the Open Collective adapter.

use crate::journal::MemoryJournal;
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
use guildhall::sandbox::{RunningSandbox, Sandbox, SandboxOptions};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

pub const MARKER: &str = "4f1d2c3b5a69788796a5b4c3d2e1f001";
pub const OURS: &str = "guildhall-bot";

/// One instance of one community on the simulated service.
pub struct World {
    pub sandbox: RunningSandbox,
    pub journal: Arc<MemoryJournal>,
    pub http: Http,
    pub keys: Value,
    pub settings: BTreeMap<String, String>,
    pub token: String,
    pub active: bool,
}

impl World {
    pub async fn new() -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let keys = sandbox.keys().await.unwrap()["opencollective"].clone();
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
            ("base_url", "https://api.opencollective.com/graphql/v2"),
            ("web_url", "https://opencollective.com"),
            ("tags", "Commons,housing,commons"),
        ];
        Self {
            token: keys["token"].as_str().unwrap().to_owned(),
            sandbox,
            journal,
            http,
            keys,
            settings: settings
                .map(|(field, value)| (field.to_owned(), value.to_owned()))
                .into(),
            active: true,
        }
    }

    pub fn set(&mut self, field: &str, value: &str) {
        self.settings.insert(field.to_owned(), value.to_owned());
    }

    pub fn site(&self) -> Site {
        let mut secrets = self.journal.secrets();
        secrets.insert("token".into(), self.token.clone().into());
        Site {
            installation: "installation-1".into(),
            community: CommunityId(1),
            slug: "rosewood".parse().unwrap(),
            community_name: "Rosewood Co-op".into(),
            description: "A housing co-op.".into(),
            instance: InstanceId(1),
            platform: PlatformId::new("opencollective"),
            marker: MARKER.into(),
            kind: InstanceKind::Account,
            external_id: None,
            made_by_us: true,
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

    /// A new operation: what earlier ones recorded is known to have been intended only.
    pub fn op(&self) -> Op {
        self.journal.next_operation();
        self.same_op()
    }

    /// The operation that was interrupted, begun again.
    pub fn same_op(&self) -> Op {
        Op::new(
            self.site(),
            Arc::clone(&self.journal) as Arc<_>,
            watch::Sender::new(Progress::default()),
            CancellationToken::new(),
        )
    }

    /// Provisions until it ends or dies as planned.
    pub async fn provision(&self) -> Result<Presence, Halt> {
        let op = self.same_op();
        let adapter = adapter();
        tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "killed").into()),
            result = adapter.provision(&op) => result,
        }
    }

    pub async fn observe(&self) -> Observation {
        adapter().observe(&self.site()).await.unwrap()
    }

    pub async fn verify(&self, token: &str) -> Result<Identity, Fault> {
        let entered = BTreeMap::from([("token".to_owned(), SecretString::from(token))]);
        adapter()
            .verify(&VerifyRequest {
                site: &self.site(),
                entered: &Secrets(entered),
            })
            .await
    }

    pub async fn state(&self) -> Value {
        self.sandbox.state("opencollective").await.unwrap()
    }

    pub async fn account(&self, id: &str) -> Value {
        self.state().await["accounts"][id].clone()
    }

    /// The collectives that stand, by short name.
    pub async fn collectives(&self) -> Vec<String> {
        let state = self.state().await;
        let accounts = state["accounts"].as_object().unwrap().values();
        accounts
            .filter(|account| account["kind"] == "COLLECTIVE" && account["deleted"] == false)
            .map(|account| account["slug"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The webhooks that stand: activity and address.
    pub async fn webhooks(&self) -> Vec<(String, String)> {
        let state = self.state().await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let hooks = state["webhooks"].as_array().unwrap().iter();
        hooks
            .map(|hook| (text(&hook["activity"]), text(&hook["address"])))
            .collect()
    }

    pub async fn act(&self, action: &str, input: Value) -> Value {
        self.sandbox
            .act("opencollective", action, input)
            .await
            .unwrap()
    }

    pub async fn on(&self, action: &str, id: &str) {
        self.act(action, json!({"id": id})).await;
    }

    pub fn key(&self, field: &str) -> String {
        self.keys[field].as_str().unwrap().to_owned()
    }
}

pub fn adapter() -> Arc<dyn Adapter> {
    let registry = Registry::builtin();
    Arc::clone(registry.get(&PlatformId::new("opencollective")).unwrap())
}

pub fn chat(instance: i64, address: &str) -> Peer {
    Peer {
        platform: PlatformId::new("slack"),
        instance: InstanceId(instance),
        url: None,
        settings: Settings::default(),
        target: Some(Target::Webhook {
            flavour: "slack".into(),
            address: address.into(),
        }),
    }
}

pub fn fault(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => panic!("waits for a person: {}", task.title),
    }
}

pub fn task(halt: Halt) -> HumanTask {
    match halt {
        Halt::Human(task) => *task,
        Halt::Stopped(fault) => panic!("stopped: {fault}"),
    }
}
