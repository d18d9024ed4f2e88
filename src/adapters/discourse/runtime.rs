//! The run-time key: minted narrow, read back, and refused by ourselves where it came out wider (sheet: discourse 2).

use super::{
    RUNTIME_KEY,
    client::{Client, bad_answer},
    errors,
    notice::title,
    person,
    record::{self, Places, Runtime},
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::Method,
};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject};
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// What the key may do: look at the category and at the notice, each only with its number. Nothing is written with it.
const WANTED: [(&str, &str); 2] = [("categories:show", "id"), ("topics:read", "topic_id")];

/// The client with the run-time key, for a look; none where there is no such key, or it is revoked while switched off.
pub(super) fn client(site: &Site, places: &Places) -> Result<Option<Client>, Fault> {
    let (Some(runtime), Some(key)) = (&places.runtime, site.secrets.get(RUNTIME_KEY)) else {
        return Ok(None);
    };
    if runtime.revoked {
        return Ok(None);
    }
    Client::new(site, key.clone(), &runtime.user, &CancellationToken::new()).map(Some)
}

/// Makes the key, once. What an interrupted run made and nobody knows is deleted.
pub(super) async fn ensure(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    if places.runtime.is_some() && op.has_secret(RUNTIME_KEY) {
        return Ok(());
    }
    let (Some(group), Some(notice)) = (places.group.clone(), places.notice) else {
        return Ok(());
    };
    let category = places.category()?.id;
    let user = person::ensure(op, client, &group).await?;
    let scopes = scopes(client, category, notice).await?;
    if scopes.is_empty() {
        // A key without scopes would be a global one.
        return Ok(());
    }
    let (user, scopes) = (&user, &scopes);
    let runtime: Runtime = op
        .ensure(
            "run-time key",
            |_| async move { find(op, client, user, scopes).await },
            |_| async move { create(op, client, user, scopes).await },
        )
        .await?;
    places.runtime = Some(runtime);
    places.save(op).await
}

/// The scopes that this forum has, each with the parameter that binds it. A scope whose parameter the forum does not know
/// is left out: it would be unlimited, since unknown parameters are dropped in silence.
pub(super) async fn scopes(
    client: &Client,
    category: u64,
    notice: u64,
) -> Result<Vec<Value>, Fault> {
    let known = client
        .get("/admin/api/keys/scopes.json", "list the scopes of keys")
        .await?;
    let offers = |scope: &str, parameter: &str| {
        let resource = scope.split(':').next().unwrap_or_default();
        let listed = known["scopes"][resource].as_array();
        listed.into_iter().flatten().any(|one| {
            one["scope_id"] == scope
                && one["params"]
                    .as_array()
                    .is_some_and(|params| params.iter().any(|name| name == parameter))
        })
    };
    Ok(WANTED
        .iter()
        .filter(|(scope, parameter)| offers(scope, parameter))
        .map(|(scope, parameter)| {
            let object = if *parameter == "id" { category } else { notice };
            json!({"scope_id": scope, *parameter: object.to_string()})
        })
        .collect())
}

/// The key at hand, if it is the one the forum has. Keys of ours that nobody knows any more are deleted.
async fn find(
    op: &Op,
    client: &Client,
    user: &str,
    scopes: &[Value],
) -> Result<Option<Runtime>, Fault> {
    let description = record::key_description(op.site());
    let held = op.secret(RUNTIME_KEY).ok();
    let mut found = None;
    for key in list(client).await? {
        if key["description"] != description.as_str() {
            continue;
        }
        let Some(id) = key["id"].as_u64() else {
            continue;
        };
        let first = key["truncated_key"].as_str().unwrap_or_default();
        let is_held = held
            .as_ref()
            .is_some_and(|held| held.expose_secret().starts_with(first) && !first.is_empty());
        if is_held && key["revoked_at"].is_null() && found.is_none() {
            found = Some(Runtime {
                key: id,
                first: first.to_owned(),
                user: user.to_owned(),
                revoked: false,
            });
        } else {
            delete(client, id).await?;
        }
    }
    if let (Some(runtime), Some(held)) = (&found, held) {
        check(op, client, runtime, &held, scopes).await?;
    }
    Ok(found)
}

