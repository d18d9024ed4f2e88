//! Switching off and on by permissions: who could write can read. What stood there before is remembered before anything
//! is changed, and put back as it was (sheet: discourse 4). Staff keep their rights throughout.

use super::{
    API_KEY, RUNTIME_KEY,
    category::{self, FULL, READ, STAFF},
    chat,
    client::Client,
    hooks, invite,
    record::{self, Category, Hook, Permissions, Places},
    runtime,
};
use crate::adapters::durable::{Halt, Op};
use crate::domain::FaultKind;
use serde::{Deserialize, Serialize};

/// The name of the fact.
pub(super) const FACT: &str = "pause";

/// One paused category.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub category: Category,
    /// The permissions as they were.
    pub saved: Permissions,
    /// The permissions as we set them.
    pub ours: Permissions,
    /// Whether they were set.
    pub sent: bool,
}

/// Who could do anything may read; staff keep what they have.
fn quiet(permissions: &Permissions) -> Permissions {
    let mut quiet: Permissions = permissions
        .iter()
        .map(|(group, level)| {
            let level = if group == STAFF { *level } else { READ };
            (group.clone(), level)
        })
        .collect();
    quiet.insert(STAFF.to_owned(), FULL);
    quiet
}

/// What stood before, with what others changed meanwhile kept.
fn restored(current: &Permissions, paused: &Paused) -> Permissions {
    let mut restored = current.clone();
    for (group, level) in &paused.ours {
        if current.get(group) != Some(level) {
            continue;
        }
        match paused.saved.get(group) {
            Some(level) => restored.insert(group.clone(), *level),
            None => restored.remove(group),
        };
    }
    restored
}

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    let closed = quieten(op, &client, &mut places).await?;
    if closed == 0 {
        return Ok("The category is gone; there is nothing to close.".into());
    }
    let which = if closed == 1 {
        "the category".to_owned()
    } else {
        format!("{closed} categories")
    };
    Ok(format!(
        "Members read {which} and no longer write; the staff of the forum still do. Webhook, invite link and run-time key are off."
    ))
}

/// Closes the category and what is below it, and everything that reaches out of or into it. Answers how many categories
/// are closed.
pub(super) async fn quieten(op: &Op, client: &Client, places: &mut Places) -> Result<usize, Halt> {
    let id = places.category()?.id;
    let mut known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    let family = category::with_children(client, id).await?;
    for seen in &family {
        let current = seen.replaceable(client)?;
        let at = known
            .iter()
            .position(|paused| paused.category.id == seen.category.id);
        let mut next = Paused {
            category: seen.category.clone(),
            saved: current.clone(),
            ours: quiet(current),
            sent: false,
        };
        match at {
            Some(at) if known[at].ours == *current => known[at].sent = true,
            Some(at) => {
                // Set once and edited since: what was saved first is still what is to come back.
                if known[at].sent {
                    next.saved.clone_from(&known[at].saved);
                }
                known[at] = next;
            }
            None => known.push(next),
        }
    }
    // Saved for all before the first is touched.
    op.remember(FACT, &known).await?;
    let of = known.len();
    for (at, paused) in known.iter_mut().enumerate() {
        let is_there = family
            .iter()
            .any(|seen| seen.category.id == paused.category.id);
        if is_there && !paused.sent {
            op.progress("categories closed", at, of, &paused.category.name);
            category::put(client, &paused.category, &paused.ours).await?;
            paused.sent = true;
        }
    }
    op.remember(FACT, &known).await?;
    silence(op, client, places).await?;
    Ok(family.len())
}

/// Webhooks, rules, the run-time key and the invite link.
async fn silence(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    if let Some(id) = places.webhook {
        hooks::set_active(client, id, false).await?;
    }
    let mut kept = record::hooks(op)?;
    for hook in &mut kept {
        match hook {
            Hook::Webhook { id: Some(id), .. } => {
                hooks::set_active(client, *id, false).await?;
            }
            Hook::Channel { rule, .. } => {
                if let Some(id) = rule.take() {
                    chat::drop_rule(client, id).await?;
                }
            }
            _ => {}
        }
    }
    record::save_hooks(op, &kept).await?;
    if let Some(runtime) = &mut places.runtime
        && !runtime.revoked
    {
        runtime::set_revoked(client, runtime.key, true).await?;
        runtime.revoked = true;
        places.save(op).await?;
    }
    invite::end(op, client, places).await
}

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let known: Vec<Paused> = op.fact(FACT)?.unwrap_or_default();
    if known.is_empty() {
        // Nothing was closed from here; also where the key that could open it is not at hand.
        return Ok("The category is open.".into());
    }
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    let (mut missing, mut edited) = (Vec::new(), Vec::new());
    for (at, paused) in known.iter().enumerate() {
        let name = &paused.category.name;
        op.progress("categories opened", at, known.len(), name);
        let Some(seen) = category::show(&client, paused.category.id).await? else {
            missing.push(name.clone());
            continue;
        };
        let current = seen.replaceable(&client)?;
        if *current == paused.saved {
            continue;
        }
        let next = if *current == paused.ours {
            paused.saved.clone()
        } else {
            edited.push(seen.category.name.clone());
            restored(current, paused)
        };
        category::put(&client, &seen.category, &next).await?;
    }
    speak(op, &client, &mut places).await?;
    op.forget(FACT).await?;
    let mut text = "Members can write again".to_owned();
    if let Some(invite) = &places.invite {
        text.push_str("; the new invite link is ");
        text.push_str(&invite.link);
    }
    if !edited.is_empty() {
        text.push_str("; what others changed meanwhile was kept in ");
        text.push_str(&edited.join(", "));
    }
    if !missing.is_empty() {
        text.push_str("; gone: ");
        text.push_str(&missing.join(", "));
    }
    text.push('.');
    Ok(text)
}

