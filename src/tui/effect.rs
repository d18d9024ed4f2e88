//! What is to be done outside: reading, submitting, the clipboard, leaving. Plain data, so that a test can compare it.

use crate::domain::{
    AccountId, Choice, CommunityId, CredentialId, Intent, OperationId, PlatformId, Slug,
};
use crate::engine::KeyOwner;
use crate::tui::{hidden::Hidden, message::Ticket};
use std::{collections::BTreeMap, path::PathBuf};

/// Something to be done outside.
#[derive(Debug, Clone, PartialEq)]
pub enum Effect {
    /// Read something for the state; the answer has the same name.
    Load(Load),
    /// Read the template of new communities, for a form.
    Template(Ticket),
    /// Ask what an intent would do.
    Plan(Ticket, Box<Intent>),
    /// Do it. Without a ticket nobody waits; the receipt is shown as a notice.
    Submit(Option<Ticket>, Box<Intent>),
    /// Do it, and accept what it asks to accept: the question before it said so.
    SubmitAccepting(Box<Intent>),
    /// Do what a plan told, if that is still true: its basis goes along.
    SubmitPlanned(Ticket, Box<Intent>, String),
    /// Examine a key.
    Examine(Ticket, Box<KeyEntered>),
    /// List what could be adopted.
    Discover(Ticket, Slug, PlatformId),
    /// Read the end of what an instance wrote on this host.
    Log(Ticket, Slug, PlatformId),
    /// Save all that is kept of it into a file.
    SaveLog(Ticket, Slug, PlatformId),
    /// Look for servers on this host and on these domains.
    FindHomes(Ticket, Vec<String>),
    /// Open the vault.
    Unlock(Ticket, Opener),
    /// Close the vault.
    Lock,
    /// Write down that the answers to what one asked for were looked at.
    AnswersSeen,
    /// Let somebody open the vault.
    AddOperator(Ticket, Box<NewOperator>),
    /// Let somebody open it no longer; with the passphrase of the one who stays, where there is one.
    RemoveOperator(Ticket, String, Option<Hidden>),
    /// Read what is known of an account of the installation that is to be added under this name.
    AccountOffer(Ticket, PlatformId, String),
    /// Open a stored key, for this reason.
    Reveal(Ticket, CredentialId, String),
    /// Make the installation.
    Initialise(Ticket, Box<SetUp>),
    /// Send a text to the terminal's clipboard.
    Clipboard(String),
    /// Tell when the cursor has rested; a later one replaces this one.
    Rest,
    /// Switch the mouse on or off.
    Mouse(bool),
    /// Go back to the shell until `fg`.
    Suspend,
    /// Draw everything again.
    Repaint,
    /// Leave, with this exit code.
    Quit(i32),
}

/// What the state holds of the store, by what it is read with.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Load {
    Overview,
    /// The next page of communities for a filter, following a row.
    Communities {
        filter: String,
        after: Option<CommunityId>,
        limit: u32,
    },
    Community(Slug),
    Instance(Slug, PlatformId),
    Operations,
    Operation(OperationId),
    Tasks,
    Accounts,
    Requests,
    /// What a key reaches.
    Reach(CredentialId),
    /// The keys that are or were replaced.
    Rotations,
    /// Who may open the vault.
    Operators,
    /// Whether one key of a platform may serve several communities.
    Sharing(PlatformId),
    /// What works with an account, and where that could be moved.
    Moves(AccountId),
    Audit,
}

/// A key as entered.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyEntered {
    /// Whose it is to be.
    pub owner: KeyOwner,
    pub platform: PlatformId,
    /// Field of the manifest and what was entered.
    pub entries: Vec<(String, Hidden)>,
    /// Settings of the instance that were asked along.
    pub settings: BTreeMap<String, String>,
}

/// What a person opens the vault with.
#[derive(Debug, Clone, PartialEq)]
pub enum Opener {
    Passphrase(Hidden),
    RecoveryKey(Hidden),
    KeyFile(PathBuf),
    SshKey(PathBuf, Option<Hidden>),
}

/// Somebody who is to open the vault.
#[derive(Debug, Clone, PartialEq)]
pub struct NewOperator {
    pub label: String,
    pub with: OperatorsWay,
}

/// What they open it with.
#[derive(Debug, Clone, PartialEq)]
pub enum OperatorsWay {
    Passphrase(Hidden),
    /// The public half of an SSH key, in a file.
    SshKey(PathBuf),
    /// A key file that is made.
    NewKeyFile(PathBuf),
}

/// What the set-up asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct SetUp {
    pub name: String,
    pub protection: ProtectionChosen,
    pub choices: BTreeMap<PlatformId, Choice>,
}

/// How keys shall be protected.
#[derive(Debug, Clone, PartialEq)]
pub enum ProtectionChosen {
    Passphrase(Hidden),
    KeyFile(PathBuf),
    SshKey(PathBuf),
}
