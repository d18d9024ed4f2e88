//! Orders to a Django service: our script inside its own `manage.py`, the order on standard input, one marked line back.

use super::{life, place::Place, runtime::Service, told::quoted};
use crate::{
    adapters::{
        contract::Site,
        order,
        process::{Finished, Input},
    },
    domain::{Fault, FaultKind, clean_line},
    services::{files, runtime::Runtime, supervisor::Launch},
};
use secrecy::SecretString;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};
use tokio_util::sync::CancellationToken;
use zeroize::Zeroizing;

/// The line with the answer begins so; everything else on standard output is chatter (sheet: policykit, health).
const MARK: &str = "GUILDHALL_RESULT ";
/// Plugins call platforms while they are enabled, one call per user of a forum (sheet: metagov, plugins).
const LIMIT: Duration = Duration::from_secs(180);

/// An order. Where a value is `"@name@"`, the secret of that name is put in.
pub struct Order<'a> {
    /// What to do.
    pub order: Value,
    /// The secrets in it.
    pub secrets: Vec<(&'a str, SecretString)>,
}

impl From<Value> for Order<'_> {
    fn from(order: Value) -> Self {
        Self {
            order,
            secrets: Vec::new(),
        }
    }
}

/// What stands for a secret in an order.
#[must_use]
pub fn secret_named(name: &str) -> String {
    format!("@{name}@")
}

/// Gives an order and returns its answer.
///
/// # Errors
/// [`FaultKind::BadInput`] and [`FaultKind::Conflict`] as the script refuses, [`FaultKind::Host`] when it fails, and what
/// running it brings.
pub async fn give(
    site: &Site,
    service: &Service,
    order: Order<'_>,
    cancel: &CancellationToken,
) -> Result<Value, Fault> {
    give_at(site, service, &Place::of(site), order, cancel).await
}

/// The same in another folder than the instance's own, as for a copy of it.
///
/// # Errors
/// As [`give`].
pub async fn give_at(
    site: &Site,
    service: &Service,
    place: &Place,
    order: Order<'_>,
    cancel: &CancellationToken,
) -> Result<Value, Fault> {
    let runtime = service.runtime(site)?;
    let mut text = Zeroizing::new(order.order.to_string());
    for (name, secret) in &order.secrets {
        let mark = Value::from(secret_named(name)).to_string();
        text = Zeroizing::new(text.replace(&mark, &quoted(secret)));
    }
    let code = format!("from {} import run; run()", service.orders);
    let run = Manage {
        arguments: &["shell", "-c", &code],
        input: Input::Secret(SecretString::from(text.as_str())),
        secrets: &order.secrets,
        limit: LIMIT,
    };
    let finished = manage(site, service, &runtime, place, run, cancel).await?;
    answer(site, &finished)
}

/// What stands in a field of an answer.
///
/// # Errors
/// [`FaultKind::BadAnswer`] when it has another shape: taken for an empty one it would say that nothing is there.
pub fn part<T: DeserializeOwned>(site: &Site, answer: &Value, field: &str) -> Result<T, Fault> {
    T::deserialize(&answer[field]).map_err(|error| {
        Fault::new(
            FaultKind::BadAnswer,
            format!(
                "{} answered to our order without {field} as it must be; nothing was concluded from it.",
                site.platform
            ),
        )
        .hint(format!(
            "Read {}, then try again.",
            Place::of(site).orders_log().display()
        ))
        .detail(error)
    })
}

/// Gives an order that saves what people wrote into this file.
///
/// # Errors
/// As [`give`]; [`FaultKind::BadAnswer`] when nothing says that it was saved, or nothing is there.
pub async fn save(
    site: &Site,
    service: &Service,
    mut order: Value,
    to: PathBuf,
    cancel: &CancellationToken,
) -> Result<(), Fault> {
    // Written where the service may write, and then put where it may not look.
    let written = Place::of(site).path(&format!("saved-{}.json", site.slug));
    files::remove(&written)?;
    order["to"] = Value::from(written.to_string_lossy());
    let saved = give(site, service, order.into(), cancel).await;
    let taken = match saved.and_then(|saved| part::<u64>(site, &saved, "saved")) {
        Ok(_) if !written.is_file() => Err(not_saved(site)),
        Ok(_) => files::rename(&written, &to),
        Err(fault) => Err(fault),
    };
    if taken.is_err() {
        files::remove(&written)?;
    }
    taken
}

