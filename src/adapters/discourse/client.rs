//! Calls to one forum: with a key in the name of a user, or as anybody.

use super::{API_KEY, errors};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule, entries},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Requests with a key that the whole forum grants in a minute, all keys and tools together (sheet: discourse 3).
const GRANTED: u32 = 60;

/// A forum, called with one key in the name of one user.
pub(super) struct Client {
    http: Http,
    base: Url,
    key: SecretString,
    user: String,
    cancel: CancellationToken,
    planned: u32,
}

/// Who is behind a key.
#[derive(Debug, Clone, Default)]
pub(super) struct Whoami {
    pub id: u64,
    pub username: String,
    pub admin: bool,
    pub moderator: bool,
}

/// Where the forum of an instance is.
pub(super) fn base(site: &Site) -> Result<Url, Fault> {
    site.settings.url("base_url")
}

/// How messages name the forum.
pub(super) fn host(base: &Url) -> &str {
    base.host_str().unwrap_or("the forum")
}

/// The address of a page of the forum.
pub(super) fn page(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

impl Client {
    pub fn new(
        site: &Site,
        key: SecretString,
        user: &str,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        let granted = site
            .settings
            .get("requests_per_minute")
            .and_then(|text| text.parse().ok())
            .unwrap_or(GRANTED);
        Ok(Self {
            http: site.http.clone(),
            base: base(site)?,
            key,
            user: user.to_owned(),
            cancel: cancel.clone(),
            // The other half is for everybody else's keys.
            planned: (granted / 2).max(1),
        })
    }

    /// With the key that makes things, for a running operation.
    pub fn of(op: &Op) -> Result<Self, Fault> {
        let user = op.site().settings.require("api_username")?;
        Self::new(op.site(), op.secret(API_KEY)?, user, op.cancel())
    }

    /// With the key that makes things, for a look; none where it is not at hand.
    pub fn making(site: &Site) -> Result<Option<Self>, Fault> {
        let (Some(key), Some(user)) =
            (site.secrets.get(API_KEY), site.settings.get("api_username"))
        else {
            return Ok(None);
        };
        Self::new(site, key.clone(), user, &CancellationToken::new()).map(Some)
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    pub fn user(&self) -> &str {
        &self.user
    }

    /// The same key in the name of somebody else.
    pub fn in_the_name_of(&self, user: &str) -> Self {
        Self {
            http: self.http.clone(),
            base: self.base.clone(),
            key: self.key.clone(),
            user: user.to_owned(),
            cancel: self.cancel.clone(),
            planned: self.planned,
        }
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        self.http
            .request(method, &self.base, path)
            .secret_header("Api-Key", &self.key)
            .header("Api-Username", &self.user)
            .cancel(&self.cancel)
            .bucket(
                BucketKey::base(&self.base).within("admin_api"),
                &[RateRule::new(self.planned, Duration::from_secs(60))],
            )
    }

    /// The raw answer to reading.
    pub async fn look(&self, path: &str) -> Result<Answer, Fault> {
        self.call(Method::GET, path)
            .send()
            .await
            .map_err(errors::slowed)
    }

    /// What is read, or none where the forum says that it is not there (or not for this user to see).
    pub async fn find(&self, path: &str, doing: &str) -> Result<Option<Value>, Fault> {
        let answer = self.look(path).await?;
        if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
            return Ok(None);
        }
        self.accept(answer, doing).await?.json().map(Some)
    }

    /// What is read and must be there.
    pub async fn get(&self, path: &str, doing: &str) -> Result<Value, Fault> {
        let answer = self.look(path).await?;
        self.accept(answer, doing).await?.json()
    }

    /// The raw answer to a change, for those who know some refusals better.
    pub async fn try_send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
    ) -> Result<Answer, Fault> {
        let call = self.call(method, path);
        let call = if body.is_null() {
            call
        } else {
            call.json(body)
        };
        call.send().await.map_err(errors::slowed)
    }

    /// The entries of a list in an answer; `what` names them.
    pub fn entries<'a>(&self, list: &'a Value, what: &str) -> Result<&'a [Value], Fault> {
        entries(list, host(&self.base), what)
    }

    /// How many entries there are of a list that comes in pages: without it nobody knows whether the last one was read.
    pub fn total(&self, count: &Value, what: &str) -> Result<u64, Fault> {
        count.as_u64().ok_or_else(|| bad_answer(&self.base, what))
    }

    /// A change. `doing` completes "cannot ...".
    pub async fn send(
        &self,
        method: Method,
        path: &str,
        body: &Value,
        doing: &str,
    ) -> Result<Value, Fault> {
        let answer = self.try_send(method, path, body).await?;
        self.accept(answer, doing).await?.json()
    }

    /// Deletes; what is not there any more is deleted.
    pub async fn delete(&self, path: &str, body: &Value, doing: &str) -> Result<(), Fault> {
        let answer = self.try_send(Method::DELETE, path, body).await?;
        if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
            return Ok(());
        }
        self.accept(answer, doing).await.map(|_| ())
    }

    /// The answer when it is a success, else the fault. A refusal that may mean a dead key is settled by the one call that
    /// every living key may make (sheet: discourse 4, 5).
    pub async fn accept(&self, answer: Answer, doing: &str) -> Result<Answer, Fault> {
        if answer.is_success() {
            // A page is no success: something stands before the forum.
            return if errors::is_page(&answer) {
                answer.json::<Value>().map(|_| answer)
            } else {
                Ok(answer)
            };
        }
        if errors::may_be_dead(&answer) && !self.is_alive().await? {
            return Err(errors::dead(&self.base, &self.key, &self.user));
        }
        Err(errors::fault(&answer, doing, &self.user))
    }

    /// Whether the key works at all, for this user and from this address.
    pub async fn is_alive(&self) -> Result<bool, Fault> {
        let answer = self.look("/session/scopes.json").await?;
        match answer.status {
            401 | 403 if errors::is_json(&answer) => Ok(false),
            // An older forum without this page.
            404 => Ok(true),
            _ => answer.success().map_err(errors::slowed).map(|_| true),
        }
    }

    /// Who the key acts as.
    pub async fn whoami(&self) -> Result<Whoami, Fault> {
        let answer = self
            .get("/session/current.json", "say who the key is")
            .await?;
        let user = &answer["current_user"];
        let id = user["id"]
            .as_u64()
            .ok_or_else(|| bad_answer(&self.base, "who the key is"))?;
        Ok(Whoami {
            id,
            username: user["username"].as_str().unwrap_or_default().to_owned(),
            admin: user["admin"] == true,
            moderator: user["moderator"] == true,
        })
    }
}

