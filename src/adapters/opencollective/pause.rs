//! Switching off and on, honestly: a collective stays public unless its host freezes it or a person archives it
//! (sheet: opencollective 4.6). What stood there is remembered before anything is changed, and put back as it was.

use super::account::Account;
use super::client::Client;
use super::hooks;
use super::record::{self, Addresses, Collective};
use super::settings::{self, WhenInactive};
use super::{documents, web_page};
use crate::adapters::durable::{Halt, Op};
use crate::domain::{Fault, FaultKind, HumanTask};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// The name of the fact.
pub(super) const FACT: &str = "pause";
/// The two settings that close a collective to strangers.
const CLOSING: [&str; 2] = [
    "disableCustomContributions",
    "disablePublicExpenseSubmission",
];

/// What was switched off, written before it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Pause {
    /// Frozen by us, as administrators of the host.
    pub frozen: bool,
    /// Settings that we switch on, with the values they had; null where there was none.
    pub saved: Vec<(String, Value)>,
    /// Archived by a person, as we asked.
    pub archived: bool,
}

/// Whether nothing is to be announced now.
pub(super) fn is_paused(op: &Op) -> Result<bool, Halt> {
    Ok(!op.site().active || op.fact::<Pause>(FACT)?.is_some())
}

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let client = Client::of(op)?;
    let (mut collective, account) = ours(op, &client).await?;
    let pause = match op.fact::<Pause>(FACT)? {
        Some(pause) => pause,
        None => planned(op, &account),
    };
    op.remember(FACT, &pause).await?;
    if pause.frozen {
        set_frozen(&client, &collective.id, true).await?;
        return Ok(format!(
            "{} is frozen by its host: it takes and pays no money; its page can still be seen and edited.",
            collective.slug
        ));
    }
    silence(op, &client).await?;
    for (key, _) in &pause.saved {
        set(&client, &collective.id, key, &json!(true)).await?;
    }
    if pause.archived {
        let there = client.account(&collective.id).await?;
        let archived = there.is_some_and(|account| account.is_archived);
        op.human(archiving(op, &collective), || async {
            Ok(archived.then_some(()))
        })
        .await?;
        collective.archived = true;
        collective.save(op).await?;
        return Ok(format!(
            "{} is archived; bringing it back is for a person and does not bring its host back.",
            collective.slug
        ));
    }
    let closed = if pause.saved.is_empty() {
        "is still public and open"
    } else {
        "is still public, and closed to custom contributions and to expenses of strangers"
    };
    Ok(format!(
        "Announcements are stopped; {} {closed}.",
        collective.slug
    ))
}

fn planned(op: &Op, account: &Account) -> Pause {
    let wanted = settings::when_inactive(&op.site().settings);
    if account.may_be_frozen_by_us() && account.host.is_some() && wanted != WhenInactive::Archived {
        return Pause {
            frozen: true,
            ..Pause::default()
        };
    }
    let saved = match wanted {
        WhenInactive::Quiet => Vec::new(),
        WhenInactive::Closed | WhenInactive::Archived => CLOSING
            .into_iter()
            .filter(|key| account.settings[*key] != true)
            .map(|key| (key.to_owned(), account.settings[key].clone()))
            .collect(),
    };
    Pause {
        frozen: false,
        saved,
        archived: wanted == WhenInactive::Archived,
    }
}

/// Deletes our webhooks and keeps what is needed to make them again.
pub(super) async fn silence(op: &Op, client: &Client) -> Result<(), Halt> {
    let mut kept = record::hooks(op)?;
    for place in 0..kept.len() {
        if let Some(id) = kept[place].id.take() {
            hooks::delete(client, &id).await?;
            record::save_hooks(op, &kept).await?;
        }
    }
    Ok(())
}

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let client = Client::of(op)?;
    let (mut collective, mut account) = ours(op, &client).await?;
    if account.is_archived {
        op.human(unarchiving(op, &collective), || async { Ok(None::<()>) })
            .await?;
        account = ours(op, &client).await?.1;
    }
    let pause = op.fact::<Pause>(FACT)?.unwrap_or_default();
    if pause.frozen {
        set_frozen(&client, &collective.id, false).await?;
    } else if account.is_frozen {
        return Err(Fault::new(
            FaultKind::Refused,
            format!(
                "{} is frozen by its host; nothing was changed.",
                collective.slug
            ),
        )
        .hint("Ask the host to unfreeze it, then try again.")
        .into());
    }
    for (key, old) in &pause.saved {
        // What a person changed meanwhile is theirs.
        if account.settings[key] == true {
            // The platform takes no null here, and "off" is what an absent switch means.
            let old = if old.is_null() {
                json!(false)
            } else {
                old.clone()
            };
            set(&client, &collective.id, key, &old).await?;
        }
    }
    let made = announce(op, &client, &collective).await?;
    collective.archived = false;
    collective.save(op).await?;
    op.forget(FACT).await?;
    let announced = match made {
        0 => "nothing is announced yet".to_owned(),
        1 => "1 webhook announces".to_owned(),
        made => format!("{made} webhooks announce"),
    };
    let lost_host = pause.archived && account.host.is_none();
    let host = if lost_host {
        " Archiving took its host away: apply again if it is to hold money."
    } else {
        ""
    };
    Ok(format!(
        "{} is open; {announced}; {}.{host}",
        collective.slug,
        account.money_note()
    ))
}

