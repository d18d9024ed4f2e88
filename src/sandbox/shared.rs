//! What all requests share: the platforms, their states, the record of calls. Knows no platform by name and no HTTP.

use super::controls::{Controls, ControlsDocument};
use super::exchange::{Incoming, Reply};
use super::platform::Simulated;
use super::platforms;
use super::recorder::Recorder;
use super::serve::split_prefix;
use super::state::States;
use crate::domain::{Fault, FaultKind};
use serde_json::Value;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use url::Url;

/// What all requests share.
pub(super) struct Shared {
    pub base: Url,
    platforms: Vec<Arc<dyn Simulated>>,
    states: Arc<Mutex<States>>,
    in_memory: bool,
    recorder: Mutex<Recorder>,
}

impl Shared {
    pub fn new(base: Url, states: States, recorder: Recorder) -> Self {
        Self {
            base,
            platforms: platforms(),
            in_memory: states.are_in_memory(),
            states: Arc::new(Mutex::new(states)),
            recorder: Mutex::new(recorder),
        }
    }

    pub fn platforms(&self) -> &[Arc<dyn Simulated>] {
        &self.platforms
    }

    pub fn platform(&self, id: &str) -> Option<Arc<dyn Simulated>> {
        let found = self.platforms.iter().find(|platform| platform.id() == id);
        found.cloned()
    }

    pub fn platform_of_host(&self, host: &str) -> Option<Arc<dyn Simulated>> {
        let mut platforms = self.platforms.iter();
        platforms
            .find(|platform| platform.hosts().contains(&host))
            .cloned()
    }

    /// The platform and the path below its prefix, when an address is one of this server.
    pub fn own_path(&self, address: &Url) -> Option<(Arc<dyn Simulated>, String)> {
        if address.origin() != self.base.origin() {
            return None;
        }
        let (id, path) = split_prefix(address.path());
        Some((self.platform(id)?, path))
    }

    pub fn recorder(&self) -> MutexGuard<'_, Recorder> {
        self.recorder.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Uses the states, on a thread that may block where they are in a file.
    pub async fn states<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut States) -> Result<R, Fault> + Send + 'static,
    ) -> Result<R, Fault> {
        if self.in_memory {
            let mut states = self.states.lock().unwrap_or_else(PoisonError::into_inner);
            return work(&mut states);
        }
        let states = Arc::clone(&self.states);
        tokio::task::spawn_blocking(move || {
            work(&mut states.lock().unwrap_or_else(PoisonError::into_inner))
        })
        .await
        .unwrap_or_else(|error| {
            Err(Fault::new(
                FaultKind::Internal,
                "The sandbox stopped in the middle of a call.",
            )
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error))
        })
    }

    /// Uses the sandbox's own switches.
    pub async fn controls<R: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Controls) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        self.states(move |states| {
            states.with(&ControlsDocument, |state| {
                state.get_mut::<Controls>().map(work)
            })
        })
        .await?
        .ok_or_else(|| {
            Fault::new(FaultKind::Internal, "The sandbox mixed up its states.")
                .hint("This is a mistake of Guildhall; please report it.")
        })
    }

    /// Lets a platform do its work.
    pub async fn work(
        &self,
        platform: &Arc<dyn Simulated>,
        incoming: Incoming,
    ) -> Result<Reply, Fault> {
        let platform = Arc::clone(platform);
        self.states(move |states| {
            let document = Arc::clone(&platform).document();
            states.with(document.as_ref(), |state| platform.handle(state, &incoming))
        })
        .await
    }

    /// Does something behind Guildhall's back on a platform.
    pub async fn act(&self, id: &str, action: &str, input: Value) -> Result<Value, Fault> {
        let wrong = |what: String| {
            Fault::new(FaultKind::BadInput, what).hint("See the sandbox's module of that platform.")
        };
        let platform = self
            .platform(id)
            .ok_or_else(|| wrong(format!("The sandbox does not simulate {id}.")))?;
        let action = action.to_owned();
        self.states(move |states| {
            let document = Arc::clone(&platform).document();
            states.with(document.as_ref(), |state| {
                platform.control(state, &action, &input)
            })
        })
        .await?
        .map_err(wrong)
    }

    /// The whole state of a platform, as JSON.
    pub async fn state(&self, id: &str) -> Result<Value, Fault> {
        let Some(platform) = self.platform(id) else {
            return Ok(Value::Null);
        };
        self.states(move |states| {
            let document = platform.document();
            let text = states.with(document.as_ref(), |state| document.write(state))??;
            Ok(serde_json::from_str(&text).unwrap_or(Value::Null))
        })
        .await
    }

    /// The ready-made keys of every platform.
    pub async fn keys(&self) -> Result<Value, Fault> {
        let platforms = self.platforms.clone();
        self.states(move |states| {
            let mut keys = serde_json::Map::new();
            for platform in platforms {
                let document = Arc::clone(&platform).document();
                let of_this = states.with(document.as_ref(), |state| platform.keys(state))?;
                keys.insert(platform.id().to_owned(), of_this);
            }
            Ok(Value::Object(keys))
        })
        .await
    }
}