fn not_saved(site: &Site) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!(
            "{} said that it saved what people wrote, and there is nothing.",
            site.platform
        ),
    )
    .hint(format!(
        "Read {}, then try again; nothing was changed.",
        Place::of(site).orders_log().display()
    ))
}

/// What such an order saves, for a community to take along under this name.
///
/// # Errors
/// As [`save`]; [`FaultKind::Storage`].
pub async fn belongings(
    site: &Site,
    service: &Service,
    name: &str,
    order: Value,
) -> Result<BTreeMap<String, Value>, Fault> {
    let place = Place::of(site);
    if !place.is_ours(site)? {
        return Ok(BTreeMap::new());
    }
    let file = place.own().join("belongings.new");
    files::remove(&file)?;
    let never = CancellationToken::new();
    save(site, service, order, file.clone(), &never).await?;
    let rows = files::read_json(&file);
    files::remove(&file)?;
    let rows: Option<Value> = rows?;
    let rows = rows.ok_or_else(|| not_saved(site))?;
    Ok(BTreeMap::from([(name.to_owned(), rows)]))
}

/// A run of `manage.py`.
pub struct Manage<'a> {
    /// Its arguments.
    pub arguments: &'a [&'a str],
    /// What it reads on standard input.
    pub input: Input,
    /// The secrets in that, to be struck out of what it says.
    pub secrets: &'a [(&'a str, SecretString)],
    /// How long it may take.
    pub limit: Duration,
}

/// Runs `manage.py` for the service in this place, with no more rights than the service itself has.
///
/// # Errors
/// [`FaultKind::Host`] when it cannot be run; one that fails is no fault here.
pub async fn manage(
    site: &Site,
    service: &Service,
    runtime: &Runtime,
    place: &Place,
    run: Manage<'_>,
    cancel: &CancellationToken,
) -> Result<Finished, Fault> {
    let own = Place::of(site);
    let folder = runtime.folder.join(service.recipe.manage);
    let mut launch = Launch::new(runtime.program(), folder)
        .arguments(runtime.first_arguments())
        .arguments(["manage.py"])
        .arguments(run.arguments.iter().copied());
    launch.environment = service.environment(runtime, place);
    launch.writes = vec![own.folder().to_owned()];
    let walls = life::walls(site, runtime, &own);
    let (name, _) = life::named(site, &own)?;
    let service = own.run();
    let order = order::Order {
        name,
        walls,
        launch,
        service: &service,
        limit: run.limit,
    };
    let Manage { input, secrets, .. } = run;
    order::run(site, order, cancel, |call| {
        let call = call.log(own.orders_log()).input(input);
        secrets
            .iter()
            .fold(call, |call, (_, secret)| call.redact(secret))
    })
    .await
}

fn answer(site: &Site, finished: &Finished) -> Result<Value, Fault> {
    let line = finished.stdout_tail.lines().rev();
    let answered = line
        .filter_map(|line| line.strip_prefix(MARK))
        .find_map(|text| serde_json::from_str::<Value>(text).ok());
    let said = |field: &str| {
        answered
            .as_ref()
            .and_then(|answer| answer[field].as_str())
            .map(clean_line)
    };
    let refused = |kind| {
        Fault::new(
            kind,
            format!(
                "{} refuses: {}.",
                site.platform,
                said("refused").unwrap_or_else(|| "no reason was given".to_owned())
            ),
        )
        .hint("Change the settings of the instance, then try again.")
    };
    match (finished.status.code(), &answered) {
        (Some(0), Some(answer)) => Ok(answer.clone()),
        (Some(2), Some(_)) => Err(refused(FaultKind::BadInput)),
        (Some(3), Some(_)) => Err(refused(FaultKind::Conflict)),
        _ => {
            let what = said("failed").unwrap_or_else(|| "it did not answer".to_owned());
            Err(Fault::new(
                FaultKind::Host,
                format!(
                    "{} could not do what it was told; nothing was changed: {what}.",
                    site.platform
                ),
            )
            .hint(format!(
                "Read {}, then try again.",
                Place::of(site).orders_log().display()
            ))
            .detail(finished.last_words()))
        }
    }
}
