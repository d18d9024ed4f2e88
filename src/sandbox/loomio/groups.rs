//! Groups: only read, as the interface for programs has it.

use super::access::{Outcome, refuse, unknown};
use super::model::{Group, Loomio, Membership};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};

impl Loomio {
    /// Every group of the user, invitations that are not accepted included.
    pub fn own_groups(&self, me: u64, incoming: &Incoming) -> Reply {
        let own: Vec<&Membership> = self
            .memberships
            .iter()
            .filter(|one| one.user == me)
            .filter(|one| {
                self.groups
                    .get(&one.group)
                    .is_some_and(|group| !group.discarded)
            })
            .collect();
        let groups: Vec<Value> = own
            .iter()
            .filter_map(|one| Some(self.row(one.group, self.groups.get(&one.group)?, true)))
            .collect();
        let mut body = json!({
            "groups": groups, "parent_groups": [], "meta": {"total": own.len()},
        });
        if incoming.query_value("compact") != Some("1") {
            body["memberships"] = own.iter().map(|one| membership_row(one)).collect();
            body["users"] = json!([self.user_row(me)]);
        }
        Reply::json(200, body)
    }

    pub fn show_group(&self, me: u64, reference: &str) -> Outcome {
        let Some(id) = self.find_group(reference) else {
            return unknown();
        };
        let Some(group) = self.groups.get(&id) else {
            return unknown();
        };
        let membership = self.membership(id, me);
        if membership.is_none() && !group.public {
            return refuse(403, json!({"error": "Not authorized to show Group."}));
        }
        Ok(Reply::json(
            200,
            json!({
                "groups": [self.row(id, group, membership.is_some())],
                "memberships": membership.map(membership_row).into_iter().collect::<Vec<_>>(),
                "parent_groups": [], "users": [],
            }),
        ))
    }

    /// The public page of a group.
    pub fn page(&self, handle: &str) -> Reply {
        let public = self
            .find_group(handle)
            .and_then(|id| self.groups.get(&id))
            .filter(|group| group.public);
        match public {
            Some(group) => Reply::html(200, format!("<html><h1>{}</h1></html>\n", group.handle)),
            None => Reply::html(404, "<html><h1>Not found</h1></html>\n"),
        }
    }

    fn row(&self, id: u64, group: &Group, to_member: bool) -> Value {
        let mut row = json!({
            "id": id, "key": group.key, "handle": group.handle, "name": group.name,
            "full_name": group.name, "parent_id": group.parent, "enabled": group.is_enabled(),
        });
        if to_member {
            row["subscription"] = json!({
                "plan": group.plan, "state": group.state, "active": group.is_enabled(),
                "max_members": group.max_members, "max_threads": group.max_threads,
                "allow_subgroups": true, "renews_at": null, "expires_at": group.expires_at,
                "members_count": self.members(id),
            });
        }
        row
    }

    fn user_row(&self, me: u64) -> Value {
        self.users.get(&me).map_or(
            Value::Null,
            |user| json!({"id": me, "name": user.name, "email": user.email}),
        )
    }
}

pub fn membership_row(one: &Membership) -> Value {
    json!({
        "id": one.id, "group_id": one.group, "user_id": one.user, "admin": one.admin,
        "accepted_at": one.accepted.then_some("2026-10-01T08:00:00Z"),
    })
}
