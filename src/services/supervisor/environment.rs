//! Environment files: variables with their secrets, for their owner alone, read by both kinds of supervisor.
//!
//! The form is that of systemd's `EnvironmentFile=` (systemd.exec(5)): `NAME="value"`, where a backslash stands before
//! `"`, `\`, `` ` `` and `$`.

use super::super::files::{self, storage};
use crate::domain::{Fault, FaultKind};
use secrecy::{ExposeSecret as _, SecretString};
use std::{collections::BTreeMap, fs, os::unix::fs::PermissionsExt as _, path::Path};
use zeroize::Zeroizing;

/// Writes these variables to a file of mode 0600, whole or not at all.
///
/// # Errors
/// [`FaultKind::BadInput`] when a name or a value cannot stand in such a file (it is named, its value is not told),
/// [`FaultKind::Storage`].
pub fn write(path: &Path, variables: &BTreeMap<String, SecretString>) -> Result<(), Fault> {
    let mut text = Zeroizing::new(String::new());
    for (name, value) in variables {
        let value = value.expose_secret();
        let is_name = name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
            && name
                .bytes()
                .next()
                .is_some_and(|byte| !byte.is_ascii_digit());
        if !is_name
            || value
                .chars()
                .any(|letter| letter.is_control() && letter != '\n')
        {
            return Err(Fault::new(
                FaultKind::BadInput,
                format!(
                    "The variable {name:?} or its value has characters that no environment takes."
                ),
            )
            .hint("Enter the value again, without control characters."));
        }
        text.push_str(name);
        text.push_str("=\"");
        for letter in value.chars() {
            if matches!(letter, '"' | '\\' | '`' | '$') {
                text.push('\\');
            }
            text.push(letter);
        }
        text.push_str("\"\n");
    }
    files::write(path, text.as_bytes())
}

/// The variables of such a file.
///
/// # Errors
/// [`FaultKind::Storage`] when it cannot be read, is open to other users, or is not what [`write()`] wrote.
pub fn read(path: &Path) -> Result<BTreeMap<String, SecretString>, Fault> {
    let about = fs::metadata(path)
        .map_err(|error| storage("The environment file cannot be read", path, &error))?;
    if about.permissions().mode() & 0o077 != 0 {
        return Err(Fault::new(
            FaultKind::Storage,
            format!(
                "The environment file {} is open to other users.",
                path.display()
            ),
        )
        .hint("Close it with chmod 600 and change the secrets in it, then activate the instance again."));
    }
    let bytes = fs::read(path)
        .map(Zeroizing::new)
        .map_err(|error| storage("The environment file cannot be read", path, &error))?;
    std::str::from_utf8(&bytes)
        .ok()
        .and_then(parse)
        .ok_or_else(|| {
            Fault::new(
                FaultKind::Storage,
                format!(
                    "The environment file {} is not what Guildhall wrote.",
                    path.display()
                ),
            )
            .hint("Configure the instance again; the file is then written anew.")
        })
}

fn parse(text: &str) -> Option<BTreeMap<String, SecretString>> {
    let mut variables = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (name, after) = rest.split_once("=\"")?;
        let mut value = Zeroizing::new(String::new());
        let mut letters = after.char_indices();
        let end = loop {
            match letters.next()? {
                (place, '"') => break place,
                (_, '\\') => value.push(letters.next()?.1),
                (_, letter) => value.push(letter),
            }
        };
        variables.insert(name.to_owned(), SecretString::from(value.as_str()));
        rest = after[end + 1..].strip_prefix('\n')?;
    }
    Some(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_comes_back_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        let values = [
            ("PLAIN", "abc"),
            ("EMPTY", ""),
            ("ODD", r#" a"b\c$HOME`x` '#; =" "#),
            ("LINES", "one\ntwo"),
        ];
        let variables = values
            .iter()
            .map(|(name, value)| ((*name).to_owned(), SecretString::from(*value)))
            .collect();
        write(&path, &variables).unwrap();
        let found = read(&path).unwrap();
        assert_eq!(found.len(), values.len());
        for (name, value) in values {
            assert_eq!(found[name].expose_secret(), value, "{name}");
        }
        assert_eq!(
            fs::metadata(&path).unwrap().permissions().mode() & 0o777,
            0o600
        );
    }

    #[test]
    fn what_cannot_be_kept_is_refused_without_being_told() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("env");
        let bad = BTreeMap::from([("KEY".to_owned(), SecretString::from("hush\u{7}hush"))]);
        let fault = write(&path, &bad).unwrap_err();
        assert!(fault.what.contains("KEY") && !fault.what.contains("hush"));
        let good = BTreeMap::from([("KEY".to_owned(), SecretString::from("x"))]);
        write(&path, &good).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(
            read(&path)
                .unwrap_err()
                .what
                .contains("open to other users")
        );
    }
}
