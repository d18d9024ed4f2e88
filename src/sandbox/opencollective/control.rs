//! What people, hosts and time do behind Guildhall's back.

use super::model::{Account, Service, Webhook, Window, fresh_id};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `add-user` | `slug`; answers its id |
/// | `add-token` | `user` (short name), `scopes`; answers the token |
/// | `revoke`, `expire`, `suspend`, `pre-authorize` | `token` |
/// | `scopes` | `token`, `scopes` |
/// | `two-factor`, `limit`, `restrict` | `user` (short name), `on` |
/// | `add-collective` | `slug`, `admin` (short name of a user); answers its id |
/// | `rename` | `id`, `slug` |
/// | `describe` | `id`, `description` |
/// | `set-setting` | `id`, `key`, `value` |
/// | `archive`, `unarchive`, `freeze`, `delete` | `id` |
/// | `add-history` | `id`: it has expenses from now on |
/// | `add-admin`, `remove-admin` | `id`, `user` (short name) |
/// | `accept-invitations` | `id`: whoever was invited administers it |
/// | `approve`, `reject`, `expire-application` | `id` of the collective |
/// | `attach-host` | `id`, `host` (short name), approved |
/// | `delete-webhooks` | `id` |
/// | `add-webhook` | `id`, `user` (short name), `activity`, `address` |
/// | `creations` | `user` (short name), `count`, `ends_ms`: the counter of creations |
/// | `stumble` | `times`: creations that commit and then answer an unknown error |
pub fn act(service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
    match action {
        "stumble" => {
            let times = input["times"].as_u64().unwrap_or(1);
            service.stumbling_creations = u32::try_from(times).unwrap_or(u32::MAX);
            Ok(json!({}))
        }
        "creations" => {
            let user = id_of(service, &text(input, "user")?)?;
            let window = Window {
                count: u32::try_from(input["count"].as_u64().unwrap_or(0)).unwrap_or(u32::MAX),
                ends_ms: input["ends_ms"].as_i64().unwrap_or(0),
            };
            service.creations.insert(user, window);
            Ok(json!({}))
        }
        "add-user" | "two-factor" | "limit" | "restrict" => user(service, action, input),
        "add-token" | "revoke" | "expire" | "suspend" | "pre-authorize" | "scopes" => {
            token(service, action, input)
        }
        "approve" | "reject" | "expire-application" => {
            let status = match action {
                "approve" => "APPROVED",
                "reject" => "REJECTED",
                _ => "EXPIRED",
            };
            service.decide(&text(input, "id")?, status)?;
            Ok(json!({}))
        }
        "add-webhook" | "delete-webhooks" => hooks(service, action, input),
        "add-collective" => {
            let admin = id_of(service, &text(input, "admin")?)?;
            let id = service.add_account(Account {
                slug: text(input, "slug")?,
                name: text(input, "slug")?,
                kind: "COLLECTIVE".into(),
                admins: BTreeSet::from([admin]),
                settings: json!({}),
                ..Account::default()
            });
            Ok(json!({"id": id}))
        }
        _ => account(service, action, input),
    }
}

fn text(input: &Value, field: &str) -> Result<String, String> {
    input[field]
        .as_str()
        .map(str::to_owned)
        .ok_or_else(|| format!("the action needs {field}"))
}

fn id_of(service: &Service, slug: &str) -> Result<String, String> {
    service
        .users
        .iter()
        .find(|(_, user)| user.slug == slug)
        .map(|(id, _)| id.clone())
        .ok_or_else(|| format!("no user {slug}"))
}

fn user(service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
    if action == "add-user" {
        let slug = text(input, "slug")?;
        let id = service.add_user(&slug, &slug);
        return Ok(json!({"id": id}));
    }
    let id = id_of(service, &text(input, "user")?)?;
    let on = input["on"] != false;
    let user = service.users.get_mut(&id).ok_or("no such user")?;
    match action {
        "two-factor" => user.two_factor = on,
        "limit" => user.limited = on,
        _ => user.restricted = on,
    }
    Ok(json!({}))
}

fn scopes(input: &Value) -> Vec<&str> {
    let scopes = input["scopes"].as_array();
    scopes
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .collect()
}

fn token(service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
    if action == "add-token" {
        let user = id_of(service, &text(input, "user")?)?;
        let token = service.add_token(&user, &scopes(input));
        return Ok(json!({"token": token}));
    }
    let text = text(input, "token")?;
    if action == "revoke" {
        service.tokens.remove(&text);
        return Ok(json!({}));
    }
    let token = service.tokens.get_mut(&text).ok_or("no such token")?;
    match action {
        "expire" => token.expires_ms = Some(0),
        "suspend" => token.suspended = true,
        "pre-authorize" => token.pre_authorized = true,
        _ => token.scopes = scopes(input).into_iter().map(str::to_owned).collect(),
    }
    Ok(json!({}))
}

fn hooks(service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
    let id = text(input, "id")?;
    if action == "delete-webhooks" {
        service.webhooks.retain(|hook| hook.collective != id);
        return Ok(json!({}));
    }
    let user = id_of(service, &text(input, "user")?)?;
    service.webhooks.push(Webhook {
        id: fresh_id("not"),
        user,
        collective: id,
        activity: text(input, "activity")?,
        address: input["address"].as_str().map(str::to_owned),
    });
    Ok(json!({}))
}

fn account(service: &mut Service, action: &str, input: &Value) -> Result<Value, String> {
    let id = text(input, "id")?;
    let admin = match input["user"].as_str() {
        Some(slug) => id_of(service, slug)?,
        None => String::new(),
    };
    let host = input["host"].as_str().and_then(|slug| service.id_of(slug));
    let account = service.accounts.get_mut(&id).ok_or("no such account")?;
    match action {
        "rename" => account.slug = text(input, "slug")?,
        "describe" => account.description = text(input, "description")?,
        "set-setting" => account.settings[text(input, "key")?.as_str()] = input["value"].clone(),
        "archive" => {
            account.archived = true;
            account.host = None;
            account.approved = false;
        }
        "unarchive" => account.archived = false,
        "freeze" => account.frozen = true,
        "delete" => account.deleted = true,
        "add-history" => account.has_history = true,
        "add-admin" => {
            account.admins.insert(admin);
        }
        "accept-invitations" => {
            let invited = std::mem::take(&mut account.invited);
            account.admins.extend(invited);
        }
        "remove-admin" => {
            account.admins.remove(&admin);
        }
        "attach-host" => {
            account.host = Some(host.ok_or("no such host")?);
            account.approved = true;
        }
        _ => return Err(format!("the simulated service has no action {action}")),
    }
    Ok(json!({}))
}
