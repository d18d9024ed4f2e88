//! A forum, or a category of it, that is only pointed at: what anybody reads without a key (sheet: discourse 1).

use super::{
    client::{self, page},
    observe::seen,
};
use crate::adapters::{
    contract::{Observation, Presence, Site, Standing, unsupported},
    durable::{Halt, Op},
    http::entries,
};
use crate::domain::{Fault, FaultKind, Health, InstanceKind};
use serde_json::Value;

/// What begins a reference that is to be pointed at only.
pub(super) const PREFIX: &str = "link:";
/// The id of a whole forum.
const WHOLE: &str = "forum";

pub(super) async fn point_at(op: &Op, slug: &str) -> Result<Presence, Halt> {
    let site = op.site();
    let base = client::base(site)?;
    let info = client::probe(site).await?;
    if info["login_required"] == true {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "{} shows nothing to who is not signed in.",
                client::host(&base)
            ),
        )
        .hint("Adopt a category with an API key instead.")
        .into());
    }
    let slug = slug.trim();
    let (id, url) = if slug.is_empty() {
        (WHOLE.to_owned(), page(&base, ""))
    } else {
        let id = public_category(site, slug).await?.ok_or_else(|| {
            Fault::new(
                FaultKind::NotFound,
                format!(
                    "There is no public category {slug} on {}.",
                    client::host(&base)
                ),
            )
            .hint("Check how its address is written; a private one takes an API key.")
        })?;
        (
            format!("{slug}/{id}"),
            page(&base, &format!("/c/{slug}/{id}")),
        )
    };
    Ok(Presence {
        external_id: id,
        url: Some(url),
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "only pointed at".to_owned(),
    })
}

/// The number of a category that everybody sees.
pub(super) async fn public_category(site: &Site, slug: &str) -> Result<Option<u64>, Fault> {
    let answer = client::open(site, "/site.json").await?;
    if matches!(answer.status, 403 | 404) {
        return Ok(None);
    }
    let shown: Value = answer.success()?.json()?;
    let base = client::base(site)?;
    let all = entries(&shown["categories"], client::host(&base), "the categories")?;
    let found = all.iter().find(|category| {
        category["slug"] == slug
            || category["id"]
                .as_u64()
                .is_some_and(|id| id.to_string() == slug)
    });
    Ok(found.and_then(|category| category["id"].as_u64()))
}

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let info = client::probe(site).await?;
    if info["login_required"] == true {
        return Ok(seen(
            Standing::Present,
            Health::Degraded,
            "the forum asks readers to sign in now",
        ));
    }
    let id = site.external_id.as_deref().unwrap_or(WHOLE);
    if id != WHOLE {
        let number = id.rsplit('/').next().unwrap_or(id);
        if public_category(site, number).await?.is_none() {
            return Ok(seen(
                Standing::Gone,
                Health::Down,
                "its category is gone or not public any more",
            ));
        }
    }
    Ok(seen(Standing::Present, Health::Ok, "only pointed at"))
}

/// Refuses a verb where a forum is only pointed at.
pub(super) fn refuse(site: &Site, verb: &str) -> Result<(), Fault> {
    if site.kind == InstanceKind::Link {
        return Err(unsupported(
            site,
            &format!("{verb} where a forum is only pointed at"),
        ));
    }
    Ok(())
}