/// Makes the webhooks that are recorded and not there, and says how many stand then.
async fn announce(op: &Op, client: &Client, collective: &Collective) -> Result<usize, Halt> {
    let mut kept = record::hooks(op)?;
    if kept.is_empty() {
        return Ok(0);
    }
    let addresses = Addresses::of(op)?;
    let standing = hooks::list(client, &collective.id).await?;
    for place in 0..kept.len() {
        let hook = kept[place].clone();
        if standing.iter().any(|row| Some(&row.id) == hook.id.as_ref()) {
            continue;
        }
        let Some(address) = addresses.get(&hook) else {
            return Err(Fault::new(
                FaultKind::NeedsKey,
                format!(
                    "The address at {} that was announced to is not kept any more.",
                    hook.host
                ),
            )
            .hint("Remove the connection and connect again.")
            .into());
        };
        let id = hooks::make(op, client, &collective.id, &hook, &address).await?;
        kept[place].id = Some(id);
        record::save_hooks(op, &kept).await?;
    }
    Ok(kept.len())
}

async fn ours(op: &Op, client: &Client) -> Result<(Collective, Account), Halt> {
    let Some(collective) = Collective::of(op)? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "There is no collective yet; nothing was changed.",
        )
        .hint("Let the instance be made first.")
        .into());
    };
    let account = client.account(&collective.id).await?;
    let account = collective.check(op.site(), account)?;
    Ok((collective, account))
}

async fn set_frozen(client: &Client, id: &str, frozen: bool) -> Result<(), Fault> {
    let (action, doing) = if frozen {
        ("FREEZE", "freeze the collective")
    } else {
        ("UNFREEZE", "unfreeze the collective")
    };
    let message = "Switched by the administrators of this community.";
    let variables = json!({"a": {"id": id}, "f": action, "m": message});
    let reply = client.send(documents::FREEZE, variables).await?;
    let so_already = reply
        .refusals
        .first()
        .is_some_and(|refusal| refusal.says("This account is already"));
    if so_already {
        return Ok(());
    }
    client.accept(reply, doing).await.map(|_| ())
}

async fn set(client: &Client, id: &str, key: &str, value: &Value) -> Result<(), Fault> {
    let variables = json!({"a": {"id": id}, "k": key, "v": value});
    let doing = format!("change the setting {key}");
    client
        .ask(documents::SET, variables, &doing)
        .await
        .map(|_| ())
}

pub(super) fn archiving(op: &Op, collective: &Collective) -> HumanTask {
    HumanTask {
        step: "archive".into(),
        title: format!("archive {}", collective.slug),
        why: "The platform lets only a person in a browser archive a collective.".into(),
        who: "an administrator of the collective".into(),
        url: advanced(op, collective),
        instructions: vec![
            "Make sure that its balance is 0: else it cannot be archived.".into(),
            "Know that archiving takes its host away and ends repeated contributions; bringing it back does not undo that.".into(),
            "Open the page and choose Archive.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

pub(super) fn unarchiving(op: &Op, collective: &Collective) -> HumanTask {
    HumanTask {
        step: "unarchive".into(),
        title: format!("bring {} back from the archive", collective.slug),
        why: "The platform lets only a person in a browser do that.".into(),
        who: "an administrator of the collective".into(),
        url: advanced(op, collective),
        instructions: vec![
            "Open the page and choose Unarchive.".into(),
            "Apply to its host again if it is to hold money.".into(),
        ],
        asks_for: Vec::new(),
        others_decide: false,
    }
}

fn advanced(op: &Op, collective: &Collective) -> Option<String> {
    web_page(
        op.site(),
        &format!("dashboard/{}/advanced", collective.slug),
    )
}
