//! Calls to Slack with one token: the budget of each method, and the word in an answer that is HTTP 200 whatever happened.

use super::errors::{self, Doing};
use super::{BOT_TOKEN, CONFIG_TOKEN, USER_TOKEN};
use crate::adapters::{
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule},
};
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::{collections::BTreeSet, time::Duration};
use tokio_util::sync::CancellationToken;
use url::Url;

/// The most entries of a page that Slack takes are fewer than a thousand (its documentation).
const PAGE: &str = "999";

/// Slack, called with one token.
#[derive(Clone)]
pub(super) struct Client {
    http: Http,
    base: Url,
    token: SecretString,
    bucket: BucketKey,
    cancel: CancellationToken,
    app_page: String,
    by_person: bool,
}

/// An answer of Slack: its body, the word of its refusal, and what its headers say about the token.
pub(super) struct Reply {
    answer: Answer,
    /// The body.
    pub body: Value,
    /// The word of the refusal; none when it is fine.
    pub error: Option<String>,
    /// The token's scopes, where the answer names them.
    pub scopes: Option<Vec<String>>,
    /// Whether the call could change something.
    writes: bool,
    app_page: String,
    by_person: bool,
}

impl Reply {
    /// Whether Slack refused with one of these words.
    pub fn is(&self, words: &[&str]) -> bool {
        self.error
            .as_deref()
            .is_some_and(|error| words.contains(&error))
    }

    /// The body when it is fine or was refused with one of `fine`, which mean that it is so already.
    pub fn accept(self, doing: &str, fine: &[&str]) -> Result<Value, Fault> {
        if self.error.is_none() || self.is(fine) {
            return Ok(self.body);
        }
        Err(self.fault(doing))
    }

    /// What the refusal means.
    pub fn fault(&self, doing: &str) -> Fault {
        errors::fault(
            &self.answer,
            &self.body,
            &Doing {
                what: doing,
                writes: self.writes,
                app_page: &self.app_page,
                by_person: self.by_person,
            },
        )
    }
}

/// How often a method may be called in a minute: two thirds of the floor of its tier (sheet: slack 3).
fn planned(method: &str) -> u32 {
    match method {
        "conversations.create"
        | "conversations.list"
        | "conversations.archive"
        | "conversations.unarchive"
        | "conversations.rename"
        | "conversations.setTopic"
        | "conversations.setPurpose"
        | "pins.add"
        | "pins.list"
        | "users.list" => 13,
        "auth.test" => 100,
        // Tier 1, whose floor is one a minute.
        "tooling.tokens.rotate" => 1,
        _ if method.starts_with("apps.manifest.") => 1,
        _ => 33,
    }
}

impl Client {
    pub fn new(
        site: &Site,
        token: SecretString,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        let base = Url::parse("https://slack.com/").map_err(|error| {
            Fault::new(FaultKind::Internal, "Slack's own address cannot be read.")
                .hint("This is a mistake of Guildhall; please report it.")
                .detail(error)
        })?;
        let app: Option<String> = site.fact(super::session::APP)?;
        Ok(Self {
            http: site.http.clone(),
            base,
            token,
            bucket: BucketKey::named(&site.credential_key),
            cancel: cancel.clone(),
            app_page: super::app::page(app.as_deref()),
            by_person: false,
        })
    }

    /// The client of the bot, for a running operation.
    pub fn of(op: &Op) -> Result<Self, Fault> {
        let site = op.site();
        let token = op
            .secret(BOT_TOKEN)
            .map_err(|fault| how_to_get(site, fault))?;
        Self::new(site, token, op.cancel())
    }

    /// The client of the bot, for a look.
    pub fn at(site: &Site) -> Result<Self, Fault> {
        let token = site
            .secret(BOT_TOKEN)
            .map_err(|fault| how_to_get(site, fault))?
            .clone();
        Self::new(site, token, &CancellationToken::new())
    }

    /// The client of whoever lets apps be made.
    pub fn of_configuration(op: &Op) -> Result<Self, Fault> {
        Self::new(op.site(), op.secret(CONFIG_TOKEN)?, op.cancel())
    }

    /// Exchanges a configuration's refresh token, which alone says who asks. Never repeated by itself: it is spent when Slack
    /// answers.
    pub async fn exchange(op: &Op, refresh: &SecretString) -> Result<Reply, Fault> {
        let client = Self::new(op.site(), refresh.clone(), op.cancel())?;
        let method = "tooling.tokens.rotate";
        let call = client
            .http
            .request(Method::POST, &client.base, &format!("/api/{method}"))
            .cancel(&client.cancel)
            .bucket(
                client.bucket.within(method),
                &[RateRule::new(planned(method), Duration::from_secs(60))],
            )
            .form(&[("refresh_token", refresh.expose_secret())])
            .redact(refresh);
        client.reply(call, true).await
    }

    /// The client of the person who archives. Slack counts the calls of each of an app's tokens together, so the budget is
    /// the same.
    pub fn person(op: &Op) -> Result<Self, Fault> {
        let client = Self::new(op.site(), op.secret(USER_TOKEN)?, op.cancel())?;
        Ok(Self {
            by_person: true,
            ..client
        })
    }

