//! What an instance runs on this host, in words that every way of running it understands.
//!
//! An adapter writes the description; [`super::Supervisor`] reads it. It holds no secret: those stand in an environment
//! file of mode 0600 that the adapter wrote ([`super::environment`]), or come on standard input when the service is
//! started.

use super::{
    super::{files, schedule::Rhythm},
    walls::Walls,
};
use crate::domain::{Fault, FaultKind, PlatformId, Slug};
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;
use zeroize::Zeroizing;

/// The longest name: unit names may have 255 bytes, and a process's name and an ending come after it.
const LONGEST_NAME: usize = 160;
/// Shorter values of an environment file are switches and numbers.
const SHORTEST_SECRET: usize = 8;

/// A name that is safe in unit names, file names and arguments: lower-case letters, digits and dashes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ServiceName(String);

impl ServiceName {
    /// The name of an instance's service. Of the installation the first eight letters are enough to keep two
    /// installations on one host apart.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] when a part cannot stand in a unit's name.
    pub fn of(installation: &str, slug: &Slug, platform: &PlatformId) -> Result<Self, Fault> {
        format!("{}-{slug}-{platform}", short(installation)).try_into()
    }

    /// The name of the one service of a platform that several communities share. No community's is called so, since a short
    /// name is never empty.
    ///
    /// # Errors
    /// As [`ServiceName::of`].
    pub fn shared(installation: &str, platform: &PlatformId) -> Result<Self, Fault> {
        format!("{}--{platform}", short(installation)).try_into()
    }

    /// The name of what installs a runtime. No community's is called so, since a short name does not begin with a dash.
    ///
    /// # Errors
    /// As [`ServiceName::of`].
    pub fn of_installing(installation: &str, runtime: &str) -> Result<Self, Fault> {
        let runtime = runtime.replace('.', "-");
        format!("{}--install-{runtime}", short(installation)).try_into()
    }

    /// As it is written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn short(installation: &str) -> String {
    let letters = installation.chars().filter(char::is_ascii_alphanumeric);
    let short: String = letters.take(8).collect();
    short.to_ascii_lowercase()
}

impl TryFrom<String> for ServiceName {
    type Error = Fault;

    fn try_from(name: String) -> Result<Self, Fault> {
        let safe = !name.is_empty()
            && name.len() <= LONGEST_NAME
            && !name.starts_with('-')
            && name
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        if safe {
            return Ok(Self(name));
        }
        Err(Fault::new(
            FaultKind::BadInput,
            format!("{name:?} cannot be the name of a service."),
        )
        .hint("Use lower-case letters, digits and dashes."))
    }
}

impl From<ServiceName> for String {
    fn from(name: ServiceName) -> Self {
        name.0
    }
}

impl fmt::Display for ServiceName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// An instance's service: processes that run while it is active, and what is run regularly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceDescription {
    /// What it is called on this host.
    pub name: ServiceName,
    /// What it is called in messages: "PolicyKit of Rosewood Co-op".
    pub title: String,
    /// The supervisor's own folder of this service: description, locks, state and logs. 0700; made when it is missing.
    pub folder: PathBuf,
    /// What runs all the time.
    pub processes: Vec<ProcessDescription>,
    /// What runs regularly.
    pub timers: Vec<TimerDescription>,
    /// What it may see of the installation; none when nobody else's code runs in it.
    #[serde(default)]
    pub walls: Option<Walls>,
}

impl ServiceDescription {
    /// How the process or timer of this name is run.
    #[must_use]
    pub fn launch(&self, name: &str) -> Option<&Launch> {
        self.launches()
            .find_map(|(found, launch)| (found == name).then_some(launch))
    }

    /// The names of processes and timers with how each is run.
    pub fn launches(&self) -> impl Iterator<Item = (&str, &Launch)> {
        let processes = self
            .processes
            .iter()
            .map(|process| (process.name.as_str(), &process.launch));
        let timers = self
            .timers
            .iter()
            .map(|timer| (timer.name.as_str(), &timer.launch));
        processes.chain(timers)
    }

    /// Whether something of it is run from a folder: its program, its arguments or its variables lie or name something
    /// in there.
    #[must_use]
    pub fn mentions(&self, folder: &Path) -> bool {
        let inside = |text: &str| {
            text.split([':', '=', ',', '"'])
                .any(|part| Path::new(part).starts_with(folder))
        };
        self.launches().any(|(_, launch)| {
            launch.program.starts_with(folder)
                || launch.folder.starts_with(folder)
                || launch.arguments.iter().any(|argument| inside(argument))
                || launch.environment.values().any(|value| inside(value))
        })
    }

    /// The secrets in its environment files and private files, to be struck out of what is shown. Files that are not there, and values so
    /// short that striking them out would only hide what went wrong, are passed over.
    #[must_use]
    pub fn secrets(&self) -> Vec<SecretString> {
        let environment = self
            .launches()
            .filter_map(|(_, launch)| {
                super::environment::read(launch.environment_file.as_ref()?).ok()
            })
            .flat_map(BTreeMap::into_values);
        let private: BTreeSet<&PathBuf> = self
            .launches()
            .filter_map(|(_, launch)| launch.private_file.as_ref())
            .collect();
        environment
            .chain(private.into_iter().flat_map(|path| secrets_in(path)))
            .filter(|value| value.expose_secret().len() >= SHORTEST_SECRET)
            .collect()
    }
}

