//! Posts: the same key within an hour is the same post; five pins at most (sheet: mastodon 3, 4).

use super::{
    access::Caller,
    accounts::{Body, html},
    model::{MOST_PINS, Server, Status},
    reply::{Outcome, fine, invalid, not_found},
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

const HOUR: i64 = 60 * 60 * 1000;
const LONGEST: usize = 500;

impl Server {
    fn shown_status(&self, status: &Status) -> Value {
        let pinned = self
            .accounts
            .get(&status.account)
            .is_some_and(|account| account.pins.contains(&status.id));
        json!({
            "id": status.id.to_string(), "content": html(&status.text), "visibility": status.visibility,
            "pinned": pinned, "account": {"id": status.account},
        })
    }

    pub fn list_statuses(
        &self,
        caller: Option<&Caller>,
        id: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        if caller.is_some() {
            self.user(caller, &["read:statuses"])?;
        }
        let Some(account) = self.accounts.get(id) else {
            return not_found();
        };
        let listed: Vec<Value> = if incoming.query_value("pinned") == Some("true") {
            let pins = account.pins.iter().filter_map(|id| self.statuses.get(id));
            pins.map(|status| self.shown_status(status)).collect()
        } else {
            let newest = self.statuses.values().rev();
            newest
                .filter(|status| status.account == id)
                .take(40)
                .map(|status| self.shown_status(status))
                .collect()
        };
        fine(json!(listed))
    }

    pub fn post(&mut self, caller: Option<&Caller>, incoming: &Incoming) -> Outcome<Reply> {
        let account = self.user(caller, &["write:statuses"])?.id.clone();
        let now = incoming.now.as_millisecond();
        let keyed = incoming
            .header("idempotency-key")
            .map(|key| format!("{account} {key}"));
        if let Some((id, at)) = keyed.as_ref().and_then(|key| self.keyed.get(key))
            && now - at < HOUR
        {
            // The key of a post that was deleted meanwhile leads nowhere.
            return match self.statuses.get(id) {
                Some(status) => fine(self.shown_status(status)),
                None => not_found(),
            };
        }
        let body = Body::of(incoming);
        let text = body.text("status").unwrap_or_default();
        if text.is_empty() {
            return invalid("Text can't be blank");
        }
        if text.chars().count() > LONGEST {
            return invalid("Text character limit of 500 exceeded");
        }
        let visibility = body.text("visibility").unwrap_or_else(|| "public".into());
        if !["public", "unlisted", "private", "direct"].contains(&visibility.as_str()) {
            return invalid("Visibility is not included in the list");
        }
        self.limits
            .spend(&format!("posts {account}"), 300, 3 * HOUR, incoming)?;
        let id = self.next_id();
        let status = Status {
            id,
            account,
            text,
            visibility,
        };
        let shown = self.shown_status(&status);
        self.statuses.insert(id, status);
        if let Some(key) = keyed {
            self.keyed.insert(key, (id, now));
        }
        fine(shown)
    }

    fn own_status(&self, account: &str, id: &str) -> Outcome<Status> {
        let found = id.parse().ok().and_then(|id: u64| self.statuses.get(&id));
        match found {
            Some(status) if status.account == account => Ok(status.clone()),
            _ => not_found(),
        }
    }

    pub fn delete_status(
        &mut self,
        caller: Option<&Caller>,
        id: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        let account = self.user(caller, &["write:statuses"])?.id.clone();
        let status = self.own_status(&account, id)?;
        self.limits
            .spend(&format!("deletions {account}"), 30, HOUR / 2, incoming)?;
        self.statuses.remove(&status.id);
        if let Some(account) = self.accounts.get_mut(&account) {
            account.pins.retain(|pin| *pin != status.id);
        }
        let mut shown = self.shown_status(&status);
        shown["text"] = json!(status.text);
        fine(shown)
    }

    pub fn set_pin(&mut self, caller: Option<&Caller>, id: &str, pin: bool) -> Outcome<Reply> {
        // Pinning changes the profile (sheet: mastodon 2).
        let account = self.user(caller, &["write:accounts"])?.id.clone();
        let status = self.own_status(&account, id)?;
        let Some(held) = self.accounts.get_mut(&account) else {
            return not_found();
        };
        let is_pinned = held.pins.contains(&status.id);
        if pin && !is_pinned {
            if status.visibility == "direct" {
                return invalid("Posts that are only visible to mentioned users cannot be pinned");
            }
            if held.pins.len() >= MOST_PINS {
                return invalid("You have already pinned the maximum number of posts");
            }
            held.pins.insert(0, status.id);
        }
        if !pin {
            held.pins.retain(|pin| *pin != status.id);
        }
        fine(self.shown_status(&status))
    }
}
