//! Who a token is, what it may do, and how far it reaches, measured (sheet: opencollective 4.1).
//!
//! A token cannot list its scopes: they are told by which fields are null and which are not. Of the payment fields
//! nothing but that is read.

use super::account::{Owner, owner};
use super::client::{Client, Reply, nobody};
use super::record::Collective;
use super::{PLATFORM, TOKEN, documents, settings};
use crate::adapters::{
    contract::{Site, VerifyRequest},
    http::{entries, required},
};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, Slots, clean_line};
use jiff::{Timestamp, civil::Date, tz::TimeZone};
use secrecy::ExposeSecret;
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;

/// Fields that are null unless a scope beyond ours is held.
const TELLING: [(&str, &str); 5] = [
    ("email", "email"),
    ("payoutMethods", "expenses"),
    ("paymentMethods", "orders"),
    ("connectedAccounts", "connectedAccounts"),
    ("virtualCards", "virtualCards"),
];
/// Scopes that touch money.
const MONEY: [&str; 4] = ["expenses", "orders", "connectedAccounts", "virtualCards"];

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    let token = match request.entered.get(TOKEN) {
        Some(token) => token.clone(),
        None => site.secret(TOKEN)?.clone(),
    };
    check_shape(token.expose_secret())?;
    let client = Client::new(site, token, &CancellationToken::new())?;
    let reply = client.send(documents::VERIFY, json!({})).await?;
    let me = reply.data["me"].clone();
    if me.is_null() {
        client.accept(reply, "ask who the token is").await?;
        return Err(nobody());
    }
    entries(
        &me["memberOf"]["nodes"],
        PLATFORM,
        "what the user administers",
    )?;
    let mut identity = told(site, &me, &reply)?;
    let list = if webhooks_scope(&client).await? {
        &mut identity.scopes_held
    } else {
        &mut identity.scopes_missing
    };
    list.push("webhooks".into());
    if may_freeze(site, &client).await? {
        identity.scopes_held.push("host".into());
    }
    identity.expires_at = expiry(site)?;
    Ok(identity)
}

fn check_shape(token: &str) -> Result<(), Fault> {
    let digits = |text: &str| {
        text.bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    };
    if token.len() == 40 && digits(token) {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::BadInput,
        "This cannot be a personal token of Open Collective; nothing was sent.",
    )
    .hint("It has exactly 40 digits, 0 to 9 and a to f."))
}

/// Everything that the first answer tells.
fn told(site: &Site, me: &Value, reply: &Reply) -> Result<Identity, Fault> {
    let id = required(&me["id"], PLATFORM, "whose token it is")?;
    let slug = clean_line(required(&me["slug"], PLATFORM, "what the user is called")?);
    // People may leave their name empty.
    let name = me["name"].as_str().map_or_else(|| slug.clone(), clean_line);
    let mut identity = Identity {
        external_id: clean_line(id),
        who: format!("{name} (@{slug}), a user"),
        reach: reach(site, me),
        slots: slots(me),
        ..Identity::default()
    };
    if me["hasPassword"].is_boolean() {
        identity.scopes_held.push("account".into());
    } else {
        identity.scopes_missing.push("account".into());
    }
    for (field, scope) in TELLING {
        if !me[field].is_null() {
            identity.scopes_excess.push(scope.into());
        }
    }
    let applications = reply
        .refusals
        .iter()
        .any(|refusal| refusal.says("OAuth and personal tokens cannot be used"));
    if applications {
        identity.scopes_excess.push("applications".into());
    }
    identity.warnings = warnings(site, me, &identity.scopes_excess);
    Ok(identity)
}

