//! Calls to one server with one token, or as anybody.

use super::{ACCESS_TOKEN, errors};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule, segment},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Of 300 requests in five minutes per token we plan with 200: the account's person may use it too (sheet: mastodon 3).
const PLANNED: u32 = 200;
const WINDOW: Duration = Duration::from_secs(300);
/// Pins where the server does not say its number (sheet: mastodon 3).
const PINS: u64 = 5;
/// Profile fields that an account has where the server does not say its number (sheet: mastodon 3).
pub(super) const FIELDS: usize = 4;

/// A server, called with one token.
pub(super) struct Client {
    http: Http,
    base: Url,
    token: SecretString,
    bucket: BucketKey,
    cancel: CancellationToken,
}

/// A name and a value on the profile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Field {
    pub name: String,
    pub value: String,
}

/// What the account's person wrote: plain text. Never `note` beside it, which is HTML (sheet: mastodon 4).
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Source {
    #[serde(default)]
    pub note: Option<String>,
    #[serde(default)]
    pub fields: Vec<Field>,
    #[serde(default)]
    pub discoverable: Option<bool>,
}

/// The account, as it sees itself.
#[derive(Debug, Clone, Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a switch of its own on the platform"
)]
pub(super) struct Account {
    pub id: String,
    pub username: String,
    #[serde(default)]
    pub url: Option<String>,
    #[serde(default)]
    pub display_name: String,
    #[serde(default)]
    pub locked: bool,
    #[serde(default)]
    pub bot: bool,
    #[serde(default)]
    pub discoverable: Option<bool>,
    #[serde(default)]
    pub source: Source,
    #[serde(default)]
    pub role: Value,
    #[serde(default)]
    pub moved: Value,
    #[serde(default)]
    pub suspended: bool,
    #[serde(default)]
    pub limited: bool,
}

/// A post.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Status {
    pub id: String,
    #[serde(default)]
    pub content: String,
}

/// What a server says of itself.
pub(super) struct Server {
    pub version: String,
    pub pins: u64,
    /// Fields that a profile may have.
    pub fields: usize,
    pub rules: Vec<String>,
}

/// Where the server of an instance is.
pub(super) fn base(site: &Site) -> Result<Url, Fault> {
    site.settings.url("base_url")
}

/// How messages name it.
pub(super) fn host(base: &Url) -> &str {
    base.host_str().unwrap_or("the server")
}

/// The address of a page of the server.
pub(super) fn page(base: &Url, path: &str) -> String {
    format!("{}{path}", base.as_str().trim_end_matches('/'))
}

impl Client {
    pub fn new(
        site: &Site,
        token: SecretString,
        part: &str,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        Ok(Self {
            http: site.http.clone(),
            base: base(site)?,
            token,
            bucket: BucketKey::named(&site.credential_key).within(part),
            cancel: cancel.clone(),
        })
    }

    /// With the account's token, for a running operation.
    pub fn of(op: &Op) -> Result<Self, Fault> {
        Self::new(
            op.site(),
            op.secret(ACCESS_TOKEN)?,
            ACCESS_TOKEN,
            op.cancel(),
        )
    }

    /// With the stored token, for a look.
    pub fn reading(site: &Site) -> Result<Self, Fault> {
        let token = site.secret(ACCESS_TOKEN)?.clone();
        Self::new(site, token, ACCESS_TOKEN, &CancellationToken::new())
    }

    pub fn base(&self) -> &Url {
        &self.base
    }

    pub fn call(&self, method: Method, path: &str) -> Call {
        self.http
            .request(method, &self.base, path)
            .bearer(&self.token)
            .cancel(&self.cancel)
            .bucket(self.bucket.clone(), &[RateRule::new(PLANNED, WINDOW)])
    }

    /// Reads. `doing` completes "cannot ...".
    pub async fn get<T: serde::de::DeserializeOwned>(
        &self,
        path: &str,
        doing: &str,
    ) -> Result<T, Fault> {
        let answer = self.call(Method::GET, path).send().await?;
        errors::accept(answer, doing)?.json()
    }

    pub async fn send(&self, call: Call, doing: &str) -> Result<Value, Fault> {
        errors::accept(call.send().await?, doing)?.json()
    }

    /// The raw answer to who the account is, for those who know some refusals better.
    pub async fn who_answer(&self) -> Result<Answer, Fault> {
        self.call(Method::GET, "/api/v1/accounts/verify_credentials")
            .send()
            .await
    }

