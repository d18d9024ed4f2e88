//! `guildhall account ...`

use super::{
    another_account, choices,
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    instance_page::{key_json, key_words},
    plan, prompt,
    table::{Page, Table},
    work,
};
use crate::{
    catalog::{CredentialField, Holder, Manifest},
    domain::{AccountPolicy, Fault, FaultKind, Intent, KeyEntry, SlotUse, Slug},
    engine::{
        KeyOwner,
        views::{AccountRow, SlotRow},
    },
};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Accounts.
#[derive(Debug, Subcommand)]
pub enum Account {
    /// List the accounts on platforms.
    List,
    /// Show how full the accounts are.
    Slots,
    /// Show an account.
    Show {
        /// The platform.
        platform: String,
        /// The account's name.
        name: String,
    },
    /// Say whether communities without a key of their own may use an account of the installation.
    Policy {
        /// The platform.
        platform: String,
        /// own (one credential for each community) or shared; without it, what holds is shown.
        policy: Option<AccountPolicy>,
        /// How many communities one shared key may reach, as confirmation of sharing.
        #[arg(long, value_name = "NUMBER")]
        confirm: Option<String>,
    },
    /// Move an instance of a community to another account; the former keeps its key and whatever else works with it.
    Move {
        #[command(flatten)]
        which: Which,
        /// The account's name, as listed.
        name: String,
        #[command(flatten)]
        binding: plan::Binding,
    },
    /// Have another account made: by the platform where it does that, else it is a step among the tasks until its key is
    /// entered.
    Another(another_account::Another),
    /// Say who can be asked about an account.
    Contact {
        /// The platform.
        platform: String,
        /// The account's name.
        name: String,
        /// A name, an address; empty names nobody.
        who: String,
    },
    /// Add an account of the installation; its key comes on standard input, or is asked for.
    Add(Add),
}

/// A new account of the installation.
#[derive(Debug, Args)]
pub struct Add {
    /// The platform.
    platform: String,
    /// What to call it.
    name: String,
    /// Who can be asked about it; without it, what is known stays.
    #[arg(long, value_name = "WHO", default_value = "")]
    contact: String,
    /// Which fields of the key; unless given those of the installation, else those the platform begins with. Their values come on a line each.
    #[arg(long = "field", value_name = "FIELD")]
    fields: Vec<String>,
    /// A setting that belongs to the key, such as the address of the server.
    #[arg(long = "setting", value_name = "SETTING=VALUE")]
    settings: Vec<String>,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Account) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Account::List => list(context, &hall).await,
        Account::Slots => slots(context, &hall).await,
        Account::Show { platform, name } => show(context, &hall, &platform, &name).await,
        Account::Policy {
            platform,
            policy,
            confirm,
        } => self::policy(context, &hall, &platform, policy, confirm).await,
        Account::Move {
            which,
            name,
            binding,
        } => another_account::move_to(context, &hall, &which, name, binding).await,
        Account::Another(another) => another_account::another(context, &hall, another).await,
        Account::Contact {
            platform,
            name,
            who,
        } => contact(context, &hall, &platform, &name, who).await,
        Account::Add(add) => self::add(context, &hall, add).await,
    };
    hall.close().await;
    exit
}

fn object(row: &AccountRow) -> Value {
    json!({
        "platform": row.account.platform,
        "name": row.account.name,
        "community": row.slug,
        "external_id": row.account.external_id,
        "contact": row.account.contact,
        "created_at": row.account.created_at,
        "keys": row.keys.iter().map(key_json).collect::<Vec<_>>(),
        "slots": row.slots,
        "reaches_communities": row.reaches_communities,
    })
}

fn owner(slug: Option<&Slug>) -> String {
    slug.map_or_else(|| Holder::Installation.word().to_owned(), Slug::to_string)
}

async fn list(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let rows = hall.engine.accounts(&hall.actor).await?;
    let objects: Vec<Value> = rows.iter().map(object).collect();
    context.out.data(&json!({ "accounts": objects }), |out| {
        let mut table = Table::new(&["platform", "name", "community", "keys", "reaches"]);
        for row in &rows {
            let count = usize::try_from(row.reaches_communities).unwrap_or(usize::MAX);
            table.row([
                row.account.platform.to_string(),
                row.account.name.clone(),
                owner(row.slug.as_ref()),
                row.keys.len().to_string(),
                super::words::counted(count, "community", "communities"),
            ]);
        }
        table.render(out)
    })?;
    Ok(Exit::Done)
}

