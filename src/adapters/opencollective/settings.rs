//! The settings of an instance, read and checked before anything is sent (sheet: opencollective 3, 4.3).

use crate::adapters::contract::{Settings, Site};
use crate::domain::{Fault, FaultKind, clean_line};
use url::Url;

/// The platform's limits in characters and numbers (sheet: opencollective 3, 4.3).
const LONGEST_DESCRIPTION: usize = 255;
const MOST_TAGS: usize = 30;
const LONGEST_HOST_MESSAGE: usize = 3000;

/// What the collective is to look like.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Wanted {
    pub slug: String,
    pub name: String,
    pub description: String,
    pub tags: Vec<String>,
}

/// What deactivation is to come to where the collective cannot be frozen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum WhenInactive {
    /// Our webhooks are taken away.
    Quiet,
    /// Also custom contributions and expenses of the public are switched off.
    Closed,
    /// Also a person archives it.
    Archived,
}

pub(super) fn base(site: &Site) -> Result<Url, Fault> {
    let base = site.settings.url("base_url")?;
    if base.path().trim_end_matches('/').ends_with("/graphql/v2") {
        return Ok(base);
    }
    Err(bad(
        "The address of the programming interface does not end in /graphql/v2; nothing was sent.",
        "Correct base_url in the settings of the instance.",
    ))
}

/// The address of the web site, without a slash at the end.
pub(super) fn web(site: &Site) -> Result<String, Fault> {
    let web = site.settings.url("web_url")?;
    Ok(web.as_str().trim_end_matches('/').to_owned())
}

pub(super) fn wanted(site: &Site) -> Result<Wanted, Fault> {
    let settings = &site.settings;
    let text = |field: &str, other: &str| clean_line(settings.get(field).unwrap_or(other));
    let wanted = Wanted {
        slug: text("slug", site.slug.as_str()),
        name: text("name", &site.community_name),
        description: text("description", &site.description),
        tags: settings.list("tags"),
    };
    if wanted.name.is_empty() || wanted.slug.is_empty() {
        return Err(bad(
            "A collective needs a name and a short name; nothing was sent.",
            "Set them in the settings of the instance.",
        ));
    }
    let length = wanted.description.chars().count();
    if length > LONGEST_DESCRIPTION {
        return Err(bad(
            format!(
                "The description has {length} characters and may have {LONGEST_DESCRIPTION}; nothing was sent."
            ),
            "Write a shorter description in the settings of the instance.",
        ));
    }
    if wanted.tags.len() > MOST_TAGS {
        return Err(bad(
            format!(
                "There are {} tags and may be {MOST_TAGS}; nothing was sent.",
                wanted.tags.len()
            ),
            "Take some tags out of the settings of the instance.",
        ));
    }
    Ok(wanted)
}

/// The host to apply to, with the message for it.
pub(super) fn host(settings: &Settings) -> Result<Option<(String, Option<String>)>, Fault> {
    let Some(host) = settings.get("host") else {
        return Ok(None);
    };
    let message = settings.get("host_message").map(str::to_owned);
    let length = message.as_deref().map_or(0, |text| text.chars().count());
    if length > LONGEST_HOST_MESSAGE {
        return Err(bad(
            format!(
                "The message to the host has {length} characters and may have {LONGEST_HOST_MESSAGE}; nothing was sent."
            ),
            "Write a shorter message in the settings of the instance.",
        ));
    }
    Ok(Some((host.to_owned(), message)))
}

/// Whether a switch is on, in either spelling in which switches are kept.
pub(super) fn is_on(settings: &Settings, field: &str) -> bool {
    matches!(settings.get(field), Some("on" | "true"))
}

pub(super) fn when_inactive(settings: &Settings) -> WhenInactive {
    match settings.get("when_inactive") {
        Some("closed") => WhenInactive::Closed,
        Some("archived") => WhenInactive::Archived,
        _ => WhenInactive::Quiet,
    }
}

/// What is announced, as the platform names it; everything when nothing is said.
pub(super) fn announced(settings: &Settings) -> Vec<String> {
    let named = settings.list("announce");
    if named.is_empty() {
        return vec!["ACTIVITY_ALL".to_owned()];
    }
    named
}

fn bad(what: impl Into<String>, hint: &str) -> Fault {
    Fault::new(FaultKind::BadInput, what).hint(hint)
}
