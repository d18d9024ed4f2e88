//! What goes out to chats: one try, and nobody here learns how it ended.

use super::model::{Chatbot, Loomio, fresh_key};
use crate::sandbox::Delivery;
use axum::http::Method;
use serde_json::json;

impl Loomio {
    /// The messages about an event in a group.
    pub fn announcements(&self, group: u64, event: &str, text: &str) -> Vec<Delivery> {
        self.chatbots
            .values()
            .filter(|one| one.group == group && one.event_kinds.iter().any(|kind| kind == event))
            .map(|one| message(one, text))
            .collect()
    }
}

/// A message in the shape of a chat.
pub fn message(to: &Chatbot, text: &str) -> Delivery {
    if to.kind == "matrix" {
        let server = to.server.trim_end_matches('/');
        let room = to
            .channel
            .as_deref()
            .unwrap_or_default()
            .replace('!', "%21");
        let token = to.access_token.as_deref().unwrap_or_default();
        return Delivery {
            method: Method::PUT,
            address: format!(
                "{server}/_matrix/client/v3/rooms/{room}/send/m.room.message/{}",
                fresh_key()
            ),
            headers: vec![("authorization".to_owned(), format!("Bearer {token}"))],
            body: json!({"msgtype": "m.text", "body": text}),
        };
    }
    let field = match to.webhook_kind.as_deref() {
        Some("discord") => "content",
        Some("webex") => "markdown",
        _ => "text",
    };
    Delivery {
        method: Method::POST,
        address: to.server.clone(),
        headers: Vec::new(),
        body: json!({field: text}),
    }
}
