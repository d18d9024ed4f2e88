//! Switching off and on. Soft: the profile is locked and says that it is paused, and a notice is pinned; followers keep
//! seeing old posts. Frozen besides where the settings say so and an administrator's token is at hand.

use super::{
    admin,
    client::Client,
    errors::{self, Barred},
    notice,
    profile::{self, LONGEST_NOTE, shortened},
    record::{Known, Profile},
};
use crate::adapters::durable::{Halt, Op};
use serde::{Deserialize, Serialize};

/// The name of the fact.
pub(super) const FACT: &str = "pause";
const MARK: &str = "[paused] ";

/// What was there before, and what stands instead.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Paused {
    pub saved: Profile,
    pub ours: Profile,
    /// The pins as they were, the newest first.
    pub pins: Vec<String>,
    /// The pinned notice of the pause.
    pub notice: Option<String>,
    pub limit: usize,
}

/// The profile of a paused account.
pub(super) fn quiet(profile: &Profile, limit: usize) -> Profile {
    Profile {
        locked: true,
        discoverable: Some(false),
        note: shortened(&format!("{MARK}{}", profile.note), limit),
        ..profile.clone()
    }
}

const FROZEN: &str = "The account is frozen: nobody can use it, and its posts stay.";

pub(super) async fn pause(op: &Op) -> Result<String, Halt> {
    let mut known = Known::of(op)?;
    if known.frozen {
        return Ok(FROZEN.into());
    }
    let client = Client::of(op)?;
    // Cut off in between, the server says whether it came to pass: it tells that even to the account's own token.
    if !(known.freezing && is_frozen(&client).await?) {
        quieten(op, &client, &mut known).await?;
        if !op.site().settings.is_on("freeze") {
            return Ok("The profile says that the account is paused, and nothing is posted; followers keep seeing old posts.".into());
        }
        let admin = admin::required(op, "freeze the account")?;
        known.freezing = true;
        known.save(op).await?;
        admin::freeze(&admin, &known.id).await?;
    }
    known.frozen = true;
    known.freezing = false;
    known.save(op).await?;
    Ok(FROZEN.into())
}

async fn is_frozen(client: &Client) -> Result<bool, Halt> {
    let answer = client.who_answer().await?;
    Ok(errors::barred(&answer) == Some(Barred::Frozen))
}

/// Thaws what was frozen when it was switched off. What an administrator thawed by hand needs no token.
async fn thaw(op: &Op, known: &mut Known) -> Result<(), Halt> {
    if !known.frozen && !known.freezing {
        return Ok(());
    }
    if is_frozen(&Client::of(op)?).await? {
        let admin = admin::required(op, "thaw the account")?;
        admin::thaw(&admin, &known.id).await?;
    }
    known.frozen = false;
    known.freezing = false;
    known.save(op).await
}

/// Pauses profile and pins; what is paused already is left as it is.
pub(super) async fn quieten(op: &Op, client: &Client, known: &mut Known) -> Result<(), Halt> {
    let current = profile::of(&client.whoami().await?);
    let mut paused = if let Some(paused) = op.fact::<Paused>(FACT)? {
        paused
    } else {
        let pins = client.pinned(&known.id).await?;
        known.pauses += 1;
        known.save(op).await?;
        Paused {
            saved: current.clone(),
            ours: quiet(&current, LONGEST_NOTE),
            pins: pins.into_iter().map(|post| post.id).collect(),
            notice: None,
            limit: LONGEST_NOTE,
        }
    };
    // Saved before anything is touched.
    op.remember(FACT, &paused).await?;
    if current != paused.ours {
        profile::write(client, &paused.ours).await?;
    }
    for pin in &paused.pins {
        notice::unpin(client, pin).await?;
    }
    pause_notice(op, client, known, &mut paused).await
}

/// Pins what says that the account is paused. One that was deleted meanwhile is posted anew.
async fn pause_notice(
    op: &Op,
    client: &Client,
    known: &mut Known,
    paused: &mut Paused,
) -> Result<(), Halt> {
    if let Some(id) = &paused.notice {
        match notice::pin(client, &known.id, id).await {
            Err(fault) if errors::is_missing(&fault) => {
                known.pauses += 1;
                known.save(op).await?;
            }
            other => return Ok(other?),
        }
    }
    let text = notice::pause_text(op.site());
    // Under another key each time: the server remembers a key for an hour, also that of a post that was deleted.
    let step = format!("pause notice {}", known.pauses);
    let id = notice::post(op, client, &known.id, &step, &text).await?;
    paused.notice = Some(id.clone());
    op.remember(FACT, paused).await?;
    Ok(notice::pin(client, &known.id, &id).await?)
}

pub(super) async fn resume(op: &Op) -> Result<String, Halt> {
    let mut known = Known::of(op)?;
    thaw(op, &mut known).await?;
    let Some(paused) = op.fact::<Paused>(FACT)? else {
        return Ok("The account is not paused.".into());
    };
    let client = Client::of(op)?;
    let current = profile::of(&client.whoami().await?);
    let mut kept = false;
    if current != paused.saved {
        let next = profile::restored(&current, &paused.ours, &paused.saved);
        kept = next != paused.saved;
        profile::write(&client, &next).await?;
    }
    if let Some(id) = &paused.notice {
        notice::unpin(&client, id).await?;
    }
    let missing = pin_again(&client, &known.id, &paused.pins).await?;
    if let Some(id) = &paused.notice {
        notice::delete(&client, id).await?;
    }
    op.forget(FACT).await?;
    let mut text = "The account speaks again".to_owned();
    if kept {
        text.push_str("; what was changed on its profile meanwhile was kept");
    }
    if missing > 0 {
        let gone = format!("; {missing} pinned posts are gone");
        text.push_str(&gone);
    }
    text.push('.');
    Ok(text)
}

/// Pins in the old order: the newest pin stands first, so the oldest is pinned first. Answers how many posts are gone.
async fn pin_again(client: &Client, account: &str, pins: &[String]) -> Result<usize, Halt> {
    let now = client.pinned(account).await?;
    let stand: Vec<String> = now.into_iter().map(|post| post.id).collect();
    if stand == pins {
        return Ok(0);
    }
    // A part of them may stand from an interrupted run: only all together stand in their order.
    for id in pins.iter().filter(|id| stand.contains(id)) {
        notice::unpin(client, id).await?;
    }
    let mut missing = 0;
    for id in pins.iter().rev() {
        match notice::pin(client, account, id).await {
            Ok(()) => {}
            Err(fault) if errors::is_missing(&fault) => missing += 1,
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_bio_is_shortened_to_what_a_server_takes() {
        let profile = Profile {
            display_name: "Rosewood".into(),
            note: "x".repeat(500),
            locked: false,
            bot: true,
            discoverable: None,
            fields: Vec::new(),
        };
        let quiet = quiet(&profile, LONGEST_NOTE);
        assert_eq!(quiet.note.chars().count(), 500);
        assert!(quiet.note.starts_with(MARK) && quiet.locked);
    }
}
