//! Joining the category to others: signed webhooks, a channel of Discord by the forum's chat integration, and readers
//! that need no key.

use super::{
    chat,
    client::{self, Client, page},
    hooks,
    link::{public_category, refuse},
    notice::title,
    record::{self, Hook, Places},
};
use crate::adapters::{
    contract::{Peer, Probe, Site, Target, unsupported},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind};
use secrecy::SecretString;

/// In whose shape the forum's own webhooks write: its own, which only a receiver made for it understands.
const OWN_SHAPES: [&str; 2] = ["discourse", "json"];

/// The field of the vault with the secret that signs the deliveries to a peer.
fn secret_field(peer: &Peer) -> String {
    format!("webhook_secret_{}", peer.instance)
}

pub(super) async fn connect(op: &Op, peer: &Peer) -> Result<String, Halt> {
    let site = op.site();
    refuse(site, "connect")?;
    let places = Places::of(op)?;
    let category = places.category()?.id;
    let mut kept = record::hooks(op)?;
    let (hook, sentence) = match &peer.target {
        Some(Target::Webhook { flavour, address }) if flavour == chat::DISCORD => {
            let client = Client::of(op)?;
            let hook = chat::connect(op, &client, category, peer, address).await?;
            let sentence = if site.active {
                "What is written in the category is told in the channel from now on."
            } else {
                "The channel is there; it is told of the category once this instance is active."
            };
            (hook, sentence.to_owned())
        }
        Some(Target::Webhook { flavour, address }) if OWN_SHAPES.contains(&flavour.as_str()) => {
            let id = webhook(op, peer, address, &places).await?;
            let hook = Hook::Webhook {
                peer: peer.instance.0,
                id: Some(id),
            };
            (
                hook,
                format!(
                    "The forum tells {} of topics and posts, signed.",
                    peer.platform
                ),
            )
        }
        Some(Target::Webhook { flavour, .. }) => {
            return Err(other_shape(site, peer, flavour).into());
        }
        Some(Target::Room { .. }) => return Err(other_shape(site, peer, "a room").into()),
        Some(Target::Site { .. }) | None => {
            check_public(site, category).await?;
            (
                Hook::Reader {
                    peer: peer.instance.0,
                },
                format!(
                    "{} reads the category as everybody does, without a key.",
                    peer.platform
                ),
            )
        }
    };
    kept.retain(|known| known.peer() != peer.instance.0);
    kept.push(hook);
    record::save_hooks(op, &kept).await?;
    Ok(sentence)
}

fn other_shape(site: &Site, peer: &Peer, shape: &str) -> Fault {
    let mut fault = unsupported(site, &format!("announce in {}", peer.platform));
    fault.hint = format!(
        "The forum's webhooks speak a shape of their own, not that of {shape}, and its chat integration has one address of that chat for the whole forum: an administrator can set that up at {}.",
        client::base(site).map_or_else(
            |_| "its plugins' page".to_owned(),
            |base| page(&base, "/admin/plugins/chat-integration")
        ),
    );
    fault
}

async fn webhook(
    op: &Op,
    peer: &Peer,
    address: &SecretString,
    places: &Places,
) -> Result<u64, Halt> {
    let client = Client::of(op)?;
    let field = secret_field(peer);
    if !op.has_secret(&field) {
        op.keep_secret(&field, hooks::fresh_secret(), None).await?;
    }
    let secret = op.secret(&field)?;
    let wanted = hooks::Wanted {
        address,
        secret: &secret,
        category: places.category()?.id,
        group: None,
        active: op.site().active,
    };
    hooks::ensure(op, &client, &format!("webhook {}", peer.instance), &wanted).await
}

/// Whether everybody can read the category: readers come without a key.
async fn check_public(site: &Site, category: u64) -> Result<(), Fault> {
    let info = client::probe(site).await?;
    let hidden = |what: &str, hint: &str| Err(Fault::new(FaultKind::Refused, what).hint(hint));
    if info["login_required"] == true {
        return hidden(
            "The forum shows nothing to who is not signed in, so others cannot read it.",
            "Switch off login_required in the forum's settings, or do not connect a reader.",
        );
    }
    if public_category(site, &category.to_string())
        .await?
        .is_none()
    {
        return hidden(
            "The category is private, so others cannot read it without a key.",
            "Switch off the setting private of this instance, then connect again.",
        );
    }
    Ok(())
}

pub(super) async fn disconnect(op: &Op, peer: &Peer) -> Result<(), Halt> {
    let mut kept = record::hooks(op)?;
    let ours: Vec<Hook> = kept
        .iter()
        .filter(|hook| hook.peer() == peer.instance.0)
        .cloned()
        .collect();
    for hook in ours {
        match hook {
            Hook::Webhook { id: Some(id), .. } => hooks::delete(&Client::of(op)?, id).await?,
            Hook::Channel { channel, rule, .. } => {
                let client = Client::of(op)?;
                if let Some(rule) = rule {
                    chat::drop_rule(&client, rule).await?;
                }
                chat::drop_channel(&client, channel).await?;
            }
            Hook::Webhook { id: None, .. } | Hook::Reader { .. } => {}
        }
    }
    kept.retain(|hook| hook.peer() != peer.instance.0);
    record::save_hooks(op, &kept).await?;
    let field = secret_field(peer);
    if op.has_secret(&field) {
        op.drop_secret(&field).await?;
    }
    Ok(())
}

/// Sends something through the connection: a ping that the forum records the answer to, the notice into the channel, or
/// a look as everybody looks.
pub(super) async fn probe(op: &Op, peer: &Peer) -> Result<Probe, Halt> {
    let site = op.site();
    let kept = record::hooks(op)?;
    let hook = kept.iter().find(|hook| hook.peer() == peer.instance.0);
    let hook = hook.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            format!("The category is not connected to {}.", peer.platform),
        )
        .hint("Connect them first.")
    })?;
    let places = Places::of(op)?;
    match hook {
        Hook::Webhook { id, .. } => {
            let client = Client::of(op)?;
            let Some(id) = id.filter(|_| site.active) else {
                return Ok(nothing("the webhook is switched off with the instance"));
            };
            Ok(told(hooks::ping(op, &client, id).await?))
        }
        Hook::Channel { channel, .. } => {
            let client = Client::of(op)?;
            let Some(topic) = places.notice else {
                return Ok(nothing("there is no notice to show in the channel"));
            };
            chat::test(&client, *channel, topic).await?;
            Ok(Probe {
                arrived: false,
                sent: true,
                look_for: Some(title(site)),
                what: "The forum showed the notice in the channel.".into(),
            })
        }
        Hook::Reader { .. } => {
            let category = places.category()?.id;
            check_public(site, category).await?;
            Ok(Probe {
                arrived: true,
                sent: true,
                look_for: None,
                what: "The category was read without a key, as the other end reads it.".into(),
            })
        }
    }
}

fn nothing(why: &str) -> Probe {
    Probe {
        arrived: false,
        sent: false,
        look_for: None,
        what: format!("Nothing was sent: {why}."),
    }
}

fn told(status: Option<u64>) -> Probe {
    let (arrived, what) = match status {
        Some(status @ 200..=299) => (
            true,
            format!("The forum sent a ping, and the receiver answered it (HTTP {status})."),
        ),
        Some(status) => (
            false,
            format!("The forum sent a ping, and the receiver refused it (HTTP {status})."),
        ),
        None => (
            false,
            "The forum was told to send a ping and shows no answer to it.".to_owned(),
        ),
    };
    Probe {
        arrived,
        sent: true,
        look_for: None,
        what,
    }
}
