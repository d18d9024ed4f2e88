//! Taking the instance away. Soft: the channels are archived under another name, so that theirs is free again; a bot cannot
//! undo that. Hard: a person deletes them, for there is no call for it on normal plans (sheet: slack 4).

use super::channel::{self, Channel};
use super::client::Client;
use super::record::{Place, Places};
use super::{BOT_TOKEN, CLIENT_ID, CLIENT_SECRET, make_app, pause, resume, session, tasks};
use crate::adapters::{
    contract::Removed,
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, RemoveMode, shorten};
use secrecy::ExposeSecret;
use serde_json::json;

/// What stands between the name of a channel that was put away and the beginning of its marker.
const PUT_AWAY: &str = "-removed-";
/// So many characters of the marker.
const MARKED: usize = 8;

/// Whether a channel is called like one that was put away: nothing looks after it any more.
pub(super) fn is_put_away(name: &str) -> bool {
    name.rsplit_once(PUT_AWAY)
        .is_some_and(|(_, marker)| marker.chars().count() == MARKED)
}

/// The fact that everything was put away and the app is about to be taken out: its token dies with it.
const UNINSTALLING: &str = "uninstalling";

pub(super) async fn remove(op: &Op, mode: RemoveMode) -> Result<Removed, Halt> {
    let mut places = Places::of(op)?;
    let (mut left, mut is_used) = (Vec::new(), false);
    let uninstalling = op.fact(UNINSTALLING)?.unwrap_or(false);
    if op.has_secret(BOT_TOKEN) || op.site().locked {
        match work(op, &mut places, mode, &mut left).await {
            // Forgetting must be possible with a dead key, too: what stays is named.
            Err(Halt::Stopped(fault))
                if mode == RemoveMode::Soft && fault.kind == FaultKind::KeyRejected =>
            {
                for place in &places.channels {
                    left.push(format!(
                        "#{} stays open at {}, because the token is not accepted any more.",
                        place.name,
                        places.link(place)
                    ));
                }
            }
            Err(Halt::Stopped(fault)) if uninstalling && fault.kind == FaultKind::KeyRejected => {
                op.drop_secret(BOT_TOKEN).await?;
            }
            other => is_used = other?,
        }
    } else if !places.channels.is_empty() && !uninstalling {
        op.secret(BOT_TOKEN)?;
    }
    if mode == RemoveMode::Hard && !is_used {
        make_app::delete(op).await?;
    }
    make_app::leave(op, &mut left).await?;
    op.forget(pause::FACT).await?;
    Places::forget(op).await?;
    op.forget(session::APP).await?;
    op.forget(UNINSTALLING).await?;
    Ok(Removed { left })
}

/// Answers whether others use the app.
async fn work(
    op: &Op,
    places: &mut Places,
    mode: RemoveMode,
    left: &mut Vec<String>,
) -> Result<bool, Halt> {
    let client = Client::of(op)?;
    let who = session::who(&client).await?;
    session::check_team(op.site(), &who)?;
    if is_ours(op, places) {
        if places.team.id.is_empty() {
            places.team = who.team.clone();
        }
        add_unrecorded(op, &client, places, &who.user).await?;
        let all: Vec<Place> = places
            .channels
            .iter()
            .chain(&places.unused)
            .cloned()
            .collect();
        for (at, place) in all.iter().enumerate() {
            op.progress("channels", at, all.len(), &place.name);
            put_away(op, &client, places, place, mode, left).await?;
        }
    } else {
        reopen(op, &client, places, left).await?;
        for place in &places.channels {
            left.push(format!(
                "#{} was not made by Guildhall and stays as it is.",
                place.name
            ));
        }
    }
    if mode == RemoveMode::Hard {
        return uninstall(op, &client, places, left).await;
    }
    Ok(false)
}

/// What was taken over is given back open, with its name and topic, where it was switched off.
async fn reopen(
    op: &Op,
    client: &Client,
    places: &Places,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    let paused = pause::known(op)?;
    if paused.is_empty() {
        return Ok(());
    }
    match resume::reopen(op, client, places).await {
        Ok(said) => left.push(said),
        Err(Halt::Stopped(fault))
            if matches!(fault.kind, FaultKind::NeedsKey | FaultKind::ScopeMissing) =>
        {
            for one in pause::known(op)? {
                left.push(format!(
                    "#{} stays archived as it was switched off, because only the token of a person in it can open it; a person can unarchive it in Slack.",
                    one.saved.name
                ));
            }
        }
        Err(halt) => return Err(halt),
    }
    Ok(())
}

/// Whether what is there was made here. Before provisioning ended nobody has said so yet; what was taken over is remembered
/// as such from the moment it is known.
fn is_ours(op: &Op, places: &Places) -> bool {
    !places.adopted && (op.site().made_by_us || op.site().external_id.is_none())
}