async fn slots(context: &Context, hall: &Hall) -> Result<Exit, Fault> {
    let rows = hall.engine.accounts(&hall.actor).await?;
    let mut lines = Vec::new();
    let mut table = Table::new(&[
        "", "platform", "account", "unit", "used", "of", "age", "source",
    ]);
    for row in &rows {
        for known in &row.slots {
            let slots = &known.slots;
            lines.push(json!({
                "platform": row.account.platform,
                "account": row.account.name,
                "community": row.slug,
                "unit": slots.unit,
                "per": known.per,
                "takes": known.takes,
                "used": slots.used,
                "max": slots.max,
                "level": slots.level(),
                "source": slots.source,
                "measured_at": known.measured_at,
            }));
            table.row([
                sign(known).to_owned(),
                row.account.platform.to_string(),
                row.account.name.clone(),
                slots.unit.clone(),
                number(slots.used),
                number(slots.max),
                age(known),
                slots.source.clone(),
            ]);
        }
    }
    context
        .out
        .data(&json!({ "slots": lines }), |out| table.render(out))?;
    warn(context, &rows);
    Ok(Exit::Done)
}

/// Says which accounts are full or nearly so.
pub fn warn(context: &Context, rows: &[AccountRow]) {
    for row in rows {
        if let Some(pressing) = row.pressing() {
            let (name, platform) = (&row.account.name, &row.account.platform);
            let words = pressing.words();
            context.out.advise(&format!(
                "! {name} on {platform}: {words}. Make another account there in time. {}",
                pressing.note
            ));
        }
    }
}

/// A limit of one is always used up and presses nobody.
fn sign(row: &SlotRow) -> &'static str {
    match row.slots.level() {
        SlotUse::Near | SlotUse::Full if row.slots.max == Some(1) => "",
        SlotUse::Near => "!",
        SlotUse::Full => "x",
        SlotUse::Free | SlotUse::Unknown => "",
    }
}

fn age(row: &SlotRow) -> String {
    match row.measured_at {
        Some(at) => super::words::ago(at),
        None if row.slots.used.is_some() => "counted here".to_owned(),
        None => String::new(),
    }
}

fn number(count: Option<u64>) -> String {
    count.map_or_else(|| "?".to_owned(), |count| count.to_string())
}

async fn policy(
    context: &Context,
    hall: &Hall,
    platform: &str,
    policy: Option<AccountPolicy>,
    confirm: Option<String>,
) -> Result<Exit, Fault> {
    let platform = hall.platform(platform)?;
    let Some(policy) = policy else {
        let policy = hall.engine.account_policy(&hall.actor, &platform).await?;
        context
            .out
            .data(&json!({ "platform": platform, "policy": policy }), |_| {
                format!("{platform}: {policy}")
            })?;
        return Ok(Exit::Done);
    };
    let typed = match confirm {
        Some(typed) => typed,
        None if policy == AccountPolicy::Shared && prompt::somebody_is_there() => {
            prompt::typed(&format!(
                "Whoever steals a shared key of {platform} has every community that it reaches. How many may that be? Type the number: "
            ))?
        }
        None => String::new(),
    };
    let intent = Intent::SetAccountPolicy {
        platform,
        policy,
        typed,
    };
    work::carry_out(context, hall, intent, None).await
}

async fn contact(
    context: &Context,
    hall: &Hall,
    platform: &str,
    name: &str,
    who: String,
) -> Result<Exit, Fault> {
    let account = found(hall, platform, name).await?.account.id;
    let intent = Intent::SetAccountContact {
        account,
        contact: who,
    };
    work::carry_out(context, hall, intent, None).await
}

/// The account of this name.
async fn found(hall: &Hall, platform: &str, name: &str) -> Result<AccountRow, Fault> {
    let platform = hall.platform(platform)?;
    let rows = hall.engine.accounts(&hall.actor).await?;
    rows.into_iter()
        .find(|row| row.account.platform == platform && row.account.name == name)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!(
                    "There is no account {:?} on {platform}.",
                    crate::domain::clean_line(name)
                ),
            )
            .hint("List them with: guildhall account list")
        })
}

