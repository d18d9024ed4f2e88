//! What people and time do behind Guildhall's back.

use super::container;
use super::model::{Loomio, ScriptPlan, User, fresh_key};
use serde_json::{Value, json};

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `version` | `version` |
/// | `limit` | `requests` in five minutes |
/// | `allow-loopback`, `take-rooms`, `misplace-threads`, `wall` | `on` |
/// | `invitations` | `left` |
/// | `add-user` | `name`, `email`; answers `id` and `api_key` |
/// | `change-password` | `user`; answers the new `api_key` |
/// | `deactivate-user` | `user` |
/// | `make-group` | `user` (its creator), `handle`, `name`, `public`; answers `id` |
/// | `invite`, `accept`, `make-admin`, `unmake-admin`, `remove` | `group`, `user` |
/// | `rename` | `group`, `name`, `handle` |
/// | `expire`, `renew`, `publish` | `group` |
/// | `plan` | `group`, `max_members`, `max_threads`, `expires_at` |
/// | `delete-group` | `group` |
/// | `delete-chatbots`, `change-chatbots` | `group`; with `event_kinds` for the change |
/// | `script` | `die_after`: `user`, `group`; `hold_ms` |
/// | `container` | `name`, `state` |
/// | `run-script` | as the stand-in for the container sends it |
pub fn act(server: &mut Loomio, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    let number = |field: &str| {
        input[field]
            .as_u64()
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    match action {
        "version" => server.version = text("version")?,
        "limit" => server.limit = u32::try_from(number("requests")?).unwrap_or(u32::MAX),
        "allow-loopback" => server.allow_loopback = input["on"] == true,
        "take-rooms" => server.takes_rooms = input["on"] == true,
        "misplace-threads" => server.misplaces = input["on"] == true,
        "wall" => server.walled = input["on"] == true,
        "invitations" => server.invitations = u32::try_from(number("left")?).unwrap_or(u32::MAX),
        "container" => {
            server.containers.insert(text("name")?, text("state")?);
        }
        "script" => {
            server.script = ScriptPlan {
                die_after: text("die_after").ok(),
                hold_ms: input["hold_ms"].as_u64().unwrap_or(0),
            };
        }
        "run-script" => return container::run(server, input),
        "add-user" | "change-password" | "deactivate-user" => {
            return on_user(server, action, input);
        }
        "make-group" => {
            let user = number("user")?;
            let id = server.add_group(&text("handle")?, &text("name")?, user);
            if let Some(group) = server.groups.get_mut(&id) {
                group.public = input["public"] == true;
            }
            return Ok(json!({"id": id}));
        }
        "invite" | "accept" | "make-admin" | "unmake-admin" | "remove" => {
            let (group, user) = (number("group")?, number("user")?);
            let was = server.membership(group, user).cloned();
            match (action, was) {
                ("remove", _) => server.leave(group, user),
                ("invite", _) => server.join(group, user, false, false),
                ("accept", Some(was)) => server.join(group, user, was.admin, true),
                (_, Some(was)) => {
                    server.join(group, user, action == "make-admin", was.accepted);
                }
                (_, None) => return Err("no such member".to_owned()),
            }
        }
        _ => return on_group(server, action, input),
    }
    Ok(json!({}))
}

fn on_user(server: &mut Loomio, action: &str, input: &Value) -> Result<Value, String> {
    if action == "add-user" {
        let (Some(name), Some(email)) = (input["name"].as_str(), input["email"].as_str()) else {
            return Err("the action add-user needs name and email".to_owned());
        };
        let id = server.fresh_id();
        let user = User::of(name, email);
        let key = user.api_key.clone();
        server.users.insert(id, user);
        return Ok(json!({"id": id, "api_key": key}));
    }
    let user = input["user"].as_u64().unwrap_or_default();
    let user = server.users.get_mut(&user).ok_or("no such user")?;
    if action == "deactivate-user" {
        user.active = false;
        return Ok(json!({}));
    }
    user.api_key = fresh_key();
    Ok(json!({"api_key": user.api_key}))
}

fn on_group(server: &mut Loomio, action: &str, input: &Value) -> Result<Value, String> {
    let id = input["group"].as_u64().unwrap_or_default();
    let known = [
        "rename",
        "expire",
        "renew",
        "publish",
        "plan",
        "delete-group",
        "delete-chatbots",
        "change-chatbots",
    ];
    if !known.contains(&action) {
        return Err(format!("the simulated Loomio has no action {action}"));
    }
    let group = server.groups.get_mut(&id).ok_or("no such group")?;
    match action {
        "rename" => {
            for (field, place) in [("name", &mut group.name), ("handle", &mut group.handle)] {
                if let Some(text) = input[field].as_str() {
                    text.clone_into(place);
                }
            }
        }
        "expire" => "expired".clone_into(&mut group.state),
        "renew" => "active".clone_into(&mut group.state),
        "publish" => group.public = true,
        "plan" => {
            group.max_members = input["max_members"].as_u64();
            group.max_threads = input["max_threads"].as_u64();
            group.expires_at = input["expires_at"].as_str().map(str::to_owned);
        }
        "delete-group" => {
            group.discarded = true;
            server.chatbots.retain(|_, one| one.group != id);
        }
        "delete-chatbots" => server.chatbots.retain(|_, one| one.group != id),
        _ => {
            let kinds: Vec<String> = serde_json::from_value(input["event_kinds"].clone())
                .map_err(|error| error.to_string())?;
            for one in server.chatbots.values_mut().filter(|one| one.group == id) {
                one.event_kinds.clone_from(&kinds);
            }
        }
    }
    Ok(json!({}))
}
