//! Groups and their members.

use super::{
    access::Caller,
    model::{Forum, Group},
    reply::{Outcome, bad_parameter, fine, invalid, no_access, not_found, success},
    routes::number,
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};
use std::collections::BTreeSet;

impl Forum {
    pub fn create_group(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        caller.admin()?;
        let body = incoming.json().unwrap_or(Value::Null);
        // The wrapper is required (published description).
        let Some(asked) = body.get("group").filter(|group| group.is_object()) else {
            return bad_parameter("group");
        };
        let name = asked["name"].as_str().unwrap_or_default();
        let id = self.add_group(name)?;
        let Some(group) = self.groups.get_mut(&id) else {
            return not_found();
        };
        asked["full_name"]
            .as_str()
            .unwrap_or_default()
            .clone_into(&mut group.full_name);
        group.visibility_level = asked["visibility_level"].as_u64().unwrap_or_default();
        fine(json!({"basic_group": shown(group)}))
    }

    pub fn add_group(&mut self, name: &str) -> Outcome<u64> {
        let length = name.chars().count();
        let right = |letter: char| letter.is_alphanumeric() || matches!(letter, '_' | '-' | '.');
        if !(3..=20).contains(&length) || !name.chars().all(right) {
            return invalid(
                "Name must be between 3 and 20 letters, digits, dashes and underscores",
            );
        }
        let is_kept = matches!(name, "staff" | "admins" | "moderators" | "everyone");
        if is_kept || self.group_named(name).is_some() || self.user(name).is_some() {
            return invalid("Name has already been taken");
        }
        let id = self.next_id();
        let group = Group {
            id,
            name: name.to_owned(),
            full_name: String::new(),
            visibility_level: 0,
            members: BTreeSet::new(),
            owners: BTreeSet::new(),
        };
        self.groups.insert(id, group);
        Ok(id)
    }

    pub fn delete_group(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        caller.admin()?;
        let id = number(id)?;
        let Some(group) = self.groups.remove(&id) else {
            return not_found();
        };
        for category in self.categories.values_mut() {
            category.permissions.remove(&group.name);
        }
        success()
    }

    fn seen_group(&self, caller: &Caller, name: &str) -> Outcome<&Group> {
        let name = name.strip_suffix(".json").unwrap_or(name);
        match self.group_named(name) {
            Some(group) if self.sees_group(caller, group) => Ok(group),
            _ => not_found(),
        }
    }

    /// Thirty-six on a page, as the real forum does.
    pub fn list_groups(&self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        const PAGE: usize = 36;
        let page = incoming
            .query_value("page")
            .and_then(|text| text.parse().ok());
        let seen: Vec<&Group> = self
            .groups
            .values()
            .filter(|group| self.sees_group(caller, group))
            .collect();
        let listed = seen.iter().skip(page.unwrap_or(0_usize) * PAGE).take(PAGE);
        fine(json!({
            "groups": listed.map(|group| shown(group)).collect::<Vec<_>>(),
            "extras": {"type_filters": []}, "total_rows_groups": seen.len(),
            "load_more_groups": "/groups?page=1",
        }))
    }

    pub fn show_group(&self, caller: &Caller, name: &str) -> Outcome<Reply> {
        let group = self.seen_group(caller, name)?;
        fine(json!({"group": shown(group), "extras": {}}))
    }

    pub fn list_members(&self, caller: &Caller, name: &str, incoming: &Incoming) -> Outcome<Reply> {
        let group = self.seen_group(caller, name)?;
        let read = |field: &str, default| {
            let text = incoming.query_value(field);
            text.and_then(|text| text.parse().ok()).unwrap_or(default)
        };
        let (limit, offset): (usize, usize) = (read("limit", 50), read("offset", 0));
        let members: Vec<Value> = group
            .members
            .iter()
            .skip(offset)
            .take(limit)
            .filter_map(|name| self.user(name))
            .map(|user| json!({"id": user.id, "username": user.username, "name": user.name}))
            .collect();
        let owners: Vec<Value> = group
            .owners
            .iter()
            .filter_map(|name| self.user(name))
            .map(|user| json!({"id": user.id, "username": user.username, "name": user.name}))
            .collect();
        fine(json!({
            "members": members, "owners": owners,
            "meta": {"total": group.members.len(), "limit": limit, "offset": offset},
        }))
    }

    pub fn add_members(
        &mut self,
        caller: &Caller,
        id: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        caller.signed_in()?;
        let id = number(id)?;
        let Some(group) = self.groups.get(&id) else {
            return not_found();
        };
        if !caller.is_staff() {
            return no_access();
        }
        let named = named(incoming);
        if named.is_empty() || named.iter().any(|name| self.user(name).is_none()) {
            return bad_parameter("usernames");
        }
        if let Some(present) = named.iter().find(|name| group.members.contains(*name)) {
            return invalid(format!("{present} is already a member of this group."));
        }
        if let Some(group) = self.groups.get_mut(&id) {
            group.members.extend(named.iter().cloned());
        }
        fine(json!({"success": "OK", "usernames": named, "emails": []}))
    }

    /// Who is not in yet comes in with it; repeating changes nothing.
    pub fn add_owners(&mut self, caller: &Caller, id: &str, incoming: &Incoming) -> Outcome<Reply> {
        caller.signed_in()?;
        let id = number(id)?;
        let named = named(incoming);
        if named.is_empty() || named.iter().any(|name| self.user(name).is_none()) {
            return bad_parameter("usernames");
        }
        let Some(group) = self.groups.get_mut(&id) else {
            return not_found();
        };
        let owns = group
            .owners
            .iter()
            .any(|owner| owner.eq_ignore_ascii_case(caller.name()));
        if !caller.is_admin() && !owns {
            return no_access();
        }
        group.members.extend(named.iter().cloned());
        group.owners.extend(named.iter().cloned());
        fine(json!({"success": "OK", "usernames": named}))
    }
}

/// The user names in a request, as the forum compares them.
fn named(incoming: &Incoming) -> Vec<String> {
    let body = incoming.json().unwrap_or(Value::Null);
    let names = body["usernames"].as_str().unwrap_or_default().split(',');
    names
        .filter(|name| !name.is_empty())
        .map(str::to_lowercase)
        .collect()
}

fn shown(group: &Group) -> Value {
    json!({
        "id": group.id, "name": group.name, "full_name": group.full_name, "automatic": false,
        "user_count": group.members.len(), "visibility_level": group.visibility_level,
    })
}
