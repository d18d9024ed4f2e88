//! The services on this host: how they do, starting those that should run, stopping all.

use super::{
    Engine, facts, planner,
    reading::seen,
    reconcile::Reached,
    rules::Rules,
    scene, scheduler, tenants,
    views::{Receipt, ServiceRow},
};
use crate::{
    adapters::local,
    catalog::Manifest,
    domain::{
        Actor, AuditResult, Community, Desired, Fault, FaultKind, Instance, InstanceId, IntentKind,
        OperationId, PlatformId, Slug, counted, mebibytes,
    },
    services::supervisor::{self, Stopped},
    store::{CommunityFilter, Reader},
};
use futures::future::join_all;
use std::{collections::BTreeSet, path::PathBuf};
use tokio_util::sync::CancellationToken;

/// Communities that are read at once.
const PAGE: u32 = 500;

/// What [`Engine::up`] did.
#[derive(Debug, Clone, PartialEq)]
pub struct Up {
    /// Services that ran already.
    pub running: usize,
    /// The instances whose service is started now, by community and platform.
    pub begun: Vec<(Slug, PlatformId)>,
    /// Those that were left out because they do not fit into free memory, each with its estimate in MiB.
    pub no_room: Vec<(Slug, PlatformId, u64)>,
    /// The operations that start them.
    pub receipt: Receipt,
}

impl Engine {
    /// The services of this host that were ever started, of one community or of all that the actor may see.
    ///
    /// # Errors
    /// `NotFound` for a community that does not exist or that the actor may not know of; `Host` when the supervisor cannot be
    /// asked; `Storage`.
    pub async fn services(
        &self,
        actor: &Actor,
        slug: Option<&Slug>,
    ) -> Result<Vec<ServiceRow>, Fault> {
        let mut rows = Vec::new();
        for (community, instance, data) in self.held_here(actor, slug).await? {
            let folder = supervisor::folder_of(&data);
            if folder.is_dir() {
                rows.extend(self.row(&community, instance, folder).await?);
            }
        }
        Ok(rows)
    }

