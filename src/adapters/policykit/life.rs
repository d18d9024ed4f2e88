//! Provision, configure, activate, deactivate (sheet: policykit 4).

use super::{SERVICE, existing, joins};
use crate::{
    adapters::{
        contract::{Presence, Site},
        django::{self, Parts, Place, Told, shared},
        durable::{Halt, Op},
    },
    domain::{Fault, InstanceKind, counted},
    services::{
        files,
        supervisor::{ProcessDescription, Stopped, Supervisor, TimerDescription},
    },
};
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use std::time::Duration;
use url::Url;

/// A worker ends its task first: 3 to 6 seconds (sheet: policykit 3).
const WORKER_GRACE: Duration = Duration::from_secs(10);

/// The keys that its processes are told, by the field of the manifest and the name that upstream knows.
const KEYS: [(&str, &str); 8] = [
    ("broker_login", "BROKER_LOGIN"),
    ("slack_client_id", "SLACK_CLIENT_ID"),
    ("slack_client_secret", "SLACK_CLIENT_SECRET"),
    ("slack_signing_secret", "SLACK_SIGNING_SECRET"),
    ("discord_client_id", "DISCORD_CLIENT_ID"),
    ("discord_client_secret", "DISCORD_CLIENT_SECRET"),
    ("discord_bot_token", "DISCORD_BOT_TOKEN"),
    ("discord_public_key", "DISCORD_PUBLIC_KEY"),
];

/// The name under which upstream knows the key of this field.
pub fn name_of(field: &str) -> Option<&'static str> {
    let known = KEYS.iter().find(|(known, _)| *known == field);
    known.map(|(_, name)| *name)
}

/// Makes folder, database and community; installs the runtime where it is missing.
pub async fn provision(op: &Op, supervisor: &Supervisor) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(existing::link(site).await?);
    }
    let runtime = django::begin(op, &SERVICE).await?;
    let port = django::prepare(op, &SERVICE, &runtime).await?;
    if site.kind == InstanceKind::Tenant {
        // Others may be in it already, from an earlier version.
        let told = |port, secret| told(op, port, secret);
        django::current(op, supervisor, &SERVICE, told).await?;
    }
    let secret = django::secret(op, &SERVICE).await?;
    told(op, port, secret)?.write(&Place::of(site))?;
    op.progress("the community", 2, 4, site.slug.as_str());
    settle(op).await?;
    if shared::others_on(site)? > 0 {
        up(op, supervisor).await?;
    }
    presence(op)
}

/// Makes or completes the community with all that it is joined to: one transaction, and the same again changes nothing.
pub async fn settle(op: &Op) -> Result<Value, Halt> {
    let site = op.site();
    let (platforms, secrets) = joins::wanted(op).await?;
    let order = json!({
        "do": "settle",
        "slug": site.slug.as_str(),
        "name": site.community_name,
        "kit": site.settings.get("starter_kit"),
        "platforms": platforms,
    });
    let order = django::Order { order, secrets };
    let made = django::give(site, &SERVICE, order, op.cancel()).await?;
    op.remember("made", &made).await?;
    Ok(made)
}

/// What its processes are told.
fn told(op: &Op, port: u16, secret: SecretString) -> Result<Told, Fault> {
    let site = op.site();
    let place = Place::of(site);
    let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    let mut public = public(site)?;
    let address = public.as_ref().map(Url::to_string);
    if public.is_none() {
        let theirs = shared::their_address(site)?;
        public = theirs.and_then(|theirs| Url::parse(&theirs).ok());
    }
    hosts.extend(public.as_ref().and_then(Url::host_str).map(str::to_owned));
    let server_url = public.map_or_else(
        || format!("http://127.0.0.1:{port}"),
        |url| url.as_str().trim_end_matches('/').to_owned(),
    );
    let mut plain = Map::new();
    for (name, value) in [
        ("hosts", json!(hosts)),
        ("server_url", json!(server_url)),
        ("database", json!(place.database())),
        ("broker", json!(site.settings.get("broker_url"))),
        ("queue", json!(place.path("broker"))),
        ("control", json!(place.path("control"))),
    ] {
        plain.insert(name.to_owned(), value);
    }
    for folder in ["broker", "control"] {
        files::make_folder(&place.path(folder))?;
    }
    let mut told = Told {
        plain,
        secret,
        keys: django::keys(op, &KEYS)?,
    };
    shared::join(site, &mut told, address.as_deref())?;
    Ok(told)
}

