//! `guildhall plan FILE` and `guildhall apply FILE`: a community described in TOML. What is so already is left alone, so
//! that applying a file twice changes nothing the second time.

use super::{
    exit::Exit,
    hall::{self, Context, Hall},
    plan,
    report::Watched,
    work,
};
use crate::{
    domain::{
        Choice, Community, Desired, Fault, FaultKind, Intent, NewCommunity, PlatformId, Slug,
        clean_line,
    },
    engine::views::CommunityDetail,
};
use clap::Args;
use serde::Deserialize;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::PathBuf,
};

/// The longest file that is read: 1 MiB is more than any community needs.
const LONGEST: u64 = 1024 * 1024;

/// A file that describes a community.
#[derive(Debug, Args)]
pub struct File {
    /// A TOML file: slug, name, description; a table [platforms.ID] with state and settings for each platform; lists
    /// [[connections]] with from and to. Platforms that are not named are off in a new community, and left alone in one
    /// that is there.
    file: PathBuf,
}

/// A file that is made true.
#[derive(Debug, Args)]
pub struct Apply {
    #[command(flatten)]
    file: File,
    #[command(flatten)]
    acceptance: plan::Acceptance,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Described {
    slug: Slug,
    name: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    platforms: BTreeMap<String, Platform>,
    #[serde(default)]
    connections: Vec<Ends>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Platform {
    state: Choice,
    #[serde(default)]
    settings: BTreeMap<String, String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Ends {
    from: String,
    to: String,
}

/// Shows what applying would do.
///
/// # Errors
/// `BadInput` for a file that is no such description, and what the engine would refuse.
pub async fn plan(context: &Context, file: &File) -> Result<Exit, Fault> {
    let described = read(file)?;
    let hall = context.open().await?;
    let exit = tell(context, &hall, &described).await;
    hall.close().await;
    exit
}

/// Makes what is so as the file says.
///
/// # Errors
/// As [`plan`].
pub async fn apply(context: &Context, apply: &Apply) -> Result<Exit, Fault> {
    let described = read(&apply.file)?;
    let hall = context.open().await?;
    let exit = carry_out(context, &hall, &described, apply.acceptance).await;
    hall.close().await;
    exit
}

fn read(file: &File) -> Result<Described, Fault> {
    let shown = file.file.display();
    let bad = |what: String, detail: String| {
        Fault::new(FaultKind::BadInput, what)
            .hint("See the manual for its form: guildhall man")
            .detail(detail)
    };
    let length = fs::metadata(&file.file).map(|about| about.len());
    if length.is_ok_and(|length| length > LONGEST) {
        return Err(bad(
            format!("{shown} has more than 1 MiB; no description is that long."),
            String::new(),
        ));
    }
    let text = fs::read_to_string(&file.file)
        .map_err(|error| bad(format!("{shown} cannot be read."), error.to_string()))?;
    toml::from_str(&text).map_err(|error| {
        let reason = clean_line(error.message());
        bad(
            format!("{shown} does not describe a community: {reason}."),
            error.to_string(),
        )
    })
}

impl Described {
    /// As a new community: whatever is not named is off.
    fn as_new(&self, hall: &Hall) -> Result<NewCommunity, Fault> {
        let mut choices: BTreeMap<PlatformId, Choice> = hall
            .engine
            .catalog()
            .iter()
            .map(|manifest| (manifest.id.clone(), Choice::Off))
            .collect();
        let mut settings = BTreeMap::new();
        for (name, platform) in &self.platforms {
            let id = hall.platform(name)?;
            choices.insert(id.clone(), platform.state);
            if !platform.settings.is_empty() {
                settings.insert(id, platform.settings.clone());
            }
        }
        // Before anything is made: half of what the file says is not what anybody wants.
        for name in self
            .connections
            .iter()
            .flat_map(|ends| [&ends.from, &ends.to])
        {
            let id = hall.platform(name)?;
            if choices.get(&id).is_none_or(|choice| *choice == Choice::Off) {
                return Err(Fault::new(
                    FaultKind::BadInput,
                    format!("The file connects {id}, which its community does not get. Nothing was done."),
                )
                .hint(format!(
                    "Name {id} among the platforms, active or inactive, or leave the connection out."
                )));
            }
        }
        Ok(NewCommunity {
            slug: self.slug.clone(),
            name: self.name.clone(),
            description: self.description.clone(),
            choices,
            settings,
        })
    }

    /// What is to be changed in a community that is there already, in order.
    async fn changes(&self, hall: &Hall, known: &CommunityDetail) -> Result<Vec<Intent>, Fault> {
        let community = &known.community;
        if clean_line(&self.name) != community.name {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "The community {} is called {} here; a name is not changed by a file. Nothing was done.",
                    community.slug, community.name
                ),
            )
            .hint("Write that name into the file, or choose another slug."));
        }
        let mut intents = Vec::new();
        for (name, platform) in &self.platforms {
            let id = hall.platform(name)?;
            intents.extend(changes_of(hall, community, id, platform).await?);
        }
        for ends in &self.connections {
            let (from, to) = (hall.platform(&ends.from)?, hall.platform(&ends.to)?);
            if !joined(known, &from, &to) {
                intents.push(Intent::Connect {
                    community: community.id,
                    from,
                    to,
                });
            }
        }
        Ok(intents)
    }
}

