//! Where a community lives already: servers on this host and on domains that the operator names, known by what they
//! answer without a key. What is found is offered to new communities with its address.

use super::{Engine, communities, rules::Rules, submit::Applied, titles, views::Receipt};
use crate::{
    adapters::http::Http,
    catalog::{Catalog, HomeSign, Manifest},
    domain::{Actor, Choice, Fault, FaultKind, IntentKind, PlatformId, clean_line},
    store::{Reader, Writer},
};
use serde::Serialize;
use std::{collections::BTreeMap, time::Duration};
use tokio::task::JoinSet;
use url::Url;

/// The name under which the installation keeps the addresses of its homes.
const HOMES: &str = "homes";
/// How long one address may take to answer: whoever waits sits before the screen.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most domains that are looked at in one go.
const MOST_DOMAINS: usize = 20;

/// A server that answered as one of a platform.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FoundHome {
    /// Of which platform.
    pub platform: PlatformId,
    /// Its name for people.
    pub name: String,
    /// Its address, as the platform's setting takes it.
    pub address: String,
    /// What its answer proves.
    pub proves: String,
}

impl Engine {
    /// Looks for servers of platforms on this host and on these domains. Whoever does not answer is not found; nothing is
    /// sent but a question that anybody may ask.
    ///
    /// # Errors
    /// `NotAllowed`; `BadInput` for a domain that is none, or too many of them.
    pub async fn find_homes(
        &self,
        actor: &Actor,
        domains: &[String],
    ) -> Result<Vec<FoundHome>, Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::SetTemplate, None).map(drop)
            })
            .await?;
        let named = named(domains)?;
        // A sandbox asks nobody outside: only the hosts that it stands in for.
        let options = &self.core.options;
        let may_ask = |base: &Url| {
            let host = base.host_str().unwrap_or_default();
            let port = base.port().map(|port| format!("{host}:{port}"));
            !options.sandbox
                || options.overrides.contains_key(host)
                || port.is_some_and(|whole| options.overrides.contains_key(&whole))
        };
        let mut looks = JoinSet::new();
        for manifest in self.core.options.catalog.iter() {
            let Some(signs) = &manifest.discover else {
                continue;
            };
            let loopback = signs
                .loopback
                .iter()
                .filter_map(|text| Url::parse(text).ok());
            for base in named.iter().cloned().chain(loopback).filter(&may_ask) {
                let (http, signs) = (self.core.http.clone(), signs.unauthenticated.clone());
                let (id, name) = (manifest.id.clone(), manifest.name.clone());
                looks.spawn(async move {
                    let proves = answers(&http, &base, &signs).await?;
                    Some(FoundHome {
                        platform: id,
                        name,
                        address: base.as_str().trim_end_matches('/').to_owned(),
                        proves,
                    })
                });
            }
        }
        // A look that panicked has found nothing, and has shown its place in the log.
        let mut found: Vec<FoundHome> = Vec::new();
        while let Some(look) = looks.join_next().await {
            found.extend(look.ok().flatten());
        }
        found.sort_by(|one, other| {
            let key = |home: &FoundHome| (home.platform.clone(), home.address.clone());
            key(one).cmp(&key(other))
        });
        Ok(found)
    }
}

/// Domains as addresses: a bare name means https.
fn named(domains: &[String]) -> Result<Vec<Url>, Fault> {
    if domains.len() > MOST_DOMAINS {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "{} domains are too many; at most {MOST_DOMAINS}.",
                domains.len()
            ),
        )
        .hint("Name the servers on which the community lives."));
    }
    domains
        .iter()
        .map(|domain| {
            let text = domain.trim();
            let whole = if text.contains("://") {
                text.to_owned()
            } else {
                format!("https://{text}")
            };
            Url::parse(&whole)
                .ok()
                .filter(|url| url.has_host() && url.username().is_empty())
                .ok_or_else(|| {
                    Fault::new(
                        FaultKind::BadInput,
                        format!("{:?} is no domain.", clean_line(text)),
                    )
                    .hint("Write a name such as forum.example.org, or an address that begins with https://.")
                })
        })
        .collect()
}

/// What an address proves; none where it does not answer as such a server does.
async fn answers(http: &Http, base: &Url, signs: &[HomeSign]) -> Option<String> {
    for sign in signs {
        let call = http
            .get(base, &sign.path)
            .once()
            .no_redirects()
            .timeout(PATIENCE);
        let told = match call.send().await {
            Ok(answer) if answer.is_success() => answer.value(),
            _ => continue,
        };
        if told
            .pointer(&sign.pointer)
            .is_some_and(|held| !held.is_null())
        {
            return Some(sign.proves.clone());
        }
    }
    None
}

/// Offers these homes to new communities: with their addresses, and made unless the template said more.
pub(super) fn take(
    writer: &Writer<'_>,
    rules: &Rules,
    homes: BTreeMap<PlatformId, String>,
) -> Result<Applied, Fault> {
    let mut kept: BTreeMap<PlatformId, String> = writer.setting(HOMES)?.unwrap_or_default();
    let template = communities::template(writer, rules)?;
    let mut chosen = BTreeMap::new();
    let mut told = Vec::new();
    for (platform, address) in homes {
        let address = checked(rules.manifest(&platform)?, &address)?;
        if template.get(&platform) == Some(&Choice::Off) {
            chosen.insert(platform.clone(), Choice::Inactive);
        }
        told.push(format!(
            "{} at {address}",
            titles::platform(&rules.catalog, &platform)
        ));
        kept.insert(platform, address);
    }
    writer.set_setting(HOMES, &kept)?;
    if !chosen.is_empty() {
        communities::set_template(writer, rules, chosen)?;
    }
    let told = told.join(", ");
    Ok(Applied {
        subject: HOMES.to_owned(),
        detail: told.clone(),
        receipt: Receipt {
            message: format!("New communities are offered {told}."),
            ..Receipt::default()
        },
        ..Applied::default()
    })
}

fn checked(manifest: &Manifest, address: &str) -> Result<String, Fault> {
    let setting = manifest
        .discover
        .as_ref()
        .and_then(|signs| manifest.setting(&signs.setting))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::BadInput,
                format!("{} has no server of its own to be found.", manifest.name),
            )
            .hint("The catalog says which platforms have one.")
        })?;
    setting
        .check(address)
        .map_err(|reason| Fault::new(FaultKind::BadInput, reason).hint(setting.help.clone()))
}

/// The address of a platform's home, for the settings of a new instance in which none was given.
pub(super) fn prefill(
    reader: &Reader<'_>,
    catalog: &Catalog,
    platform: &PlatformId,
    settings: &mut BTreeMap<String, String>,
) -> Result<(), Fault> {
    let homes: Option<BTreeMap<PlatformId, String>> = reader.setting(HOMES)?;
    let signs = catalog
        .get(platform)
        .and_then(|manifest| manifest.discover.as_ref());
    if let (Some(address), Some(signs)) = (homes.unwrap_or_default().remove(platform), signs) {
        settings.entry(signs.setting.clone()).or_insert(address);
    }
    Ok(())
}
