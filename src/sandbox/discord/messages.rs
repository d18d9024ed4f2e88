//! Messages. A bot without the intent for it reads nothing of what people wrote, and what it sent itself in full.

use super::access::{Caller, Outcome, bad_field, fields, refuse};
use super::model::{Discord, Message};
use super::permissions::{PIN_MESSAGES, READ_HISTORY, SEND_MESSAGES};
use crate::sandbox::{Incoming, Reply};
use jiff::Timestamp;
use serde_json::{Value, json};

/// How long a nonce is remembered: some minutes (sheet: discord 4).
const NONCE_MS: i64 = 300_000;

pub fn shown(message: &Message, reader: &str) -> Value {
    let at = Timestamp::from_millisecond(message.at_ms).unwrap_or_default();
    let own = message.author == reader;
    let content = if own { message.content.as_str() } else { "" };
    let mut shown = json!({
        "id": message.id, "content": content, "author": {"id": message.author},
        "timestamp": at.to_string(), "pinned": message.pinned,
    });
    if let Some(webhook) = &message.webhook {
        shown["webhook_id"] = json!(webhook);
    }
    shown
}

impl Discord {
    pub fn read_messages(&self, me: &Caller, channel: &str) -> Reply {
        if self.within(channel, &me.app) & READ_HISTORY == 0 {
            return Reply::json(200, json!([]));
        }
        let newest = self.channels[channel].messages.iter().rev().take(50);
        let all: Vec<Value> = newest.map(|message| shown(message, &me.app)).collect();
        Reply::json(200, json!(all))
    }

    pub fn post_message(&mut self, me: &Caller, channel: &str, incoming: &Incoming) -> Outcome {
        if self.channels[channel].kind == super::channels::CATEGORY {
            return refuse(400, 50024, "Cannot execute action on this channel type");
        }
        self.require_within(channel, me, SEND_MESSAGES)?;
        let body = fields(incoming)?;
        let content = body["content"].as_str().unwrap_or_default().to_owned();
        if content.is_empty() {
            return refuse(400, 50006, "Cannot send an empty message");
        }
        if content.chars().count() > 2000 {
            return bad_field("content", "BASE_TYPE_MAX_LENGTH", "Must be 2000 or fewer.");
        }
        let nonce = body["nonce"].as_str().map(str::to_owned);
        if nonce.as_ref().is_some_and(|nonce| nonce.len() > 25) {
            return bad_field("nonce", "NONCE_TYPE_TOO_LONG", "At most 25 characters.");
        }
        let now = incoming.now.as_millisecond();
        if body["enforce_nonce"] == true
            && let Some(known) = self.channels[channel].messages.iter().find(|known| {
                known.nonce.is_some()
                    && known.nonce == nonce
                    && known.author == me.app
                    && now - known.at_ms < NONCE_MS
            })
        {
            return Ok(Reply::json(200, shown(known, &me.app)));
        }
        let message = Message {
            id: self.id(now),
            author: me.app.clone(),
            webhook: None,
            content,
            nonce,
            at_ms: now,
            pinned: false,
        };
        let reply = Reply::json(200, shown(&message, &me.app));
        if let Some(held) = self.channels.get_mut(channel) {
            held.messages.push(message);
        }
        Ok(reply)
    }

    pub fn pin(&mut self, me: &Caller, channel: &str, message: &str) -> Outcome {
        self.require_within(channel, me, PIN_MESSAGES)?;
        let Some(held) = self.channels.get_mut(channel) else {
            return refuse(404, 10003, "Unknown Channel");
        };
        if held.messages.iter().filter(|known| known.pinned).count() >= 250 {
            return refuse(400, 30003, "Maximum number of pins reached (250)");
        }
        match held.messages.iter_mut().find(|known| known.id == message) {
            Some(known) => known.pinned = true,
            None => return refuse(404, 10008, "Unknown Message"),
        }
        Ok(Reply::empty(204))
    }
}
