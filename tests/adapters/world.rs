//! One instance of one community on one simulated platform, as the engine would hand it to an adapter.

use crate::journal::{Death, MemoryJournal};
use guildhall::{
    adapters::{
        Adapter, Halt, Journal as _, Observation, Op, Peer, Presence, Secrets, Settings, Site,
        Target, VerifyRequest,
        http::{BucketKey, Http, HttpOptions, RateBudget, RateRule, Recorded},
        process::Runner,
        registry::Registry,
    },
    catalog::Catalog,
    domain::{
        CommunityId, Fault, FaultKind, HumanTask, Identity, InstanceId, InstanceKind, PlatformId,
        Progress,
    },
    sandbox::{RunningSandbox, Sandbox, SandboxOptions, internal::stand_ins},
};
use secrecy::SecretString;
use serde_json::Value;
use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, Mutex},
    time::Duration,
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

/// The incarnation of the instance, unless a test says otherwise.
pub const MARKER: &str = "4f1d2c3b5a69788796a5b4c3d2e1f001";

static CATALOG: LazyLock<Catalog> = LazyLock::new(|| Catalog::builtin().unwrap());

/// The built program.
pub fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_guildhall"))
}

/// The adapter that ships.
pub fn shipped(platform: &str) -> Arc<dyn Adapter> {
    Arc::clone(Registry::builtin().get(&PlatformId::new(platform)).unwrap())
}

/// Grants every call: what a budget does is tried by itself, and to wait for one would take these tests minutes.
struct Unlimited;

#[async_trait::async_trait]
impl RateBudget for Unlimited {
    async fn reserve(&self, _: &BucketKey, _: &[RateRule]) -> Result<Duration, Fault> {
        Ok(Duration::ZERO)
    }
}

/// The platform, the instance, what its operations remember, and every request that was sent.
pub struct World {
    pub platform: &'static str,
    pub adapter: Arc<dyn Adapter>,
    pub sandbox: RunningSandbox,
    pub journal: Arc<MemoryJournal>,
    pub http: Http,
    pub runner: Runner,
    /// The ready-made keys and addresses of the simulated platform.
    pub keys: Value,
    pub settings: BTreeMap<String, String>,
    pub secrets: BTreeMap<String, SecretString>,
    pub external_id: Option<String>,
    pub kind: InstanceKind,
    pub active: bool,
    pub made_by_us: bool,
    pub slug: &'static str,
    pub community_name: &'static str,
    pub marker: String,
    /// The home in which local services have their folders.
    pub home: tempfile::TempDir,
    /// The folder of shared runtimes.
    pub runtimes: PathBuf,
    requests: Arc<Mutex<Vec<Recorded>>>,
}

impl World {
    /// An active instance with the manifest's defaults and these settings, and without any key.
    pub async fn of(platform: &'static str, settings: &[(&str, &str)]) -> Self {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let keys = sandbox.keys().await.unwrap()[platform].clone();
        let journal = MemoryJournal::new();
        let requests = Arc::new(Mutex::new(Vec::new()));
        let http = client(&sandbox, &journal, &requests);
        let runner = stand_ins(program(), sandbox.base())
            .into_iter()
            .fold(Runner::default(), |runner, (name, command)| {
                runner.standing_in(name, command)
            });
        let home = tempfile::tempdir().unwrap();
        let manifest = CATALOG.get(&PlatformId::new(platform)).unwrap();
        let defaults = manifest.settings.iter();
        let mut world = Self {
            platform,
            adapter: shipped(platform),
            sandbox,
            journal,
            http,
            runner,
            keys,
            settings: defaults
                .filter_map(|field| Some((field.field.clone(), field.default.clone()?)))
                .collect(),
            secrets: BTreeMap::new(),
            external_id: None,
            kind: manifest.kinds[0].kind,
            active: true,
            made_by_us: true,
            slug: "rosewood",
            community_name: "Rosewood Co-op",
            marker: MARKER.into(),
            runtimes: home.path().join("runtimes"),
            home,
            requests,
        };
        for (field, value) in settings {
            world.set(field, value);
        }
        world
    }

