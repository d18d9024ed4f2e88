//! The terminal's life cycle, in a real terminal: every way in, every way out, and what is left behind.

#![expect(
    clippy::expect_used,
    clippy::panic,
    clippy::print_stderr,
    reason = "a test"
)]

#[path = "canary/forms.rs"]
mod forms;
#[path = "pty/job_control.rs"]
mod job_control;
#[path = "pty/leaving.rs"]
mod leaving;
#[path = "pty/memory.rs"]
mod memory;
#[path = "pty/secrets.rs"]
mod secrets;
#[path = "pty/sessions.rs"]
mod sessions;
#[path = "support/small_program.rs"]
mod small_program;
#[expect(dead_code, reason = "shared with other tests")]
mod support;

use rustix::process::{Pid, Signal};
use support::{
    process::wait_until_at_rest,
    pty::{Pty, contains, modes_set},
};

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
