//! A real pseudo-terminal around a real program: type, paste, resize, signal, look at the screen, look at the bytes.
//!
//! For every test that must know what a terminal sees. The program gets a session and a terminal of its own, so that
//! signals, job control and hang-ups are the real ones. Nothing here sleeps for a while and hopes: each wait is for a
//! condition, with a deadline after which the test fails and shows the screen.

#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test"
)]

pub use super::escapes::{contains, modes_set};
use super::{DEADLINE, escapes::questions_in, launcher::launch};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, Signal, kill_process},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize},
};
use std::{
    fs::{File, OpenOptions},
    io::PipeWriter,
    num::NonZeroU16,
    os::{
        fd::{AsFd, OwnedFd},
        unix::{fs::OpenOptionsExt, process::ExitStatusExt},
    },
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    sync::{Arc, Condvar, Mutex},
    thread::JoinHandle,
    time::{Duration, Instant},
};

/// What the terminal has seen so far.
struct Seen {
    bytes: Vec<u8>,
    parser: vt100::Parser,
    ended: bool,
}

type Shared = Arc<(Mutex<Seen>, Condvar)>;

/// A program in a terminal.
pub struct Pty {
    child: Child,
    status: Option<ExitStatus>,
    master: Option<Arc<OwnedFd>>,
    name: PathBuf,
    seen: Shared,
    /// Dropped to make the reading thread let go of the terminal.
    stop: Option<PipeWriter>,
    reading: Option<JoinHandle<()>>,
}

impl Pty {
    /// Starts `command` in a terminal of `columns` by `rows`, as the leader of a session of its own.
    pub fn spawn(command: &Command, columns: u16, rows: u16) -> Self {
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC)
            .expect("a pseudo-terminal");
        grantpt(&master).expect("the terminal's rights");
        unlockpt(&master).expect("the terminal's lock");
        let name = ptsname(&master, Vec::new()).expect("the terminal's name");
        let name = PathBuf::from(name.into_string().expect("a plain name"));
        tcsetwinsize(&master, size(columns, rows)).expect("the terminal's size");

        let mut launch = launch(command, open_terminal(&name));
        let child = launch.spawn().expect("the program starts");
        // Until it is dropped, this holds the slave end open and the terminal never ends.
        drop(launch);

