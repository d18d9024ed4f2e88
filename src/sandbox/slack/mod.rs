//! A stateful imitation of Slack as the sheet describes it (sheet: slack 7), traps included: HTTP 200 for every refusal,
//! names that archived channels keep, a bot that may archive and not unarchive, tiers without a remaining count.
//!
//! Written from the sheet and Slack's own descriptions; nothing of Slack is copied. Knows no adapter.

mod access;
mod account;
mod apps;
mod control;
mod conversations;
mod hooks;
mod manifests;
mod members;
mod messages;
mod model;

use super::{Incoming, Reply, SimulatedPlatform};
use access::{Call, Outcome, refuse};
use model::Slack;
use serde_json::{Value, json};

/// The imitation.
pub(super) struct SimulatedSlack;

impl SimulatedPlatform for SimulatedSlack {
    type State = Slack;

    fn id(&self) -> &'static str {
        "slack"
    }

    fn hosts(&self) -> &'static [&'static str] {
        &[
            "slack.com",
            "api.slack.com",
            "hooks.slack.com",
            "slack.sandbox",
        ]
    }

    fn fresh(&self) -> Slack {
        Slack::fresh()
    }

    fn keys(&self, slack: &Slack) -> Value {
        json!(slack.ready)
    }

    fn handle(&self, slack: &mut Slack, incoming: &Incoming) -> Reply {
        let segments = incoming.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        match segments.as_slice() {
            ["api", method] => slack.api(method, incoming),
            ["services", team, hook, secret] => slack.incoming_hook(team, hook, secret, incoming),
            ["apps", ..] => apps::page(incoming),
            _ => Reply::html(404, "<html><title>There's been a glitch</title></html>\n"),
        }
    }

    fn control(&self, slack: &mut Slack, action: &str, input: &Value) -> Result<Value, String> {
        control::act(slack, action, input)
    }
}

impl Slack {
    /// One method: always HTTP 200 with a word, except when it was called too often.
    fn api(&mut self, method: &str, incoming: &Incoming) -> Reply {
        let call = match Call::read(incoming) {
            Ok(call) => call,
            Err(word) => return Reply::json(200, json!({"ok": false, "error": word})),
        };
        if method == "api.test" {
            return Reply::json(200, json!({"ok": true}));
        }
        if method == "oauth.v2.access" {
            return said(self.exchange_refresh(&call));
        }
        if method == "tooling.tokens.rotate" {
            return said(self.rotate_configuration(&call));
        }
        if method.starts_with("apps.manifest.") {
            return match self.manifest_call(method, &call) {
                Ok(outcome) => said(outcome),
                Err(wait) => slow_down(wait),
            };
        }
        let caller = match self.caller(&call) {
            Ok(caller) => caller,
            Err(word) => return Reply::json(200, json!({"ok": false, "error": word})),
        };
        if let Some(wait) = self.spend(&caller, method, &call) {
            return slow_down(wait);
        }
        let stumbles = self.stumble(method);
        let outcome = self.answer(method, &caller, &call);
        let reply = match outcome {
            Ok(_) if stumbles => Reply::json(200, json!({"ok": false, "error": "internal_error"})),
            outcome => said(outcome),
        };
        reply
            .header("x-oauth-scopes", caller.scopes.join(","))
            .header(
                "x-accepted-oauth-scopes",
                access::accepted(method).join(","),
            )
    }

    fn answer(&mut self, method: &str, caller: &access::Caller, call: &Call) -> Outcome {
        match method {
            "auth.test" => Ok(self.who(caller, call)),
            "auth.revoke" => Ok(self.revoke(caller)),
            "team.info" => self.team_info(caller),
            "users.info" => self.user_info(caller, call),
            "users.list" => self.list_users(caller, call),
            "apps.uninstall" => self.uninstall(caller, call),
            "conversations.list" => self.list_channels(caller, call),
            "users.conversations" => self.joined_channels(caller, call),
            "conversations.info" => self.channel_info(caller, call),
            "conversations.create" => self.create_channel(caller, call),
            "conversations.rename" => self.rename_channel(caller, call),
            "conversations.setTopic" => self.set_words(caller, call, "topic"),
            "conversations.setPurpose" => self.set_words(caller, call, "purpose"),
            "conversations.archive" => self.archive(caller, call),
            "conversations.unarchive" => self.unarchive(caller, call),
            "conversations.members" => self.list_members(caller, call),
            "conversations.join" => self.join(caller, call),
            "conversations.invite" => self.invite(caller, call),
            "conversations.kick" => self.kick(caller, call),
            "conversations.history" => self.history(caller, call),
            "chat.postMessage" => self.post_message(caller, call),
            "pins.add" => self.pin(caller, call),
            "pins.list" => self.pins(caller, call),
            _ => refuse("unknown_method"),
        }
    }
}

fn slow_down(wait: i64) -> Reply {
    Reply::json(429, json!({"ok": false, "error": "ratelimited"}))
        .header("retry-after", wait.to_string())
}

fn said(outcome: Outcome) -> Reply {
    let mut body = match outcome {
        Ok(body) => body,
        Err(refusal) => return Reply::json(200, *refusal),
    };
    body["ok"] = json!(true);
    Reply::json(200, body)
}
