//! Getting a token through a person's browser: an application of our own, a code that travels by hand, a proof that only
//! who asked can use it (sheet: mastodon 1, H1b).

use super::{
    ACCESS_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE, SCOPES,
    client::{base, host, page},
    errors, tasks,
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, clean_line};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use rand::Rng as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use url::Url;

/// The field of the vault with the proof's secret half.
const PROOF: &str = "code_verifier";
/// Shows the code instead of sending it on.
const SHOW_CODE: &str = "urn:ietf:wg:oauth:2.0:oob";
/// Sees to it that there is a token: entered, or by a person's browser where the settings say so.
pub(super) async fn ensure(op: &Op) -> Result<(), Halt> {
    let site = op.site();
    let wants_browser = site.settings.get("sign_in") == Some("browser");
    if op.has_secret(ACCESS_TOKEN) || site.locked || !wants_browser {
        op.secret(ACCESS_TOKEN)?;
        return Ok(());
    }
    op.ensure(
        "application",
        |_| async { Ok((op.has_secret(CLIENT_ID) && op.has_secret(CLIENT_SECRET)).then_some(())) },
        |_| async { register(op).await },
    )
    .await?;
    if !op.has_secret(PROOF) {
        let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
        let proof: String = letters.take(64).map(char::from).collect();
        op.keep_secret(PROOF, proof.into(), None).await?;
    }
    let proof = op.secret(PROOF)?;
    let address = address(site, &op.secret(CLIENT_ID)?, &proof)?;
    op.human(tasks::let_in(&address, &SCOPES), || exchange(op, &proof))
        .await
}

fn plain(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => Fault::new(FaultKind::Internal, task.title),
    }
}

/// An application's name; the server takes 60 characters of it.
fn app_name(site: &Site) -> String {
    let name = format!("Guildhall for {}", clean_line(&site.community_name));
    let name: String = name.chars().take(60).collect();
    name.trim_end().to_owned()
}

/// Every call makes another application, so both halves are kept before it is recorded.
async fn register(op: &Op) -> Result<(), Fault> {
    let site = op.site();
    let base = base(site)?;
    let body = json!({
        "client_name": app_name(site),
        "redirect_uris": [SHOW_CODE],
        "scopes": SCOPES.join(" "),
    });
    let call = site.http.post(&base, "/api/v1/apps").cancel(op.cancel());
    let answer = call.json(&body).send().await?;
    let made: Value = errors::accept(answer, "make an application")?.json()?;
    for (field, name) in [(CLIENT_ID, "client_id"), (CLIENT_SECRET, "client_secret")] {
        let text = made[name].as_str().ok_or_else(|| {
            Fault::new(
                FaultKind::OutcomeUnknown,
                format!("{} did not name the application it made.", host(&base)),
            )
            .hint("Resume the operation; another application is made.")
        })?;
        op.keep_secret(field, text.into(), None)
            .await
            .map_err(plain)?;
    }
    Ok(())
}

/// Where the person lets us in. Holds no secret: the id is public, and of the proof only its hash.
fn address(site: &Site, id: &SecretString, proof: &SecretString) -> Result<Url, Fault> {
    let base = base(site)?;
    let text = page(&base, "/oauth/authorize");
    let challenge = challenge(proof);
    let scopes = SCOPES.join(" ");
    Url::parse_with_params(
        &text,
        [
            ("response_type", "code"),
            ("client_id", id.expose_secret()),
            ("redirect_uri", SHOW_CODE),
            ("scope", &scopes),
            ("force_login", "true"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ],
    )
    .map_err(|error| {
        Fault::new(
            FaultKind::BadInput,
            "The address of the server is unusable.",
        )
        .hint("Correct the address in the settings.")
        .detail(error)
    })
}

/// The half of the proof that everybody may see (RFC 7636).
fn challenge(proof: &SecretString) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(proof.expose_secret().as_bytes()))
}

/// The code for a token, once it was entered. A code works once, so it is forgotten whatever comes of it.
async fn exchange(op: &Op, proof: &SecretString) -> Result<Option<()>, Fault> {
    let Ok(code) = op.secret(CODE) else {
        return Ok(None);
    };
    let site = op.site();
    let (id, secret) = (op.secret(CLIENT_ID)?, op.secret(CLIENT_SECRET)?);
    let call = site
        .http
        .post(&base(site)?, "/oauth/token")
        .cancel(op.cancel())
        .redact(&code)
        .redact(&secret)
        .redact(proof)
        .form([
            ("grant_type", "authorization_code"),
            ("code", code.expose_secret()),
            ("client_id", id.expose_secret()),
            ("client_secret", secret.expose_secret()),
            ("redirect_uri", SHOW_CODE),
            ("code_verifier", proof.expose_secret()),
        ]);
    let answer = call.send().await;
    op.drop_secret(CODE).await.map_err(plain)?;
    let told: Value = errors::accept(answer?, "exchange the code for a token")?.json()?;
    let token = told["access_token"].as_str().ok_or_else(|| {
        Fault::new(
            FaultKind::BadAnswer,
            "The server gave no token for the code.",
        )
        .hint("Open the address of the task again and enter the new code.")
    })?;
    op.keep_secret(ACCESS_TOKEN, token.into(), None)
        .await
        .map_err(plain)?;
    op.drop_secret(PROOF).await.map_err(plain)?;
    Ok(Some(()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_challenge_is_that_of_the_standard() {
        // RFC 7636, appendix B.
        let proof = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        assert_eq!(
            challenge(&proof.into()),
            "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        );
    }
}
