//! `guildhall ssh-keys`: what OpenSSH asks for a key that somebody shows.

use super::{exit::Exit, hall::Context};
use crate::{
    domain::{Fault, FaultKind},
    engine::{self, Engine},
};
use clap::Args;
use std::{io::Write as _, path::Path};

/// What sshd asks with.
#[derive(Debug, Args)]
pub struct SshKeys {
    /// The login that is asked for (%u of sshd).
    #[arg(required_unless_present = "snippet")]
    user: Option<String>,
    /// The kind of the key (%t).
    #[arg(required_unless_present = "snippet", value_name = "TYPE")]
    kind: Option<String>,
    /// The key (%k), or its fingerprint (%f).
    #[arg(required_unless_present = "snippet")]
    key: Option<String>,
    /// Write the part of `sshd_config(5)` that makes sshd ask.
    #[arg(long, conflicts_with_all = ["user", "kind", "key"])]
    snippet: bool,
}

/// Writes the line of `authorized_keys(5)` for a key that is known, and nothing for any other.
///
/// # Errors
/// `Storage` when the database cannot be read; `Host` when this program lies at a path that cannot be written into that line.
pub async fn run(context: &Context, asked: SshKeys) -> Result<Exit, Fault> {
    if asked.snippet {
        let text = snippet(&program(context)?);
        let _ = std::io::stdout().lock().write_all(text.as_bytes());
        return Ok(Exit::Done);
    }
    let (user, kind, key) = (
        asked.user.unwrap_or_default(),
        asked.kind.unwrap_or_default(),
        asked.key.unwrap_or_default(),
    );
    let Some(entrance) = Engine::entrance(&context.place.home, &user, &kind, &key).await? else {
        return Ok(Exit::Done);
    };
    let line = format!(
        "restrict,pty,command=\"{} session --actor {}\" {} {}\n",
        program(context)?,
        entrance.actor,
        entrance.kind,
        entrance.body
    );
    // sshd has gone away: then it lets nobody in.
    let _ = std::io::stdout().lock().write_all(line.as_bytes());
    Ok(Exit::Done)
}

/// This program with its home, as a shell and `authorized_keys(5)` both take it.
fn program(context: &Context) -> Result<String, Fault> {
    let mut words = vec![word(&own_path()?)?];
    let home = &context.place.home;
    if context.globals.sandbox {
        words.extend(["--sandbox".to_owned(), "--home".to_owned()]);
        words.push(word(home.parent().unwrap_or(home))?);
    } else if !context.place.is_the_systems() {
        words.extend(["--home".to_owned(), word(home)?]);
    }
    Ok(words.join(" "))
}

fn own_path() -> Result<std::path::PathBuf, Fault> {
    std::env::current_exe().map_err(|error| {
        Fault::new(
            FaultKind::Host,
            "Where this program lies could not be found out.",
        )
        .hint("Try again; if it stays so, look whether it was removed.")
        .detail(error)
    })
}

/// A path that needs no quoting anywhere.
fn word(path: &Path) -> Result<String, Fault> {
    let text = path.to_str().unwrap_or_default();
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-+@:,".contains(&byte);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return Ok(text.to_owned());
    }
    Err(Fault::new(
        FaultKind::Host,
        format!(
            "{} holds signs that sshd or the login's shell would take for something else.",
            path.display()
        ),
    )
    .hint("Put this program and its home at paths of letters, digits, dots and dashes."))
}

/// The part of `sshd_config(5)` for the login that owns the installation.
fn snippet(program: &str) -> String {
    let login = engine::login_name();
    let path = program.split(' ').next().unwrap_or_default();
    format!(
        "# /etc/ssh/sshd_config.d/guildhall.conf: administrators come in as {login}, each by a key of their own.\n\
         # The login needs a plain shell (/bin/sh), and {path} and the folders above it belong to root alone.\n\
         Match User {login}\n    \
         AuthorizedKeysCommand {program} ssh-keys %u %t %k\n    \
         AuthorizedKeysCommandUser {login}\n    \
         AuthorizedKeysFile none\n    \
         AuthenticationMethods publickey\n    \
         PermitUserRC no\n    \
         DisableForwarding yes\n"
    )
}
