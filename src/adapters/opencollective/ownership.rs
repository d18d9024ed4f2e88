//! Who administers the collective, and inviting somebody to. Read from the platform's schema; inviting was not run there.

use super::{PLATFORM, client::Client, documents, record::Collective};
use crate::adapters::{
    contract::Site,
    http::{entries, required},
    ownership::{OurHold, Ownership},
};
use crate::domain::{Fault, FaultKind};
use serde_json::{Value, json};

/// An administrator: id and short name.
struct Administrator {
    id: String,
    slug: String,
}

/// The collective's administrators, ours among them, and the id of our user.
struct Administrators {
    all: Vec<Administrator>,
    own: String,
}

fn collective(site: &Site) -> Result<Collective, Fault> {
    Collective::at(site)?.ok_or_else(|| {
        Fault::new(
            FaultKind::NotFound,
            "There is no collective yet that anybody owns.",
        )
        .hint("Activate the instance first, so that it is made.")
    })
}

async fn read(client: &Client, collective: &Collective) -> Result<Administrators, Fault> {
    let (mut all, mut own) = (Vec::new(), String::new());
    loop {
        let variables = json!({"id": collective.id, "offset": all.len()});
        let data = client
            .ask(
                documents::ADMINISTRATORS,
                variables,
                "list the administrators",
            )
            .await?;
        if data["account"].is_null() {
            return Err(Fault::new(
                FaultKind::NotFound,
                format!("The collective is not on {PLATFORM} any more."),
            )
            .hint("Check the instance to see what happened."));
        }
        let known = required(&data["me"]["id"], PLATFORM, "whose token it is")?;
        known.clone_into(&mut own);
        let members = &data["account"]["members"];
        let listed = entries(&members["nodes"], PLATFORM, "the administrators")?;
        for member in listed {
            all.push(Administrator {
                id: text(&member["account"]["id"])?,
                slug: text(&member["account"]["slug"])?,
            });
        }
        let total = members["totalCount"].as_u64().unwrap_or(0);
        if listed.is_empty() || all.len() as u64 >= total {
            return Ok(Administrators { all, own });
        }
    }
}

fn text(value: &Value) -> Result<String, Fault> {
    required(value, PLATFORM, "the administrators").map(str::to_owned)
}

pub(super) async fn ownership(site: &Site) -> Result<Ownership, Fault> {
    let client = Client::at(site)?;
    let Administrators { all, own } = read(&client, &collective(site)?).await?;
    let ours = if all.iter().any(|one| one.id == own) {
        OurHold::Beside
    } else {
        OurHold::Nothing
    };
    let people = all.into_iter().filter(|one| one.id != own);
    Ok(Ownership::of(people.map(|one| one.slug), ours))
}

/// Invites somebody as an administrator, who becomes one by accepting.
pub(super) async fn hand_to(site: &Site, person: &str) -> Result<String, Fault> {
    let client = Client::at(site)?;
    let person = person.trim().trim_start_matches('@');
    let collective = collective(site)?;
    let known = read(&client, &collective).await?;
    if known.all.iter().any(|one| one.slug == person) {
        return Ok(format!("{person} administers the collective."));
    }
    let variables = json!({"m": {"slug": person}, "a": {"id": collective.id}});
    client
        .ask(documents::INVITE, variables, "invite an administrator")
        .await?;
    Ok(format!(
        "{person} is invited to administer the collective {} and does so once the invitation is accepted.",
        collective.slug
    ))
}
