//! How an instance is told from those of the other services of its kind.

use crate::django_world::{self, Service};
use guildhall::{
    adapters::{Adapter, metagov::Gateway},
    services::supervisor::Supervisor,
};
use std::sync::Arc;

/// The instance, in a home of its own.
pub type World = django_world::World<Gateway>;

impl Service for Gateway {
    const ID: &'static str = "metagov";
    const MADE: &'static str = "SELECT slug FROM core_community";

    fn adapter(supervisor: Supervisor) -> Arc<dyn Adapter> {
        Arc::new(Self::kept_by(supervisor))
    }
}
