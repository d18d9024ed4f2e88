//! What the engine is opened with: where it lives, what it knows, how patient it is. Plain data; nothing is done here.

use crate::{
    adapters::{process::Runner, registry::Registry},
    catalog::Catalog,
    domain::{ActorId, Choice, PlatformId},
    vault::WorkFactor,
};
use jiff::Timestamp;
use secrecy::SecretString;
use std::{
    collections::{BTreeMap, HashMap},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};
use url::Url;

/// Tells the time; replaceable in tests.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How an engine is opened.
#[derive(Clone)]
pub struct EngineOptions {
    /// The folder of the installation.
    pub home: PathBuf,
    /// The folder of the operator's own files; shown by `doctor`.
    pub config: Option<PathBuf>,
    /// What is known of the platforms.
    pub catalog: Arc<Catalog>,
    /// The adapters of this build.
    pub registry: Registry,
    /// Hosts whose calls go to another base: the sandbox.
    pub overrides: HashMap<String, Url>,
    /// Runs the programs of this host; the sandbox has its own stand in for some.
    pub runner: Runner,
    /// Whether the platforms are simulated.
    pub sandbox: bool,
    /// Whether nothing may be changed.
    pub read_only: bool,
    /// How much at once, and how patient.
    pub limits: Limits,
    /// Tells the time.
    pub clock: Clock,
    /// This process acts for this actor and for nobody else, and does not open the vault for anybody: a session of
    /// somebody who came in over SSH.
    pub only: Option<ActorId>,
    /// The name of whoever is logged in; none asks the system.
    pub login: Option<String>,
}

impl EngineOptions {
    /// The options of the program for an installation in `home`.
    #[must_use]
    pub fn new(home: PathBuf, catalog: Arc<Catalog>, registry: Registry) -> Self {
        Self {
            home,
            config: None,
            catalog,
            registry,
            overrides: HashMap::new(),
            runner: Runner::default(),
            sandbox: false,
            read_only: false,
            limits: Limits::default(),
            clock: Arc::new(Timestamp::now),
            only: None,
            login: None,
        }
    }
}

/// How much at once, and how patient. The defaults are those of the program.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Operations that run at the same time in this process and mostly wait for platforms. Their pace is set by the limits
    /// of each credential; this number only bounds memory.
    pub at_once: usize,
    /// Operations that run at the same time and work on this host: they install, start and compute.
    pub at_once_here: usize,
    /// How long a lease holds without being renewed; longer than any pause of a healthy process.
    pub lease: Duration,
    /// How often leases are renewed, and cancel requests of other processes are seen, while something runs.
    pub renew_every: Duration,
    /// How often in a row an operation is begun on its own after a passing trouble, before it counts as failed.
    pub most_attempts: i64,
    /// The first pause before such a repetition; it doubles each time.
    pub first_pause: Duration,
    /// The longest such pause.
    pub longest_pause: Duration,
    /// How often in a row an operation waits out what a platform's rate limit says, before it counts as failed.
    pub most_limited: i64,
    /// The longest such wait; a platform that asks for more is not waited for.
    pub longest_limited: Duration,
    /// How soon something must be due for [`super::Engine::settle`] to wait for it.
    pub patience: Duration,
    /// How long a cancelled operation may take to stop by itself.
    pub cancel_grace: Duration,
    /// How long operations in flight may take to come to a safe place at [`super::Engine::shutdown`].
    pub shutdown_grace: Duration,
    /// How long an examined key is kept in memory without being stored.
    pub examination: Duration,
    /// Instances of one platform that are looked at the same time.
    pub observe_at_once: usize,
    /// How long what a connection's test sent may take to be seen at the other end.
    pub arrival: Duration,
    /// How long a vault that a person opened stays open without a key pressed or a secret used, unless the operator chose
    /// otherwise; zero for ever.
    pub idle_lock: Duration,
    /// How hard it is made to guess a passphrase.
    pub work_factor: WorkFactor,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            at_once: 1024,
            at_once_here: 4,
            lease: Duration::from_secs(30),
            renew_every: Duration::from_secs(10),
            most_attempts: 6,
            first_pause: Duration::from_secs(2),
            longest_pause: Duration::from_secs(300),
            most_limited: 50,
            longest_limited: Duration::from_secs(24 * 60 * 60),
            patience: Duration::from_secs(3),
            cancel_grace: Duration::from_secs(12),
            shutdown_grace: Duration::from_millis(50),
            examination: Duration::from_secs(600),
            observe_at_once: 4,
            arrival: Duration::from_secs(15),
            idle_lock: Duration::from_secs(15 * 60),
            work_factor: WorkFactor::STANDARD,
        }
    }
}

/// What a new installation is made of.
#[derive(Debug, Clone)]
pub struct NewInstallation {
    /// Its name, as the title bar shows it.
    pub name: String,
    /// How keys are protected, besides the recovery key.
    pub protection: Protection,
    /// Where the template departs from the manifests' defaults.
    pub choices: BTreeMap<PlatformId, Choice>,
}

/// How keys are protected.
#[derive(Debug, Clone)]
pub enum Protection {
    /// By a passphrase that is asked for.
    Passphrase(SecretString),
    /// By a key file on this machine, made at this path unless it is there.
    IdentityFile(PathBuf),
    /// By an SSH key: the path of its public half.
    SshKey(PathBuf),
}
