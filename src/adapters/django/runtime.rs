//! The shared runtime of a Django service: where its sources come from, and how far its installation is.

use super::place::Place;
use crate::{
    adapters::{contract::Site, durable::Op, local},
    domain::{Fault, FaultKind, Progress},
    services::runtime::{self, Origin, PythonRecipe, Runtime, Tools, Watch},
};
use std::{collections::BTreeMap, sync::Arc};

/// What all instances of a Django service share.
#[derive(Debug, Clone, Copy)]
pub struct Service {
    /// The platform's id.
    pub id: &'static str,
    /// How its runtime is installed.
    pub recipe: PythonRecipe,
    /// The settings that say where each of the recipe's sources is taken from, in their order.
    pub sources: &'static [&'static str],
    /// The module of our settings.
    pub settings: &'static str,
    /// Where modules are found, below the runtime.
    pub paths: &'static [&'static str],
    /// The module with our orders.
    pub orders: &'static str,
    /// The field of the manifest that holds the server's secret.
    pub secret_field: &'static str,
}

impl Service {
    /// The runtime, which must be there.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when it is not, [`FaultKind::Storage`].
    pub fn runtime(&self, site: &Site) -> Result<Runtime, Fault> {
        let Self { recipe, .. } = self;
        runtime::find(&site.runtime_folder, recipe.name, recipe.version)?.ok_or_else(|| {
            Fault::new(
                FaultKind::Host,
                format!("The runtime {} is not installed.", recipe.name),
            )
            .hint("Activate the instance; it is then installed.")
        })
    }

    /// The variables of everything that runs for an instance. No secret: those stand in the file that one of them names.
    #[must_use]
    pub fn environment(&self, runtime: &Runtime, place: &Place) -> BTreeMap<String, String> {
        let path = |folder: &&str| runtime.folder.join(folder).to_string_lossy().into_owned();
        let paths: Vec<String> = self.paths.iter().map(path).collect();
        [
            ("PYTHONPATH", paths.join(":")),
            ("PYTHONUNBUFFERED", "1".to_owned()),
            // The runtime is shared and only read.
            ("PYTHONDONTWRITEBYTECODE", "1".to_owned()),
            ("DJANGO_SETTINGS_MODULE", self.settings.to_owned()),
            (
                "GUILDHALL_INSTANCE",
                place.told().to_string_lossy().into_owned(),
            ),
            ("GUILDHALL_NAME", place.name().to_owned()),
        ]
        .into_iter()
        .map(|(name, value)| (name.to_owned(), value))
        .collect()
    }
}

/// Finds or installs the runtime, with progress.
///
/// # Errors
/// As [`runtime::ensure_python`].
pub async fn ensure_runtime(op: &Op, service: &Service) -> Result<Runtime, Fault> {
    let site = op.site();
    let mut origins = Vec::new();
    for setting in service.sources {
        origins.push(Origin::read(site.settings.get(setting))?);
    }
    let progress = op.progress_sender();
    let watch: Watch = Arc::new(move |phase, done, of, item| {
        progress.send_replace(Progress {
            phase: phase.to_owned(),
            done: u32::try_from(done).unwrap_or(u32::MAX),
            of: u32::try_from(of).unwrap_or(u32::MAX),
            item: item.to_owned(),
        });
    });
    let builds = local::builds(site, service.recipe.name, op.cancel())?;
    let tools = Tools {
        runtimes: &site.runtime_folder,
        commands: &site.runner,
        builds: &builds,
        watch: &watch,
        cancel: op.cancel(),
    };
    runtime::ensure_python(tools, &service.recipe, &origins).await
}
