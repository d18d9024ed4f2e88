//! Webhooks: never to a private address, signed, their deliveries kept (sheet: discourse 4, P6 and P7).

use super::{
    model::{Forum, Webhook},
    reply::{Outcome, bad_parameter, fine, invalid, not_found, success},
    routes::number,
};
use crate::sandbox::{Delivery, Incoming, Reply};
use axum::http::Method;
use hmac::{Hmac, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;
use std::fmt::Write as _;
use url::{Host, Url};

const SHORTEST_SECRET: usize = 12;
/// What newer forums tell of, and older ones.
const EVENTS: [(u64, &str); 13] = [
    (101, "topic_created"),
    (102, "topic_revised"),
    (103, "topic_edited"),
    (104, "topic_destroyed"),
    (105, "topic_recovered"),
    (201, "post_created"),
    (202, "post_edited"),
    (203, "post_destroyed"),
    (204, "post_recovered"),
    (401, "group_created"),
    (402, "group_updated"),
    (403, "group_destroyed"),
    (501, "category_created"),
];
const OLD_EVENTS: [(u64, &str); 5] = [
    (1, "topic"),
    (2, "post"),
    (3, "user"),
    (4, "group"),
    (5, "category"),
];

impl Forum {
    fn event_types(&self) -> &'static [(u64, &'static str)] {
        if self.settings.is_old {
            &OLD_EVENTS
        } else {
            &EVENTS
        }
    }

    pub fn list_webhooks(&self, incoming: &Incoming) -> Outcome<Reply> {
        let read = |field: &str, default| {
            let text = incoming.query_value(field);
            text.and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let (limit, offset): (usize, usize) = (read("limit", 50), read("offset", 0));
        let listed: Vec<Value> = self
            .webhooks
            .values()
            .skip(offset)
            .take(limit)
            .map(shown)
            .collect();
        let types: Vec<Value> = self
            .event_types()
            .iter()
            .map(|(id, name)| json!({"id": id, "name": name}))
            .collect();
        fine(json!({
            "web_hooks": listed, "total_rows_web_hooks": self.webhooks.len(),
            "extras": {"event_types": types, "default_event_types": []},
        }))
    }

    fn held_webhook(&mut self, id: &str) -> Outcome<&mut Webhook> {
        match self.webhooks.get_mut(&number(id)?) {
            Some(webhook) => Ok(webhook),
            None => not_found(),
        }
    }

    pub fn show_webhook(&mut self, id: &str) -> Outcome<Reply> {
        let webhook = self.held_webhook(id)?;
        fine(json!({"web_hook": shown(webhook)}))
    }

    pub fn create_webhook(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let mut webhook = Webhook::default();
        self.fill(&mut webhook, incoming)?;
        if webhook.payload_url.is_empty() || webhook.event_types.is_empty() {
            return invalid("Payload URL can't be blank");
        }
        webhook.id = self.next_id();
        let reply = json!({"web_hook": shown(&webhook)});
        self.webhooks.insert(webhook.id, webhook);
        fine(reply)
    }

    pub fn update_webhook(&mut self, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        let mut webhook = self.held_webhook(id)?.clone();
        self.fill(&mut webhook, incoming)?;
        let reply = json!({"web_hook": shown(&webhook)});
        self.webhooks.insert(webhook.id, webhook);
        fine(reply)
    }

    fn fill(&self, webhook: &mut Webhook, incoming: &Incoming) -> Outcome<()> {
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(asked) = body["web_hook"].as_object() else {
            return bad_parameter("web_hook");
        };
        if let Some(url) = asked.get("payload_url").and_then(Value::as_str) {
            if is_private(url) && !self.settings.private_webhooks {
                return invalid(
                    "Payload URL cannot be used because it resolves to a blocked or internal IP",
                );
            }
            url.clone_into(&mut webhook.payload_url);
        }
        if let Some(secret) = asked.get("secret").and_then(Value::as_str) {
            if secret.chars().count() < SHORTEST_SECRET {
                return invalid("Secret is too short (minimum is 12 characters)");
            }
            secret.clone_into(&mut webhook.secret);
        }
        if let Some(active) = asked.get("active").and_then(Value::as_bool) {
            webhook.active = active;
        }
        for (field, held) in [
            ("web_hook_event_type_ids", &mut webhook.event_types),
            ("category_ids", &mut webhook.categories),
            ("group_ids", &mut webhook.groups),
        ] {
            if let Some(ids) = asked.get(field).and_then(Value::as_array) {
                *held = ids.iter().filter_map(Value::as_u64).collect();
            }
        }
        let types = self.event_types();
        let is_known = |id: &u64| types.iter().any(|(known, _)| known == id);
        if !webhook.event_types.iter().all(is_known) {
            return bad_parameter("web_hook_event_type_ids");
        }
        if !webhook
            .categories
            .iter()
            .all(|id| self.categories.contains_key(id))
        {
            return bad_parameter("category_ids");
        }
        Ok(())
    }

    pub fn delete_webhook(&mut self, id: &str) -> Outcome<Reply> {
        let id = self.held_webhook(id)?.id;
        self.webhooks.remove(&id);
        success()
    }

    pub fn ping(&mut self, id: &str) -> Outcome<Reply> {
        let id = self.held_webhook(id)?.id;
        let reply = Reply::json(200, json!({"success": "OK"}));
        let delivery = self.deliver(id, "ping", "ping", &json!({"ping": "OK"}));
        Ok(delivery.into_iter().fold(reply, Reply::delivering))
    }

    pub fn list_events(&mut self, id: &str) -> Outcome<Reply> {
        let webhook = self.held_webhook(id)?;
        let events: Vec<Value> = webhook
            .events
            .iter()
            .rev()
            .map(|(id, status, _)| json!({"id": id, "web_hook_id": webhook.id, "status": status}))
            .collect();
        fine(json!({"web_hook_events": events, "total_rows_web_hook_events": webhook.events.len()}))
    }

    /// Tells every active webhook of a category what happened in it.
    pub fn tell(&mut self, category: u64, kind: &str, event: &str, body: &Value) -> Vec<Delivery> {
        let ids: Vec<u64> = self
            .webhooks
            .values()
            .filter(|webhook| webhook.active && webhook.categories.contains(&category))
            .map(|webhook| webhook.id)
            .collect();
        ids.into_iter()
            .filter_map(|id| self.deliver(id, kind, event, body))
            .collect()
    }

    fn deliver(&mut self, id: u64, kind: &str, event: &str, body: &Value) -> Option<Delivery> {
        let number = self.next_id();
        let answer = self.receivers_answer;
        let webhook = self.webhooks.get_mut(&id)?;
        webhook.events.push((number, answer, event.to_owned()));
        let mut mac = Hmac::<Sha256>::new_from_slice(webhook.secret.as_bytes()).ok()?;
        mac.update(body.to_string().as_bytes());
        let mut signature = "sha256=".to_owned();
        for byte in mac.finalize().into_bytes() {
            // Writing to a String does not fail.
            let _ = write!(signature, "{byte:02x}");
        }
        let headers = [
            (
                "X-Discourse-Instance",
                "https://discourse.sandbox".to_owned(),
            ),
            ("X-Discourse-Event-Id", number.to_string()),
            ("X-Discourse-Event-Type", kind.to_owned()),
            ("X-Discourse-Event", event.to_owned()),
            ("X-Discourse-Event-Signature", signature),
        ];
        Some(Delivery {
            method: Method::POST,
            address: webhook.payload_url.clone(),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value))
                .to_vec(),
            body: body.clone(),
        })
    }
}

fn shown(webhook: &Webhook) -> Value {
    let last = match webhook.events.last() {
        None => 1,
        Some((_, 200..=299, _)) => 3,
        Some(_) => 2,
    };
    json!({
        "id": webhook.id, "payload_url": webhook.payload_url, "content_type": 1, "wildcard_web_hook": false,
        "verify_certificate": true, "active": webhook.active, "last_delivery_status": last,
        "web_hook_event_types": webhook.event_types.iter().map(|id| json!({"id": id})).collect::<Vec<_>>(),
        "category_ids": webhook.categories, "group_ids": webhook.groups,
    })
}

/// Whether an address leads to this host or into a private network.
fn is_private(address: &str) -> bool {
    let Ok(url) = Url::parse(address) else {
        return true;
    };
    match url.host() {
        Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_link_local(),
        Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unique_local(),
        Some(Host::Domain(name)) => name == "localhost",
        None => true,
    }
}
