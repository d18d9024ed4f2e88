//! Topics: external ids find them, titles are unique and not too short (sheet: discourse 3, 4).

use super::{
    access::Caller,
    model::{Forum, Topic},
    reply::{Outcome, bad_parameter, fine, invalid, no_access, not_found, success},
    routes::number,
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

const SHORTEST_TITLE: usize = 15;
const SHORTEST_BODY: usize = 20;

impl Forum {
    fn sees_topic(&self, caller: &Caller, topic: &Topic) -> bool {
        self.categories
            .get(&topic.category)
            .is_some_and(|category| self.sees_category(caller, category))
    }

    fn seen_topic(&self, caller: &Caller, id: &str) -> Outcome<&Topic> {
        let id = number(id)?;
        match self.topics.get(&id) {
            Some(topic) if self.sees_topic(caller, topic) => Ok(topic),
            _ => not_found(),
        }
    }

    pub fn write_post(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        let user = caller.signed_in()?.username.clone();
        let body = incoming.json().unwrap_or(Value::Null);
        let text = |field: &str| body[field].as_str().unwrap_or_default().to_owned();
        let (title, raw) = (text("title"), text("raw"));
        let Some(category) = body["category"]
            .as_u64()
            .and_then(|id| self.categories.get(&id))
        else {
            return bad_parameter("category");
        };
        if self.level_in(caller, category) != Some(1) {
            return no_access();
        }
        if title.chars().count() < SHORTEST_TITLE {
            return invalid("Title is too short (minimum is 15 characters)");
        }
        if raw.chars().count() < SHORTEST_BODY {
            return invalid("Body is too short (minimum is 20 characters)");
        }
        let external_id = body["external_id"].as_str().map(str::to_owned);
        let mut topics = self.topics.values();
        if external_id.is_some() && topics.any(|topic| topic.external_id == external_id) {
            return invalid("External has already been taken");
        }
        if self.topics.values().any(|topic| topic.title == title) {
            return invalid("Title has already been used");
        }
        let category = category.id;
        let id = self.add_topic(category, &user, &title, &raw, external_id);
        let reply = Reply::json(
            200,
            json!({"id": id + 1_000_000, "topic_id": id, "username": user, "topic_slug": "topic"}),
        );
        let told = json!({"topic": {"id": id, "title": title, "category_id": category}});
        let deliveries = self.tell(category, "topic", "topic_created", &told);
        Ok(deliveries.into_iter().fold(reply, Reply::delivering))
    }

    /// The forum leads on to the topic's own address.
    pub fn topic_by_external_id(&self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let id = id.strip_suffix(".json").unwrap_or(id);
        let found = self
            .topics
            .values()
            .find(|topic| topic.external_id.as_deref() == Some(id));
        match found {
            Some(topic) if self.sees_topic(caller, topic) => {
                Ok(Reply::empty(301).header("location", format!("/t/{}.json", topic.id)))
            }
            _ => not_found(),
        }
    }

    pub fn show_topic(&self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let topic = self.seen_topic(caller, id)?;
        fine(json!({
            "id": topic.id, "title": topic.title, "category_id": topic.category, "pinned": topic.pinned,
            "external_id": topic.external_id,
            "post_stream": {"posts": [{
                "id": topic.id + 1_000_000, "username": topic.user, "created_at": topic.created_at,
                "cooked": topic.raw, "post_number": 1,
            }], "stream": [topic.id + 1_000_000]},
        }))
    }

    pub fn set_status(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        caller.staff()?;
        let id = self.seen_topic(caller, id)?.id;
        let body = incoming.json().unwrap_or(Value::Null);
        let (status, enabled) = (body["status"].as_str(), body["enabled"].as_str());
        let (Some(status), Some(enabled)) = (status, enabled) else {
            return bad_parameter("status");
        };
        if status == "pinned"
            && let Some(topic) = self.topics.get_mut(&id)
        {
            topic.pinned = enabled == "true";
        }
        fine(json!({"success": "OK", "topic_status_update": null}))
    }

    pub fn delete_topic(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        caller.staff()?;
        let id = self.seen_topic(caller, id)?.id;
        self.topics.remove(&id);
        success()
    }

    pub fn latest(&self, caller: &Caller) -> Outcome<Reply> {
        let mut topics: Vec<&Topic> = self
            .topics
            .values()
            .filter(|topic| self.sees_topic(caller, topic))
            .collect();
        topics.reverse();
        let listed: Vec<Value> = topics
            .iter()
            .map(|topic| json!({"id": topic.id, "title": topic.title, "category_id": topic.category}))
            .collect();
        fine(json!({"users": [], "topic_list": {"topics": listed}}))
    }

    pub fn user_actions(&self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        let name = incoming.query_value("username").unwrap_or_default();
        let actions: Vec<Value> = self
            .topics
            .values()
            .filter(|topic| topic.user == name && self.sees_topic(caller, topic))
            .map(|topic| json!({"topic_id": topic.id, "acting_username": name, "created_at": topic.created_at}))
            .collect();
        fine(json!({"user_actions": actions}))
    }
}