fn warnings(site: &Site, me: &Value, excess: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let money: Vec<&str> = MONEY
        .into_iter()
        .filter(|scope| excess.iter().any(|held| held == scope))
        .collect();
    if !money.is_empty() {
        warnings.push(format!(
            "This token may touch money ({}): take these scopes away, Guildhall never needs them.",
            money.join(", ")
        ));
    }
    if me["hasTwoFactorAuth"] == true && !settings::is_on(&site.settings, "advanced_privileges") {
        warnings.push(
            "The user has two-factor authentication: without Advanced privileges the token can make a collective but no webhook, no application to a host and no deletion. Tick them, and say so in the settings."
                .into(),
        );
    }
    if me["isLimited"] == true {
        warnings.push("The user is limited by the platform and may not make anything.".into());
    }
    let nodes = || {
        me["memberOf"]["nodes"]
            .as_array()
            .into_iter()
            .flatten()
            .map(|node| &node["account"])
    };
    let organisations: Vec<String> = nodes()
        .filter(|account| account["type"] == "ORGANIZATION" || account["type"] == "HOST")
        .filter_map(|account| account["slug"].as_str().map(clean_line))
        .collect();
    if !organisations.is_empty() {
        warnings.push(format!(
            "The user also administers organisations ({}): use one user for this community only.",
            organisations.join(", ")
        ));
    }
    let others = nodes()
        .filter(|account| owner(&account["settings"], site) == Owner::Other)
        .count();
    if others > 0 {
        warnings.push(format!(
            "The token also reaches {others} collectives that carry the marker of other instances."
        ));
    }
    warnings.push("Not to be seen from a token: transactions, updates, conversations, incognito, kyc, exportRequests, root.".into());
    warnings
}

fn reach(site: &Site, me: &Value) -> Reach {
    let nodes = me["memberOf"]["nodes"].as_array();
    let objects: Vec<ReachedObject> = nodes
        .into_iter()
        .flatten()
        .map(|node| &node["account"])
        .filter_map(|account| {
            let kind = account["type"].as_str().unwrap_or_default().to_lowercase();
            let slug = clean_line(account["slug"].as_str()?);
            Some(ReachedObject {
                external_id: account["id"].as_str()?.to_owned(),
                name: if kind == "collective" {
                    slug
                } else {
                    format!("{slug} ({kind})")
                },
                role: "admin".into(),
                community: (owner(&account["settings"], site) == Owner::Us)
                    .then_some(site.community),
            })
        })
        .collect();
    let total = me["memberOf"]["totalCount"].as_u64();
    Reach {
        unit: "collective".into(),
        total: total.filter(|total| *total > objects.len() as u64),
        objects,
        everything: None,
    }
}

/// How many collectives the user administers, by an answer that tells.
pub(super) fn slots(me: &Value) -> Vec<Slots> {
    vec![Slots {
        unit: "collectives administered".into(),
        max: None,
        used: me["memberOf"]["totalCount"].as_u64(),
        source: "measured; no limit is known".into(),
    }]
}

/// Asked apart: without the scope the whole answer is null.
async fn webhooks_scope(client: &Client) -> Result<bool, Fault> {
    let reply = client.send(documents::VERIFY_HOOKS, json!({})).await?;
    if reply.data["me"]["webhooks"]["totalCount"].is_u64() {
        return Ok(true);
    }
    let missing = reply
        .refusals
        .first()
        .is_some_and(|refusal| refusal.missing_scope() == Some("webhooks"));
    if missing {
        return Ok(false);
    }
    client.accept(reply, "ask for the scope webhooks").await?;
    Ok(false)
}

/// The scope `host` shows only on a collective whose host the user administers.
async fn may_freeze(site: &Site, client: &Client) -> Result<bool, Fault> {
    let Some(collective) = Collective::at(site)? else {
        return Ok(false);
    };
    let account = client.account(&collective.id).await?;
    Ok(account.is_some_and(|account| account.may_be_frozen_by_us()))
}

/// The day that a person entered: a token cannot tell.
pub(super) fn expiry(site: &Site) -> Result<Option<Timestamp>, Fault> {
    let Some(text) = site.settings.get("token_expires_on") else {
        return Ok(None);
    };
    let wrong = |error: jiff::Error| {
        Fault::new(
            FaultKind::BadInput,
            format!("The day {text} on which the token expires is no date."),
        )
        .hint("Write it as 2027-01-31.")
        .detail(error)
    };
    let day: Date = text.parse().map_err(wrong)?;
    let zoned = day.to_zoned(TimeZone::UTC).map_err(wrong)?;
    Ok(Some(zoned.timestamp()))
}
