//! Apps made from a description, with a configuration token: it lives twelve hours, belongs to a person, and may nothing else.

use super::access::{Call, Outcome, refuse};
use super::apps;
use super::model::{Slack, Window, random};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// Twelve hours.
const LIFE_MS: i64 = 43_200_000;
/// The floor of tier 1, a minute.
const TIER_1: u32 = 1;

/// A configuration token.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Configuration {
    pub team: String,
    pub user: String,
    pub expires_ms: i64,
}

/// What gives another pair, once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Refresh {
    pub team: String,
    pub user: String,
    pub spent: bool,
}

/// The letters of tokens.
const LETTERS: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

impl Slack {
    /// The refresh token that is shown beside a configuration token.
    pub fn add_refresh(&mut self, team: &str, user: &str) -> String {
        let text = format!("xoxe-1-{}", random(LETTERS, 48));
        let held = Refresh {
            team: team.to_owned(),
            user: user.to_owned(),
            spent: false,
        };
        self.configuration_refreshes.insert(text.clone(), held);
        text
    }

    /// `tooling.tokens.rotate`, which asks for no token but the one it takes.
    pub fn rotate_configuration(&mut self, call: &Call) -> Outcome {
        let given = call.text("refresh_token").to_owned();
        let Some(held) = self.configuration_refreshes.get_mut(&given) else {
            return refuse("invalid_refresh_token");
        };
        if std::mem::replace(&mut held.spent, true) {
            return refuse("token_already_exchanged");
        }
        let (team, user) = (held.team.clone(), held.user.clone());
        let token = self.add_configuration(&team, &user, call.now_ms);
        let refresh = self.add_refresh(&team, &user);
        let now = call.now_ms / 1000;
        Ok(json!({
            "token": token, "refresh_token": refresh, "team_id": team, "user_id": user,
            "iat": now, "exp": now + LIFE_MS / 1000,
        }))
    }

    /// A configuration token of a person, as the foot of the page of apps gives one out.
    pub fn add_configuration(&mut self, team: &str, user: &str, now_ms: i64) -> String {
        let text = format!("xoxe.xoxp-1-{}", random(LETTERS, 48));
        let held = Configuration {
            team: team.to_owned(),
            user: user.to_owned(),
            expires_ms: now_ms + LIFE_MS,
        };
        self.configurations.insert(text.clone(), held);
        text
    }

    /// One of `apps.manifest.*`; the seconds to wait where it came too often.
    pub fn manifest_call(&mut self, method: &str, call: &Call) -> Result<Outcome, i64> {
        let held = match self.configuration(call) {
            Ok(held) => held,
            Err(word) => return Ok(refuse(word)),
        };
        if let Some(wait) = self.spend_configuration(&held, method, call.now_ms) {
            return Err(wait);
        }
        Ok(match method {
            "apps.manifest.validate" => described(call).map(|_| json!({"errors": []})),
            "apps.manifest.create" => self.make_app(&held, call),
            "apps.manifest.delete" => self.delete_app(&held, call),
            _ => refuse("unknown_method"),
        })
    }

    fn configuration(&self, call: &Call) -> Result<Configuration, &'static str> {
        let Some(text) = &call.token else {
            return Err("not_authed");
        };
        match self.configurations.get(text) {
            Some(held) if held.expires_ms <= call.now_ms => Err("token_expired"),
            Some(held) => Ok(held.clone()),
            None if self.tokens.contains_key(text) => Err("not_allowed_token_type"),
            None => Err("invalid_auth"),
        }
    }

    fn spend_configuration(
        &mut self,
        held: &Configuration,
        method: &str,
        now_ms: i64,
    ) -> Option<i64> {
        if self.unlimited {
            return None;
        }
        let what = format!("{} {} {method}", held.team, held.user);
        let window = self.windows.entry(what).or_insert(Window {
            count: 0,
            ends_ms: 0,
        });
        if window.ends_ms <= now_ms {
            *window = Window {
                count: 0,
                ends_ms: now_ms + 60_000,
            };
        }
        window.count += 1;
        (window.count > TIER_1).then(|| (window.ends_ms - now_ms).div_euclid(1000) + 1)
    }

    fn make_app(&mut self, held: &Configuration, call: &Call) -> Outcome {
        let (name, scopes) = described(call)?;
        let owned = |app: &&super::model::App| app.owner.as_deref() == Some(held.user.as_str());
        if self
            .managed_cap
            .is_some_and(|cap| self.apps.values().filter(owned).count() >= cap)
        {
            return refuse("managed_app_limit_reached");
        }
        let id = self.add_app(&name, scopes);
        let signing = random("0123456789abcdef", 32);
        let Some(app) = self.apps.get_mut(&id) else {
            return refuse("internal_error");
        };
        app.owner = Some(held.user.clone());
        app.meant_for = Some(held.team.clone());
        Ok(json!({
            "app_id": id,
            "credentials": {
                "client_id": app.client_id, "client_secret": app.client_secret,
                "verification_token": "deprecated", "signing_secret": signing,
            },
            "oauth_authorize_url":
                format!("https://slack.com/oauth/v2/authorize?client_id={}", app.client_id),
        }))
    }

    /// The app goes with its tokens and webhooks.
    fn delete_app(&mut self, held: &Configuration, call: &Call) -> Outcome {
        let id = call.text("app_id").to_owned();
        match self.apps.get(&id) {
            Some(app) if app.owner.as_deref() == Some(held.user.as_str()) => {}
            Some(_) => return refuse("no_permission"),
            None => return refuse("app_not_found"),
        }
        self.apps.remove(&id);
        self.webhooks.retain(|_, hook| hook.app != id);
        Ok(json!({}))
    }
}

/// The description in a call: a text that holds JSON, never an object.
fn described(call: &Call) -> Result<(String, Vec<String>), Box<Value>> {
    let Some(text) = call.arguments.get("manifest").and_then(Value::as_str) else {
        return refuse("invalid_arguments");
    };
    apps::check(text).map_err(|reason| {
        let errors = json!([{"message": reason, "pointer": "/display_information/name"}]);
        Box::new(json!({"ok": false, "error": "invalid_manifest", "errors": errors}))
    })
}
