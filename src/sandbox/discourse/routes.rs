//! Which call goes where.

use super::{
    model::Forum,
    reply::{Outcome, fine, not_found, not_signed_in, refuse},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::json;

impl Forum {
    pub fn answer(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let segments = incoming.segments();
        let segments: Vec<&str> = segments.iter().map(String::as_str).collect();
        let method = incoming.method.as_str();
        // Open to anybody, also where reading wants a sign-in.
        match (method, segments.as_slice()) {
            ("GET", ["srv", "status"]) => return Ok(Reply::text(200, "ok")),
            ("GET", ["site", "basic-info.json"]) => {
                self.limits.count_address(incoming)?;
                return fine(json!({
                    "logo_url": "", "title": self.settings.title, "description": "",
                    "login_required": self.settings.login_required,
                }));
            }
            _ => {}
        }
        let caller = self.caller(incoming)?;
        if caller.user.is_none() && self.settings.login_required {
            return not_signed_in();
        }
        if method == "GET" && segments == ["session", "scopes.json"] {
            return self.own_scopes(&caller);
        }
        self.covers(&caller, incoming, &segments)?;
        if self.settings.read_only && method != "GET" {
            return refuse(
                503,
                "read_only",
                "The site is in read only mode. Interactions are disabled.",
            );
        }
        match (method, segments.as_slice()) {
            ("GET", ["session", "current.json"]) => Self::current(&caller),
            ("GET", ["site.json"]) => self.site(&caller),
            ("GET", ["categories.json"]) => self.list_categories(&caller, incoming),
            ("POST", ["categories.json"]) => self.create_category(&caller, incoming),
            ("PUT", ["categories", id]) => self.update_category(&caller, id, incoming),
            ("DELETE", ["categories", id]) => self.delete_category(&caller, id),
            ("GET", ["c", id, "show.json"]) => self.show_category(&caller, id),
            ("GET", ["c", _, id]) => self.category_page(&caller, id),
            ("POST", ["admin", "groups.json"]) => self.create_group(&caller, incoming),
            ("DELETE", ["admin", "groups", id]) => self.delete_group(&caller, id),
            ("GET", ["groups", name, "members.json"]) => self.list_members(&caller, name, incoming),
            ("PUT", ["groups", id, "members.json"]) => self.add_members(&caller, id, incoming),
            ("PUT", ["groups", id, "owners.json"]) => self.add_owners(&caller, id, incoming),
            ("GET", ["groups.json"]) => self.list_groups(&caller, incoming),
            ("GET", ["groups", name]) => self.show_group(&caller, name),
            ("POST", ["posts.json"]) => self.write_post(&caller, incoming),
            ("GET", ["t", "external_id", id]) => self.topic_by_external_id(&caller, id),
            ("PUT", ["t", id, "status.json"]) => self.set_status(&caller, id, incoming),
            ("DELETE", ["t", id]) => self.delete_topic(&caller, id),
            ("GET", ["t", .., id]) => self.show_topic(&caller, id),
            ("GET", ["latest.json"]) => self.latest(&caller),
            ("GET", ["user_actions.json"]) => self.user_actions(&caller, incoming),
            ("GET", ["u" | "users", name]) => self.show_user(name),
            ("GET", ["u", name, "invited", "pending.json"]) => {
                self.list_invites(&caller, name, incoming)
            }
            ("POST", ["users.json"]) => self.create_user(&caller, incoming),
            ("POST", ["invites.json"]) => self.create_invite(&caller, incoming),
            ("DELETE", ["invites.json"]) => self.delete_invite(&caller, incoming),
            (_, ["admin", "api", rest @ ..]) => {
                caller.admin()?;
                self.administration(method, rest, incoming)
            }
            (_, ["admin", "plugins", "chat-integration", rest @ ..]) => {
                caller.admin()?;
                self.chat_integration(method, rest, incoming)
            }
            _ => not_found(),
        }
    }

    fn administration(
        &mut self,
        method: &str,
        segments: &[&str],
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        match (method, segments) {
            ("GET", ["keys.json"]) => self.list_keys(incoming),
            ("GET", ["keys", "scopes.json"]) => self.list_scopes(),
            ("POST", ["keys.json"]) => self.create_key(incoming),
            ("GET", ["keys", id]) => self.show_key(id),
            ("DELETE", ["keys", id]) => self.delete_key(id),
            ("POST", ["keys", id, "revoke.json"]) => self.revoke_key(id, true),
            ("POST", ["keys", id, "undo-revoke.json"]) => self.revoke_key(id, false),
            ("GET", ["web_hooks.json"]) => self.list_webhooks(incoming),
            ("POST", ["web_hooks.json"]) => self.create_webhook(incoming),
            ("GET", ["web_hooks", id]) => self.show_webhook(id),
            ("PUT", ["web_hooks", id]) => self.update_webhook(id, incoming),
            ("DELETE", ["web_hooks", id]) => self.delete_webhook(id),
            ("POST", ["web_hooks", id, "ping.json"]) => self.ping(id),
            ("GET", ["web_hook_events", id]) => self.list_events(id),
            _ => not_found(),
        }
    }
}

/// The number in `12.json`.
pub fn number(segment: &str) -> Outcome<u64> {
    match segment.strip_suffix(".json").unwrap_or(segment).parse() {
        Ok(number) => Ok(number),
        Err(_) => not_found(),
    }
}
