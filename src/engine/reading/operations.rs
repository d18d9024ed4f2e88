//! Operations, and one of them with its journal.

use super::{Operations, only};
use crate::{
    domain::{Actor, Fault, Operation, OperationId, OperationState},
    engine::{
        Engine,
        core::Core,
        lease, operations, titles,
        views::{OperationDetail, OperationRow},
    },
    store::{OperationFilter, Reader},
};

impl Engine {
    /// Operations, the newest first.
    ///
    /// # Errors
    /// `Storage`.
    pub async fn operations(
        &self,
        actor: &Actor,
        filter: Operations,
    ) -> Result<Vec<OperationRow>, Fault> {
        let (asking, core) = (actor.id, self.core.clone());
        self.core
            .store
            .read(move |reader| {
                let wanted = OperationFilter {
                    open: filter.open,
                    community: filter.community,
                    only: only(&reader.actor(asking)?),
                    before: filter.before,
                    ..Default::default()
                };
                reader
                    .operations(&wanted, filter.limit)?
                    .into_iter()
                    .map(|operation| row(reader, &core, operation))
                    .collect()
            })
            .await
    }

    /// One operation with its journal.
    ///
    /// # Errors
    /// `NotFound`, also for one that the actor may not know of.
    pub async fn operation(
        &self,
        actor: &Actor,
        id: OperationId,
    ) -> Result<OperationDetail, Fault> {
        let (asking, core) = (actor.clone(), self.core.clone());
        self.core
            .store
            .read(move |reader| {
                operations::community_of(reader, &asking, id)?;
                let operation = reader.operation(id)?;
                Ok(OperationDetail {
                    steps: reader.steps(id)?,
                    row: row(reader, &core, operation)?,
                })
            })
            .await
    }
}

fn row(reader: &Reader<'_>, core: &Core, operation: Operation) -> Result<OperationRow, Fault> {
    let community = reader.community(operation.community)?;
    let running = operation.state == OperationState::Running;
    Ok(OperationRow {
        interrupted: running && !lease::is_held(reader, &operation, core.now())?,
        community: community.name,
        slug: community.slug,
        platform_name: titles::platform(&core.options.catalog, &operation.platform),
        progress: core
            .progress(operation.id)
            .map(|progress| progress.borrow().clone()),
        operation,
    })
}
