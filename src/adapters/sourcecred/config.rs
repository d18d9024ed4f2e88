//! Settings turned into the tool's files, and files that differ from what was written.
//!
//! Written and watched: `sourcecred.json`, `config/grain.json`, `config/currencyDetails.json` and each source's
//! configuration. Other files of `config/` (weights, attributions, dependencies) are people's: they are made when
//! missing and never touched again.

use super::{cache, external, folder::Folder};
use crate::{
    adapters::contract::{Secrets, Settings, Site},
    domain::{Drift, DriftKind, Fault, FaultKind},
    services::files,
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::{collections::BTreeMap, fmt::Write as _};
use url::Url;

/// Where contributions are read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// A forum that can be read without signing in; the address without a slash at its end.
    Discourse(String),
    /// A server, by its id.
    Discord(String),
    /// Repositories.
    Github(Vec<String>),
    /// A graph that somebody else writes: its name, and where it is fetched unless it lies in the folder.
    External(String, Option<String>),
    /// A plugin that was put in by hand; left as it is.
    Other(String),
}

/// What connections added to the settings, by the platform at the other end; kept as a fact.
pub type Connected = BTreeMap<String, Source>;

impl Source {
    /// What the tool calls the plugin.
    pub fn plugin(&self) -> String {
        match self {
            Self::Discourse(_) => "sourcecred/discourse".to_owned(),
            Self::Discord(_) => "sourcecred/discord".to_owned(),
            Self::Github(_) => "sourcecred/github".to_owned(),
            Self::External(name, _) => format!("external/{name}"),
            Self::Other(plugin) => plugin.clone(),
        }
    }

    /// The field of the key that the tool needs for it, and the variable in which it expects it (sheet: sourcecred 2).
    pub fn key(&self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Discord(_) => Some(("discord_token", "SOURCECRED_DISCORD_TOKEN")),
            Self::Github(_) => Some(("github_token", "SOURCECRED_GITHUB_TOKEN")),
            _ => None,
        }
    }

    /// The field of the key that it needs and that is not there.
    pub fn missing_key(&self, secrets: &Secrets) -> Option<&'static str> {
        let (field, _) = self.key()?;
        secrets.get(field).is_none().then_some(field)
    }

    fn config(&self) -> Option<(String, Value)> {
        let config = match self {
            Self::Discourse(url) => json!({"serverUrl": url}),
            // `reactionWeightConfig` is mandatory (sheet: sourcecred, connections).
            Self::Discord(guild) => json!([{
                "guildId": guild,
                "reactionWeightConfig": {"defaultWeight": 1, "weights": {}, "applyAveraging": false},
            }]),
            Self::Github(repositories) => json!({"repositories": repositories}),
            Self::External(_, Some(url)) => json!({"graphUrl": url}),
            Self::External(_, None) | Self::Other(_) => return None,
        };
        Some((
            format!("config/plugins/{}/config.json", self.plugin()),
            config,
        ))
    }

    fn read(folder: &Folder, plugin: &str) -> Result<Self, Fault> {
        let path = folder.path(&format!("config/plugins/{plugin}/config.json"));
        let config: Value = files::read_json(&path)?.unwrap_or(Value::Null);
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let source = match plugin {
            "sourcecred/discourse" => text(&config["serverUrl"]).map(Self::Discourse),
            "sourcecred/discord" => text(&config[0]["guildId"]).map(Self::Discord),
            "sourcecred/github" => config["repositories"]
                .as_array()
                .map(|list| Self::Github(list.iter().filter_map(text).collect())),
            _ => plugin
                .strip_prefix("external/")
                .map(|name| Self::External(name.to_owned(), text(&config["graphUrl"]))),
        };
        Ok(source.unwrap_or_else(|| Self::Other(plugin.to_owned())))
    }
}

