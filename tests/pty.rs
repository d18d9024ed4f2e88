//! The terminal's life cycle, in a real terminal: every way in, every way out, and what is left behind.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

#[path = "support/small_program.rs"]
mod small_program;
mod support;

use rustix::process::{Pid, Signal, kill_process};
use small_program::{PANIC_CANARY, STAY};
use std::process::Command;
use support::pty::{Pty, contains, modes_set, wait_until_at_rest};

fn start() -> Pty {
    start_at(80, 24)
}

fn start_at(columns: u16, rows: u16) -> Pty {
    let pty = Pty::spawn(&small_program::command(), columns, rows);
    pty.wait_for("process");
    pty
}

/// The process id the program shows, for where something else stands between it and the terminal.
fn process_shown(pty: &Pty) -> Pid {
    let screen = pty.screen();
    let number = screen
        .split("process ")
        .nth(1)
        .expect("a number on the screen");
    let number = number
        .split_whitespace()
        .next()
        .expect("a number")
        .parse()
        .expect("a number");
    Pid::from_raw(number).expect("a process")
}

fn ends_clean(pty: &mut Pty, code: i32) {
    assert_eq!(pty.exit_code(), code);
    pty.assert_restored();
}

#[test]
fn starts_without_a_question_and_ends_clean() {
    let mut pty = start();
    assert!(pty.screen().contains("ready 80x24"), "{}", pty.screen());
    assert!(!pty.is_cooked());
    assert_eq!(
        pty.leaks(),
        ["cursor hidden", "alternate screen", "bracketed paste"],
        "and nothing else while it runs"
    );
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
    assert_eq!(pty.questions(), Vec::<String>::new());
}

#[test]
fn keys_arrive() {
    let mut pty = start();
    for (bytes, shown) in [
        ("x", "key Char('x') KeyModifiers(0x0)"),
        ("\x1b[B", "key Down KeyModifiers(0x0)"),
        ("\x1bx", "key Char('x') KeyModifiers(ALT)"),
        ("\x03", "key Char('c') KeyModifiers(CONTROL)"),
        ("\r", "key Enter KeyModifiers(0x0)"),
        ("ü", "key Char('ü') KeyModifiers(0x0)"),
        ("\x1b", "key Esc KeyModifiers(0x0)"),
    ] {
        pty.type_keys(bytes);
        pty.wait_for(shown);
    }
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn a_flood_of_keys_arrives_whole() {
    let mut pty = start_at(80, 5);
    pty.type_keys(&"x".repeat(3_000));
    pty.type_keys("\x1b[A");
    pty.wait_for("key Up");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn a_paste_is_one_event_and_is_not_shown_by_debug() {
    let mut pty = start();
    pty.paste("canary-of-a-paste\r\n");
    pty.wait_for("Paste(Pasted([redacted])) of 17");
    let long = "s".repeat(20_000);
    pty.paste(&long);
    pty.wait_for("of 20000");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
    assert!(!contains(&pty.bytes(), b"canary"), "{}", pty.screen());
}

#[test]
fn another_size_is_drawn_at_once() {
    let mut pty = start();
    for (columns, rows) in [(120, 40), (200, 60), (40, 15), (80, 24)] {
        pty.resize(columns, rows);
        pty.wait_for(&format!("ready {columns}x{rows}"));
    }
    let before = pty.bytes_so_far();
    pty.resize(1, 1);
    pty.wait_for_bytes(before, b"\x1b[2J");
    pty.resize(30, 5);
    pty.wait_for("ready 30x5");
    pty.type_keys("q");
    ends_clean(&mut pty, 0);
}

#[test]
fn a_terminal_of_no_size_gets_the_usual_one() {
    let pty = Pty::spawn(&small_program::command(), 80, 24);
    pty.wait_for("ready 80x24");
    pty.resize(60, 20);
    pty.wait_for("ready 60x20");
    pty.report_size(0, 0);
    pty.wait_for("ready 80x24");
}

#[test]
fn a_frame_without_a_change_sends_nothing() {
    let pty = start();
    let before = pty.bytes_so_far();
    pty.type_keys("nnnnx");
    pty.wait_for("key Char('x')");
    let after = pty.bytes();
    let frames = after[before..]
        .windows(8)
        .filter(|bytes| bytes == b"\x1b[?2026h")
        .count();
    assert_eq!(frames, 1, "{}", after[before..].escape_ascii());
}

#[test]
fn without_colours_the_selection_is_still_reversed() {
    let mut command = small_program::command();
    command.env("NO_COLOR", "1");
    let pty = Pty::spawn(&command, 80, 24);
    pty.wait_for("ready");
    assert!(pty.is_reversed(0, 0), "{}", pty.bytes().escape_ascii());
    assert!(!pty.is_reversed(1, 0), "{}", pty.bytes().escape_ascii());
}

#[test]
fn the_mouse_is_off_until_asked_for_and_never_reports_motion() {
    let mut pty = start();
    pty.type_keys("m");
    pty.wait_for("mouse true");
    pty.type_keys("\x1b[<0;3;4M");
    pty.wait_for("Mouse(Down(Left))");
    let modes = modes_set(&pty.bytes());
    assert!(
        modes.contains(&"mouse") && modes.contains(&"mouse in SGR form"),
        "{modes:?}"
    );
    assert!(
        !modes.contains(&"mouse motion") && !modes.contains(&"mouse drag"),
        "{modes:?}"
    );
    pty.signal(Signal::TERM);
    ends_clean(&mut pty, 143);
}

#[test]
fn the_clipboard_and_links_go_through_the_terminal() {
    let pty = start();
    let bytes = pty.bytes();
    let linked = bytes
        .windows(3)
        .position(|bytes| bytes == b"8;;")
        .expect("a link");
    let linked = String::from_utf8_lossy(&bytes[linked..]).into_owned();
    let (address, text) = linked.split_once("\x1b\\").expect("the end of the address");
    assert_eq!(address, "8;;https://example.org/page");
    let (text, _) = text
        .split_once("\x1b]8;;\x1b\\")
        .expect("the end of the link");
    assert!(text.contains("page") && !text.contains("the"), "{text:?}");
    assert!(pty.screen().contains("open the page"), "{}", pty.screen());
    pty.type_keys("c");
    pty.wait_for_bytes(0, b"\x1b]52;c;dG8gdGhlIGNsaXBib2FyZA==\x1b\\");
    pty.wait_for("sent");
}

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
fn at_rest_it_sleeps() {
    let pty = start();
    wait_until_at_rest(pty.pid());
}

#[test]
fn without_a_terminal_there_is_no_screen() {
    let output = small_program::command()
        .output()
        .expect("the program starts");
    assert_eq!(output.status.code(), Some(2));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("the screen needs a terminal"), "{said}");
    assert!(!output.stdout.contains(&0x1b), "{said}");
}
