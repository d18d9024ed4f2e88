//! Taking over a channel that exists. Nothing is written, and the bot does not even come in: it is only watched at first.

use super::channel::{self, Channel};
use super::client::Client;
use super::record::{Place, Places};
use super::{provision, remove, session, tasks};
use crate::adapters::{
    contract::{Discovered, Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, clean_line};

pub(super) async fn discover(site: &Site) -> Result<Vec<Discovered>, Fault> {
    let client = Client::at(site)?;
    session::check_team(site, &session::who(&client).await?)?;
    let mut found: Vec<Discovered> = channel::list(&client)
        .await?
        .into_iter()
        .map(|channel| Discovered {
            name: format!("#{}", clean_line(&channel.name)),
            what: what(&channel).into(),
            obstacle: obstacle(site, &channel),
            reference: channel.id,
        })
        .collect();
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn what(channel: &Channel) -> &'static str {
    match (channel.is_archived, channel.is_private) {
        (true, _) => "archived channel",
        (false, true) => "private channel",
        (false, false) => "channel",
    }
}

fn obstacle(site: &Site, channel: &Channel) -> Option<String> {
    let marker = channel
        .marker()
        .filter(|_| !remove::is_put_away(&channel.name));
    let Some(marker) = marker else {
        return channel
            .is_archived
            .then(|| "It is archived; a person must unarchive it first.".to_owned());
    };
    let ours = marker == site.marker || marker.starts_with(&format!("{}-", site.marker));
    Some(if ours {
        "It is this instance's already.".to_owned()
    } else {
        "Guildhall made it for another instance and looks after it there.".to_owned()
    })
}

pub(super) async fn adopt(op: &Op, reference: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let reference = clean_line(reference.trim());
    let client = Client::of(op)?;
    let mut places = Places::of(op)?;
    let who = session::begin(op, &client, &mut places).await?;
    let url = Some(who.team.url.clone()).filter(|url| !url.is_empty());
    let task = tasks::invite_bot(&reference, &who.name, url);
    let id: String = op
        .human(task, || async { resolve(&client, &reference).await })
        .await?;
    let Some(now) = channel::look(&client, &id).await? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!("The bot does not see {reference} any more."),
        )
        .hint("Invite the bot again, then resume the operation.")
        .into());
    };
    let is_ours_already = places.channels.iter().any(|place| place.id == id);
    if let Some(obstacle) = obstacle(site, &now).filter(|_| !is_ours_already) {
        return Err(Fault::new(
            FaultKind::Conflict,
            format!("#{} cannot be taken over. {obstacle}", now.name),
        )
        .hint("Choose another channel, or remove the other instance first.")
        .into());
    }
    places.adopted = true;
    places.channels = vec![Place {
        part: String::new(),
        id,
        name: clean_line(&now.name),
        member: now.is_member,
        private: now.is_private,
    }];
    places.save(op).await?;
    let mut presence = provision::presence(site, &places)?;
    if now.is_general {
        presence.note.push_str("; Slack never archives it");
    }
    Ok(presence)
}

/// The id behind a channel's id or name; none while the bot does not see it.
async fn resolve(client: &Client, reference: &str) -> Result<Option<String>, Fault> {
    let bare = reference.trim_start_matches('#');
    if bare.starts_with(['C', 'G'])
        && bare
            .chars()
            .all(|c| c.is_ascii_uppercase() || c.is_ascii_digit())
    {
        let found = channel::look(client, bare).await?;
        return Ok(found.map(|channel| channel.id));
    }
    let all = channel::list(client).await?;
    let found = all.into_iter().find(|channel| channel.name == bare);
    Ok(found.map(|channel| channel.id))
}
