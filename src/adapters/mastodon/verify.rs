//! Who a token is, and what it may do. The server tells only the application's scopes, so what is needed is tried without
//! changing anything (sheet: mastodon 2).

use super::{
    ACCESS_TOKEN, ADMIN_TOKEN, CLIENT_ID, CLIENT_SECRET, CODE, SCOPES,
    client::{self, Account, Client, MAY_POST, host},
    profile,
    record::Known,
};
use crate::adapters::contract::{Site, VerifyRequest};
use crate::domain::{Fault, FaultKind, Identity, Reach, ReachedObject, Slots, clean_line};
use secrecy::SecretString;
use tokio_util::sync::CancellationToken;

/// What freezing and deleting take; saying whose token it is takes `read:accounts` besides, and shows by itself.
const ADMIN_SCOPES: [&str; 2] = ["admin:read:accounts", "admin:write:accounts"];
/// The right that everybody has: inviting users (sheet: mastodon 2).
const EVERYBODYS: u64 = 65_536;
/// Has every right (sheet: mastodon 2).
const ADMINISTRATOR: u64 = 1;
/// Manage users: freezing, thawing, suspending (sheet: mastodon 2).
const MANAGE_USERS: u64 = 1_024;
/// Delete user data, which deleting takes besides (sheet: mastodon 2).
const DELETE_USER_DATA: u64 = 524_288;

pub(super) async fn verify(request: &VerifyRequest<'_>) -> Result<Identity, Fault> {
    let site = request.site;
    let entered = |field: &str| request.entered.get(field);
    if let Some(token) = entered(ACCESS_TOKEN) {
        let mut identity = account(site, token).await?;
        if let Some(admin) = entered(ADMIN_TOKEN) {
            let admin = administrator(site, admin).await?;
            identity
                .warnings
                .push(format!("Entered with it: {}.", admin.who));
            identity.scopes_missing.extend(admin.scopes_missing);
        }
        return Ok(identity);
    }
    if let Some(token) = entered(ADMIN_TOKEN) {
        return administrator(site, token).await;
    }
    if entered(CODE).is_some() {
        return Ok(Identity {
            who:
                "a code from the browser, which is exchanged for a token when the instance goes on"
                    .into(),
            ..Identity::default()
        });
    }
    if entered(CLIENT_ID).is_some() || entered(CLIENT_SECRET).is_some() {
        return Ok(Identity {
            who:
                "an application; whether its secret is right shows when a token is revoked with it"
                    .into(),
            ..Identity::default()
        });
    }
    Err(Fault::new(FaultKind::NeedsKey, "No key was entered.")
        .hint("Enter the access token of the community's account."))
}

fn client(site: &Site, token: &SecretString, part: &str) -> Result<Client, Fault> {
    Client::new(site, token.clone(), part, &CancellationToken::new())
}

async fn account(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    let server = client::probe(site).await?;
    let client = client(site, token, ACCESS_TOKEN)?;
    let who = client.whoami().await?;
    let known = Known::at(site)?;
    super::provision::check_account(site, &known, &who)?;
    let named = client.app_scopes().await?;
    let scopes = named.clone().unwrap_or_default();
    if scopes.iter().any(|scope| scope.starts_with("admin")) {
        return Err(Fault::new(
            FaultKind::Refused,
            "This token's application may administer the whole server: it is not taken as a community's key.",
        )
        .hint("Make an application with exactly the scopes named here, and enter its token; an administrator's token goes into admin_token."));
    }
    let covers = |wanted: &str| {
        let broad = wanted.split(':').next().unwrap_or_default();
        // Where the server names none, what is missing shows at the call that lacks it.
        named.is_none() || scopes.iter().any(|held| held == wanted || held == broad)
    };
    let mut identity = Identity {
        external_id: who.id.clone(),
        who: format!("@{}, an account of {}", who.username, host(client.base())),
        scopes_missing: SCOPES
            .iter()
            .filter(|scope| !covers(scope))
            .map(|scope| (*scope).to_owned())
            .collect(),
        scopes_excess: scopes
            .iter()
            .filter(|held| !SCOPES.contains(&held.as_str()) && *held != "profile")
            .cloned()
            .collect(),
        reach: Reach {
            unit: "account".into(),
            objects: vec![ReachedObject {
                external_id: who.id.clone(),
                name: clean_line(&format!("@{}", who.username)),
                role: "itself".into(),
                community: (known.id == who.id || known.id.is_empty()).then_some(site.community),
            }],
            ..Reach::default()
        },
        ..Identity::default()
    };
    if covers(MAY_POST) && !client.may_post().await? {
        identity.scopes_missing.push(MAY_POST.into());
    }
    if named.is_none() {
        identity.warnings.push(UNNAMED.to_owned());
    }
    identity.scopes_held.clone_from(&scopes);
    let pinned = if covers("read:statuses") {
        client.pinned(&who.id).await?.len()
    } else {
        0
    };
    identity.slots = slots(&who, pinned, &server);
    let permissions = permissions(&who)?;
    if permissions & !EVERYBODYS != 0 {
        identity.warnings.push(format!(
            "@{} has a role with rights on the whole server: an account of its own without such rights keeps a leaked token small.",
            who.username
        ));
    }
    if !who.bot {
        identity.warnings.push(format!(
            "@{} is not marked as automated: if it is somebody's own account, use another one. Guildhall will mark it.",
            who.username
        ));
    }
    if !server.rules.is_empty() {
        identity.warnings.push(format!(
            "The rules of the server hold for the community too: {}",
            client::page(client.base(), "/about")
        ));
    }
    if server.version.contains("compatible") {
        identity.warnings.push(
            "The server only imitates Mastodon's interface; nothing was tried with it.".into(),
        );
    }
    Ok(identity)
}

