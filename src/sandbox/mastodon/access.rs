//! Who calls: tokens, their scopes, and what keeps an account shut (sheet: mastodon 2, 5).

use super::{
    model::{Account, Server},
    reply::{Outcome, refuse},
};
use crate::sandbox::Incoming;

/// Who calls.
#[derive(Debug, Clone)]
pub struct Caller {
    pub token: String,
    /// None: an application.
    pub account: Option<String>,
    pub scopes: Vec<String>,
}

impl Caller {
    /// Whether a scope or a broader one is held: `write` covers `write:statuses`.
    fn covers(&self, wanted: &str) -> bool {
        self.scopes
            .iter()
            .any(|held| held == wanted || wanted.starts_with(&format!("{held}:")))
    }
}

impl Server {
    /// The caller; none without a token.
    pub fn caller(&self, incoming: &Incoming) -> Outcome<Option<Caller>> {
        let Some(text) = incoming.bearer() else {
            return Ok(None);
        };
        match self.tokens.get(text) {
            None => refuse(401, "The access token is invalid"),
            Some(token) if token.revoked || !self.apps.contains_key(&token.app) => {
                refuse(401, "The access token was revoked")
            }
            Some(token) => match &token.account {
                // The tokens of a deleted account die with it.
                Some(id) if !self.accounts.contains_key(id) => {
                    refuse(401, "The access token is invalid")
                }
                account => Ok(Some(Caller {
                    token: text.to_owned(),
                    account: account.clone(),
                    scopes: token.scopes.clone(),
                })),
            },
        }
    }

    /// The account of the caller, which must hold one of these scopes and be open.
    pub fn user(&self, caller: Option<&Caller>, scopes: &[&str]) -> Outcome<&Account> {
        let Some(caller) = caller else {
            return refuse(401, "The access token is invalid");
        };
        if !scopes.iter().any(|scope| caller.covers(scope)) {
            return refuse(403, "This action is outside the authorized scopes");
        }
        let Some(account) = caller.account.as_ref().and_then(|id| self.accounts.get(id)) else {
            return refuse(422, "This method requires an authenticated user");
        };
        if !account.confirmed {
            return refuse(403, "Your login is missing a confirmed e-mail address");
        }
        if !account.approved {
            return refuse(403, "Your login is currently pending approval");
        }
        if account.disabled || account.suspended {
            return refuse(403, "Your login is currently disabled");
        }
        Ok(account)
    }
}
