//! How an instance is told from those of the other services of its kind.

use crate::django_world::{self, Service};
use guildhall::{
    adapters::{Adapter, policykit::PolicyKit},
    services::supervisor::Supervisor,
};
use std::sync::Arc;

/// The instance, in a home of its own.
pub type World = django_world::World<PolicyKit>;

impl Service for PolicyKit {
    const ID: &'static str = "policykit";
    const MADE: &'static str =
        "SELECT metagov_slug FROM policyengine_community WHERE metagov_slug != ''";

    fn adapter(supervisor: Supervisor) -> Arc<dyn Adapter> {
        Arc::new(Self::kept_by(supervisor))
    }
}
