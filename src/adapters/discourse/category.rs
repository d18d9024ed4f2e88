//! The community's category: found by its slug, made with its permissions, changed as a whole.

use super::{
    client::{Client, bad_answer},
    errors,
    record::{Category, Permissions},
};
use crate::adapters::http::Method;
use crate::domain::{Fault, clean_line};
use serde_json::{Value, json};

/// Everything, as a permission (sheet: discourse 4, P2).
pub(super) const FULL: u8 = 1;
/// Reading only.
pub(super) const READ: u8 = 3;
/// The group of administrators and moderators.
pub(super) const STAFF: &str = "staff";
/// The group of everybody, signed in or not.
pub(super) const EVERYONE: &str = "everyone";

const COLOR: &str = "49d9e9";
const TEXT_COLOR: &str = "f0fcfd";

/// A category as the forum shows it now.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub category: Category,
    pub topics: u64,
    pub can_delete: bool,
    pub can_edit: bool,
    /// Whether the answer says who may do what; a list may leave it out.
    told: bool,
    /// Whether there is something below it, where the answer says so.
    has_children: Option<bool>,
}

impl Seen {
    /// Who may do what, for those who replace it: what is not told must not be taken for "everybody everything".
    pub fn replaceable(&self, client: &Client) -> Result<&Permissions, Fault> {
        if self.told {
            return Ok(&self.category.permissions);
        }
        Err(bad_answer(
            client.base(),
            "who may do what in the category, so nothing was changed",
        ))
    }
}

fn number(value: &Value) -> Option<u64> {
    value.as_u64()
}

/// Who may do what. A category without restrictions shows `everyone` with everything.
fn permissions(client: &Client, shown: &Value) -> Result<Permissions, Fault> {
    let shown = &shown["group_permissions"];
    if shown.is_null() {
        return Ok(Permissions::default());
    }
    let listed = client.entries(shown, "who may do what in a category")?;
    // One entry that cannot be read is no knowledge: left out, a closed category would count as open to everybody.
    let permissions: Option<Permissions> = listed
        .iter()
        .map(|entry| {
            let level = entry["permission_type"].as_u64()?;
            Some((
                entry["group_name"].as_str()?.to_owned(),
                u8::try_from(level).ok()?,
            ))
        })
        .collect();
    let what = "who may do what in a category";
    let permissions = permissions.ok_or_else(|| bad_answer(client.base(), what))?;
    if permissions.is_empty() {
        return Ok([(EVERYONE.to_owned(), FULL)].into());
    }
    Ok(permissions)
}

fn read(client: &Client, shown: &Value) -> Result<Seen, Fault> {
    let bad = || bad_answer(client.base(), "the category");
    let text = |field: &str| shown[field].as_str().map(str::to_owned).ok_or_else(bad);
    let id = number(&shown["id"]).ok_or_else(bad)?;
    Ok(Seen {
        category: Category {
            id,
            name: text("name")?,
            slug: text("slug")?,
            color: text("color")?,
            text_color: text("text_color")?,
            parent: number(&shown["parent_category_id"]),
            permissions: permissions(client, shown)?,
        },
        topics: number(&shown["topic_count"]).unwrap_or_default(),
        can_delete: shown["can_delete"] == true,
        // Shown to who may edit only.
        can_edit: shown["can_edit"] == true || shown["group_permissions"].is_array(),
        told: shown["group_permissions"].is_array(),
        has_children: shown["has_children"].as_bool(),
    })
}

/// Every category the key's user sees, sub-categories too.
pub(super) async fn list(client: &Client) -> Result<Vec<Seen>, Fault> {
    let page = client
        .get(
            "/categories.json?include_subcategories=true",
            "list the categories",
        )
        .await?;
    let top = &page["category_list"]["categories"];
    let top = client.entries(top, "the categories")?;
    let mut found = Vec::new();
    let mut left: Vec<&Value> = top.iter().rev().collect();
    while let Some(shown) = left.pop() {
        found.push(read(client, shown)?);
        let below = shown["subcategory_list"].as_array();
        left.extend(below.into_iter().flatten().rev());
    }
    Ok(found)
}

