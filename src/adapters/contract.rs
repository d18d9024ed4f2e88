//! What every adapter answers. An adapter speaks to one platform and knows nothing of screens or tables.
//!
//! Whether a verb is `auto`, `human` or `unsupported` stands in the platform's manifest; a verb that the platform
//! cannot do keeps the default here, which refuses with that reason.

use super::durable::{Halt, Op};
use super::http::Http;
use super::ownership::Ownership;
use super::process::Runner;
use super::replacing;
use crate::domain::{
    CommunityId, Drift, Fault, FaultKind, Health, HumanTask, Identity, InstanceId, InstanceKind,
    PlatformId, RemoveMode, Slots, Slug,
};
use crate::services::supervisor::Supervisor;
use async_trait::async_trait;
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use url::Url;

/// Settings of an instance, by field of the manifest, with the manifest's defaults filled in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Settings(pub BTreeMap<String, String>);

impl Settings {
    /// The value of a field, when it is set and not empty.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0
            .get(field)
            .map(String::as_str)
            .filter(|value| !value.is_empty())
    }

    /// The value of a field that must be there.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] naming the field.
    pub fn require(&self, field: &str) -> Result<&str, Fault> {
        self.get(field).ok_or_else(|| {
            Fault::new(
                FaultKind::BadInput,
                format!("The setting {field} is empty."),
            )
            .hint(format!(
                "Set {field}: in the settings of the instance, or along with its key (--setting {field}=...)."
            ))
        })
    }

    /// The address in a field that must be there.
    ///
    /// # Errors
    /// [`FaultKind::BadInput`] when it is missing or no address.
    pub fn url(&self, field: &str) -> Result<Url, Fault> {
        let text = self.require(field)?;
        Url::parse(text).map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                format!("The setting {field} is no address: {error}."),
            )
            .hint("Write it in full, beginning with https://.")
        })
    }

    /// The entries of a list field: separated by commas or line ends, trimmed, empty ones left out.
    #[must_use]
    pub fn list(&self, field: &str) -> Vec<String> {
        let text = self.get(field).unwrap_or_default();
        text.split([',', '\n'])
            .map(str::trim)
            .filter(|entry| !entry.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// Whether a switch is on; the catalog writes such a value as `true`.
    #[must_use]
    pub fn is_on(&self, field: &str) -> bool {
        matches!(self.get(field), Some("true" | "on"))
    }
}

/// Stands among the changed fields of [`Adapter::configure`] where somebody decided that what differs there is put back as it
/// was: then names, texts and rights are compared with the record, and what differs is sent again.
pub const PUT_BACK: &str = "*";

/// Whether what differs is to be put back.
#[must_use]
pub fn puts_back(changed: &[String]) -> bool {
    changed.iter().any(|field| field == PUT_BACK)
}

/// The name of the fact that an adapter remembers from before it changes anything on the platform for
/// [`Adapter::move_account`]. The engine forgets it in the same transaction in which it notes that the move is done, so that
/// there is no moment in which a move that is done looks as if nothing of it had begun; the adapter where it is taken back.
pub const HALF_MOVED: &str = "half-moved";

/// The name of the fact in which an instance finds what another one had remembered, in whose place it was put because that
/// was gone on the platform. What did not go with it is taken in, or taken away, and then the fact is forgotten.
pub const FORMER: &str = "former";

/// The opened secrets of an instance: those of its community's account, then those of the installation's account.
#[derive(Debug, Clone, Default)]
pub struct Secrets(pub BTreeMap<String, SecretString>);

impl Secrets {
    /// The secret of a field.
    #[must_use]
    pub fn get(&self, field: &str) -> Option<&SecretString> {
        self.0.get(field)
    }
}

/// What an adapter is told of the instance it works on, and the tools it may use.
#[derive(Clone)]
pub struct Site {
    /// Random, stable id of this installation; may be shown publicly.
    pub installation: String,
    /// Whose instance it is.
    pub community: CommunityId,
    /// The community's short name.
    pub slug: Slug,
    /// The community's name.
    pub community_name: String,
    /// What the community is. May be empty.
    pub description: String,
    /// The instance.
    pub instance: InstanceId,
    /// Of which platform.
    pub platform: PlatformId,
    /// Random, stable id of this incarnation of the instance (a new one after a removal); holds no meaning and may be
    /// shown publicly. Everything made on the platform carries it, or a key derived from it.
    pub marker: String,
    /// Which kind of instance.
    pub kind: InstanceKind,
    /// The object on the platform, once there is one.
    pub external_id: Option<String>,
    /// Whether Guildhall made that object.
    pub made_by_us: bool,
    /// Whether the instance is wanted active.
    pub active: bool,
    /// Its settings.
    pub settings: Settings,
    /// What the adapter remembered with [`Op::remember`]; as it was when the verb began.
    pub facts: BTreeMap<String, serde_json::Value>,
    /// Its secrets; empty while the vault is locked.
    pub secrets: Secrets,
    /// Names the rate budget of its credential: never the secret itself.
    pub credential_key: String,
    /// Whether the vault is locked, so that missing secrets may exist.
    pub locked: bool,
    /// The instance's own folder on this host, 0700. Exists only after an adapter made it.
    pub data_folder: PathBuf,
    /// The folder of shared runtimes on this host.
    pub runtime_folder: PathBuf,
    /// How long a creation may stay invisible on this platform (manifest).
    pub settling: Duration,
    /// The one HTTP client.
    pub http: Http,
    /// The one process runner.
    pub runner: Runner,
    /// Who keeps services on this host.
    pub supervisor: Supervisor,
}

impl Site {
    /// A remembered fact.
    ///
    /// # Errors
    /// [`FaultKind::Internal`] when it is there and of another shape.
    pub fn fact<T: serde::de::DeserializeOwned>(&self, name: &str) -> Result<Option<T>, Fault> {
        let Some(value) = self.facts.get(name) else {
            return Ok(None);
        };
        serde_json::from_value(value.clone())
            .map(Some)
            .map_err(|error| {
                Fault::new(
                    FaultKind::Internal,
                    format!(
                        "The recorded fact {name} of {} cannot be read.",
                        self.platform
                    ),
                )
                .hint("Check the instance; what is missing is looked for again.")
                .detail(error)
            })
    }

    /// A secret that must be there.
    ///
    /// # Errors
    /// [`FaultKind::Locked`] while the vault is locked, else [`FaultKind::NeedsKey`].
    pub fn secret(&self, field: &str) -> Result<&SecretString, Fault> {
        self.secrets.get(field).ok_or_else(|| {
            if self.locked {
                Fault::new(
                    FaultKind::Locked,
                    format!("The vault is locked, and {} needs its key.", self.platform),
                )
                .hint("Unlock the vault; the work goes on by itself.")
            } else {
                Fault::new(
                    FaultKind::NeedsKey,
                    format!("{} needs a key: {field}.", self.platform),
                )
                .hint("Enter the key.")
                .field(field)
            }
        })
    }
}

/// A key to be examined: entered, not stored.
pub struct VerifyRequest<'a> {
    /// The instance it is meant for, with its settings; its stored secrets are in `site.secrets`.
    pub site: &'a Site,
    /// The fields just entered, trimmed.
    pub entered: &'a Secrets,
}

