//! Provision, configure, activate (sheet: metagov 4).

use super::SERVICE;
use crate::{
    adapters::{
        contract::Presence,
        django::{self, Parts, Place, Told},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind, InstanceKind},
    services::{
        files,
        supervisor::{ProcessDescription, Supervisor, TimerDescription},
    },
};
use secrecy::SecretString;
use serde_json::{Map, json};
use std::time::Duration;

/// A worker ends its task first: 3 to 4 seconds (sheet: metagov 3).
const WORKER_GRACE: Duration = Duration::from_secs(10);

/// The keys that its processes are told, by the field of the manifest and the name that upstream knows.
const KEYS: [(&str, &str); 3] = [
    ("broker_login", "BROKER_LOGIN"),
    ("slack_signing_secret", "SLACK_SIGNING_SECRET"),
    ("discord_bot_token", "DISCORD_BOT_TOKEN"),
];

/// Makes folder, database and community; installs the runtime where it is missing.
pub async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind != InstanceKind::Dedicated {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "Only a Gateway of the community's own can be made.",
        )
        .hint("Choose the kind dedicated.")
        .into());
    }
    let runtime = django::begin(op, &SERVICE).await?;
    let port = django::prepare(op, &SERVICE, &runtime).await?;
    let secret = django::secret(op, &SERVICE).await?;
    told(op, port, secret)?.write(&Place::of(site))?;
    op.progress("the community", 2, 4, site.slug.as_str());
    settle(op).await?;
    presence(op)
}

async fn settle(op: &Op) -> Result<(), Halt> {
    let site = op.site();
    let name = site
        .settings
        .get("readable_name")
        .unwrap_or(&site.community_name);
    let order = json!({ "do": "settle", "slug": site.slug.as_str(), "name": name });
    let made = django::give(site, &SERVICE, order.into(), op.cancel()).await?;
    op.remember("made", &made).await
}

fn told(op: &Op, port: u16, secret: SecretString) -> Result<Told, Fault> {
    let site = op.site();
    let place = Place::of(site);
    for folder in ["broker", "control"] {
        files::make_folder(&place.path(folder))?;
    }
    let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let server_url = match site.settings.get("server_url") {
        Some(_) => {
            let url = site.settings.url("server_url")?;
            hosts.extend(url.host_str().map(str::to_owned));
            url.as_str().trim_end_matches('/').to_owned()
        }
        None => format!("http://127.0.0.1:{port}"),
    };
    let receiver = site.settings.get("event_receiver_url").unwrap_or_default();
    let mut plain = Map::new();
    for (name, value) in [
        ("hosts", json!(hosts)),
        ("server_url", json!(server_url)),
        ("database", json!(place.database())),
        ("broker", json!(site.settings.get("broker_url"))),
        ("queue", json!(place.path("broker"))),
        ("control", json!(place.path("control"))),
        ("event_receiver_url", json!(receiver)),
    ] {
        plain.insert(name.to_owned(), value);
    }
    Ok(Told {
        plain,
        secret,
        keys: django::keys(op, &KEYS)?,
    })
}

/// The web server, and one worker with the clock in it, on a queue of its own (sheet: metagov 3).
fn described(parts: &Parts<'_>) -> Result<(Vec<ProcessDescription>, Vec<TimerDescription>), Fault> {
    let web = parts.python([
        "-m".to_owned(),
        "gunicorn".to_owned(),
        "--no-control-socket".to_owned(),
        "metagov.wsgi".to_owned(),
        "-b".to_owned(),
        format!("127.0.0.1:{}", parts.port),
        "-w".to_owned(),
        "1".to_owned(),
    ]);
    let beat = parts.place.path("beat").to_string_lossy().into_owned();
    let mut worker = parts.python([
        "-m",
        "celery",
        "-A",
        "metagov",
        "worker",
        "-B",
        "-l",
        "info",
        "--concurrency=1",
        "-n",
        "w1@%h",
        "-s",
        &beat,
    ]);
    worker.grace = WORKER_GRACE;
    Ok((
        vec![
            parts.web(web, "api/internal/plugin-schemas", "sourcecred")?,
            parts.behind("worker", worker, " ready.")?,
        ],
        Vec::new(),
    ))
}

async fn up(op: &Op, supervisor: &Supervisor) -> Result<url::Url, Halt> {
    let runtime = django::ensure_runtime(op, &SERVICE).await?;
    let told = |port, secret| told(op, port, secret);
    django::start(op, supervisor, &SERVICE, &runtime, told, described).await
}

/// Changes name and address.
pub async fn configure(op: &Op, supervisor: &Supervisor) -> Result<Presence, Halt> {
    let site = op.site();
    django::must_stand(site)?;
    let told = |port, secret| told(op, port, secret);
    django::current(op, supervisor, &SERVICE, told).await?;
    settle(op).await?;
    if site.active {
        up(op, supervisor).await?;
    }
    presence(op)
}

/// Starts both processes.
pub async fn activate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    django::must_stand(op.site())?;
    op.progress("starting", 3, 4, "web and worker");
    let address = up(op, supervisor).await?;
    Ok(format!(
        "It answers at {address} on this host. Its interface has no authentication: leave it on loopback and publish only /auth and /api/hooks."
    ))
}

fn presence(op: &Op) -> Result<Presence, Halt> {
    Ok(Presence {
        external_id: op.site().slug.to_string(),
        url: op
            .fact::<u16>("port")?
            .map(|port| format!("http://127.0.0.1:{port}/")),
        kind: InstanceKind::Dedicated,
        made_by_us: true,
        note: String::new(),
    })
}