    fn call(&self, http_method: Method, method: &str) -> Call {
        self.http
            .request(http_method, &self.base, &format!("/api/{method}"))
            .bearer(&self.token)
            .cancel(&self.cancel)
            .bucket(
                self.bucket.within(method),
                &[RateRule::new(planned(method), Duration::from_secs(60))],
            )
    }

    /// A call that only reads.
    pub async fn read(&self, method: &str, query: &[(&str, &str)]) -> Result<Reply, Fault> {
        let call = self.call(Method::GET, method).query(query);
        self.reply(call, false).await
    }

    /// A call that changes something and may be repeated.
    pub async fn set(&self, method: &str, body: &Value) -> Result<Reply, Fault> {
        let call = in_json(self.call(Method::POST, method), body).keyed();
        self.reply(call, true).await
    }

    /// A call that makes something anew each time.
    pub async fn make(&self, method: &str, body: &Value) -> Result<Reply, Fault> {
        self.reply(in_json(self.call(Method::POST, method), body), true)
            .await
    }

    /// Posts a message: Slack takes one a second in each channel (sheet: slack 3), counted when they arrive, and a slow
    /// message may arrive right before the quick one that follows it.
    pub async fn post(&self, channel: &str, body: &Value) -> Result<Reply, Fault> {
        let key = self.bucket.within(&format!("chat.postMessage/{channel}"));
        let call = self
            .call(Method::POST, "chat.postMessage")
            .bucket(key, &[RateRule::new(1, Duration::from_millis(1500))]);
        self.reply(in_json(call, body), true).await
    }

    /// Who the token is. Sent by POST, which keeps it out of every log of addresses.
    pub async fn who(&self) -> Result<Reply, Fault> {
        let call = self.call(Method::POST, "auth.test").reads();
        self.reply(call, false).await
    }

    /// A call whose form holds a secret.
    pub async fn set_with_secret(
        &self,
        method: &str,
        pairs: &[(&str, &str)],
        secret: &SecretString,
    ) -> Result<Reply, Fault> {
        let call = self.call(Method::POST, method).form(pairs).redact(secret);
        self.reply(call.keyed(), true).await
    }

    /// Every entry of a list that comes in pages.
    pub async fn all<T: DeserializeOwned>(
        &self,
        method: &str,
        query: &[(&str, &str)],
        list: &str,
        doing: &str,
    ) -> Result<Vec<T>, Fault> {
        let mut found = Vec::new();
        let mut cursor = String::new();
        let mut read = BTreeSet::new();
        // A page that comes again would come for ever.
        while read.insert(cursor.clone()) {
            let mut query = query.to_vec();
            query.push(("limit", PAGE));
            if !cursor.is_empty() {
                query.push(("cursor", &cursor));
            }
            let mut page = self.read(method, &query).await?.accept(doing, &[])?;
            let entries: Vec<T> = serde_json::from_value(page[list].take())
                .map_err(|error| errors::unreadable(doing, &error))?;
            found.extend(entries);
            let next = &page["response_metadata"]["next_cursor"];
            next.as_str().unwrap_or_default().clone_into(&mut cursor);
            if cursor.is_empty() {
                return Ok(found);
            }
        }
        Err(Fault::new(
            FaultKind::BadAnswer,
            format!("Slack's list does not end, so Guildhall cannot {doing}."),
        )
        .hint("Try again later; if it stays so, please report it."))
    }

    async fn reply(&self, call: Call, writes: bool) -> Result<Reply, Fault> {
        let answer = call.send().await?;
        let body: Value = if answer.is_success() {
            answer.json()?
        } else {
            return Err(answer.refusal());
        };
        let error = match body["ok"].as_bool() {
            Some(true) => None,
            Some(false) => Some(body["error"].as_str().unwrap_or("unknown_error").to_owned()),
            // Without "ok" it is not Slack that answered.
            None => return Err(errors::foreign(&answer, writes)),
        };
        let scopes = answer.header("x-oauth-scopes").map(|list| {
            list.split(',')
                .map(|scope| scope.trim().to_owned())
                .filter(|scope| !scope.is_empty())
                .collect()
        });
        Ok(Reply {
            answer,
            body,
            error,
            scopes,
            writes,
            app_page: self.app_page.clone(),
            by_person: self.by_person,
        })
    }
}

/// The same fault, with the address at which an app of the community's own name is filled in.
fn how_to_get(site: &Site, fault: Fault) -> Fault {
    if fault.kind != FaultKind::NeedsKey {
        return fault;
    }
    let name = format!("Guildhall {}", site.community_name);
    let address = super::app::make_address(&name, site.settings.is_on("read_back"));
    fault.hint(format!(
        "Make and install the app at {address} and enter its Bot User OAuth Token as bot_token; or enter a configuration token as config_token, with which Guildhall makes the app."
    ))
}

fn in_json(call: Call, body: &Value) -> Call {
    // Slack warns about JSON whose character set is not named.
    call.header("content-type", "application/json; charset=utf-8")
        .json(body)
}