/// One category in full; none when it is gone or hidden.
pub(super) async fn show(client: &Client, id: u64) -> Result<Option<Seen>, Fault> {
    let path = format!("/c/{id}/show.json");
    let shown = client.find(&path, "look at the category").await?;
    shown
        .map(|shown| read(client, &shown["category"]))
        .transpose()
}

/// The category with our slug. The list may leave permissions out, so it is looked at once more.
pub(super) async fn find(client: &Client, slug: &str) -> Result<Option<Category>, Fault> {
    let Some(seen) = list(client)
        .await?
        .into_iter()
        .find(|seen| seen.category.slug == slug)
    else {
        return Ok(None);
    };
    Ok(show(client, seen.category.id)
        .await?
        .map(|seen| seen.category))
}

pub(super) async fn create(
    client: &Client,
    name: &str,
    slug: &str,
    parent: Option<u64>,
    permissions: &Permissions,
) -> Result<Category, Fault> {
    let mut body = json!({
        "name": name, "slug": slug, "color": COLOR, "text_color": TEXT_COLOR, "permissions": permissions,
    });
    if let Some(parent) = parent {
        body["parent_category_id"] = json!(parent);
    }
    let doing = format!("make the category {name:?}");
    let answer = client
        .try_send(Method::POST, "/categories.json", &body)
        .await?;
    if errors::is_taken(&answer)
        && let Some(found) = find(client, slug).await?
    {
        return Ok(found);
    }
    let made: Value = client.accept(answer, &doing).await?.json()?;
    let mut seen = read(client, &made["category"])?.category;
    // What was sent holds where an older forum does not show it.
    if seen.permissions.is_empty() {
        seen.permissions = permissions.clone();
    }
    Ok(seen)
}

/// Changes name and permissions. Name and colours go along always: the forum wants them (sheet: discourse 4), and the
/// permissions replace all that was there.
pub(super) async fn put(
    client: &Client,
    category: &Category,
    permissions: &Permissions,
) -> Result<(), Fault> {
    change(client, category, body(category, permissions)).await
}

/// The same, with the address on record: another one was given by hand.
pub(super) async fn put_back(
    client: &Client,
    category: &Category,
    permissions: &Permissions,
) -> Result<(), Fault> {
    let mut body = body(category, permissions);
    body["slug"] = json!(category.slug);
    change(client, category, body).await
}

fn body(category: &Category, permissions: &Permissions) -> Value {
    json!({
        "name": category.name,
        "color": category.color,
        "text_color": category.text_color,
        "permissions": permissions,
    })
}

async fn change(client: &Client, category: &Category, body: Value) -> Result<(), Fault> {
    let path = format!("/categories/{}.json", category.id);
    let doing = format!("change the category {:?}", clean_line(&category.name));
    client.send(Method::PUT, &path, &body, &doing).await?;
    Ok(())
}

/// The category and what is below it, as they are now; empty when it is gone.
pub(super) async fn with_children(client: &Client, id: u64) -> Result<Vec<Seen>, Fault> {
    let Some(own) = show(client, id).await? else {
        return Ok(Vec::new());
    };
    // The list is of every category of the forum.
    if own.has_children == Some(false) {
        return Ok(vec![own]);
    }
    let mut family = vec![own];
    let all = list(client).await?;
    let mut at = 0;
    while at < family.len() {
        let parent = family[at].category.id;
        for seen in all
            .iter()
            .filter(|seen| seen.category.parent == Some(parent))
        {
            let known = family
                .iter()
                .any(|known| known.category.id == seen.category.id);
            if !known && let Some(seen) = show(client, seen.category.id).await? {
                family.push(seen);
            }
        }
        at += 1;
    }
    Ok(family)
}
