//! What a space shows: itself and the rooms directly in it.

use super::client::Client;
use super::{SERVER, errors};
use crate::adapters::http::{Method, entries, segment};
use crate::domain::Fault;
use serde_json::Value;
use std::collections::BTreeMap;

/// What a space shows of itself.
pub(super) struct InSpace {
    /// The rooms directly in it. The list may also name rooms that were purged.
    pub children: Vec<String>,
    /// The space and its rooms, by id.
    pub rooms: BTreeMap<String, Look>,
}

/// A room as the space shows it.
pub(super) struct Look {
    pub name: Option<String>,
    /// The address that it shows.
    pub alias: Option<String>,
}

/// Asks the server for the space and what is directly in it.
pub(super) async fn shown(client: &Client, space: &str) -> Result<InSpace, Fault> {
    let path = format!("/_matrix/client/v1/rooms/{}/hierarchy", segment(space));
    let call = client.call(Method::GET, &path);
    let call = call.query([("max_depth", "1"), ("limit", "100")]);
    let page: Value = errors::accept(call.send().await?, "list the rooms of the space")?.json()?;
    let rooms = entries(&page["rooms"], SERVER, "the rooms of the space")?;
    let look = |entry: &Value| {
        let text = |field: &str| entry[field].as_str().map(str::to_owned);
        let (name, alias) = (text("name"), text("canonical_alias"));
        Some((text("room_id")?, Look { name, alias }))
    };
    let own = rooms.iter().find(|entry| entry["room_id"] == space);
    let children = own
        .and_then(|entry| entry["children_state"].as_array())
        .into_iter()
        .flatten()
        .filter(|event| event["content"].get("via").is_some())
        .filter_map(|event| event["state_key"].as_str())
        .map(str::to_owned)
        .collect();
    Ok(InSpace {
        children,
        rooms: rooms.iter().filter_map(look).collect(),
    })
}
