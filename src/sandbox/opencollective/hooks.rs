//! Webhooks: one for each user, collective and activity type; deliveries without signature (sheet: opencollective 4.5).

use super::access::{Caller, allowed};
use super::model::{Service, Webhook, Window, fresh_id};
use super::reply::{self, Outcome};
use crate::sandbox::{Delivery, Incoming};
use axum::http::Method;
use serde_json::{Value, json};
use url::{Host, Url};

const MOST_LOOKUPS: u32 = 30;
const HOUR_MS: i64 = 3_600_000;

impl Service {
    pub fn hooks(&self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        let id = variables["id"].as_str().unwrap_or_default();
        if self.account(id).is_none() {
            return Ok(json!({"account": null}));
        }
        let user = allowed(caller, "account", "webhooks")?;
        self.administrator(&user, id, "account")?;
        let all: Vec<Value> = self
            .webhooks
            .iter()
            .filter(|hook| hook.collective == id)
            .map(|hook| json!({"id": hook.id, "activityType": hook.activity, "webhookUrl": hook.address}))
            .collect();
        let offset = variables["offset"].as_u64().unwrap_or(0);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let nodes: Vec<&Value> = all.iter().skip(offset).take(100).collect();
        Ok(json!({"account": {"id": id, "webhooks": {"totalCount": all.len(), "nodes": nodes}}}))
    }

    pub fn hook(
        &mut self,
        caller: &Caller,
        variables: &Value,
        incoming: &Incoming,
    ) -> Outcome<Value> {
        const FIELD: &str = "createWebhook";
        let user = allowed(caller, FIELD, "webhooks")?;
        let input = &variables["w"];
        let Some(id) = self.referred(&input["account"]) else {
            return reply::refuse(FIELD, "NotFound", "Account Not Found");
        };
        self.administrator(&user, &id, FIELD)?;
        self.second_factor(caller, FIELD)?;
        let address = input["webhookUrl"].as_str().unwrap_or_default();
        let Ok(url) = Url::parse(address) else {
            return reply::invalid("BAD_USER_INPUT", "Not a valid URL");
        };
        self.check_address(&user, &url, incoming.now.as_millisecond())?;
        let activity = input["activityType"].as_str().unwrap_or("ACTIVITY_ALL");
        let taken = self
            .webhooks
            .iter()
            .any(|hook| hook.user == user && hook.collective == id && hook.activity == activity);
        if taken {
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", "Validation error");
        }
        let hook = Webhook {
            id: fresh_id("not"),
            user,
            collective: id,
            activity: activity.into(),
            address: Some(address.into()),
        };
        let shown =
            json!({"id": hook.id, "activityType": hook.activity, "webhookUrl": hook.address});
        self.webhooks.push(hook);
        Ok(json!({FIELD: shown}))
    }

    /// Slack and Discord are not looked up. The sandbox lets this host's own addresses pass, so that a test sees arrivals.
    fn check_address(&mut self, user: &str, url: &Url, now: i64) -> Outcome<()> {
        const FIELD: &str = "createWebhook";
        let host = url.host_str().unwrap_or_default();
        if matches!(host, "hooks.slack.com" | "discord.com") {
            return Ok(());
        }
        let counter = self.lookups.entry(user.to_owned()).or_insert(Window {
            count: 0,
            ends_ms: now + HOUR_MS,
        });
        if counter.ends_ms <= now {
            *counter = Window {
                count: 0,
                ends_ms: now + HOUR_MS,
            };
        }
        if counter.count >= MOST_LOOKUPS {
            return reply::refuse(FIELD, "RateLimitExceeded", "Rate limit exceeded");
        }
        counter.count += 1;
        let refused = match url.host() {
            Some(Host::Ipv4(ip)) => !ip.is_loopback(),
            Some(Host::Ipv6(_)) | None => true,
            Some(Host::Domain(name)) => {
                name == "localhost"
                    || [".local", ".internal"]
                        .iter()
                        .any(|end| name.ends_with(end))
                    || name.ends_with("opencollective.com")
            }
        };
        if refused {
            let message = "The webhook URL is not allowed";
            return reply::refuse(FIELD, "ValidationFailed", message);
        }
        Ok(())
    }

    /// Deletes; a document that selects the id stumbles over the row that is gone.
    pub fn unhook(&mut self, caller: &Caller, variables: &Value, query: &str) -> Outcome<Value> {
        const FIELD: &str = "deleteWebhook";
        let user = allowed(caller, FIELD, "webhooks")?;
        let id = variables["w"]["id"].as_str().unwrap_or_default();
        let Some(place) = self.webhooks.iter().position(|hook| hook.id == id) else {
            return reply::refuse(FIELD, "NotFound", "Webhook not found");
        };
        let collective = self.webhooks[place].collective.clone();
        self.administrator(&user, &collective, FIELD)?;
        self.webhooks.remove(place);
        if query.contains("{ id }") {
            let message = "Cannot return null for non-nullable field Webhook.id.";
            return reply::refuse(FIELD, "INTERNAL_SERVER_ERROR", message);
        }
        Ok(json!({FIELD: {"activityType": null}}))
    }

    /// Queues what goes out because of an activity.
    pub fn announce(&mut self, id: &str, activity: &str, incoming: &Incoming) {
        let Some(account) = self.account(id) else {
            return;
        };
        let legacy = account.legacy;
        let line = format!("{} was edited", account.slug);
        let body = |address: &str| {
            if address.contains("slack") {
                json!({"text": line})
            } else {
                json!({"createdAt": incoming.now.to_string(), "id": legacy, "type": activity,
                    "CollectiveId": legacy, "data": {}})
            }
        };
        let deliveries: Vec<Delivery> = self
            .webhooks
            .iter()
            .filter(|hook| hook.collective == id)
            .filter(|hook| hook.activity == "ACTIVITY_ALL" || hook.activity == activity)
            .filter_map(|hook| hook.address.as_deref())
            .map(|address| Delivery {
                method: Method::POST,
                address: address.to_owned(),
                headers: Vec::new(),
                body: body(address),
            })
            .collect();
        self.outgoing.extend(deliveries);
    }
}
