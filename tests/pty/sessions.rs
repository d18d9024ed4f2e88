//! A session as sshd starts it, in a terminal.

use super::support::pty::Pty;
use std::process::Command;

#[test]
fn who_comes_in_where_there_is_no_installation_sets_none_up() {
    let home = tempfile::tempdir().expect("a folder");
    let mut command = Command::new(env!("CARGO_BIN_EXE_guildhall"));
    command
        .arg("--sandbox")
        .arg("--home")
        .arg(home.path())
        .args(["session", "--actor", "1"])
        .env_clear()
        .env("PATH", "/usr/bin:/bin");
    let mut pty = Pty::spawn(&command, 80, 24);
    assert_eq!(pty.exit_code(), 2);
    let shown = pty.screen();
    assert!(
        shown.contains("There is no installation here now"),
        "{shown}"
    );
    pty.assert_restored();
}
