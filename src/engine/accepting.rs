//! What a person accepts by having a service installed on this host: its licence, how far it has come, what is to be known
//! before. It stands in the plan of what installs it first, and is asked for again only when it reads otherwise.

use super::{planner, rules::Rules};
use crate::{
    catalog::Manifest,
    domain::{Fault, FaultKind, Slug},
    store::{Reader, Writer},
};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The setting with which a licence that forbids some uses is accepted by itself.
const LICENCE: &str = "licence_accepted";

/// What was accepted last, of one platform.
#[derive(Debug, Serialize, Deserialize)]
struct Accepted {
    digest: String,
    at: Timestamp,
}

fn name(manifest: &Manifest) -> String {
    format!("accepted.{}", manifest.id)
}

fn texts(manifest: &Manifest) -> Vec<String> {
    let when = if manifest.setting(LICENCE).is_some() {
        " once its licence is accepted by itself"
    } else {
        ""
    };
    let first = format!(
        "{} is installed on this host{when}: {} It is {}.",
        manifest.name,
        licence(&manifest.licence),
        manifest.maturity
    );
    std::iter::once(first)
        .chain(manifest.warnings.iter().cloned())
        .collect()
}

fn licence(text: &str) -> String {
    let text = text.trim_end_matches('.');
    format!("licence {text}.")
}

/// What is accepted by going on; nothing for what lives elsewhere, and for what was accepted already.
///
/// # Errors
/// `Storage`.
pub(super) fn asked(reader: &Reader<'_>, manifest: &Manifest) -> Result<Vec<String>, Fault> {
    if !manifest.runs_here() {
        return Ok(Vec::new());
    }
    let texts = texts(manifest);
    let known: Option<Accepted> = reader.setting(&name(manifest))?;
    let digest = planner::digest(&texts);
    Ok(match known {
        Some(known) if known.digest == digest => Vec::new(),
        _ => texts,
    })
}

/// Refuses to install on this host what nobody accepted; writes down that it was accepted, where it was not before. In the
/// sandbox it is only told: what runs there are stand-ins.
///
/// # Errors
/// `BadInput` when whoever asks did not accept it; `Storage`.
pub(super) fn require(
    writer: &Writer<'_>,
    rules: &Rules,
    manifest: &Manifest,
    slug: &Slug,
) -> Result<(), Fault> {
    let texts = asked(writer, manifest)?;
    if texts.is_empty() {
        return Ok(());
    }
    if !rules.accepts && !rules.sandbox {
        return Err(Fault::new(
            FaultKind::BadInput,
            format!(
                "{} is installed on this host only once somebody accepts its licence and warnings; nothing was done.",
                manifest.name
            ),
        )
        .hint(format!(
            "Read them in the plan (guildhall instance activate {slug} {} --plan, or space on the screen); accept them there, or give the command with --accept.",
            manifest.id
        )));
    }
    let accepted = Accepted {
        digest: planner::digest(&texts),
        at: rules.now,
    };
    writer.set_setting(&name(manifest), &accepted)
}
