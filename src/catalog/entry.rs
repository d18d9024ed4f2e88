//! A platform's place in the catalog: its heading at once, the rest of its manifest when it is first asked for.
//!
//! The first frame shows what eleven platforms are called and everything about one of them. Reading all manifests to the
//! end was a third of the time until it.

use super::{Group, Manifest, Origin, bundle, reader::Result};
use crate::domain::PlatformId;
use std::{path::Path, sync::OnceLock};

/// What a platform is called and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Its id.
    pub id: PlatformId,
    /// Its name as people write it.
    pub name: String,
    /// Where it stands in the bundle.
    pub group: Group,
    /// Its place within the group; unique.
    pub order: u32,
}

/// A platform of the catalog.
#[derive(Debug, Clone)]
pub struct Entry {
    /// What is known without reading the rest.
    pub(super) heading: Heading,
    unread: Option<(&'static str, &'static str)>,
    manifest: OnceLock<Option<Manifest>>,
}

impl Entry {
    /// A built-in platform, of which only the heading is read.
    pub(super) fn builtin(name: &'static str, text: &'static str) -> Result<Self> {
        Ok(Self {
            heading: bundle::builtin_heading(name, above_tables(text))?,
            unread: Some((name, text)),
            manifest: OnceLock::new(),
        })
    }

    /// A platform whose manifest was read already.
    pub(super) fn of(manifest: Manifest) -> Self {
        Self {
            heading: Heading {
                id: manifest.id.clone(),
                name: manifest.name.clone(),
                group: manifest.group,
                order: manifest.order,
            },
            unread: None,
            manifest: OnceLock::from(Some(manifest)),
        }
    }

    /// The whole manifest.
    ///
    /// None for one that cannot be read; none gets this far, since an operator's are read when they are loaded and the
    /// built-in ones by a test.
    pub(super) fn manifest(&self) -> Option<&Manifest> {
        self.manifest
            .get_or_init(|| {
                let (name, text) = self.unread?;
                bundle::read_builtin(name, text, false)
                    .inspect_err(
                        |error| tracing::error!(%error, "a built-in manifest cannot be read"),
                    )
                    .ok()
            })
            .as_ref()
    }

    /// The operator's file it comes from.
    pub(super) fn file(&self) -> Option<&Path> {
        match &self.manifest.get()?.as_ref()?.origin {
            Origin::File(path) => Some(path),
            Origin::Builtin => None,
        }
    }
}

/// The keys before the first table.
fn above_tables(text: &str) -> &str {
    let end = text.find("\n[").map_or(text.len(), |line_end| line_end + 1);
    text.get(..end).unwrap_or(text)
}
