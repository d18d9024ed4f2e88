//! The smallest program that lives a whole life in a terminal: what `tests/pty.rs` puts into one.
//!
//! It is this test binary itself, started again: see [`command`].

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use futures::StreamExt;
use guildhall::tui::term::{
    Capabilities, EXIT_HUNG_UP, Events, Link, Options, Screen, Surface, TermEvent,
    install_panic_hook,
};
use ratatui::{
    Frame,
    layout::Rect,
    style::{Color, Modifier, Style},
};
use std::process::Command;
use tokio::signal::unix::{SignalKind, signal};

/// Set for the program, so that a plain test run does not start it.
const RUN: &str = "GUILDHALL_TEST_SMALL_PROGRAM";

/// Set to make the program stay after its terminal has gone, until SIGUSR1.
pub const STAY: &str = "GUILDHALL_TEST_STAY";

/// Held by the panics on request, and never to be seen anywhere.
pub const PANIC_CANARY: &str = "canary-in-a-panic";

/// The program, as a command.
pub fn command() -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this test's binary"));
    command
        .args([
            "small_program::program",
            "--exact",
            "--nocapture",
            "--test-threads=1",
        ])
        .env(RUN, "1");
    command
}

/// Not a test by itself: the program, where [`command`] started it.
#[test]
fn program() {
    if std::env::var_os(RUN).is_none() {
        return;
    }
    install_panic_hook();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let code = runtime.block_on(run());
    // Before the test harness says a word into the terminal.
    std::process::exit(i32::from(code));
}

struct App {
    screen: Screen,
    events: Events,
    lines: Vec<String>,
    mouse: bool,
    break_while_drawing: bool,
}

async fn run() -> u8 {
    let options = Options {
        mouse: false,
        capabilities: Capabilities::from_env(),
    };
    let (screen, events) = match Screen::enter(options) {
        Ok(entered) => entered,
        Err(error) => {
            eprintln!("no screen: {error}");
            return 2;
        }
    };
    let mut app = App {
        screen,
        events,
        lines: vec![format!("process {}", std::process::id())],
        mouse: false,
        break_while_drawing: false,
    };
    loop {
        if app.draw().is_err() {
            return app.stay_or_end().await;
        }
        let event = app.events.next().await;
        if let Some(code) = app.handle(event.unwrap_or(TermEvent::HungUp)).await {
            return code;
        }
    }
}

impl App {
    fn draw(&mut self) -> std::io::Result<bool> {
        let (lines, broken) = (&self.lines, self.break_while_drawing);
        self.screen.draw(|frame| {
            let found = render(frame, lines);
            assert!(!broken, "{PANIC_CANARY}");
            found
        })
    }

    async fn handle(&mut self, event: TermEvent) -> Option<u8> {
        match event {
            TermEvent::Key(key) => return self.key(key).await,
            TermEvent::Paste(ref pasted) => {
                let length = pasted.one_line().chars().count();
                self.lines.push(format!("{event:?} of {length}"));
            }
            TermEvent::Resize(..) => {}
            TermEvent::Mouse(_) => self.lines.push(format!("{event:?}")),
            TermEvent::Resumed => {
                self.lines.push("resumed".to_owned());
                if self.screen.resume().is_err() {
                    return Some(self.stay_or_end().await);
                }
            }
            TermEvent::Quit { code } => {
                self.screen.leave();
                return Some(code);
            }
            TermEvent::HungUp => return Some(self.stay_or_end().await),
        }
        None
    }

    async fn key(&mut self, key: KeyEvent) -> Option<u8> {
        match (key.code, key.modifiers) {
            (KeyCode::Char('q'), _) => return Some(0),
            (KeyCode::Char('n'), _) => {}
            (KeyCode::Char('r'), _) => self.screen.repaint().expect("a repaint"),
            (KeyCode::Char('p'), _) => panic!("{PANIC_CANARY}"),
            (KeyCode::Char('d'), _) => self.break_while_drawing = true,
            (KeyCode::Char('t'), _) => {
                let task = tokio::spawn(async { panic!("{PANIC_CANARY}") });
                let failed = matches!(task.await, Err(error) if error.is_panic());
                self.lines.push(format!("the task failed: {failed}"));
            }
            (KeyCode::Char('z'), KeyModifiers::CONTROL) => match self.screen.suspend().await {
                Ok(()) => self.lines.push("back".to_owned()),
                Err(fault) => self.lines.push(fault.to_string()),
            },
            (KeyCode::Char('m'), _) => {
                self.mouse = !self.mouse;
                self.screen.set_mouse(self.mouse).expect("the mouse");
                self.lines.push(format!("mouse {}", self.mouse));
            }
            (KeyCode::Char('c'), KeyModifiers::NONE) => {
                self.screen
                    .send_to_clipboard("to the clipboard")
                    .expect("the clipboard");
                self.lines.push("sent".to_owned());
            }
            (code, modifiers) => self.lines.push(format!("key {code:?} {modifiers:?}")),
        }
        None
    }

    async fn stay_or_end(&mut self) -> u8 {
        if std::env::var_os(STAY).is_some() {
            let mut told = signal(SignalKind::user_defined1()).expect("a signal");
            told.recv().await;
        }
        EXIT_HUNG_UP
    }
}

fn render(frame: &mut Frame<'_>, lines: &[String]) -> Vec<Link> {
    let area = frame.area();
    let buffer = frame.buffer_mut();
    let reversed = Style::new()
        .fg(Color::Cyan)
        .add_modifier(Modifier::REVERSED);
    let head = format!("ready {}x{}", area.width, area.height);
    buffer.set_stringn(0, 0, head, usize::from(area.width), reversed);
    let rows = usize::from(area.height.saturating_sub(2));
    for (row, line) in (1..).zip(lines.iter().rev().take(rows)) {
        buffer.set_stringn(0, row, line, usize::from(area.width), Style::new());
    }
    if area.height < 2 {
        return Vec::new();
    }
    let row = area.height - 1;
    buffer.set_stringn(
        0,
        row,
        "open the page",
        usize::from(area.width),
        Style::new(),
    );
    let link = Rect::new(9, row, 4, 1);
    Link::new(link, "https://example.org/page")
        .into_iter()
        .collect()
}