/// The reverse of [`silence`].
async fn speak(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    if let Some(id) = places.webhook
        && !hooks::set_active(client, id, true).await?
    {
        hooks::of_settings(op, client, places).await?;
    }
    speak_to_peers(op, client, places.category()?.id).await?;
    revive_key(op, client, places).await?;
    if places.adopted {
        return Ok(());
    }
    if places.runtime.is_none() {
        make_key_again(op, client, places).await?;
    }
    invite::ensure(op, client, places, "invite again").await
}

/// Switches on what connections made.
async fn speak_to_peers(op: &Op, client: &Client, category: u64) -> Result<(), Halt> {
    let mut kept = record::hooks(op)?;
    for hook in &mut kept {
        match hook {
            Hook::Webhook { id: Some(id), .. } => {
                hooks::set_active(client, *id, true).await?;
            }
            Hook::Channel {
                peer,
                channel,
                rule,
                ..
            } if rule.is_none() && chat::stands(client, *channel).await? => {
                *rule = Some(chat::add_rule(op, client, *channel, category, *peer).await?);
            }
            _ => {}
        }
    }
    record::save_hooks(op, &kept).await
}

/// Takes the run-time key's revocation back; one that is gone is forgotten.
async fn revive_key(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    let Some(runtime) = places.runtime.as_mut().filter(|runtime| runtime.revoked) else {
        return Ok(());
    };
    if runtime::set_revoked(client, runtime.key, false).await? {
        runtime.revoked = false;
    } else {
        places.runtime = None;
        op.drop_secret(RUNTIME_KEY).await?;
    }
    places.save(op).await
}

/// A run-time key that somebody deleted. A moderator cannot make one, which does not stop anything else.
async fn make_key_again(op: &Op, client: &Client, places: &mut Places) -> Result<(), Halt> {
    if !client.whoami().await?.admin {
        return Ok(());
    }
    match runtime::ensure(op, client, places).await {
        Err(Halt::Stopped(fault)) if fault.kind == FaultKind::ScopeMissing => {
            tracing::warn!(%fault, field = API_KEY, "no run-time key was made");
            Ok(())
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permissions(entries: &[(&str, u8)]) -> Permissions {
        let owned = entries
            .iter()
            .map(|(group, level)| ((*group).to_owned(), *level));
        owned.collect()
    }

    fn paused(saved: Permissions) -> Paused {
        Paused {
            category: Category {
                id: 7,
                name: "Rosewood".into(),
                slug: "gh-x".into(),
                color: String::new(),
                text_color: String::new(),
                parent: None,
                permissions: saved.clone(),
            },
            ours: quiet(&saved),
            saved,
            sent: true,
        }
    }

    #[test]
    fn everybody_but_the_staff_falls_to_reading() {
        let quiet = quiet(&permissions(&[
            ("everyone", 3),
            ("gh-x", 1),
            ("helpers", 2),
        ]));
        let wanted = permissions(&[("everyone", 3), ("gh-x", 3), ("helpers", 3), ("staff", 1)]);
        assert_eq!(quiet, wanted);
    }

    #[test]
    fn what_others_changed_meanwhile_is_kept() {
        let before = permissions(&[("gh-x", 1), ("helpers", 2)]);
        let paused = paused(before.clone());
        assert_eq!(restored(&paused.ours, &paused), before);
        let edited = permissions(&[("gh-x", 3), ("guests", 2), ("helpers", 1), ("staff", 1)]);
        let wanted = permissions(&[("gh-x", 1), ("guests", 2), ("helpers", 1)]);
        assert_eq!(restored(&edited, &paused), wanted);
    }
}
