//! What remains to be done about one instance: its data, whose it is, our key.

use super::{
    HandOverLine, Left, Progress, line,
    owned::{self, Known, Owned},
};
use crate::{
    adapters::{Ownership, Secrets, Site, VerifyRequest},
    domain::{Capability, Fault, FaultKind, Instance, InstanceKind, Slug, Verb},
    engine::core::Core,
};
use jiff::tz::TimeZone;

/// Adds the lines of an instance; answers who its platform said just now owns it.
pub(super) async fn of(
    core: &Core,
    slug: &Slug,
    left: Left,
    lines: &mut Vec<HandOverLine>,
) -> Option<Ownership> {
    let Left {
        instance,
        title,
        scene,
        own_key,
        who,
        ended,
        owned,
        data,
    } = left;
    let platform = instance.platform.clone();
    let (site, _) = scene.open(core);
    let is_here = data.is_some();
    let mut told = None;
    if is_here || instance.external_id.is_some() {
        let known = owned::ask(core, &site, owned).await;
        if let Known::Now(ownership) = &known {
            told = Some(ownership.clone());
        }
        let whose = Whose {
            core,
            slug,
            instance: &instance,
            who,
            own_key,
            is_here,
        };
        lines.extend(whose.line(&title, known));
    }
    if let Some(folder) = data {
        lines.push(line(
            format!("{title}: data"),
            Progress::Open,
            format!("lies on this host, in {}", folder.display()),
            format!(
                "Give a copy to the community, then: guildhall instance remove {slug} {platform} --hard"
            ),
        ));
    }
    lines.push(if own_key {
        let (progress, found, to_do) = still_works(core, slug, &site).await;
        let to_do = if progress == Progress::Done {
            format!("It may be forgotten here: guildhall key forget {slug} {platform}")
        } else {
            to_do
        };
        line(format!("{title}: key"), progress, found, to_do)
    } else {
        line(
            format!("{title}: key"),
            Progress::Done,
            ended.map_or_else(
                || "none of its own is kept here".to_owned(),
                |proof| format!("ended: {proof}"),
            ),
            "",
        )
    });
    told
}

/// Whose an instance is.
struct Whose<'a> {
    core: &'a Core,
    slug: &'a Slug,
    instance: &'a Instance,
    /// Who our key is there.
    who: Option<String>,
    own_key: bool,
    /// Whether it lies on this host.
    is_here: bool,
}

impl Whose<'_> {
    fn line(&self, title: &str, known: Known) -> Option<HandOverLine> {
        let object = self.instance.external_id.as_deref().unwrap_or("it");
        let what = format!("{title}: ownership");
        let told = |progress, found: String, to_do: String| {
            Some(line(&what, progress, format!("{object}: {found}"), to_do))
        };
        if self.instance.kind == InstanceKind::Link || self.instance.observe_only {
            let found = "only looked at from here, and never ours".to_owned();
            return told(Progress::Done, found, String::new());
        }
        match known {
            Known::Now(ownership) if ownership.is_handed_over() => {
                told(Progress::Done, ownership.sentence(), String::new())
            }
            Known::Now(ownership) => {
                let who = self.who.as_ref();
                let who = who.map_or_else(String::new, |who| format!(" ({who})"));
                told(
                    Progress::Open,
                    format!("{}{who}", ownership.sentence()),
                    self.how(),
                )
            }
            // Whoever takes the folder has it: the line about the data says so.
            Known::Untold(_) if self.is_here => None,
            Known::Untold(fault) => told(Progress::Unproven, fault.what, fault.hint),
            Known::Before(_, Some(owned)) if owned.ownership.is_handed_over() => {
                told(Progress::Done, seen(&owned), String::new())
            }
            // The key does no harm any more: what is forgotten with it stays as it is.
            Known::Before(fault, Some(owned)) if fault.kind == FaultKind::KeyRejected => told(
                Progress::Open,
                format!("{}. {}", seen(&owned), fault.what),
                format!(
                    "Ask its people whether it is theirs now. If so, forget it here: guildhall instance remove {} {}",
                    self.slug, self.instance.platform
                ),
            ),
            Known::Before(fault, Some(owned)) => told(
                Progress::Open,
                format!("{}. {}", seen(&owned), fault.what),
                fault.hint,
            ),
            Known::Before(fault, None) if self.has_no_key_for(&fault) => told(
                Progress::Unproven,
                "no key is here to look with who owns it".to_owned(),
                "Ask its people there.".to_owned(),
            ),
            Known::Before(fault, None) => told(Progress::Open, fault.what, fault.hint),
        }
    }

    /// Whether nothing that is here could look, now or later.
    fn has_no_key_for(&self, fault: &Fault) -> bool {
        match fault.kind {
            FaultKind::KeyRejected => true,
            FaultKind::NeedsKey => !self.own_key,
            _ => false,
        }
    }

    /// How people become its owners.
    fn how(&self) -> String {
        let (slug, platform) = (self.slug, &self.instance.platform);
        let manifest = self.core.options.catalog.get(platform);
        let who = match manifest.map(|manifest| manifest.capability(Verb::HandOver)) {
            Some(Capability::Auto) => "=WHO",
            _ => "",
        };
        format!(
            "Make people of the community its owners: guildhall community hand-over {slug} --owner {platform}{who}"
        )
    }
}

fn seen(owned: &Owned) -> String {
    let at = owned.seen_at.to_zoned(TimeZone::system());
    format!(
        "{} on {}",
        owned.ownership.sentence(),
        at.strftime("%Y-%m-%d %H:%M")
    )
}

/// Whether the platform still takes the stored keys of an instance.
async fn still_works(core: &Core, slug: &Slug, site: &Site) -> (Progress, String, String) {
    let manifest = core.options.catalog.get(&site.platform);
    let mut entered = Secrets(site.secrets.0.clone());
    entered.0.retain(|field, _| {
        manifest
            .and_then(|manifest| manifest.credential(field))
            .is_some_and(|known| !known.made_by_us)
    });
    if site.locked || entered.0.is_empty() {
        let found = "it could not be opened to try it".to_owned();
        return (
            Progress::Open,
            found,
            "Unlock the vault, then look again.".into(),
        );
    }
    let Some(adapter) = core.options.registry.get(&site.platform) else {
        return (
            Progress::Unproven,
            "there is no adapter to try it with".to_owned(),
            String::new(),
        );
    };
    let request = VerifyRequest {
        site,
        entered: &entered,
    };
    match adapter.verify(&request).await {
        Ok(identity) => (
            Progress::Open,
            format!("still works there, as {}", identity.who),
            format!(
                "End it once the community has everything: guildhall community hand-over {slug} --end-keys"
            ),
        ),
        Err(fault) if fault.kind == FaultKind::KeyRejected => (
            Progress::Done,
            "revoked: the platform refused it just now".to_owned(),
            String::new(),
        ),
        Err(fault) if fault.kind == FaultKind::Unsupported => {
            (Progress::Unproven, fault.what, String::new())
        }
        Err(fault) => (Progress::Open, fault.what, "Look again later.".into()),
    }
}
