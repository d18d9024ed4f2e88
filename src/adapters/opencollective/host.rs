//! Applying to a fiscal host, only where the settings name one, and waiting for its decision.
//!
//! The verb is dangerous: it leaves the present host before it tries the new one, and a failed try leaves the collective
//! without any (sheet: opencollective 4.3). So nothing is sent unless there is no host to lose.

use super::account::{Account, Application};
use super::client::Client;
use super::record::Collective;
use super::{PLATFORM, documents, settings, web_page};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind, HumanTask};
use serde_json::json;

/// The host we applied to.
pub(super) const APPLIED: &str = "applied";

/// Where an application stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Approved,
    Pending,
    /// Rejected or expired; the word for it.
    Ended(&'static str),
    None,
}

/// Applies if a host is wanted, and returns the account as it then is. The collective stands without the host too, and a
/// host may take weeks: its decision is not waited for, later looks tell of it.
pub(super) async fn apply(
    op: &Op,
    client: &Client,
    collective: &mut Collective,
) -> Result<Account, Halt> {
    let account = look(op, client, collective).await?;
    let Some((wanted, message)) = settings::host(&op.site().settings)? else {
        return Ok(account);
    };
    match stage(client, &account, &wanted).await? {
        Stage::Approved => {
            keep(op, collective, &account).await?;
            return Ok(account);
        }
        Stage::Pending => {}
        Stage::Ended(how) if op.fact::<String>(APPLIED)?.as_deref() == Some(&wanted) => {
            return Err(Halt::Human(Box::new(ended(
                op.site(),
                &collective.slug,
                &wanted,
                how,
            ))));
        }
        Stage::Ended(_) | Stage::None => {
            send(op, client, collective, &account, &wanted, message).await?;
        }
    }
    let account = look(op, client, collective).await?;
    keep(op, collective, &account).await?;
    op.remember(APPLIED, &wanted).await?;
    if let Stage::Ended(how) = stage(client, &account, &wanted).await? {
        let task = ended(op.site(), &collective.slug, &wanted, how);
        return Err(Halt::Human(Box::new(task)));
    }
    Ok(account)
}

/// What is still to happen with the application we sent: the host decides, or has decided against it.
pub(super) async fn pending(
    site: &Site,
    client: &Client,
    account: &Account,
) -> Result<Option<HumanTask>, Fault> {
    let Some((wanted, _)) = settings::host(&site.settings)? else {
        return Ok(None);
    };
    let applied: Option<String> = site.fact(APPLIED)?;
    if applied.as_deref() != Some(&wanted) || account.is_archived {
        return Ok(None);
    }
    match account.host_slug() {
        Some(host) if host == wanted && !account.is_approved => {
            Ok(Some(approval(site, &account.slug, &wanted)))
        }
        None if account.is_admin => Ok(match stage(client, account, &wanted).await? {
            Stage::Ended(how) => Some(ended(site, &account.slug, &wanted, how)),
            _ => None,
        }),
        _ => Ok(None),
    }
}

async fn look(op: &Op, client: &Client, collective: &Collective) -> Result<Account, Fault> {
    let account = client.account(&collective.id).await?;
    collective.check(op.site(), account)
}

async fn keep(op: &Op, collective: &mut Collective, account: &Account) -> Result<(), Halt> {
    collective.host = account.host_slug().map(str::to_owned);
    collective.save(op).await
}

async fn stage(client: &Client, account: &Account, wanted: &str) -> Result<Stage, Fault> {
    match account.host_slug() {
        Some(host) if host == wanted && account.is_approved => Ok(Stage::Approved),
        Some(host) if host == wanted => Ok(Stage::Pending),
        Some(host) => Err(Fault::new(
            FaultKind::Conflict,
            format!("The collective {} has the host {host}; applying to {wanted} would leave it first, so nothing was sent.", account.slug),
        )
        .hint(format!("Leave {host} on the page of the collective if that is meant, or take the host out of the settings."))),
        None => Ok(match last_with(client, &account.id, wanted).await? {
            Some(application) if application.status == "REJECTED" => Stage::Ended("rejected"),
            Some(application) if application.status == "EXPIRED" => Stage::Ended("expired"),
            _ => Stage::None,
        }),
    }
}

