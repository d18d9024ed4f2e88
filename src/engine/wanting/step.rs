//! What a person is asked for an account that is wanted.

use super::maker;
use crate::{
    catalog::Manifest,
    domain::{HumanTask, Verb, WantedAccount},
    engine::rules::Rules,
};
use std::collections::BTreeMap;

/// The name of the step.
const STEP: &str = "wanted-account";

/// The step of a person for an account that is wanted.
pub(in crate::engine) fn task(
    rules: &Rules,
    settings: &BTreeMap<String, String>,
    manifest: &Manifest,
    wanted: &WantedAccount,
) -> HumanTask {
    let maker = maker(rules, manifest).and_then(|field| manifest.credential(field));
    let own = manifest
        .entered_credentials()
        .find(|known| known.secret && maker.is_none_or(|maker| maker.field != known.field));
    let first = maker.or(own);
    let note = manifest.capabilities.get(&Verb::MakeAccount);
    let filled = |text: &String| {
        manifest
            .fill(text, settings)
            .unwrap_or_else(|| text.clone())
    };
    let mut instructions: Vec<String> = note.iter().map(|note| note.note.clone()).collect();
    instructions.extend(
        first
            .iter()
            .flat_map(|known| known.where_to_get.iter().map(filled)),
    );
    let title = if let Some(maker) = maker {
        instructions.push(format!(
            "Enter {} here: with it the account is made, and it is forgotten afterwards.",
            maker.label
        ));
        if let Some(own) = own {
            instructions.push(format!(
                "Or make the account by hand and enter its {} here.",
                own.label
            ));
        }
        format!("enter {} for another account: {}", maker.label, wanted.name)
    } else {
        instructions.push("Enter its key here; it is verified first.".to_owned());
        format!("make another account: {}", wanted.name)
    };
    instructions.retain(|step| !step.is_empty());
    let mut why = format!("{} asked for another account.", wanted.actor);
    if !wanted.note.is_empty() {
        why = format!("{why} {}", wanted.note);
    }
    if !wanted.contact.is_empty() {
        why = format!("{why} About it one asks {}.", wanted.contact);
    }
    HumanTask {
        step: STEP.to_owned(),
        title,
        why,
        who: first.map_or_else(|| "an operator".to_owned(), |known| known.who.clone()),
        url: first
            .and_then(|known| known.url.as_ref())
            .and_then(|url| manifest.fill(url, settings)),
        instructions,
        asks_for: first.map(|known| known.scopes.clone()).unwrap_or_default(),
        others_decide: false,
    }
}
