//! The fields of a key form, from the manifest, and what is thought of what stands in them.

use crate::catalog::{CredentialField, Holder, Manifest, ShapeCheck};
use crate::tui::{
    state::State,
    widgets::field::{Entry, Field, Verdict},
};
use std::collections::BTreeMap;

/// Keeps names of keys apart from those of settings in one form.
const PREFIX: &str = "key:";
/// The field that asks whether a powerful key is kept.
pub const POWERFUL: &str = "powerful";

/// The name in the form of the key of a field of the manifest.
pub fn id(field: &str) -> String {
    format!("{PREFIX}{field}")
}

/// The field for a key of a platform.
pub fn field(manifest: &Manifest, credential: &CredentialField) -> Field {
    let id = id(&credential.field);
    let field = if credential.secret {
        Field::secret(&id, &credential.label)
    } else {
        Field::text(&id, &credential.label, "", CredentialField::MAX_LENGTH)
    };
    let mut help = format!("It is {}.", credential.shape);
    // The only key there is was asked for, even where other settings need none.
    if !credential.required && manifest.entered_credentials().count() > 1 {
        help.push_str(" May be left empty.");
    }
    if credential.holder == Holder::Installation {
        help.push_str(" One for the whole installation.");
    }
    field.help(help)
}

/// Whether a key that is needed once is stored all the same.
pub fn powerful() -> Field {
    let options = vec![
        ("forget".to_owned(), "used now and forgotten".to_owned()),
        ("keep".to_owned(), "stored".to_owned()),
    ];
    Field::choice(POWERFUL, "Powerful key", options, "forget")
        .help("A key that may do very much is better not kept; it can be entered again.")
}

/// The key that a field asks for; none for a field of a setting.
pub fn credential_of<'a>(manifest: &'a Manifest, field: &Field) -> Option<&'a CredentialField> {
    manifest.credential(field.id.strip_prefix(PREFIX)?)
}

/// Whether an empty field is where one begins: keys and needed settings.
pub fn wanted(manifest: &Manifest, field: &Field) -> bool {
    match credential_of(manifest, field) {
        Some(_) => true,
        None => field.help.ends_with("Needed."),
    }
}

/// What the shape of an entry says.
pub fn shape(
    state: &State,
    manifest: &Manifest,
    credential: &CredentialField,
    field: &Field,
) -> Verdict {
    let entered = match &field.entry {
        Entry::Secret(hidden) => hidden.reveal(),
        _ => field.value(),
    };
    if entered.trim().is_empty() {
        return Verdict::None;
    }
    match state
        .catalog
        .check_credential(&manifest.id, &credential.field, entered)
    {
        ShapeCheck::Ok => Verdict::Good("shape ok".to_owned()),
        ShapeCheck::Soft(reason) => Verdict::Odd(reason),
        ShapeCheck::Wrong(reason) => Verdict::Wrong(reason),
    }
}

/// Which keys suffice, where there is a choice.
pub fn alternatives(manifest: &Manifest, settings: &BTreeMap<String, String>) -> String {
    let label = |field: &String| {
        manifest
            .credential(field)
            .map_or_else(|| field.clone(), |credential| credential.label.clone())
    };
    let lists: Vec<String> = manifest
        .needs
        .to_provision(settings)
        .iter()
        .map(|fields| fields.iter().map(label).collect::<Vec<_>>().join(" and "))
        .filter(|list| !list.is_empty())
        .collect();
    if lists.is_empty() {
        String::new()
    } else {
        format!("Enough to begin: {}.", lists.join(", or "))
    }
}
