//! What services on this host wrote, with every key struck out: shown, and saved into a file.

use super::{
    Engine, reading::seen, rules::Rules, scene::Scene, submit, tenants, views::ServiceLine,
};
use crate::{
    adapters::local,
    domain::{
        Actor, AuditResult, Community, Fault, FaultKind, IntentKind, PlatformId, Slug, clean_line,
    },
    services::{
        files,
        supervisor::{self, Supervisor, log},
    },
};
use std::path::{Path, PathBuf};

/// Shorter words of a log are never taken for a key.
const SHORTEST_KEY: usize = 16;
/// What stands for a key in a log.
const STRUCK: &str = "[secret]";

/// How much of a log is read.
#[derive(Clone, Copy)]
enum Part {
    /// So many lines of its end.
    End(usize),
    /// All that is kept.
    Whole,
}

impl Part {
    fn read(self, path: &Path) -> Result<Vec<String>, Fault> {
        match self {
            Self::End(lines) => log::tail(path, lines),
            Self::Whole => log::kept(path),
        }
    }
}

impl Engine {
    /// The last lines that each part of an instance's service wrote, keys struck out: those of its environment files, those
    /// of its account while the vault is open, and whatever has the shape of a platform's key.
    ///
    /// # Errors
    /// `NotFound` when there is no such instance for this actor or its service was never started; `Storage`.
    pub async fn service_log(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        lines: usize,
    ) -> Result<Vec<ServiceLine>, Fault> {
        let (_, found) = self
            .written(actor, slug, platform, Part::End(lines))
            .await?;
        Ok(found)
    }

    /// Saves all that is kept of what an instance's service wrote into a new file for its owner alone, keys struck out as
    /// in [`Engine::service_log`]. Answers where it lies: at `to`, else under a dated name in the installation's folder.
    ///
    /// # Errors
    /// `NotAllowed`; `Conflict` when the file is there; as [`Engine::service_log`].
    pub async fn save_service_log(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        to: Option<&Path>,
    ) -> Result<PathBuf, Fault> {
        self.core.require_writable()?;
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| Rules::require(reader, &asking, IntentKind::Backup, None).map(drop))
            .await?;
        let (community, lines) = self.written(actor, slug, platform, Part::Whole).await?;
        let path = match to {
            Some(path) => path.to_owned(),
            None => self.dated(slug, platform)?,
        };
        let mut text = String::new();
        for line in &lines {
            text.extend([&line.process, " | ", &line.text, "\n"]);
        }
        files::write_new(&path, text.as_bytes())?;
        let (label, detail) = (submit::label(actor), path.display().to_string());
        let subject = format!("{slug}/{platform}");
        self.core
            .change(move |writer, rules| {
                let (community, permitted) = (Some(community.id), AuditResult::Permitted);
                rules.audit(
                    writer, &label, "save-log", &subject, community, permitted, &detail,
                )
            })
            .await?;
        Ok(path)
    }

    fn dated(&self, slug: &Slug, platform: &PlatformId) -> Result<PathBuf, Fault> {
        let folder = self.core.options.home.join("saved-logs");
        files::make_folder(&folder)?;
        let now = self.core.now().strftime("%Y-%m-%d-%H%M%S");
        Ok(folder.join(format!("{now}-{slug}-{platform}.log")))
    }

    async fn written(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        part: Part,
    ) -> Result<(Community, Vec<ServiceLine>), Fault> {
        let (core, asking) = (self.core.clone(), actor.clone());
        let (wanted_slug, wanted) = (slug.clone(), platform.clone());
        let (community, scene, data) = self
            .core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &wanted_slug)?;
                let instance = reader.instance_of(community.id, &wanted)?;
                let instance = instance.ok_or_else(|| never_ran(&wanted_slug, &wanted))?;
                let rules = core.rules();
                if Rules::require(reader, &asking, IntentKind::ViewAccounts, None).is_err() {
                    tenants::require_own(
                        &rules,
                        &instance,
                        "what it wrote tells of all of them and is for operators",
                    )?;
                }
                let home = &core.options.home;
                let data = tenants::service_data(&rules, home, &community, &instance)?;
                Ok((community, Scene::read(reader, &rules, instance)?, data))
            })
            .await?;
        let (site, _) = scene.open(&self.core);
        let folder = supervisor::folder_of(&data);
        let service = Supervisor::described(&folder)?.ok_or_else(|| never_ran(slug, platform))?;
        let mut secrets = service.secrets();
        secrets.extend(site.secrets.0.into_values());
        let mut found = Vec::new();
        for name in service.launches().map(|(name, _)| name).chain(["keeper"]) {
            let said = part.read(&folder.join(format!("{name}.log")))?.join("\n");
            let said = local::strike(&secrets, &said);
            found.extend(said.lines().map(|line| ServiceLine {
                process: name.to_owned(),
                text: clean_line(&self.without_keys(line)),
            }));
        }
        Ok((community, found))
    }

    /// A line without the words that have the shape of a key.
    fn without_keys(&self, line: &str) -> String {
        let catalog = &self.core.options.catalog;
        let is_part = |letter: char| letter.is_ascii_alphanumeric() || "_-.".contains(letter);
        let mut clean = line.to_owned();
        for word in line.split(|letter| !is_part(letter)) {
            if word.len() >= SHORTEST_KEY && !catalog.guess_platform(word).is_empty() {
                clean = clean.replace(word, STRUCK);
            }
        }
        clean
    }
}

fn never_ran(slug: &Slug, platform: &PlatformId) -> Fault {
    Fault::new(
        FaultKind::NotFound,
        format!("{platform} of {slug} never ran on this host."),
    )
    .hint("Activate it first; what lives elsewhere has its log there.")
}
