//! The real program in a real terminal: the screen it starts with, its keys, pastes, sizes, job control and every way
//! out. What is on the screen is waited for; nothing here knows how fast the machine is.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

#[expect(dead_code, reason = "these tests need a part of it")]
#[path = "cli/program.rs"]
mod program;
#[expect(dead_code, reason = "these tests need a part of it")]
mod support;

use program::Home;
use rustix::process::Signal;
use std::process::Command;
use support::pty::{Pty, contains};

/// Keys that a terminal sends.
const ENTER: &str = "\r";
const TAB: &str = "\t";
const ESCAPE: &str = "\x1b";
const UP: &str = "\x1b[A";
const BACKSPACE: &str = "\x7f";
const CLEAR_LINE: &str = "\x15";
const CTRL_Z: &str = "\x1a";

/// Stands in every secret; the terminal must never be sent it.
const CANARY: &str = "canary";
const KEY: &str = "canary-0123456789abcdef";

/// A home with one community, made by commands.
fn home_with_a_community() -> Home {
    let home = Home::empty();
    let identity = home.path().with_file_name("identity.txt");
    let identity = identity.to_str().unwrap();
    let init = ["init", "--name", "Commons", "--identity-file", identity];
    home.run(&init).ends_with(0);
    let create = ["--yes", "community", "create", "Rosewood Co-op"];
    let answer = home.run(&create);
    // 3: it is there, and its instances wait for keys.
    assert!([0, 3].contains(&answer.code), "{answer:?}");
    home
}

fn screen_command(home: &Home) -> Command {
    let mut command = home.command();
    command
        .arg("--sandbox")
        .env("LANG", "C.UTF-8")
        .env("TERM", "xterm-256color");
    let identity = home.path().with_file_name("identity.txt");
    if identity.exists() {
        command.arg("--identity-file").arg(identity);
    }
    command
}

/// The screen of that home, when it shows the community and its instances.
fn start(home: &Home, columns: u16, rows: u16) -> Pty {
    let pty = Pty::spawn(&screen_command(home), columns, rows);
    pty.wait_for("Rosewood Co-op");
    if columns >= 80 {
        pty.wait_for("Loomio");
    }
    pty
}

fn ends_clean(pty: &mut Pty, code: i32) {
    assert_eq!(pty.exit_code(), code);
    pty.assert_restored();
    assert_eq!(pty.questions(), Vec::<String>::new());
}

/// Puts the cursor on a platform's row by the filter of the instances.
fn go_to(pty: &Pty, platform: &str) {
    pty.type_keys(ENTER);
    pty.type_keys("/");
    pty.wait_for("filter:");
    pty.type_keys(platform);
    pty.type_keys(ENTER);
    pty.wait_for(&format!("/{platform}"));
}

#[test]
fn the_start_shows_communities_instances_and_keys_and_asks_the_terminal_nothing() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    for text in ["SANDBOX", "Communities", "needs key", "? help", "q quit"] {
        pty.wait_for(text);
    }
    assert_eq!(
        pty.leaks(),
        ["cursor hidden", "alternate screen", "bracketed paste"],
        "and nothing else while it runs"
    );
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn help_palette_and_filter_open_by_their_keys_and_close_by_escape() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    let closed = "? help";
    for (key, shown) in [("?", "Show all keys"), (":", "Find an action")] {
        pty.type_keys(key);
        pty.wait_for(shown);
        pty.type_keys(ESCAPE);
        pty.wait_for(closed);
    }
    pty.type_keys("/");
    pty.type_keys("nobody");
    pty.wait_for("No community matches.");
    pty.type_keys(ESCAPE);
    pty.wait_for("> ");
    pty.wait_for("Rosewood Co-op");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn space_switches_an_instance_and_the_database_knows_it() {
    let home = home_with_a_community();
    assert_eq!(home.row("rosewood-co-op", "policykit")["desired"], "active");
    let mut pty = start(&home, 120, 40);
    go_to(&pty, "policykit");
    pty.type_keys(" ");
    pty.wait_for("inactive");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
    assert_eq!(
        home.row("rosewood-co-op", "policykit")["desired"],
        "inactive"
    );
}

#[test]
fn pastes_into_a_secret_field_are_masked_and_a_newline_sends_nothing() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    go_to(&pty, "loomio");
    pty.type_keys("e");
    pty.wait_for("Key for Loomio");
    pty.paste(&format!("{}-", CANARY.repeat(2)).repeat(800)[..10_000]);
    pty.wait_for("Only the first 4096 characters fit");
    pty.type_keys(CLEAR_LINE);
    pty.paste(&format!("{KEY}\r\n"));
    pty.wait_for("shape ok");
    pty.wait_for("ends in cdef");
    // Still a field to type in: nothing was sent to the platform.
    pty.type_keys(BACKSPACE);
    pty.wait_for("ends in bcde");
    let screen = pty.screen();
    assert!(
        !screen.contains("Asking") && !screen.contains("verified"),
        "{screen}"
    );
    // Killed with the secret in the field.
    pty.signal(Signal::TERM);
    ends_clean(&mut pty, 143);
    assert!(!contains(&pty.bytes(), CANARY.as_bytes()), "{screen}");
    assert_eq!(home.row("rosewood-co-op", "loomio")["state"], "needs key");
}

