//! A group that is only pointed at: where we are no administrator, or the server is older than 3.8. Only what anybody
//! may see is read: the version and the public page (sheet: loomio 1).

use super::{client, observe, record};
use crate::adapters::{
    contract::{Observation, Presence, Site, Standing, unsupported},
    durable::{Halt, Op},
    http::segment,
};
use crate::domain::{Fault, FaultKind, Health, InstanceKind};
use tokio_util::sync::CancellationToken;
use url::Url;

/// What begins a reference that is to be pointed at only.
pub(super) const PREFIX: &str = "link:";

/// Points at the public page of a group.
pub(super) async fn point_at(op: &Op, handle: Option<&str>) -> Result<Presence, Halt> {
    let site = op.site();
    let base = client::base(site)?;
    let handle = match handle {
        Some(handle) => handle,
        None => site.settings.require("group")?,
    };
    let version = client::version(site, op.cancel()).await?;
    if !has_page(site, &base, handle).await? {
        return Err(Fault::new(
            FaultKind::NotFound,
            format!(
                "There is no public page of a group {handle} on {}.",
                client::host(&base)
            ),
        )
        .hint("Check how the handle is written; a secret group has no public page.")
        .into());
    }
    op.remember(record::VERSION, &version).await?;
    Ok(Presence {
        external_id: handle.to_owned(),
        url: Some(format!("{}/{handle}", base.as_str().trim_end_matches('/'))),
        kind: InstanceKind::Link,
        made_by_us: false,
        note: "only pointed at".to_owned(),
    })
}

pub(super) async fn observe(site: &Site) -> Result<Observation, Fault> {
    let base = client::base(site)?;
    client::version(site, &CancellationToken::new()).await?;
    let handle = site.external_id.as_deref().unwrap_or_default();
    if has_page(site, &base, handle).await? {
        let mut seen = observe::blank(Standing::Present, Health::Ok);
        "only pointed at".clone_into(&mut seen.note);
        return Ok(seen);
    }
    let mut seen = observe::blank(Standing::Gone, Health::Down);
    "its public page is gone".clone_into(&mut seen.note);
    Ok(seen)
}

/// Refuses a verb for a group that is only pointed at.
pub(super) fn refuse(site: &Site, verb: &str) -> Result<(), Fault> {
    if site.kind == InstanceKind::Link {
        return Err(unsupported(
            site,
            &format!("{verb} where a group is only pointed at"),
        ));
    }
    Ok(())
}

async fn has_page(site: &Site, base: &Url, handle: &str) -> Result<bool, Fault> {
    let answer = site
        .http
        .get(base, &segment(handle))
        .header("accept", "text/html")
        .send()
        .await?;
    match answer.status {
        404 | 410 => Ok(false),
        _ => answer.success().map(|_| true),
    }
}
