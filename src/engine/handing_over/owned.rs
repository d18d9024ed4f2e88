//! Who owns an instance where it is: asked now, and remembered for the time when no key of ours opens it any more.

use crate::{
    adapters::{Ownership, Site},
    domain::{Fault, FaultKind, InstanceId},
    engine::{core::Core, facts},
    store::{Reader, Writer},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// What was told, and when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Owned {
    /// Who owned it.
    #[serde(flatten)]
    pub ownership: Ownership,
    /// When the platform said so.
    pub seen_at: Timestamp,
}

/// What is known now.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::engine) enum Known {
    /// The platform says so now.
    Now(Ownership),
    /// The platform does not tell anybody, and why.
    Untold(Fault),
    /// It could not be asked, and why; what it said last.
    Before(Fault, Option<Owned>),
}

impl Known {
    /// Why a key of ours is kept, and what to do about that; none where nobody needs it for giving away what is there. A
    /// platform that cannot be asked has not said that it is anybody else's.
    pub fn needs_key(&self) -> Option<(String, String)> {
        match self {
            Self::Now(ownership) if !ownership.is_handed_over() => Some((
                format!(
                    "What is there is not handed over ({})",
                    ownership.sentence()
                ),
                String::new(),
            )),
            Self::Before(_, Some(last)) if last.ownership.is_handed_over() => None,
            // The key is dead already.
            Self::Before(fault, _) if fault.kind == FaultKind::KeyRejected => None,
            Self::Before(fault, _) => Some((
                format!("Whose it is could not be asked ({})", fault.what),
                match fault.kind {
                    // Here nothing goes on by itself then.
                    FaultKind::Locked => "Unlock the vault, then ask again.".to_owned(),
                    _ => fault.hint.clone(),
                },
            )),
            Self::Now(_) | Self::Untold(_) => None,
        }
    }
}

/// Asks the platform.
pub(in crate::engine) async fn ask(core: &Core, site: &Site, before: Option<Owned>) -> Known {
    let Some(adapter) = core.options.registry.get(&site.platform) else {
        let fault = Fault::new(
            FaultKind::Unsupported,
            format!("There is no adapter to ask {} with.", site.platform),
        )
        .hint("Ask its people who owns it.");
        return Known::Untold(fault);
    };
    match adapter.ownership(site).await {
        Ok(ownership) => Known::Now(ownership),
        Err(fault) if fault.kind == FaultKind::Unsupported => Known::Untold(fault),
        Err(fault) => Known::Before(fault, before),
    }
}

/// What was told last.
pub(in crate::engine) fn recall(
    reader: &Reader<'_>,
    instance: InstanceId,
) -> Result<Option<Owned>, Fault> {
    facts::recall(reader, instance, facts::OWNED)
}

/// Keeps what the platform said.
pub(in crate::engine) fn remember(
    writer: &Writer<'_>,
    instance: InstanceId,
    ownership: &Ownership,
    now: Timestamp,
) -> Result<(), Fault> {
    let owned = Owned {
        ownership: ownership.clone(),
        seen_at: now,
    };
    facts::remember(writer, instance, facts::OWNED, &owned)
}
