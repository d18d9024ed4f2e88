//! Where secrets come from, and that they are nowhere else.

#![expect(clippy::unwrap_used, reason = "a test")]

use crate::program::{Home, files_below};
use std::{
    fs,
    time::{Duration, Instant},
};

const PASSPHRASE: &str = "canary-correct-horse-battery";

/// A home whose vault opens with a passphrase and a recovery key, each read from a file by its descriptor.
fn with_passphrase() -> Home {
    let home = Home::empty();
    fs::write(home.path().with_file_name("passphrase"), PASSPHRASE).unwrap();
    home.shell(
        "\"$guildhall\" --sandbox init --name Commons --passphrase-fd 3 3<passphrase --recovery-key-fd 4 4>recovery",
    )
    .ends_with(0);
    home
}

#[test]
fn locked_work_waits_and_goes_on_at_the_unlock() {
    let home = with_passphrase();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let unlock = "\"$guildhall\" --sandbox unlock --passphrase-fd 3 3<";
    home.shell(&format!("{unlock}passphrase")).ends_with(0);
    fs::write(home.path().with_file_name("wrong"), "another-passphrase").unwrap();
    home.shell(&format!("{unlock}wrong")).refused_with(5, "");
    home.shell("\"$guildhall\" --sandbox unlock --recovery-key-fd 3 3<recovery")
        .ends_with(0);
    home.shell("\"$guildhall\" --sandbox unlock --passphrase-fd 9")
        .refused_with(2, "not open");
    home.run(&["unlock"]).refused_with(2, "Passphrase");
}

#[test]
fn the_recovery_key_is_shown_once_or_written_where_it_is_wanted() {
    let home = with_passphrase();
    let written = fs::read_to_string(home.path().with_file_name("recovery")).unwrap();
    assert_eq!(written.split_whitespace().count(), 10, "ten groups");
    let shown = Home::empty()
        .run(&["init", "--name", "Commons", "--json"])
        .ends_with(0)
        .json();
    assert!(shown["recovery_key"].as_str().unwrap().len() > 58);
}

/// Whoever opens the vault with the passphrase opens it after the vault got another key, too.
fn still_opens(home: &Home) {
    home.shell("\"$guildhall\" --sandbox unlock --passphrase-fd 3 3<passphrase")
        .ends_with(0);
}

#[test]
fn another_recovery_key_goes_where_it_is_wanted_and_the_passphrase_opens_the_vault_still() {
    let home = with_passphrase();
    let replace = "\"$guildhall\" --sandbox --yes --passphrase-fd 3 3<passphrase vault replace-recovery-key --recovery-key-fd 4";
    home.shell(&format!("{replace} 4>recovery-two"))
        .ends_with(0);
    still_opens(&home);
    let unlock = "\"$guildhall\" --sandbox unlock --recovery-key-fd 3 3<";
    home.shell(&format!("{unlock}recovery-two")).ends_with(0);
    home.shell(&format!("{unlock}recovery")).refused_with(5, "");

    // Where it cannot be written it is shown: nobody else has it, and the former opens nothing any more.
    let shown = home
        .shell(&format!("{replace} --json 4>/dev/full"))
        .ends_with(0)
        .json();
    let key = shown["recovery_key"].as_str().unwrap();
    fs::write(home.path().with_file_name("recovery-three"), key).unwrap();
    home.shell(&format!("{unlock}recovery-three")).ends_with(0);
}

#[test]
fn who_stays_opens_the_vault_when_somebody_was_removed() {
    let home = with_passphrase();
    let vault = "\"$guildhall\" --sandbox --yes --passphrase-fd 3 3<passphrase vault";
    home.shell(&format!("{vault} add bob --new-key-file bob.key"))
        .ends_with(0);
    home.shell(&format!("{vault} remove bob")).ends_with(0);
    still_opens(&home);
    home.shell("\"$guildhall\" --sandbox unlock --identity-file bob.key")
        .refused_with(5, "");
}

/// Processes whose arguments or environment hold a text.
fn processes_with(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        for file in ["cmdline", "environ"] {
            // Processes end while they are looked at, and those of others cannot be.
            if let Ok(bytes) = fs::read(entry.path().join(file))
                && String::from_utf8_lossy(&bytes).contains(text)
            {
                found.push(format!("{}/{file}", entry.path().display()));
            }
        }
    }
    found
}

#[test]
fn the_agent_keeps_the_vault_open_and_no_secret_is_seen_outside() {
    let home = with_passphrase();
    home.shell("\"$guildhall\" --sandbox unlock --for 10m --passphrase-fd 3 3<passphrase")
        .ends_with(0);
    let checks = home.run(&["doctor", "--json"]).json();
    let vault = |checks: &serde_json::Value| {
        let all = checks["checks"].as_array().unwrap();
        all.iter().find(|check| check["what"] == "vault").unwrap()["well"].clone()
    };
    assert_eq!(vault(&checks), true, "{checks}");
    assert_eq!(processes_with(PASSPHRASE), Vec::<String>::new());
    let socket = home.sandbox().join("run/agent.sock");
    assert!(socket.exists());
    home.run(&["lock"]).ends_with(0);
    let deadline = Instant::now() + Duration::from_secs(10);
    while socket.exists() {
        assert!(Instant::now() < deadline, "the agent does not end");
        std::thread::yield_now();
    }
    assert_eq!(vault(&home.run(&["doctor", "--json"]).json()), false);
}

#[test]
fn a_key_is_in_no_file_of_the_installation() {
    let home = Home::set_up();
    home.run(&["community", "create", "Rosewood"]).ends_with(0);
    let key = home.key("matrix", "access_token");
    let server = format!("homeserver={}", home.key("matrix", "homeserver"));
    let mut command = home.command();
    command.env("GUILDHALL_LOG", "trace").args([
        "--sandbox",
        "key",
        "set",
        "rosewood",
        "matrix",
        "--field",
        "access_token",
        "--setting",
        &server,
    ]);
    let answer = crate::program::answer(&mut command, &key);
    assert!(matches!(answer.code, 0 | 3), "{answer:?}");
    let copy = home.sandbox().join("copy.db");
    home.run(&["backup", copy.to_str().unwrap()]).ends_with(0);
    let files = files_below(&home.sandbox());
    assert!(
        files
            .iter()
            .any(|file| file.starts_with(home.sandbox().join("logs"))),
        "no log was written"
    );
    for file in files {
        // The simulated platforms know their own keys.
        if file.starts_with(home.sandbox().join("sandbox")) {
            continue;
        }
        let bytes = fs::read(&file).unwrap();
        let holds = bytes
            .windows(key.len())
            .any(|window| window == key.as_bytes());
        assert!(!holds, "{}", file.display());
    }
}
