//! Where the remains of a removed instance are put: beside the communities' folders.

use super::contract::Site;
use crate::{
    domain::{Fault, RemoveMode},
    services::files,
};
use jiff::Timestamp;
use std::path::{Path, PathBuf};

/// `<.trash or .archive>/<date>-<community>-<platform>-<marker>`. No community can be called so, because a short name has no
/// point.
#[must_use]
pub fn place(site: &Site, mode: RemoveMode) -> PathBuf {
    let kind = match mode {
        RemoveMode::Soft => ".trash",
        RemoveMode::Hard => ".archive",
    };
    let community = site.data_folder.parent().unwrap_or(&site.data_folder);
    let data = community.parent().unwrap_or(community);
    let today = Timestamp::now().strftime("%Y-%m-%d");
    let marker: String = site.marker.chars().take(12).collect();
    data.join(kind)
        .join(format!("{today}-{}-{}-{marker}", site.slug, site.platform))
}

/// Makes the folder above a place.
///
/// # Errors
/// [`FaultKind::Storage`](crate::domain::FaultKind::Storage).
pub fn make_parent(place: &Path) -> Result<(), Fault> {
    place.parent().map_or(Ok(()), files::make_folder)
}