    pub fn set(&mut self, field: &str, value: &str) {
        self.settings.insert(field.to_owned(), value.to_owned());
    }

    /// A ready-made key or address of the simulated platform.
    pub fn key(&self, name: &str) -> String {
        let key = self.keys[name].as_str();
        key.unwrap_or_else(|| panic!("{} has no key {name}", self.platform))
            .to_owned()
    }

    /// Sets a field to a ready-made address.
    pub fn set_to_known(&mut self, field: &str, name: &str) {
        let known = self.key(name);
        self.set(field, &known);
    }

    /// Enters a ready-made key into a field of the manifest.
    pub fn use_key(&mut self, field: &str, name: &str) {
        let key = self.key(name);
        self.secrets.insert(field.to_owned(), key.into());
    }

    /// Enters a key that looks right and that this server never gave out: that of another one.
    pub fn enter_unknown_key(&mut self, unknown: Option<(&'static str, &'static str)>) {
        if let Some((field, unknown)) = unknown {
            self.secrets.insert(field.to_owned(), unknown.into());
        }
    }

    pub async fn act(&self, action: &str, input: Value) -> Value {
        let done = self.sandbox.act(self.platform, action, input).await;
        done.unwrap_or_else(|fault| panic!("{action}: {fault}"))
    }

    pub async fn state(&self) -> Value {
        self.sandbox.state(self.platform).await.unwrap()
    }

    /// Lets time pass: for the platform, for the journal, and for whoever waits until a limit is over.
    pub async fn later(&mut self, by: Duration) {
        self.sandbox.advance(by).await.unwrap();
        *self.journal.later.lock().unwrap() += by;
        // The limits that a client holds by itself end with it.
        self.http = client(&self.sandbox, &self.journal, &self.requests);
    }

    /// Every request that was sent, as the one HTTP client saw it: with known secrets struck out.
    pub fn requests(&self) -> Vec<Recorded> {
        self.requests.lock().unwrap().clone()
    }

    /// The instance's own folder on the host.
    pub fn folder(&self) -> PathBuf {
        let community = self.home.path().join("data").join(self.slug);
        community.join(self.platform)
    }

    pub fn site(&self) -> Site {
        let secrets = self.journal.secrets_besides(&self.secrets);
        Site {
            installation: "installation-1".into(),
            community: CommunityId(1),
            slug: self.slug.parse().unwrap(),
            community_name: self.community_name.into(),
            description: "A housing co-op.".into(),
            instance: InstanceId(1),
            platform: PlatformId::new(self.platform),
            marker: self.marker.clone(),
            kind: self.kind,
            external_id: self.external_id.clone(),
            made_by_us: self.made_by_us,
            active: self.active,
            settings: Settings(self.settings.clone()),
            facts: self.journal.facts(),
            secrets: Secrets(secrets),
            credential_key: "credential-1".into(),
            locked: false,
            data_folder: self.folder(),
            runtime_folder: self.runtimes.clone(),
            settling: Duration::from_millis(20),
            http: self.http.clone(),
            runner: self.runner.clone(),
            supervisor: guildhall::services::supervisor::Supervisor::default().without_systemd(),
        }
    }