/// An account that a platform has made.
pub struct MadeAccount {
    /// Under which field of the manifest its key is kept.
    pub field: &'static str,
    /// Its key.
    pub secret: SecretString,
    /// Who it is, asked with that key.
    pub identity: Identity,
}

/// What stands on the platform after provisioning, adoption or configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Presence {
    /// Stable id of the object there.
    pub external_id: String,
    /// Where a person finds it, or where it listens.
    pub url: Option<String>,
    /// Which kind it turned out to be.
    pub kind: InstanceKind,
    /// Whether Guildhall made it.
    pub made_by_us: bool,
    /// One short phrase for the row; may be empty ("holds no money until a host approves").
    pub note: String,
}

/// Whether the object is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It is there.
    Present,
    /// It was there and is not any more.
    Gone,
    /// It could not be seen; health says why.
    Unseen,
}

/// What a look at the instance found.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Whether it is there.
    pub standing: Standing,
    /// How well it does, apart from what differs: what of that is undecided is held against it by whoever asked.
    pub health: Health,
    /// One short phrase for the row; may be empty.
    pub note: String,
    /// How it differs from the record.
    pub drift: Vec<Drift>,
    /// A person's step that is now needed.
    pub task: Option<HumanTask>,
    /// Limits of the account, when the look told them.
    pub slots: Vec<Slots>,
    /// Where it is now, when that changed.
    pub url: Option<String>,
}

