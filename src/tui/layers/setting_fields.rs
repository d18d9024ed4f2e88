//! Form fields for the settings of a manifest, and what was entered in them.

use crate::catalog::{Manifest, SettingField, SettingKind};
use crate::tui::widgets::{
    field::{Field, Verdict},
    form::Form,
};
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Keeps names of settings apart from those of keys in one form.
const PREFIX: &str = "setting:";

/// The fields for all settings, with what is set already. `made` is whether the instance exists.
pub fn fields(manifest: &Manifest, set: &BTreeMap<String, String>, made: bool) -> Vec<Field> {
    manifest
        .settings
        .iter()
        .map(|setting| {
            field(
                manifest,
                setting,
                set.get(&setting.field).map(String::as_str),
                made,
            )
        })
        .collect()
}

/// The fields for the settings without which a key can neither be got nor tried: needed ones, and those that the
/// instructions for a key speak of. All others have a form of their own, so that a key is never looked for at the end
/// of a long page.
pub fn fields_for_keys(
    manifest: &Manifest,
    set: &BTreeMap<String, String>,
    made: bool,
) -> Vec<Field> {
    let spoken_of = |setting: &SettingField| {
        let reference = format!("{{{}}}", setting.field);
        manifest.entered_credentials().any(|credential| {
            credential
                .where_to_get
                .iter()
                .chain(&credential.url)
                .any(|text| text.contains(&reference))
        })
    };
    manifest
        .settings
        .iter()
        .filter(|setting| setting.required || spoken_of(setting))
        .map(|setting| {
            field(
                manifest,
                setting,
                set.get(&setting.field).map(String::as_str),
                made,
            )
        })
        .collect()
}

fn field(manifest: &Manifest, setting: &SettingField, set: Option<&str>, made: bool) -> Field {
    let id = format!("{PREFIX}{}", setting.field);
    let default = setting.default.as_deref().unwrap_or_default();
    let value = set.unwrap_or(default);
    let mut field = match setting.kind {
        SettingKind::Switch => {
            let options = vec![
                ("false".to_owned(), "no".to_owned()),
                ("true".to_owned(), "yes".to_owned()),
            ];
            Field::choice(&id, &setting.label, options, value)
        }
        SettingKind::Choice => {
            let mut options: Vec<_> = setting
                .choices
                .iter()
                .map(|choice| (choice.clone(), choice.clone()))
                .collect();
            if !setting.required && setting.default.is_none() {
                options.insert(0, (String::new(), "not set".to_owned()));
            }
            Field::choice(&id, &setting.label, options, value)
        }
        SettingKind::Text
        | SettingKind::Url
        | SettingKind::Server
        | SettingKind::Integer
        | SettingKind::List => {
            let most = match setting.kind {
                SettingKind::List => setting.max_length.saturating_mul(10),
                _ => setting.max_length,
            };
            let field = Field::text(&id, &setting.label, value, most);
            // A default may be replaced by typing; what somebody set is edited.
            if set.is_some() {
                field.written()
            } else {
                field
            }
        }
    };
    let mut help = setting.help.clone();
    if let Some(example) = &setting.placeholder {
        let _ = write!(help, " Example: {example}");
    }
    if setting.required {
        help.push_str(" Needed.");
    }
    field.help = help;
    if made && setting.immutable {
        field.fixed = Some(format!(
            "{} is fixed once the instance is made. {}",
            setting.label,
            manifest.way_around(setting)
        ));
    }
    field
}

/// Checks one field again after it changed.
pub fn check(manifest: &Manifest, field: &mut Field) {
    let Some(setting) = setting_of(manifest, field) else {
        return;
    };
    field.verdict = match setting.check(field.value()) {
        Ok(_) => Verdict::None,
        Err(reason) => Verdict::Wrong(reason),
    };
}

/// Checks all of them, and answers the values in the form in which they are kept.
pub fn values(manifest: &Manifest, form: &mut Form) -> BTreeMap<String, String> {
    let mut values = BTreeMap::new();
    for field in &mut form.fields {
        check(manifest, field);
        let Some(setting) = setting_of(manifest, field) else {
            continue;
        };
        if let Ok(value) = setting.check(field.value()) {
            values.insert(setting.field.clone(), value);
        }
    }
    values
}

/// The values that differ from those that are set: what is sent.
pub fn changed(
    manifest: &Manifest,
    values: BTreeMap<String, String>,
    set: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    values
        .into_iter()
        .filter(|(name, value)| {
            let default = manifest
                .setting(name)
                .and_then(|setting| setting.default.as_deref())
                .unwrap_or_default();
            set.get(name).map_or(default, String::as_str) != value
        })
        .collect()
}

fn setting_of<'a>(manifest: &'a Manifest, field: &Field) -> Option<&'a SettingField> {
    manifest.setting(field.id.strip_prefix(PREFIX)?)
}
