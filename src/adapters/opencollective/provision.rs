//! Makes the collective, once, whatever happens on the way (sheet: opencollective 4.3).

use super::account::{Account, marker};
use super::client::{Client, Counter};
use super::find::{self, Under};
use super::record::Collective;
use super::settings::{self, Wanted};
use super::{documents, host, pause};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use serde_json::json;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    let wanted = settings::wanted(site)?;
    settings::host(&site.settings)?;
    let client = Client::of(op)?;
    let mut collective = there(op, &client, &wanted).await?;
    let account = host::apply(op, &client, &mut collective).await?;
    Ok(collective.presence(site, &account))
}

/// The collective: the recorded one while it is there, else the one with our marker, else a new one.
async fn there(op: &Op, client: &Client, wanted: &Wanted) -> Result<Collective, Halt> {
    let site = op.site();
    if let Some(mut known) = Collective::of(op)?
        && let Some(account) = client.account(&known.id).await?
    {
        if account.is_archived {
            op.human(pause::unarchiving(op, &known), || async { Ok(None::<()>) })
                .await?;
        }
        known.take_echo(&account);
        known.save(op).await?;
        return Ok(known);
    }
    op.progress("collective", 0, 1, &wanted.slug);
    let collective: Collective = op
        .ensure(
            "collective",
            |_key| async {
                let found = find::marked(client, site, &wanted.slug).await?;
                Ok(found.map(|account| Collective::from_account(&account, false)))
            },
            |_key| async { create(client, site, wanted).await },
        )
        .await?;
    collective.save(op).await?;
    op.progress("collective", 1, 1, &wanted.slug);
    Ok(collective)
}

async fn create(client: &Client, site: &Site, wanted: &Wanted) -> Result<Collective, Fault> {
    // A look first: a refused creation counts as much as a successful one.
    match find::under(client, site, &wanted.slug).await? {
        Under::Ours(account) => return Ok(Collective::from_account(&account, false)),
        Under::Theirs(account) => return Err(find::taken(&wanted.slug, &account)),
        Under::Nothing => {}
    }
    let input = json!({"c": {
        "name": wanted.name,
        "slug": wanted.slug,
        "description": wanted.description,
        "tags": wanted.tags,
        "settings": marker(site),
    }});
    let reply = client
        .send_counted(documents::CREATE, input, Counter::Creations)
        .await?;
    let doing = "make the collective";
    if let Some(refusal) = reply.refusals.first() {
        if refusal.slug_exists {
            return match find::under(client, site, &wanted.slug).await? {
                Under::Ours(account) => Ok(Collective::from_account(&account, false)),
                Under::Theirs(account) => Err(find::taken(&wanted.slug, &account)),
                Under::Nothing => Err(refusal.fault(doing, &client.web)),
            };
        }
        if refusal.is_certain() {
            return client
                .accept(reply, doing)
                .await
                .map(|_| Collective::default());
        }
        return Err(unknown().detail(refusal.fault(doing, &client.web)));
    }
    // It was made all the same: what a wrong answer says of it does not matter, a look finds it.
    match Account::read(&reply.data["createCollective"]) {
        Ok(Some(account)) => Ok(Collective::from_account(&account, false)),
        Ok(None) | Err(_) => Err(unknown()),
    }
}

/// The server was seen to commit a creation and then to answer with an error: only a look tells.
fn unknown() -> Fault {
    Fault::new(
        FaultKind::OutcomeUnknown,
        "The platform answered the creation with an error; whether the collective was made is not known.",
    )
    .hint("Guildhall looks before it tries again: resume the operation.")
}
