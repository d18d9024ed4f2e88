//! Names for people.

use crate::{catalog::Catalog, domain::PlatformId};

/// The platform's name for people; its id where the catalog has lost it.
pub(super) fn platform(catalog: &Catalog, platform: &PlatformId) -> String {
    catalog
        .heading(platform)
        .map_or_else(|| platform.to_string(), |heading| heading.name.clone())
}

/// "Alpha of Rosewood Co-op".
pub(super) fn of(catalog: &Catalog, id: &PlatformId, community: &str) -> String {
    format!("{} of {community}", platform(catalog, id))
}