#[test]
fn every_size_is_drawn_down_to_one_cell() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    let mut before = pty.bytes_so_far();
    pty.resize(40, 15);
    pty.wait_for_bytes(before, b"\x1b[2J");
    pty.wait_for_bytes(before, b"Rosewood Co-op");
    before = pty.bytes_so_far();
    pty.resize(1, 1);
    pty.wait_for_bytes(before, b"\x1b[2J");
    pty.type_keys("jk?\x1b");
    before = pty.bytes_so_far();
    pty.resize(80, 24);
    pty.wait_for_bytes(before, b"\x1b[2J");
    for text in ["SANDBOX", "Rosewood Co-op", "Loomio", "? help"] {
        pty.wait_for(text);
    }
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_the_screen_back() {
    let home = home_with_a_community();
    let program = screen_command(&home);
    let mut run = program.get_program().to_str().unwrap().to_owned();
    for argument in program.get_args() {
        run.push(' ');
        run.push_str(argument.to_str().unwrap());
    }
    let mut shell = Command::new("/bin/sh");
    shell
        .arg("-i")
        .env("PS1", "shell> ")
        .env("RUN", run)
        .env_remove("ENV");
    for (key, value) in program.get_envs() {
        shell.env(key, value.unwrap());
    }
    let pty = Pty::spawn(&shell, 120, 40);
    pty.wait_for("shell> ");
    // Line editing sets modes of its own, which are not ours to test.
    pty.type_keys("set +o emacs; echo plain-${RUN:+line}\r");
    pty.wait_for("plain-line");
    pty.type_keys("$RUN\r");
    pty.wait_for("Loomio");
    let stopped = pty.bytes_so_far();
    pty.type_keys(CTRL_Z);
    pty.wait_for_bytes(stopped, b"shell> ");
    pty.wait_until_restored();
    pty.type_keys("echo in-the-${RUN:+shell}\r");
    pty.wait_for("in-the-shell");
    let before = pty.bytes_so_far();
    pty.type_keys("fg\r");
    pty.wait_for_bytes(before, b"Communities");
    pty.wait_for("Loomio");
    assert!(pty.leaks().contains(&"bracketed paste"));
    pty.type_keys("?");
    pty.wait_for("Show all keys");
    pty.type_keys(ESCAPE);
    pty.wait_for("? help");
    pty.type_keys("q");
    pty.wait_for("in-the-shell");
    pty.type_keys("echo ended-$?-${RUN:+now}\r");
    pty.wait_for("ended-0-now");
    pty.wait_until_restored();
}

#[test]
fn each_signal_ends_it_clean_with_its_code() {
    let home = home_with_a_community();
    for (signal, code) in [(Signal::TERM, 143), (Signal::HUP, 129), (Signal::INT, 130)] {
        let mut pty = start(&home, 120, 40);
        pty.signal(signal);
        ends_clean(&mut pty, code);
    }
    // Nothing was lost, and nothing is locked.
    home.row("rosewood-co-op", "loomio");
}

#[test]
fn a_closed_terminal_ends_it() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    pty.close_terminal();
    assert_eq!(pty.exit_code(), 129);
    home.row("rosewood-co-op", "loomio");
}

#[test]
fn a_closed_terminal_ends_it_where_no_signal_comes() {
    let home = home_with_a_community();
    let program = screen_command(&home);
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; \"$@\"; exit $?", "sh"]);
    command.arg(program.get_program()).args(program.get_args());
    for (key, value) in program.get_envs() {
        command.env(key, value.unwrap());
    }
    let mut pty = Pty::spawn(&command, 120, 40);
    pty.wait_for("Loomio");
    pty.close_terminal();
    assert_eq!(pty.exit_code(), 129);
}

/// The four characters that the set-up wants typed back, read from the screen as a person would.
fn last_four_shown(screen: &str) -> String {
    let line = screen
        .lines()
        .map(str::trim)
        .find(|line| line.split(' ').count() == 10 && line.to_uppercase() == **line)
        .unwrap_or_else(|| panic!("no recovery key on the screen:\n{screen}"));
    line[line.len() - 4..].to_owned()
}

#[test]
fn from_an_empty_home_to_a_community_by_keys_alone() {
    const PASSPHRASE: &str = "canary horse battery staple";
    let home = Home::empty();
    let mut pty = Pty::spawn(&screen_command(&home), 120, 40);
    pty.wait_for("1 of 5");
    pty.type_keys(CLEAR_LINE);
    pty.type_keys("Commons\r");
    pty.wait_for("2 of 5");
    pty.type_keys(&format!("{TAB}{PASSPHRASE}{ENTER}{PASSPHRASE}{ENTER}"));
    pty.wait_for("Last four");
    let four = last_four_shown(&pty.screen());
    pty.type_keys(&format!("{four}{ENTER}"));
    pty.wait_for("3 of 5");
    // From the first choice backwards to the button: the proposals are taken.
    pty.type_keys(&format!("{UP}{ENTER}"));
    pty.wait_for("4 of 5");
    pty.type_keys(ENTER);
    pty.wait_for("5 of 5");
    pty.type_keys(&format!("Rosewood Co-op{UP}{ENTER}"));
    pty.wait_for("Nothing has been sent yet.");
    pty.type_keys(&format!("{TAB}{ENTER}"));
    pty.wait_for("Communities");
    pty.wait_for("Loomio");
    pty.wait_for("needs key");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
    assert!(!contains(&pty.bytes(), CANARY.as_bytes()));

    let policykit = home.row("rosewood-co-op", "policykit");
    assert_eq!(policykit["desired"], "active", "{policykit}");
    let loomio = home.row("rosewood-co-op", "loomio");
    assert_eq!(loomio["state"], "needs key", "{loomio}");
}

#[test]
fn what_another_guildhall_does_shows_without_a_key() {
    let home = home_with_a_community();
    let mut pty = start(&home, 120, 40);
    let create = ["--yes", "community", "create", "Tamarack Library"];
    let answer = home.run(&create);
    assert!([0, 3].contains(&answer.code), "{answer:?}");
    pty.wait_for("Tamarack Library");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}
