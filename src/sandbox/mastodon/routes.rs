//! Which call goes where.

use super::{
    model::{MOST_PINS, Server},
    reply::{Outcome, fine, not_found, refuse},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::json;

impl Server {
    pub fn answer(&mut self, incoming: &Incoming) -> Reply {
        let segments = incoming.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let who = incoming.bearer().unwrap_or("address").to_owned();
        let counted = if segments.first() == Some(&"api") {
            match self.limits.count(&who, incoming) {
                Ok(headers) => headers,
                Err(refused) => return *refused,
            }
        } else {
            Vec::new()
        };
        let reply = self
            .route(&segments, incoming)
            .unwrap_or_else(|refusal| *refusal);
        let mut reply = reply;
        for (name, value) in counted {
            if !reply.headers.iter().any(|(known, _)| *known == name) {
                reply = reply.header(&name, value);
            }
        }
        reply
    }

    fn route(&mut self, segments: &[&str], incoming: &Incoming) -> Outcome<Reply> {
        let method = incoming.method.as_str();
        match (method, segments) {
            ("GET", ["health"]) => return Ok(Reply::text(200, "OK")),
            ("GET", [".well-known", "oauth-authorization-server"]) if self.is_at_least(4, 3) => {
                return fine(
                    json!({"issuer": "https://mastodon.sandbox/", "scopes_supported": ["read", "write", "profile"]}),
                );
            }
            ("POST", ["oauth", "token"]) => return self.token(incoming),
            ("POST", ["oauth", "revoke"]) => return self.revoke(incoming),
            ("POST", ["api", "v1", "apps"]) => return self.create_app(incoming),
            ("GET", ["api", version, "instance"]) => return self.instance(version),
            ("GET", ["api", "v1", "accounts", "lookup"]) => return self.look_up(incoming),
            _ => {}
        }
        let caller = self.caller(incoming)?;
        let caller = caller.as_ref();
        match (method, segments) {
            ("GET", ["api", "v1", "apps", "verify_credentials"]) => self.own_app(caller),
            ("GET", ["api", "v1", "accounts", "verify_credentials"]) => {
                let scopes: &[&str] = if self.is_at_least(4, 3) {
                    &["read:accounts", "profile"]
                } else {
                    &["read:accounts"]
                };
                let account = self.user(caller, scopes)?;
                fine(Self::own_account(account))
            }
            ("PATCH", ["api", "v1", "accounts", "update_credentials"]) => {
                self.update(caller, incoming)
            }
            ("GET", ["api", "v1", "accounts", id, "statuses"]) => {
                self.list_statuses(caller, id, incoming)
            }
            ("POST", ["api", "v1", "statuses"]) => self.post(caller, incoming),
            ("DELETE", ["api", "v1", "statuses", id]) => self.delete_status(caller, id, incoming),
            ("POST", ["api", "v1", "statuses", id, what @ ("pin" | "unpin")]) => {
                self.set_pin(caller, id, *what == "pin")
            }
            (_, ["api", "v1", "admin", "accounts", id, rest @ ..]) => {
                self.administer(caller, method, id, rest, incoming)
            }
            _ if segments.first() == Some(&"api") => not_found(),
            _ => Ok(Reply::html(
                404,
                "<html><body>The page you are looking for isn't here.</body></html>",
            )),
        }
    }

    fn instance(&self, version: &str) -> Outcome<Reply> {
        if version == "v2" && !self.is_at_least(4, 0) {
            return not_found();
        }
        if !matches!(version, "v1" | "v2") {
            return refuse(404, "Not found");
        }
        fine(json!({
            "domain": "mastodon.sandbox", "title": "The server of the sandbox", "version": self.version,
            "registrations": {"enabled": true, "approval_required": false, "reason_required": false, "min_age": null},
            "configuration": {
                "accounts": {"max_pinned_statuses": MOST_PINS, "max_profile_fields": self.most_fields},
                "statuses": {"max_characters": 500},
            },
            "rules": [{"id": "1", "text": "Be kind.", "hint": ""}],
        }))
    }
}
