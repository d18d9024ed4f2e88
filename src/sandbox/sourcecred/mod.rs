//! A stand-in for the SourceCred tool: the same commands, folders, messages and exit codes (sheet: sourcecred 5, 7),
//! with plain arithmetic in place of Cred. So the sandbox needs neither Node nor npm.
//!
//! Like the real one it takes no lock, loads "well" without any source, and empties a source's cache when a load fails.
//! `serve` is not imitated: nobody should start it.

mod account;
mod forum;
mod graph;
mod score;

use super::{RunningSandbox, Sandbox, SandboxOptions, laying::RuntimeFolder};
use crate::domain::{Fault, FaultKind};
use account::Ledger;
use forum::Server;
use graph::Contributions;
use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, HashMap},
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    time::Duration,
};
use url::Url;

/// The name and version of the runtime that it stands in for.
const RUNTIME: &str = "sourcecred-0.11.2";
const VERSION: &str = "0.11.2";
/// Begins the argument that names the home in whose sandbox the simulated platforms are; no option, which the program itself
/// would take for one of its own.
const HOME: &str = "home:";

/// Lays a runtime that runs the stand-in, and a small site, so that nothing is fetched from npm.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn lay_runtime(runtimes: &Path, executable: &Path) -> Result<(), Fault> {
    let folder = RuntimeFolder::make(runtimes, RUNTIME)?;
    folder.make_inner("site")?;
    folder.say("site/index.html", SITE)?;
    // The simulated platforms of a home keep their state there; who runs the tool finds them by it.
    let home = runtimes.parent().unwrap_or(runtimes).to_string_lossy();
    let description = json!({
        "version": VERSION,
        "program": [executable.to_string_lossy(), "internal", "sandbox-sourcecred", format!("{HOME}{home}")],
        "site": "site",
        "installed_at": "2026-11-22T00:00:00Z",
    });
    folder.say("guildhall-runtime.json", &description.to_string())
}

const SITE: &str = "<!doctype html><meta charset=\"utf-8\"><title>SourceCred (simulated)</title>\
<h1>SourceCred (simulated)</h1><p><a href=\"output/accounts.json\">Accounts</a>\n";

/// The hidden command: the tool in the current folder, with the tokens of the environment.
///
/// # Errors
/// [`FaultKind::Storage`] when the current folder cannot be found out.
pub async fn run_here(mut arguments: Vec<String>) -> Result<u8, Fault> {
    let lost = |error: &dyn std::fmt::Display| {
        Fault::new(FaultKind::Storage, "The folder to work in is not there.")
            .hint("Check the instance.")
            .detail(error)
    };
    let folder = std::env::current_dir().map_err(|error| lost(&error))?;
    let tokens = ["SOURCECRED_DISCORD_TOKEN", "SOURCECRED_GITHUB_TOKEN"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), std::env::var(name).ok()?)))
        .collect();
    let named = arguments.first().and_then(|first| first.strip_prefix(HOME));
    let home = named.map(PathBuf::from);
    if home.is_some() {
        arguments.remove(0);
    }
    let reads = matches!(arguments.first().map(String::as_str), Some("load" | "go"));
    let platforms = match home.filter(|_| reads) {
        Some(home) => simulated(home).await?,
        None => None,
    };
    let hosts = platforms.as_ref().map(RunningSandbox::overrides);
    let hosts = hosts.unwrap_or_default();
    let ran = tokio::task::spawn_blocking(move || run(&arguments, &folder, tokens, hosts)).await;
    ran.map_err(|error| lost(&error))
}

/// The simulated platforms of a home, served once more for as long as the tool reads: whoever serves them otherwise may be
/// gone by then, and all share one state. None where that home has none.
async fn simulated(home: PathBuf) -> Result<Option<RunningSandbox>, Fault> {
    if !home.join("sandbox").is_dir() {
        return Ok(None);
    }
    let options = SandboxOptions {
        home: Some(home),
        ..SandboxOptions::default()
    };
    Sandbox::start(options).await.map(Some)
}

/// Runs a command of the tool in a folder and returns its exit code.
fn run(
    arguments: &[String],
    folder: &Path,
    tokens: BTreeMap<String, String>,
    hosts: HashMap<String, Url>,
) -> u8 {
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let tool = StandIn {
        folder: folder.to_owned(),
        tokens,
        hosts,
    };
    match tool.command(&arguments) {
        Ok(()) => 0,
        Err(message) => {
            say(true, &message);
            1
        }
    }
}

/// What a command says when it fails.
type Told = Result<(), String>;

