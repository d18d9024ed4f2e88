//! How an instance is told from those of the other services of its kind.

use crate::django_world::{self, Service};
use guildhall::{
    adapters::{Adapter, kybern::Kybern},
    services::supervisor::Supervisor,
};
use std::sync::Arc;

/// The instance, in a home of its own.
pub type World = django_world::World<Kybern>;

impl Service for Kybern {
    const ID: &'static str = "kybern";
    const MADE: &'static str = "SELECT name FROM groups_group ORDER BY id";

    fn adapter(supervisor: Supervisor) -> Arc<dyn Adapter> {
        Arc::new(Self::kept_by(supervisor))
    }
}
