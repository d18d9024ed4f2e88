//! `guildhall key ...`: keys go in, and come out for an operator at a terminal only.

use super::{
    choices,
    exit::Exit,
    hall::{Context, Hall},
    instance::Which,
    instance_page::{key_json, key_words},
    key_age, prompt, reach,
    report::Watched,
    reveal, rotation,
    table::{Page, Table},
    words, work,
};
use crate::{
    catalog::{Holder, Manifest, Needs},
    domain::{Fault, FaultKind, Intent, KeyEntry, Slug},
    engine::{
        KeyOwner,
        views::{Examination, InstanceDetail},
    },
};
use clap::{Args, Subcommand};
use serde_json::json;
use std::collections::BTreeMap;

/// Keys.
#[derive(Debug, Subcommand)]
pub enum Key {
    /// Enter a key (on standard input, or asked for): it is verified first, then stored.
    Set(Set),
    /// List what is known of the stored keys.
    List {
        /// Only those of this community, by its short name.
        community: Option<String>,
    },
    /// Ask the platform about the stored keys again: who they are, what they may do, how far they reach.
    Verify {
        #[command(flatten)]
        which: Which,
    },
    /// Show what the keys reach, should they be stolen: communities, instances, connections, what else is there.
    Reach {
        #[command(flatten)]
        which: Which,
    },
    /// Replace a key: everything that depends on it moves to a new one, then the old one is ended.
    Rotate(rotation::Replace),
    /// Assume that a key is in other hands: everything moves to new ones, and the old one is ended and seen to be dead.
    AssumeLeaked(rotation::Replace),
    /// Show a stored key on the terminal for a while; who read it and why stands in the audit.
    Reveal(reveal::Reveal),
    /// Report on keys that are or were replaced: what has moved, what waits, how it is known that the old one is dead.
    Report {
        /// Only this one, by its number.
        id: Option<i64>,
        /// Write the report into this new file too.
        #[arg(long, value_name = "FILE", requires = "id")]
        to: Option<std::path::PathBuf>,
    },
    /// Declare a rotation over although nobody saw that the old key is dead.
    Close {
        /// Its number.
        id: i64,
        /// How it is known, for the report.
        #[arg(long)]
        why: String,
    },
    /// Say how old keys of a platform may become; who is told what to do is told when one should be replaced.
    Age(key_age::Age),
    /// Forget the stored keys of a platform of a community; on the platform they stay valid.
    Forget {
        #[command(flatten)]
        which: Which,
        /// Only this field.
        #[arg(long)]
        field: Option<String>,
    },
}

/// A key to be entered.
#[derive(Debug, Args)]
pub struct Set {
    #[command(flatten)]
    which: Which,
    /// Which field; the one that is needed unless given. Several: their values come on a line each, in this order.
    #[arg(long = "field", value_name = "FIELD")]
    fields: Vec<String>,
    /// A setting of the instance that belongs to the key, such as the address of the server.
    #[arg(long = "setting", value_name = "SETTING=VALUE")]
    settings: Vec<String>,
    /// Store it although the platform cannot be asked about it now.
    #[arg(long)]
    keep_unverified: bool,
    /// Store a very powerful key too, which else is used once and forgotten.
    #[arg(long)]
    keep_powerful: bool,
    /// Only verify it; store nothing.
    #[arg(long)]
    verify_only: bool,
}

/// Runs a command of this family.
///
/// # Errors
/// What the engine returns.
pub async fn run(context: &Context, command: Key) -> Result<Exit, Fault> {
    let hall = context.open().await?;
    let exit = match command {
        Key::Set(set) => self::set(context, &hall, set).await,
        Key::List { community } => list(context, &hall, community.as_deref()).await,
        Key::Verify { which } => reach::verify(context, &hall, &which).await,
        Key::Reach { which } => reach::show(context, &hall, &which).await,
        Key::Rotate(replace) => rotation::replace(context, &hall, replace, false).await,
        Key::AssumeLeaked(replace) => rotation::replace(context, &hall, replace, true).await,
        Key::Reveal(asked) => reveal::run(context, &hall, asked).await,
        Key::Age(age) => key_age::run(context, &hall, &age).await,
        Key::Report { id, to } => rotation::report(context, &hall, id, to.as_deref()).await,
        Key::Close { id, why } => rotation::close(context, &hall, id, why).await,
        Key::Forget { which, field } => forget(context, &hall, &which, field).await,
    };
    hall.close().await;
    exit
}

