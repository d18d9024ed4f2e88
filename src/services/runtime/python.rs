//! Installs a Django service from its sources: sources, environment, packages, our overlay, front end, template database,
//! check, switch.
//!
//! It is made in one folder and used in another, so nothing may hold the first one's name: programs are run as modules of
//! `venv/bin/python` (never by the scripts beside it, whose first line names a folder), and sources are found by `PYTHONPATH`.

use super::{
    Runtime,
    source::{self, Origin, Source},
    steps::{self, Begun, Described, Installation, Plan, Tools},
};
use crate::{
    domain::{Fault, FaultKind},
    services::{
        command::Command,
        files,
        toolchain::{self, Tool},
    },
};
use std::path::{Path, PathBuf};

/// How a runtime of a Django service is installed.
#[derive(Debug, Clone, Copy)]
pub struct PythonRecipe {
    /// The name of its folder, with the version.
    pub name: &'static str,
    /// The platform's version, with the revision of what is ours in it.
    pub version: &'static str,
    /// The Python that runs it.
    pub python: Tool,
    /// Its sources.
    pub sources: &'static [Source],
    /// Its packages, each pinned.
    pub requirements: &'static str,
    /// Folders of its sources that are installed as packages.
    pub packages: &'static [&'static str],
    /// Our own files: place below the folder, text. `{runtime}` stands for the folder where it is made.
    pub overlay: &'static [(&'static str, &'static str)],
    /// Pages that are built once.
    pub front_end: Option<FrontEnd>,
    /// The folder of `manage.py`, below the folder.
    pub manage: &'static str,
    /// Variables for `manage.py`, where it is made; `{runtime}` stands for the folder.
    pub environment: &'static [(&'static str, &'static str)],
    /// What `manage.py` makes, in this order; the last one is the check.
    pub commands: &'static [Manage],
    /// What was only needed to make it.
    pub remove: &'static [&'static str],
}

/// Pages that Node builds.
#[derive(Debug, Clone, Copy)]
pub struct FrontEnd {
    /// The folder of its `package.json`, below the runtime's.
    pub folder: &'static str,
    /// The arguments of npx that build it.
    pub build: &'static [&'static str],
    /// A file that is there once it is built.
    pub made: &'static str,
}

/// A run of `manage.py`.
#[derive(Debug, Clone, Copy)]
pub struct Manage {
    /// Its name in the journal of the installation.
    pub step: &'static str,
    /// What is being done, for people.
    pub phase: &'static str,
    /// Its arguments.
    pub arguments: &'static [&'static str],
    /// Removed before it begins, so that a former attempt leaves nothing.
    pub begins_without: &'static [&'static str],
    /// What it must say.
    pub says: &'static str,
}

impl PythonRecipe {
    /// Sources, environment, packages, overlay, front end, commands, switch.
    fn plan(&self) -> Plan {
        let fixed = 4;
        Plan {
            name: self.name,
            version: self.version,
            steps: fixed
                + self.sources.len()
                + usize::from(self.front_end.is_some())
                + self.commands.len(),
        }
    }
}

/// Finds the runtime, or installs it. `origins` says where each of the sources is taken from, in their order.
///
/// # Errors
/// [`FaultKind::Host`] when a tool is missing or a step fails (what was finished stays and is not done again),
/// [`FaultKind::BadInput`] when a source's folder is another one, [`FaultKind::InUse`] when another installation takes too
/// long, [`FaultKind::Cancelled`], [`FaultKind::Storage`].
pub async fn ensure_python(
    tools: Tools<'_>,
    recipe: &PythonRecipe,
    origins: &[Origin],
) -> Result<Runtime, Fault> {
    let making = match steps::begin(tools, recipe.plan()).await? {
        Begun::There(runtime) => return Ok(runtime),
        Begun::Ours(making) => making,
    };
    let mut needed = vec![recipe.python];
    if origins.iter().any(Origin::needs_git) {
        needed.push(toolchain::GIT);
    }
    if recipe.front_end.is_some() {
        needed.extend([toolchain::NODE_20, toolchain::NPM]);
    }
    let places = toolchain::require(tools.commands, &needed).await?;
    let python = places.first().ok_or_else(|| {
        Fault::new(FaultKind::Internal, "A tool that is here was lost.").hint("Try again.")
    })?;
    Install {
        making,
        recipe,
        origins,
    }
    .install(python)
    .await
}

struct Install<'a> {
    making: Installation<'a>,
    recipe: &'a PythonRecipe,
    origins: &'a [Origin],
}