    /// The keys that the adapter made and stored, a line for each.
    pub fn minted_keys(&self) -> Vec<String> {
        let stored = self.journal.secrets().into_keys();
        stored.map(|field| format!("key {field}")).collect()
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

    /// Lets the work go on until it ends, or dies as planned.
    pub async fn until_death<T>(
        &self,
        work: impl Future<Output = Result<T, Halt>>,
    ) -> Result<T, Halt> {
        tokio::select! {
            biased;
            () = self.journal.death() => Err(Fault::new(FaultKind::Internal, "killed").into()),
            result = work => result,
        }
    }

    /// Provisions until it ends or dies as planned; once more is the same operation resumed.
    pub async fn provision(&self) -> Result<Presence, Halt> {
        let op = self.same_op();
        self.until_death(self.adapter.provision(&op)).await
    }

    /// Provisions, and records what the engine would record.
    pub async fn provisioned(&mut self) -> Presence {
        let presence = self.provision().await.unwrap();
        self.take(&presence);
        presence
    }

    /// Records what the engine records of a success.
    pub fn take(&mut self, presence: &Presence) {
        self.external_id = Some(presence.external_id.clone());
        self.made_by_us = presence.made_by_us;
        self.kind = presence.kind;
        self.journal.next_operation();
    }

    /// Forgets the instance, as for another one in its place: the keys that were entered stay.
    pub fn forget_all(&mut self) {
        self.journal = MemoryJournal::new();
        self.external_id = None;
        self.http = client(&self.sandbox, &self.journal, &self.requests);
    }

    /// Another instance is put in the place of this one, which is gone there: it finds what this one remembered, and has its
    /// keys.
    pub async fn replace(&mut self) {
        let (facts, secrets) = (self.journal.facts(), self.journal.secrets());
        self.forget_all();
        self.marker = "9e8d7c6b5a4938271605f4e3d2c1b0a9".into();
        let former = serde_json::to_value(facts).unwrap();
        self.journal.remember("former", former).await.unwrap();
        for (field, secret) in secrets {
            self.journal
                .keep_secret(&field, &secret, None)
                .await
                .unwrap();
        }
    }

    pub async fn activate(&mut self) -> String {
        self.active = true;
        self.adapter.activate(&self.op()).await.unwrap()
    }

    pub async fn deactivate(&mut self) -> String {
        self.active = false;
        self.adapter.deactivate(&self.op()).await.unwrap()
    }

    pub async fn connect(&self, peer: &Peer) -> String {
        self.adapter.connect(&self.op(), peer).await.unwrap()
    }

    pub async fn observe(&self) -> Observation {
        self.adapter.observe(&self.site()).await.unwrap()
    }

    /// Examines keys as the form does before they are stored.
    pub async fn verify(&self, entered: &[(&str, &str)]) -> Result<Identity, Fault> {
        let entered = entered
            .iter()
            .map(|(field, key)| ((*field).to_owned(), SecretString::from(*key)));
        let request = VerifyRequest {
            site: &self.site(),
            entered: &Secrets(entered.collect()),
        };
        self.adapter.verify(&request).await
    }
}

/// The one HTTP client, sent to the simulated platforms, with whoever wants to know of its calls.
fn client(
    sandbox: &RunningSandbox,
    journal: &Arc<MemoryJournal>,
    requests: &Arc<Mutex<Vec<Recorded>>>,
) -> Http {
    let (seen, kept) = (Arc::clone(journal), Arc::clone(requests));
    Http::new(HttpOptions {
        overrides: sandbox.overrides(),
        timeout: Duration::from_millis(1500),
        first_pause: Duration::from_millis(1),
        budget: Arc::new(Unlimited),
        recorder: Some(Arc::new(move |request| {
            kept.lock().unwrap().push(request.clone());
            seen.saw_call();
        })),
        ..HttpOptions::default()
    })
}

/// Every death that work of so many writes and calls can die.
pub fn deaths(writes: usize, calls: usize) -> Vec<Death> {
    (1..=writes)
        .flat_map(|write| [Death::BeforeWrite(write), Death::AfterWrite(write)])
        .chain((1..=calls).map(Death::AfterCall))
        .collect()
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

/// A chat that is reached through an incoming webhook.
pub fn chat(instance: i64, flavour: &str, address: &str) -> Peer {
    Peer {
        platform: PlatformId::new(flavour),
        instance: InstanceId(instance),
        url: None,
        settings: Settings::default(),
        target: Some(Target::Webhook {
            flavour: flavour.into(),
            address: address.into(),
        }),
    }
}

/// Makes a type around [`World`] behave as one: a platform's own tests add to it what only they ask for.
macro_rules! behaves_as_world {
    ($of:ty $(, $parameter:ident)?) => {
        impl$(<$parameter>)? std::ops::Deref for $of {
            type Target = $crate::world::World;
            fn deref(&self) -> &Self::Target {
                &self.0
            }
        }
        impl$(<$parameter>)? std::ops::DerefMut for $of {
            fn deref_mut(&mut self) -> &mut Self::Target {
                &mut self.0
            }
        }
    };
}
pub(crate) use behaves_as_world;