async fn set(context: &Context, hall: &Hall, set: Set) -> Result<Exit, Fault> {
    let (community, platform) = set.which.find(hall).await?;
    let settings = choices::settings(&set.settings)?;
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &platform)
        .await?;
    let manifest = manifest(hall, &detail)?;
    let all = with_stored(&detail, &settings);
    let fields = if set.fields.is_empty() {
        needed(manifest, &detail, &all)?
    } else {
        set.fields
    };
    let entries = ask(context, manifest, &fields, &all)?;
    let examination = hall
        .engine
        .examine_key(
            &hall.actor,
            KeyOwner::from(&community.slug),
            &platform,
            entries,
            settings,
        )
        .await?;
    show_examination(context, &examination);
    if set.verify_only || !may_store(&examination, set.keep_unverified) {
        return verified_only(context, examination);
    }
    let intent = Intent::StoreKey {
        examination: examination.id,
        keep_unverified: set.keep_unverified,
        keep_powerful: set.keep_powerful,
    };
    let watched = Watched::instance(&community, &platform);
    work::carry_out(context, hall, intent, Some(watched)).await
}

fn manifest<'a>(hall: &'a Hall, detail: &InstanceDetail) -> Result<&'a Manifest, Fault> {
    hall.engine.catalog().get(&detail.platform).ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("There is no platform {} in the catalog.", detail.platform),
        )
        .hint("Look at the catalog for the platforms there are.")
    })
}

fn with_stored(
    detail: &InstanceDetail,
    settings: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let stored = detail.instance.as_ref().map(|known| known.settings.clone());
    let mut all = stored.unwrap_or_default();
    all.extend(settings.clone());
    all
}

/// The fields to ask for: those of the first way of having what is needed that lacks none but what a person enters.
fn needed(
    manifest: &Manifest,
    detail: &InstanceDetail,
    settings: &BTreeMap<String, String>,
) -> Result<Vec<String>, Fault> {
    let has = |field: &str| detail.keys.iter().any(|key| key.field == field);
    let is_entered = |field: &String| {
        manifest
            .entered_credentials()
            .any(|known| known.field == *field)
    };
    let made = detail
        .instance
        .as_ref()
        .is_some_and(|known| known.external_id.is_some());
    let needs = &manifest.needs;
    let alternatives = if made || Needs::met(needs.to_provision(settings), has) {
        needs.to_operate(settings)
    } else {
        needs.to_provision(settings)
    };
    let first = alternatives
        .iter()
        .find(|fields| !fields.is_empty() && fields.iter().all(is_entered));
    let only: Vec<String> = manifest
        .entered_credentials()
        .map(|known| known.field.clone())
        .collect();
    match (first, only.as_slice()) {
        (Some(fields), _) => Ok(fields.clone()),
        (None, [field]) => Ok(vec![field.clone()]),
        (None, []) => Err(Fault::new(
            FaultKind::BadInput,
            format!("{} needs no key.", manifest.name),
        )
        .hint("Switch the instance on as it is.")),
        (None, several) => Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "{} has several keys, and none is needed now.",
                manifest.name
            ),
        )
        .hint(format!("Say which with --field: {}.", several.join(", ")))),
    }
}

fn ask(
    context: &Context,
    manifest: &Manifest,
    fields: &[String],
    settings: &BTreeMap<String, String>,
) -> Result<Vec<KeyEntry>, Fault> {
    let mut labels = Vec::new();
    for field in fields {
        let known = manifest.credential(field).ok_or_else(|| {
            let all: Vec<_> = manifest
                .entered_credentials()
                .map(|known| known.field.as_str())
                .collect();
            Fault::new(
                FaultKind::BadInput,
                format!(
                    "{} has no key {:?}.",
                    manifest.name,
                    crate::domain::clean_line(field)
                ),
            )
            .hint(if all.is_empty() {
                "It needs none.".to_owned()
            } else {
                format!("Its keys are: {}.", all.join(", "))
            })
        })?;
        labels.push(known.label.clone());
        if prompt::somebody_is_there() {
            context.out.advise(&format!(
                "{} of {}: {}",
                known.label, manifest.name, known.shape
            ));
            for step in &known.where_to_get {
                let filled = manifest.fill(step, settings);
                context
                    .out
                    .advise(&format!("  {}", filled.as_deref().unwrap_or(step)));
            }
            context.out.advise(&format!("  Whose: {}", known.whose));
        }
    }
    let secrets = prompt::secrets(&labels)?;
    Ok(fields
        .iter()
        .zip(secrets)
        .map(|(field, secret)| KeyEntry {
            field: field.clone(),
            secret,
        })
        .collect())
}

fn may_store(examination: &Examination, keep_unverified: bool) -> bool {
    examination.identity.is_some() || keep_unverified
}

