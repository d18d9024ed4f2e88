//! What people and time do behind Guildhall's back.

use super::model::Server;
use serde_json::{Value, json};

/// Does one of:
///
/// | action | input |
/// |---|---|
/// | `version` | `version` |
/// | `limits` | `calls` in five minutes |
/// | `fields` | `most` of a profile |
/// | `revoke` | `token`: its text |
/// | `delete-app` | `client_id` |
/// | `authorize` | `account`, `url` of the task; answers the code that the page shows |
/// | `add-account` | `name`; answers a `token` of it |
/// | `sign-in` | `account`; answers another `token` of it |
/// | `set` | `account`, and any of `display_name`, `note`, `locked`, `bot`, `confirmed`, `approved`, `disabled`, `suspended`, `limited`, `moved`, `fields`, `discoverable`, `permissions` |
/// | `delete-account` | `account` |
/// | `post` | `account`, `text`, `pin`; answers its id |
/// | `delete-post` | `id` |
/// | `unpin` | `account`: all pins |
pub fn act(server: &mut Server, action: &str, input: &Value) -> Result<Value, String> {
    let text = |field: &str| {
        input[field]
            .as_str()
            .map(str::to_owned)
            .ok_or_else(|| format!("the action {action} needs {field}"))
    };
    let account = |server: &Server| -> Result<String, String> {
        let named = server.named(&text("account")?);
        named
            .map(|account| account.id.clone())
            .ok_or_else(|| "no such account".to_owned())
    };
    match action {
        "version" => server.version = text("version")?,
        "limits" => server.limits.calls = input["calls"].as_u64().unwrap_or(300),
        "fields" => {
            let most = input["most"].as_u64().and_then(|most| most.try_into().ok());
            server.most_fields = most.ok_or("the action fields needs most")?;
        }
        "revoke" => {
            let token = server.tokens.get_mut(&text("token")?);
            token.ok_or("no such token")?.revoked = true;
        }
        "delete-app" => {
            server.apps.remove(&text("client_id")?);
        }
        "authorize" => {
            let code = server.authorize(&text("account")?, &text("url")?)?;
            return Ok(json!({"code": code}));
        }
        "add-account" | "sign-in" => {
            let name = text(if action == "sign-in" {
                "account"
            } else {
                "name"
            })?;
            if action == "add-account" {
                server.add_account(&name, super::model::EVERYBODYS);
            }
            let app = server.ready.get("client_id").cloned();
            let app = app.ok_or("there is no application")?;
            let scopes = super::model::NEEDED.split_whitespace().map(str::to_owned);
            let token = server.issue(&app, Some(&name), scopes.collect());
            return Ok(json!({"token": token}));
        }
        "set" => {
            let id = account(server)?;
            set(server, &id, input)?;
        }
        "delete-account" => {
            let id = account(server)?;
            server.delete(&id, false);
        }
        "post" => {
            let account = account(server)?;
            let id = server.next_id();
            let status = super::model::Status {
                id,
                account: account.clone(),
                text: text("text")?,
                visibility: "public".into(),
            };
            server.statuses.insert(id, status);
            if input["pin"] == true
                && let Some(account) = server.accounts.get_mut(&account)
            {
                account.pins.insert(0, id);
            }
            return Ok(json!({"id": id.to_string()}));
        }
        "delete-post" => {
            let id = input["id"].as_u64().ok_or("delete-post needs id")?;
            server.statuses.remove(&id);
            for account in server.accounts.values_mut() {
                account.pins.retain(|pin| *pin != id);
            }
        }
        "unpin" => {
            let id = account(server)?;
            if let Some(account) = server.accounts.get_mut(&id) {
                account.pins.clear();
            }
        }
        _ => return Err(format!("the simulated server has no action {action}")),
    }
    Ok(json!({}))
}

fn set(server: &mut Server, id: &str, input: &Value) -> Result<(), String> {
    let held = server.accounts.get(id).ok_or("no such account")?;
    let mut account = serde_json::to_value(held).map_err(|error| error.to_string())?;
    for (name, value) in input.as_object().into_iter().flatten() {
        if name == "account" {
            continue;
        }
        if account.get(name).is_none() {
            return Err(format!("an account has no {name}"));
        }
        account[name] = value.clone();
    }
    let account = serde_json::from_value(account).map_err(|error| error.to_string())?;
    server.accounts.insert(id.to_owned(), account);
    Ok(())
}
