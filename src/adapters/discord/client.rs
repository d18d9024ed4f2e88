//! Calls to Discord with the bot's token.

use super::{BOT_TOKEN, errors};
use crate::adapters::{
    chat_keys::DISCORD_AGENT,
    contract::Site,
    durable::Op,
    http::{Answer, BucketKey, Call, Http, Method, RateRule, entries, segment},
};
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;
use std::time::Duration;
use tokio_util::sync::CancellationToken;
use url::Url;

/// Discord, called with one bot's token.
#[derive(Clone)]
pub(super) struct Client {
    http: Http,
    base: Url,
    token: SecretString,
    bucket: BucketKey,
    cancel: CancellationToken,
    reason: String,
}

/// The part of Discord's addresses that all calls share.
pub(super) fn base() -> Result<Url, Fault> {
    Url::parse("https://discord.com/").map_err(|error| {
        Fault::new(FaultKind::Internal, "Discord's own address cannot be read.")
            .hint("This is a mistake of Guildhall; please report it.")
            .detail(error)
    })
}

impl Client {
    pub fn new(
        site: &Site,
        token: &SecretString,
        cancel: &CancellationToken,
    ) -> Result<Self, Fault> {
        // "Bot" in front is a slip of many guides; it stands in the header, not in the token.
        let bare = token.expose_secret().trim();
        let bare = bare.strip_prefix("Bot ").unwrap_or(bare);
        Ok(Self {
            http: site.http.clone(),
            base: base()?,
            token: SecretString::from(bare),
            bucket: BucketKey::named(&site.credential_key),
            cancel: cancel.clone(),
            reason: format!("Guildhall, instance {}", site.marker),
        })
    }

    pub fn of(op: &Op) -> Result<Self, Fault> {
        Self::new(op.site(), &op.secret(BOT_TOKEN)?, op.cancel())
    }

    pub fn at(site: &Site) -> Result<Self, Fault> {
        Self::new(site, site.secret(BOT_TOKEN)?, &CancellationToken::new())
    }

    fn call(&self, method: Method, path: &str) -> Call {
        let header = SecretString::from(format!("Bot {}", self.token.expose_secret()));
        let is_reading = method == Method::GET;
        let call = self
            .http
            .request(method, &self.base, &format!("/api/v10{path}"))
            .secret_header("authorization", &header)
            .redact(&self.token)
            .header("user-agent", DISCORD_AGENT)
            .cancel(&self.cancel)
            .bucket(
                self.bucket.clone(),
                // All of a bot's calls share 50 a second (sheet: discord 3); calls that were granted a second ago may still
                // come on top of these.
                &[RateRule::new(40, Duration::from_secs(1))],
            );
        if is_reading {
            call
        } else {
            // Shown to the server's staff; holds nothing personal.
            call.header("x-audit-log-reason", &segment(&self.reason))
        }
    }

    /// The raw answer to a call that only reads.
    pub async fn raw(&self, path: &str) -> Result<Answer, Fault> {
        self.call(Method::GET, path).send().await
    }

    /// Reads something.
    pub async fn get(&self, path: &str, doing: &str) -> Result<Value, Fault> {
        errors::accept(self.raw(path).await?, doing)?.json()
    }

    /// Reads a list of everything there is; `what` names its entries.
    pub async fn list(&self, path: &str, what: &str) -> Result<Vec<Value>, Fault> {
        let all = self.get(path, &format!("list {what}")).await?;
        entries(&all, "Discord", what).map(<[Value]>::to_vec)
    }

    /// Makes something anew each time.
    pub async fn make(&self, path: &str, body: &Value, doing: &str) -> Result<Value, Fault> {
        let answer = self.call(Method::POST, path).json(body).send().await?;
        errors::accept(answer, doing)?.json()
    }

    /// Posts a message with a nonce, by which a second one is the first one again. Nobody is ever pinged.
    pub async fn say(&self, channel: &str, text: &str, nonce: &str) -> Result<Value, Fault> {
        let nonce: String = nonce.chars().take(25).collect();
        let body = serde_json::json!({
            "content": text, "nonce": nonce, "enforce_nonce": true, "allowed_mentions": {"parse": []},
        });
        let call = self.call(Method::POST, &format!("/channels/{channel}/messages"));
        let answer = call.keyed().json(&body).send().await?;
        errors::accept(answer, "post a message")?.json()
    }

    /// Changes something; the same again changes nothing more.
    pub async fn change(&self, path: &str, body: &Value, doing: &str) -> Result<(), Fault> {
        let call = self.call(Method::PATCH, path).keyed().json(body);
        errors::accept(call.send().await?, doing).map(|_| ())
    }

    /// Puts something in its place.
    pub async fn put(&self, path: &str, body: &Value, doing: &str) -> Result<(), Fault> {
        let call = self.call(Method::PUT, path).json(body);
        errors::accept(call.send().await?, doing).map(|_| ())
    }

    /// Deletes something; what is not there any more is deleted.
    pub async fn delete(&self, path: &str, doing: &str) -> Result<(), Fault> {
        let answer = self.call(Method::DELETE, path).send().await?;
        if answer.status == 404 {
            return Ok(());
        }
        errors::accept(answer, doing).map(|_| ())
    }
}

/// The id in an answer.
pub(super) fn id_of(value: &Value) -> Result<String, Fault> {
    value["id"].as_str().map(str::to_owned).ok_or_else(|| {
        Fault::new(
            FaultKind::OutcomeUnknown,
            "Discord did not name what it made.",
        )
        .hint("Resume the operation: what stands is found.")
    })
}
