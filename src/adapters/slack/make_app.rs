//! An app of the community's own, made from its description with a configuration token that the operator gives for the run.
//! Installing it stays a person's step (sheet: slack 1, H2b and H3).
//!
//! Slack has no call that lists apps: where an answer was lost nobody can look, and the step of installing says that an app
//! of the same name may stand there twice.

use super::client::{Client, Reply};
use super::configuration::{self, Repeating};
use super::{BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, app, session, tasks};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, Identity, Reach, clean_line};
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// The fact that names the app made here.
const MADE: &str = "made_app";
/// The fact that counts how often Slack was asked to make it.
const ASKED: &str = "app_asked_for";
/// Where configuration tokens are made and all apps are listed.
pub(super) const APPS_PAGE: &str = "https://api.slack.com/apps";

/// The app that was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Made {
    /// Its number.
    pub id: String,
    /// Its name.
    pub name: String,
}

/// The name of the community's app.
pub(super) fn name_of(site: &Site) -> String {
    super::channel::cut(&format!("Guildhall {}", site.community_name), 35)
}

/// Sees to it that there is an app with a token: entered, or of an app that is made here and installed by a person.
pub(super) async fn ensure(op: &Op) -> Result<(), Halt> {
    let known: Option<Made> = op.fact(MADE)?;
    let may_make = configuration::at_hand(op) || known.is_some();
    if op.has_secret(BOT_TOKEN) || op.site().locked || !may_make {
        return Ok(());
    }
    op.progress("app", 0, 1, &name_of(op.site()));
    let made: Made = op
        .ensure(
            "app",
            |_| async { op.fact(MADE).map_err(plain) },
            |_| async { create(op).await },
        )
        .await?;
    let asked: u32 = op.fact(ASKED)?.unwrap_or(1);
    let task = tasks::install(op.site(), &made, asked > 1);
    op.human(task, || async {
        Ok(op.has_secret(BOT_TOKEN).then_some(()))
    })
    .await
}

pub(super) fn plain(halt: Halt) -> Fault {
    match halt {
        Halt::Stopped(fault) => *fault,
        Halt::Human(task) => Fault::new(FaultKind::Internal, task.title),
    }
}

/// Everything that is needed later is kept before the step is recorded.
async fn create(op: &Op) -> Result<Made, Fault> {
    let site = op.site();
    let asked: u32 = op.fact(ASKED).map_err(plain)?.unwrap_or_default();
    op.remember(ASKED, &(asked + 1)).await.map_err(plain)?;
    let name = name_of(site);
    let body = json!({"manifest": described(site).to_string()});
    let method = "apps.manifest.create";
    let asking = configuration::ask(op, method, &body, Repeating::MakesAnother).await;
    let refused = match &asking {
        Ok(reply) => reply.error.is_some(),
        Err(fault) => fault.kind == FaultKind::KeyRejected,
    };
    if refused {
        // Then nothing was made, so that there cannot be two.
        op.remember(ASKED, &asked).await.map_err(plain)?;
    }
    let reply = asking?;
    let made = accept(reply, "make the app")?;
    let text = |value: &Value| value.as_str().map(str::to_owned).ok_or_else(unnamed);
    let id = clean_line(&text(&made["app_id"])?);
    for (field, name) in [(CLIENT_ID, "client_id"), (CLIENT_SECRET, "client_secret")] {
        let secret = text(&made["credentials"][name])?;
        op.keep_secret(field, secret.into(), None)
            .await
            .map_err(plain)?;
    }
    let made = Made { id, name };
    op.remember(session::APP, &made.id).await.map_err(plain)?;
    op.remember(MADE, &made).await.map_err(plain)?;
    Ok(made)
}

fn described(site: &Site) -> Value {
    app::manifest(&name_of(site), site.settings.is_on("read_back"))
}

/// The same fault without the words of the answer.
pub(super) fn unquoted(fault: Fault) -> Fault {
    Fault {
        detail: None,
        ..fault
    }
}

fn unnamed() -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown,
        "Slack did not name the app that it made.",
    )
    .hint(format!(
        "Look at {APPS_PAGE} and delete an app of this name that is not installed, then resume the operation: another one is made."
    ))
}