struct StandIn {
    folder: PathBuf,
    tokens: BTreeMap<String, String>,
    /// Hosts that are simulated, and where.
    hosts: HashMap<String, Url>,
}

impl StandIn {
    fn command(&self, arguments: &[&str]) -> Told {
        match arguments {
            ["--version"] => {
                say(false, &format!("sourcecred v{VERSION}"));
                Ok(())
            }
            ["load", plugins @ ..] => self.load(plugins),
            ["graph"] => self.graph(),
            ["go"] => self.load(&[]).and_then(|()| self.score()),
            ["go", "--no-load"] | ["credrank" | "hybrid"] => self.score(),
            ["analysis"] => self.analysis(),
            ["grain", flags @ ..] => self.grain(flags),
            ["site"] => self.site(),
            ["serve"] => {
                Err("serve is not imitated: it lets anybody overwrite the ledger".to_owned())
            }
            ["credequate"] => Err("Error: no credEquatePlugins configured".to_owned()),
            _ => Err(format!("fatal: unknown command {arguments:?}")),
        }
    }

    fn plugins(&self) -> Result<Vec<String>, String> {
        let path = self.folder.join("sourcecred.json");
        let text = fs::read_to_string(&path).map_err(|_| missing(&path))?;
        let broken = || "Error occurred while loading sourcecred.json".to_owned();
        let value: Value = serde_json::from_str(&text).map_err(|_| broken())?;
        let list = value["bundledPlugins"].as_array().ok_or_else(broken)?;
        let known = |name: &str| {
            name.starts_with("external/")
                || ["discourse", "discord", "github", "ethereum", "initiatives"]
                    .iter()
                    .any(|plugin| name == format!("sourcecred/{plugin}"))
        };
        list.iter()
            .map(|name| {
                let name = name.as_str().filter(|name| known(name));
                name.map(str::to_owned).ok_or_else(broken)
            })
            .collect()
    }

    fn load(&self, only: &[&str]) -> Told {
        begin("load");
        let plugins = self.plugins()?;
        if plugins.is_empty() {
            say(
                true,
                "No plugins configured; Please set up at least one plugin: https://github.com/sourcecred/template-instance#supported-plugins",
            );
        }
        let mut failed = Vec::new();
        for plugin in plugins {
            if !only.is_empty() && !only.contains(&plugin.as_str()) {
                continue;
            }
            begin(&format!("loading {plugin}"));
            if let Err(message) = self.load_one(&plugin) {
                say(true, &message);
                failed.push(plugin);
                continue;
            }
            done(&format!("loading {plugin}"));
        }
        if !failed.is_empty() {
            return Err(format!(
                "fatal: load failed for plugins: {}",
                failed.join(", ")
            ));
        }
        done("load");
        Ok(())
    }

    fn load_one(&self, plugin: &str) -> Told {
        let config = self
            .folder
            .join(format!("config/plugins/{plugin}/config.json"));
        match plugin {
            "sourcecred/discourse" => {
                let config = read_json(&config)?;
                let server = config["serverUrl"]
                    .as_str()
                    .ok_or("missing key: serverUrl")?;
                if server.ends_with('/') {
                    return Err("serverUrl must not have a trailing slash".to_owned());
                }
                let cache = self.folder.join("cache/sourcecred/discourse");
                forum::mirror(&Server::of(server, &self.hosts), &cache, self.pace())
            }
            "sourcecred/discord" => {
                let config = read_json(&config)?;
                if config[0]["reactionWeightConfig"].is_null() {
                    return Err("Error: index 0: missing key: \"reactionWeightConfig\"".to_owned());
                }
                self.token("Discord", "SOURCECRED_DISCORD_TOKEN")
                    .map(|_| ())
            }
            "sourcecred/github" => {
                read_json(&config)?;
                self.github_token()
            }
            // An external graph is read when the graph is made, as the real tool does.
            _ => Ok(()),
        }
    }

    /// About a second for each request, as the real tool paces itself; a file in the folder sets another pace.
    fn pace(&self) -> Duration {
        let set = fs::read_to_string(self.folder.join(".sandbox-pace-ms")).ok();
        let milliseconds = set.and_then(|text| text.trim().parse().ok());
        Duration::from_millis(milliseconds.unwrap_or(1090))
    }

    fn token(&self, whose: &str, name: &str) -> Result<&str, String> {
        self.tokens
            .get(name)
            .map(String::as_str)
            .ok_or_else(|| format!("Error: No {whose} token provided: set {name}"))
    }

