//! The community's group: made once, filled with the members the settings name.

use super::{
    client::{Client, bad_answer, page},
    errors,
    record::{self, Group, Places},
};
use crate::adapters::{
    durable::{Halt, Op},
    http::{Method, segment},
};
use crate::domain::{Fault, FaultKind, HumanTask};
use serde_json::{Value, json};

/// Who sees the group and its members: the members (sheet: discourse 4, P1 and 6).
const MEMBERS_ONLY: u8 = 2;

pub(super) async fn ensure(
    op: &Op,
    client: &Client,
    places: &mut Places,
    is_admin: bool,
) -> Result<Group, Halt> {
    if let Some(group) = &places.group
        && find(client, &group.name).await?.is_some()
    {
        return Ok(group.clone());
    }
    let name = record::mark(op.site());
    let made: Option<Group> = op
        .ensure(
            "group",
            |_| async { Ok(find(client, &name).await?.map(Some)) },
            |_| async { create(op, client, &name, is_admin).await },
        )
        .await?;
    let group = match made {
        Some(group) => group,
        None => {
            op.human(by_hand(client, &name), || find(client, &name))
                .await?
        }
    };
    places.group = Some(group.clone());
    places.save(op).await?;
    Ok(group)
}

pub(super) async fn find(client: &Client, name: &str) -> Result<Option<Group>, Fault> {
    let path = format!("/groups/{}.json", segment(name));
    let found = client.find(&path, "find the group").await?;
    found.map(|found| read(client, &found["group"])).transpose()
}

fn read(client: &Client, group: &Value) -> Result<Group, Fault> {
    let id = group["id"].as_u64();
    let name = group["name"].as_str();
    match (id, name) {
        (Some(id), Some(name)) => Ok(Group {
            id,
            name: name.to_owned(),
        }),
        _ => Err(bad_answer(client.base(), "the group")),
    }
}

/// None where the forum lets only administrators make groups and the key's user is a moderator: to that user it says
/// "not found" (sheet: discourse 5).
async fn create(
    op: &Op,
    client: &Client,
    name: &str,
    is_admin: bool,
) -> Result<Option<Group>, Fault> {
    let body = json!({"group": {
        "name": name,
        "full_name": op.site().community_name,
        "visibility_level": MEMBERS_ONLY,
        "members_visibility_level": MEMBERS_ONLY,
    }});
    let answer = client
        .try_send(Method::POST, "/admin/groups.json", &body)
        .await?;
    if !is_admin && answer.status == 404 && errors::is_json(&answer) {
        return Ok(None);
    }
    if errors::is_taken(&answer)
        && let Some(group) = find(client, name).await?
    {
        return Ok(Some(group));
    }
    let made: Value = client.accept(answer, "make the group").await?.json()?;
    read(client, &made["basic_group"]).map(Some)
}

fn by_hand(client: &Client, name: &str) -> HumanTask {
    HumanTask {
        step: "group by hand".into(),
        title: format!("make the group {name} on the forum"),
        why: "The key's user is a moderator, and only administrators make groups.".into(),
        who: "an administrator of the forum".into(),
        url: Some(page(client.base(), "/g/custom/new")),
        instructions: vec![
            format!("Make a group with exactly the name {name}."),
            "Let its members see it, and nobody else.".into(),
            format!("Make {} an owner of it.", client.user()),
        ],
        asks_for: vec![format!("owner of the group, for {}", client.user())],
        others_decide: false,
    }
}

/// The names of the groups that people made and the key's user sees. The forum's own, as staff, are left out.
pub(super) async fn names(client: &Client) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = Vec::new();
    let (mut listed_so_far, mut page_number) = (0, 0);
    loop {
        let path = match page_number {
            0 => "/groups.json".to_owned(),
            number => format!("/groups.json?page={number}"),
        };
        let shown = client.get(&path, "list the groups").await?;
        let listed = client.entries(&shown["groups"], "the groups")?;
        names.extend(
            listed
                .iter()
                .filter(|group| group["automatic"] != true)
                .filter_map(|group| group["name"].as_str())
                .map(str::to_owned),
        );
        listed_so_far += listed.len() as u64;
        page_number += 1;
        let total = client.total(&shown["total_rows_groups"], "how many groups there are")?;
        if listed.is_empty() || listed_so_far >= total {
            return Ok(names);
        }
    }
}

/// The user names of the members.
pub(super) async fn members(client: &Client, group: &Group) -> Result<Vec<String>, Fault> {
    let mut names: Vec<String> = Vec::new();
    loop {
        let path = format!(
            "/groups/{}/members.json?limit=50&offset={}",
            segment(&group.name),
            names.len()
        );
        let page = client.get(&path, "list the members").await?;
        let listed = client.entries(&page["members"], "the members")?;
        names.extend(
            listed
                .iter()
                .filter_map(|member| member["username"].as_str())
                .map(str::to_owned),
        );
        let total = client.total(&page["meta"]["total"], "how many members there are")?;
        if listed.is_empty() || names.len() as u64 >= total {
            return Ok(names);
        }
    }
}

/// Adds who is not in yet. Nobody is taken out: people join by the invite link too.
pub(super) async fn add(client: &Client, group: &Group, wanted: &[String]) -> Result<(), Fault> {
    let present = members(client, group).await?;
    let is_in = |name: &String| {
        present
            .iter()
            .any(|member| member.eq_ignore_ascii_case(name))
    };
    let missing: Vec<&str> = wanted
        .iter()
        .filter(|name| !is_in(name))
        .map(String::as_str)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let path = format!("/groups/{}/members.json", group.id);
    let body = json!({"usernames": missing.join(",")});
    let answer = client.try_send(Method::PUT, &path, &body).await?;
    if matches!(answer.status, 400 | 422) && errors::is_json(&answer) {
        // Somebody came in meanwhile: adding a present member is refused (sheet: discourse 4, P3).
        let now = members(client, group).await?;
        let still: Vec<&str> = missing
            .into_iter()
            .filter(|name| !now.iter().any(|member| member.eq_ignore_ascii_case(name)))
            .collect();
        if still.is_empty() {
            return Ok(());
        }
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("The forum did not add {}.", still.join(", ")),
        )
        .hint("Check how the names are written in the setting members: people must have an account there already.")
        .detail(answer.excerpt()));
    }
    client.accept(answer, "add members").await.map(|_| ())
}