/// The rights of the account's role; the server sends them as a number or as text. Without a role nothing is said of them.
///
/// # Errors
/// [`FaultKind::BadAnswer`] where a role is told without them: they decide how far the token reaches.
fn permissions(account: &Account) -> Result<u64, Fault> {
    if account.role.is_null() {
        return Ok(0);
    }
    let held = &account.role["permissions"];
    held.as_u64()
        .or_else(|| held.as_str().and_then(|text| text.parse().ok()))
        .ok_or_else(|| {
            Fault::new(
                FaultKind::BadAnswer,
                "The server names the account's role and not what that may do.",
            )
            .hint("Try again in a while; if it stays so, please report it.")
        })
}

/// Servers before 4.3 name no scopes of an application (sheet: mastodon 2).
const UNNAMED: &str = "The server does not tell what the token's application may do, so it may do more than is needed: make it with exactly the scopes named here.";

/// Pins and profile fields of the account.
pub(super) fn slots(account: &Account, pinned: usize, server: &client::Server) -> Vec<Slots> {
    let count = |used: usize| u64::try_from(used).ok();
    vec![
        Slots {
            unit: "pinned posts".into(),
            max: Some(server.pins),
            used: count(pinned),
            source: "measured".into(),
        },
        Slots {
            unit: "profile fields".into(),
            max: count(server.fields),
            used: count(profile::of(account).fields.len()),
            source: "mastodon/documentation 2903485 (sheet: mastodon 3)".into(),
        },
    ]
}

async fn administrator(site: &Site, token: &SecretString) -> Result<Identity, Fault> {
    let client = client(site, token, ADMIN_TOKEN)?;
    let who = client.whoami().await?;
    let named = client.app_scopes().await?;
    let lacks = |wanted: &&&str| {
        named.as_ref().is_some_and(|scopes| {
            !scopes
                .iter()
                .any(|held| held == **wanted || wanted.starts_with(&format!("{held}:")))
        })
    };
    let mut missing: Vec<String> = ADMIN_SCOPES
        .iter()
        .filter(lacks)
        .map(|scope| (*scope).to_owned())
        .collect();
    let rights = permissions(&who)?;
    let has = |right: u64| rights & (ADMINISTRATOR | right) != 0;
    let may_manage = has(MANAGE_USERS);
    if !may_manage {
        missing.push("a role that manages users".into());
    }
    let mut warnings = vec![
        "This token reaches every account of the server: it is used to freeze, thaw and delete the community's account, and forgotten.".into(),
    ];
    if may_manage && !has(DELETE_USER_DATA) {
        warnings.push(format!(
            "The role of @{} lacks the right Delete User Data: it can freeze and thaw the account, and not delete it.",
            who.username
        ));
    }
    if named.is_none() {
        warnings.push(UNNAMED.to_owned());
    }
    let forum = host(client.base());
    Ok(Identity {
        external_id: who.id.clone(),
        who: format!("@{}, who administers {forum}", who.username),
        scopes_held: named.unwrap_or_default(),
        scopes_missing: missing,
        warnings,
        reach: Reach {
            unit: "account".into(),
            everything: may_manage.then(|| format!("every account of {forum}")),
            ..Reach::default()
        },
        ..Identity::default()
    })
}
