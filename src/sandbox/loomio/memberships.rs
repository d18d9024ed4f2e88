//! Members: invitations with their limits, and the switch that empties a group.

use super::access::{Outcome, bad, generic, refuse};
use super::groups::membership_row;
use super::model::{Loomio, User};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Loomio {
    /// Outsiders see an empty list, not an error.
    pub fn list_members(&self, me: u64, incoming: &Incoming) -> Outcome {
        let Some(group) = group_of(incoming) else {
            return bad();
        };
        let inside = self.membership(group, me).is_some();
        let rows: Vec<Value> = self
            .memberships
            .iter()
            .filter(|one| inside && one.group == group)
            .map(membership_row)
            .collect();
        Ok(Reply::json(200, json!({"memberships": rows})))
    }

    pub fn invite(&mut self, me: u64, incoming: &Incoming) -> Outcome {
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(group) = body["group_id"].as_u64() else {
            return bad();
        };
        if !self.groups.contains_key(&group) {
            return generic();
        }
        if !self.is_admin(group, me) {
            return refuse(403, json!({"error": "User is not an admin"}));
        }
        let emails: Vec<String> = body["emails"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|email| email.as_str().map(str::to_owned))
            .collect();
        let mut added = Vec::new();
        for email in &emails {
            let user = self.find_user(email).unwrap_or_else(|| {
                let id = self.fresh_id();
                self.users.insert(id, User::of(email, email));
                id
            });
            if self.membership(group, user).is_some() {
                continue;
            }
            let max = self.groups.get(&group).and_then(|group| group.max_members);
            if max.is_some_and(|max| self.members(group) >= max) {
                return refuse(403, json!({"error": 403}));
            }
            if self.invitations == 0 {
                return refuse(
                    429,
                    json!({"flash": {"error": "Daily invitation limit reached. Please try again tomorrow."}}),
                );
            }
            self.invitations -= 1;
            self.join(group, user, false, false);
            added.push(email.clone());
        }
        let mut removed = Vec::new();
        match &body["remove_absent"] {
            Value::Bool(true) => {
                return Err(Box::new(Reply::html(500, "<html><h1>500</h1></html>\n")));
            }
            Value::Number(one) if one.as_u64() == Some(1) => {
                let users = &self.users;
                let absent = |user: &u64| {
                    users
                        .get(user)
                        .is_none_or(|user| !emails.contains(&user.email))
                };
                removed = self
                    .memberships
                    .iter()
                    .filter(|one| one.group == group && absent(&one.user))
                    .filter_map(|one| users.get(&one.user).map(|user| user.email.clone()))
                    .collect();
                self.memberships
                    .retain(|one| one.group != group || !absent(&one.user));
            }
            _ => {}
        }
        Ok(Reply::json(
            200,
            json!({"added_emails": added, "removed_emails": removed}),
        ))
    }
}

pub fn group_of(incoming: &Incoming) -> Option<u64> {
    incoming.query_value("group_id")?.parse().ok()
}
