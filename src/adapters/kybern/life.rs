//! Provision, configure, activate (sheet: kybern 4).

use super::SERVICE;
use crate::{
    adapters::{
        contract::{Presence, Site},
        django::{self, Parts, Place, Told, secret_named},
        durable::{Halt, Op},
    },
    domain::{Fault, FaultKind, HumanTask, InstanceKind},
    services::{
        database, files,
        supervisor::{ProcessDescription, Supervisor, TimerDescription},
    },
};
use rand::Rng as _;
use secrecy::SecretString;
use serde_json::{Map, Value, json};
use zeroize::Zeroizing;

/// How many characters the administrator's password has; 24 is the least (sheet: kybern 2).
const PASSWORD: usize = 32;
/// The administrator that Guildhall makes.
pub(super) const ADMINISTRATOR: &str = "guildhall-admin";

/// Makes folder, database, administrator and group, once the licence is accepted.
pub async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind != InstanceKind::Dedicated {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "Only a Kybern of the community's own can be made.",
        )
        .hint("Choose the kind dedicated.")
        .into());
    }
    op.human(licence(), || async {
        Ok(site.settings.is_on("licence_accepted").then_some(()))
    })
    .await?;
    let runtime = django::begin(op, &SERVICE).await?;
    django::prepare(op, &SERVICE, &runtime).await?;
    let secret = django::secret(op, &SERVICE).await?;
    told(op, secret)?.write(&Place::of(site))?;
    op.progress("the group", 2, 4, name(site));
    settle(op).await?;
    presence(op)
}

