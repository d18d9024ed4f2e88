//! The forum's chat integration, as far as Discord goes (discourse/discourse, plugins/discourse-chat-integration).

use super::{
    model::{Channel, Forum, Rule},
    reply::{Outcome, bad_parameter, fine, invalid, not_found, success},
    routes::number,
};
use crate::sandbox::{Delivery, Incoming, Reply};
use axum::http::Method;
use serde_json::{Value, json};

const PROVIDER: &str = "discord";

impl Forum {
    pub fn chat_integration(
        &mut self,
        method: &str,
        segments: &[&str],
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        if !self.settings.chat_plugin {
            return not_found();
        }
        let body = incoming.json().unwrap_or(Value::Null);
        match (method, segments) {
            ("GET", ["providers.json"]) => {
                let provider = json!({"name": PROVIDER, "id": PROVIDER, "channel_parameters": []});
                let (on, off) = if self.settings.chat_discord {
                    (vec![provider], vec![])
                } else {
                    (vec![], vec![provider])
                };
                fine(json!({"enabled_providers": on, "disabled_providers": off}))
            }
            _ if !self.settings.chat_discord => bad_parameter("provider"),
            ("GET", ["channels.json"]) if incoming.query_value("provider") == Some(PROVIDER) => {
                self.list_channels()
            }
            ("POST", ["channels.json"]) => self.create_channel(&body["channel"]),
            ("DELETE", ["channels", id]) => {
                let id = number(id)?;
                if self.channels.remove(&id).is_none() {
                    return bad_parameter("id");
                }
                self.rules.retain(|_, rule| rule.channel != id);
                success()
            }
            ("POST", ["rules.json"]) => self.create_rule(&body["rule"]),
            ("DELETE", ["rules", id]) => match self.rules.remove(&number(id)?) {
                Some(_) => success(),
                None => bad_parameter("id"),
            },
            ("POST", ["test.json"]) => self.test_channel(&body),
            _ => bad_parameter("provider"),
        }
    }

    fn list_channels(&self) -> Outcome<Reply> {
        let listed: Vec<Value> = self
            .channels
            .values()
            .map(|channel| {
                let rules: Vec<Value> = self
                    .rules
                    .values()
                    .filter(|rule| rule.channel == channel.id)
                    .map(|rule| json!({"id": rule.id, "category_id": rule.category, "filter": "watch"}))
                    .collect();
                json!({"id": channel.id, "provider": channel.provider, "data": channel.data, "rules": rules})
            })
            .collect();
        fine(json!({"channels": listed}))
    }

    fn create_channel(&mut self, asked: &Value) -> Outcome<Reply> {
        let data = &asked["data"];
        let address = data["webhook_url"].as_str().unwrap_or_default();
        let name = data["name"].as_str().unwrap_or_default();
        let is_discords = [
            "https://discord.com/api/webhooks/",
            "https://discordapp.com/api/webhooks/",
        ]
        .iter()
        .any(|start| address.starts_with(start));
        let mut channels = self.channels.values();
        let is_taken = channels.any(|channel| channel.data["webhook_url"] == address);
        if asked["provider"] != PROVIDER || name.is_empty() || !is_discords || is_taken {
            return invalid("Channel is not valid");
        }
        let id = self.next_id();
        let channel = Channel {
            id,
            provider: PROVIDER.to_owned(),
            data: json!({"name": name, "webhook_url": address}),
        };
        let shown = json!({"id": id, "provider": PROVIDER, "data": channel.data, "rules": []});
        self.channels.insert(id, channel);
        fine(json!({"channel": shown}))
    }

    fn create_rule(&mut self, asked: &Value) -> Outcome<Reply> {
        let (channel, category) = (asked["channel_id"].as_u64(), asked["category_id"].as_u64());
        let known = channel.is_some_and(|id| self.channels.contains_key(&id))
            && category.is_none_or(|id| self.categories.contains_key(&id));
        let filter = asked["filter"].as_str().unwrap_or("watch");
        let (Some(channel), true) = (
            channel,
            known && matches!(filter, "watch" | "follow" | "mute"),
        ) else {
            return invalid("Rule is not valid");
        };
        let id = self.next_id();
        let rule = Rule {
            id,
            channel,
            category,
        };
        self.rules.insert(id, rule);
        fine(
            json!({"rule": {"id": id, "channel_id": channel, "category_id": category, "filter": filter}}),
        )
    }

    fn test_channel(&mut self, body: &Value) -> Outcome<Reply> {
        let channel = body["channel_id"]
            .as_u64()
            .and_then(|id| self.channels.get(&id));
        let topic = body["topic_id"]
            .as_u64()
            .and_then(|id| self.topics.get(&id));
        let (Some(channel), Some(topic)) = (channel, topic) else {
            return invalid("Couldn't find the channel or the topic");
        };
        let delivery = Delivery {
            method: Method::POST,
            address: format!(
                "{}?wait=true",
                channel.data["webhook_url"].as_str().unwrap_or_default()
            ),
            headers: Vec::new(),
            body: json!({
                "content": "", "embeds": [{"title": topic.title, "description": topic.raw}],
            }),
        };
        Ok(Reply::json(200, json!({"success": "OK"})).delivering(delivery))
    }
}
