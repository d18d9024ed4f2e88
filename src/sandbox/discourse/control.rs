//! What people and time do behind Guildhall's back: drift, revoked keys, other settings and limits.

use super::{limits::Limits, model::Forum};
use serde_json::{Value, json};

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `settings` | any field of the forum's settings |
/// | `limits` | `preset`: `real`, `lifted`; or `admin_per_minute` |
/// | `receivers` | `status` that the receivers of webhooks answer with |
/// | `revoke`, `unrevoke`, `delete-key`, `wrong-address` | `key`: its text or its first digits |
/// | `add-key` | `user`: an administrator, made where there is none of this name; answers `key` |
/// | `demote`, `promote` | `user` |
/// | `edit-category` | `id`, and `name`, `slug` or `permissions` |
/// | `add-category` | `name`, `parent`; answers its id |
/// | `delete-category`, `delete-group`, `delete-webhook`, `delete-topics` | `id` |
/// | `add-group` | `name`, `members`; answers its id |
/// | `leave-group`, `own-group` | `id`, `user` |
/// | `switch-webhook` | `id`, `active` |
/// | `write` | `category`, `user`, `title`; answers whether the forum let them |
pub fn act(forum: &mut Forum, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    let number = || {
        input["id"]
            .as_u64()
            .ok_or_else(|| format!("the action {action} needs id"))
    };
    match action {
        "settings" => set(forum, input)?,
        "limits" => limits(forum, input)?,
        "receivers" => {
            let status = input["status"].as_u64().unwrap_or(200);
            forum.receivers_answer = u16::try_from(status).unwrap_or(200);
        }
        "revoke" | "unrevoke" | "delete-key" | "wrong-address" => {
            let wanted = text("key")?;
            let mut keys = forum.keys.values_mut();
            let key = keys
                .find(|key| key.secret.starts_with(&wanted))
                .ok_or("no such key")?;
            match action {
                "wrong-address" => key.wrong_address = true,
                "delete-key" => {
                    let id = key.id;
                    forum.keys.remove(&id);
                }
                _ => key.revoked = action == "revoke",
            }
        }
        "add-key" | "add-category" | "add-group" => return add(forum, action, input, text),
        "demote" | "promote" => {
            let user = forum
                .users
                .get_mut(&text("user")?.to_lowercase())
                .ok_or("no such user")?;
            user.admin = action == "promote";
            user.moderator = false;
        }
        "edit-category" => edit(forum, number()?, input)?,
        "delete-category" => {
            forum.drop_category(number()?);
        }
        "delete-group" => {
            forum.groups.remove(&number()?);
        }
        "delete-webhook" => {
            forum.webhooks.remove(&number()?);
        }
        "delete-topics" => {
            let id = number()?;
            forum.topics.retain(|_, topic| topic.category != id);
        }
        "own-group" => {
            let group = forum.groups.get_mut(&number()?).ok_or("no such group")?;
            let user = text("user")?.to_lowercase();
            group.members.insert(user.clone());
            group.owners.insert(user);
        }
        "leave-group" => {
            let group = forum.groups.get_mut(&number()?).ok_or("no such group")?;
            let user = text("user")?.to_lowercase();
            group.owners.remove(&user);
            group.members.remove(&user);
        }
        "switch-webhook" => {
            let webhook = forum.webhooks.get_mut(&number()?);
            webhook.ok_or("no such webhook")?.active = input["active"] == true;
        }
        "write" => return write(forum, &text("user")?, &text("title")?, input),
        _ => return Err(format!("the simulated forum has no action {action}")),
    }
    Ok(json!({}))
}

fn add(
    forum: &mut Forum,
    action: &str,
    input: &Value,
    text: impl Fn(&str) -> Result<String, String>,
) -> Result<Value, String> {
    Ok(match action {
        "add-key" => json!({"key": add_key(forum, text("user")?)}),
        "add-category" => {
            let id = forum.next_id();
            let category = super::model::Category {
                id,
                name: text("name")?,
                slug: format!("by-hand-{id}"),
                color: "123456".into(),
                text_color: "FFFFFF".into(),
                parent: input["parent"].as_u64(),
                permissions: serde_json::from_value(input["permissions"].clone())
                    .unwrap_or_default(),
            };
            forum.categories.insert(id, category);
            json!({"id": id})
        }
        _ => {
            let id = forum
                .add_group(&text("name")?)
                .map_err(|_| "the forum takes no such group")?;
            let members = input["members"].as_array().into_iter().flatten();
            let members = members.filter_map(Value::as_str).map(str::to_lowercase);
            if let Some(group) = forum.groups.get_mut(&id) {
                group.members.extend(members);
            }
            json!({"id": id})
        }
    })
}

/// A key without bounds, of an administrator.
fn add_key(forum: &mut Forum, user: String) -> String {
    if forum.user(&user).is_none() {
        forum.add_user(&user, true, false);
    }
    let now = jiff::Timestamp::now().as_millisecond();
    let key = super::model::Key {
        user: Some(user),
        mode: "global".into(),
        created_ms: now,
        used_ms: now,
        ..super::model::Key::default()
    };
    forum.add_key(key).secret
}

fn set(forum: &mut Forum, input: &Value) -> Result<(), String> {
    let mut settings = serde_json::to_value(&forum.settings).map_err(|error| error.to_string())?;
    for (name, value) in input.as_object().into_iter().flatten() {
        if settings.get(name).is_none() {
            return Err(format!("the forum has no setting {name}"));
        }
        settings[name] = value.clone();
    }
    forum.settings = serde_json::from_value(settings).map_err(|error| error.to_string())?;
    Ok(())
}

fn limits(forum: &mut Forum, input: &Value) -> Result<(), String> {
    match input["preset"].as_str() {
        Some("real") => forum.limits = Limits::real(),
        Some("lifted") => forum.limits = Limits::lifted(),
        Some(other) => return Err(format!("there is no preset {other}")),
        None => {}
    }
    if let Some(most) = input["admin_per_minute"].as_u64() {
        forum.limits.admin_per_minute = usize::try_from(most).unwrap_or(usize::MAX);
    }
    Ok(())
}

fn edit(forum: &mut Forum, id: u64, input: &Value) -> Result<(), String> {
    let category = forum.categories.get_mut(&id).ok_or("no such category")?;
    for (field, held) in [("name", &mut category.name), ("slug", &mut category.slug)] {
        if let Some(text) = input[field].as_str() {
            text.clone_into(held);
        }
    }
    if input["permissions"].is_object() {
        category.permissions = serde_json::from_value(input["permissions"].clone())
            .map_err(|error| error.to_string())?;
    }
    Ok(())
}

/// Somebody tries to begin a topic.
fn write(forum: &mut Forum, user: &str, title: &str, input: &Value) -> Result<Value, String> {
    let id = input["category"].as_u64().ok_or("write needs category")?;
    let category = forum.categories.get(&id).ok_or("no such category")?;
    let caller = super::access::Caller {
        user: Some(forum.user(user).ok_or("no such user")?.clone()),
        key: None,
    };
    let allowed = forum.level_in(&caller, category) == Some(1);
    if allowed {
        forum.add_topic(id, user, title, "Written by a member of the forum.", None);
    }
    Ok(json!({"allowed": allowed}))
}
