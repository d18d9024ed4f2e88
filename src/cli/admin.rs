//! `guildhall admin ...` and `guildhall auditor ...`: who comes in over SSH, and how much they may switch on.

use super::{
    exit::Exit,
    hall::{self, Context, Hall},
    prompt,
    table::Table,
    work,
};
use crate::domain::{
    Admin as Person, Allowance, Delegation, Fault, FaultKind, Intent, LoginKey, clean_line, counted,
};
use clap::Subcommand;
use serde_json::json;
use std::{
    collections::BTreeSet,
    io::{self, IsTerminal, Read},
};

/// The most bytes that are read of a key.
const MOST_BYTES: u64 = 64 * 1024;

/// Administrators.
#[derive(Debug, Subcommand)]
pub enum Admin {
    /// Let a person administer a community over SSH. The public key comes on standard input.
    Add {
        /// The community's short name.
        community: String,
        /// What the person is called here.
        name: String,
    },
    /// List those who come in over SSH, with their keys, and how much they may switch on.
    List {
        /// Only those of this community, by its short name.
        community: Option<String>,
    },
    /// Let a person administer a community no longer. Open sessions end.
    Remove {
        /// The community's short name.
        community: String,
        /// Who.
        name: String,
    },
    /// Say what the administrators of a community may switch on. What is not said here is not limited.
    Allow {
        /// The community's short name.
        community: String,
        /// Only these platforms. Without one: those of which the community has an instance.
        #[arg(long = "platform", value_name = "PLATFORM")]
        platforms: Vec<String>,
        /// No platform at all.
        #[arg(long, conflicts_with = "platforms")]
        nothing: bool,
        /// At most so many instances active at the same time.
        #[arg(long, value_name = "COUNT")]
        most: Option<u32>,
        /// At most so much memory of this host for all that are active, in MiB.
        #[arg(long, value_name = "MIB")]
        memory: Option<u64>,
    },
}

/// Auditors.
#[derive(Debug, Subcommand)]
pub enum Auditor {
    /// Let a person see everything but secrets over SSH. The public key comes on standard input.
    Add {
        /// What the person is called here.
        name: String,
    },
    /// Let a person see nothing any more. Open sessions end.
    Remove {
        /// Who.
        name: String,
    },
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns; `BadInput` for a key that is not taken, with the reason.
pub async fn run(context: &Context, command: Admin) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Admin::Add { community, name } => {
            let community = hall.community(&community).await?.id;
            let key = key()?;
            let delegation = Delegation::AddAdmin {
                community,
                name,
                key,
            };
            submit(context, &hall, delegation).await
        }
        Admin::List { community } => list(context, &hall, community.as_deref()).await,
        Admin::Remove { community, name } => {
            let community = hall.community(&community).await?.id;
            submit(context, &hall, Delegation::RemoveAdmin { community, name }).await
        }
        Admin::Allow {
            community,
            platforms,
            nothing,
            most,
            memory,
        } => {
            let community = hall.community(&community).await?.id;
            let mut list = BTreeSet::new();
            for name in &platforms {
                list.insert(hall.platform(name)?);
            }
            let allowance = Allowance {
                platforms: (nothing || !list.is_empty()).then_some(list),
                most,
                memory_mib: memory,
            };
            let delegation = Delegation::SetAllowance {
                community,
                allowance,
            };
            submit(context, &hall, delegation).await
        }
    };
    hall.close().await;
    exit
}

/// Runs `guildhall auditor ...`.
///
/// # Errors
/// As [`run`].
pub async fn auditor(context: &Context, command: Auditor) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let delegation = match command {
        Auditor::Add { name } => Delegation::AddAuditor { name, key: key()? },
        Auditor::Remove { name } => Delegation::RemoveAuditor { name },
    };
    let exit = submit(context, &hall, delegation).await;
    hall.close().await;
    exit
}

async fn submit(context: &Context, hall: &Hall, delegation: Delegation) -> Result<Exit, Fault> {
    work::carry_out(context, hall, Intent::Delegate(delegation), None).await
}

/// The public key on standard input; asked for at a terminal.
fn key() -> Result<LoginKey, Fault> {
    if io::stdin().is_terminal() {
        return LoginKey::parse(&prompt::typed("Public key (the line of the .pub file): ")?);
    }
    let mut bytes = Vec::new();
    io::stdin()
        .lock()
        .take(MOST_BYTES)
        .read_to_end(&mut bytes)
        .map_err(|error| no_text().detail(error))?;
    LoginKey::parse(std::str::from_utf8(&bytes).map_err(|_| no_text())?)
}

fn no_text() -> Fault {
    Fault::new(
        FaultKind::BadInput,
        "What came on standard input is no text.",
    )
    .hint("Send the one line of the .pub file.")
}

async fn list(context: &Context, hall: &Hall, community: Option<&str>) -> Result<Exit, Fault> {
    let slug = community.map(hall::slug).transpose()?;
    let admins = hall.engine.admins(&hall.actor, slug.as_ref()).await?;
    let allowance = match &slug {
        Some(slug) => Some(hall.engine.allowance(&hall.actor, slug).await?),
        None => None,
    };
    let object = json!({ "admins": admins, "allowance": allowance });
    context.out.data(&object, |out| {
        let mut table = Table::new(&["name", "role", "communities", "keys"]);
        for person in &admins {
            table.row([
                person.name.clone(),
                person.role.to_string(),
                slugs(person),
                keys(person),
            ]);
        }
        table.render(out)
    })?;
    if admins.is_empty() {
        context
            .out
            .advise("Nobody comes in over SSH. Add somebody with: guildhall admin add COMMUNITY NAME < key.pub");
    }
    Ok(Exit::Done)
}

fn slugs(person: &Person) -> String {
    let names: Vec<_> = person.communities.iter().map(ToString::to_string).collect();
    names.join(", ")
}

fn keys(person: &Person) -> String {
    match person.keys.as_slice() {
        [key] => clean_line(&format!("{} {}", key.fingerprint, key.comment)),
        several => counted(several.len(), "key", "keys"),
    }
}