    pub async fn whoami(&self) -> Result<Account, Fault> {
        let answer = self.who_answer().await?;
        let account: Account = errors::accept(answer, "say whose token it is")?.json()?;
        if account.source.note.is_none() {
            // What is taken for an empty text would be put back as one, over what the person wrote.
            return Err(Fault::new(
                FaultKind::BadAnswer,
                "The server does not say what stands in the account's profile.",
            )
            .hint(
                "Check that the address is that of a Mastodon server, and try again in a while.",
            ));
        }
        Ok(account)
    }

    /// The scopes of the token's application: the token has no more, and may have fewer (sheet: mastodon 2). None where the
    /// server does not name them.
    pub async fn app_scopes(&self) -> Result<Option<Vec<String>>, Fault> {
        let app: Value = self
            .get(
                "/api/v1/apps/verify_credentials",
                "name the token's application",
            )
            .await?;
        if let Some(listed) = app["scopes"].as_array() {
            let scopes = listed.iter().filter_map(Value::as_str);
            return Ok(Some(scopes.map(str::to_owned).collect()));
        }
        let text = app["scopes"].as_str();
        Ok(text.map(|text| text.split_whitespace().map(str::to_owned).collect()))
    }

    /// The pinned posts, the newest pin first.
    pub async fn pinned(&self, account: &str) -> Result<Vec<Status>, Fault> {
        let path = format!("/api/v1/accounts/{}/statuses?pinned=true", segment(account));
        self.get(&path, "list the pinned posts").await
    }

    /// The newest posts.
    pub async fn newest(&self, account: &str) -> Result<Vec<Status>, Fault> {
        let path = format!(
            "/api/v1/accounts/{}/statuses?limit=40&exclude_replies=true",
            segment(account)
        );
        self.get(&path, "list the posts").await
    }

    /// Whether the token may post, without posting: an empty post is invalid to who may and forbidden to who may not
    /// (sheet: mastodon 2).
    pub async fn may_post(&self) -> Result<bool, Fault> {
        let call = self
            .call(Method::POST, "/api/v1/statuses")
            .json(&serde_json::json!({"status": ""}));
        let answer = call.reads().send().await?;
        match answer.status {
            422 if errors::is_json(&answer) => Ok(true),
            403 if errors::lacks_scope(&answer) => Ok(false),
            _ => Err(errors::fault(&answer, "say whether the token may post")),
        }
    }
}

/// The scope that posting takes.
pub(super) const MAY_POST: &str = "write:statuses";

/// What anybody may ask.
pub(super) async fn open(site: &Site, path: &str) -> Result<Answer, Fault> {
    let base = base(site)?;
    site.http.get(&base, path).send().await
}

/// Whether a Mastodon answers, and what it says of itself.
pub(super) async fn probe(site: &Site) -> Result<Server, Fault> {
    let base = base(site)?;
    let mut answer = open(site, "/api/v2/instance").await?;
    if answer.status == 404 {
        answer = open(site, "/api/v1/instance").await?;
    }
    let no_server = |detail: &str| {
        Fault::new(
            FaultKind::BadAnswer,
            format!("{} does not answer as a Mastodon server does.", host(&base)),
        )
        .hint("Check the address of the server in the settings.")
        .detail(detail)
    };
    if answer.status == 404 {
        return Err(no_server("HTTP 404 where the server tells its version"));
    }
    let told: Value = errors::accept(answer, "say what it is")?.json()?;
    let version = told["version"]
        .as_str()
        .ok_or_else(|| no_server("no version"))?;
    let rules = told["rules"].as_array();
    Ok(Server {
        version: version.to_owned(),
        pins: told["configuration"]["accounts"]["max_pinned_statuses"]
            .as_u64()
            .unwrap_or(PINS),
        fields: told["configuration"]["accounts"]["max_profile_fields"]
            .as_u64()
            .and_then(|most| usize::try_from(most).ok())
            .unwrap_or(FIELDS),
        rules: rules
            .into_iter()
            .flatten()
            .filter_map(|rule| rule["text"].as_str())
            .map(str::to_owned)
            .collect(),
    })
}

/// What everybody sees of an account; none when there is none, or not any more. Of one that was deleted the server keeps
/// the name, and shows it as suspended.
pub(super) async fn look_up(site: &Site, name: &str) -> Result<Option<Account>, Fault> {
    let path = format!("/api/v1/accounts/lookup?acct={}", segment(name));
    let answer = open(site, &path).await?;
    if matches!(answer.status, 404 | 410) && errors::is_json(&answer) {
        return Ok(None);
    }
    errors::accept(answer, "look up the account")?
        .json()
        .map(Some)
}
