//! Stand-ins for the Django services of this host: real processes on real ports, run by this program where the real ones
//! run Python, with the same files, orders, answers and quirks (sheets: policykit 7, kybern 7, metagov 7).
//!
//! A stand-in is called with the arguments that the real Python gets, in the same folder and environment, and keeps its
//! state in the same database file, in tables of the same names. What is left out: pages, policies that run, migrations.
//! It stops faster than the real ones, so that nobody who tries things waits.

mod kybern;
mod metagov;
mod policykit;
mod process;
mod web;

use super::laying::{self, RuntimeFolder};
use crate::domain::Fault;
use rusqlite::Connection;
use serde_json::{Value, json};
use std::{
    fs,
    io::{Read as _, Write as _},
    path::{Path, PathBuf},
};

/// A service that is stood in for.
struct StandIn {
    /// The hidden command.
    command: &'static str,
    /// The folder of its runtime.
    runtime: &'static str,
    /// Its version.
    version: &'static str,
    /// The folder of `manage.py`.
    manage: &'static str,
    /// The tables that the real template has and that are looked at.
    schema: &'static str,
    /// Does an order in an instance.
    order: fn(&Instance, &Value) -> Result<Value, Refusal>,
    /// Answers a page.
    page: fn(&Instance, &web::Asked) -> web::Shown,
}

const STAND_INS: [&StandIn; 3] = [&kybern::STAND_IN, &metagov::STAND_IN, &policykit::STAND_IN];

/// Why an order was not done: the exit code and the text.
struct Refusal(u8, String);

impl From<rusqlite::Error> for Refusal {
    fn from(error: rusqlite::Error) -> Self {
        Self(1, error.to_string())
    }
}

/// The instance that a process works for, by the private file that its environment names.
struct Instance {
    told: Value,
    name: String,
}

impl Instance {
    fn here() -> Result<Self, String> {
        let path = std::env::var("GUILDHALL_INSTANCE")
            .map_err(|_| "KeyError: 'GUILDHALL_INSTANCE'".to_owned())?;
        let text = fs::read_to_string(&path)
            .map_err(|error| format!("FileNotFoundError: {path}: {error}"))?;
        let told = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        Ok(Self {
            told,
            name: std::env::var("GUILDHALL_NAME").unwrap_or_default(),
        })
    }

    fn database(&self) -> PathBuf {
        PathBuf::from(self.told["database"].as_str().unwrap_or_default())
    }

    /// Opens the database. Like the real ones it makes an empty one where there is none.
    fn open(&self) -> Result<Connection, Refusal> {
        let database = Connection::open(self.database())?;
        database.busy_timeout(std::time::Duration::from_secs(5))?;
        Ok(database)
    }

    fn knows_host(&self, host: &str) -> bool {
        let host = host.split(':').next().unwrap_or_default();
        let known = self.told["hosts"].as_array();
        known.is_some_and(|known| known.iter().any(|each| each == host))
    }
}

/// Writes what is saved into the file that the order names.
fn keep(order: &Value, value: &Value) -> Result<Value, Refusal> {
    let Some(path) = order["to"].as_str() else {
        return Err(Refusal(1, "KeyError: 'to'".to_owned()));
    };
    fs::write(path, value.to_string()).map_err(|error| Refusal(1, error.to_string()))?;
    let saved = value.as_array().map_or_else(
        || value.as_object().map_or(0, serde_json::Map::len),
        Vec::len,
    );
    Ok(json!({ "saved": saved }))
}

/// Lays runtimes that run the stand-ins, so that nothing is fetched.
///
/// # Errors
/// [`FaultKind::Storage`].
pub fn lay_runtimes(runtimes: &Path, executable: &Path) -> Result<(), Fault> {
    for stand_in in STAND_INS {
        lay(stand_in, runtimes, executable)?;
    }
    Ok(())
}

fn lay(stand_in: &StandIn, runtimes: &Path, executable: &Path) -> Result<(), Fault> {
    let folder = RuntimeFolder::make(runtimes, stand_in.runtime)?;
    folder.make_inner(stand_in.manage)?;
    if !folder.has("template.sqlite3") {
        folder.put("template.sqlite3", |path| {
            let made = Connection::open(path).and_then(|database| {
                database.execute_batch(
                    "CREATE TABLE django_migrations (id INTEGER PRIMARY KEY, app TEXT);
                     INSERT INTO django_migrations (app) VALUES ('sandbox');",
                )?;
                database.execute_batch(stand_in.schema)
            });
            made.map_err(|error| laying::failed(path, &std::io::Error::other(error)))
        })?;
    }
    let description = json!({
        "version": stand_in.version,
        "program": [executable.to_string_lossy(), "internal", stand_in.command],
        "installed_at": "2026-11-22T00:00:00Z",
    });
    folder.say("guildhall-runtime.json", &description.to_string())
}

/// Runs a stand-in where its Python would run; none when the name is not one of them.
pub async fn run_here(name: &str, arguments: &[String]) -> Option<u8> {
    let stand_in = STAND_INS
        .into_iter()
        .find(|stand_in| stand_in.command == name)?;
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    Some(match words.as_slice() {
        ["manage.py", "shell", "-c", _] => obey(stand_in),
        ["-m", "gunicorn", options @ ..] => match port(options) {
            Some(port) => web::serve(stand_in, port).await,
            None => say_failed("Error: '-b' names no port"),
        },
        ["-m", "celery", ..] => process::worker().await,
        ["manage.py", "qcluster"] => process::queue().await,
        ["-m", "guildhall_clock"] => process::clock().await,
        ["manage.py", "check" | "migrate", ..] => {
            say("System check identified no issues (0 silenced).");
            0
        }
        _ => say_failed("the sandbox does not imitate this command"),
    })
}

fn port(options: &[&str]) -> Option<u16> {
    let at = options.iter().position(|option| *option == "-b")?;
    options.get(at + 1)?.rsplit(':').next()?.parse().ok()
}

/// An order on standard input, its answer in one marked line after the chatter of imported programs.
fn obey(stand_in: &StandIn) -> u8 {
    let mut text = String::new();
    if std::io::stdin().read_to_string(&mut text).is_err() {
        return say_failed("UnicodeDecodeError");
    }
    say("Metagov App Ready. Installed plugins: ['slack', 'discord']");
    let done = serde_json::from_str(&text)
        .map_err(|error| Refusal(1, format!("JSONDecodeError: {error}")))
        .and_then(|order: Value| {
            let instance = Instance::here().map_err(|text| Refusal(1, text))?;
            (stand_in.order)(&instance, &order)
        });
    let (code, answer) = match done {
        Ok(answer) => (0, answer),
        Err(Refusal(1, text)) => (1, json!({ "failed": text })),
        Err(Refusal(code, text)) => (code, json!({ "refused": text })),
    };
    say(&format!("\nGUILDHALL_RESULT {answer}"));
    code
}

/// Nobody may listen any more; then nothing is lost.
fn say(line: &str) {
    let mut out = std::io::stdout();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

fn say_failed(line: &str) -> u8 {
    let _ = writeln!(std::io::stderr(), "{line}");
    1
}
