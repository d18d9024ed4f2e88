//! Where notices go besides the screen: a command, a webhook, or a room on a platform that is connected already.

use super::{
    Engine, core::Core, keyring, notices::Notice, rules::Rules, scene::Scene, submit::label,
};
use crate::{
    adapters::{
        http::Method,
        process::{Input, ProcessCall},
    },
    domain::{Actor, AuditResult, Fault, FaultKind, IntentKind, OperationKey, PlatformId, Slug},
};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

const OUTLET: &str = "notices.outlet";
/// How long the outlet may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// The most characters of one message in a room; the narrowest platform takes 2,000.
const MESSAGE: usize = 1_800;

/// Where notices go besides the screen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outlet {
    /// A program with its arguments; it reads the notices from its standard input.
    Command(Vec<String>),
    /// A file of mode 0600 that holds the address of an incoming webhook.
    WebhookIn(PathBuf),
    /// The first room of an instance, on a platform that is connected already. Whoever is in it reads them.
    Room {
        /// Whose instance, by short name.
        community: Slug,
        /// Of which platform.
        platform: PlatformId,
    },
}

impl Engine {
    /// Says where notices go besides the screen; none to send them nowhere.
    ///
    /// # Errors
    /// `NotAllowed`, `BadInput` for an outlet that cannot work, `Storage`.
    pub async fn set_outlet(&self, actor: &Actor, outlet: Option<Outlet>) -> Result<(), Fault> {
        self.core.require_writable()?;
        match &outlet {
            Some(Outlet::WebhookIn(file)) => {
                address(file)?;
            }
            Some(Outlet::Command(words)) if words.is_empty() => {
                return Err(Fault::new(FaultKind::BadInput, "The command is empty.")
                    .hint("Give the program and its arguments."));
            }
            Some(Outlet::Room {
                community,
                platform,
            }) => self.require_room(actor, community, platform).await?,
            _ => {}
        }
        let asking = actor.clone();
        self.core
            .change(move |writer, rules| {
                let actor = Rules::require(writer, &asking, IntentKind::Settings, None)?;
                writer.set_setting(OUTLET, &outlet)?;
                let detail = match &outlet {
                    Some(Outlet::Command(words)) => format!("a command: {}", words[0]),
                    Some(Outlet::WebhookIn(file)) => format!("a webhook, in {}", file.display()),
                    Some(Outlet::Room {
                        community,
                        platform,
                    }) => format!("a room of {platform} of {community}"),
                    None => "nowhere".to_owned(),
                };
                rules.audit(
                    writer,
                    &label(&actor),
                    IntentKind::Settings.word(),
                    "notices",
                    None,
                    AuditResult::Permitted,
                    &detail,
                )
            })
            .await
    }

    /// Where notices go besides the screen.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn outlet(&self, actor: &Actor) -> Result<Option<Outlet>, Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                Ok(reader.setting::<Option<Outlet>>(OUTLET)?.flatten())
            })
            .await
    }

    /// Refuses a room that nothing could be said in.
    async fn require_room(
        &self,
        actor: &Actor,
        community: &Slug,
        platform: &PlatformId,
    ) -> Result<(), Fault> {
        let adapter = self.core.options.registry.get(platform);
        if !adapter.is_some_and(|adapter| adapter.announces()) {
            return Err(Fault::new(
                FaultKind::Unsupported,
                format!("Nothing can be told in a room of {platform}."),
            )
            .hint("Name a platform on which the community has rooms of its own."));
        }
        let detail = self.instance(actor, community, platform).await?;
        if detail
            .instance
            .is_some_and(|known| known.external_id.is_some())
        {
            return Ok(());
        }
        Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "{} of {community} is not made yet, so there is no room.",
                detail.platform_name
            ),
        )
        .hint("Let it be made first, or name another one."))
    }
}

