//! What people and time do behind Guildhall's back: drift, revoked keys, purges by hand, other limits.

use super::access::Caller;
use super::limits::{Limit, Limits};
use super::model::Homeserver;
use serde_json::{Value, json};

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `limits` | `preset`: `synapse`, `easy`, `lifted`; or a limit's name with `[per_second, burst]`; `hold_ms` |
/// | `room-version` | `version` of rooms made without naming one |
/// | `half-creations`, `empty-creations` | `times` |
/// | `not-synapse` | nothing: the administration paths are gone |
/// | `add-user` | `user`, `admin`; answers its token |
/// | `sign-in` | `user`, and `device`; without one as an administrator mints a token; answers the token |
/// | `revoke`, `expire` | `token`, or `user` for all of a user's |
/// | `lock`, `unlock`, `suspend`, `deactivate` | `user` |
/// | `purge` | `room` |
/// | `slow-purges` | `times` that a purge is seen at work before it is done |
/// | `restart` | nothing: purges at work are forgotten |
/// | `ban` | `room`, `user` |
/// | `remove-member`, `add-member` | `room`, `user` |
/// | `set-state` | `room`, `type`, `key`, `content`, and `user` who did it |
/// | `set-alias` | `alias`, and the `room` to which it leads from now on; without one it is taken away |
/// | `say` | `room`, `user`, `body`; answers whether the room let them |
pub fn act(server: &mut Homeserver, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    match action {
        "limits" => set_limits(server, input)?,
        "room-version" => server.room_version = text("version")?,
        "half-creations" => server.half_creations = times(input),
        "empty-creations" => server.empty_creations = times(input),
        "not-synapse" => server.is_synapse = false,
        "add-user" => {
            let token = server.add_ready_user(&text("user")?, input["admin"] == true);
            return Ok(json!({"token": token}));
        }
        "sign-in" => {
            let device = input["device"].as_str().map(str::to_owned);
            let minter = device.is_none().then(|| super::model::ADMIN.to_owned());
            let token = server.issue(&text("user")?, device, minter);
            return Ok(json!({"token": token}));
        }
        "revoke" => {
            let (token, user) = (input["token"].as_str(), input["user"].as_str());
            server.tokens.retain(|text, held| {
                Some(text.as_str()) != token && Some(held.user.as_str()) != user
            });
        }
        "expire" => {
            let token = text("token")?;
            let held = server.tokens.get_mut(&token).ok_or("no such token")?;
            held.expires_ms = Some(0);
        }
        "lock" | "unlock" | "suspend" => {
            let user = server.users.get_mut(&text("user")?).ok_or("no such user")?;
            match action {
                "suspend" => user.suspended = true,
                _ => user.locked = action == "lock",
            }
        }
        "deactivate" => {
            let user = text("user")?;
            server.deactivate(&user).map_err(|_| "no such user")?;
        }
        "purge" => server.purge(&text("room")?),
        "slow-purges" => server.slow_purges = times(input),
        "restart" => server.purges.clear(),
        "remove-member" | "add-member" | "ban" => {
            let user = text("user")?;
            let room = server.rooms.get_mut(&text("room")?).ok_or("no such room")?;
            let membership = match action {
                "add-member" => "join",
                "ban" => "ban",
                _ => "leave",
            };
            room.set_membership(&user, &user, membership);
        }
        "set-state" => {
            let (kind, key) = (text("type")?, input["key"].as_str().unwrap_or_default());
            let user = input["user"].as_str().unwrap_or("@somebody:matrix.sandbox");
            let room = server.rooms.get_mut(&text("room")?).ok_or("no such room")?;
            room.set(user, &kind, key, input["content"].clone());
        }
        "set-alias" => {
            let alias = text("alias")?;
            server.aliases.remove(&alias);
            if let Some(room) = input["room"].as_str() {
                let (room, creator) = (room.to_owned(), super::model::ADMIN.to_owned());
                let led = super::model::Alias { room, creator };
                server.aliases.insert(alias, led);
            }
        }
        "say" => return say(server, &text("user")?, &text("room")?, &text("body")?),
        _ => return Err(format!("the simulated homeserver has no action {action}")),
    }
    Ok(json!({}))
}

fn times(input: &Value) -> u32 {
    let times = input["times"].as_u64().unwrap_or(1);
    u32::try_from(times).unwrap_or(u32::MAX)
}

fn set_limits(server: &mut Homeserver, input: &Value) -> Result<(), String> {
    match input["preset"].as_str() {
        Some("synapse") => server.limits = Limits::synapse(),
        Some("easy") => server.limits = Limits::easy(),
        Some("lifted") => server.limits = Limits::lifted(),
        Some(other) => return Err(format!("there is no preset {other}")),
        None => {}
    }
    if let Some(hold) = input["hold_ms"].as_u64() {
        server.limits.hold_ms = hold;
    }
    for (name, value) in input.as_object().into_iter().flatten() {
        if let (Some(per_second), Some(burst)) = (value[0].as_f64(), value[1].as_f64()) {
            let limit = Limit { per_second, burst };
            server.limits.of.insert(name.clone(), limit);
        }
    }
    server.buckets.clear();
    Ok(())
}

/// Somebody tries to write into a room.
fn say(server: &mut Homeserver, user: &str, room: &str, body: &str) -> Result<Value, String> {
    let held = server.rooms.get_mut(room).ok_or("no such room")?;
    let caller = Caller {
        user: user.to_owned(),
        token: String::new(),
        device: None,
    };
    let allowed = held.is_in(&caller.user) && held.may_send(user, "m.room.message", false).is_ok();
    if allowed {
        held.messages.push(super::model::Message {
            event_id: super::model::fresh_id('$'),
            sender: caller.user,
            kind: "m.room.message".into(),
            content: json!({"msgtype": "m.text", "body": body}),
            sent_at: jiff::Timestamp::now().as_millisecond(),
        });
    }
    Ok(json!({"allowed": allowed}))
}
