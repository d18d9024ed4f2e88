//! What a terminal is sent while secrets are typed and pasted into it: dots and endings, and never a secret.

use crate::forms::Needles;
use crate::support::pty::Pty;
use rustix::process::Signal;
use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

const PASSPHRASE: &str = "canary horse b%ttery staple";

/// The program on simulated platforms.
fn program(home: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command.arg("--home").arg(home).arg("--sandbox");
    command.args(arguments);
    command
}

/// A ready-made key of the simulated Loomio.
fn key(home: &Path) -> String {
    let output = program(home, &["--json", "sandbox", "keys"])
        .output()
        .expect("the keys");
    let keys: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    keys["loomio"]["api_key"]
        .as_str()
        .expect("a key")
        .to_owned()
}

fn assert_unseen(pty: &Pty, secrets: &[(&str, &str)]) {
    let mut needles = Needles::new();
    for (name, secret) in secrets {
        needles.add(name, secret);
    }
    let found = needles.found_in(&pty.bytes());
    assert!(found.is_empty(), "{found:?}:\n{}", pty.screen());
}

/// The recovery key is there to be seen, once; its last four characters are asked for.
fn last_four(screen: &str) -> String {
    let line = screen
        .lines()
        .map(|line| line.trim_matches(|one: char| !one.is_ascii_alphanumeric()))
        .find(|line| line.split(' ').count() == 10 && line.to_uppercase() == **line)
        .unwrap_or_else(|| panic!("no recovery key on the screen:\n{screen}"));
    line[line.len() - 4..].to_owned()
}

#[test]
fn the_screen_shows_no_secret_that_is_typed_or_pasted() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let mut pty = Pty::spawn(&program(home, &[]), 120, 40);
    pty.wait_for("1 of 5");
    pty.type_keys("\x15commons\r");
    pty.wait_for("2 of 5");
    pty.type_keys(&format!("\t{PASSPHRASE}\r{PASSPHRASE}\r"));
    pty.wait_for("Last four");
    let four = last_four(&pty.screen());
    pty.type_keys(&format!("\x15{four}\r"));
    pty.wait_for("3 of 5");
    pty.type_keys("\x1b[A\r");
    pty.wait_for("4 of 5");
    pty.type_keys("\r");
    pty.wait_for("5 of 5");
    pty.type_keys("Rosewood");
    pty.wait_for("Rosewood");
    pty.type_keys("\x1b[A\r");
    // Stands in the plan; until then nothing can be agreed to.
    pty.wait_for("needs a key");
    pty.type_keys("\t\r");
    pty.wait_for("needs key");

    let key = key(home);
    let ending = &key[key.len() - 4..];
    pty.type_keys("\r/loomio\re");
    pty.wait_for("Key for Loomio");
    pty.paste(&format!("{key}\r\n"));
    pty.wait_for(&format!("ends in {ending}"));
    assert_unseen(&pty, &[("the passphrase", PASSPHRASE), ("the key", &key)]);
    // Typed over by another one, letter by letter, which is refused by the platform.
    let other = "Canary0Typed0Key0Of0The0Right0Shape";
    pty.type_keys(&format!("\x15{other}"));
    pty.wait_for("ends in hape");
    pty.type_keys("\x1b");
    pty.resize(100, 30);
    pty.type_keys("\x1b");
    pty.wait_for("needs key");
    pty.type_keys("\x03");
    pty.type_keys("q");
    pty.exit_code();
    pty.assert_restored();
    let typed = [
        ("the passphrase", PASSPHRASE),
        ("the key", key.as_str()),
        ("another key", other),
    ];
    assert_unseen(&pty, &typed);
}

#[test]
fn a_command_asks_for_secrets_without_an_echo() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let made = program(home, &["init", "--name", "Canary"])
        .output()
        .expect("set up");
    assert!(made.status.success(), "{made:?}");
    let create = program(home, &["community", "create", "Rosewood"])
        .output()
        .expect("a community");
    assert!(matches!(create.status.code(), Some(0 | 3)), "{create:?}");
    let key = key(home);
    let mut pty = Pty::spawn(
        &program(
            home,
            &[
                "key",
                "set",
                "rosewood",
                "loomio",
                "--setting",
                "group=rosewood",
            ],
        ),
        120,
        40,
    );
    // Asked for with the echo off already.
    pty.wait_for("(not shown):");
    assert!(!pty.is_cooked());
    pty.type_keys(&format!("{key}\r"));
    assert_eq!(pty.exit_code(), 0, "{}", pty.screen());
    assert_unseen(&pty, &[("the key", &key)]);
    assert!(pty.is_cooked());
}

#[test]
fn a_revealed_key_does_not_stay_on_the_terminal_of_a_command_that_is_ended() {
    let folder = tempfile::tempdir().expect("a folder");
    let home = folder.path();
    let identity = home.join("identity");
    let identity = identity.to_str().expect("a path");
    let only_loomio = ["policykit", "kybern", "sourcecred", "opencollective"]
        .map(|platform| format!("--platform={platform}=off"));
    let mut create = vec!["community", "create", "Rosewood", "--yes"];
    create.extend(only_loomio.iter().map(String::as_str));
    done(
        home,
        &["init", "--name", "commons", "--identity-file", identity],
        "",
    );
    done(home, &create, "");
    let key = key(home);
    let set = [
        "key",
        "set",
        "rosewood",
        "loomio",
        "--setting",
        "group=rosewood",
    ];
    done(home, &set, &key);

    let reveal = [
        "key",
        "reveal",
        "rosewood",
        "loomio",
        "--why=a test",
        "--for=300",
        "--yes",
    ];
    let mut pty = Pty::spawn(&program(home, &reveal), 80, 24);
    pty.wait_for(&key);
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    pty.assert_restored();
    assert!(!pty.screen().contains(&key), "{}", pty.screen());
}

/// Runs a command that reads this from its standard input; it may end waiting for a key.
fn done(home: &Path, arguments: &[&str], input: &str) {
    let mut child = program(home, arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("it starts");
    let mut stdin = child.stdin.take().expect("its input");
    // One that reads nothing may be over already.
    let _ = writeln!(stdin, "{input}");
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        matches!(output.status.code(), Some(0 | 3)),
        "{arguments:?}: {said}"
    );
}