/// Sends notices through an outlet.
pub(super) async fn send(
    core: &Arc<Core>,
    outlet: &Outlet,
    notices: &[&Notice],
) -> Result<(), Fault> {
    let name = &core.installation.name;
    let mut lines = vec![format!("Guildhall {name}:")];
    let told = |notice: &&Notice| format!("{} {}", notice.what, notice.hint);
    lines.extend(notices.iter().map(told));
    let text = format!("{}\n", lines.join("\n"));
    match outlet {
        Outlet::Command(words) => {
            let Some((program, arguments)) = words.split_first() else {
                return Ok(());
            };
            let call = ProcessCall::new(program)
                .args(arguments.to_vec())
                .input(Input::Bytes(text.into_bytes()))
                .timeout(PATIENCE);
            core.runner.run(call).await?.success().map(drop)
        }
        Outlet::WebhookIn(file) => {
            let call = core
                .http
                .secret_address(Method::POST, &address(file)?)
                .timeout(PATIENCE)
                .json(&json!({ "text": text, "content": text }));
            call.send().await?.success().map(drop)
        }
        Outlet::Room {
            community,
            platform,
        } => say(core, (community, platform), &lines).await,
    }
}

/// Says the lines in the room, in as few messages as hold them.
async fn say(
    core: &Arc<Core>,
    (slug, platform): (&Slug, &PlatformId),
    lines: &[String],
) -> Result<(), Fault> {
    let rules = core.rules();
    let (wanted, of) = (slug.clone(), platform.clone());
    let gone = || {
        Fault::new(
            FaultKind::NotFound,
            "The room that notices go to is gone with its instance.",
        )
        .hint("Choose another outlet: guildhall notices outlet")
    };
    let scene = core
        .store
        .read(move |reader| {
            let community = reader.community_by_slug(&wanted)?.ok_or_else(gone)?;
            let instance = reader.instance_of(community.id, &of)?.ok_or_else(gone)?;
            Scene::read(reader, &rules, instance)
        })
        .await?;
    let adapter = core.options.registry.get(platform).ok_or_else(gone)?;
    let (site, bad) = scene.open(core);
    keyring::mark_bad(core, bad).await?;
    for message in messages(lines) {
        let key = OperationKey::fresh();
        adapter.announce(&site, &message, key.as_str()).await?;
    }
    Ok(())
}

/// Lines put together into messages of a length that every platform takes; a line that is longer is cut.
fn messages(lines: &[String]) -> Vec<String> {
    let mut messages: Vec<String> = Vec::new();
    for line in lines {
        let line = crate::domain::shorten(line, MESSAGE, "...");
        match messages.last_mut() {
            Some(last) if last.chars().count() + line.chars().count() < MESSAGE => {
                last.push('\n');
                last.push_str(&line);
            }
            _ => messages.push(line),
        }
    }
    messages
}

/// The address in a file that nobody else may read.
fn address(file: &Path) -> Result<SecretString, Fault> {
    let refused = |what: String, hint: &str| Fault::new(FaultKind::BadInput, what).hint(hint);
    let shown = file.display();
    let about = fs::metadata(file).map_err(|error| {
        refused(
            format!("{shown} cannot be read."),
            "Write the webhook's address into a file of your own.",
        )
        .detail(error)
    })?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(refused(
            format!("{shown} can be read by others, and whoever has the address can post there."),
            "Close it with: chmod 600",
        ));
    }
    let text = fs::read_to_string(file).map_err(|error| {
        refused(format!("{shown} cannot be read."), "Look at its owner.").detail(error)
    })?;
    let address = text.trim();
    if !address.starts_with("https://") && !address.starts_with("http://127.0.0.1") {
        return Err(refused(
            format!("{shown} holds no address that begins with https://."),
            "Copy the webhook's address into it, and nothing else.",
        ));
    }
    Ok(SecretString::from(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_long_for_one_message_is_told_in_several_and_nothing_is_left_out() {
        let lines: Vec<String> = (0..100)
            .map(|number| format!("{number} {}", "x".repeat(90)))
            .collect();
        let messages = messages(&lines);
        assert!(
            messages.len() > 4 && messages.len() < 8,
            "{}",
            messages.len()
        );
        assert!(
            messages
                .iter()
                .all(|message| message.chars().count() <= MESSAGE)
        );
        assert_eq!(messages.join("\n"), lines.join("\n"));
        let long = super::messages(&["y".repeat(5_000)]);
        assert!(long.len() == 1 && long[0].chars().count() <= MESSAGE);
    }
}
