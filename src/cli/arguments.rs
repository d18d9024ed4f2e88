//! What may be written on the command line. The texts here are the help and the manual page.

use super::{
    account, admin, audit, catalog, check, community, connection, described, homes, init, instance,
    internal, keeping, key, manual, operation, request, sandbox, service, session, ssh_keys, task,
    template, vault,
};
use clap::{Args, Parser, Subcommand};
use std::{ffi::OsString, path::PathBuf};

/// Gives every community its own governance services, and looks after them.
///
/// Without a command: the screen (the set-up first, where there is no installation yet).
#[derive(Debug, Default, Parser)]
#[command(
    name = "guildhall",
    version,
    disable_help_subcommand = true,
    max_term_width = 100,
    after_help = "Exit status: 0 done; 1 failed; 2 bad usage or input; 3 waiting (for a key, a person or somebody \
                  else's decision); 4 not allowed; 5 locked or in use elsewhere; 128 and more: ended by a signal.\n\
                  Keys and passphrases come from standard input or a file descriptor, never from arguments."
)]
pub struct Arguments {
    #[command(flatten)]
    pub globals: Globals,
    #[command(subcommand)]
    pub command: Option<Command>,
}

impl Arguments {
    /// What this process was called with.
    ///
    /// # Errors
    /// What clap says of words that it does not know, and the texts of `--help` and `--version`.
    pub fn of_this_process() -> Result<Self, clap::Error> {
        Self::of(std::env::args_os().collect())
    }

    fn of(words: Vec<OsString>) -> Result<Self, clap::Error> {
        // The screen, as people start it: the description of every command need not be built, which takes longer than
        // opening the database. Whatever is more than that, or wrong, is for the whole description to judge.
        if let Ok(screen) = ScreenArguments::try_parse_from(&words) {
            return Ok(Self {
                globals: screen.globals,
                command: None,
            });
        }
        Self::try_parse_from(words)
    }
}

/// A command line without a command.
#[derive(Debug, Parser)]
#[command(disable_help_flag = true)]
struct ScreenArguments {
    #[command(flatten)]
    globals: Globals,
}

/// What every command understands.
#[derive(Debug, Clone, Default, Args)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the command line"
)]
pub struct Globals {
    /// The folder of the installation (or `GUILDHALL_HOME`).
    #[arg(long, global = true, value_name = "DIR")]
    pub home: Option<PathBuf>,
    /// Work with simulated platforms, offline, in a home of their own.
    #[arg(long, global = true)]
    pub sandbox: bool,
    /// Write one JSON object instead of text.
    #[arg(long, global = true)]
    pub json: bool,
    /// Change nothing.
    #[arg(long, global = true)]
    pub read_only: bool,
    /// Answer yes where a command asks.
    #[arg(long, short = 'y', global = true)]
    pub yes: bool,
    /// Do not wait for the work: answer with its numbers; it goes on in the next Guildhall.
    #[arg(long, global = true)]
    pub no_wait: bool,
    /// Act as this actor (its number) instead of whoever is logged in.
    #[arg(long, global = true, value_name = "ID")]
    pub actor: Option<i64>,
    /// Write ASCII only.
    #[arg(long, global = true)]
    pub ascii: bool,
    /// Move nothing: no progress line; the screen without borders and animation.
    #[arg(long, global = true)]
    pub plain: bool,
    /// Unlock with this key file: an age identity, or a private SSH key. For `init`: protect keys with such a file.
    #[arg(long, global = true, value_name = "FILE")]
    pub identity_file: Option<PathBuf>,
    /// Read the passphrase of the vault from this file descriptor (its first line).
    #[arg(long, global = true, value_name = "N")]
    pub passphrase_fd: Option<u32>,
    /// Read the recovery key from this file descriptor. For `init`: write it there instead of to standard output.
    #[arg(long, global = true, value_name = "N")]
    pub recovery_key_fd: Option<u32>,
    /// Whether this process acts for its actor and for nobody else: a session over SSH. Never an option.
    #[arg(skip)]
    pub confined: bool,
}