/// The sources that settings and connections name, in a fixed order.
///
/// # Errors
/// [`FaultKind::BadInput`] when a source lacks what it needs.
pub fn sources(site: &Site, connected: &Connected) -> Result<Vec<Source>, Fault> {
    let settings = &site.settings;
    let mut found = Vec::new();
    for plugin in settings.list("plugins") {
        found.push(match plugin.as_str() {
            "discourse" => Source::Discourse(forum(&settings.url("discourse_url")?)?),
            "discord" => Source::Discord(settings.require("discord_guild_id")?.to_owned()),
            "github" => Source::Github(repositories(settings)?),
            "external" => {
                let name = settings
                    .get("external_name")
                    .unwrap_or_else(|| site.slug.as_str());
                check_name(name)?;
                let url = settings
                    .get("external_graph_url")
                    .map(|_| settings.url("external_graph_url"))
                    .transpose()?;
                Source::External(name.to_owned(), url.map(String::from))
            }
            other => {
                return Err(Fault::new(
                    FaultKind::BadInput,
                    format!("There is no source called {other:?}."),
                )
                .hint("Choose from discourse, discord, github and external."));
            }
        });
    }
    found.extend(connected.values().cloned());
    found.sort_by_key(Source::plugin);
    // Connected and set by hand: what was set by hand stands first in the list and is kept.
    found.dedup_by_key(|source| source.plugin());
    Ok(found)
}

/// A forum's address as the tool wants it: without a slash at the end (sheet: sourcecred, connections).
///
/// # Errors
/// [`FaultKind::BadInput`] when it is no web address.
pub fn forum(url: &Url) -> Result<String, Fault> {
    if !matches!(url.scheme(), "http" | "https") || url.host().is_none() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{url} is no address of a forum."),
        )
        .hint("Write it in full, beginning with https://."));
    }
    Ok(url.as_str().trim_end_matches('/').to_owned())
}

fn repositories(settings: &Settings) -> Result<Vec<String>, Fault> {
    let list = settings.list("github_repositories");
    let foul = list.iter().find(|name| name.split('/').count() != 2);
    match (list.is_empty(), foul) {
        (false, None) => Ok(list),
        (_, foul) => Err(Fault::new(
            FaultKind::BadInput,
            foul.map_or_else(
                || "No GitHub repository is named.".to_owned(),
                |name| format!("{name:?} is no repository."),
            ),
        )
        .hint("Name each as owner/repository, separated by commas.")),
    }
}

fn check_name(name: &str) -> Result<(), Fault> {
    let allowed = |character: char| character.is_ascii_alphanumeric() || character == '-';
    if name.is_empty() || !name.chars().all(allowed) {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{name:?} cannot name an external graph."),
        )
        .hint("Use letters, digits and dashes."));
    }
    Ok(())
}

/// The sources that the folder's own files name; what a run reads.
///
/// # Errors
/// [`FaultKind::Storage`] when `sourcecred.json` is missing or broken.
pub fn sources_in(folder: &Folder) -> Result<Vec<Source>, Fault> {
    plugins_in(folder)?
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Storage,
                format!("{} is missing.", folder.path("sourcecred.json").display()),
            )
            .hint("Save the settings of the instance again; the file is then written anew.")
        })?
        .iter()
        .map(|plugin| Source::read(folder, plugin))
        .collect()
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ProjectFile {
    bundled_plugins: Vec<String>,
}

fn plugins_in(folder: &Folder) -> Result<Option<Vec<String>>, Fault> {
    let file: Option<ProjectFile> = files::read_json(&folder.path("sourcecred.json"))?;
    Ok(file.map(|file| file.bundled_plugins))
}

/// The watched files with their contents.
fn watched(site: &Site, sources: &[Source]) -> Vec<(String, Value)> {
    let plugins: Vec<String> = sources.iter().map(Source::plugin).collect();
    let settings = &site.settings;
    let budget = settings.get("grain_budget").unwrap_or("100");
    let policies = match settings.get("grain_policy") {
        Some("immediate") => {
            json!([{"policyType": "IMMEDIATE", "budget": budget, "numIntervalsLookback": 1}])
        }
        Some("balanced") => {
            json!([{"policyType": "BALANCED", "budget": budget, "numIntervalsLookback": 0}])
        }
        _ => json!([]),
    };
    let currency = settings.get("currency_name").unwrap_or("Grain");
    let suffix = currency.chars().next().unwrap_or('g').to_lowercase();
    let mut files = vec![
        (
            "config/grain.json".to_owned(),
            json!({"allocationPolicies": policies, "maxSimultaneousDistributions": 1}),
        ),
        (
            "config/currencyDetails.json".to_owned(),
            json!({"currencyName": currency, "currencySuffix": format!(" {suffix}")}),
        ),
    ];
    files.extend(sources.iter().filter_map(Source::config));
    // Last: it is what makes the others count.
    files.push((
        "sourcecred.json".to_owned(),
        json!({"bundledPlugins": plugins}),
    ));
    files
}

