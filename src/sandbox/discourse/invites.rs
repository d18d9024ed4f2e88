//! Invite links: only who made one may end it (sheet: discourse 4, P5).

use super::{
    access::Caller,
    model::{Forum, Invite},
    reply::{Outcome, bad_parameter, fine, invalid, no_access, not_found, success},
};
use crate::sandbox::{Incoming, Reply};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The most uses that the forum's setting allows (sheet: discourse 3, not verified).
const MOST_USES: u64 = 5_000;

impl Forum {
    fn shown_invite(&self, invite: &Invite, now: Timestamp) -> Value {
        let groups: Vec<Value> = invite
            .groups
            .iter()
            .filter_map(|id| self.groups.get(id))
            .map(|group| json!({"id": group.id, "name": group.name}))
            .collect();
        json!({
            "id": invite.id, "invite_key": invite.key,
            "link": format!("https://discourse.sandbox/invites/{}", invite.key),
            "max_redemptions_allowed": invite.uses, "redemption_count": 0,
            "expires_at": invite.expires_at, "expired": is_over(invite, now), "groups": groups, "topics": [],
        })
    }

    pub fn create_invite(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        caller.staff()?;
        let body = incoming.json().unwrap_or(Value::Null);
        let mut groups = Vec::new();
        let names = body["group_names"].as_str().unwrap_or_default();
        for name in names.split(',').filter(|name| !name.is_empty()) {
            match self.group_named(name) {
                Some(group) => groups.push(group.id),
                None => return bad_parameter("group_names"),
            }
        }
        let uses = body["max_redemptions_allowed"].as_u64().unwrap_or(1);
        if !(1..=MOST_USES).contains(&uses) {
            return invalid(format!(
                "Max redemptions allowed must be between 1 and {MOST_USES}"
            ));
        }
        let expires_at = body["expires_at"].as_str().unwrap_or_default().to_owned();
        if expires_at.parse::<Timestamp>().is_err() {
            return bad_parameter("expires_at");
        }
        let id = self.next_id();
        let invite = Invite {
            id,
            key: format!("invitation{id}"),
            owner: caller.name().to_owned(),
            groups,
            uses,
            expires_at,
        };
        let shown = self.shown_invite(&invite, incoming.now);
        self.invites.insert(id, invite);
        fine(shown)
    }

    pub fn list_invites(&self, caller: &Caller, name: &str, incoming: &Incoming) -> Outcome<Reply> {
        caller.signed_in()?;
        if !caller.is_staff() && !caller.name().eq_ignore_ascii_case(name) {
            return no_access();
        }
        let invites: Vec<Value> = self
            .invites
            .values()
            .filter(|invite| {
                invite.owner.eq_ignore_ascii_case(name) && !is_over(invite, incoming.now)
            })
            .map(|invite| self.shown_invite(invite, incoming.now))
            .collect();
        fine(json!({"invites": invites, "can_see_invite_details": true}))
    }

    pub fn delete_invite(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        caller.signed_in()?;
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(id) = body["id"].as_u64() else {
            return bad_parameter("id");
        };
        match self.invites.get(&id) {
            Some(invite) if invite.owner.eq_ignore_ascii_case(caller.name()) => {
                self.invites.remove(&id);
                success()
            }
            Some(_) => no_access(),
            None => not_found(),
        }
    }
}

fn is_over(invite: &Invite, now: Timestamp) -> bool {
    invite
        .expires_at
        .parse::<Timestamp>()
        .is_ok_and(|end| end <= now)
}