/// Every key that the forum lists.
pub(super) async fn list(client: &Client) -> Result<Vec<Value>, Fault> {
    let mut keys: Vec<Value> = Vec::new();
    loop {
        let path = format!("/admin/api/keys.json?offset={}&limit=50", keys.len());
        let page = client.get(&path, "list the keys").await?;
        let listed = client.entries(&page["keys"], "the keys")?;
        // An older forum lists everything at once, whatever the offset.
        let is_new = |key: &&Value| !keys.iter().any(|known| known["id"] == key["id"]);
        let fresh: Vec<Value> = listed.iter().filter(is_new).cloned().collect();
        let last = fresh.len() < 50;
        keys.extend(fresh);
        if last {
            return Ok(keys);
        }
    }
}

/// Makes the key and keeps it.
async fn create(op: &Op, client: &Client, user: &str, scopes: &[Value]) -> Result<Runtime, Fault> {
    let (runtime, key) = make(op, client, user, scopes).await?;
    // Before it is recorded: it is shown only here.
    let kept = op
        .keep_secret(
            RUNTIME_KEY,
            key,
            Some(identity(op.site(), &runtime, scopes)),
        )
        .await;
    kept.map_err(|halt| match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => Fault::new(FaultKind::Internal, task.title),
    })?;
    Ok(runtime)
}

/// Makes a key and asks the forum with it what it may do.
pub(super) async fn make(
    op: &Op,
    client: &Client,
    user: &str,
    scopes: &[Value],
) -> Result<(Runtime, SecretString), Fault> {
    let body = json!({"key": {
        "description": record::key_description(op.site()),
        "username": user,
        "scope_mode": "granular",
        "scopes": scopes,
    }});
    let made = client
        .send(
            Method::POST,
            "/admin/api/keys.json",
            &body,
            "make the run-time key",
        )
        .await?;
    let (Some(id), Some(text)) = (made["key"]["id"].as_u64(), made["key"]["key"].as_str()) else {
        return Err(bad_answer(client.base(), "the run-time key"));
    };
    let key = SecretString::from(text);
    let runtime = Runtime {
        key: id,
        first: text.chars().take(4).collect(),
        user: user.to_owned(),
        revoked: false,
    };
    check(op, client, &runtime, &key, scopes).await?;
    Ok((runtime, key))
}

/// What is known of a key that was made.
pub(super) fn identity(site: &Site, runtime: &Runtime, scopes: &[Value]) -> Identity {
    let named = |scope: &Value| scope["scope_id"].as_str().map(str::to_owned);
    Identity {
        external_id: runtime.user.clone(),
        who: format!(
            "{}, who reads the category and the topic {:?} and nothing else",
            runtime.user,
            title(site)
        ),
        scopes_held: scopes.iter().filter_map(named).collect(),
        reach: Reach {
            unit: "category".into(),
            objects: scopes
                .iter()
                .filter_map(|scope| scope["id"].as_str())
                .map(|id| ReachedObject {
                    external_id: id.to_owned(),
                    name: record::mark(site),
                    role: "reader".into(),
                    community: Some(site.community),
                })
                .collect(),
            ..Reach::default()
        },
        ..Identity::default()
    }
}

