//! Who is calling, and whether one more call is granted (sheet: opencollective 2, 3).

use super::model::{Service, Window};
use super::reply::{self, Outcome};
use crate::sandbox::{Incoming, Reply};
use serde_json::json;

/// A window of the request limit (sheet: opencollective 3).
const MINUTE_MS: i64 = 60_000;
const PER_TOKEN: u32 = 100;
const ANONYMOUS: u32 = 10;

/// Who is calling; nobody when the header is missing or in the wrong place.
#[derive(Debug, Clone, Default)]
pub struct Caller {
    pub user: Option<String>,
    pub token: String,
    pub scopes: Vec<String>,
    pub pre_authorized: bool,
}

impl Caller {
    pub fn has(&self, scope: &str) -> bool {
        self.scopes.iter().any(|held| held == scope)
    }
}

/// The scope of a verb, and a user behind it.
pub fn allowed(caller: &Caller, field: &str, scope: &str) -> Outcome<String> {
    let Some(user) = &caller.user else {
        let message = "You need to be authenticated to perform this action";
        return reply::refuse(field, "Unauthorized", message);
    };
    if !caller.has(scope) {
        return reply::no_scope(field, scope);
    }
    Ok(user.clone())
}

impl Service {
    /// A Bearer header is ignored, and the call is anonymous.
    pub fn caller(&self, incoming: &Incoming) -> Outcome<Caller> {
        let given = incoming
            .header("personal-token")
            .or_else(|| incoming.header("api-key"));
        if incoming.path.trim_end_matches('/') == "/graphql" && given.is_some() {
            let message = "Personal Tokens are not accepted on GraphQL v1";
            return Err(reply::unauthorized(message));
        }
        if incoming.path.trim_end_matches('/') != "/graphql/v2" || incoming.method != "POST" {
            return Err(Box::new(Reply::text(404, "Not Found")));
        }
        let Some(given) = given else {
            return Ok(Caller::default());
        };
        let Some(token) = self.tokens.get(given) else {
            let message = format!("Invalid Personal Token (Api Key): {given}");
            return Err(reply::unauthorized(&message));
        };
        if token
            .expires_ms
            .is_some_and(|end| end <= incoming.now.as_millisecond())
        {
            return Err(reply::unauthorized("Expired Personal Token (Api Key)"));
        }
        if token.suspended {
            let message = "Your personal token has been suspended, please contact support";
            return Err(reply::unauthorized(message));
        }
        if self.users.get(&token.user).is_some_and(|user| user.limited) {
            let message = "Your account has been limited, please contact support";
            return Err(reply::unauthorized(message));
        }
        Ok(Caller {
            user: Some(token.user.clone()),
            token: given.to_owned(),
            scopes: token.scopes.iter().cloned().collect(),
            pre_authorized: token.pre_authorized,
        })
    }

    /// Counts the call; the headers that tell of it, or the refusal.
    pub fn count(
        &mut self,
        caller: &Caller,
        incoming: &Incoming,
    ) -> Outcome<Vec<(&'static str, String)>> {
        let limit = if caller.user.is_some() {
            PER_TOKEN
        } else {
            ANONYMOUS
        };
        let now = incoming.now.as_millisecond();
        let key = format!("{} {} {}", caller.token, incoming.method, incoming.path);
        let window = self.windows.entry(key).or_default();
        if window.ends_ms <= now {
            *window = Window {
                count: 0,
                ends_ms: now + MINUTE_MS,
            };
        }
        let left = u64::try_from(window.ends_ms - now).unwrap_or(0);
        let full = window.count >= limit;
        if !full {
            window.count += 1;
        }
        let headers = vec![
            ("x-ratelimit-limit", limit.to_string()),
            ("x-ratelimit-remaining", (limit - window.count).to_string()),
            ("x-ratelimit-reset", (window.ends_ms / 1000).to_string()),
        ];
        if !full {
            return Ok(headers);
        }
        let message = "Rate limit exceeded. Contact-us to get higher limits.";
        let refused = Reply::json(429, json!({"error": {"message": message}}))
            .header("retry-after", format!("{}.{:03}", left / 1000, left % 1000));
        let add = |reply: Reply, (name, value)| reply.header(name, value);
        Err(Box::new(headers.into_iter().fold(refused, add)))
    }

    /// Refuses where the user has two-factor authentication and the token is not pre-authorised.
    pub fn second_factor(&self, caller: &Caller, field: &str) -> Outcome<()> {
        let two_factor = caller
            .user
            .as_ref()
            .and_then(|user| self.users.get(user))
            .is_some_and(|user| user.two_factor);
        if two_factor && !caller.pre_authorized {
            let message = "This personal token is not pre-authorized for 2FA";
            return reply::refuse(field, "INTERNAL_SERVER_ERROR", message);
        }
        Ok(())
    }

    /// An administrator of the account.
    pub fn administrator(&self, user: &str, id: &str, field: &str) -> Outcome<()> {
        let is_admin = self
            .account(id)
            .is_some_and(|account| account.admins.contains(user));
        if is_admin {
            return Ok(());
        }
        let message = "You are authenticated but forbidden to perform this action";
        reply::refuse(field, "Forbidden", message)
    }
}
