//! `guildhall vault ...`: who may open the vault.

use super::{exit::Exit, hall::Context, prompt, recovery_key, table::Table, work};
use crate::{
    domain::{Fault, FaultKind, Intent, RotationReason, counted},
    engine::{RecipientRow, Removal},
    vault::{NewRecipient, create_identity_file},
};
use clap::{Args, Subcommand};
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;
use std::path::PathBuf;

/// Who may open the vault.
#[derive(Debug, Subcommand)]
pub enum Vault {
    /// List everybody who may open it.
    List,
    /// Add somebody who may open it from now on.
    Add(Add),
    /// Remove somebody: the vault gets a new key, and what could be read until now is listed.
    Remove {
        /// The label or the number, as listed.
        who: String,
        /// Begin to replace every key that could have been read.
        #[arg(long)]
        rotate: bool,
    },
    /// Make another recovery key, shown once; the former opens nothing any more.
    ReplaceRecoveryKey,
}

impl Vault {
    /// Whether the recovery key is made here.
    pub const fn makes_recovery_key(&self) -> bool {
        matches!(self, Self::ReplaceRecoveryKey)
    }

    /// Whether the vault gets another key.
    pub const fn wraps_anew(&self) -> bool {
        matches!(self, Self::ReplaceRecoveryKey | Self::Remove { .. })
    }
}

/// Somebody new: by an SSH key, a new key file, or else a passphrase that is asked for.
#[derive(Debug, Args)]
pub struct Add {
    /// What to call them: "Ada's laptop".
    label: String,
    /// Their public SSH key (ssh-ed25519).
    #[arg(long, value_name = "FILE", conflicts_with = "new_key_file")]
    ssh_key: Option<PathBuf>,
    /// Make a key file here and let it open the vault.
    #[arg(long, value_name = "FILE")]
    new_key_file: Option<PathBuf>,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Vault) -> Result<Exit, Fault> {
    match command {
        Vault::List => list(context).await,
        Vault::Add(add) => self::add(context, add).await,
        Vault::Remove { who, rotate } => remove(context, &who, rotate).await,
        Vault::ReplaceRecoveryKey => replace_recovery_key(context).await,
    }
}

async fn list(context: &Context) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let rows = hall.engine.recipients(&hall.actor).await?;
    hall.close().await;
    context.out.data(&json!({ "recipients": rows }), |out| {
        table(&rows).render(out)
    })?;
    Ok(Exit::Done)
}

fn table(rows: &[RecipientRow]) -> Table {
    let mut table = Table::new(&["label", "kind", "recipient", "id"]);
    for row in rows {
        table.row([
            row.label.clone(),
            row.kind.clone(),
            row.recipient.clone(),
            row.id.clone(),
        ]);
    }
    table
}

async fn add(context: &Context, add: Add) -> Result<Exit, Fault> {
    let new = match (add.ssh_key, add.new_key_file) {
        (Some(path), _) => NewRecipient::Ssh {
            label: add.label,
            public_key: std::fs::read_to_string(&path).map_err(|error| {
                Fault::new(
                    FaultKind::BadInput,
                    format!("The SSH key {} cannot be read.", path.display()),
                )
                .hint("Give the path of the public half, such as ~/.ssh/id_ed25519.pub.")
                .detail(error)
            })?,
        },
        (None, Some(path)) => NewRecipient::Identity {
            label: add.label,
            recipient: create_identity_file(&path)?,
        },
        (None, None) => {
            let labels = ["Their passphrase".to_owned(), "The same again".to_owned()];
            let mut entered = prompt::secrets(&labels)?;
            let again = entered.pop();
            let passphrase = entered.pop();
            match (passphrase, again) {
                (Some(one), Some(two)) if one.expose_secret() == two.expose_secret() => {
                    NewRecipient::Passphrase {
                        label: add.label,
                        passphrase: one,
                    }
                }
                _ => {
                    return Err(
                        Fault::new(FaultKind::BadInput, "The two passphrases differ.")
                            .hint("Run the command again."),
                    );
                }
            }
        }
    };
    let hall = context.open().await?;
    let added = hall.engine.add_recipient(&hall.actor, new).await;
    hall.close().await;
    let added = added?;
    context.out.data(&added, |_| {
        format!("{} may open the vault ({}).", added.label, added.kind)
    })?;
    Ok(Exit::Done)
}

