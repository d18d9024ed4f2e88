//! Makes group, category, notice, invite link, webhook and run-time key, each once.

use super::{
    category::{self, EVERYONE, FULL, READ, STAFF},
    client::{self, Client, Whoami, host, page},
    former, group, hooks, invite, link, notice, pause,
    record::{self, Category, Group, Permissions, Places},
    runtime,
};
use crate::adapters::{
    contract::{Presence, Site},
    durable::{Halt, Op},
};
use crate::domain::{Fault, FaultKind, InstanceKind, clean_line};

/// The most characters of a category's name (sheet: discourse 1).
const LONGEST_NAME: usize = 50;
/// Parts that are made, for the progress.
const PARTS: usize = 7;

pub(super) async fn provision(op: &Op) -> Result<Presence, Halt> {
    let site = op.site();
    if site.kind == InstanceKind::Link {
        return link::point_at(op, "").await;
    }
    let name = name(site)?;
    let client = Client::of(op)?;
    let who = check_key(&client).await?;
    let mut places = Places::of(op)?;
    op.progress("group", 0, PARTS, &name);
    former::take_in(op, &client, &mut places).await?;
    let group = group::ensure(op, &client, &mut places, who.admin).await?;
    let members = site.settings.list("members");
    op.step("members", || group::add(&client, &group, &members))
        .await?;
    op.progress("category", 1, PARTS, &name);
    make_category(op, &client, &mut places, &group, &name).await?;
    op.progress("notice", 2, PARTS, &name);
    notice::ensure(op, &client, &mut places).await?;
    op.progress("webhook", 3, PARTS, &name);
    hooks::of_settings(op, &client, &mut places).await?;
    if who.admin {
        op.progress("run-time key", 4, PARTS, &name);
        runtime::ensure(op, &client, &mut places).await?;
    }
    if site.active {
        op.progress("invite link", 5, PARTS, &name);
        invite::ensure(op, &client, &mut places, "invite").await?;
    } else {
        op.progress("switching off", 5, PARTS, &name);
        pause::quieten(op, &client, &mut places).await?;
    }
    former::take_away(op, &client, &places, who.admin).await?;
    op.progress("done", PARTS, PARTS, &name);
    Ok(presence(site, &places)?)
}

/// What is known of the instance after its parts are there.
pub(super) fn presence(site: &Site, places: &Places) -> Result<Presence, Fault> {
    let base = client::base(site)?;
    let category = places.category()?;
    Ok(Presence {
        external_id: category.id.to_string(),
        url: Some(address(&base, category)),
        kind: match site.kind {
            InstanceKind::Dedicated => InstanceKind::Dedicated,
            _ => InstanceKind::Tenant,
        },
        made_by_us: !places.adopted,
        note: note(places),
    })
}

/// Where people find a category.
pub(super) fn address(base: &url::Url, category: &Category) -> String {
    page(base, &format!("/c/{}/{}", category.slug, category.id))
}

/// One phrase for the row: what people need next is the invite link.
pub(super) fn note(places: &Places) -> String {
    match &places.invite {
        Some(invite) => {
            let day = invite.expires_at.get(..10).unwrap_or_default();
            format!("invite link until {day}: {}", invite.link)
        }
        None => String::new(),
    }
}

/// The category's name, refused before anything is sent where the forum would refuse it after half was made.
pub(super) fn name(site: &Site) -> Result<String, Fault> {
    let name = site
        .settings
        .get("category_name")
        .unwrap_or(&site.community_name);
    let name = clean_line(name);
    if name.is_empty() || name.chars().count() > LONGEST_NAME {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!("{name:?} cannot be the name of a category: it takes 1 to {LONGEST_NAME} characters."),
        )
        .hint("Set a shorter category_name."));
    }
    Ok(name)
}

/// Refuses a key that is too weak, or that acts as anybody.
pub(super) async fn check_key(client: &Client) -> Result<Whoami, Fault> {
    let who = client.whoami().await?;
    if !who.username.eq_ignore_ascii_case(client.user()) {
        return Err(Fault::new(
            FaultKind::KeyRejected,
            format!(
                "The key acts as {}, and the settings name {}.",
                who.username,
                client.user()
            ),
        )
        .hint("Correct the setting api_username, or enter that user's key."));
    }
    if !who.admin && !who.moderator {
        return Err(Fault::new(
            FaultKind::ScopeMissing,
            format!(
                "{} is no administrator or moderator of {}, so nothing can be made with this key.",
                who.username,
                host(client.base())
            ),
        )
        .hint("Make the bot an administrator, or a moderator with moderators_manage_categories switched on."));
    }
    Ok(who)
}

/// Who may do what: the group everything, everybody else reading or nothing.
pub(super) fn permissions(site: &Site, group: &str) -> Permissions {
    let mut permissions: Permissions = [(group.to_owned(), FULL), (STAFF.to_owned(), FULL)].into();
    if !site.settings.is_on("private") {
        permissions.insert(EVERYONE.to_owned(), READ);
    }
    permissions
}

async fn make_category(
    op: &Op,
    client: &Client,
    places: &mut Places,
    group: &Group,
    name: &str,
) -> Result<(), Halt> {
    if places.category.is_some() {
        return Ok(());
    }
    let site = op.site();
    let slug = record::mark(site);
    let parent = parent(site)?;
    let permissions = permissions(site, &group.name);
    let (slug, permissions) = (&slug, &permissions);
    let mut made: Category = op
        .ensure(
            "category",
            |_| category::find(client, slug),
            |_| category::create(client, name, slug, parent, permissions),
        )
        .await?;
    made.permissions.clone_from(permissions);
    places.category = Some(made);
    places.save(op).await
}

fn parent(site: &Site) -> Result<Option<u64>, Fault> {
    let Some(text) = site.settings.get("parent_category") else {
        return Ok(None);
    };
    text.parse().map(Some).map_err(|_| {
        Fault::new(
            FaultKind::BadInput,
            format!("{text:?} is not the number of a category."),
        )
        .hint("Set parent_category to the number at the end of the category's address.")
    })
}
