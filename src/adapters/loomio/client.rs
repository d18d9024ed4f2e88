//! Calls to one Loomio with one key. The key travels to the user interface for programs (b2) only.

use super::{
    API_KEY, errors,
    model::{Group, Listing, Version},
};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule, segment},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde::{Deserialize, de::DeserializeOwned};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use url::Url;

/// What a Loomio grants to one client address in five minutes (sheet: loomio 3).
const GRANTED: u32 = 900;
const WINDOW: Duration = Duration::from_secs(300);

/// The version is asked for once a day and address (sheet: loomio 4.7).
const VERSION_AGE: Duration = Duration::from_secs(24 * 60 * 60);

/// A Loomio, called with one key.
pub(super) struct Client {
    http: Http,
    base: Url,
    key: SecretString,
    cancel: CancellationToken,
    planned: u32,
}

/// What is known of a group that is asked for by name.
pub(super) enum Shown {
    /// It can be read, as every public group can.
    Found(Box<Group>),
    /// It exists and is hidden from the bot.
    Hidden,
    /// There is none of that name.
    Missing,
}

/// Where the Loomio of an instance is.
pub(super) fn base(site: &Site) -> Result<Url, Fault> {
    site.settings.url("base_url")
}

/// How messages name it.
pub(super) fn host(base: &Url) -> &str {
    base.host_str().unwrap_or("the server")
}

/// How many calls we plan with: people's browsers behind the same address and Loomio's own pages have the last third.
fn planned(site: &Site) -> u32 {
    let granted = site
        .settings
        .get("requests_per_five_minutes")
        .and_then(|text| text.parse().ok())
        .unwrap_or(GRANTED);
    (granted - granted / 3).max(1)
}

/// Counts a call against the budget of the address, all keys together.
fn counted(call: Call, base: &Url, planned: u32) -> Call {
    call.bucket(BucketKey::base(base), &[RateRule::new(planned, WINDOW)])
}

impl Client {
    pub fn new(site: &Site, key: SecretString, cancel: &CancellationToken) -> Result<Self, Fault> {
        Ok(Self {
            http: site.http.clone(),
            base: base(site)?,
            key,
            cancel: cancel.clone(),
            planned: planned(site),
        })
    }

    /// With the key of a running operation.
    pub fn of(op: &Op) -> Result<Self, Fault> {
        Self::new(op.site(), op.secret(API_KEY)?, op.cancel())
    }

    /// With the stored key, for a look.
    pub fn reading(site: &Site) -> Result<Self, Fault> {
        let key = site.secret(API_KEY)?.clone();
        Self::new(site, key, &CancellationToken::new())
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        let call = self
            .http
            .request(method, &self.base, path)
            .bearer(&self.key)
            .cancel(&self.cancel);
        counted(call, &self.base, self.planned)
    }

    /// Sends a call and returns the answer if it is a success. `doing` completes "cannot ...".
    pub async fn send(&self, call: Call, doing: &str) -> Result<Answer, Fault> {
        let answer = call.send().await.map_err(errors::slowed)?;
        errors::accept(answer, doing)
    }

    /// Every group of the key's user, with its role. Never with `compact=1`, which drops the roles (sheet: loomio 4.1).
    pub async fn groups(&self) -> Result<Listing, Fault> {
        let call = self.call(
            Method::GET,
            "/api/b2/groups?exclude_types=tag%20translation",
        );
        let listing: Listing = self
            .send(call, "list the groups of the key")
            .await?
            .json()?;
        if listing.memberships.is_none() {
            return Err(Fault::new(
                FaultKind::BadAnswer,
                format!(
                    "{} lists groups without the bot's role in them.",
                    host(&self.base)
                ),
            )
            .hint("Check the address; Guildhall works with Loomio 3.8 and later."));
        }
        Ok(listing)
    }

    /// A group by number, key or handle.
    pub async fn show(&self, reference: &str) -> Result<Shown, Fault> {
        #[derive(Deserialize)]
        struct Body {
            #[serde(default)]
            groups: Vec<Group>,
        }
        let path = format!("/api/b2/groups/{}", segment(reference));
        let answer = self
            .call(Method::GET, &path)
            .send()
            .await
            .map_err(errors::slowed)?;
        if errors::lacks_right(&answer) {
            return Ok(Shown::Hidden);
        }
        if errors::is_missing(&answer) {
            return Ok(Shown::Missing);
        }
        let body: Body = errors::accept(answer, "show the group")?.json()?;
        Ok(body
            .groups
            .into_iter()
            .find(|group| group.is_named(reference))
            .map_or(Shown::Missing, |group| Shown::Found(Box::new(group))))
    }

    /// Sends JSON.
    pub async fn write<T: DeserializeOwned>(&self, call: Call, doing: &str) -> Result<T, Fault> {
        self.send(call, doing).await?.json()
    }

    pub fn base(&self) -> &Url {
        &self.base
    }
}

/// The version of the server, asked for without the key (sheet: loomio 4.1).
pub(super) async fn version(site: &Site, cancel: &CancellationToken) -> Result<Version, Fault> {
    #[derive(Deserialize)]
    struct Body {
        version: String,
    }
    let base = base(site)?;
    let call = site.http.get(&base, "/api/v1/boot/version").cancel(cancel);
    let call = counted(call, &base, planned(site));
    let answer = call.send().await.map_err(errors::slowed)?;
    let no_loomio = || {
        Fault::new(
            FaultKind::BadAnswer,
            format!("{} does not answer as a Loomio does.", host(&base)),
        )
        .hint("Check the address of Loomio in the settings.")
    };
    if answer.status == 404 {
        return Err(no_loomio().detail("HTTP 404 where the version is told"));
    }
    let body: Body = errors::accept(answer, "tell its version")?.json()?;
    Version::read(&body.version).ok_or_else(|| no_loomio().detail("no version that can be read"))
}

/// The versions met lately, so that a look at many instances asks each server once a day.
#[derive(Debug, Default)]
pub(super) struct Versions(Mutex<HashMap<Url, (Instant, Version)>>);

impl Versions {
    pub async fn of(&self, site: &Site) -> Result<Version, Fault> {
        let base = base(site)?;
        let known = self.lock().get(&base).copied();
        if let Some((_, version)) = known.filter(|(at, _)| at.elapsed() < VERSION_AGE) {
            return Ok(version);
        }
        let version = version(site, &CancellationToken::new()).await?;
        self.lock().insert(base, (Instant::now(), version));
        Ok(version)
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Url, (Instant, Version)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
