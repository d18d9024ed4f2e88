//! Whether somebody who may do everything in the workspace is in the community's channels: Slack's channels have no owner but
//! those of their workspace (sheet: slack 4).

use super::client::Client;
use super::record::Places;
use super::{channel, errors};
use crate::adapters::{
    contract::Site,
    ownership::{OurHold, Ownership},
};
use crate::domain::{Fault, FaultKind};
use serde::Deserialize;
use std::collections::BTreeSet;

/// The most members that are looked up: Slack lets about fifty a minute be, and one who may do everything is enough.
const MOST: usize = 200;

/// A member of the workspace, as Slack shows them.
#[derive(Deserialize)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a field of Slack's user object"
)]
struct Member {
    #[serde(default)]
    name: String,
    #[serde(default)]
    deleted: bool,
    #[serde(default)]
    is_bot: bool,
    #[serde(default)]
    is_admin: bool,
    #[serde(default)]
    is_owner: bool,
}

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let client = Client::at(site)?;
    let places = Places::at(site)?;
    let mut ours = OurHold::Nothing;
    let mut everywhere: Option<BTreeSet<String>> = None;
    for place in &places.channels {
        let Some(shown) = channel::look(&client, &place.id).await? else {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("The bot does not see the channel {} any more.", place.name),
            )
            .hint("Check the instance to see what is missing."));
        };
        if shown.creator == places.bot {
            ours = OurHold::Beside;
        }
        let members: BTreeSet<String> = channel::members(&client, &place.id)
            .await?
            .into_iter()
            .filter(|member| *member != places.bot)
            .collect();
        everywhere = Some(match everywhere {
            None => members,
            Some(before) => before.intersection(&members).cloned().collect(),
        });
    }
    let members = everywhere.unwrap_or_default();
    let too_many = members.len() > MOST;
    for id in members.into_iter().take(MOST) {
        let reply = client.read("users.info", &[("user", &id)]).await?;
        if reply.is(&["user_not_found"]) {
            continue;
        }
        let doing = "look up a member";
        let mut body = reply.accept(doing, &[])?;
        let member: Member = serde_json::from_value(body["user"].take())
            .map_err(|error| errors::unreadable(doing, &error))?;
        if (member.is_admin || member.is_owner) && !member.is_bot && !member.deleted {
            return Ok(Ownership::of([member.name], ours));
        }
    }
    if too_many {
        return Err(Fault::new(
            FaultKind::Unsupported,
            format!(
                "The channels have too many members to look all of them up, and none of the first {MOST} may do everything in the workspace."
            ),
        )
        .hint("Ask in the channels who owns the workspace."));
    }
    Ok(Ownership::of([], ours))
}