fn licence() -> HumanTask {
    HumanTask {
        step: "licence".to_owned(),
        title: "read and accept the licence".to_owned(),
        why: "The Concord Cooperative License forbids some uses; only a person can say that it fits.".to_owned(),
        who: "the operator of this installation".to_owned(),
        url: Some("https://github.com/glizzan/kybern/blob/master/license.md".to_owned()),
        instructions: vec![
            "Read the licence: no profit from copies or from services that depend on it, unless the organisation is governed democratically; nobody who took part in abuses of rights or of nature.".to_owned(),
            "Know that it is dormant since 2021, runs on a Django out of support, and is meant for trying only.".to_owned(),
            "To accept, set licence_accepted to true in the settings of the instance.".to_owned(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

/// The group's name: as set, else the community's.
pub fn name(site: &Site) -> &str {
    site.settings
        .get("group_name")
        .unwrap_or(&site.community_name)
}

fn description(site: &Site) -> &str {
    site.settings
        .get("description")
        .unwrap_or(&site.description)
}

async fn settle(op: &Op) -> Result<(), Halt> {
    let site = op.site();
    let order = json!({
        "do": "settle",
        "group": group(op)?,
        "name": name(site),
        "description": description(site),
        "password": secret_named("password"),
        "template": site.settings.get("template"),
        "membership": site.settings.get("membership"),
    });
    let secrets = vec![("password", password(op).await?)];
    let order = django::Order { order, secrets };
    let made = django::give(site, &SERVICE, order, op.cancel()).await?;
    op.remember("made", &made).await
}

/// The group's number, once it was made.
fn group(op: &Op) -> Result<Option<i64>, Halt> {
    let made: Option<Value> = op.fact("made")?;
    Ok(made.and_then(|made| made["group"].as_i64()))
}

/// The administrator's password: what the vault holds, else a fresh one, kept before it is used.
async fn password(op: &Op) -> Result<SecretString, Halt> {
    if let Ok(secret) = op.secret("admin_password") {
        return Ok(secret);
    }
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    let fresh: Zeroizing<String> = Zeroizing::new(letters.take(PASSWORD).map(char::from).collect());
    let secret = SecretString::from(fresh.as_str());
    op.keep_secret("admin_password", secret.clone(), None)
        .await?;
    Ok(secret)
}

fn told(op: &Op, secret: SecretString) -> Result<Told, Fault> {
    let site = op.site();
    let place = Place::of(site);
    let mail = place.path("mail");
    files::make_folder(&mail)?;
    let mut hosts = vec!["127.0.0.1".to_owned(), "localhost".to_owned()];
    if site.settings.get("server_url").is_some() {
        let public = site.settings.url("server_url")?;
        hosts.extend(public.host_str().map(str::to_owned));
    }
    let mut plain = Map::new();
    for (name, value) in [
        ("hosts", json!(hosts)),
        ("database", json!(place.database())),
        (
            "mail",
            json!({ "folder": mail, "host": site.settings.get("smtp_host") }),
        ),
    ] {
        plain.insert(name.to_owned(), value);
    }
    Ok(Told {
        plain,
        secret,
        keys: django::keys(op, &[("smtp_password", "smtp_password")])?,
    })
}

/// Site, queue of notices, and the clock that closes votes (sheet: kybern 3, tick).
fn described(parts: &Parts<'_>) -> Result<(Vec<ProcessDescription>, Vec<TimerDescription>), Fault> {
    let web = parts.python([
        "-m".to_owned(),
        "gunicorn".to_owned(),
        "--no-control-socket".to_owned(),
        "--preload".to_owned(),
        "-w".to_owned(),
        "1".to_owned(),
        "--threads".to_owned(),
        "4".to_owned(),
        "-b".to_owned(),
        format!("127.0.0.1:{}", parts.port),
        "mysite.wsgi".to_owned(),
    ]);
    // Somebody may have renamed the group; what proves that it works is what it is called now.
    let called = called(parts.site, parts.place)?;
    let shown = escaped(called.as_deref().unwrap_or(name(parts.site)));
    Ok((
        vec![
            parts.web(web, "?hide_info=1", &shown)?,
            parts.behind("queue", parts.python(["manage.py", "qcluster"]), "running.")?,
            parts.behind(
                "clock",
                parts.python(["-m", "guildhall_clock"]),
                "clock running",
            )?,
        ],
        Vec::new(),
    ))
}

/// What the group is called in its database; none when it is not in there.
pub fn called(site: &Site, place: &Place) -> Result<Option<String>, Fault> {
    let group = site.external_id.clone().unwrap_or_default();
    let query = "SELECT name FROM groups_group WHERE id = ?1";
    let rows = database::rows(&place.database(), query, &[&group])?;
    let row = rows.and_then(|rows| rows.into_iter().next());
    Ok(row.and_then(|row| row.into_iter().next()))
}

/// A text as Django writes it into a page.
pub fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
        .replace('\'', "&#x27;")
}

async fn up(op: &Op, supervisor: &Supervisor) -> Result<url::Url, Halt> {
    let runtime = django::ensure_runtime(op, &SERVICE).await?;
    let told = |_, secret| told(op, secret);
    django::start(op, supervisor, &SERVICE, &runtime, told, described).await
}

/// Changes name and description by actions in the group, which its own rules may delay, and what the processes are told.
pub async fn configure(op: &Op, supervisor: &Supervisor) -> Result<Presence, Halt> {
    let site = op.site();
    django::must_stand(site)?;
    let told = |_, secret| told(op, secret);
    django::current(op, supervisor, &SERVICE, told).await?;
    let order = json!({
        "do": "edit",
        "group": group(op)?,
        "name": name(site),
        "description": description(site),
        "password": secret_named("password"),
    });
    let secrets = vec![("password", password(op).await?)];
    let order = django::Order { order, secrets };
    let made = django::give(site, &SERVICE, order, op.cancel()).await?;
    op.remember("made", &made).await?;
    if site.active {
        up(op, supervisor).await?;
    }
    let mut presence = presence(op)?;
    if made["status"] == "waiting" {
        "the change waits for a decision of the group".clone_into(&mut presence.note);
    }
    Ok(presence)
}

/// Starts site, queue and clock.
pub async fn activate(op: &Op, supervisor: &Supervisor) -> Result<String, Halt> {
    let site = op.site();
    django::must_stand(site)?;
    op.progress("starting", 3, 4, "site, queue and clock");
    let address = up(op, supervisor).await?;
    Ok(format!(
        "It answers at {address} on this host; {ADMINISTRATOR} owns the group until you hand it over. Leave it on loopback: it is not looked after any more, and its exports need no sign-in."
    ))
}

fn presence(op: &Op) -> Result<Presence, Halt> {
    let Some(group) = group(op)? else {
        return Err(Fault::new(
            FaultKind::BadAnswer,
            "Kybern did not say which group it made, so the instance would point at none.",
        )
        .hint("Resume the operation: the group is found again, or made.")
        .into());
    };
    Ok(Presence {
        external_id: group.to_string(),
        url: op
            .fact::<u16>("port")?
            .map(|port| format!("http://127.0.0.1:{port}/groups/{group}/")),
        kind: InstanceKind::Dedicated,
        made_by_us: true,
        note: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_for_as_pages_write_it() {
        assert_eq!(escaped("Rose & Wood's"), "Rose &amp; Wood&#x27;s");
    }
}
