//! What happens, told to whoever listens and cut to what that actor may know of.

use super::views::EngineEvent;
use crate::domain::Actor;
use tokio::sync::broadcast::{Receiver, error::RecvError};

/// Tells an actor what happens.
#[derive(Debug)]
pub struct Events {
    receiver: Receiver<EngineEvent>,
    actor: Actor,
}

impl Events {
    pub(super) fn new(receiver: Receiver<EngineEvent>, actor: Actor) -> Self {
        Self { receiver, actor }
    }

    /// The next event; none when the engine is gone. Who lagged behind is told that everything changed.
    pub async fn next(&mut self) -> Option<EngineEvent> {
        loop {
            let event = match self.receiver.recv().await {
                Ok(event) => event,
                Err(RecvError::Lagged(_)) => EngineEvent::Changed { community: None },
                Err(RecvError::Closed) => return None,
            };
            if self.concerns(&event) {
                return Some(event);
            }
        }
    }

    /// What has happened since the last answer and was not told yet.
    pub fn so_far(&mut self) -> Vec<EngineEvent> {
        let mut told = Vec::new();
        while let Ok(event) = self.receiver.try_recv() {
            if self.concerns(&event) {
                told.push(event);
            }
        }
        told
    }

    fn concerns(&self, event: &EngineEvent) -> bool {
        match event {
            EngineEvent::Changed {
                community: Some(community),
            }
            | EngineEvent::Operation { community, .. }
            | EngineEvent::Looked { community, .. } => self.actor.sees(*community),
            EngineEvent::Changed { community: None }
            | EngineEvent::Vault(_)
            | EngineEvent::LockedItself => true,
        }
    }
}