/// The hashes of the watched files, as they were written.
pub type Hashes = BTreeMap<String, String>;

/// Writes the files. A changed set of sources empties `cache/` and `output/` first (sheet: sourcecred 4). What was edited
/// by hand since `before` is copied to `edited/` before it is overwritten. The caller holds the folder's lock.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn write(
    folder: &Folder,
    site: &Site,
    sources: &[Source],
    before: &Hashes,
) -> Result<Hashes, Fault> {
    for part in ["config", "data"] {
        files::make_folder(&folder.path(part))?;
    }
    let plugins: Vec<String> = sources.iter().map(Source::plugin).collect();
    // A file that cannot be read says nothing of what the caches were made from.
    if plugins_in(folder)
        .ok()
        .flatten()
        .is_some_and(|now| now != plugins)
    {
        cache::forget(folder)?;
        files::remove(&folder.path("output"))?;
    }
    for (name, content) in [("dependencies", "[]\n"), ("personalAttributions", "[]\n")] {
        let path = folder.path(&format!("config/{name}.json"));
        if files::read(&path)?.is_none() {
            files::write(&path, content.as_bytes())?;
        }
    }
    for source in sources {
        if let Source::External(name, None) = source {
            external::begin(folder, name)?;
        }
    }
    let mut hashes = Hashes::new();
    for (name, value) in watched(site, sources) {
        let path = folder.path(&name);
        let text = format!("{value:#}\n");
        let wanted = hash(text.as_bytes());
        let current = files::read(&path)?;
        let has = current.as_deref().map(hash);
        if has.as_ref() != Some(&wanted) {
            let edited = has.is_some()
                && before
                    .get(&name)
                    .is_some_and(|old| Some(old) != has.as_ref());
            if let (true, Some(bytes)) = (edited, &current) {
                let kept = format!(
                    "{}.{}",
                    name.replace('/', "-"),
                    Timestamp::now().as_second()
                );
                files::make_folder(&folder.own().join("edited"))?;
                files::write(&folder.own().join("edited").join(kept), bytes)?;
            }
            if let Some(parent) = path.parent() {
                files::make_folder(parent)?;
            }
            files::write(&path, text.as_bytes())?;
        }
        hashes.insert(name, wanted);
    }
    Ok(hashes)
}

/// The hashes of the files that a folder has now; what an adoption records.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn hashes_in(folder: &Folder) -> Result<Hashes, Fault> {
    let mut names = vec![
        "sourcecred.json".to_owned(),
        "config/grain.json".to_owned(),
        "config/currencyDetails.json".to_owned(),
    ];
    for plugin in plugins_in(folder)?.unwrap_or_default() {
        names.push(format!("config/plugins/{plugin}/config.json"));
    }
    let mut hashes = Hashes::new();
    for name in names {
        if let Some(bytes) = files::read(&folder.path(&name))? {
            hashes.insert(name, hash(&bytes));
        }
    }
    Ok(hashes)
}

/// How the watched files differ from what was written.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn drift(folder: &Folder, recorded: &Hashes) -> Result<Vec<Drift>, Fault> {
    let mut drift = Vec::new();
    for (name, wanted) in recorded {
        let (kind, what) = match files::read(&folder.path(name))? {
            None => (DriftKind::Missing, format!("{name} is missing.")),
            Some(bytes) if hash(&bytes) != *wanted => (
                DriftKind::Changed,
                format!(
                    "{name} was edited by hand; saving the settings overwrites it and keeps a copy."
                ),
            ),
            Some(_) => continue,
        };
        drift.push(Drift::new(kind, what));
    }
    Ok(drift)
}

fn hash(bytes: &[u8]) -> String {
    let mut text = String::new();
    for byte in Sha256::digest(bytes) {
        // Writing to a text cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}
