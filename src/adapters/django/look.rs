//! What a look at a Django service has in common: what was found, the worst first.

use super::{life, place::Place};
use crate::{
    adapters::{
        contract::{Observation, Site, Standing},
        local,
    },
    domain::{Drift, DriftKind, Fault, Health},
    services::supervisor::{ServiceState, Supervisor},
};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// How long a page may take before it counts as not answering.
const PATIENCE: Duration = Duration::from_secs(10);

/// A look without findings.
#[must_use]
pub fn blank(standing: Standing, health: Health, note: &str) -> Observation {
    Observation {
        standing,
        health,
        note: note.to_owned(),
        drift: Vec::new(),
        task: None,
        slots: Vec::new(),
        url: None,
    }
}

/// What a look found so far: the worst counts, and its reason is shown.
pub struct Look {
    /// What is told at the end.
    pub seen: Observation,
}

impl Look {
    /// A look at something that is there.
    #[must_use]
    pub fn begin() -> Self {
        Self {
            seen: blank(Standing::Present, Health::Ok, ""),
        }
    }

    /// Something that is worse than `ok`.
    pub fn find(&mut self, health: Health, note: impl Into<String>) {
        let rank = |health| match health {
            Health::Ok => 0,
            Health::Unknown => 1,
            Health::Degraded => 2,
            Health::Down => 3,
        };
        if rank(health) > rank(self.seen.health) {
            self.seen.health = health;
            self.seen.note = note.into();
        }
    }

    /// Something that differs from the record.
    pub fn drift(&mut self, kind: DriftKind, what: impl Into<String>) {
        self.seen.drift.push(Drift::new(kind, what.into()));
    }

    /// Looks whether the processes run; `main` is the one without which nothing works.
    ///
    /// # Errors
    /// Storage trouble.
    pub async fn processes(
        &mut self,
        site: &Site,
        supervisor: &Supervisor,
        main: &str,
    ) -> Result<Option<ServiceState>, Fault> {
        let never = CancellationToken::new();
        let tools = local::tools(site, &never);
        let state = supervisor.state(&tools, &Place::of(site).run()).await?;
        let Some(state) = state.filter(|state| !state.processes.is_empty()) else {
            self.find(Health::Down, "it does not run; activate it again");
            return Ok(None);
        };
        for (name, process) in &state.processes {
            if !process.is_up() {
                let health = if name == main {
                    Health::Down
                } else {
                    Health::Degraded
                };
                self.find(health, format!("its process {name} does not run"));
            }
        }
        Ok(Some(state))
    }

    /// Asks a page, which must be this instance's, be 200 and show the text.
    ///
    /// # Errors
    /// When the address cannot be written.
    pub async fn page(
        &mut self,
        site: &Site,
        path: &str,
        text: &str,
    ) -> Result<Option<String>, Fault> {
        let Some(base) = life::url(site)? else {
            self.find(Health::Down, "it has no port; activate it again");
            return Ok(None);
        };
        self.seen.url = Some(base.to_string());
        match ask(site, &base, path).await {
            Err(note) => {
                self.find(Health::Down, note);
                Ok(None)
            }
            Ok(shown) if shown.contains(text) => Ok(Some(shown)),
            Ok(_) => {
                self.find(Health::Down, "its page does not show what it must");
                Ok(None)
            }
        }
    }
}

async fn ask(site: &Site, base: &Url, path: &str) -> Result<String, String> {
    let answer = site
        .http
        .get(base, path)
        .timeout(PATIENCE)
        .send()
        .await
        .map_err(|fault| fault.what)?;
    if answer.header(crate::services::site::NAME) != Some(Place::of(site).name()) {
        return Err("another program answers on its port".to_owned());
    }
    match answer.status {
        200 => Ok(answer.text()),
        400 => Err("it does not know its own address (400); configure it again".to_owned()),
        status => Err(format!("its page answers {status}")),
    }
}