/// Half of what a forum grants an address without a key, in its short span and in its long one (sheet: discourse 3): the
/// other half is for whoever else comes from this host.
const OPEN: [RateRule; 2] = [
    RateRule {
        capacity: 25,
        per: Duration::from_secs(10),
    },
    RateRule {
        capacity: 100,
        per: Duration::from_secs(60),
    },
];

/// What anybody may read, without a key: counted per address, not in the forum's bucket.
pub(super) async fn open(site: &Site, path: &str) -> Result<Answer, Fault> {
    let base = base(site)?;
    let bucket = BucketKey::base(&base).within("open");
    let call = site.http.get(&base, path).bucket(bucket, &OPEN);
    call.send().await.map_err(errors::slowed)
}

/// Whether a forum answers, and what it calls itself and asks of readers.
pub(super) async fn probe(site: &Site) -> Result<Value, Fault> {
    let base = base(site)?;
    let answer = open(site, "/site/basic-info.json").await?;
    let no_forum = || {
        Fault::new(
            FaultKind::BadAnswer,
            format!("{} does not answer as a Discourse forum does.", host(&base)),
        )
        .hint("Check the address of the forum in the settings, with its folder where it has one.")
    };
    if matches!(answer.status, 404 | 410) {
        return Err(no_forum().detail("HTTP 404 where the forum says its title"));
    }
    let info: Value = answer.success()?.json()?;
    if info["title"].is_string() {
        return Ok(info);
    }
    Err(no_forum().detail("no title"))
}

/// The fault for an answer that lacks what the sheet promises.
pub(super) fn bad_answer(base: &Url, what: &str) -> Fault {
    Fault::new(
        FaultKind::BadAnswer,
        format!("The answer of {} does not hold {what}.", host(base)),
    )
    .hint(
        "Check that the address is that of a Discourse forum; a very old one may answer otherwise.",
    )
}
