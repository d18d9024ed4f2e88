//! Sends changed texts, and keeps what the server made of them as the reference for drift: it lower-cases and
//! de-duplicates tags and cleans texts (sheet: opencollective 4.4).

use super::account::Account;
use super::client::Client;
use super::record::Collective;
use super::{documents, host, settings};
use crate::adapters::{
    contract::{Presence, puts_back},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use serde_json::{Value, json};

pub(super) async fn configure(op: &Op, changed: &[String]) -> Result<Presence, Halt> {
    let site = op.site();
    let wanted = settings::wanted(site)?;
    let client = Client::of(op)?;
    let Some(mut collective) = Collective::of(op)? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "There is no collective yet to change; nothing was sent.",
        )
        .hint("Activate the instance first: the settings are used when it is made.")
        .into());
    };
    let account = client.account(&collective.id).await?;
    let mut account = collective.check(site, account)?;
    let mut edit = json!({"id": collective.id});
    for (field, value) in [
        ("name", json!(wanted.name)),
        ("description", json!(wanted.description)),
        ("tags", json!(wanted.tags)),
        ("slug", json!(wanted.slug)),
    ] {
        if changed.iter().any(|name| name == field) {
            edit[field] = value;
        }
    }
    if puts_back(changed) && !collective.slug.is_empty() {
        for (field, ours, theirs) in [
            ("name", json!(collective.name), json!(account.name)),
            (
                "description",
                json!(collective.description),
                json!(account.description),
            ),
            ("tags", json!(collective.tags), json!(account.tags)),
            ("slug", json!(collective.slug), json!(account.slug)),
        ] {
            if ours != theirs && edit.get(field).is_none() {
                edit[field] = ours;
            }
        }
    }
    if edit.as_object().is_some_and(|fields| fields.len() > 1) {
        account = send(&client, &edit, &wanted.slug).await?;
        collective.take_echo(&account);
        collective.save(op).await?;
    }
    if changed
        .iter()
        .any(|name| name == "host" || name == "host_message")
    {
        account = host::apply(op, &client, &mut collective).await?;
    }
    Ok(collective.presence(site, &account))
}

async fn send(client: &Client, edit: &Value, slug: &str) -> Result<Account, Fault> {
    let doing = "change the collective";
    let reply = client.send(documents::EDIT, json!({"a": edit})).await?;
    // A taken short name is refused here without saying so.
    let bare = reply
        .refusals
        .first()
        .is_some_and(|refusal| refusal.message == "Validation error");
    if bare && edit.get("slug").is_some() {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("The platform does not take the short name {slug}, most likely because somebody has it; nothing was changed."),
        )
        .hint("Choose another short name in the settings of the instance."));
    }
    let data = client.accept(reply, doing).await?;
    let account = Account::read(&data["editAccount"]).ok().flatten();
    account.ok_or_else(|| {
        Fault::new(
            FaultKind::OutcomeUnknown,
            "The platform did not say what it made of the change; whether it took effect is not known.",
        )
        .hint("Check the instance.")
    })
}