    fn github_token(&self) -> Told {
        let token = self.token("GitHub", "SOURCECRED_GITHUB_TOKEN")?;
        let prefixed = ["ghp_", "gho_", "ghu_", "ghs_", "ghr_"]
            .iter()
            .any(|prefix| token.starts_with(prefix));
        let digits = token.len() == 40 && token.chars().all(|each| each.is_ascii_hexdigit());
        if prefixed || digits {
            return Ok(());
        }
        Err("Error: The token supplied to $SOURCECRED_GITHUB_TOKEN doesn't match any format known to work.".to_owned())
    }

    fn graph(&self) -> Told {
        begin("graph");
        let mut ledger = Ledger::read(&self.folder)?;
        for plugin in self.plugins()? {
            begin(&format!("generating graph for {plugin}"));
            if plugin == "sourcecred/github" {
                self.github_token()?;
            }
            let found = Contributions::of(&self.folder, &plugin)?;
            ledger.add_people(&found.people);
            write_json(
                &self.folder.join(format!("output/graphs/{plugin}/graph")),
                &found,
            )?;
            done(&format!("generating graph for {plugin}"));
        }
        ledger.write(&self.folder)?;
        done("graph");
        Ok(())
    }

    fn score(&self) -> Told {
        self.graph()?;
        begin("hybrid");
        let plugins = self.plugins()?;
        if plugins.is_empty() {
            return Err("Error: invalid non-finite input".to_owned());
        }
        let mut all = Contributions::default();
        for plugin in &plugins {
            all.add(read_json_as(
                &self.folder.join(format!("output/graphs/{plugin}/graph")),
            )?);
        }
        let view = score::view(&all)?;
        write_json(&self.folder.join("output/credGraph"), &all)?;
        write_json(&self.folder.join("output/credGrainView"), &view)?;
        say(false, "# CredRank Scores\n## Top Participants By Cred");
        done("hybrid");
        Ok(())
    }

    fn analysis(&self) -> Told {
        let view = self.folder.join("output/credGrainView");
        if !view.is_file() {
            say(false, "Error occurred while loading output/credGraph");
            return Err(missing(&self.folder.join("output/credGraph.json")));
        }
        let scores: BTreeMap<String, f64> = read_json_as(&view)?;
        let ledger = Ledger::read(&self.folder)?;
        write_json(
            &self.folder.join("output/accounts.json"),
            &ledger.accounts(&scores),
        )
    }

    fn grain(&self, flags: &[&str]) -> Told {
        let scores: BTreeMap<String, f64> =
            read_json_as(&self.folder.join("output/credGrainView"))?;
        let config = read_json(&self.folder.join("config/grain.json"))?;
        let mut ledger = Ledger::read(&self.folder)?;
        let said = ledger.distribute(&config, &scores)?;
        if !flags.contains(&"-s") {
            ledger.write(&self.folder)?;
        }
        say(false, &said);
        Ok(())
    }

    fn site(&self) -> Told {
        let site = self.folder.join("site");
        fs::create_dir_all(&site).map_err(|error| error.to_string())?;
        fs::write(site.join("index.html"), SITE).map_err(|error| error.to_string())?;
        for name in ["sourcecred.json", "data", "config", "output"] {
            let link = site.join(name);
            if fs::symlink_metadata(&link).is_err() {
                std::os::unix::fs::symlink(self.folder.join(name), link)
                    .map_err(|error| error.to_string())?;
            }
        }
        Ok(())
    }
}

fn begin(task: &str) {
    say(false, &format!("  GO   {task}"));
}

fn done(task: &str) {
    say(false, &format!(" DONE  {task}: 1ms"));
}

/// Nobody may listen any more; then nothing is lost.
fn say(error: bool, line: &str) {
    let _ = if error {
        writeln!(std::io::stderr(), "{line}")
    } else {
        writeln!(std::io::stdout(), "{line}")
    };
}

fn missing(path: &Path) -> String {
    format!(
        "Error: ENOENT: no such file or directory, open '{}'",
        path.display()
    )
}

fn read_json(path: &Path) -> Result<Value, String> {
    read_json_as(path)
}

fn read_json_as<T: serde::de::DeserializeOwned>(path: &Path) -> Result<T, String> {
    let text = fs::read_to_string(path).map_err(|_| missing(path))?;
    serde_json::from_str(&text)
        .map_err(|error| format!("Error occurred while loading {}: {error}", path.display()))
}

fn write_json(path: &Path, value: &impl serde::Serialize) -> Told {
    let written = path
        .parent()
        .map_or(Ok(()), fs::create_dir_all)
        .and_then(|()| serde_json::to_vec(value).map_err(std::io::Error::other))
        .and_then(|bytes| fs::write(path, bytes));
    written.map_err(|error| format!("Error: {error}"))
}