/// Something that exists on the platform and could be adopted.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Discovered {
    /// What [`Adapter::adopt`] takes.
    pub reference: String,
    /// Its name there, cleaned.
    pub name: String,
    /// What it is there: "group", "space".
    pub what: String,
    /// Why it cannot be adopted, when it cannot.
    pub obstacle: Option<String>,
}

/// What a removal left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Removed {
    /// What still exists and where, one sentence each: archives, users that cannot be deleted.
    pub left: Vec<String>,
}

/// The other end of a connection.
#[derive(Debug, Clone)]
pub struct Peer {
    /// Of which platform.
    pub platform: PlatformId,
    /// The other instance.
    pub instance: InstanceId,
    /// Where it is.
    pub url: Option<String>,
    /// Its settings.
    pub settings: Settings,
    /// What it offers to be connected to, from [`Adapter::offer_target`].
    pub target: Option<Target>,
}

/// Something that messages can be sent to, or that can be read.
#[derive(Debug, Clone)]
pub enum Target {
    /// An incoming webhook: the address is a secret of the platform that gave it.
    Webhook {
        /// In whose shape the payload is expected: "slack", "discord", "markdown".
        flavour: String,
        /// The address.
        address: SecretString,
    },
    /// A chat room in which a user of ours may speak.
    Room {
        /// The server's address.
        server: Url,
        /// The room's id.
        room: String,
        /// The key to speak with.
        token: SecretString,
    },
    /// A site that can be read.
    Site {
        /// Its address.
        address: Url,
    },
}

/// What the end-to-end test of a connection found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Whether what was sent was seen to arrive.
    pub arrived: bool,
    /// Whether anything was sent at all.
    pub sent: bool,
    /// A text of what was sent, for the other end to look for, where the sending end cannot see the arrival itself.
    pub look_for: Option<String>,
    /// What was sent and what was seen, in one sentence.
    pub what: String,
}

/// One platform's adapter.
///
/// Errors of every verb: [`Fault`]s as the platform's sheet maps them; [`Halt`] besides where a person, a key or an
/// unlocked vault is needed to go on.
#[async_trait]
pub trait Adapter: Send + Sync {
    /// Which platform it speaks to.
    fn platform(&self) -> PlatformId;

