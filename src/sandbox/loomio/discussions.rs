//! Threads, which must come nested, and comments, which must come flat.

use super::access::{Outcome, bad, generic, refuse, unknown};
use super::memberships::group_of;
use super::model::{Discussion, Loomio};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Loomio {
    pub fn list_discussions(&self, me: u64, incoming: &Incoming) -> Outcome {
        let Some(group) = group_of(incoming) else {
            return bad();
        };
        if self.membership(group, me).is_none() {
            return generic();
        }
        let rows: Vec<Value> = self
            .discussions
            .iter()
            .filter(|(_, one)| one.group == Some(group))
            .map(|(id, one)| row(*id, one))
            .collect();
        Ok(Reply::json(200, json!({"discussions": rows})))
    }

    /// Nested: a thread in the group. Flat: 200, and a private thread outside any group.
    pub fn open_discussion(&mut self, me: u64, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let nested = body["discussion"].is_object() && !self.misplaces;
        let fields = if body["discussion"].is_object() {
            &body["discussion"]
        } else {
            &body
        };
        let group = fields["group_id"].as_u64().filter(|_| nested);
        if let Some(id) = group {
            let Some(held) = self.groups.get(&id) else {
                return unknown();
            };
            if self.membership(id, me).is_none() || !held.is_enabled() {
                return refuse(
                    403,
                    json!({"error": "Not authorized to create Discussion."}),
                );
            }
            let count = self
                .discussions
                .values()
                .filter(|one| one.group == Some(id))
                .count();
            let full = held
                .max_threads
                .is_some_and(|max| u64::try_from(count).is_ok_and(|count| count >= max));
            if full {
                return refuse(
                    403,
                    json!({"error": "This group has reached its thread limit", "action": "upgrade"}),
                );
            }
        }
        let title = fields["title"].as_str().unwrap_or_default().to_owned();
        if title.is_empty() {
            return refuse(422, json!({"errors": {"title": ["can't be blank"]}}));
        }
        let id = self.fresh_id();
        let discussion = Discussion {
            group,
            title: title.clone(),
            author: me,
        };
        let mut reply = Reply::json(200, json!({"discussions": [row(id, &discussion)]}));
        self.discussions.insert(id, discussion);
        for delivery in group
            .map(|group| self.announcements(group, "new_discussion", &title))
            .unwrap_or_default()
        {
            reply = reply.delivering(delivery);
        }
        Ok(reply)
    }

    pub fn close_discussion(&mut self, me: u64, id: &str) -> Outcome {
        let Ok(id) = id.parse::<u64>() else {
            return unknown();
        };
        match self.discussions.get(&id) {
            None => unknown(),
            Some(one) if one.author != me => refuse(
                403,
                json!({"error": "Not authorized to discard Discussion."}),
            ),
            Some(_) => {
                self.discussions.remove(&id);
                Ok(Reply::json(200, json!({"success": "success"})))
            }
        }
    }

    pub fn comment(&mut self, me: u64, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let thread = body["discussion_id"].as_u64();
        let (Some(thread), Some(text)) = (thread, body["body"].as_str()) else {
            return bad();
        };
        if !self.discussions.contains_key(&thread) {
            return unknown();
        }
        let comment =
            json!({"id": self.next_id + 1, "discussion_id": thread, "author_id": me, "body": text});
        self.next_id += 1;
        self.comments.push(comment.clone());
        Ok(Reply::json(200, json!({"comments": [comment]})))
    }
}

fn row(id: u64, one: &Discussion) -> Value {
    json!({"id": id, "group_id": one.group, "title": one.title, "author_id": one.author})
}