/// Says on standard error who the key is, what it may do and how far it reaches.
fn show_examination(context: &Context, examination: &Examination) {
    let mut page = Page::default();
    let out = &context.out;
    if let Some(identity) = &examination.identity {
        page.heading("verified now");
        page.field(out, "who", &identity.who);
        page.field(out, "may", &identity.scopes_held.join(", "));
        page.field(out, "may not", &identity.scopes_missing.join(", "));
        page.field(out, "more than needed", &identity.scopes_excess.join(", "));
        page.field(out, "reach", &reach(examination));
        for slots in &identity.slots {
            let count = |count: Option<u64>| {
                count.map_or_else(|| "?".to_owned(), |count| count.to_string())
            };
            let text = match slots.max {
                Some(max) => format!("{} of {max}", count(slots.used)),
                None => format!("{}, no known limit", count(slots.used)),
            };
            page.field(out, &slots.unit, &text);
        }
        if let Some(at) = identity.expires_at {
            page.field(out, "expires", &words::when(at));
        }
    }
    for place in &examination.same_as {
        page.item(
            out,
            "!",
            &format!("The same key is stored for {place} already."),
        );
    }
    for warning in &examination.warnings {
        page.item(out, "!", warning);
    }
    let text = page.render();
    if !text.is_empty() {
        out.advise(text.trim_end());
    }
}

fn reach(examination: &Examination) -> String {
    let Some(identity) = &examination.identity else {
        return String::new();
    };
    let reach = &identity.reach;
    if let Some(everything) = &reach.everything {
        return everything.clone();
    }
    let names: Vec<&str> = reach
        .objects
        .iter()
        .take(5)
        .map(|object| object.name.as_str())
        .collect();
    let total = reach.total.unwrap_or(reach.objects.len() as u64);
    let ours: Vec<String> = examination
        .our_communities
        .iter()
        .map(Slug::to_string)
        .collect();
    let plural = if total == 1 { "" } else { "s" };
    let mut text = format!("{total} {}{plural}", reach.unit);
    if !names.is_empty() {
        text = format!("{text}: {}", names.join(", "));
    }
    if !ours.is_empty() {
        text = format!("{text}; of your communities: {}", ours.join(", "));
    }
    text
}

/// Nothing is stored: on request, or because nobody could say whose key it is.
fn verified_only(context: &Context, examination: Examination) -> Result<Exit, Fault> {
    if let Some(fault) = examination.fault {
        let hint = if fault.is_passing() {
            format!(
                "{} The key was not stored; add --keep-unverified to store it all the same.",
                fault.hint
            )
        } else {
            format!("{} The key was not stored.", fault.hint)
        };
        return Err(Fault {
            hint: hint.trim().to_owned(),
            ..fault
        });
    }
    context.out.data(
        &json!({
            "status": Exit::Done.word(),
            "stored": false,
            "identity": examination.identity,
            "our_communities": examination.our_communities,
            "same_as": examination.same_as,
            "warnings": examination.warnings,
        }),
        |_| "The key is accepted. Nothing was stored.".to_owned(),
    )?;
    Ok(Exit::Done)
}

async fn list(context: &Context, hall: &Hall, community: Option<&str>) -> Result<Exit, Fault> {
    let only = match community {
        Some(slug) => Some(hall.community(slug).await?.slug),
        None => None,
    };
    let accounts = hall.engine.accounts(&hall.actor).await?;
    let mut lines = Vec::new();
    let mut table = Table::new(&["platform", "community", "field", "key"]);
    for row in &accounts {
        if only.is_some() && row.slug != only {
            continue;
        }
        let slug = row.slug.as_ref().map(Slug::to_string);
        for key in &row.keys {
            let mut line = key_json(key);
            line["platform"] = json!(row.account.platform);
            line["community"] = json!(slug);
            line["account"] = json!(row.account.name);
            lines.push(line);
            table.row([
                row.account.platform.to_string(),
                slug.clone()
                    .unwrap_or_else(|| Holder::Installation.word().to_owned()),
                key.field.clone(),
                key_words(key),
            ]);
        }
    }
    context
        .out
        .data(&json!({ "keys": lines }), |out| table.render(out))?;
    Ok(Exit::Done)
}

async fn forget(
    context: &Context,
    hall: &Hall,
    which: &Which,
    field: Option<String>,
) -> Result<Exit, Fault> {
    let (community, platform) = which.find(hall).await?;
    context.confirm(&format!(
        "Forget the key of {platform} of {}? It cannot be shown again.",
        community.name
    ))?;
    let intent = Intent::ForgetKey {
        community: community.id,
        platform,
        field,
    };
    work::carry_out(context, hall, intent, None).await
}
