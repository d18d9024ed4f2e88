//! Ctrl-z, `fg`, and stops that come from elsewhere, behind a real shell.

use super::{
    ends_clean, process_shown, small_program, start,
    support::{
        process::wait_until_ended,
        pty::{Pty, contains},
    },
};
use rustix::process::{Signal, kill_process};
use std::process::Command;

#[test]
fn the_leader_of_a_session_is_not_suspended_and_says_why() {
    let mut pty = start();
    pty.type_keys("\x1a");
    pty.wait_for("no shell is there to bring it back");
    assert!(pty.leaks().contains(&"alternate screen"));
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

/// A shell with job control, which runs what `$RUN` says.
fn shell() -> Pty {
    let program = small_program::command();
    let mut run = program.get_program().to_string_lossy().into_owned();
    for argument in program.get_args() {
        run.push(' ');
        run.push_str(&argument.to_string_lossy());
    }
    let mut command = Command::new("/bin/sh");
    command
        .arg("-i")
        .env("PS1", "shell> ")
        .env("RUN", run)
        .env_remove("ENV");
    for (key, value) in program.get_envs() {
        command.env(key, value.expect("a value"));
    }
    let pty = Pty::spawn(&command, 80, 24);
    pty.wait_for("shell> ");
    // Line editing sets modes of its own, which are not ours to test.
    pty.type_keys("set +o emacs; echo plain-${RUN:+line}\r");
    pty.wait_for("plain-line");
    pty
}

#[test]
fn ctrl_z_gives_the_shell_its_terminal_and_fg_brings_everything_back() {
    let pty = shell();
    pty.type_keys("$RUN\r");
    pty.wait_for("ready 80x24");
    pty.type_keys("m");
    pty.wait_for("mouse true");
    for _ in 0..2 {
        let stopped = pty.bytes_so_far();
        pty.type_keys("\x1a");
        pty.wait_for_bytes(stopped, b"shell> ");
        pty.wait_until_restored();
        let before = pty.bytes_so_far();
        pty.type_keys("echo in-the-${RUN:+shell}\r");
        pty.wait_for("in-the-shell");
        pty.type_keys("fg\r");
        pty.wait_for_bytes(before, b"ready 80x24");
        pty.wait_for("back");
        assert!(pty.leaks().contains(&"mouse"), "the mouse is on again");
        pty.type_keys("x");
        pty.wait_for("key Char('x')");
        assert!(!pty.screen().contains("resumed"), "drawn again only once");
    }
    pty.type_keys("q");
    pty.wait_for("in-the-shell");
    pty.type_keys("echo ended-$?-${RUN:+now}\r");
    pty.wait_for("ended-0-now");
    pty.wait_until_restored();
}

#[test]
fn a_stop_from_outside_is_mended_on_the_way_back() {
    let pty = shell();
    pty.type_keys("$RUN\r");
    pty.wait_for("ready");
    let process = process_shown(&pty);
    let stopped = pty.bytes_so_far();
    kill_process(process, Signal::TSTP).expect("the program is there");
    pty.wait_for_bytes(stopped, b"shell> ");
    let before = pty.bytes_so_far();
    // Not every shell cooks the line again, and in a raw one Enter is no line end.
    pty.type_keys("fg\n");
    pty.wait_for_bytes(before, b"\x1b[?1049h");
    pty.wait_for("resumed");
    pty.wait_for_bytes(before, b"ready 80x24");
    assert!(!pty.is_cooked());
    pty.type_keys("q");
    pty.wait_until_restored();
}

#[test]
fn a_stopped_program_can_be_ended_without_touching_the_shells_screen() {
    let pty = shell();
    pty.type_keys("$RUN\r");
    pty.wait_for("ready");
    let process = process_shown(&pty);
    let stopped = pty.bytes_so_far();
    pty.type_keys("\x1a");
    pty.wait_for_bytes(stopped, b"shell> ");
    pty.wait_until_restored();
    let before = pty.bytes_so_far();
    kill_process(process, Signal::TERM).expect("the program is there");
    kill_process(process, Signal::CONT).expect("the program is there");
    // Some shells answer 148, "stopped", until they have noticed the end.
    pty.type_keys("while wait %1; s=$?; [ $s = 148 ]; do :; done; echo ended-$s-${RUN:+now}\r");
    pty.wait_for("ended-143-now");
    assert!(!contains(&pty.bytes()[before..], b"\x1b[?1049h"));
    pty.wait_until_restored();
}

#[test]
fn a_stopped_program_ends_with_its_terminal() {
    let mut pty = shell();
    pty.type_keys("$RUN\r");
    pty.wait_for("ready");
    let process = process_shown(&pty);
    let stopped = pty.bytes_so_far();
    pty.type_keys("\x1a");
    pty.wait_for_bytes(stopped, b"shell> ");
    pty.close_terminal();
    wait_until_ended(process);
}
