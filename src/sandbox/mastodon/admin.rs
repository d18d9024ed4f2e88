//! What administrators do to accounts (sheet: mastodon 4).

use super::{
    access::Caller,
    model::Server,
    reply::{Outcome, fine, not_found, refuse},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::json;

/// Administrator, or managing users.
const MANAGES: u64 = 1 | 1_024;
/// Administrator, or deleting users' data.
const DELETES: u64 = 1 | 524_288;

impl Server {
    pub fn administer(
        &mut self,
        caller: Option<&Caller>,
        method: &str,
        id: &str,
        rest: &[&str],
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        let scope = if method == "GET" {
            "admin:read:accounts"
        } else {
            "admin:write:accounts"
        };
        let permissions = self.user(caller, &[scope])?.permissions;
        let needed = if method == "DELETE" { DELETES } else { MANAGES };
        if permissions & needed == 0 {
            return refuse(403, "This action is not allowed");
        }
        let Some(account) = self.accounts.get_mut(id) else {
            return not_found();
        };
        match (method, rest) {
            ("GET", []) => {}
            ("POST", ["action"]) => {
                let asked = incoming.json().unwrap_or_default();
                match asked["type"].as_str() {
                    Some("disable") => account.disabled = true,
                    Some("silence") => account.limited = true,
                    Some("suspend") => account.suspended = true,
                    Some("none" | "sensitive") => {}
                    _ => return refuse(422, "Validation failed: Type is not included in the list"),
                }
                return fine(json!({}));
            }
            ("POST", ["enable"]) => account.disabled = false,
            ("POST", ["unsilence"]) => account.limited = false,
            ("POST", ["unsuspend"]) => account.suspended = false,
            ("DELETE", []) => {
                // Only what is suspended is deleted, and that once.
                if !account.suspended || account.deleted {
                    return refuse(403, "This action is not allowed");
                }
                let id = account.id.clone();
                self.delete(&id, true);
                return fine(json!({}));
            }
            _ => return not_found(),
        }
        let account = account.clone();
        fine(json!({
            "id": account.id, "username": account.username, "suspended": account.suspended,
            "disabled": account.disabled, "silenced": account.limited,
        }))
    }
}
