//! The list of communities, and one of them with its platforms.

use super::{Communities, Page, only, seen};
use crate::{
    domain::{
        Actor, CommunityId, Connection, Fault, InstanceId, InstanceSummary, PlatformId, Role, Slug,
    },
    engine::{
        Engine, allowances, titles,
        views::{CommunityDetail, CommunityRow, ConnectionRow, PlatformRow},
    },
    store::{CommunityFilter, Reader},
};
use std::collections::BTreeMap;

impl Engine {
    /// A page of the list: the living before the archived, each by name.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn communities(
        &self,
        actor: &Actor,
        filter: Communities,
        page: Page<CommunityId>,
    ) -> Result<Vec<CommunityRow>, Fault> {
        let asking = actor.id;
        self.core
            .store
            .read(move |reader| {
                let filter = CommunityFilter {
                    text: filter.text,
                    only: only(&reader.actor(asking)?),
                    without_archived: filter.without_archived,
                    needing_attention: filter.needing_attention,
                };
                let rows = reader.communities(&filter, page.after, page.limit)?;
                Ok(rows
                    .into_iter()
                    .map(|row| CommunityRow {
                        id: row.community.id,
                        slug: row.community.slug,
                        name: row.community.name,
                        active: row.counts.switched_on,
                        total: row.counts.total(),
                        mark: row.counts.worst(),
                        archived: row.community.archived_at.is_some(),
                    })
                    .collect())
            })
            .await
    }

    /// Every instance that the actor may see, with its community's short name, in one reading.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn instances(&self, actor: &Actor) -> Result<Vec<(Slug, PlatformRow)>, Fault> {
        let (asking, core) = (actor.id, self.core.clone());
        self.core
            .store
            .read(move |reader| {
                let actor = reader.actor(asking)?;
                let rows = reader.every_instance(super::only(&actor).as_deref())?;
                let row = |(slug, summary)| (slug, platform_row(&core, summary));
                Ok(rows.into_iter().map(row).collect())
            })
            .await
    }

    /// One community with every platform of the catalog.
    ///
    /// # Errors
    /// `NotFound`, also for one that the actor may not know of.
    pub async fn community(&self, actor: &Actor, slug: &Slug) -> Result<CommunityDetail, Fault> {
        let (asking, slug) = (actor.clone(), slug.clone());
        let core = self.core.clone();
        self.core
            .store
            .read(move |reader| {
                let community = seen(reader, &asking, &slug)?;
                let asking = reader.actor(asking.id)?;
                let mut summaries: BTreeMap<PlatformId, _> = reader
                    .instance_summaries(community.id)?
                    .into_iter()
                    .map(|summary| (summary.platform.clone(), summary))
                    .collect();
                let platforms_of: BTreeMap<InstanceId, PlatformId> = summaries
                    .values()
                    .map(|summary| (summary.id, summary.platform.clone()))
                    .collect();
                let options = &core.options;
                let mut platforms: Vec<PlatformRow> = options
                    .catalog
                    .headings()
                    .map(|heading| PlatformRow {
                        platform: heading.id.clone(),
                        name: heading.name.clone(),
                        group: heading.group.to_string(),
                        adapter: options.registry.get(&heading.id).is_some(),
                        instance: summaries.remove(&heading.id),
                    })
                    .collect();
                if asking.role == Role::CommunityAdmin {
                    // What was not given and is not there is none of their business.
                    let mut shown = Vec::new();
                    for row in platforms {
                        let id = &row.platform;
                        if row.instance.is_some()
                            || allowances::is_listed(reader, community.id, id)?
                        {
                            shown.push(row);
                        }
                    }
                    platforms = shown;
                }
                // A manifest that was taken away must not hide what was made with it.
                platforms.extend(
                    summaries
                        .into_iter()
                        .map(|(platform, summary)| PlatformRow {
                            name: platform.to_string(),
                            group: "other".to_owned(),
                            adapter: options.registry.get(&platform).is_some(),
                            platform,
                            instance: Some(summary),
                        }),
                );
                let connections = reader
                    .connections_of(community.id)?
                    .into_iter()
                    .map(|connection| named(connection, &platforms_of, &core))
                    .collect();
                Ok(CommunityDetail {
                    community,
                    platforms,
                    connections,
                })
            })
            .await
    }
}

fn platform_row(core: &crate::engine::core::Core, summary: InstanceSummary) -> PlatformRow {
    let id = &summary.platform;
    let heading = core.options.catalog.heading(id);
    PlatformRow {
        name: titles::platform(&core.options.catalog, id),
        group: heading.map_or_else(|| "other".to_owned(), |known| known.group.to_string()),
        adapter: core.options.registry.get(id).is_some(),
        platform: id.clone(),
        instance: Some(summary),
    }
}

fn named(
    connection: Connection,
    platforms: &BTreeMap<InstanceId, PlatformId>,
    core: &crate::engine::core::Core,
) -> ConnectionRow {
    let name = |end: InstanceId| {
        platforms
            .get(&end)
            .map(|platform| titles::platform(&core.options.catalog, platform))
            .unwrap_or_default()
    };
    ConnectionRow {
        from: name(connection.from),
        to: name(connection.to),
        connection,
    }
}

/// The connections at an instance, with the names of their ends.
pub(super) fn connections_at(
    reader: &Reader<'_>,
    instance: InstanceId,
    core: &crate::engine::core::Core,
) -> Result<Vec<ConnectionRow>, Fault> {
    let mut rows = Vec::new();
    for connection in reader.connections_at(instance)? {
        let mut platforms = BTreeMap::new();
        for end in [connection.from, connection.to] {
            platforms.insert(end, reader.instance(end)?.platform);
        }
        rows.push(named(connection, &platforms, core));
    }
    Ok(rows)
}
