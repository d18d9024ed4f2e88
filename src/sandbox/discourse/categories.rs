//! Categories: permissions replace all that was there, names and slugs are unique, none with topics is deleted (sheet:
//! discourse 4).

use super::{
    access::Caller,
    model::{Category, Forum},
    reply::{Outcome, bad_parameter, fine, invalid, no_access, not_found, success},
    routes::number,
};
use crate::sandbox::{Incoming, Reply};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// How many levels categories nest by default (sheet: discourse 3, not verified).
const MOST_LEVELS: usize = 2;

impl Forum {
    pub fn shown_category(&self, caller: &Caller, category: &Category) -> Value {
        let topics = self.topic_count(category.id);
        let children: Vec<u64> = self
            .categories
            .values()
            .filter(|child| child.parent == Some(category.id))
            .map(|child| child.id)
            .collect();
        let mut shown = json!({
            "id": category.id, "name": category.name, "slug": category.slug, "color": category.color,
            "text_color": category.text_color, "topic_count": topics,
            "read_restricted": !category.permissions.is_empty()
                && !category.permissions.contains_key("everyone"),
            "has_children": !children.is_empty(), "subcategory_ids": children,
            "topic_url": format!("/t/about-the-{}-category", category.slug),
        });
        if let Some(parent) = category.parent {
            shown["parent_category_id"] = json!(parent);
        }
        if self.may_edit(caller, category) {
            let mut permissions: Vec<Value> = category
                .permissions
                .iter()
                .map(|(group, level)| json!({"permission_type": level, "group_name": group}))
                .collect();
            if permissions.is_empty() {
                permissions.push(json!({"permission_type": 1, "group_name": "everyone"}));
            }
            shown["group_permissions"] = json!(permissions);
            shown["can_edit"] = json!(true);
            shown["can_delete"] = json!(self.may_delete(category));
        }
        shown
    }

    fn may_delete(&self, category: &Category) -> bool {
        let has_children = self
            .categories
            .values()
            .any(|child| child.parent == Some(category.id));
        category.slug != "uncategorized" && !has_children && self.topic_count(category.id) == 0
    }

    pub fn list_categories(&self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        let deep = incoming.query_value("include_subcategories") == Some("true");
        let visible: Vec<&Category> = self
            .categories
            .values()
            .filter(|category| self.sees_category(caller, category))
            .collect();
        let top = visible.iter().filter(|category| category.parent.is_none());
        let listed: Vec<Value> = top
            .map(|category| {
                let mut shown = self.listed(caller, category);
                if deep {
                    shown["subcategory_list"] = visible
                        .iter()
                        .filter(|child| child.parent == Some(category.id))
                        .map(|child| self.listed(caller, child))
                        .collect();
                }
                shown
            })
            .collect();
        fine(json!({"category_list": {
            "can_create_category": self.may_manage(caller), "can_create_topic": true, "categories": listed,
        }}))
    }

    /// The list shows less than the category's own page.
    fn listed(&self, caller: &Caller, category: &Category) -> Value {
        let mut shown = self.shown_category(caller, category);
        if let Some(shown) = shown.as_object_mut() {
            shown.remove("group_permissions");
            shown.remove("can_delete");
        }
        shown
    }

    /// What anybody is told of the site.
    pub fn site(&self, caller: &Caller) -> Outcome<Reply> {
        let visible = self
            .categories
            .values()
            .filter(|category| self.sees_category(caller, category));
        let listed: Vec<Value> = visible
            .map(|category| self.listed(caller, category))
            .collect();
        fine(json!({"categories": listed, "max_category_nesting": MOST_LEVELS}))
    }

    fn seen_category(&self, caller: &Caller, id: &str) -> Outcome<&Category> {
        let id = number(id)?;
        match self.categories.get(&id) {
            Some(category) if self.sees_category(caller, category) => Ok(category),
            _ => not_found(),
        }
    }

    pub fn show_category(&self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let category = self.seen_category(caller, id)?;
        fine(json!({"category": self.shown_category(caller, category)}))
    }

    pub fn category_page(&self, caller: &Caller, id: &str) -> Outcome<Reply> {
        let category = self.seen_category(caller, id)?;
        Ok(Reply::html(
            200,
            format!("<html><body>{}</body></html>", category.name),
        ))
    }