/// The secrets of a private file; none where it is not there or of another shape.
fn secrets_in(path: &Path) -> Vec<SecretString> {
    #[derive(Default, Deserialize)]
    struct Private {
        #[serde(default)]
        secret_key: String,
        #[serde(default)]
        keys: BTreeMap<String, String>,
    }
    let bytes = files::read(path).ok().flatten().map(Zeroizing::new);
    let private: Private = bytes
        .and_then(|bytes| serde_json::from_slice(&bytes).ok())
        .unwrap_or_default();
    let values = private.keys.into_values().chain([private.secret_key]);
    values.map(SecretString::from).collect()
}

/// A program with everything it is run with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Launch {
    /// The program, by its whole path.
    pub program: PathBuf,
    /// Its arguments. Never a secret.
    pub arguments: Vec<String>,
    /// The folder it runs in.
    pub folder: PathBuf,
    /// Variables besides the usual ones (`PATH`, `HOME`, the language). Never a secret.
    pub environment: BTreeMap<String, String>,
    /// A file of mode 0600 with more variables; see [`super::environment`].
    pub environment_file: Option<PathBuf>,
    /// A file of mode 0600 that it reads: JSON whose member `secret_key`, and every member of whose `keys`, is a secret.
    #[serde(default)]
    pub private_file: Option<PathBuf>,
    /// Whether it gets the service's secrets on its standard input, which is empty otherwise.
    pub takes_secrets: bool,
    /// The folders it writes to. Where the host can enforce it, everything else is read-only for it.
    pub writes: Vec<PathBuf>,
    /// How long it may take to end when asked to (TERM) before it is killed.
    pub grace: Duration,
    /// The most memory it may take, in MiB; none when it is not limited. Held where the host can hold it (systemd).
    pub memory_limit_mib: Option<u32>,
}

impl Launch {
    /// A program that gets ten seconds to end and has no secrets, variables or limits.
    #[must_use]
    pub fn new(program: impl Into<PathBuf>, folder: impl Into<PathBuf>) -> Self {
        Self {
            program: program.into(),
            arguments: Vec::new(),
            folder: folder.into(),
            environment: BTreeMap::new(),
            environment_file: None,
            private_file: None,
            takes_secrets: false,
            writes: Vec::new(),
            grace: Duration::from_secs(10),
            memory_limit_mib: None,
        }
    }

    /// The same with these arguments.
    #[must_use]
    pub fn arguments<I>(mut self, arguments: I) -> Self
    where
        I: IntoIterator,
        I::Item: Into<String>,
    {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }
}

/// A process that runs as long as the service does, and is started again when it ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProcessDescription {
    /// What it is called within the service: "web", "worker". As a [`ServiceName`].
    pub name: ServiceName,
    /// How it is run.
    pub launch: Launch,
    /// How it is known that it works.
    pub readiness: Readiness,
    /// How long that may take after a start.
    pub ready_within: Duration,
}

/// How it is known that a process works.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Readiness {
    /// It was started.
    Started,
    /// A page answers with 2xx and what is expected.
    Page {
        /// The page, on loopback.
        url: Url,
        /// What must stand in it; none when anything will do.
        text: Option<String>,
        /// A header by which it is known that no stranger answers: its name and value.
        header: Option<(String, String)>,
    },
    /// A line of its log, written since it was started, holds this.
    Line(String),
}

/// Something that is run regularly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TimerDescription {
    /// What it is called within the service: "refresh". As a [`ServiceName`].
    pub name: ServiceName,
    /// What is run.
    pub launch: Launch,
    /// How often.
    pub rhythm: Rhythm,
    /// When it last ended.
    pub last: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_is_named_so_that_two_installations_on_one_host_do_not_meet() {
        let slug = "rosewood".parse().unwrap();
        let platform = PlatformId::new("policykit");
        let name = |installation| {
            ServiceName::of(installation, &slug, &platform)
                .unwrap()
                .to_string()
        };
        assert_eq!(name("1A2b3c4d-5555-6666"), "1a2b3c4d-rosewood-policykit");
        assert_ne!(name("11112222"), name("33334444"));
        let shared = ServiceName::shared("1A2b3c4d-5555", &platform).unwrap();
        assert_eq!(shared.as_str(), "1a2b3c4d--policykit");
        let installing = ServiceName::of_installing("1A2b3c4d-5555", "tool-0.11.2").unwrap();
        assert_eq!(installing.as_str(), "1a2b3c4d--install-tool-0-11-2");
    }

    #[test]
    fn secrets_of_a_private_file_are_known_and_nothing_else_of_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("instance.json");
        let text = r#"{"database": "/a/long/path/db", "secret_key": "s3cret-of-the-server", "keys": {"A": "a-long-token", "B": "short"}}"#;
        std::fs::write(&path, text).unwrap();
        let mut launch = Launch::new("/bin/true", folder.path());
        launch.private_file = Some(path);
        let process = |name: &str| ProcessDescription {
            name: name.to_owned().try_into().unwrap(),
            launch: launch.clone(),
            readiness: Readiness::Started,
            ready_within: Duration::ZERO,
        };
        let service = ServiceDescription {
            name: "a".to_owned().try_into().unwrap(),
            title: String::new(),
            folder: folder.path().to_owned(),
            processes: vec![process("web"), process("worker")],
            timers: Vec::new(),
            walls: None,
        };
        let known = service.secrets();
        let known: Vec<&str> = known
            .iter()
            .map(secrecy::ExposeSecret::expose_secret)
            .collect();
        assert_eq!(known, ["a-long-token", "s3cret-of-the-server"]);
    }

    #[test]
    fn what_a_unit_or_a_path_would_read_otherwise_is_no_name() {
        for name in ["", "-a", "a/b", "a@b", "a b", "..", "A", "a%n", "é"] {
            assert!(ServiceName::try_from(name.to_owned()).is_err(), "{name}");
        }
    }
}