/// The newest application to a host. After a rejection nothing else tells of it.
pub(super) async fn last_with(
    client: &Client,
    id: &str,
    host: &str,
) -> Result<Option<Application>, Fault> {
    let doing = "look at the applications";
    let data = client
        .ask(documents::APPLICATIONS, json!({"id": id}), doing)
        .await?;
    let nodes = &data["account"]["hostApplicationRequests"]["nodes"];
    Ok(entries(nodes, PLATFORM, "the applications")?
        .iter()
        .filter_map(|node| serde_json::from_value::<Application>(node.clone()).ok())
        .find(|application| {
            application
                .host
                .as_ref()
                .is_some_and(|reference| reference.slug == host)
        }))
}

/// Checks everything that could make the application fail half-way, then applies.
async fn send(
    op: &Op,
    client: &Client,
    collective: &Collective,
    account: &Account,
    wanted: &str,
    message: Option<String>,
) -> Result<(), Halt> {
    if account.is_archived || account.is_frozen {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("The collective {} is archived or frozen, so it cannot apply to {wanted}; nothing was sent.", account.slug),
        )
        .hint("Let a person bring it back first.")
        .into());
    }
    open_to_us(client, wanted).await?;
    require_privileges(op, client, "apply to a host").await?;
    let variables = json!({"c": {"id": collective.id}, "h": {"slug": wanted}, "m": message.unwrap_or_default()});
    op.ensure(
        &format!("application to {wanted}"),
        |_key| async {
            let account = client.account(&collective.id).await?;
            Ok(account
                .filter(|account| account.host_slug() == Some(wanted))
                .map(|_| ()))
        },
        |_key| async {
            let doing = format!("apply to {wanted}");
            client
                .ask(documents::APPLY, variables.clone(), &doing)
                .await
                .map(|_| ())
        },
    )
    .await
}

async fn open_to_us(client: &Client, wanted: &str) -> Result<(), Fault> {
    let doing = "look at the host";
    let data = client
        .ask(documents::HOST, json!({"slug": wanted}), doing)
        .await?;
    let host = &data["host"];
    if host.is_null() {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("There is no fiscal host {wanted} on the platform; nothing was sent."),
        )
        .hint("Correct the host in the settings of the instance."));
    }
    if host["isOpenToApplications"] != true {
        return Err(Fault::new(
            FaultKind::Refused,
            format!("The host {wanted} takes no applications; nothing was sent."),
        )
        .hint("Choose another host in the settings, or leave it empty."));
    }
    Ok(())
}

/// Refuses before the server would, half-way: some verbs need a token with Advanced privileges where the user has
/// two-factor authentication (sheet: opencollective 2).
pub(super) async fn require_privileges(op: &Op, client: &Client, doing: &str) -> Result<(), Fault> {
    if settings::is_on(&op.site().settings, "advanced_privileges") {
        return Ok(());
    }
    let data = client.ask(documents::WHO, json!({}), doing).await?;
    if data["me"]["hasTwoFactorAuth"] != true {
        return Ok(());
    }
    Err(Fault::new(
        FaultKind::ScopeMissing,
        format!("Our user has two-factor authentication, and the token is not said to have Advanced privileges: it could not {doing}. Nothing was sent."),
    )
    .hint(format!(
        "Tick Advanced privileges for the token at {}/dashboard, then say so in the settings (advanced_privileges).",
        client.web
    )))
}

fn approval(site: &Site, slug: &str, host: &str) -> HumanTask {
    let dashboard = web_page(site, &format!("dashboard/{host}/host-applications"));
    HumanTask {
        step: format!("approval by {host}"),
        title: format!("wait for {host} to decide"),
        why: "A fiscal host decides by itself whose money it holds.".into(),
        who: format!("the administrators of {host}"),
        url: dashboard,
        instructions: vec![
            format!("The application of {slug} lies with {host}."),
            "Its administrators approve or reject it on that page.".into(),
            "Until then the collective is there, works, and holds no money.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: true,
    }
}

fn ended(site: &Site, slug: &str, host: &str, how: &str) -> HumanTask {
    HumanTask {
        step: format!("approval by {host}"),
        title: format!("the application to {host} was {how}"),
        why: "Applying again without talking to the host would only annoy it.".into(),
        who: "an administrator of the collective".into(),
        url: web_page(site, &format!("dashboard/{slug}/host")),
        instructions: vec![
            format!("Ask {host} why, and apply again on that page if it is welcome."),
            "Or name another host, or none, in the settings of the instance.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}