impl Install<'_> {
    async fn install(mut self, python: &Path) -> Result<Runtime, Fault> {
        self.sources().await?;
        self.environment(python).await?;
        self.packages().await?;
        self.overlay()?;
        self.front_end().await?;
        for command in self.recipe.commands {
            self.manage(command).await?;
        }
        for name in self.recipe.remove {
            files::remove(&self.making.folder.join(name))?;
        }
        let sources = self.recipe.sources.iter().zip(self.origins);
        let sources = sources
            .map(|(source, origin)| (source.name.to_owned(), source::told(source, origin)))
            .collect();
        self.making.switch(Described {
            program: vec!["{runtime}/venv/bin/python".to_owned()],
            site: None,
            sources,
        })
    }

    async fn sources(&mut self) -> Result<(), Fault> {
        for (at, source) in self.recipe.sources.iter().enumerate() {
            let origin = self.origins.get(at).unwrap_or(&Origin::Upstream);
            let step = format!("source-{}", source.name);
            let phase = format!("fetching {}", source.name);
            let from = source::told(source, origin);
            if self
                .making
                .needs(&step, &phase, &[from.as_bytes(), source.commit.as_bytes()])?
            {
                source::take(&self.making, source, origin).await?;
                self.making.finished(&step)?;
            }
        }
        Ok(())
    }

    async fn environment(&mut self, python: &Path) -> Result<(), Fault> {
        let step = "environment";
        let from = python.to_string_lossy().into_owned();
        if self
            .making
            .needs(step, "making the environment", &[from.as_bytes()])?
        {
            files::remove(&self.making.folder.join("venv"))?;
            let call = self.making.call(python).arguments(["-m", "venv", "venv"]);
            let what =
                "The environment of Python could not be made (Debian: apt install python3.11-venv)";
            self.making.must(call, what).await?;
            self.making.finished(step)?;
        }
        Ok(())
    }

    async fn packages(&mut self) -> Result<(), Fault> {
        let step = "packages";
        let mut made_from = vec![self.recipe.requirements.as_bytes()];
        made_from.extend(self.recipe.packages.iter().map(|name| name.as_bytes()));
        if !self.making.needs(step, "fetching packages", &made_from)? {
            return Ok(());
        }
        let list = self.making.folder.join("requirements.txt");
        files::write(&list, self.recipe.requirements.as_bytes())?;
        let what = "pip could not fetch the packages";
        let install = ["-m", "pip", "install", "--no-input", "--prefer-binary"];
        let call = self.python().arguments(install).arguments([
            "--disable-pip-version-check",
            "-r",
            "requirements.txt",
        ]);
        self.making.must(call, what).await?;
        for package in self.recipe.packages {
            let call = self
                .python()
                .arguments(install)
                .arguments(["--no-deps", "--no-build-isolation"])
                .arguments([format!("./{package}")]);
            let what = format!("The package in {package} could not be installed");
            self.making.must(call, &what).await?;
        }
        self.making.finished(step)
    }

    fn overlay(&mut self) -> Result<(), Fault> {
        let step = "overlay";
        let mut made_from: Vec<&[u8]> = Vec::new();
        for (place, text) in self.recipe.overlay {
            made_from.extend([place.as_bytes(), text.as_bytes()]);
        }
        if self.making.needs(step, "writing settings", &made_from)? {
            for (place, text) in self.recipe.overlay {
                let path = self.making.folder.join(place);
                path.parent().map_or(Ok(()), files::make_folder)?;
                files::write(&path, self.filled(text).as_bytes())?;
            }
            self.making.finished(step)?;
        }
        Ok(())
    }

    async fn front_end(&mut self) -> Result<(), Fault> {
        let Some(front) = self.recipe.front_end else {
            return Ok(());
        };
        let step = "front-end";
        if !self.making.needs(step, "building the pages", &[])? {
            return Ok(());
        }
        let folder = self.making.folder.join(front.folder);
        let what = "The pages could not be built";
        for (program, arguments) in [
            (
                "npm",
                ["ci", "--ignore-scripts", "--no-audit", "--no-fund"].as_slice(),
            ),
            ("npx", front.build),
        ] {
            let mut call = self.making.call(program).arguments(arguments);
            call.package = Some(toolchain::NPM.package.to_owned());
            call.folder = Some(folder.clone());
            self.making.must(call, what).await?;
        }
        if !folder.join(front.made).is_file() {
            return Err(self
                .making
                .fault(&format!("{what}: {} is missing", front.made)));
        }
        files::remove(&folder.join("node_modules"))?;
        self.making.finished(step)
    }

    async fn manage(&mut self, command: &Manage) -> Result<(), Fault> {
        let words = command.arguments.join(" ");
        if !self
            .making
            .needs(command.step, command.phase, &[words.as_bytes()])?
        {
            return Ok(());
        }
        for name in command.begins_without {
            files::remove(&self.making.folder.join(name))?;
        }
        let mut call = self
            .python()
            .arguments(["manage.py"])
            .arguments(command.arguments);
        call.folder = Some(self.making.folder.join(self.recipe.manage));
        for (name, value) in self.recipe.environment {
            let value = self.filled(value);
            call.environment.push(((*name).to_owned(), value.into()));
        }
        let what = format!("manage.py {words} failed");
        let ended = self.making.must(call, &what).await?;
        if !(ended.output.contains(command.says) || ended.errors.contains(command.says)) {
            return Err(self
                .making
                .fault(&format!("{what}: it did not say {:?}", command.says)));
        }
        self.making.finished(command.step)
    }

    fn python(&self) -> Command {
        let program: PathBuf = self.making.folder.join("venv/bin/python");
        self.making.call(program)
    }

    fn filled(&self, text: &str) -> String {
        text.replace("{runtime}", &self.making.folder.to_string_lossy())
    }
}

#[cfg(test)]
mod tests;
