//! A database that another version of the runtime made: brought up beside, checked there, and only then put in its place.
//!
//! What stands is never migrated itself. Before the switch a copy of it goes to `safety`, and when anything fails nothing
//! was changed and what ran goes on running on the former runtime, which is still there.

use super::{
    life, orders,
    place::Place,
    runtime::{Service, ensure_runtime},
    shared,
    told::Told,
};
use crate::{
    adapters::{
        durable::{Halt, Op},
        local,
        process::Input,
    },
    domain::{Fault, FaultKind},
    services::{
        database, files,
        runtime::Runtime,
        supervisor::{Supervisor, Tools},
    },
};
use jiff::Timestamp;
use secrecy::SecretString;
use serde_json::json;
use std::{path::PathBuf, time::Duration};

/// The fact that says which version of the runtime last migrated the database.
pub const VERSION: &str = "version";
/// How long migrating may take; a template's own takes a minute (sheet: policykit 3).
const LIMIT: Duration = Duration::from_secs(30 * 60);

/// The runtime, installed where it is missing, with the instance's database brought up to it: for orders to an instance
/// that is off.
///
/// # Errors
/// As [`ensure_runtime`] and [`upgrade`].
pub async fn current<T>(
    op: &Op,
    supervisor: &Supervisor,
    service: &Service,
    told: T,
) -> Result<Runtime, Halt>
where
    T: Fn(u16, SecretString) -> Result<Told, Fault> + Send + Sync,
{
    let runtime = ensure_runtime(op, service).await?;
    let secret = life::secret(op, service).await?;
    let beside = told(life::port(op).await?, secret)?;
    upgrade(op, supervisor, service, &runtime, beside).await?;
    Ok(runtime)
}

/// Brings the database up to this runtime, unless it was made by it. `told` is what the instance will be told.
///
/// # Errors
/// [`FaultKind::Host`] when the new version does not take it; nothing was changed then. [`FaultKind::Storage`].
pub async fn upgrade(
    op: &Op,
    supervisor: &Supervisor,
    service: &Service,
    runtime: &Runtime,
    told: Told,
) -> Result<(), Halt> {
    let site = op.site();
    let own = Place::of(site);
    let former: Option<String> = shared::recall(op, VERSION)?;
    let version = service.recipe.version;
    if former.as_deref() == Some(version) || !database::is_migrated(&own.database())? {
        return Ok(());
    }
    let tools = local::tools(site, op.cancel());
    op.progress("upgrading", 1, 4, version);
    let ran = supervisor
        .state(&tools, &own.run())
        .await?
        .is_some_and(|state| state.kept);
    supervisor.stop(&tools, &own.run()).await?;
    let made = Beside::make(&own, told)?
        .try_out(op, service, runtime)
        .await;
    let beside = match made {
        Ok(beside) => beside,
        Err(fault) => {
            let again = if ran {
                start_again(supervisor, &tools, &own).await
            } else {
                "it is off, as it was"
            };
            files::remove(&own.path(FOLDER))?;
            return Err(Fault::new(
                FaultKind::Host,
                format!(
                    "{} of {} could not be brought up to {version}; nothing was changed, and {again}.",
                    site.platform, site.slug
                ),
            )
            .hint(format!("Read {}, then try again.", own.orders_log().display()))
            .detail(fault)
            .into());
        }
    };
    beside.switch(&own, former.as_deref().unwrap_or("unknown"))?;
    shared::keep(op, VERSION, &version.into()).await
}

/// What ran is started as it was, on the runtime that it had.
async fn start_again(supervisor: &Supervisor, tools: &Tools<'_>, own: &Place) -> &'static str {
    let Ok(Some(described)) = Supervisor::described(&own.run()) else {
        return "it is off";
    };
    match supervisor
        .start(tools, &described, &zeroize::Zeroizing::default())
        .await
    {
        Ok(()) => "it runs on as before",
        Err(_) => "it could not be started again on the former version",
    }
}

/// The folder in which it is tried out.
const FOLDER: &str = "upgrade";

/// A copy of the instance's database, with a private file of its own.
struct Beside {
    place: Place,
}

impl Beside {
    /// Copies the database, with what its journal still holds.
    fn make(own: &Place, mut told: Told) -> Result<Self, Fault> {
        let place = own.beside(FOLDER);
        files::remove(place.folder())?;
        files::make_folder(place.folder())?;
        database::settle_journal(&own.database())?;
        database::save(&own.database(), &place.database())?;
        told.plain
            .insert("database".to_owned(), json!(place.database()));
        told.write(&place)?;
        Ok(Self { place })
    }

    /// Migrates the copy and asks it what it holds.
    async fn try_out(self, op: &Op, service: &Service, runtime: &Runtime) -> Result<Self, Fault> {
        let site = op.site();
        let run = orders::Manage {
            arguments: &["migrate", "--noinput"],
            input: Input::Nothing,
            secrets: &[],
            limit: LIMIT,
        };
        let finished =
            orders::manage(site, service, runtime, &self.place, run, op.cancel()).await?;
        if finished.status.code() != Some(0) {
            return Err(
                Fault::new(FaultKind::Host, "Its database could not be migrated.")
                    .detail(finished.last_words()),
            );
        }
        let order = json!({ "do": "look" });
        orders::give_at(site, service, &self.place, order.into(), op.cancel()).await?;
        database::require_whole(&self.place.database())?;
        Ok(self)
    }

    /// Keeps what stood, and puts the copy in its place.
    fn switch(self, own: &Place, former: &str) -> Result<(), Fault> {
        let safety = own.path("safety");
        files::make_folder(&safety)?;
        let today = Timestamp::now().strftime("%Y-%m-%d");
        let kept: PathBuf = safety.join(format!("{today}-{former}.sqlite3"));
        if !kept.is_file() {
            database::save(&own.database(), &kept)?;
        }
        database::settle_journal(&self.place.database())?;
        database::put_in_place(&self.place.database(), &own.database())?;
        files::remove(self.place.folder())
    }
}
