//! What a community takes along when it leaves: everything this installation knows of it, and no secret.

use super::{
    Engine, handing_over::owned, keyring, reading::seen, rules::Rules, scene::Scene, submit, titles,
};
use crate::{
    domain::{
        Actor, Admin, Allowance, AuditEntry, AuditResult, Community, Connection, CredentialState,
        Fault, Instance, IntentKind, Operation, Request, Slug,
    },
    store::{AuditFilter, OperationFilter, Reader},
};
use jiff::Timestamp;
use serde::Serialize;
use std::collections::BTreeMap;

/// Rows that are read at a time.
const PAGE: u32 = 500;

/// Everything about one community.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Export {
    /// What this is, so that a program knows it again.
    pub format: &'static str,
    /// When it was written.
    pub written_at: Timestamp,
    /// The name of the installation it comes from.
    pub installation: String,
    /// The community.
    pub community: Community,
    /// What exists where, and who owns it there.
    pub instances: Vec<Existing>,
    /// What is joined to what.
    pub connections: Vec<Connection>,
    /// Who administers it over SSH.
    pub admins: Vec<Admin>,
    /// What they may switch on.
    pub allowance: Allowance,
    /// What they asked for.
    pub requests: Vec<Request>,
    /// What was done, the newest first.
    pub operations: Vec<Operation>,
    /// Who did what, the newest first, each with the digest of the chain.
    pub audit: Vec<AuditEntry>,
}

/// What exists on one platform.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Existing {
    /// The platform's name for people.
    pub platform_name: String,
    /// The record, with its settings.
    #[serde(flatten)]
    pub instance: Instance,
    /// The folder on this host that holds its data, where it runs here.
    pub data: Option<std::path::PathBuf>,
    /// What its people made that lies on this host, by name: policies, rows, a ledger.
    pub belongings: BTreeMap<String, serde_json::Value>,
    /// Why that is not in here, where it could not be read.
    pub not_taken: Option<String>,
    /// Who owned it there when its platform last said so, and when that was.
    pub owned: Option<owned::Owned>,
    /// By which accounts it is looked after: whose they are there, and what is known of their keys.
    pub keys: Vec<Held>,
}

/// What is known of a key, without anything of the key itself.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Held {
    /// Which field of the platform's form.
    pub field: String,
    /// The account's name here.
    pub account: String,
    /// Whether it is the community's own; else the installation's, and it stays here.
    pub own: bool,
    /// Where the key stands.
    pub state: CredentialState,
    /// Who it is there.
    pub who: Option<String>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When it stops working, where that is known.
    pub expires_at: Option<Timestamp>,
}

impl Engine {
    /// Everything about a community but its secrets. That it was written out stands in the audit before it is answered.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `NotAllowed`, `Storage`.
    pub async fn export(&self, actor: &Actor, slug: &Slug) -> Result<Export, Fault> {
        let core = self.core.clone();
        core.require_writable()?;
        let admins = self.admins(actor, Some(slug)).await?;
        let (asking, slug) = (actor.clone(), slug.clone());
        let (home, installation) = (core.options.home.clone(), core.installation.name.clone());
        let (mut export, scenes) = core
            .change(move |writer, rules| {
                let community = seen(writer, &asking, &slug)?;
                let kind = IntentKind::Export;
                let actor = Rules::require(writer, &asking, kind, Some(community.id))?;
                rules.audit(
                    writer,
                    &submit::label(&actor),
                    kind.word(),
                    slug.as_str(),
                    Some(community.id),
                    AuditResult::Permitted,
                    "",
                )?;
                let (mut instances, mut scenes) = (Vec::new(), Vec::new());
                for instance in writer.instances(community.id)? {
                    let folder = super::scene::data_folder(&home, &slug, &instance.platform);
                    scenes.push(Scene::read(writer, rules, instance.clone())?);
                    instances.push(Existing {
                        platform_name: titles::platform(&rules.catalog, &instance.platform),
                        data: folder.is_dir().then_some(folder),
                        belongings: BTreeMap::new(),
                        not_taken: None,
                        owned: owned::recall(writer, instance.id)?,
                        keys: held(writer, rules, &instance)?,
                        instance,
                    });
                }
                let export = Export {
                    format: "guildhall community 1",
                    written_at: rules.now,
                    installation,
                    instances,
                    connections: writer.connections_of(community.id)?,
                    admins,
                    allowance: writer.allowance(community.id)?,
                    requests: writer.requests(Some(&[community.id]), u32::MAX)?,
                    operations: operations(writer, &community)?,
                    audit: audit(writer, &community)?,
                    community,
                };
                Ok((export, scenes))
            })
            .await?;
        for (existing, scene) in export.instances.iter_mut().zip(scenes) {
            if existing.data.is_none() {
                continue;
            }
            match self.belongings(scene).await {
                Ok(belongings) => existing.belongings = belongings,
                Err(fault) => existing.not_taken = Some(fault.to_string()),
            }
        }
        Ok(export)
    }

    async fn belongings(&self, scene: Scene) -> Result<BTreeMap<String, serde_json::Value>, Fault> {
        let (site, _) = scene.open(&self.core);
        match self.core.options.registry.get(&site.platform) {
            Some(adapter) => adapter.belongings(&site).await,
            None => Ok(BTreeMap::new()),
        }
    }
}

fn held(reader: &Reader<'_>, rules: &Rules, instance: &Instance) -> Result<Vec<Held>, Fault> {
    let mut keys = Vec::new();
    for key in keyring::current(reader, rules, &instance.platform, instance.community)? {
        let account = reader.account(key.account)?;
        keys.push(Held {
            field: key.field,
            own: account.community == Some(instance.community),
            account: account.name,
            state: key.state,
            who: key.identity.map(|identity| identity.who),
            created_at: key.created_at,
            expires_at: key.expires_at,
        });
    }
    Ok(keys)
}

fn operations(reader: &Reader<'_>, community: &Community) -> Result<Vec<Operation>, Fault> {
    let mut all: Vec<Operation> = Vec::new();
    loop {
        let filter = OperationFilter {
            community: Some(community.id),
            before: all.last().map(|operation| operation.id),
            ..Default::default()
        };
        let page = reader.operations(&filter, PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}

fn audit(reader: &Reader<'_>, community: &Community) -> Result<Vec<AuditEntry>, Fault> {
    let mut all: Vec<AuditEntry> = Vec::new();
    loop {
        let filter = AuditFilter {
            community: Some(community.id),
            before: all.last().map(|entry| entry.sequence),
            ..Default::default()
        };
        let page = reader.audit(&filter, PAGE)?;
        if page.is_empty() {
            return Ok(all);
        }
        all.extend(page);
    }
}
