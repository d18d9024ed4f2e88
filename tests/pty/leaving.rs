//! Every way out that nobody chose: signals, mistakes, a terminal that goes.

use super::{
    ends_clean, process_shown,
    small_program::{self, PANIC_CANARY, STAY},
    start, start_at,
    support::{
        process::wait_until_at_rest,
        pty::{Pty, contains},
    },
};
use rustix::process::{Signal, kill_process};
use std::process::Command;

#[test]
fn each_signal_ends_it_clean_with_its_code() {
    for (signal, code) in [
        (Signal::TERM, 143),
        (Signal::INT, 130),
        (Signal::QUIT, 131),
        (Signal::HUP, 129),
    ] {
        let mut pty = start();
        pty.signal(signal);
        ends_clean(&mut pty, code);
    }
}

#[test]
fn a_signal_in_the_middle_of_a_sequence_or_a_paste_is_obeyed() {
    for begun in ["\x1b[1;", "\x1b[200~half a paste"] {
        let mut pty = start();
        pty.type_keys(begun);
        pty.signal(Signal::TERM);
        ends_clean(&mut pty, 143);
    }
}

#[test]
fn a_mistake_in_the_program_hands_the_terminal_back_and_shows_no_payload() {
    for key in ["p", "d"] {
        let mut pty = start();
        pty.type_keys(key);
        ends_clean(&mut pty, 101);
        let bytes = pty.bytes();
        let said =
            "Guildhall stopped because of a mistake of its own; everything recorded is safe.";
        assert!(
            pty.screen().replace('\n', "").contains(said),
            "{}",
            pty.screen()
        );
        assert!(contains(&bytes, b"small_program.rs:"), "where it happened");
        assert!(
            !contains(&bytes, PANIC_CANARY.as_bytes()),
            "{}",
            pty.screen()
        );
        let last_frame = bytes.windows(8).rposition(|bytes| bytes == b"\x1b[?2026h");
        let left = bytes.windows(8).position(|bytes| bytes == b"\x1b[?1049l");
        assert!(
            last_frame < left,
            "a frame was sent after the screen was left"
        );
    }
}

#[test]
fn a_mistake_in_a_task_leaves_the_screen_alone() {
    let mut pty = start();
    pty.type_keys("t");
    pty.wait_for("the task failed: true");
    assert!(pty.leaks().contains(&"alternate screen"));
    pty.type_keys("x");
    pty.wait_for("key Char('x')");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
    assert!(!contains(&pty.bytes(), PANIC_CANARY.as_bytes()));
}

#[test]
fn a_lost_terminal_ends_it() {
    let mut pty = start();
    pty.close_terminal();
    assert_eq!(pty.exit_code(), 129);
}

/// The program behind a shell that ignores SIGHUP and hands that on: nobody tells it, it must notice by itself.
fn behind_a_deaf_shell(stay: bool) -> Pty {
    let program = small_program::command();
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "trap '' HUP; \"$@\"; exit $?", "sh"]);
    command.arg(program.get_program()).args(program.get_args());
    for (key, value) in program.get_envs() {
        command.env(key, value.expect("a value"));
    }
    if stay {
        command.env(STAY, "1");
    }
    let pty = Pty::spawn(&command, 80, 24);
    pty.wait_for("process");
    pty
}

#[test]
fn a_lost_terminal_ends_it_where_no_signal_comes() {
    let mut pty = behind_a_deaf_shell(false);
    pty.close_terminal();
    assert_eq!(pty.exit_code(), 129);
}

#[test]
fn work_that_goes_on_after_the_terminal_is_lost_costs_nothing_by_itself() {
    for begun in ["", "\x1b[1;", "\x1b[200~half a paste"] {
        let mut pty = behind_a_deaf_shell(true);
        let process = process_shown(&pty);
        pty.type_keys(begun);
        pty.close_terminal();
        wait_until_at_rest(process);
        kill_process(process, Signal::USR1).expect("the program is there");
        assert_eq!(pty.exit_code(), 129);
    }
}

#[test]
fn a_stalled_terminal_stops_neither_the_program_nor_its_end() {
    let mut pty = start_at(200, 60);
    pty.stall();
    // Each repaint is some hundred bytes; together they are more than any terminal buffers.
    for _ in 0..20 {
        pty.type_keys(&"r".repeat(100));
    }
    wait_until_at_rest(pty.pid());
    pty.signal(Signal::TERM);
    assert_eq!(pty.exit_code(), 143);
    assert!(pty.is_cooked());
}
