//! What may be read of rotations: the report, while it is under way and for ever after.

use super::of;
use crate::{
    domain::{
        Actor, Fault, IntentKind, OperationId, OperationState, PartState, PlatformId, Rotation,
        RotationId, Slug,
    },
    engine::{Engine, reach::ReachedConnection, rules::Rules, titles},
    store::{OperationFilter, Reader},
};
use jiff::Timestamp;
use serde::Serialize;

/// Everything about a key on its way out.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RotationReport {
    /// The rotation.
    #[serde(flatten)]
    pub rotation: Rotation,
    /// The platform's name for people.
    pub platform_name: String,
    /// What depends on the old key, and how far each is.
    pub parts: Vec<PartLine>,
    /// Connections of what depends on it: webhooks of theirs may have been made with the old key, and are not ended with
    /// it. Where it was exposed they are made anew once it is dead.
    pub connections: Vec<ReachedConnection>,
}

/// One instance of a rotation.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PartLine {
    /// Whose.
    pub slug: Slug,
    /// Of which platform.
    pub platform: PlatformId,
    /// The platform's name for people.
    pub platform_name: String,
    /// As which field it held the key.
    pub field: String,
    /// How far it is.
    pub state: PartState,
    /// What is now so; may be empty.
    pub note: String,
    /// Since when.
    pub at: Timestamp,
    /// The operation that moves it, while it is open.
    pub operation: Option<OperationId>,
    /// Where that stands.
    pub operation_state: Option<OperationState>,
    /// What a person has to do first.
    pub waits_for: Option<String>,
}

impl RotationReport {
    /// How many instances are in this state.
    #[must_use]
    pub fn count(&self, state: PartState) -> usize {
        self.parts.iter().filter(|part| part.state == state).count()
    }
}

impl Engine {
    /// Every rotation, the newest first; with `open` only those under way.
    ///
    /// # Errors
    /// `NotAllowed`, `Storage`.
    pub async fn rotations(&self, actor: &Actor, open: bool) -> Result<Vec<RotationReport>, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                reader
                    .rotations()?
                    .into_iter()
                    .filter(|rotation| !open || rotation.ended_at.is_none())
                    .map(|rotation| report(reader, &rules, rotation))
                    .collect()
            })
            .await
    }

    /// The report of one rotation.
    ///
    /// # Errors
    /// `NotAllowed`, `NotFound`, `Storage`.
    pub async fn rotation(&self, actor: &Actor, id: RotationId) -> Result<RotationReport, Fault> {
        let (asking, rules) = (actor.clone(), self.core.rules());
        self.core
            .store
            .read(move |reader| {
                Rules::require(reader, &asking, IntentKind::ViewAccounts, None)?;
                report(reader, &rules, reader.rotation(id)?)
            })
            .await
    }
}

fn report(reader: &Reader<'_>, rules: &Rules, rotation: Rotation) -> Result<RotationReport, Fault> {
    let (mut parts, mut connections) = (Vec::new(), Vec::new());
    for part in reader.rotation_parts(rotation.id)? {
        let instance = reader.instance(part.instance)?;
        let slug = reader.community(instance.community)?.slug;
        let filter = OperationFilter {
            open: true,
            instance: Some(instance.id),
            ..Default::default()
        };
        let open = reader.operations(&filter, 64)?;
        let open = open.iter().find(|known| of(known) == Some(rotation.id));
        for joined in reader.connections_at(instance.id)? {
            let line = ReachedConnection::of(reader, rules, &slug, joined)?;
            if !connections.contains(&line) {
                connections.push(line);
            }
        }
        parts.push(PartLine {
            slug,
            platform_name: titles::platform(&rules.catalog, &instance.platform),
            platform: instance.platform,
            field: part.field,
            state: part.state,
            note: part.note,
            at: part.at,
            operation: open.map(|known| known.id),
            operation_state: open.map(|known| known.state),
            waits_for: open
                .and_then(|known| known.task.as_ref())
                .map(|task| task.title.clone()),
        });
    }
    Ok(RotationReport {
        platform_name: titles::platform(&rules.catalog, &rotation.platform),
        rotation,
        parts,
        connections,
    })
}
