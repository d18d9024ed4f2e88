//! Calls of the one address, with one token: named documents, the body looked at before the status.

use super::account::Account;
use super::documents::{self, Document, Effect};
use super::errors::{self, Refusal};
use super::{PLATFORM, TOKEN, settings};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Http, RateRule, entries},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde_json::{Value, json};
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Calls per minute that are planned; 100 are allowed for a token and path (sheet: opencollective 3). The rest is left
/// for creations and webhooks, which have buckets of their own.
const PLANNED_PER_MINUTE: u32 = 80;
/// Creations per user. The platform's counter empties only after an hour without one, so this spares most refusals and
/// the platform's own word corrects the rest (sheet: opencollective 3).
const CREATIONS: u32 = 60;
/// Webhooks per user and hour to addresses that are looked up (sheet: opencollective 3).
const LOOKED_UP_HOOKS: u32 = 30;
/// The limit in the header of a call that was counted as anonymous (sheet: opencollective 3).
const ANONYMOUS_LIMIT: &str = "10";

/// The platform, called with one token.
#[derive(Clone)]
pub(super) struct Client {
    http: Http,
    base: Url,
    /// Where people see it, without a slash at the end.
    pub web: String,
    token: SecretString,
    bucket: BucketKey,
    cancel: CancellationToken,
}

/// What came back: data and refusals may come together.
#[derive(Debug)]
pub(super) struct Reply {
    pub data: Value,
    pub refusals: Vec<Refusal>,
    /// The platform counted the call as one without a token.
    pub anonymous: bool,
}

/// Which of the platform's counters a call counts against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Counter {
    Requests,
    Creations,
    LookedUpHooks,
}

impl Client {
    /// A client for a running operation, with the stored token.
    pub fn of(op: &Op) -> Result<Self, Fault> {
        Self::new(op.site(), op.secret(TOKEN)?, op.cancel())
    }

    /// A client for a look, with the stored token.
    pub fn at(site: &Site) -> Result<Self, Fault> {
        Self::new(site, site.secret(TOKEN)?.clone(), &CancellationToken::new())
    }

    pub fn new(
        site: &Site,
        token: SecretString,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        Ok(Self {
            http: site.http.clone(),
            base: settings::base(site)?,
            web: settings::web(site)?,
            token,
            bucket: BucketKey::named(&site.credential_key),
            cancel: cancel.clone(),
        })
    }

    /// Sends a document and returns whatever GraphQL answers.
    pub async fn send(&self, document: Document, variables: Value) -> Result<Reply, Fault> {
        self.send_counted(document, variables, Counter::Requests)
            .await
    }

    /// As [`Client::send`], for the calls that the platform counts apart.
    pub async fn send_counted(
        &self,
        document: Document,
        variables: Value,
        counter: Counter,
    ) -> Result<Reply, Fault> {
        let Document { name, text, effect } = document;
        self.post(name, text, effect, variables, counter).await
    }

    /// Looks at accounts by id, as many as one request takes; null for those that are gone.
    pub async fn observe(&self, ids: &[&str]) -> Result<Reply, Fault> {
        let ids = &ids[..ids.len().min(documents::MOST_OBSERVED)];
        let variables: serde_json::Map<String, Value> = ids
            .iter()
            .enumerate()
            .map(|(place, id)| (format!("a{place}"), json!(id)))
            .collect();
        self.post(
            documents::OBSERVE_NAME,
            &documents::observe(ids.len()),
            Effect::Reads,
            Value::Object(variables),
            Counter::Requests,
        )
        .await
    }

    async fn post(
        &self,
        name: &str,
        text: &str,
        effect: Effect,
        variables: Value,
        counter: Counter,
    ) -> Result<Reply, Fault> {
        let hour = Duration::from_secs(3600);
        let (bucket, rule) = match counter {
            Counter::Requests => (
                self.bucket.clone(),
                RateRule::new(PLANNED_PER_MINUTE, Duration::from_secs(60)),
            ),
            Counter::Creations => (
                self.bucket.within("creations"),
                RateRule::new(CREATIONS, hour),
            ),
            Counter::LookedUpHooks => (
                self.bucket.within("webhooks"),
                RateRule::new(LOOKED_UP_HOOKS, hour),
            ),
        };
        let call = self
            .http
            .post(&self.base, "")
            .secret_header("Personal-Token", &self.token)
            .cancel(&self.cancel)
            .bucket(bucket, &[rule])
            .json(&json!({"query": text, "operationName": name, "variables": variables}));
        let call = match effect {
            Effect::Reads => call.reads(),
            Effect::Repeatable => call.keyed(),
            Effect::Once => call,
        };
        self.read(&call.send().await?)
    }

