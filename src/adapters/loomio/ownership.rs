//! Who administers the group. Members are personal data, so they are told by their numbers (sheet: loomio 6).

use super::{client::Client, model::Membership, record};
use crate::adapters::{
    contract::Site,
    http::Method,
    ownership::{OurHold, Ownership},
};
use crate::domain::{Fault, FaultKind};
use serde::Deserialize;

#[derive(Deserialize)]
struct Members {
    memberships: Vec<Membership>,
}

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let id = record::group_id(site)?;
    let client = Client::reading(site)?;
    let listing = client.groups().await?;
    // To an outsider the list of members is empty, which says nothing (sheet: loomio 4.4).
    let (Some(own), Some(mine)) = (listing.own(), listing.membership(id)) else {
        return Err(Fault::new(
            FaultKind::ScopeMissing,
            "The bot is not in the group any more, so Loomio does not tell who administers it.",
        )
        .hint("Ask somebody in the group, or let them invite the bot again."));
    };
    let path = format!("/api/b2/memberships?group_id={id}");
    let doing = "list who administers the group";
    let members: Members = client
        .send(client.call(Method::GET, &path), doing)
        .await?
        .json()?;
    let people = members
        .memberships
        .iter()
        .filter(|one| one.group_id == id && one.admin && one.accepted_at.is_some())
        .filter_map(|one| one.user_id)
        .filter(|user| *user != own.id)
        .map(|user| format!("the user {user}"));
    let ours = if mine.admin {
        OurHold::Beside
    } else {
        OurHold::Nothing
    };
    Ok(Ownership::of(people, ours))
}
