//! Holds the arrows between the rooms (see `src/lib.rs`): an import against an arrow fails here, with file and line.

#![expect(clippy::unwrap_used, reason = "a test")]

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// What each room may know. A room always knows itself and `domain`.
fn arrows() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        ("domain", [].as_slice()),
        ("catalog", &[]),
        ("store", &[]),
        ("vault", &[]),
        ("services", &["catalog", "store"]),
        ("adapters", &["catalog", "vault", "services"]),
        (
            "engine",
            &["catalog", "store", "vault", "adapters", "services"],
        ),
        ("sandbox", &["catalog"]),
        ("tui", &["catalog", "engine"]),
        (
            "cli",
            &[
                "catalog", "vault", "services", "engine", "tui", "sandbox", "adapters",
            ],
        ),
    ])
}

/// Crates that only some rooms may use: SQL in the store and in the looks into local services' databases, HTTP in the adapters, the terminal on the screen.
fn foreign_crates() -> BTreeMap<&'static str, &'static [&'static str]> {
    BTreeMap::from([
        // Local services: a look into the databases of the services, never ours.
        ("rusqlite", ["store", "sandbox", "services"].as_slice()),
        ("reqwest", &["adapters"]),
        ("axum", &["sandbox", "services"]),
        ("ratatui", &["tui"]),
        ("crossterm", &["tui"]),
        ("clap", &["cli"]),
        ("age", &["vault"]),
        ("ssh_key", &["domain"]),
        ("anyhow", &["cli"]),
    ])
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

/// Every source line of a room, as (place, line).
fn lines_of(room: &str) -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src").join(room);
    let mut files = Vec::new();
    rust_files(&folder, &mut files);
    assert!(!files.is_empty(), "the room {room} has no files");
    let mut lines = Vec::new();
    for file in files {
        let name = file
            .strip_prefix(env!("CARGO_MANIFEST_DIR"))
            .unwrap()
            .display()
            .to_string();
        for (number, line) in fs::read_to_string(&file).unwrap().lines().enumerate() {
            lines.push((format!("{name}:{}", number + 1), line.to_owned()));
        }
    }
    lines
}

fn is_comment(line: &str) -> bool {
    line.trim_start().starts_with("//")
}

/// The rooms that a line names as `crate::room`, single or in a braced list.
fn rooms_named(line: &str) -> Vec<String> {
    let mut rooms = Vec::new();
    for (start, _) in line.match_indices("crate::") {
        let rest = &line[start + "crate::".len()..];
        if let Some(list) = rest.strip_prefix('{') {
            let mut depth = 0_u32;
            let mut word = String::new();
            let mut at_head = true;
            for character in list.chars() {
                match character {
                    '{' => depth += 1,
                    '}' if depth == 0 => break,
                    '}' => depth -= 1,
                    ',' if depth == 0 => {
                        rooms.push(std::mem::take(&mut word));
                        at_head = true;
                        continue;
                    }
                    ':' if depth == 0 => at_head = false,
                    _ => {}
                }
                if depth == 0 && at_head && (character.is_alphanumeric() || character == '_') {
                    word.push(character);
                }
            }
            rooms.push(word);
        } else {
            rooms.push(
                rest.chars()
                    .take_while(|c| c.is_alphanumeric() || *c == '_')
                    .collect(),
            );
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

#[test]
fn every_import_follows_an_arrow() {
    let arrows = arrows();
    let mut wrong = Vec::new();
    for (room, known) in &arrows {
        for (place, line) in lines_of(room) {
            if is_comment(&line) {
                continue;
            }
            for named in rooms_named(&line) {
                let is_room = arrows.contains_key(named.as_str());
                let allowed =
                    named == *room || named == "domain" || known.contains(&named.as_str());
                if is_room && !allowed {
                    wrong.push(format!("{place}: {room} must not know {named}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sql_http_and_the_terminal_stay_in_their_rooms() {
    let mut wrong = Vec::new();
    for (name, homes) in foreign_crates() {
        for room in arrows().keys().filter(|room| !homes.contains(room)) {
            for (place, line) in lines_of(room) {
                if names_crate(&line, name) && !is_comment(&line) {
                    wrong.push(format!("{place}: {room} must not use {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_rule_no_table_no_screen_and_no_command_names_a_platform() {
    let names: Vec<String> =
        fs::read_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/platforms"))
            .unwrap()
            .map(|entry| {
                entry
                    .unwrap()
                    .path()
                    .file_stem()
                    .unwrap()
                    .to_string_lossy()
                    .into_owned()
            })
            .collect();
    assert!(names.len() >= 11, "only {} manifests found", names.len());
    let mut wrong = Vec::new();
    for room in ["domain", "store", "tui", "engine", "cli"] {
        for (place, line) in lines_of(room) {
            let lower = line.to_lowercase();
            for name in names.iter().chain([&"open collective".to_owned()]) {
                if contains_word(&lower, name) {
                    wrong.push(format!("{place}: names {name}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Whether `word` stands in `text` on its own, so that `slackening` or `matrix_of` do not count as platforms.
fn contains_word(text: &str, word: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    text.match_indices(word).any(|(start, _)| {
        let before = text[..start].chars().next_back();
        let after = text[start + word.len()..].chars().next();
        !before.is_some_and(joins) && !after.is_some_and(joins)
    })
}

/// Whether a line takes something of a crate; a module of ours may end in the same word.
fn names_crate(line: &str, name: &str) -> bool {
    let joins = |character: char| character.is_alphanumeric() || character == '_';
    line.match_indices(name).any(|(start, _)| {
        let (before, after) = (&line[..start], &line[start + name.len()..]);
        let whole = !before.ends_with(joins) && !after.starts_with(joins);
        whole && (after.starts_with("::") || before.ends_with("use "))
    })
}

#[test]
fn the_test_itself_sees_what_it_should() {
    assert!(names_crate("    age::Decryptor::new(input)", "age"));
    assert!(names_crate("use age;", "age"));
    assert!(!names_crate("Key::Age(age) => key_age::run(&age)", "age"));
    assert_eq!(
        rooms_named("use crate::{domain::{A, B}, store::Store, tui};"),
        ["domain", "store", "tui"]
    );
    assert_eq!(
        rooms_named("    crate::engine::run(crate::vault::X)"),
        ["engine", "vault"]
    );
    assert!(contains_word("a slack room", "slack") && !contains_word("slackening", "slack"));
}