/// Adds the channels that an interrupted run made and did not record.
async fn add_unrecorded(
    op: &Op,
    client: &Client,
    places: &mut Places,
    bot: &str,
) -> Result<(), Fault> {
    let site = op.site();
    let all = channel::list(client).await?;
    for part in channel::parts(site)? {
        let (marker, name) = (channel::marker(site, &part), channel::name_of(site, &part));
        for found in &all {
            let known = places
                .channels
                .iter()
                .chain(&places.unused)
                .any(|place| place.id == found.id);
            let has_marker = found.marker().as_deref() == Some(marker.as_str());
            let half_made =
                found.name == name && found.creator == bot && found.purpose().is_empty();
            if !known && (has_marker || half_made) {
                places.unused.push(Place {
                    part: part.clone(),
                    id: found.id.clone(),
                    name: found.name.clone(),
                    member: true,
                    private: found.is_private,
                });
            }
        }
    }
    Ok(())
}

/// What ends the name of a channel that was put away.
fn ending(op: &Op) -> String {
    format!("{PUT_AWAY}{}", shorten(&op.site().marker, MARKED, ""))
}

/// Archives a channel under another name, so that its own is free again: archived channels keep theirs taken (sheet: slack
/// 7). False where Slack does not let it be archived.
async fn archive(
    op: &Op,
    client: &Client,
    place: &Place,
    now: &Channel,
    mode: RemoveMode,
    left: &mut Vec<String>,
) -> Result<bool, Halt> {
    channel::join(client, now).await?;
    let free = channel::name_with(&channel::name_of(op.site(), &place.part), &ending(op));
    if now.name != free
        && let Some(reason) = channel::rename(client, &place.id, &free).await?
    {
        left.push(format!("#{} keeps its name. {reason}", now.name));
    }
    if mode == RemoveMode::Soft {
        // Whoever opens it again may give it to another instance.
        channel::unmark(client, op.site(), place).await?;
    }
    let reply = client
        .set("conversations.archive", &json!({"channel": place.id}))
        .await?;
    if reply.is(&[
        "cant_archive_general",
        "cant_archive_required",
        "restricted_action",
    ]) {
        let fault = reply.fault("archive the channel");
        left.push(format!("#{} stays open. {}", now.name, fault.what));
        return Ok(false);
    }
    reply.accept("archive the channel", &["already_archived"])?;
    Ok(true)
}

async fn put_away(
    op: &Op,
    client: &Client,
    places: &Places,
    place: &Place,
    mode: RemoveMode,
    left: &mut Vec<String>,
) -> Result<(), Halt> {
    let Some(now) = channel::look(client, &place.id).await? else {
        if place.private {
            left.push(format!(
                "#{} is private and the bot does not see it: where it was not deleted, it stays as it is at {}.",
                place.name,
                places.link(place)
            ));
        }
        return Ok(());
    };
    if now.is_archived {
        let ending = ending(op);
        if !now.name.ends_with(&ending) {
            left.push(format!(
                "#{} keeps its name, which stays taken: it was archived already, and Slack renames no archived channel.",
                now.name
            ));
        }
    } else if !archive(op, client, place, &now, mode, left).await? && mode == RemoveMode::Soft {
        return Ok(());
    }
    if mode == RemoveMode::Soft {
        left.push(format!(
            "The channel is archived and still to be read at {}; only a person can unarchive it.",
            places.link(place)
        ));
        return Ok(());
    }
    let task = tasks::delete_channel(places, place);
    op.human(task, || async {
        let found = channel::look(client, &place.id).await?;
        Ok(found.is_none().then_some(()))
    })
    .await
}

/// Takes the app out of the workspace, where its number and secret are stored and nobody else uses it. Answers whether
/// somebody does.
async fn uninstall(
    op: &Op,
    client: &Client,
    places: &Places,
    left: &mut Vec<String>,
) -> Result<bool, Halt> {
    if !op.has_secret(CLIENT_ID) || !op.has_secret(CLIENT_SECRET) {
        left.push(format!(
            "The app stays installed; a person can remove it at {}.",
            super::app::page(op.fact::<String>(session::APP)?.as_deref())
        ));
        return Ok(false);
    }
    let is_ours = |found: &Channel| {
        let mut known = places.channels.iter().chain(&places.unused);
        known.any(|place| place.id == found.id)
    };
    // Another instance's channels may be archived while that is switched off.
    let all = channel::list(client).await?;
    let is_used = |found: &&Channel| {
        let is_marked = found.marker().is_some() && !is_put_away(&found.name);
        (found.is_member && !found.is_archived) || (is_marked && !is_ours(found))
    };
    if let Some(other) = all.iter().find(is_used) {
        left.push(format!(
            "The app stays installed, because it is still used: for #{}.",
            other.name
        ));
        return Ok(true);
    }
    op.remember(UNINSTALLING, &true).await?;
    let (id, secret) = (op.secret(CLIENT_ID)?, op.secret(CLIENT_SECRET)?);
    let pairs = [
        ("client_id", id.expose_secret()),
        ("client_secret", secret.expose_secret()),
    ];
    let reply = client
        .set_with_secret("apps.uninstall", &pairs, &secret)
        .await?;
    // Its own token dies with the app: a second call finds it dead.
    let done = ["invalid_auth", "token_revoked", "account_inactive"];
    reply.accept("uninstall the app", &done)?;
    op.drop_secret(BOT_TOKEN).await?;
    Ok(false)
}