    pub fn create_category(&mut self, caller: &Caller, incoming: &Incoming) -> Outcome<Reply> {
        caller.signed_in()?;
        if !self.may_manage(caller) {
            return no_access();
        }
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(name) = body["name"].as_str().filter(|name| !name.trim().is_empty()) else {
            return bad_parameter("name");
        };
        let parent = body["parent_category_id"].as_u64();
        let slug = match body["slug"].as_str() {
            Some(slug) => slug.to_owned(),
            None => name.to_lowercase().replace(' ', "-"),
        };
        self.check_name(name, &slug, parent, None)?;
        if let Some(parent) = parent {
            match self.categories.get(&parent) {
                None => return invalid("Parent category does not exist"),
                Some(above) if above.parent.is_some() => {
                    return invalid("Category nesting is too deep");
                }
                Some(_) => {}
            }
        }
        let permissions = self.read_permissions(&body["permissions"])?;
        let text = |field: &str, default: &str| body[field].as_str().unwrap_or(default).to_owned();
        let id = self.next_id();
        let category = Category {
            id,
            name: name.to_owned(),
            slug,
            color: text("color", "0088CC"),
            text_color: text("text_color", "FFFFFF"),
            parent,
            permissions: permissions.unwrap_or_default(),
        };
        self.categories.insert(id, category.clone());
        fine(json!({"category": self.shown_category(caller, &category)}))
    }

    fn check_name(
        &self,
        name: &str,
        slug: &str,
        parent: Option<u64>,
        but: Option<u64>,
    ) -> Outcome<()> {
        if name.chars().count() > 50 {
            return invalid("Category Name is too long (maximum is 50 characters)");
        }
        let others = || self.categories.values().filter(|one| Some(one.id) != but);
        let same_name =
            |one: &Category| one.parent == parent && one.name.to_lowercase() == name.to_lowercase();
        if others().any(same_name) {
            return invalid("Category Name has already been taken");
        }
        if others().any(|one| one.slug == slug) {
            return invalid("Slug is already in use");
        }
        Ok(())
    }

    fn read_permissions(&self, asked: &Value) -> Outcome<Option<BTreeMap<String, u64>>> {
        let Some(asked) = asked.as_object() else {
            return Ok(None);
        };
        let mut permissions = BTreeMap::new();
        for (group, level) in asked {
            let is_known = matches!(group.as_str(), "everyone" | "staff" | "admins")
                || self.group_named(group).is_some();
            let level = level
                .as_u64()
                .or_else(|| level.as_str().and_then(|text| text.parse().ok()))
                .filter(|level| (1..=3).contains(level));
            let Some(level) = level.filter(|_| is_known) else {
                return bad_parameter("permissions");
            };
            permissions.insert(group.clone(), level);
        }
        if permissions.len() == 1 && permissions.get("everyone") == Some(&1) {
            permissions.clear();
        }
        Ok(Some(permissions))
    }

    pub fn update_category(
        &mut self,
        caller: &Caller,
        id: &str,
        incoming: &Incoming,
    ) -> Outcome<Reply> {
        caller.signed_in()?;
        let category = self.seen_category(caller, id)?.clone();
        if !self.may_edit(caller, &category) {
            return no_access();
        }
        let body = incoming.json().unwrap_or(Value::Null);
        let Some(name) = body["name"].as_str() else {
            return bad_parameter("name");
        };
        if self.settings.is_old && (body["color"].is_null() || body["text_color"].is_null()) {
            return bad_parameter("color");
        }
        let slug = body["slug"].as_str().unwrap_or(&category.slug).to_owned();
        self.check_name(name, &slug, category.parent, Some(category.id))?;
        let permissions = self.read_permissions(&body["permissions"])?;
        let Some(held) = self.categories.get_mut(&category.id) else {
            return not_found();
        };
        name.clone_into(&mut held.name);
        held.slug = slug;
        for (field, value) in [
            ("color", &mut held.color),
            ("text_color", &mut held.text_color),
        ] {
            if let Some(text) = body[field].as_str() {
                text.clone_into(value);
            }
        }
        if let Some(permissions) = permissions {
            held.permissions = permissions;
        }
        let held = held.clone();
        fine(json!({"success": "OK", "category": self.shown_category(caller, &held)}))
    }

    pub fn delete_category(&mut self, caller: &Caller, id: &str) -> Outcome<Reply> {
        caller.signed_in()?;
        let category = self.seen_category(caller, id)?.clone();
        if !self.may_edit(caller, &category) || !self.may_delete(&category) {
            return no_access();
        }
        self.drop_category(category.id);
        success()
    }

    /// Takes a category away, also from what leads out of it.
    pub fn drop_category(&mut self, id: u64) {
        self.categories.remove(&id);
        for webhook in self.webhooks.values_mut() {
            webhook.categories.retain(|category| *category != id);
        }
        self.rules.retain(|_, rule| rule.category != Some(id));
    }
}
