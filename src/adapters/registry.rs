//! Which adapters there are.

use super::contract::Adapter;
use crate::{domain::PlatformId, services::supervisor::Supervisor};
use std::{collections::BTreeMap, sync::Arc};

/// The adapters of this build, by platform.
#[derive(Clone, Default)]
pub struct Registry {
    /// Shared, since every change of the store is made with the registry at hand.
    adapters: Arc<BTreeMap<PlatformId, Arc<dyn Adapter>>>,
    supervisor: Supervisor,
}

impl Registry {
    /// Every adapter that ships. A platform of the catalog without one is listed and says so.
    #[must_use]
    pub fn builtin() -> Self {
        Self::kept_by(&Supervisor::default())
    }

    /// The same, whose services on this host are kept by this supervisor.
    #[must_use]
    pub fn kept_by(supervisor: &Supervisor) -> Self {
        let adapters: Vec<Arc<dyn Adapter>> = vec![
            Arc::new(super::discord::Discord),
            Arc::new(super::discourse::Discourse),
            Arc::new(super::kybern::Kybern::kept_by(supervisor.clone())),
            Arc::new(super::loomio::Loomio::default()),
            Arc::new(super::mastodon::Mastodon),
            Arc::new(super::matrix::Matrix),
            Arc::new(super::metagov::Gateway::kept_by(supervisor.clone())),
            Arc::new(super::opencollective::OpenCollective),
            Arc::new(super::policykit::PolicyKit::kept_by(supervisor.clone())),
            Arc::new(super::slack::Slack),
            Arc::new(super::sourcecred::SourceCred::kept_by(supervisor.clone())),
        ];
        Self {
            supervisor: supervisor.clone(),
            ..Self::of(adapters)
        }
    }

    /// Exactly these adapters.
    #[must_use]
    pub fn of(adapters: impl IntoIterator<Item = Arc<dyn Adapter>>) -> Self {
        let adapters = adapters
            .into_iter()
            .map(|adapter| (adapter.platform(), adapter))
            .collect();
        Self {
            adapters: Arc::new(adapters),
            supervisor: Supervisor::default().without_systemd(),
        }
    }

    /// What keeps the services on this host.
    #[must_use]
    pub fn supervisor(&self) -> &Supervisor {
        &self.supervisor
    }

    /// The adapter of a platform.
    #[must_use]
    pub fn get(&self, platform: &PlatformId) -> Option<&Arc<dyn Adapter>> {
        self.adapters.get(platform)
    }
}
