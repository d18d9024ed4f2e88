//! What a person is asked while a key is replaced.

use super::{END, STEP};
use crate::{
    catalog::{CredentialField, Manifest},
    domain::{HumanTask, Rotation, RotationReason, Verb},
    engine::key_policy,
};
use std::collections::BTreeMap;

/// What is known of an instance that waits for a new key.
pub(super) struct Waiting<'a> {
    /// Its platform.
    pub manifest: &'a Manifest,
    /// Its settings.
    pub settings: &'a BTreeMap<String, String>,
    /// Which field of that platform.
    pub field: &'a str,
    /// Which other field's key makes the new one without a person; none where nothing does.
    pub maker: Option<&'static str>,
    /// How many communities the old key reached.
    pub reached: usize,
    /// Whether the platform refuses the old key already.
    pub refused: bool,
}

fn named(rotation: &Rotation) -> String {
    if rotation.last_four.is_empty() {
        "the old key".to_owned()
    } else {
        format!("the old key, which ends in {}", rotation.last_four)
    }
}

fn who(known: Option<&CredentialField>) -> String {
    known.map_or_else(|| "an operator".to_owned(), |known| known.who.clone())
}

fn because(rotation: &Rotation) -> String {
    let reason = match rotation.reason {
        RotationReason::Choice => "is replaced because somebody wants it so",
        RotationReason::Age => "is older than it may be",
        RotationReason::Expiry => "stops working soon",
        RotationReason::Leaked => "may be in other hands",
        RotationReason::OperatorLeft => "could be read by somebody who may not any more",
        RotationReason::Leaving => "is of a community that leaves",
    };
    let named = named(rotation);
    let mut said = format!("{}{} {reason}", named[..1].to_uppercase(), &named[1..]);
    if !rotation.why.is_empty() {
        said = format!("{said}: {}", rotation.why.trim_end_matches('.'));
    }
    format!("{said}.")
}

/// Make a new key and enter it.
pub(super) fn new_key(rotation: &Rotation, waiting: &Waiting<'_>) -> HumanTask {
    let Waiting {
        manifest, settings, ..
    } = waiting;
    let known = manifest.credential(waiting.field);
    let label = known.map_or(waiting.field, |known| known.label.as_str());
    let mut why = because(rotation);
    if waiting.refused {
        why = format!(
            "{why} The platform refuses it already: nothing works there until a new one is entered."
        );
    } else {
        why = format!("{why} It is kept until everything works with new ones.");
    }
    let mut instructions = Vec::new();
    if let Some(note) = manifest.capabilities.get(&Verb::Rotate) {
        instructions.push(note.note.clone());
    }
    if let Some(maker) = waiting.maker.and_then(|field| manifest.credential(field)) {
        instructions.push(format!(
            "Either enter {} here: with it the new {label} is made and the old one ended, and nobody has to do more.",
            maker.label
        ));
    }
    if let Some(known) = known {
        if waiting.reached > 1 {
            instructions.push(format!(
                "The old one reached {} communities; make one for this community alone. {}",
                waiting.reached,
                key_policy::narrowest(manifest, known)
            ));
        }
        instructions.extend(known.where_to_get.iter().map(|step| {
            manifest
                .fill(step, settings)
                .unwrap_or_else(|| step.clone())
        }));
    }
    if known.is_none_or(|known| !known.made_by_us) {
        instructions.push(format!(
            "Enter the new {label} here: it is verified before anything moves."
        ));
    }
    HumanTask {
        step: STEP.to_owned(),
        title: format!("make and enter a new {label}"),
        why,
        who: who(known),
        url: known
            .and_then(|known| known.url.as_ref())
            .and_then(|url| manifest.fill(url, settings)),
        instructions,
        asks_for: known.map(|known| known.scopes.clone()).unwrap_or_default(),
        others_decide: false,
    }
}

/// End the old key on its platform.
pub(super) fn end_old(
    rotation: &Rotation,
    manifest: &Manifest,
    settings: &BTreeMap<String, String>,
) -> HumanTask {
    let known = manifest.credential(&rotation.field);
    let mut instructions = Vec::new();
    if let Some(note) = manifest.capabilities.get(&Verb::Rotate) {
        instructions.push(note.note.clone());
    }
    instructions.push(format!("End {} there.", named(rotation)));
    instructions.push(
        "Then let Guildhall look: it asks the platform with the old key, which must refuse it."
            .to_owned(),
    );
    HumanTask {
        step: END.to_owned(),
        title: format!("end {}", named(rotation)),
        why: if rotation.reason.needs_successor() {
            "Everything works with new keys, and the platform still accepts the old one: whoever has it still has what it reached."
        } else {
            "The community leaves, and the platform still accepts the key that was used here: whoever has it still has what it reached."
        }
        .to_owned(),
        who: who(known),
        url: known
            .and_then(|known| known.url.as_ref())
            .and_then(|url| manifest.fill(url, settings)),
        instructions,
        asks_for: Vec::new(),
        others_decide: false,
    }
}
