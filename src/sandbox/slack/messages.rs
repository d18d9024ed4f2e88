//! What is said in channels, and what is pinned there.

use super::access::{Call, Caller, Outcome, refuse};
use super::model::{Channel, Message, Slack, escaped};
use serde_json::{Value, json};

impl Slack {
    /// Says something in a channel; answers its stamp.
    pub fn say(&mut self, channel: &str, user: &str, text: &str, now_ms: i64) -> Option<String> {
        self.next += 1;
        let ts = format!("{}.{:06}", now_ms.div_euclid(1000), self.next % 1_000_000);
        let message = Message {
            ts: ts.clone(),
            user: user.to_owned(),
            text: text.to_owned(),
        };
        self.channels.get_mut(channel)?.messages.push(message);
        Some(ts)
    }

    pub fn post_message(&mut self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["chat:write"])?;
        let text = call.text("text").to_owned();
        let id = self.speaking(caller, call)?;
        if text.is_empty() {
            return refuse("no_text");
        }
        if text.chars().count() > 40_000 {
            return refuse("msg_too_long");
        }
        match self.say(&id, &caller.user, &text, call.now_ms) {
            Some(ts) => Ok(json!({"channel": id, "ts": ts, "message": {"text": escaped(&text)}})),
            None => refuse("channel_not_found"),
        }
    }

    /// The channel in which the caller may speak.
    fn speaking(&self, caller: &Caller, call: &Call) -> Result<String, Box<Value>> {
        let id = call.text("channel");
        match self.channels.get(id) {
            Some(channel) if channel.team == caller.team => {
                let is_in = channel.members.contains(&caller.user);
                if channel.is_private && !is_in {
                    return refuse("channel_not_found");
                }
                if channel.is_archived {
                    return refuse("is_archived");
                }
                if !is_in {
                    return refuse("not_in_channel");
                }
                Ok(id.to_owned())
            }
            _ => refuse("channel_not_found"),
        }
    }

    pub fn history(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let (_, channel) = self.seen(caller, call)?;
        let wanted = if channel.is_private {
            "groups:history"
        } else {
            "channels:history"
        };
        caller.require(&[wanted])?;
        if !channel.members.contains(&caller.user) {
            return refuse("not_in_channel");
        }
        let oldest: f64 = call.text("oldest").parse().unwrap_or(0.0);
        let newest_first: Vec<Value> = channel
            .messages
            .iter()
            .rev()
            .filter(|message| message.ts.parse::<f64>().is_ok_and(|at| at > oldest))
            .map(shown)
            .collect();
        call.page("messages", &newest_first, 1000)
    }

    pub fn pin(&mut self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["pins:write"])?;
        let ts = call.text("timestamp").to_owned();
        let id = self.speaking(caller, call)?;
        let Some(channel) = self.channels.get_mut(&id) else {
            return refuse("channel_not_found");
        };
        if ts.is_empty() {
            return refuse("no_item_specified");
        }
        if !channel.messages.iter().any(|message| message.ts == ts) {
            return refuse("message_not_found");
        }
        if channel.pins.contains(&ts) {
            return refuse("already_pinned");
        }
        channel.pins.push(ts);
        Ok(json!({}))
    }

    pub fn pins(&mut self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["pins:read"])?;
        let (_, channel) = self.seen(caller, call)?;
        Ok(json!({"items": pinned(channel)}))
    }
}

fn pinned(channel: &Channel) -> Vec<Value> {
    let is_pinned = |message: &&Message| channel.pins.contains(&message.ts);
    let pinned = channel.messages.iter().filter(is_pinned);
    pinned
        .map(|message| json!({"type": "message", "message": shown(message)}))
        .collect()
}

fn shown(message: &Message) -> Value {
    json!({
        "type": "message", "ts": message.ts, "user": message.user, "text": escaped(&message.text),
    })
}
