//! Who owns the community's group, and making a person its owner. Administrators of the forum stand above every group, which
//! is the forum's matter (sheet: discourse 4).

use super::{
    API_KEY,
    client::{Client, bad_answer},
    group,
    record::{Group, Places},
    runtime,
};
use crate::adapters::{
    contract::Site,
    http::{Method, segment},
    ownership::{OurHold, Ownership},
};
use crate::domain::{Fault, FaultKind};
use serde_json::json;

/// The group, where there is one of the community's own.
fn own_group(places: &Places) -> Result<Group, Fault> {
    places.group.clone().ok_or_else(|| {
        Fault::new(
            FaultKind::Unsupported,
            "A category that was taken over has no owners on Discourse, only groups that may use it.",
        )
        .hint("Ask the administrators of the forum whose it is.")
    })
}

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let places = Places::at(site)?;
    let group = own_group(&places)?;
    let making = Client::making(site)?;
    let looking = runtime::client(site, &places)?;
    let Some(client) = making.as_ref().or(looking.as_ref()) else {
        return Err(match site.secret(API_KEY) {
            Err(fault) => fault,
            Ok(_) => Fault::new(FaultKind::BadInput, "The setting api_username is empty.")
                .hint("Set api_username in the settings of the instance."),
        });
    };
    let path = format!(
        "/groups/{}/members.json?limit=1&offset=0",
        segment(&group.name)
    );
    let Some(page) = client.find(&path, "list the owners of the group").await? else {
        return Err(Fault::new(
            FaultKind::NotFound,
            "The group of the community is not there any more, or the key does not see it.",
        )
        .hint("Check the instance to see what is missing."));
    };
    let owners = client.entries(&page["owners"], "the owners of the group")?;
    let mut people = Vec::new();
    let mut ours = OurHold::Nothing;
    for owner in owners {
        let name = owner["username"]
            .as_str()
            .ok_or_else(|| bad_answer(client.base(), "the names of the owners"))?;
        let bot = places.runtime.as_ref().map(|held| held.user.as_str());
        let own = [Some(client.user()), bot, site.settings.get("api_username")];
        if own
            .into_iter()
            .flatten()
            .any(|own| own.eq_ignore_ascii_case(name))
        {
            ours = OurHold::Beside;
        } else {
            people.push(name.to_owned());
        }
    }
    Ok(Ownership::of(people, ours))
}

/// Makes a person an owner of the group, and a member where they are not. Whoever is one already stays one.
pub(super) async fn hand_to(site: &Site, person: &str) -> Result<String, Fault> {
    let group = own_group(&Places::at(site)?)?;
    let Some(client) = Client::making(site)? else {
        site.secret(API_KEY)?;
        site.settings.require("api_username")?;
        return Err(Fault::new(
            FaultKind::NeedsKey,
            "The key that makes things is not here.",
        )
        .hint("Enter it, then begin again."));
    };
    if group::find(&client, &group.name).await?.is_none() {
        return Err(Fault::new(
            FaultKind::NotFound,
            "The group of the community is not there any more.",
        )
        .hint("Check the instance to see what is missing."));
    }
    let path = format!("/groups/{}/owners.json", group.id);
    let body = json!({"usernames": person});
    let answer = client.try_send(Method::PUT, &path, &body).await?;
    if answer.status == 400 {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("Nobody on the forum is called {person}; nothing was changed."),
        )
        .hint("Write the name under which they sign in there.")
        .detail(answer.excerpt()));
    }
    client
        .accept(answer, "make somebody an owner of the group")
        .await?;
    Ok(format!("{person} owns the group {}.", group.name))
}
