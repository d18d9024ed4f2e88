//! What happens, told to whoever listens and cut to what that actor may know of at that moment.

use super::views::EngineEvent;
use crate::{
    domain::{Actor, FaultKind, Role},
    store::Store,
};
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Tells an actor what happens, for as long as the actor may look at anything.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<EngineEvent>,
    store: Store,
    actor: Actor,
    /// Whether the actor was told that there is nothing more to see.
    over: bool,
}

impl Events {
    pub(super) fn new(receiver: Receiver<EngineEvent>, store: Store, actor: Actor) -> Self {
        Self {
            receiver,
            store,
            actor,
            over: false,
        }
    }

    /// The next event; none when the engine is gone, or after the actor was told that it may not look any more. Who lagged
    /// behind is told that everything changed.
    pub async fn next(&mut self) -> Option<EngineEvent> {
        while !self.over {
            let event = match self.receiver.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => EngineEvent::Changed { community: None },
                Err(RecvError::Closed) => return None,
            };
            if let Some(told) = self.cut(event).await {
                return Some(told);
            }
        }
        None
    }

    /// What has happened since the last answer and was not told yet.
    pub async fn so_far(&mut self) -> Vec<EngineEvent> {
        let mut told = Vec::new();
        while !self.over {
            let Ok(event) = self.receiver.try_recv() else {
                break;
            };
            told.extend(self.cut(event).await);
        }
        told
    }

    /// The event as this actor may know of it. Rights are read anew where they may have changed: at every word of a
    /// change, and for an administrator at every word of a community, since that can overtake the word of the change.
    async fn cut(&mut self, event: EngineEvent) -> Option<EngineEvent> {
        let about = match &event {
            EngineEvent::Changed { community } => *community,
            EngineEvent::Operation { community, .. } | EngineEvent::Looked { community, .. } => {
                Some(*community)
            }
            EngineEvent::Vault(_) | EngineEvent::LockedItself | EngineEvent::AccessEnded => None,
        };
        let change = matches!(event, EngineEvent::Changed { .. });
        if change || (about.is_some() && self.actor.role == Role::CommunityAdmin) {
            let id = self.actor.id;
            match self.store.read(move |reader| reader.actor(id)).await {
                Ok(actor) => self.actor = actor,
                Err(fault) if fault.kind == FaultKind::NotFound => self.over = true,
                Err(fault) => {
                    tracing::warn!(%fault, "whether an actor may still look is not known");
                    return None;
                }
            }
            self.over |=
                self.actor.role == Role::CommunityAdmin && self.actor.communities.is_empty();
            if self.over {
                return Some(EngineEvent::AccessEnded);
            }
        }
        about
            .is_none_or(|community| self.actor.sees(community))
            .then_some(event)
    }
}