/// The commands, in the order in which a person needs them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Set up an installation.
    Init(init::Init),
    /// Communities: create, list, show, archive.
    #[command(subcommand)]
    Community(community::Community),
    /// Instances, one for each platform of a community.
    #[command(subcommand)]
    Instance(instance::Instance),
    /// Keys: enter, list, forget.
    #[command(subcommand)]
    Key(key::Key),
    /// Accounts on platforms and how full they are.
    #[command(subcommand)]
    Account(account::Account),
    /// Join two instances of a community.
    Connect(connection::Ends),
    /// Undo what `connect` did.
    Disconnect(connection::Ends),
    /// Connections: list, test.
    #[command(subcommand)]
    Connection(connection::Connection),
    /// Operations: what is being done, was done, or waits.
    #[command(subcommand)]
    Operation(operation::Operation),
    /// Steps that wait for a person.
    #[command(subcommand)]
    Task(task::Task),
    /// Show what `apply` would do with a file.
    Plan(described::File),
    /// Make a community as a TOML file describes it; what is so already is left alone.
    Apply(described::Apply),
    /// Look for servers on which communities live already, and offer them to new communities.
    Homes(homes::Homes),
    /// Show or change what a new community gets.
    Template(template::Template),
    /// Show what is known of the platforms.
    Catalog(catalog::Catalog),
    /// Look at instances now: health and drift.
    Check(check::CheckArguments),
    /// What an operator should know, and where it goes besides the screen: list, send, outlet.
    #[command(subcommand)]
    Notices(super::notices::Notices),
    /// Start on this host what should run, as after a restart; for boot.
    Up,
    /// Stop everything that runs on this host; what is wanted stays so.
    Down,
    /// What runs on this host: list, logs, estimate.
    #[command(subcommand)]
    Service(service::Service),
    /// Look whether everything is well with this installation on this host.
    Doctor,
    /// Who did what.
    #[command(subcommand)]
    Audit(audit::Audit),
    /// Those who administer a community over SSH: add, list, remove, and what they may switch on.
    #[command(subcommand)]
    Admin(admin::Admin),
    /// Those who see everything over SSH and change nothing.
    #[command(subcommand)]
    Auditor(admin::Auditor),
    /// Ask an operator for what one may not do; answer what was asked for.
    #[command(subcommand)]
    Request(request::Request),
    /// For sshd: a session of somebody who came in by a key; the screen, or the command they asked for.
    Session(session::Session),
    /// For sshd (AuthorizedKeysCommand): the line that lets a known key in.
    SshKeys(ssh_keys::SshKeys),
    /// Unlock the vault, and let what waited for it go on.
    Unlock(vault::Unlock),
    /// Lock the vault for every process of this user, or say when it locks itself.
    Lock(super::vault::Lock),
    /// Who may open the vault: list, add, remove.
    #[command(subcommand)]
    Vault(super::recipients::Vault),
    /// Write a whole, checked copy of the installation to a new file.
    Backup(keeping::Backup),
    /// Put a backup in the place of this installation.
    Restore(keeping::Restore),
    /// Simulated platforms, to try Guildhall without any key.
    #[command(subcommand)]
    Sandbox(sandbox::SandboxCommand),
    /// Write the completions of a shell.
    Completions(manual::Completions),
    /// Write the manual page (read it with: guildhall man | man -l -).
    Man,
    /// What this program runs itself as.
    #[command(hide = true)]
    Internal(internal::Internal),
}

impl Command {
    /// Whether the recovery key is made here, and so is written to its descriptor instead of read from it.
    pub const fn makes_recovery_key(&self) -> bool {
        match self {
            Self::Init(_) => true,
            Self::Vault(vault) => vault.makes_recovery_key(),
            _ => false,
        }
    }

    /// Whether the vault gets a key that is wrapped anew to everybody who opens it, with the passphrase of whoever has one.
    pub const fn wraps_vault_anew(&self) -> bool {
        match self {
            Self::Vault(vault) => vault.wraps_anew(),
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Arguments;
    use clap::Parser;
    use std::ffi::OsString;

    fn words(line: &str) -> Vec<OsString> {
        std::iter::once("guildhall")
            .chain(line.split_whitespace())
            .map(OsString::from)
            .collect()
    }

    #[test]
    fn a_line_without_a_command_means_what_the_whole_parser_makes_of_it() {
        for line in [
            "",
            "--sandbox",
            "--home /srv/hall --read-only",
            "--home=/srv/hall -y --actor 7 --ascii --plain",
            "--identity-file /k --passphrase-fd 3 --recovery-key-fd 4 --json --no-wait",
        ] {
            let quick = Arguments::of(words(line)).unwrap();
            let whole = Arguments::try_parse_from(words(line)).unwrap();
            assert_eq!(format!("{quick:?}"), format!("{whole:?}"), "{line}");
        }
    }

    #[test]
    fn what_is_more_than_options_is_judged_by_the_whole_parser() {
        for line in [
            "community list",
            "--sandbox community list",
            "--help",
            "-h",
            "--version",
            "-V",
            "--hom /srv/hall",
            "--actor nobody",
            "communty",
        ] {
            let quick = Arguments::of(words(line)).map(|read| format!("{read:?}"));
            let whole = Arguments::try_parse_from(words(line)).map(|read| format!("{read:?}"));
            match (quick, whole) {
                (Ok(quick), Ok(whole)) => assert_eq!(quick, whole, "{line}"),
                (Err(quick), Err(whole)) => {
                    assert_eq!(quick.to_string(), whole.to_string(), "{line}");
                }
                (quick, whole) => panic!("{line}: {quick:?} instead of {whole:?}"),
            }
        }
    }
}
