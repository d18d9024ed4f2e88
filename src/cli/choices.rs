//! `ID=active|inactive|off` and `KEY=VALUE`, as they are written on the command line.

use super::hall;
use crate::{
    catalog::Catalog,
    domain::{Choice, Fault, FaultKind, PlatformId, clean_line},
};
use std::collections::BTreeMap;

/// What a community gets, from texts such as `name=active`.
///
/// # Errors
/// `BadInput` for another form, `NotFound` for a platform that is not in the catalog.
pub fn parse(catalog: &Catalog, entries: &[String]) -> Result<BTreeMap<PlatformId, Choice>, Fault> {
    let mut choices = BTreeMap::new();
    for entry in entries {
        let (name, word) = split(entry, "PLATFORM=active, PLATFORM=inactive or PLATFORM=off")?;
        let platform = hall::platform(catalog, name)?;
        let choice = word.parse::<Choice>().map_err(|_| {
            Fault::new(
                FaultKind::BadInput,
                format!("{:?} is no choice for {name}.", shown(word)),
            )
            .hint("Write active, inactive or off.")
        })?;
        if choices.insert(platform, choice).is_some() {
            return Err(
                Fault::new(FaultKind::BadInput, format!("{name} is named twice."))
                    .hint("Name every platform once."),
            );
        }
    }
    Ok(choices)
}

/// Settings, from texts such as `field=value`. The value may be empty, which means the default.
///
/// # Errors
/// `BadInput` for another form.
pub fn settings(entries: &[String]) -> Result<BTreeMap<String, String>, Fault> {
    let mut settings = BTreeMap::new();
    for entry in entries {
        let (name, value) = split(entry, "SETTING=VALUE")?;
        if settings.insert(name.to_owned(), value.to_owned()).is_some() {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!("The setting {name} is given twice."),
            )
            .hint("Give every setting once."));
        }
    }
    Ok(settings)
}

/// Settings of several platforms, from texts such as `platform.field=value`.
///
/// # Errors
/// `BadInput` for another form, `NotFound` for a platform that is not in the catalog.
pub fn settings_by_platform(
    catalog: &Catalog,
    entries: &[String],
) -> Result<BTreeMap<PlatformId, BTreeMap<String, String>>, Fault> {
    let mut settings: BTreeMap<_, BTreeMap<String, String>> = BTreeMap::new();
    for entry in entries {
        const FORM: &str = "PLATFORM.SETTING=VALUE";
        let (name, value) = split(entry, FORM)?;
        let (platform, field) = name.split_once('.').ok_or_else(|| odd(entry, FORM))?;
        settings
            .entry(hall::platform(catalog, platform)?)
            .or_default()
            .insert(field.to_owned(), value.to_owned());
    }
    Ok(settings)
}

fn split<'a>(entry: &'a str, form: &str) -> Result<(&'a str, &'a str), Fault> {
    entry
        .split_once('=')
        .filter(|(name, _)| !name.is_empty())
        .ok_or_else(|| odd(entry, form))
}

fn odd(entry: &str, form: &str) -> Fault {
    Fault::new(
        FaultKind::BadInput,
        format!("{:?} does not say what to set.", shown(entry)),
    )
    .hint(format!("Write it as {form}."))
}

fn shown(text: &str) -> String {
    clean_line(text).chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(entries: &[&str]) -> Vec<String> {
        entries.iter().map(|&entry| entry.to_owned()).collect()
    }

    #[test]
    fn an_unknown_platform_or_word_is_refused_with_what_to_write() {
        let catalog = Catalog::builtin().unwrap();
        let known = catalog.iter().next().unwrap().id.to_string();
        let parse = |entry: String| parse(&catalog, &[entry]);
        assert!(parse(format!("{known}=active")).is_ok());
        let fault = parse(format!("{known}=on")).unwrap_err();
        assert!(fault.hint.contains("active, inactive or off"), "{fault}");
        let fault = parse(format!("{known}x=active")).unwrap_err();
        assert!(fault.hint.contains(&known), "{fault}");
        assert!(parse(known).is_err());
    }

    #[test]
    fn a_setting_may_hold_an_equals_sign() {
        let settings = settings(&lines(&["url=https://a.example/?b=c", "empty="])).unwrap();
        assert_eq!(settings["url"], "https://a.example/?b=c");
        assert_eq!(settings["empty"], "");
        assert!(super::settings(&lines(&["a=1", "a=2"])).is_err());
    }
}