fn public(site: &Site) -> Result<Option<Url>, Fault> {
    site.settings
        .get("server_url")
        .map(|_| site.settings.url("server_url"))
        .transpose()
}

/// What runs: the web server, and one worker with the clock in it, on a queue of its own (sheet: policykit 3).
fn described(parts: &Parts<'_>) -> Result<(Vec<ProcessDescription>, Vec<TimerDescription>), Fault> {
    let web = parts.python([
        "-m".to_owned(),
        "gunicorn".to_owned(),
        "--no-control-socket".to_owned(),
        "policykit.wsgi".to_owned(),
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
        "policykit",
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
            parts.web(web, "login/", "PolicyKit")?,
            parts.behind("worker", worker, " ready.")?,
        ],
        Vec::new(),
    ))
}

/// Starts it, or starts it anew where what it is told has changed.
pub async fn up(op: &Op, supervisor: &Supervisor) -> Result<Url, Halt> {
    let runtime = django::ensure_runtime(op, &SERVICE).await?;
    django::start(
        op,
        supervisor,
        &SERVICE,
        &runtime,
        |port, secret| told(op, port, secret),
        described,
    )
    .await
}

/// Sends settings: administrators, home, address, keys.
pub async fn configure(op: &Op, supervisor: &Supervisor) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return Ok(existing::link(site).await?);
    }
    django::must_stand(site)?;
    let told = |port, secret| told(op, port, secret);
    django::current(op, supervisor, &SERVICE, told).await?;
    settle(op).await?;
    if site.active || shared::others_on(site)? > 0 {
        up(op, supervisor).await?;
    }
    presence(op)
}

/// Starts both processes.
pub async fn activate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        existing::link(site).await?;
        return Ok("The other PolicyKit is looked at.".to_owned());
    }
    django::must_stand(site)?;
    op.progress("starting", 3, 4, "web and worker");
    shared::switch(site, true)?;
    let address = up(op, supervisor).await?;
    let made: Value = op.fact("made")?.unwrap_or_default();
    let home = if made["platforms"]
        .as_array()
        .is_some_and(|all| !all.is_empty())
    {
        ""
    } else {
        " It decides nothing until a platform is connected."
    };
    let with = match shared::others(site)?.len() {
        0 => String::new(),
        others => format!(
            " It shares process, database and keys with {}.",
            counted(others, "other community", "other communities")
        ),
    };
    Ok(format!(
        "It answers at {address}login/ on this host, and its worker runs.{home}{with}"
    ))
}

/// Stops both processes. Policies stay as they are: switched off they would lose their open proposals.
pub async fn deactivate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    if op.site().kind == InstanceKind::Link {
        return Ok("The other PolicyKit is not looked at any more; it stays as it is.".to_owned());
    }
    shared::switch(op.site(), false)?;
    let others = shared::others_on(op.site())?;
    if others > 0 {
        // Upstream knows no community that is off, and switching policies off would lose their open proposals.
        return Ok(format!(
            "It counts as off here, and nothing of it stops: {} in the same service, so its policies go on deciding, its platforms are answered, and its members can sign in. To silence it, remove it, or deactivate the others too.",
            match others {
                1 => "another community is switched on".to_owned(),
                _ => format!("{others} other communities are switched on"),
            }
        ));
    }
    let stopped = django::stop(op, supervisor).await?;
    let cut = match stopped {
        Stopped::Killed => " A process that did not end was killed.",
        _ => "",
    };
    Ok(format!(
        "Web and worker are off; every row and file stays. Open proposals wait, and platforms that send events get no answer.{cut}"
    ))
}

/// What stands.
fn presence(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    let made: Value = op.fact("made")?.unwrap_or_default();
    let any = made["platforms"]
        .as_array()
        .is_some_and(|all| !all.is_empty());
    Ok(Presence {
        external_id: site.slug.to_string(),
        url: match public(site)? {
            Some(url) => Some(url.to_string()),
            None => op
                .fact::<u16>("port")?
                .map(|port| format!("http://127.0.0.1:{port}/")),
        },
        kind: site.kind,
        made_by_us: true,
        note: if any {
            String::new()
        } else {
            "decides nothing until a platform is connected".to_owned()
        },
    })
}