async fn show(context: &Context, hall: &Hall, platform: &str, name: &str) -> Result<Exit, Fault> {
    let row = found(hall, platform, name).await?;
    context.out.data(&object(&row), |out| {
        let mut page = Page::default();
        page.heading(&format!("{}, {}", row.account.name, row.platform_name));
        page.field(out, "works for", &owner(row.slug.as_ref()));
        page.field(
            out,
            "there",
            row.account.external_id.as_deref().unwrap_or_default(),
        );
        page.field(out, "ask", &row.account.contact);
        for key in &row.keys {
            page.field(out, &format!("key {}", key.field), &key_words(key));
        }
        for known in &row.slots {
            let slots = &known.slots;
            let text = format!(
                "{} {} of {}  {} ({})",
                sign(known),
                number(slots.used),
                number(slots.max),
                age(known),
                slots.source
            );
            page.field(out, &slots.unit, text.trim_start());
        }
        page.render()
    })?;
    Ok(Exit::Done)
}

/// What is entered for an account of the installation unless somebody says otherwise: the keys that are the
/// installation's by nature, else those with which the platform's first way begins.
fn usual_fields(manifest: &Manifest, settings: &BTreeMap<String, String>) -> Vec<String> {
    let own: Vec<String> = manifest
        .entered_credentials()
        .filter(|known| known.holder == Holder::Installation)
        .map(|known| known.field.clone())
        .collect();
    if !own.is_empty() {
        return own;
    }
    let first = manifest.needs.to_provision(settings).first();
    first.cloned().unwrap_or_default()
}

/// The keys with which an instance works, where the usual ones only make things.
fn other_keys<'a>(manifest: &'a Manifest, usual: &[String]) -> Vec<&'a CredentialField> {
    let makes = |field: &String| {
        let known = manifest.credential(field);
        known.is_some_and(|known| known.holder == Holder::Installation)
    };
    if !usual.iter().all(makes) {
        return Vec::new();
    }
    let works = |field: &String| {
        manifest
            .needs
            .operate
            .iter()
            .flatten()
            .any(|one| one == field)
    };
    manifest
        .entered_credentials()
        .filter(|known| !usual.contains(&known.field) && works(&known.field))
        .collect()
}

async fn add(context: &Context, hall: &Hall, add: Add) -> Result<Exit, Fault> {
    let platform = hall.platform(&add.platform)?;
    let settings = choices::settings(&add.settings)?;
    let manifest = hall.engine.catalog().get(&platform).ok_or_else(|| {
        Fault::new(FaultKind::NotFound, "That platform is gone.").hint("Look at the catalog.")
    })?;
    let mut labels = Vec::new();
    let fields = if add.fields.is_empty() {
        let usual = usual_fields(manifest, &settings);
        for other in other_keys(manifest, &usual) {
            context.out.advise(&format!(
                "Where it is {} instead: --field {}",
                other.label, other.field
            ));
        }
        usual
    } else {
        add.fields
    };
    for field in &fields {
        let known = manifest.credential(field);
        labels.push(known.map_or_else(|| field.clone(), |known| known.label.clone()));
    }
    if fields.is_empty() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{} has no key that could be entered.", manifest.name),
        )
        .hint("Nothing is to be done: it works without one."));
    }
    let secrets = prompt::secrets(&labels)?;
    let entries = fields
        .into_iter()
        .zip(secrets)
        .map(|(field, secret)| KeyEntry { field, secret })
        .collect();
    let examination = hall
        .engine
        .examine_key(
            &hall.actor,
            KeyOwner::Installation,
            &platform,
            entries,
            settings,
        )
        .await?;
    if let Some(fault) = examination.fault {
        return Err(fault);
    }
    for warning in &examination.warnings {
        context.out.advise(&format!("! {warning}"));
    }
    let intent = Intent::AddAccount {
        platform,
        name: add.name,
        contact: add.contact,
        examination: examination.id,
    };
    work::carry_out(context, hall, intent, None).await
}
