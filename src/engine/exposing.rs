//! What a web server in front of an instance on this host may publish of it. Nothing is changed by asking.

use super::{Engine, facts, reading::seen, rules::Rules, tenants};
use crate::{
    catalog::{Exposure, Manifest},
    domain::{
        Actor, Community, Fault, FaultKind, Instance, InstanceKind, IntentKind, PlatformId, Slug,
    },
    services::proxy::{Domain, Published},
    store::Reader,
};
use std::collections::BTreeSet;

/// What is published of an instance, and what a person must know and do.
#[derive(Debug, Clone)]
pub struct Exposing {
    /// What the web server is told.
    pub published: Published,
    /// What becomes known or possible by publishing, and why the web server asks who comes.
    pub tells: Vec<String>,
    /// The setting that must hold the public address, and that address; none where it does already.
    pub address: Option<(String, String)>,
}

impl Engine {
    /// What may be published of an instance under a name. `also` names paths that are left out unless they are asked for.
    ///
    /// # Errors
    /// `NotAllowed` for whoever is no operator; `NotFound` where nothing ran on this host yet; `Unsupported` for what lives
    /// elsewhere; `BadInput` for a path that cannot be asked for; `Storage`.
    pub async fn exposing(
        &self,
        actor: &Actor,
        slug: &Slug,
        platform: &PlatformId,
        domain: Domain,
        also: &[String],
    ) -> Result<Exposing, Fault> {
        let (asking, slug, platform) = (actor.clone(), slug.clone(), platform.clone());
        let (rules, also) = (self.core.rules(), also.to_vec());
        self.core
            .store
            .read(move |reader| {
                // The web server is the installation's: who may make communities may publish them.
                Rules::require(reader, &asking, IntentKind::CreateCommunity, None)?;
                let community = seen(reader, &asking, &slug)?;
                let manifest = rules.manifest(&platform)?;
                let instance = reader.instance_of(community.id, &platform)?;
                let Some((instance, exposure)) = instance.zip(manifest.exposure.as_ref()) else {
                    return Err(elsewhere(manifest, &community));
                };
                let shares = manifest.shares_a_service_here(instance.kind);
                if instance.kind != InstanceKind::Dedicated && !shares {
                    return Err(elsewhere(manifest, &community));
                }
                let held = rules.fields_held(reader, &platform, community.id)?;
                let what = What {
                    community: &community,
                    rules: &rules,
                    manifest,
                    exposure,
                    held: &held,
                    also: &also,
                };
                what.exposing(reader, &instance, domain)
            })
            .await
    }
}

struct What<'a> {
    community: &'a Community,
    rules: &'a Rules,
    manifest: &'a Manifest,
    exposure: &'a Exposure,
    held: &'a BTreeSet<String>,
    also: &'a [String],
}

impl What<'_> {
    fn exposing(
        &self,
        reader: &Reader<'_>,
        instance: &Instance,
        domain: Domain,
    ) -> Result<Exposing, Fault> {
        let (slug, platform) = (&self.community.slug, &self.manifest.id);
        let port = facts::of_adapter(reader, instance.id)?
            .get("port")
            .and_then(serde_json::Value::as_u64)
            .and_then(|port| u16::try_from(port).ok());
        let port = port.ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!("{platform} of {slug} has no port on this host yet."),
            )
            .hint("Activate it first.")
        })?;
        let refused = self.refused()?;
        let wanted = format!("https://{domain}");
        let address = self.exposure.address.as_ref().filter(|field| {
            let set = self.manifest.setting_value(&instance.settings, field);
            set.map(|set| set.trim_end_matches('/')) != Some(wanted.as_str())
        });
        let mut tells = self.exposure.tells.clone();
        tells.extend(self.exposure.ask_who.clone());
        let others = tenants::others(reader, self.rules, instance)?;
        if !others.is_empty() {
            let names: Vec<&str> = others.iter().map(|(slug, _)| slug.as_str()).collect();
            tells.push(format!(
                "Others share this service and are published along: {}.",
                names.join(", ")
            ));
        }
        Ok(Exposing {
            published: Published {
                title: format!("{} of {}", self.manifest.name, self.community.name),
                name: format!("{slug}-{platform}"),
                port,
                paths: self
                    .exposure
                    .publish
                    .iter()
                    .map(|path| self.filled(path))
                    .collect(),
                refused,
                methods: self.exposure.methods.clone(),
                asks_who: self.exposure.ask_who.is_some(),
                domain,
            },
            tells,
            address: address.map(|field| (field.clone(), wanted)),
        })
    }

    /// What is left out: neither a key that is held nor the operator lets it through.
    fn refused(&self) -> Result<Vec<(String, String)>, Fault> {
        let left_out = &self.exposure.left_out;
        for path in self.also {
            let may = left_out
                .iter()
                .any(|left| left.on_request && self.filled(&left.path) == *path);
            if !may {
                let known: Vec<String> = left_out
                    .iter()
                    .filter(|left| left.on_request)
                    .map(|left| self.filled(&left.path))
                    .collect();
                let fault = Fault::new(
                    FaultKind::BadInput,
                    format!("{path} cannot be asked for; nothing was written."),
                );
                return Err(if known.is_empty() {
                    fault.hint("There is nothing that can be asked for here; leave --also out.")
                } else {
                    fault.hint(format!("What can be asked for: {}.", known.join(", ")))
                });
            }
        }
        Ok(left_out
            .iter()
            .filter(|left| {
                let has_key = left
                    .unless_key
                    .as_ref()
                    .is_some_and(|key| self.held.contains(key));
                !has_key && !self.also.contains(&self.filled(&left.path))
            })
            .map(|left| (self.filled(&left.path), left.why.clone()))
            .collect())
    }

    fn filled(&self, path: &str) -> String {
        path.replace("{community}", self.community.slug.as_str())
    }
}

fn elsewhere(manifest: &Manifest, community: &Community) -> Fault {
    Fault::new(
        FaultKind::Unsupported,
        format!(
            "{} of {} does not run on this host; there is nothing to publish.",
            manifest.name, community.slug
        ),
    )
    .hint("What lives elsewhere is published there.")
}