    /// The instances that hold something on this host, each with the folder of its service.
    ///
    /// # Errors
    /// As [`Engine::services`].
    pub(super) async fn held_here(
        &self,
        actor: &Actor,
        slug: Option<&Slug>,
    ) -> Result<Vec<(Community, Instance, PathBuf)>, Fault> {
        let (asking, slug) = (actor.clone(), slug.cloned());
        let (home, rules) = (self.core.options.home.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                let communities = match &slug {
                    Some(slug) => vec![seen(reader, &asking, slug)?],
                    None => all_seen(reader, &asking)?,
                };
                let mut found = Vec::new();
                for community in communities {
                    for instance in reader.instances(community.id)? {
                        let data = scene::data_folder(&home, &community.slug, &instance.platform);
                        if data.is_dir() {
                            let data = tenants::service_data(&rules, &home, &community, &instance)?;
                            found.push((community.clone(), instance, data));
                        }
                    }
                }
                Ok(found)
            })
            .await
    }

    async fn row(
        &self,
        community: &Community,
        instance: Instance,
        folder: PathBuf,
    ) -> Result<Option<ServiceRow>, Fault> {
        let core = &self.core;
        let never = CancellationToken::new();
        let tools = local::lent(&core.runner, &core.http, &never);
        let supervisor = core.options.registry.supervisor();
        let Some(state) = supervisor.state(&tools, &folder).await? else {
            return Ok(None);
        };
        let manifest = core.options.catalog.get(&instance.platform);
        Ok(Some(ServiceRow {
            slug: community.slug.clone(),
            archived: community.archived_at.is_some(),
            platform: instance.platform.clone(),
            instance: instance.id,
            desired: instance.desired,
            url: instance.url.clone(),
            memory_mib: manifest.map_or(0, |manifest| manifest.resources.memory_active_mib),
            health: instance.health,
            checked_at: instance.checked_at,
            folder,
            state,
        }))
    }

    /// Starts the service of every instance that is wanted active and does not run, as after a restart of the host. What
    /// needs the vault waits for its unlock, and what does not fit into free memory is left out and named.
    ///
    /// # Errors
    /// `NotAllowed`, `Host`, `Storage`.
    pub async fn up(&self, actor: &Actor) -> Result<Up, Fault> {
        self.core.require_writable()?;
        self.allow(actor, IntentKind::Activate).await?;
        let rows = self.services(actor, None).await?;
        let mut free = planner::free_memory_mib();
        let mut up = Up {
            running: 0,
            begun: Vec::new(),
            no_room: Vec::new(),
            receipt: Receipt::default(),
        };
        let mut ids = Vec::new();
        let mut counted_in = BTreeSet::new();
        for row in rows {
            if row.state.is_up() {
                up.running += 1;
            } else if row.desired == Desired::Active && !row.archived {
                // What several communities share is started once.
                let needed = if counted_in.contains(&row.folder) {
                    0
                } else {
                    row.memory_mib
                };
                if free > 0 && needed > free {
                    up.no_room.push((row.slug, row.platform, needed));
                    continue;
                }
                free = free.saturating_sub(needed);
                counted_in.insert(row.folder);
                ids.push(row.instance);
                up.begun.push((row.slug, row.platform));
            }
        }
        up.receipt.operations = self.begin_again(actor, ids.clone()).await?;
        self.core.desk.widen(ids);
        scheduler::ensure_started(&self.core);
        self.core.emit_changed(None);
        Ok(up)
    }

    /// What was reached is not so any more, and what is desired is: the rest follows from the one rule.
    async fn begin_again(
        &self,
        actor: &Actor,
        instances: Vec<InstanceId>,
    ) -> Result<Vec<OperationId>, Fault> {
        let name = actor.name.clone();
        let label = super::submit::label(actor);
        self.core
            .change(move |writer, rules| {
                let mut operations = Vec::new();
                for id in instances {
                    let reached: Option<String> = facts::recall(writer, id, facts::REACHED)?;
                    if Reached::of(reached.as_deref()) == Reached::Active {
                        let word = Reached::Inactive.word();
                        facts::remember(writer, id, facts::REACHED, &word)?;
                    }
                    operations.extend(rules.towards_desired(writer, id, &name, true)?);
                }
                let detail = counted(operations.len(), "service", "services");
                let permitted = AuditResult::Permitted;
                rules.audit(writer, &label, "up", "", None, permitted, &detail)?;
                Ok(operations)
            })
            .await
    }

    /// Stops every service of this installation on this host. What is wanted stays as it is: [`Engine::up`] starts them
    /// again. Answers whose were stopped, and how.
    ///
    /// # Errors
    /// `NotAllowed`, `Host` when one cannot be ended, `Storage`.
    pub async fn down(&self, actor: &Actor) -> Result<Vec<(Slug, PlatformId, Stopped)>, Fault> {
        self.core.require_writable()?;
        self.allow(actor, IntentKind::Deactivate).await?;
        let core = &self.core;
        let rows = self.services(actor, None).await?;
        let never = CancellationToken::new();
        let tools = local::lent(&core.runner, &core.http, &never);
        let supervisor = core.options.registry.supervisor();
        let stopping = rows.iter().map(|row| supervisor.stop(&tools, &row.folder));
        let stopped = join_all(stopping).await;
        let mut done = Vec::new();
        for (row, how) in rows.into_iter().zip(stopped) {
            let how = how?;
            if how != Stopped::WasNot {
                done.push((row.slug, row.platform, how));
            }
        }
        let label = super::submit::label(actor);
        let detail = counted(done.len(), "service", "services");
        self.core
            .change(move |writer, rules| {
                let permitted = AuditResult::Permitted;
                rules.audit(writer, &label, "down", "", None, permitted, &detail)
            })
            .await?;
        core.emit_changed(None);
        Ok(done)
    }

    async fn allow(&self, actor: &Actor, kind: IntentKind) -> Result<(), Fault> {
        let asking = actor.clone();
        self.core
            .store
            .read(move |reader| Rules::require(reader, &asking, kind, None).map(|_| ()))
            .await
    }
}

/// Refuses to start on this host what does not fit into its free memory.
///
/// # Errors
/// `Host`, with the estimate and what is free.
pub(super) fn require_room(manifest: &Manifest, community: &str) -> Result<(), Fault> {
    let (needed, free) = (
        manifest.resources.memory_active_mib,
        planner::free_memory_mib(),
    );
    if free == 0 || needed <= free {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::Host,
        format!(
            "{} of {community} needs about {} of memory, and {} are free; it was not started.",
            manifest.name, mebibytes(needed), mebibytes(free)
        ),
    )
    .hint("Deactivate an instance that runs on this host, or give the host more memory; then activate it again."))
}

fn all_seen(reader: &Reader<'_>, actor: &Actor) -> Result<Vec<Community>, Fault> {
    let mut all: Vec<Community> = Vec::new();
    loop {
        let after = all.last().map(|community| community.id);
        let page = reader.communities(&CommunityFilter::default(), after, PAGE)?;
        if page.is_empty() {
            break;
        }
        all.extend(page.into_iter().map(|summary| summary.community));
    }
    all.retain(|community| actor.sees(community.id));
    Ok(all)
}
