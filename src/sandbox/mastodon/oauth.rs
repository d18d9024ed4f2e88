//! Applications, codes and tokens (sheet: mastodon 4).

use super::{
    accounts::Body,
    model::{Server, fresh_key},
    reply::{Outcome, fine, invalid, refuse_oauth},
};
use crate::sandbox::{Incoming, Reply};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::json;
use sha2::{Digest as _, Sha256};

const SHOW_CODE: &str = "urn:ietf:wg:oauth:2.0:oob";

/// The most characters of an application's name. Believed, not checked.
const LONGEST_NAME: usize = 60;

impl Server {
    /// Every call makes another one.
    pub fn create_app(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let asked = incoming.json().unwrap_or_default();
        let name = asked["client_name"].as_str().unwrap_or_default();
        let uris = &asked["redirect_uris"];
        if name.is_empty() {
            return invalid("Application name can't be blank");
        }
        if name.chars().count() > LONGEST_NAME {
            return invalid("Application name is too long (maximum is 60 characters)");
        }
        if uris.as_array().is_none_or(Vec::is_empty) && uris.as_str().is_none_or(str::is_empty) {
            return invalid("Redirect URI can't be blank");
        }
        let scopes = asked["scopes"].as_str().unwrap_or("read").to_owned();
        let name = name.to_owned();
        let id = self.add_app(&name, &scopes);
        let secret = self.apps[&id].secret.clone();
        fine(json!({
            "id": "1", "name": name, "client_id": id, "client_secret": secret, "client_secret_expires_at": 0,
            "redirect_uris": [SHOW_CODE], "scopes": scopes.split_whitespace().collect::<Vec<_>>(),
        }))
    }

    fn check_client(&self, body: &Body) -> Outcome<String> {
        let id = body.text("client_id").unwrap_or_default();
        let secret = body.text("client_secret").unwrap_or_default();
        match self.apps.get(&id) {
            Some(app) if app.secret == secret => Ok(id),
            _ => refuse_oauth(
                401,
                "invalid_client",
                "Client authentication failed due to unknown client, no client authentication included, or unsupported authentication method.",
            ),
        }
    }

    pub fn token(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let body = Body::of(incoming);
        let app = self.check_client(&body)?;
        let (account, scopes) = match body.text("grant_type").as_deref() {
            Some("client_credentials") => {
                let asked = body.text("scope").unwrap_or_else(|| "read".into());
                let asked: Vec<String> = asked.split_whitespace().map(str::to_owned).collect();
                if !asked
                    .iter()
                    .all(|scope| self.apps[&app].scopes.contains(scope))
                {
                    return refuse_oauth(
                        400,
                        "invalid_scope",
                        "The requested scope is invalid, unknown, or malformed.",
                    );
                }
                (None, asked)
            }
            Some("authorization_code") => {
                let code = body.text("code").unwrap_or_default();
                // Single use, whatever comes of it.
                let held = self.codes.remove(&code).filter(|held| {
                    let proof = body.text("code_verifier").unwrap_or_default();
                    let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(proof.as_bytes()));
                    held.app == app
                        && (held.challenge.is_empty() || held.challenge == challenge)
                        && body.text("redirect_uri").as_deref() == Some(SHOW_CODE)
                });
                let Some(held) = held else {
                    return refuse_oauth(
                        400,
                        "invalid_grant",
                        "The provided authorization grant is invalid, expired, revoked, does not match the redirection URI used in the authorization request, or was issued to another client.",
                    );
                };
                (Some(held.account), held.scopes)
            }
            _ => {
                return refuse_oauth(
                    400,
                    "unsupported_grant_type",
                    "The authorization grant type is not supported.",
                );
            }
        };
        let token = self.issue(&app, account.as_deref(), scopes.clone());
        fine(json!({
            "access_token": token, "token_type": "Bearer", "scope": scopes.join(" "), "created_at": 1_763_800_000,
        }))
    }

    pub fn revoke(&mut self, incoming: &Incoming) -> Outcome<Reply> {
        let body = Body::of(incoming);
        let id = body.text("client_id").unwrap_or_default();
        let secret = body.text("client_secret").unwrap_or_default();
        let is_known = self.apps.get(&id).is_some_and(|app| app.secret == secret);
        let text = body.text("token").unwrap_or_default();
        let unauthorized = || {
            refuse_oauth(
                403,
                "unauthorized_client",
                "You are not authorized to revoke this token",
            )
        };
        if !is_known {
            return unauthorized();
        }
        match self.tokens.get_mut(&text) {
            Some(token) if token.app != id => unauthorized(),
            Some(token) => {
                token.revoked = true;
                fine(json!({}))
            }
            None => fine(json!({})),
        }
    }

    /// What the browser's page does when a person chooses "Authorize": the code that it shows.
    pub fn authorize(&mut self, account: &str, address: &str) -> Result<String, String> {
        let url = url::Url::parse(address).map_err(|error| error.to_string())?;
        let asked = |name: &str| {
            let mut pairs = url.query_pairs();
            pairs
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.into_owned())
                .unwrap_or_default()
        };
        let app = self
            .apps
            .get(&asked("client_id"))
            .ok_or("no such application")?;
        let scopes: Vec<String> = asked("scope")
            .split_whitespace()
            .map(str::to_owned)
            .collect();
        if !scopes.iter().all(|scope| app.scopes.contains(scope)) {
            return Err("the application has not asked for these scopes".into());
        }
        if self.is_at_least(4, 3) && asked("code_challenge").is_empty() {
            return Err("the proof is missing".into());
        }
        let code = fresh_key();
        let held = super::model::Code {
            app: asked("client_id"),
            account: account.to_owned(),
            scopes,
            challenge: asked("code_challenge"),
        };
        self.codes.insert(code.clone(), held);
        Ok(code)
    }
}