/// Asks with the new key itself what it may do. Anything but what was asked for, and it is deleted at once.
async fn check(
    op: &Op,
    client: &Client,
    runtime: &Runtime,
    key: &SecretString,
    scopes: &[Value],
) -> Result<(), Fault> {
    let own = Client::new(op.site(), key.clone(), &runtime.user, op.cancel())?;
    let answer = own.look("/session/scopes.json").await?;
    if !answer.is_success() && answer.status >= 500 {
        return Err(errors::fault(
            &answer,
            "say what the new key may do",
            &runtime.user,
        ));
    }
    if answer.is_success() && is_as_asked(&answer.json::<Value>()?["scopes"], scopes) {
        return Ok(());
    }
    delete(client, runtime.key).await?;
    Err(Fault::new(
        FaultKind::Refused,
        "The forum made a run-time key that may do something else than was asked for; it was deleted again.",
    )
    .hint("Update the forum; until then remove the right to make keys from the API key's user, and none is made.")
    .detail(answer.excerpt()))
}

fn is_as_asked(held: &Value, asked: &[Value]) -> bool {
    let Some(held) = held.as_array().filter(|held| held.len() == asked.len()) else {
        return false;
    };
    asked.iter().all(|wanted| {
        let scope = wanted["scope_id"].as_str().unwrap_or_default();
        let (resource, action) = scope.split_once(':').unwrap_or((scope, ""));
        held.iter().any(|one| {
            let matches =
                one["resource"] == resource && (one["action"] == action || one["key"] == scope);
            matches && binds_alike(&one["allowed_parameters"], wanted)
        })
    })
}

/// Whether exactly the parameters that were asked for bind the scope. The forum gives each as a list.
fn binds_alike(allowed: &Value, wanted: &Value) -> bool {
    let bound = |name: &str| -> Vec<String> {
        match &allowed[name] {
            Value::Array(values) => values.iter().filter_map(plain).collect(),
            Value::String(values) => values.split(',').map(str::to_owned).collect(),
            other => plain(other).into_iter().collect(),
        }
    };
    let names = wanted.as_object().into_iter().flatten();
    let mut parameters = names.filter(|(name, _)| *name != "scope_id");
    parameters.all(|(name, value)| bound(name).as_slice() == plain(value).as_slice())
}

fn plain(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

/// Revokes the key, or takes that back (sheet: discourse 2).
pub(super) async fn set_revoked(client: &Client, key: u64, revoked: bool) -> Result<bool, Fault> {
    let (verb, doing) = if revoked {
        ("revoke", "revoke the run-time key")
    } else {
        ("undo-revoke", "take the run-time key's revocation back")
    };
    let path = format!("/admin/api/keys/{key}/{verb}.json");
    let answer = client.try_send(Method::POST, &path, &Value::Null).await?;
    if answer.status == 404 && errors::is_json(&answer) {
        return Ok(false);
    }
    client.accept(answer, doing).await.map(|_| true)
}

pub(super) async fn delete(client: &Client, key: u64) -> Result<(), Fault> {
    let path = format!("/admin/api/keys/{key}.json");
    client
        .delete(&path, &Value::Null, "delete the run-time key")
        .await
}

/// Whether the forum still has the key, and not revoked.
pub(super) async fn stands(client: &Client, key: u64) -> Result<bool, Fault> {
    let path = format!("/admin/api/keys/{key}.json");
    let found = client.find(&path, "look at the run-time key").await?;
    Ok(found.is_some_and(|found| found["key"]["revoked_at"].is_null()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_as_asked_only_when_every_scope_is_bound_and_none_is_added() {
        let asked = [json!({"scope_id": "categories:show", "id": "12"})];
        let scope = |allowed: Value| json!({"resource": "categories", "action": "show", "allowed_parameters": allowed});
        assert!(is_as_asked(&json!([scope(json!({"id": ["12"]}))]), &asked));
        assert!(
            !is_as_asked(&json!([scope(json!({}))]), &asked),
            "unlimited"
        );
        assert!(!is_as_asked(
            &json!([scope(json!({"id": ["12", "13"]}))]),
            &asked
        ));
        assert!(
            !is_as_asked(&json!([]), &asked),
            "a global key shows no scopes"
        );
        let two = json!([scope(json!({"id": ["12"]})), {"resource": "users", "action": "show"}]);
        assert!(!is_as_asked(&two, &asked));
    }
}
