//! Incoming webhooks: an address that posts to one channel. Unlike the methods they speak by their status.

use super::model::Slack;
use crate::sandbox::{Incoming, Reply};
use serde_json::Value;

impl Slack {
    pub fn incoming_hook(
        &mut self,
        team: &str,
        hook: &str,
        secret: &str,
        incoming: &Incoming,
    ) -> Reply {
        let key = format!("{team}/{hook}/{secret}");
        let Some(webhook) = self.webhooks.get(&key).cloned() else {
            return Reply::text(404, "no_service");
        };
        if incoming.method.as_str() != "POST" {
            return Reply::text(405, "method_not_allowed");
        }
        let Some(payload) = payload(incoming) else {
            return Reply::text(400, "invalid_payload");
        };
        let Some(text) = payload["text"].as_str().filter(|text| !text.is_empty()) else {
            return Reply::text(400, "no_text");
        };
        match self.channels.get(&webhook.channel) {
            None => return Reply::text(404, "channel_not_found"),
            Some(channel) if channel.is_archived => {
                return Reply::text(410, "channel_is_archived");
            }
            Some(_) => {}
        }
        let said = format!("webhook {hook}");
        self.say(&webhook.channel, &said, text, incoming.now.as_millisecond());
        Reply::text(200, "ok")
    }
}

/// JSON as the body, or in the field `payload` of a form.
fn payload(incoming: &Incoming) -> Option<Value> {
    let found = incoming.json().or_else(|| {
        let form = incoming.form();
        let (_, text) = form.iter().find(|(name, _)| name == "payload")?;
        serde_json::from_str(text).ok()
    })?;
    found.is_object().then_some(found)
}