async fn changes_of(
    hall: &Hall,
    community: &Community,
    id: PlatformId,
    platform: &Platform,
) -> Result<Vec<Intent>, Fault> {
    let detail = hall
        .engine
        .instance(&hall.actor, &community.slug, &id)
        .await?;
    let instance = detail.instance.as_ref();
    let desired = match platform.state {
        Choice::Active => Desired::Active,
        Choice::Inactive => Desired::Inactive,
        Choice::Off if instance.is_none() => return Ok(Vec::new()),
        Choice::Off => {
            return Err(Fault::new(
                FaultKind::Conflict,
                format!(
                    "{} has an instance of {id}, and a file removes nothing. Nothing was done.",
                    community.slug
                ),
            )
            .hint(format!(
                "Remove it with: guildhall instance remove {} {id}",
                community.slug
            )));
        }
    };
    let mut intents = Vec::new();
    let held = |field: &String| instance.and_then(|known| known.settings.get(field));
    let differing: BTreeMap<String, String> = platform
        .settings
        .iter()
        .filter(|(field, value)| held(field).map_or("", String::as_str) != value.as_str())
        .map(|(field, value)| (field.clone(), value.clone()))
        .collect();
    if !differing.is_empty() {
        intents.push(Intent::Configure {
            community: community.id,
            platform: id.clone(),
            settings: differing,
            // A file is no confirmation: what can cost the community something is refused, with what to do.
            typed: String::new(),
        });
    }
    if instance.is_none_or(|known| known.desired != desired) {
        intents.push(Intent::SetDesired {
            community: community.id,
            platform: id,
            desired,
        });
    }
    Ok(intents)
}

fn joined(known: &CommunityDetail, from: &PlatformId, to: &PlatformId) -> bool {
    let id_of = |platform: &PlatformId| {
        let mut rows = known.platforms.iter();
        let row = rows.find(|row| row.platform == *platform)?;
        Some(row.instance.as_ref()?.id)
    };
    let (Some(from), Some(to)) = (id_of(from), id_of(to)) else {
        return false;
    };
    known
        .connections
        .iter()
        .any(|row| row.connection.from == from && row.connection.to == to)
}

/// The community, when it is there.
async fn find(hall: &Hall, slug: &Slug) -> Result<Option<CommunityDetail>, Fault> {
    match hall.engine.community(&hall.actor, slug).await {
        Ok(detail) => Ok(Some(detail)),
        Err(fault) if fault.kind == FaultKind::NotFound => Ok(None),
        Err(fault) => Err(fault),
    }
}

async fn tell(context: &Context, hall: &Hall, described: &Described) -> Result<Exit, Fault> {
    let Some(known) = find(hall, &described.slug).await? else {
        let intent = Intent::CreateCommunity(described.as_new(hall)?);
        let exit = plan::show(context, hall, &intent).await?;
        for ends in &described.connections {
            context
                .out
                .advise(&format!("Then {} is connected to {}.", ends.from, ends.to));
        }
        return Ok(exit);
    };
    let mut lines = Vec::new();
    for intent in described.changes(hall, &known).await? {
        let planned = hall.engine.plan(&hall.actor, &intent).await?;
        let texts: Vec<String> = planned.items.into_iter().map(|item| item.text).collect();
        lines.push(json!({ "title": words(&intent), "items": texts }));
    }
    context.out.data(&json!({ "changes": lines }), |_| {
        if lines.is_empty() {
            return "Everything is as the file says.".to_owned();
        }
        lines
            .iter()
            .map(|line| line["title"].as_str().unwrap_or_default().to_owned())
            .collect::<Vec<_>>()
            .join("\n")
    })?;
    context.out.advise("Nothing has been sent yet.");
    Ok(Exit::Done)
}

fn words(intent: &Intent) -> String {
    match intent {
        Intent::Configure {
            platform, settings, ..
        } => {
            let fields: Vec<&str> = settings.keys().map(String::as_str).collect();
            format!("{platform}: set {}", fields.join(", "))
        }
        Intent::SetDesired {
            platform, desired, ..
        } => format!("{platform}: {desired}"),
        Intent::Connect { from, to, .. } => format!("connect {from} to {to}"),
        other => other.kind().to_string(),
    }
}

async fn carry_out(
    context: &Context,
    hall: &Hall,
    described: &Described,
    acceptance: plan::Acceptance,
) -> Result<Exit, Fault> {
    let mut message = Vec::new();
    let mut operations = Vec::new();
    if find(hall, &described.slug).await?.is_none() {
        let intent = Intent::CreateCommunity(described.as_new(hall)?);
        acceptance.require(context, hall, &intent).await?;
        let receipt = work::submit_accepting(hall, intent, None).await?;
        message.push(receipt.message);
        operations.extend(receipt.operations);
    }
    let community = hall.community(described.slug.as_str()).await?;
    let known = hall
        .engine
        .community(&hall.actor, &hall::slug(described.slug.as_str())?)
        .await?;
    let changes = described.changes(hall, &known).await?;
    let mut shown = BTreeSet::new();
    for intent in &changes {
        if let Intent::SetDesired { platform, .. } = intent {
            // Before its settings too: those may be what has it made.
            acceptance.require(context, hall, intent).await?;
            shown.insert(platform.clone());
        }
    }
    for intent in changes {
        let was_shown = match &intent {
            Intent::SetDesired { platform, .. } | Intent::Configure { platform, .. } => {
                shown.contains(platform)
            }
            _ => false,
        };
        let receipt = if was_shown {
            work::submit_accepting(hall, intent, None).await?
        } else {
            work::submit(hall, intent, None).await?
        };
        message.push(receipt.message);
        operations.extend(receipt.operations);
    }
    if message.is_empty() {
        message.push("Everything is as the file says; nothing was changed.".to_owned());
    }
    let receipt = crate::engine::views::Receipt {
        message: message.join(" "),
        community: Some(community.id),
        operations,
    };
    work::follow(context, hall, receipt, Some(Watched::community(&community))).await
}
