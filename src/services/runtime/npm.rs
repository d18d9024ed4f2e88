//! Installs a runtime from npm, in steps that are not done again once they are finished.

use super::{
    Runtime,
    steps::{self, Begun, Described, Installation, Plan, Tools},
};
use crate::{
    domain::{Fault, FaultKind},
    services::{command::Ended, files, toolchain},
};
use std::{collections::BTreeMap, path::Path};

/// How a runtime from npm is installed.
#[derive(Debug, Clone, Copy)]
pub struct NpmRecipe {
    /// The name of its folder, with the version.
    pub name: &'static str,
    /// The platform's version.
    pub version: &'static str,
    /// `package.json`.
    pub package: &'static str,
    /// `package-lock.json`, without addresses of a registry.
    pub lock: &'static str,
    /// The one package whose native part is built; no other package's scripts are run.
    pub native: &'static str,
    /// The program's script, below the folder.
    pub script: &'static str,
    /// The shared site, below the folder.
    pub site: &'static str,
    /// JavaScript that fails when the native part does not work.
    pub trial: &'static str,
    /// What `--version` prints.
    pub says: &'static str,
}

/// Packages, native part, trial, switch.
const STEPS: usize = 4;

impl NpmRecipe {
    fn plan(&self) -> Plan {
        Plan {
            name: self.name,
            version: self.version,
            steps: STEPS,
        }
    }
}

/// Finds the runtime, or installs it.
///
/// # Errors
/// [`FaultKind::Host`] when a tool is missing or a step fails (what was finished stays and is not done again),
/// [`FaultKind::InUse`] when another installation takes too long, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
pub async fn ensure_npm(tools: Tools<'_>, recipe: &NpmRecipe) -> Result<Runtime, Fault> {
    let installation = match steps::begin(tools, recipe.plan()).await? {
        Begun::There(runtime) => return Ok(runtime),
        Begun::Ours(installation) => installation,
    };
    let needed = [
        toolchain::NODE,
        toolchain::NPM,
        toolchain::COMPILER,
        toolchain::MAKE,
        toolchain::PYTHON,
    ];
    let places = toolchain::require(tools.commands, &needed).await?;
    let [node, npm, ..] = places.as_slice() else {
        return Err(
            Fault::new(FaultKind::Internal, "A tool that is here was lost.").hint("Try again."),
        );
    };
    install(installation, recipe, node, npm).await
}

async fn install(
    mut making: Installation<'_>,
    recipe: &NpmRecipe,
    node: &Path,
    npm: &Path,
) -> Result<Runtime, Fault> {
    let list = [recipe.package.as_bytes(), recipe.lock.as_bytes()];
    if making.needs("packages", "fetching packages", &list)? {
        let folder = &making.folder;
        files::write(&folder.join("package.json"), recipe.package.as_bytes())?;
        files::write(&folder.join("package-lock.json"), recipe.lock.as_bytes())?;
        let call =
            making
                .call(npm)
                .arguments(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]);
        making
            .must(call, "npm could not fetch the packages")
            .await?;
        making.finished("packages")?;
    }
    if making.needs("native", "building the native module", &[])? {
        build(&making, recipe, node, npm).await?;
        making.finished("native")?;
    }
    making.tell("trying it");
    trial(&making, recipe, node).await?;
    making.passed();
    making.switch(Described {
        program: vec![
            node.to_string_lossy().into_owned(),
            format!("{{runtime}}/{}", recipe.script),
        ],
        site: Some(recipe.site.to_owned()),
        sources: BTreeMap::new(),
    })
}

async fn build(
    making: &Installation<'_>,
    recipe: &NpmRecipe,
    node: &Path,
    npm: &Path,
) -> Result<(), Fault> {
    let mut call = making
        .call(npm)
        .arguments(["rebuild", recipe.native, "--foreground-scripts"]);
    call.environment.push(("JOBS".to_owned(), "2".into()));
    // Built here from the source that the lock file vouches for, never fetched ready-made from elsewhere.
    call.environment
        .push(("npm_config_build_from_source".to_owned(), "true".into()));
    if let Some(headers) = toolchain::node_headers(node) {
        call.environment
            .push(("npm_config_nodedir".to_owned(), headers.into_os_string()));
    }
    let what = format!("The native module {} could not be built", recipe.native);
    making.must(call, &what).await.map(|_| ())
}

async fn trial(making: &Installation<'_>, recipe: &NpmRecipe, node: &Path) -> Result<(), Fault> {
    let ended = making
        .run(making.call(node).arguments(["-e", recipe.trial]))
        .await?;
    if ended.code != Some(0) {
        making.void("native")?;
    }
    making.need(&ended, "The native module that was built does not load")?;
    let call = making.call(node).arguments([recipe.script, "--version"]);
    let ended = making.run(call).await?;
    if ended.code != Some(0) || ended.output.trim() != recipe.says {
        making.void("packages")?;
        let ended = Ended {
            code: None,
            ..ended
        };
        return making.need(&ended, "What was installed does not run");
    }
    Ok(())
}

#[cfg(test)]
mod tests;
