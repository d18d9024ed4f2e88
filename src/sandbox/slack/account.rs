//! Who a token is, the workspace, and the end of tokens and apps.

use super::access::{Call, Caller, Outcome, refuse};
use super::model::{Slack, random};
use serde_json::{Value, json};

/// Twelve hours.
const LIFE_MS: i64 = 43_200_000;

impl Slack {
    pub fn who(&self, caller: &Caller, call: &Call) -> Value {
        let team = &self.teams[&caller.team];
        let user = &self.users[&caller.user];
        let mut body = json!({
            "url": format!("https://{}.slack.com/", team.domain), "team": team.name, "user": user.name,
            "team_id": caller.team, "user_id": caller.user, "app_id": caller.app,
            "is_enterprise_install": false,
        });
        if caller.is_bot {
            body["bot_id"] = json!(format!("B{}", &caller.user[1..]));
        }
        if let Some(at) = self.tokens[&caller.token].expires_ms {
            body["expires_in"] = json!((at - call.now_ms) / 1000);
        }
        body
    }

    pub fn revoke(&mut self, caller: &Caller) -> Value {
        if let Some(token) = self.tokens.get_mut(&caller.token) {
            token.revoked = true;
        }
        json!({"revoked": true})
    }

    pub fn team_info(&self, caller: &Caller) -> Outcome {
        caller.require(&["team:read"])?;
        let team = &self.teams[&caller.team];
        Ok(json!({"team": {"id": caller.team, "name": team.name, "domain": team.domain}}))
    }

    pub fn user_info(&self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["users:read"])?;
        match self.users.get(call.text("user")) {
            Some(user) if user.team == caller.team => Ok(json!({"user": {
                "id": call.text("user"), "name": user.name, "deleted": user.deleted, "is_bot": user.is_bot,
                "is_admin": user.is_admin, "is_owner": user.is_admin, "is_primary_owner": false,
            }})),
            _ => refuse("user_not_found"),
        }
    }

    pub fn list_users(&self, caller: &Caller, call: &Call) -> Outcome {
        caller.require(&["users:read"])?;
        let all: Vec<Value> = self
            .users
            .iter()
            .filter(|(_, user)| user.team == caller.team)
            .map(|(id, user)| {
                json!({"id": id, "name": user.name, "deleted": user.deleted, "is_bot": user.is_bot})
            })
            .collect();
        call.page("members", &all, self.page)
    }

    /// Takes the app out of its workspace: its tokens and webhooks end with it.
    pub fn uninstall(&mut self, caller: &Caller, call: &Call) -> Outcome {
        let Some(app) = self.apps.get_mut(&caller.app) else {
            return refuse("invalid_auth");
        };
        if call.text("client_id") != app.client_id {
            return refuse("client_id_token_mismatch");
        }
        if call.text("client_secret") != app.client_secret {
            return refuse("bad_client_secret");
        }
        app.team = None;
        let app = caller.app.clone();
        self.webhooks.retain(|_, hook| hook.app != app);
        for channel in self.channels.values_mut() {
            channel.members.remove(&caller.user);
        }
        Ok(json!({}))
    }

    /// A new token for a refresh token, which is spent with it.
    pub fn exchange_refresh(&mut self, call: &Call) -> Outcome {
        if call.text("grant_type") != "refresh_token" {
            return refuse("invalid_grant_type");
        }
        let refresh = call.text("refresh_token").to_owned();
        let Some(old) = self.refreshes.get(&refresh).cloned() else {
            return refuse("invalid_refresh_token");
        };
        let Some(token) = self.tokens.get(&old).cloned() else {
            return refuse("invalid_refresh_token");
        };
        let app = &self.apps[&token.app];
        if call.text("client_id") != app.client_id
            || call.text("client_secret") != app.client_secret
        {
            return refuse("bad_client_secret");
        }
        self.refreshes.remove(&refresh);
        let (access, next) = self.add_rotating(&token.app, &token.team, &token.user, call.now_ms);
        Ok(json!({
            "access_token": access, "refresh_token": next, "expires_in": LIFE_MS / 1000,
            "token_type": "bot",
        }))
    }

    /// A token that lives twelve hours, and its refresh token.
    pub fn add_rotating(
        &mut self,
        app: &str,
        team: &str,
        user: &str,
        now_ms: i64,
    ) -> (String, String) {
        let scopes = self.apps[app].scopes.clone();
        let plain = self.add_token(app, team, user, true, scopes);
        let access = format!("xoxe.{plain}");
        if let Some(mut token) = self.tokens.remove(&plain) {
            token.expires_ms = Some(now_ms + LIFE_MS);
            self.tokens.insert(access.clone(), token);
        }
        let refresh = format!("xoxe-1-{}", random("0123456789abcdef", 40));
        self.refreshes.insert(refresh.clone(), access.clone());
        (access, refresh)
    }
}