    fn read(&self, answer: &Answer) -> Result<Reply, Fault> {
        match answer.status {
            401 => return Err(errors::unauthorized(answer, &self.web)),
            404 => return Err(errors::wrong_address(answer)),
            500.. => return Err(answer.refusal()),
            _ => {}
        }
        let body: Value = answer.json()?;
        let refusals: Vec<Refusal> = body["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .map(Refusal::read)
            .collect();
        if refusals.is_empty() {
            if answer.status == 400 {
                return Err(errors::bad_request(answer));
            }
            if !answer.is_success() {
                return Err(answer.refusal());
            }
            // An answer that is neither data nor a refusal is somebody else's; this says so by the call's effect.
            answer.json::<Complete>()?;
        }
        Ok(Reply {
            data: body["data"].clone(),
            refusals,
            anonymous: answer.header("x-ratelimit-limit") == Some(ANONYMOUS_LIMIT),
        })
    }

    /// The data of an answer without refusals.
    pub async fn ask(
        &self,
        document: Document,
        variables: Value,
        doing: &str,
    ) -> Result<Value, Fault> {
        let reply = self.send(document, variables).await?;
        self.accept(reply, doing).await
    }

    /// The data, or the fault for the first refusal. "Unauthorized" is said both to strangers and to users who are not
    /// administrators: who we are decides.
    pub async fn accept(&self, reply: Reply, doing: &str) -> Result<Value, Fault> {
        let Some(refusal) = reply.refusals.first() else {
            return Ok(reply.data);
        };
        if refusal.code == "Unauthorized" && self.is_nobody().await? {
            return Err(nobody());
        }
        Err(refusal.fault(doing, &self.web))
    }

    /// Whether the platform sees no user behind the token.
    async fn is_nobody(&self) -> Result<bool, Fault> {
        let reply = self.send(documents::WHO, json!({})).await?;
        Ok(reply.data["me"].is_null() && reply.refusals.is_empty())
    }

    /// An account by id; none when it is gone.
    pub async fn account(&self, id: &str) -> Result<Option<Account>, Fault> {
        let reply = self.observe(&[id]).await?;
        let data = self.accept(reply, "look at the collective").await?;
        Account::read(&data["a0"])
    }

    /// An account by short name; none when nobody has it.
    pub async fn account_named(&self, slug: &str) -> Result<Option<Account>, Fault> {
        let doing = "look for the collective";
        let data = self
            .ask(documents::FIND, json!({"slug": slug}), doing)
            .await?;
        Account::read(&data["account"])
    }

    /// The accounts that the token's user administers.
    pub async fn administered(&self) -> Result<Vec<Account>, Fault> {
        let mut accounts = Vec::new();
        let mut offset = 0;
        loop {
            let doing = "list what the token's user administers";
            let data = self
                .ask(documents::REACH, json!({"offset": offset}), doing)
                .await?;
            let page = &data["me"]["memberOf"];
            if data["me"].is_null() {
                return Err(nobody());
            }
            let nodes = entries(&page["nodes"], PLATFORM, "what the user administers")?;
            for node in nodes {
                accounts.extend(Account::read(&node["account"])?);
            }
            offset += nodes.len();
            if nodes.is_empty()
                || page["totalCount"]
                    .as_u64()
                    .is_none_or(|total| offset as u64 >= total)
            {
                return Ok(accounts);
            }
        }
    }
}

/// The least that a GraphQL answer has.
#[derive(serde::Deserialize)]
struct Complete {
    #[serde(rename = "data")]
    _data: serde_json::Map<String, Value>,
}

/// The platform answered as to a stranger.
pub(super) fn nobody() -> Fault {
    Fault::new(
        FaultKind::KeyRejected,
        "The platform sees no user behind this token.",
    )
    .hint("Check the token, and that nothing between here and the platform takes its header away.")
}