        let seen: Shared = Arc::new((
            Mutex::new(Seen {
                bytes: Vec::new(),
                parser: vt100::Parser::new(cells(rows), cells(columns), 0),
                ended: false,
            }),
            Condvar::new(),
        ));
        let (stopped, stop) = std::io::pipe().expect("a pipe");
        let master = Arc::new(master);
        let reading = {
            let (master, seen) = (Arc::clone(&master), Arc::clone(&seen));
            std::thread::spawn(move || read(&master, stopped.as_fd(), &seen))
        };
        Self {
            child,
            status: None,
            master: Some(master),
            name,
            seen,
            stop: Some(stop),
            reading: Some(reading),
        }
    }

    /// Types bytes as they are; `\r` is Enter, `\x1b` is Esc (send it alone), `\x03` is ctrl-c.
    pub fn type_keys(&self, keys: &str) {
        let mut rest = keys.as_bytes();
        let master = self.master.as_ref().expect("an open terminal");
        while !rest.is_empty() {
            let sent = rustix::io::write(master, rest).expect("the terminal takes keys");
            rest = &rest[sent..];
        }
    }

    /// Pastes text, in the brackets of a terminal that was asked for them.
    pub fn paste(&self, text: &str) {
        self.type_keys(&format!("\x1b[200~{text}\x1b[201~"));
    }

    /// Gives the terminal another size, which signals the program.
    pub fn resize(&self, columns: u16, rows: u16) {
        self.seen
            .0
            .lock()
            .unwrap()
            .parser
            .screen_mut()
            .set_size(cells(rows), cells(columns));
        let master = self.master.as_ref().expect("an open terminal");
        tcsetwinsize(master, size(columns, rows)).expect("the terminal's size");
    }

    /// Tells the program another size than the screen here has.
    pub fn report_size(&self, columns: u16, rows: u16) {
        let master = self.master.as_ref().expect("an open terminal");
        tcsetwinsize(master, size(columns, rows)).expect("the terminal's size");
    }

    /// Sends a signal to the program that was started (not to what it started in turn).
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).expect("the program is there");
    }

    /// The process id of the program.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Takes the terminal away, as a lost connection does. Nothing can be typed or seen any more.
    pub fn close_terminal(&mut self) {
        self.stall();
        let master = self.master.take().expect("an open terminal");
        assert!(
            Arc::into_inner(master).is_some(),
            "somebody else holds the terminal"
        );
    }

    /// Stops taking bytes from the program, as a stalled connection does. For good.
    pub fn stall(&mut self) {
        self.stop = None;
        if let Some(reading) = self.reading.take() {
            reading.join().expect("the reading thread");
        }
    }

    /// The text on the screen.
    pub fn screen(&self) -> String {
        self.seen.0.lock().unwrap().parser.screen().contents()
    }

    /// Looks at the screen with its colours and styles.
    pub fn with_screen<T>(&self, look: impl FnOnce(&vt100::Screen) -> T) -> T {
        look(self.seen.0.lock().unwrap().parser.screen())
    }

    /// Whether a cell is shown in reverse video.
    pub fn is_reversed(&self, row: u16, column: u16) -> bool {
        let seen = self.seen.0.lock().unwrap();
        seen.parser
            .screen()
            .cell(row, column)
            .is_some_and(vt100::Cell::inverse)
    }

    /// Every byte the terminal was sent.
    pub fn bytes(&self) -> Vec<u8> {
        self.seen.0.lock().unwrap().bytes.clone()
    }

    /// How many bytes the terminal was sent.
    pub fn bytes_so_far(&self) -> usize {
        self.seen.0.lock().unwrap().bytes.len()
    }

    /// Waits until `text` is on the screen.
    pub fn wait_for(&self, text: &str) {
        self.wait_for_within(text, DEADLINE);
    }

    /// The same, for what takes longer: a crowd.
    pub fn wait_for_within(&self, text: &str, deadline: Duration) {
        self.wait_until_within(deadline, &format!("{text:?} on the screen"), |seen| {
            seen.parser.screen().contents().contains(text)
        });
    }

    /// Waits until the terminal was sent these bytes, at or after `from`.
    pub fn wait_for_bytes(&self, from: usize, bytes: &[u8]) {
        self.wait_until(&format!("the bytes {}", bytes.escape_ascii()), |seen| {
            contains(seen.bytes.get(from..).unwrap_or_default(), bytes)
        });
    }

    /// Waits until the terminal has the modes of a shell again: none set, and a cooked line.
    pub fn wait_until_restored(&self) {
        self.wait_until("no mode left set", |seen| modes_set(&seen.bytes).is_empty());
        let start = Instant::now();
        while !self.is_cooked() {
            assert!(start.elapsed() < DEADLINE, "the line is still raw");
            std::thread::yield_now();
        }
    }

    fn wait_until(&self, what: &str, wanted: impl Fn(&Seen) -> bool) {
        self.wait_until_within(DEADLINE, what, wanted);
    }

    fn wait_until_within(&self, deadline: Duration, what: &str, wanted: impl Fn(&Seen) -> bool) {
        let (seen, changed) = &*self.seen;
        let guard = seen.lock().unwrap();
        let (guard, timer) = changed
            .wait_timeout_while(guard, deadline, |seen| !wanted(seen) && !seen.ended)
            .unwrap();
        if !wanted(&guard) {
            let why = if timer.timed_out() {
                "not in time"
            } else {
                "the terminal ended first"
            };
            let screen = guard.parser.screen().contents();
            let bytes = guard.bytes.escape_ascii().to_string();
            drop(guard);
            panic!("{what}: {why}. The screen:\n{screen}\nThe bytes:\n{bytes}");
        }
    }

    /// Waits for the program to end; its exit code, or 128 + the signal that ended it.
    pub fn exit_code(&mut self) -> i32 {
        let start = Instant::now();
        let status = loop {
            if let Some(status) = self.status {
                break status;
            }
            self.status = self.child.try_wait().expect("the program's state");
            let screen = || self.screen();
            assert!(
                start.elapsed() < DEADLINE,
                "the program does not end. The screen:\n{}",
                screen()
            );
            std::thread::sleep(Duration::from_millis(2));
        };
        self.wait_for_end_of_output();
        status
            .code()
            .unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
    }

    fn wait_for_end_of_output(&self) {
        let (seen, changed) = &*self.seen;
        let guard = seen.lock().unwrap();
        let (guard, _) = changed
            .wait_timeout_while(guard, DEADLINE, |seen| !seen.ended)
            .unwrap();
        assert!(guard.ended, "somebody still holds the terminal");
    }

    /// The modes left set, by name. Empty after a clean end.
    pub fn leaks(&self) -> Vec<&'static str> {
        modes_set(&self.bytes())
    }

    /// Whether the terminal's line is cooked, as a shell wants it.
    pub fn is_cooked(&self) -> bool {
        let terminal = open_terminal(&self.name);
        let modes = tcgetattr(&terminal)
            .expect("the terminal's line")
            .local_modes;
        modes.contains(LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG)
    }

    /// Asserts that nothing of the program is left on the terminal.
    pub fn assert_restored(&self) {
        assert_eq!(self.leaks(), Vec::<&str>::new(), "modes left set");
        assert!(self.is_cooked(), "the line is still raw");
        let cursor = !self.seen.0.lock().unwrap().parser.screen().hide_cursor();
        assert!(cursor, "the cursor is hidden");
    }

    /// How many questions the terminal was asked (cursor position, device attributes, colours). Should be none.
    pub fn questions(&self) -> Vec<String> {
        questions_in(&self.bytes())
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        if self.status.is_none() {
            // Ours, by its id; it may have ended meanwhile.
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
        self.stop = None;
    }
}

fn read(master: &OwnedFd, stopped: impl AsFd, seen: &Shared) {
    let mut buffer = [0; 16 * 1024];
    loop {
        let mut fds = [
            PollFd::new(master, PollFlags::IN),
            PollFd::new(&stopped, PollFlags::IN),
        ];
        let ready = poll(&mut fds, None::<&Timespec>);
        if ready.is_ok() && !fds[1].revents().is_empty() {
            break;
        }
        match rustix::io::read(master, &mut buffer) {
            Ok(length @ 1..) => {
                let mut seen = seen.0.lock().unwrap();
                seen.bytes.extend_from_slice(&buffer[..length]);
                seen.parser.process(&buffer[..length]);
            }
            Err(rustix::io::Errno::INTR | rustix::io::Errno::AGAIN) => continue,
            // On Linux EIO: no process holds the other end any more.
            Ok(0) | Err(_) => break,
        }
        seen.1.notify_all();
    }
    seen.0.lock().unwrap().ended = true;
    seen.1.notify_all();
}

fn open_terminal(name: &PathBuf) -> File {
    OpenOptions::new()
        .read(true)
        .write(true)
        .custom_flags(rustix::fs::OFlags::NOCTTY.bits().cast_signed())
        .open(name)
        .expect("the terminal opens")
}

fn cells(number: u16) -> NonZeroU16 {
    NonZeroU16::new(number).expect("at least one cell")
}

fn size(columns: u16, rows: u16) -> Winsize {
    Winsize {
        ws_row: rows,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}
