//! The end-to-end test of a connection, as far as this side sees.

use super::client::Client;
use super::hooks::{self, writable};
use super::{documents, pause, record};
use crate::adapters::{
    contract::{Peer, Probe},
    durable::{Halt, Op},
};
use serde_json::{Value, json};

/// A setting that may be written with the value it has; writing it is announced as an edit.
const HARMLESS: &str = "features.conversations";

/// Causes an announcement. Whether it arrived only the other side sees, so this never says that it did.
pub(super) async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let ours: Vec<record::Hook> = record::hooks(op)?
        .into_iter()
        .filter(|hook| hook.peer == peer.instance.0)
        .collect();
    let Some(first) = ours.first() else {
        return Ok(not_sent("There is no webhook for this connection."));
    };
    if pause::is_paused(op)? {
        return Ok(not_sent(
            "The instance is switched off, so nothing is announced.",
        ));
    }
    let client = Client::of(op)?;
    let collective = writable(op, &client).await?;
    let standing = hooks::list(&client, &collective.id).await?;
    if !ours
        .iter()
        .all(|hook| standing.iter().any(|row| Some(&row.id) == hook.id.as_ref()))
    {
        return Ok(not_sent(
            "Somebody deleted the webhook on the platform; connect again.",
        ));
    }
    let account = client.account(&collective.id).await?;
    let now = account.map_or(Value::Null, |account| {
        account.settings["features"]["conversations"].clone()
    });
    let now = if now.is_null() { json!(true) } else { now };
    let variables = json!({"a": {"id": collective.id}, "k": HARMLESS, "v": now});
    let doing = "cause an announcement";
    client.ask(documents::SET, variables, doing).await?;
    Ok(Probe {
        arrived: false,
        sent: true,
        // The announcement's words are the platform's own, and tell this edit from no other.
        look_for: None,
        what: format!(
            "An edit without effect was made, which is announced at {}; from here it cannot be seen whether it arrived.",
            first.host
        ),
    })
}

fn not_sent(what: &str) -> Probe {
    Probe {
        arrived: false,
        sent: false,
        look_for: None,
        what: what.to_owned(),
    }
}