async fn remove(context: &Context, who: &str, rotate: bool) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let rows = hall.engine.recipients(&hall.actor).await?;
    context.confirm(&format!(
        "Remove {who} from the vault? It gets a new key, and every key is sealed anew."
    ))?;
    let passphrase = passphrase_of_who_stays(context, &rows, who)?;
    let removal = hall
        .engine
        .remove_recipient(&hall.actor, who, passphrase)
        .await?;
    let (mut rotations, mut not_replaced) = (Vec::new(), Vec::new());
    if rotate {
        for exposed in &removal.exposed {
            let intent = Intent::RotateKey {
                key: exposed.key,
                reason: RotationReason::OperatorLeft,
                why: removal.removed.label.clone(),
            };
            match work::submit(&hall, intent, None).await {
                Ok(receipt) => rotations.push(receipt.message),
                Err(fault) => not_replaced.push(format!(
                    "{} of {} is not replaced: {fault}",
                    exposed.field, exposed.platform_name
                )),
            }
        }
        hall.engine.settle().await;
    }
    hall.close().await;
    context.out.data(
        &json!({ "removal": removal, "rotations": rotations, "not_replaced": not_replaced }),
        |out| {
            let mut text = format!(
                "{} may not open the vault any more.\n",
                removal.removed.label
            );
            text.push_str(&exposure(&removal).render(out));
            text
        },
    )?;
    for refused in &not_replaced {
        context.out.advise(&format!("! {refused}"));
    }
    advise(context, &removal, rotate);
    Ok(if not_replaced.is_empty() {
        Exit::Done
    } else {
        Exit::Failed
    })
}

/// The passphrase that the vault's new key is wrapped to, where somebody stays who opens it with one.
fn passphrase_of_who_stays(
    context: &Context,
    rows: &[RecipientRow],
    leaving: &str,
) -> Result<Option<SecretString>, Fault> {
    let stays =
        |row: &RecipientRow| row.kind == "passphrase" && row.label != leaving && row.id != leaving;
    Ok(match context.descriptors.passphrase()? {
        Some(given) => Some(given),
        None if rows.iter().any(stays) && prompt::somebody_is_there() => {
            Some(prompt::secret("Passphrase of the one who stays")?)
        }
        None => None,
    })
}

async fn replace_recovery_key(context: &Context) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let rows = hall.engine.recipients(&hall.actor).await?;
    context.confirm(
        "Replace the recovery key? The former opens nothing any more; the vault gets a new key, and every key is sealed anew.",
    )?;
    let passphrase = passphrase_of_who_stays(context, &rows, "")?;
    let replaced = hall
        .engine
        .replace_recovery_key(&hall.actor, passphrase)
        .await;
    hall.close().await;
    let (recovery, removal) = replaced?;
    let mut object = json!({ "removal": removal });
    let shown = recovery_key::hand_out(context, &recovery, &mut object);
    context.out.data(&object, |_| {
        format!("The recovery key is replaced.\n{shown}")
    })?;
    recovery_key::advise(context, &shown);
    context.out.advise(
        "The former still opens every backup that was made until now: make a new one, and destroy those.",
    );
    advise(context, &removal, true);
    Ok(Exit::Done)
}

fn exposure(removal: &Removal) -> Table {
    let mut table = Table::new(&["could be read", "of", "account", "ends in", "reaches"]);
    for exposed in &removal.exposed {
        table.row([
            format!("{} of {}", exposed.field, exposed.platform_name),
            exposed
                .community
                .as_ref()
                .map_or_else(|| "installation".to_owned(), ToString::to_string),
            exposed.account.clone(),
            exposed.last_four.clone(),
            counted(exposed.reaches_communities, "community", "communities"),
        ]);
    }
    table
}

fn advise(context: &Context, removal: &Removal, rotate: bool) {
    for dropped in &removal.dropped {
        context.out.advise(&format!(
            "! {} was removed too, since the passphrase was not given: add it again with guildhall vault add",
            dropped.label
        ));
    }
    if removal.lost > 0 {
        context.out.advise(&format!(
            "! {} did not open before and must be entered again.",
            counted(removal.lost, "key", "keys")
        ));
    }
    if !rotate && !removal.exposed.is_empty() {
        context.out.advise(
            "They are sealed anew, but who has read them has them still. Replace them: guildhall key rotate S P, or give --rotate.",
        );
    }
    context
        .out
        .advise("Every other Guildhall on this installation must be started again and unlocked.");
}
