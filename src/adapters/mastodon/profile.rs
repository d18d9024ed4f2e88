//! The profile: always written as a whole, since fields are filled in the order given (sheet: mastodon 4).

use super::{
    client::{Account, Client, FIELDS, Field},
    record::{Known, MARKER, Profile, marker},
};
use crate::adapters::{contract::Site, http::Method};
use crate::domain::{Fault, FaultKind, clean_line};
use serde_json::{Map, Value, json};

/// A bio's characters by default (sheet: mastodon 3, not verified).
pub(super) const LONGEST_NOTE: usize = 500;
/// A name's characters by default (sheet: mastodon 3, not verified).
const LONGEST_NAME: usize = 30;

/// The profile as the account's person wrote it.
pub(super) fn of(account: &Account) -> Profile {
    let source = &account.source;
    let fields = source.fields.iter();
    Profile {
        display_name: account.display_name.clone(),
        note: source.note.clone().unwrap_or_default(),
        locked: account.locked,
        bot: account.bot,
        discoverable: account.discoverable.or(source.discoverable),
        // Empty ones are places, not fields.
        fields: fields
            .filter(|field| !field.name.is_empty() || !field.value.is_empty())
            .cloned()
            .collect(),
    }
}

/// The marker on a profile, whoever's it is.
pub(super) fn marked(profile: &Profile) -> Option<&str> {
    let mut fields = profile.fields.iter();
    fields
        .find(|field| field.name == MARKER)
        .map(|field| field.value.as_str())
}

/// Whether an account speaks for another community of a Guildhall.
pub(super) fn of_another(site: &Site, profile: &Profile) -> bool {
    marked(profile).is_some_and(|held| held.starts_with("gh:") && held != marker(site))
}

/// A profile with what the settings say of some of its parts. Where a setting says nothing, that is what stood there before
/// Guildhall; without that, what is known of the community.
pub(super) fn with_settings(
    site: &Site,
    base: &Profile,
    known: &Known,
    sends: impl Fn(&str) -> bool,
) -> Profile {
    let before = known.before.as_ref().unwrap_or(base);
    let mut profile = base.clone();
    if sends("display_name") {
        profile.display_name = match site.settings.get("display_name") {
            Some(name) => name.to_owned(),
            None if known.adopted => before.display_name.clone(),
            None => shortened(&clean_line(&site.community_name), LONGEST_NAME),
        };
    }
    if sends("note") {
        profile.note = match site.settings.get("note") {
            Some(note) => note.to_owned(),
            None if before.note.is_empty() && !known.adopted => {
                shortened(&site.description, LONGEST_NOTE)
            }
            None => before.note.clone(),
        };
    }
    if sends("discoverable") {
        profile.discoverable = Some(site.settings.is_on("discoverable"));
    }
    profile
}

/// The same with the marker, as that of an account that only a program writes with. `most` fields fit.
///
/// # Errors
/// [`FaultKind::OverQuota`] when all fields are taken.
pub(super) fn ours(site: &Site, profile: Profile, most: usize) -> Result<Profile, Fault> {
    let mut fields = profile.fields;
    fields.retain(|field| field.name != MARKER);
    if fields.len() >= most {
        return Err(Fault::new(
            FaultKind::OverQuota,
            format!("All {most} fields of the profile are taken, and Guildhall needs one for its marker."),
        )
        .hint("Empty one field in the account's profile, then resume."));
    }
    fields.push(Field {
        name: MARKER.to_owned(),
        value: marker(site),
    });
    Ok(Profile {
        bot: true,
        fields,
        ..profile
    })
}

/// So many characters of a text, and no blank at its end: the server takes none either.
pub(super) fn shortened(text: &str, most: usize) -> String {
    let text: String = text.chars().take(most).collect();
    text.trim_end().to_owned()
}

/// Writes a profile; the same again changes nothing.
pub(super) async fn write(client: &Client, profile: &Profile) -> Result<(), Fault> {
    let mut fields = Map::new();
    for at in 0..profile.fields.len().max(FIELDS) {
        let empty = Field {
            name: String::new(),
            value: String::new(),
        };
        let field = profile.fields.get(at).unwrap_or(&empty);
        let field = json!({"name": field.name, "value": field.value});
        fields.insert(at.to_string(), field);
    }
    let mut body = json!({
        "display_name": profile.display_name,
        "note": profile.note,
        "locked": profile.locked,
        "bot": profile.bot,
        "fields_attributes": Value::Object(fields),
    });
    if let Some(discoverable) = profile.discoverable {
        body["discoverable"] = json!(discoverable);
    }
    let call = client
        .call(Method::PATCH, "/api/v1/accounts/update_credentials")
        .keyed()
        .json(&body);
    client.send(call, "change the profile").await.map(|_| ())
}

/// The current profile with only those of our changes taken back that still stand.
pub(super) fn restored(current: &Profile, ours: &Profile, saved: &Profile) -> Profile {
    fn pick<T: PartialEq + Clone>(current: &T, ours: &T, saved: &T) -> T {
        if current == ours { saved } else { current }.clone()
    }
    Profile {
        display_name: pick(
            &current.display_name,
            &ours.display_name,
            &saved.display_name,
        ),
        note: pick(&current.note, &ours.note, &saved.note),
        locked: pick(&current.locked, &ours.locked, &saved.locked),
        bot: pick(&current.bot, &ours.bot, &saved.bot),
        discoverable: pick(
            &current.discoverable,
            &ours.discoverable,
            &saved.discoverable,
        ),
        fields: pick(&current.fields, &ours.fields, &saved.fields),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn profile(note: &str, locked: bool) -> Profile {
        Profile {
            display_name: "Rosewood".into(),
            note: note.into(),
            locked,
            bot: true,
            discoverable: Some(true),
            fields: Vec::new(),
        }
    }

    #[test]
    fn what_the_person_changed_meanwhile_is_kept() {
        let (saved, ours) = (profile("Roses.", false), profile("[paused] Roses.", true));
        assert_eq!(restored(&ours, &ours, &saved), saved);
        let current = Profile {
            note: "New words.".into(),
            ..ours.clone()
        };
        assert_eq!(
            restored(&current, &ours, &saved),
            profile("New words.", false)
        );
    }
}
