//! Platforms as data: reads and checks the manifests in `assets/platforms` and the operator's own.
//!
//! For everybody who asks what a platform is, what it needs and what it can do. It reads files and checks text;
//! it knows no network, no database, no secret that is stored, and no terminal.

mod address;
mod bundle;
mod credential;
mod entry;
mod error;
mod exposure;
mod folder;
mod integrity;
mod kinds;
mod limits;
mod manifest;
mod needs;
mod parse;
mod parse_fields;
mod pattern;
mod reader;
mod reader_facts;
mod setting;
mod signs;
mod source;
mod suggestion;

#[cfg(test)]
mod field_tests;
#[cfg(test)]
mod tests;

pub use bundle::{Catalog, Manifests};
pub use credential::{CredentialField, Holder, Keep, Refusal, ShapeCheck, Telltale};
pub use entry::{Entry, Heading};
pub use error::CatalogError;
pub use exposure::{Exposure, LeftOut};
pub use integrity::Integrity;
pub use kinds::KindOffer;
pub use limits::{RateLimit, RateScope, SlotLimit};
pub use manifest::{
    CapabilityNote, ConnectionOffer, Group, Manifest, Maturity, Origin, Resources, Upstream,
};
pub use needs::{NeedException, Needs};
pub use pattern::Pattern;
pub use setting::{Danger, SettingField, SettingKind};
pub use signs::{HomeSign, HomeSigns};
