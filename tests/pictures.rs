//! The pictures of the README: frames of the real program on simulated platforms, drawn by `support/picture.rs`.
//!
//! `GUILDHALL_WRITE_PICTURES=1 cargo test --test pictures` makes them anew. Without it the same frames are made and
//! looked at, so that what the pictures promise still stands on the screen.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "support/picture.rs"]
mod picture;
#[path = "cli/program.rs"]
#[expect(dead_code, reason = "only a part is used here")]
mod program;
#[expect(dead_code, reason = "only a part is used here")]
mod support;

use program::Home;
use std::{path::Path, process::Command};
use support::pty::Pty;

/// A home with a few communities in different states.
fn town() -> Home {
    let home = Home::empty();
    home.run(&["init", "--name", "commons.example"])
        .ends_with(0);
    let keys = home.run(&["sandbox", "keys", "--json"]).json();
    let key = |platform: &str, name: &str| keys[platform][name].as_str().unwrap().to_owned();
    for name in ["Harbour Tenants", "Mill Lane Makers", "Old Quay"] {
        home.run(&["--no-wait", "community", "create", name]);
    }
    home.run(&[
        "community",
        "create",
        "Rosewood Co-op",
        "--platform",
        "matrix=active",
    ]);
    let homeserver = format!("homeserver={}", key("matrix", "homeserver"));
    home.run(&[
        "instance",
        "configure",
        "rosewood-co-op",
        "matrix",
        &homeserver,
    ]);
    home.run_with(
        &key("matrix", "admin_token"),
        &[
            "key",
            "set",
            "rosewood-co-op",
            "matrix",
            "--field",
            "admin_token",
        ],
    );
    home.run_with(
        &key("opencollective", "token"),
        &["key", "set", "rosewood-co-op", "opencollective"],
    );
    home.run(&["check", "rosewood-co-op"]);
    home.run(&["--yes", "community", "archive", "old-quay"])
        .ends_with(0);
    home
}

/// Draws what the terminal shows, and keeps it when it is asked for.
fn draw(pty: &Pty, name: &str, title: &str) {
    let picture = pty.with_screen(|screen| picture::svg(screen, title));
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("assets/screenshots/{name}.svg"));
    if std::env::var_os("GUILDHALL_WRITE_PICTURES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, picture).unwrap();
    } else {
        assert!(path.exists(), "{} is missing", path.display());
    }
}

#[test]
fn the_pictures_show_what_the_program_shows() {
    let home = town();
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command
        .args(["--sandbox", "--home"])
        .arg(home.path())
        .env("TERM", "xterm-256color")
        .env("LC_ALL", "C.UTF-8");
    let mut pty = Pty::spawn(&command, 120, 32);
    pty.wait_for("Rosewood Co-op");
    pty.type_keys("/rose\r");
    pty.wait_for("rosewood-co-op");
    pty.type_keys("\u{1b}");
    pty.wait_for("Harbour Tenants");
    pty.type_keys("ljjjj");
    pty.wait_for("Enter API key.");
    for text in [
        "SANDBOX",
        "commons.example",
        "Matrix",
        "needs key",
        "What to do",
        "R check",
    ] {
        pty.wait_for(text);
    }
    draw(
        &pty,
        "main",
        "Communities on the left, the instances of one of them in the middle, and what to do next on the right",
    );
    pty.type_keys("e");
    pty.wait_for("Key for Loomio");
    pty.type_keys("0123456789abcdefghijklmn");
    pty.wait_for("ends in klmn");
    draw(
        &pty,
        "key",
        "The form for a key: where to get it, whose it should be, its shape while it is typed",
    );
    pty.type_keys("\u{1b}");
    pty.wait_for("Esc again");
    pty.type_keys("\u{1b}");
    pty.wait_for("space");
    pty.type_keys("q");
    assert_eq!(pty.exit_code(), 0);
}