/// The body when it is fine; what the refusal means for whoever gave the configuration token otherwise.
fn accept(reply: Reply, doing: &str) -> Result<Value, Fault> {
    let word = reply.error.clone().unwrap_or_default();
    let (kind, what, hint) = match word.as_str() {
        "token_expired" => (
            FaultKind::KeyRejected,
            format!("The configuration token has expired, so Guildhall cannot {doing}: Slack ends each of them after twelve hours."),
            format!("Generate another one at the foot of {APPS_PAGE} and enter it as config_token; with its refresh token as config_refresh Guildhall renews it by itself."),
        ),
        "invalid_auth" | "token_revoked" | "not_allowed_token_type" | "account_inactive" => (
            FaultKind::KeyRejected,
            format!("Slack does not accept the configuration token ({word}), so Guildhall cannot {doing}."),
            format!("Generate one at the foot of {APPS_PAGE}, under Your App Configuration Tokens, and enter it as config_token."),
        ),
        "managed_app_limit_reached" | "app_limit_reached" => (
            FaultKind::OverQuota,
            "Whoever made the configuration token has as many apps as Slack lets them have.".to_owned(),
            format!("Delete an app that nobody uses at {APPS_PAGE}, then resume the operation."),
        ),
        "invalid_manifest" => (
            FaultKind::Internal,
            format!("Slack does not take the description of the app: {}.", pointed_at(&reply.body)),
            "This is a mistake of Guildhall; please report it, and make the app by hand with the address in the form of bot_token.".to_owned(),
        ),
        _ => return reply.accept(doing, &[]).map_err(unquoted),
    };
    Err(Fault::new(kind, what)
        .hint(hint)
        .detail(format!("HTTP 200 {word}")))
}

/// What Slack says of a description, and of which part of it.
fn pointed_at(body: &Value) -> String {
    let errors = body["errors"].as_array().into_iter().flatten();
    let told: Vec<String> = errors
        .filter_map(|error| {
            let place = error["pointer"].as_str().unwrap_or("/");
            Some(clean_line(&format!(
                "{place} {}",
                error["message"].as_str()?
            )))
        })
        .collect();
    if told.is_empty() {
        return "it does not say why".to_owned();
    }
    told.join("; ")
}

/// Tries a configuration token by having Slack check the description that would be sent; nothing is made.
pub(super) async fn verify(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    let client = Client::new(site, token.clone(), &CancellationToken::new())?;
    let body = json!({"manifest": described(site).to_string()});
    let reply = client.set("apps.manifest.validate", &body).await?;
    accept(reply, "make apps with it")?;
    Ok(Identity {
        who: "whoever generated this configuration token; Slack does not say who".into(),
        warnings: vec![
            "It ends twelve hours after it was generated. It is used to make this community's app and forgotten.".into(),
        ],
        reach: Reach {
            unit: "app".into(),
            everything: Some(
                "every app of that person in that workspace: it can make, change and delete them".into(),
            ),
            ..Reach::default()
        },
        ..Identity::default()
    })
}

/// Deletes the app that was made here, where a configuration token is at hand.
pub(super) async fn delete(op: &Op) -> Result<(), Halt> {
    let Some(made) = op.fact::<Made>(MADE)? else {
        return Ok(());
    };
    if !configuration::at_hand(op) {
        return Ok(());
    }
    let body = json!({"app_id": made.id});
    let method = "apps.manifest.delete";
    let reply = configuration::ask(op, method, &body, Repeating::Harmless).await?;
    if !reply.is(&["app_not_found", "invalid_app_id"]) {
        accept(reply, "delete the app")?;
    }
    forget(op).await
}

/// Forgets the app; what stays at Slack is named.
pub(super) async fn leave(op: &Op, left: &mut Vec<String>) -> Result<(), Halt> {
    if let Some(made) = op.fact::<Made>(MADE)? {
        left.push(format!(
            "The app {} stays among the apps of whoever gave the configuration token; delete it at {APPS_PAGE}/{}/general.",
            made.name, made.id
        ));
    }
    forget(op).await
}

async fn forget(op: &Op) -> Result<(), Halt> {
    op.forget(ASKED).await?;
    configuration::forget(op).await?;
    op.forget(MADE).await
}
