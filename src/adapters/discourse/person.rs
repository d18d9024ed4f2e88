//! The user whom the run-time key acts as: no staff, in no group but the community's, so that its rights are the fence
//! (sheet: discourse 2).

use super::{
    client::Client,
    errors,
    record::{self, Group},
};
use crate::adapters::{
    contract::Site,
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind};
use rand::Rng as _;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};

/// The user named in the settings, or one of our own; in the group in either case.
pub(super) async fn ensure(op: &Op, client: &Client, group: &Group) -> Result<String, Halt> {
    let site = op.site();
    let name = match site.settings.get("runtime_username") {
        Some(name) => {
            check(client, name).await?;
            name.to_owned()
        }
        None => {
            op.ensure(
                "run-time user",
                |_| async { find(client, &own_name(site)).await },
                |_| async { create(site, client).await },
            )
            .await?
        }
    };
    super::group::add(client, group, std::slice::from_ref(&name)).await?;
    Ok(name)
}

/// Users and groups share their names, so the user's is longer than the group's.
fn own_name(site: &Site) -> String {
    format!("{}-bot", record::mark(site))
}

async fn show(client: &Client, name: &str) -> Result<Option<Value>, Fault> {
    let path = format!("/u/{}.json", segment(name));
    client.find(&path, "look up the run-time user").await
}

async fn find(client: &Client, name: &str) -> Result<Option<String>, Fault> {
    Ok(show(client, name).await?.map(|_| name.to_owned()))
}

/// A member of the staff reaches the whole forum, whatever the scopes of the key say.
async fn check(client: &Client, name: &str) -> Result<(), Fault> {
    let bad = |what: String, hint: &str| Err(Fault::new(FaultKind::BadInput, what).hint(hint));
    let Some(shown) = show(client, name).await? else {
        return bad(
            format!("Nobody on the forum is called {name}."),
            "Check the setting runtime_username, or leave it empty: Guildhall makes a user.",
        );
    };
    if shown["user"]["admin"] == true || shown["user"]["moderator"] == true {
        return bad(
            format!(
                "{name} is of the forum's staff, so a key of theirs would reach the whole forum."
            ),
            "Name a user without such rights in runtime_username, or leave it empty.",
        );
    }
    Ok(())
}

/// Makes the user, with a password that nobody learns and an address that no mail reaches.
async fn create(site: &Site, client: &Client) -> Result<String, Fault> {
    let name = own_name(site);
    let letters = rand::rng().sample_iter(rand::distr::Alphanumeric);
    let password: SecretString = letters.take(32).map(char::from).collect::<String>().into();
    let body = json!({
        "name": format!("Guildhall for {}", site.community_name),
        "email": format!("{name}@guildhall.invalid"),
        "password": password.expose_secret(),
        "username": name,
        "active": true,
        "approved": true,
    });
    let call = client
        .call(Method::POST, "/users.json")
        .redact(&password)
        .json(&body);
    let answer = call.send().await.map_err(errors::slowed)?;
    let made: Value = client
        .accept(answer, "make the run-time user")
        .await?
        .json()?;
    if made["success"] == true {
        return Ok(name);
    }
    // The forum says no with HTTP 200.
    if find(client, &name).await?.is_some() {
        return Ok(name);
    }
    Err(Fault::new(
        FaultKind::Refused,
        "The forum did not make the run-time user.",
    )
    .hint("Make one by hand, without staff rights, and name it in the setting runtime_username.")
    .detail(&made["message"]))
}
