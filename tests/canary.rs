//! Canaries: every secret that goes in or is made inside is looked for everywhere outside, in every form.
//!
//! Where it is looked for: the database with its journal, backups, logs, every other file of the home, arguments and
//! environment of every process while it runs, and all that any command writes. What a terminal sees is tried in
//! `tests/pty/secrets.rs`, and the text of panics in `tests/pty/leaving.rs`.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[path = "canary/forms.rs"]
mod forms;
#[path = "support/hall.rs"]
mod hall;
#[path = "support/platforms.rs"]
mod platforms;
#[path = "canary/town.rs"]
mod town;
#[path = "canary/watch.rs"]
mod watch;

use forms::Needles;
use guildhall::domain::{ExaminationId, Intent, KeyEntry};
use guildhall::engine::{NewInstallation, Protection};
use hall::Hall;
use serde_json::json;
use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};
use town::{PASSPHRASE, Town};
use watch::Watch;

#[test]
fn no_secret_is_ever_seen_outside() {
    let mut town = Town::begin();
    let watch = Watch::begin(town.hall.folder.path());
    town.live();
    let seen = watch.end();
    let mut outside = town.wrote();
    assert!(
        seen["cmdline"].len() > 10,
        "processes were watched: {}",
        seen["cmdline"].len()
    );
    for (kind, texts) in seen {
        for text in texts {
            outside.insert(
                format!("{kind} of a process: {}", String::from_utf8_lossy(&text)),
                text,
            );
        }
    }
    let mut files = BTreeMap::new();
    read_all(
        &town.hall.home(),
        &town.hall.home().join("sandbox"),
        &mut files,
    );
    read_all(&town.backup(), Path::new(""), &mut files);
    let names: BTreeSet<String> = files
        .keys()
        .map(|name| name.rsplit('/').next().unwrap().to_owned())
        .collect();
    assert!(
        names.contains("guildhall.db") && names.contains("backup"),
        "{names:?}"
    );
    assert!(
        names.iter().any(|name| name.starts_with("guildhall.log")),
        "{names:?}"
    );
    outside.extend(files);

    let secrets = town.secrets();
    let mut needles = Needles::new();
    for (name, secret) in &secrets {
        needles.add(name, secret);
    }
    for (place, bytes) in &outside {
        let found = needles.found_in(bytes);
        let shown: String = place.chars().take(300).collect();
        assert!(found.is_empty(), "{shown}: {found:#?}");
    }
    // The search itself works on what was gathered.
    let platforms = fs::read_dir(town.hall.home().join("sandbox"))
        .unwrap()
        .flatten();
    let kept: Vec<u8> = platforms
        .flat_map(|entry| fs::read(entry.path()).unwrap_or_default())
        .collect();
    let found = needles.found_in(&kept);
    assert!(
        found
            .iter()
            .any(|found| found.starts_with("the homeserver's administrator")),
        "{found:?}"
    );
}

/// Every file below a folder, or the file itself, but what lies in the folder to be left out: the platforms' own memory.
fn read_all(place: &Path, but: &Path, files: &mut BTreeMap<String, Vec<u8>>) {
    if place == but {
        return;
    }
    if place.is_dir() {
        for entry in fs::read_dir(place).unwrap().flatten() {
            read_all(&entry.path(), but, files);
        }
    } else if place.is_file() {
        files.insert(place.display().to_string(), fs::read(place).unwrap());
    }
}

#[test]
fn the_key_file_is_read_and_nowhere_copied() {
    let hall = Hall::new(true);
    let community = hall.done(
        &[
            "community",
            "create",
            "Rosewood",
            "--platform",
            "sourcecred=off",
        ],
        "",
    );
    assert_eq!(community["community"], "rosewood");
    let text = fs::read_to_string(hall.key_file()).unwrap();
    let key = text
        .lines()
        .find(|line| line.starts_with("AGE-SECRET-KEY-"))
        .unwrap();
    let mut needles = Needles::new();
    needles.add("the key file", key.trim_start_matches("AGE-SECRET-KEY-"));
    let mut files = BTreeMap::new();
    read_all(&hall.home(), &hall.home().join("sandbox"), &mut files);
    assert!(files.len() > 1);
    files.insert(
        "doctor".into(),
        hall.done(&["doctor"], "").to_string().into_bytes(),
    );
    for (place, bytes) in files {
        assert!(needles.found_in(&bytes).is_empty(), "{place}");
    }
}

#[test]
fn nothing_that_is_printed_for_debugging_holds_a_secret() {
    let entry = || KeyEntry {
        field: "api_key".to_owned(),
        secret: PASSPHRASE.into(),
    };
    let texts = [
        format!("{:?}", entry()),
        format!("{:#?}", vec![entry()]),
        format!(
            "{:?}",
            Intent::StoreKey {
                examination: ExaminationId(1),
                keep_unverified: true,
                keep_powerful: true,
            }
        ),
        format!("{:?}", Protection::Passphrase(PASSPHRASE.into())),
        format!(
            "{:?}",
            NewInstallation {
                name: "Trial".into(),
                protection: Protection::Passphrase(PASSPHRASE.into()),
                choices: BTreeMap::new(),
            }
        ),
        format!(
            "{:?}",
            guildhall::adapters::Secrets(BTreeMap::from([(
                "api_key".to_owned(),
                PASSPHRASE.into()
            )]))
        ),
    ];
    let mut needles = Needles::new();
    needles.add("the secret", PASSPHRASE);
    for text in texts {
        assert!(needles.found_in(text.as_bytes()).is_empty(), "{text}");
    }
    // And the search finds it where it is.
    let json = json!({"passphrase": PASSPHRASE}).to_string();
    assert!(!needles.found_in(json.as_bytes()).is_empty());
}