    /// The name of the shared runtime that its instances on this host run from; none where there is no such thing.
    fn runtime(&self) -> Option<&'static str> {
        None
    }

    /// What its people made that lies on this host, for the community to take along: by name, without secrets. Empty for
    /// what lies elsewhere.
    async fn belongings(&self, _site: &Site) -> Result<BTreeMap<String, Value>, Fault> {
        Ok(BTreeMap::new())
    }

    /// Who a key is, what it may do, what it lacks or has in excess, how far it reaches, measured.
    async fn verify(&self, request: &VerifyRequest<'_>) -> Result<Identity, Fault>;

    /// Makes what the community needs there. Safe to run again from the top.
    async fn provision(&self, op: &Op) -> Result<Presence, Halt>;

    /// Sends changed settings. `op.site().settings` holds them merged; `changed` names the fields, and [`PUT_BACK`] where
    /// what differs is to be put back too.
    async fn configure(&self, op: &Op, changed: &[String]) -> Result<Presence, Halt>;

    /// Switches it on, restoring what [`Adapter::deactivate`] saved.
    async fn activate(&self, op: &Op) -> Result<String, Halt>;

    /// Switches it off, keeping everything. Returns the honest sentence of what is now so.
    async fn deactivate(&self, op: &Op) -> Result<String, Halt>;

    /// Looks at it. What is not there any more is [`Standing::Gone`], never an error.
    async fn observe(&self, site: &Site) -> Result<Observation, Fault>;

    /// Lists what exists there already and could be adopted.
    async fn discover(&self, site: &Site) -> Result<Vec<Discovered>, Fault>;

    /// Takes over what exists there.
    async fn adopt(&self, op: &Op, reference: &str) -> Result<Presence, Halt>;

    /// Forgets or hides it (soft), or destroys it there (hard). Repeating is harmless.
    async fn remove(&self, op: &Op, mode: RemoveMode) -> Result<Removed, Halt>;

    /// Who owns there what the instance is: people, or our account. Asked with the stored key.
    ///
    /// A platform that does not tell answers [`FaultKind::Unsupported`], saying why not.
    async fn ownership(&self, site: &Site) -> Result<Ownership, Fault>;

    /// By what [`Adapter::hand_to`] knows a person, in a few words; none where only a person can give ownership away.
    fn names_owner_by(&self, _site: &Site) -> Option<&'static str> {
        None
    }

    /// Gives somebody an owner's rights beside our account; answers what is now so. Repeating is harmless. Where the person
    /// has to accept first, [`Adapter::ownership`] does not tell of it until then. Asked only where
    /// [`Adapter::names_owner_by`].
    async fn hand_to(&self, site: &Site, _person: &str) -> Result<String, Fault> {
        Err(unsupported(site, "make somebody the owner by itself"))
    }

    /// With which key of the same platform this adapter can have the platform make a new one in the place of a stored one.
    fn mints_with(&self, _site: &Site, _field: &str) -> Option<&'static str> {
        None
    }

    /// Whether it can do so with what is at hand now.
    fn mints(&self, op: &Op, field: &str) -> bool {
        self.mints_with(op.site(), field)
            .is_some_and(|maker| op.has_secret(maker))
    }

    /// Has the platform make a new key, and asks the platform with it who it is; the old one stays valid. What an interrupted
    /// run made and nobody knows is ended. Asked only where [`Adapter::mints`].
    async fn mint_key(
        &self,
        op: &Op,
        _field: &str,
    ) -> Result<(SecretString, Option<Identity>), Halt> {
        Err(unsupported(op.site(), "make a new key by itself").into())
    }

    /// Brings what works with a key to the new one, which is in the site already; answers what is now so. Safe to run again.
    ///
    /// The default looks with the new key. Where that does not see what was made, it provisions again, which finds what
    /// there is and asks a person for what the new identity lacks there.
    async fn move_key(&self, op: &Op, _field: &str) -> Result<String, Halt> {
        replacing::move_by_looking(self, op).await
    }

    /// Brings what works with another account to the one whose key is in the site already; `former` is the key of that field
    /// in the account it worked with, where it opens. Answers what is now so. Safe to run again from the top.
    ///
    /// Whoever changes something there before the end remembers it as [`HALF_MOVED`]. The default moves as to another key.
    async fn move_account(
        &self,
        op: &Op,
        field: &str,
        _former: Option<&SecretString>,
    ) -> Result<String, Halt> {
        self.move_key(op, field).await
    }

    /// Takes back what a move that came to no end had begun, as [`HALF_MOVED`] says, and forgets that. The former account's
    /// keys are in the site; `other` is the key of the account that it should have moved to, where it opens. Answers what
    /// stays there, one sentence each. Repeating is harmless.
    async fn take_back_move(
        &self,
        _op: &Op,
        _field: &str,
        _other: Option<&SecretString>,
    ) -> Result<Vec<String>, Halt> {
        Ok(Vec::new())
    }

    /// Whether this adapter can end a key on the platform, with what is at hand now.
    fn revokes(&self, _op: &Op, _field: &str) -> bool {
        false
    }

    /// Ends an old key on the platform; the new one is in the site already. Repeating is harmless. False where it cannot be
    /// told which of the platform's keys it is, so that a person has to. Asked only where [`Adapter::revokes`].
    async fn revoke_key(&self, op: &Op, _field: &str, _old: &SecretString) -> Result<bool, Halt> {
        Err(unsupported(op.site(), "end a key by itself").into())
    }

    /// Whether the platform accepts an old key still: asked with that key itself.
    async fn key_lives(&self, site: &Site, field: &str, old: &SecretString) -> Result<bool, Fault> {
        replacing::lives_if_verified(self, site, field, old).await
    }

    /// How it is known that an old key is dead once [`Adapter::key_lives`] said so, for the report.
    fn proof_of_end(&self, _field: &str) -> &'static str {
        "the platform was asked with it and refused it"
    }

    /// With which key of the installation this adapter can have the platform make another account; none where a person
    /// makes it.
    fn makes_account_with(&self) -> Option<&'static str> {
        None
    }

    /// Has the platform make an account for the installation, called after `site.slug`. `site.marker` is that of the wish
    /// for it, so that repeating this after an interruption leaves one account with one live key. Asked only where
    /// [`Adapter::makes_account_with`].
    async fn make_account(&self, site: &Site) -> Result<MadeAccount, Fault> {
        Err(unsupported(site, "make another account"))
    }

    /// Whether [`Adapter::announce`] can be asked: there is a room of the community's own, which not everybody reads.
    fn announces(&self) -> bool {
        false
    }

    /// Says something in the first room of the instance. `key` names it: saying the same again with it says nothing twice,
    /// where the platform can tell.
    async fn announce(&self, site: &Site, _text: &str, _key: &str) -> Result<(), Fault> {
        Err(unsupported(site, "say something in a room"))
    }

    /// What this instance offers to another platform's connection.
    async fn offer_target(&self, op: &Op, _for_platform: &PlatformId) -> Result<Target, Halt> {
        Err(unsupported(op.site(), "be connected to").into())
    }

    /// Takes away what [`Adapter::offer_target`] made for the connection of another platform alone, once that is undone.
    /// Repeating is harmless. Answers what stays there though it is not needed for that any more, in one sentence: what a
    /// person made is a person's to take away. The default is for those that offer only what is there anyway.
    async fn withdraw_target(
        &self,
        _op: &Op,
        _for_platform: &PlatformId,
    ) -> Result<Option<String>, Halt> {
        Ok(None)
    }

    /// Joins it to a peer.
    async fn connect(&self, op: &Op, _peer: &Peer) -> Result<String, Halt> {
        Err(unsupported(op.site(), "connect").into())
    }

    /// Undoes [`Adapter::connect`].
    async fn disconnect(&self, op: &Op, _peer: &Peer) -> Result<(), Halt> {
        Err(unsupported(op.site(), "disconnect").into())
    }

    /// Sends something through a connection and sees it arrive.
    async fn probe_connection(&self, op: &Op, _peer: &Peer) -> Result<Probe, Halt> {
        Err(unsupported(op.site(), "test a connection").into())
    }

    /// Whether a message with this text, sent at this time or later, is to be seen where [`Adapter::offer_target`]
    /// pointed; the receiving half of a connection's test.
    async fn saw_message(
        &self,
        site: &Site,
        _text: &str,
        _since: Timestamp,
    ) -> Result<bool, Fault> {
        Err(unsupported(site, "read messages"))
    }
}

/// The fault for a verb that a platform does not have.
#[must_use]
pub fn unsupported(site: &Site, verb: &str) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        format!("{} cannot {verb}.", site.platform),
    )
    .hint("The platform's page in the catalog says what it can do.")
}
