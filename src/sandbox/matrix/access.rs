//! Who calls: tokens, their death, signing in and out (sheet: matrix 2).

use super::model::{Homeserver, SERVER, Token};
use super::reply::{Outcome, fine, refuse, refuse_with};
use super::{Incoming, Reply};
use serde_json::{Value, json};

/// Who calls, with which token.
#[derive(Debug, Clone)]
pub struct Caller {
    pub user: String,
    pub token: String,
    pub device: Option<String>,
}

impl Homeserver {
    /// The user of the call's token.
    pub fn caller(&self, incoming: &Incoming) -> Outcome<Caller> {
        let Some(text) = incoming.bearer() else {
            return refuse(401, "M_MISSING_TOKEN", "Missing access token");
        };
        let dead = |error: &str, soft: bool| {
            let more = json!({"soft_logout": soft});
            Err(Box::new(refuse_with(401, "M_UNKNOWN_TOKEN", error, more)))
        };
        let Some(token) = self.tokens.get(text) else {
            return dead("Invalid access token passed.", false);
        };
        if token
            .expires_ms
            .is_some_and(|at| at <= incoming.now.as_millisecond())
        {
            return dead("Access token has expired", true);
        }
        if self.users.get(&token.user).is_some_and(|user| user.locked) {
            return Err(Box::new(refuse_with(
                401,
                "M_USER_LOCKED",
                "User account has been locked",
                json!({"soft_logout": true}),
            )));
        }
        Ok(Caller {
            user: token.user.clone(),
            token: text.to_owned(),
            device: token.device.clone(),
        })
    }

    /// The caller, if it is an administrator.
    pub fn admin(&self, incoming: &Incoming) -> Outcome<Caller> {
        let caller = self.caller(incoming)?;
        if self.is_admin(&caller.user) {
            return Ok(caller);
        }
        refuse(403, "M_FORBIDDEN", "You are not a server admin")
    }

    pub fn is_admin(&self, user: &str) -> bool {
        self.users.get(user).is_some_and(|user| user.admin)
    }

    /// Refuses writes of a suspended user.
    pub fn may_write(&self, user: &str) -> Outcome<()> {
        if self.users.get(user).is_some_and(|user| user.suspended) {
            return refuse(403, "M_USER_SUSPENDED", "Your account has been suspended");
        }
        Ok(())
    }

    pub fn whoami(caller: &Caller) -> Outcome<Reply> {
        let mut body = json!({"user_id": caller.user, "is_guest": false});
        if let Some(device) = &caller.device {
            body["device_id"] = json!(device);
        }
        fine(body)
    }

    pub fn login(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let Some(body) = incoming.json() else {
            return refuse(400, "M_NOT_JSON", "Content not JSON.");
        };
        let name = body["identifier"]["user"]
            .as_str()
            .or(body["user"].as_str())
            .unwrap_or_default();
        let user_id = if name.starts_with('@') {
            name.to_owned()
        } else {
            format!("@{name}:{SERVER}")
        };
        self.spend("rc_login", "address", incoming)?;
        let right = self.users.get(&user_id).is_some_and(|user| {
            !user.deactivated
                && user.password.is_some()
                && user.password.as_deref() == body["password"].as_str()
        });
        if !right {
            return refuse(403, "M_FORBIDDEN", "Invalid username or password");
        }
        let device = body["device_id"]
            .as_str()
            .map_or_else(|| super::model::fresh_id('D'), str::to_owned);
        let token = self.issue(&user_id, Some(device.clone()), None);
        let mut answer = json!({
            "user_id": user_id, "access_token": token, "device_id": device, "home_server": SERVER,
        });
        if body["refresh_token"] == true {
            let expires = incoming.now.as_millisecond() + 300_000;
            if let Some(token) = self.tokens.get_mut(&token) {
                token.expires_ms = Some(expires);
            }
            answer["expires_in_ms"] = json!(300_000);
        }
        fine(answer)
    }

    /// Ends a token, and with it every token of the same device.
    pub fn logout(&mut self, caller: &Caller) -> Outcome<Reply> {
        self.tokens.remove(&caller.token);
        if let Some(device) = &caller.device {
            self.tokens.retain(|_, token| {
                token.user != caller.user || token.device.as_ref() != Some(device)
            });
        }
        fine(json!({}))
    }

    /// Ends every token of a user, and every one that user minted for others.
    pub fn logout_all(&mut self, caller: &Caller) -> Outcome<Reply> {
        let minted = |token: &Token| token.minted_by.as_ref() == Some(&caller.user);
        self.tokens
            .retain(|_, token| token.user != caller.user && !minted(token));
        fine(json!({}))
    }

    /// Ends the tokens of a user's devices; those an administrator minted live on.
    pub fn end_devices(&mut self, user: &str) {
        self.tokens
            .retain(|_, token| token.user != user || token.device.is_none());
    }

    /// Deactivated here means erased too, and then there is no profile (seen on Synapse 1.163.2, with these answers).
    pub fn profile(&self, user: &str) -> Outcome<Reply> {
        match self.users.get(user).filter(|user| !user.deactivated) {
            Some(user) => fine(json!({"displayname": user.display_name})),
            None => refuse(404, "M_UNKNOWN", "No row found (profiles)"),
        }
    }

    pub fn display_name(&self, user: &str) -> Outcome<Reply> {
        match self.users.get(user).filter(|user| !user.deactivated) {
            Some(user) => fine(json!({"displayname": user.display_name})),
            None => refuse(404, "M_NOT_FOUND", "Profile was not found"),
        }
    }

    pub fn flows() -> Value {
        json!({"flows": [{"type": "m.login.password"}, {"type": "m.login.application_service"}]})
    }
}
