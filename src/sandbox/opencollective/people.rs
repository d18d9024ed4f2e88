//! The token's user: who it is, which scopes show by null, what it administers (sheet: opencollective 4.1).

use super::access::{Caller, allowed};
use super::model::{Account, Service};
use super::reply::{self, Outcome};
use crate::sandbox::Reply;
use serde_json::{Value, json};

impl Service {
    pub fn who(&self, caller: &Caller) -> Value {
        let Some((id, user)) = self.me(caller) else {
            return json!({"me": null});
        };
        json!({"me": {"id": id, "slug": user.slug, "hasTwoFactorAuth": user.two_factor}})
    }

    fn me(&self, caller: &Caller) -> Option<(&String, &super::model::User)> {
        self.users.get_key_value(caller.user.as_ref()?)
    }

    pub fn verify(&self, caller: &Caller) -> Outcome<Value> {
        let Some((id, user)) = self.me(caller) else {
            return Ok(json!({"me": null}));
        };
        let only_with = |scope: &str, value: Value| {
            if caller.has(scope) {
                value
            } else {
                Value::Null
            }
        };
        let nodes = self.administered(id);
        let data = json!({"me": {
            "id": id, "legacyId": 1, "slug": user.slug, "name": user.name,
            "isLimited": user.limited, "hasTwoFactorAuth": user.two_factor,
            "hasPassword": only_with("account", json!(true)),
            "email": only_with("email", json!("bot@example.org")),
            "personalTokens": null,
            "payoutMethods": only_with("expenses", json!([])),
            "paymentMethods": only_with("orders", json!([])),
            "connectedAccounts": only_with("connectedAccounts", json!([])),
            "virtualCards": only_with("virtualCards", json!({"totalCount": 0})),
            "memberOf": {"totalCount": nodes.len(), "nodes": nodes},
        }});
        if !caller.has("applications") {
            return Ok(data);
        }
        let message = "OAuth and personal tokens cannot be used to list personal tokens";
        let error = reply::error("me.personalTokens", "Forbidden", message, json!({}));
        Err(Box::new(Reply::json(
            200,
            json!({"errors": [error], "data": data}),
        )))
    }

    /// Without the scope the whole `me` is null.
    pub fn verify_hooks(&self, caller: &Caller) -> Outcome<Value> {
        let Some((id, _)) = self.me(caller) else {
            return Ok(json!({"me": null}));
        };
        if !caller.has("webhooks") {
            return reply::no_scope("me", "webhooks");
        }
        let count = self.webhooks.iter().filter(|hook| hook.user == *id).count();
        Ok(json!({"me": {"webhooks": {"totalCount": count}}}))
    }

    pub fn reach(&self, caller: &Caller, variables: &Value) -> Value {
        let Some((id, _)) = self.me(caller) else {
            return json!({"me": null});
        };
        let nodes = self.administered(id);
        let offset = variables["offset"].as_u64().unwrap_or(0);
        let offset = usize::try_from(offset).unwrap_or(usize::MAX);
        let page: Vec<&Value> = nodes.iter().skip(offset).take(500).collect();
        json!({"me": {"memberOf": {"totalCount": nodes.len(), "nodes": page}}})
    }

    /// Who administers an account: anybody may read it.
    pub fn administrators(&self, caller: &Caller, variables: &Value) -> Value {
        let id = variables["id"].as_str().unwrap_or_default();
        let shown = self.account(id).map_or(Value::Null, |account| {
            let all = account.admins.iter();
            let nodes: Vec<Value> = all
                .filter_map(|user| Some((user, self.users.get(user)?)))
                .map(|(id, user)| json!({"account": {"id": id, "slug": user.slug}}))
                .collect();
            json!({"id": id, "members": {"totalCount": nodes.len(), "nodes": nodes}})
        });
        let me = self.me(caller).map(|(id, _)| json!({"id": id}));
        json!({"me": me, "account": shown})
    }

    /// An invitation by mail; whoever is invited administers nothing before accepting it.
    pub fn invite(&mut self, caller: &Caller, variables: &Value) -> Outcome<Value> {
        const FIELD: &str = "inviteMember";
        let user = allowed(caller, FIELD, "account")?;
        let id = variables["a"]["id"].as_str().unwrap_or_default().to_owned();
        self.administrator(&user, &id, FIELD)?;
        self.second_factor(caller, FIELD)?;
        let slug = variables["m"]["slug"].as_str().unwrap_or_default();
        let invited = self.users.iter().find(|(_, user)| user.slug == slug);
        let Some(invited) = invited.map(|(id, _)| id.clone()) else {
            return reply::refuse(FIELD, "NotFound", &format!("Account Not Found: {slug}"));
        };
        if let Some(account) = self.account_mut(&id) {
            account.invited.insert(invited);
        }
        Ok(json!({FIELD: {"id": super::model::fresh_id("inv")}}))
    }

    fn administered(&self, user: &str) -> Vec<Value> {
        self.accounts
            .iter()
            .filter(|(_, account)| !account.deleted && account.admins.contains(user))
            .map(|(id, account)| json!({"account": listed(id, account)}))
            .collect()
    }
}

fn listed(id: &str, account: &Account) -> Value {
    json!({
        "id": id, "legacyId": account.legacy, "slug": account.slug, "name": account.name,
        "type": account.kind, "isArchived": account.archived, "settings": account.settings,
    })
}
