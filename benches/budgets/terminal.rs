//! The program in a pseudo-terminal, and what the system knows of its process.
//!
//! Not the tests' own pseudo-terminal: that starts the test binary once more to make a session, and the time of that
//! would count as the program's.

use super::installation::Place;
use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use rustix::process::{Pid, Signal, kill_process};
use std::{
    fs,
    io::{Read, Write},
    sync::{Arc, Condvar, Mutex},
    time::{Duration, Instant},
};

/// Resident memory, in MiB.
#[derive(Default)]
pub struct Memory {
    pub all: f64,
    /// What no other process shares.
    pub own: f64,
}

/// How long anything may take.
const DEADLINE: Duration = Duration::from_secs(60);
/// What ends every frame.
const FRAME_END: &[u8] = b"\x1b[?2026l";

struct Seen {
    bytes: Vec<u8>,
    parser: vt100::Parser,
    last: Instant,
}

/// A running program.
pub struct Program {
    child: Box<dyn Child + Send + Sync>,
    writer: Box<dyn Write + Send>,
    seen: Arc<(Mutex<Seen>, Condvar)>,
    /// When it was started.
    pub started: Instant,
    process: u32,
    /// Open for as long as the program is to have a terminal.
    _master: Box<dyn MasterPty + Send>,
}

impl Program {
    /// Starts the screen on that installation, 120 columns by 40 rows.
    pub fn start(place: &Place) -> Self {
        let size = PtySize {
            rows: 40,
            cols: 120,
            ..PtySize::default()
        };
        let pair = native_pty_system().openpty(size).unwrap();
        let mut command = CommandBuilder::new(env!("CARGO_BIN_EXE_guildhall"));
        command.arg("--home");
        command.arg(&place.home);
        command.env("GUILDHALL_CONFIG", &place.config);
        command.env("TERM", "xterm-256color");
        command.env("LANG", "C.UTF-8");
        command.env_remove("NO_COLOR");
        let mut reader = pair.master.try_clone_reader().unwrap();
        let writer = pair.master.take_writer().unwrap();
        let started = Instant::now();
        let child = pair.slave.spawn_command(command).unwrap();
        drop(pair.slave);
        let seen = Arc::new((
            Mutex::new(Seen {
                bytes: Vec::new(),
                parser: vt100::Parser::new(cells(40), cells(120), 0),
                last: started,
            }),
            Condvar::new(),
        ));
        let shared = Arc::clone(&seen);
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(length @ 1..) = reader.read(&mut buffer) {
                let mut seen = shared.0.lock().unwrap();
                seen.last = Instant::now();
                seen.bytes.extend_from_slice(&buffer[..length]);
                seen.parser.process(&buffer[..length]);
                shared.1.notify_all();
            }
        });
        Self {
            process: child.process_id().unwrap(),
            child,
            writer,
            seen,
            started,
            _master: pair.master,
        }
    }

    fn wait(&self, what: &str, wanted: impl Fn(&Seen) -> bool) -> Instant {
        let (seen, changed) = &*self.seen;
        let guard = seen.lock().unwrap();
        let (guard, timer) = changed
            .wait_timeout_while(guard, DEADLINE, |seen| !wanted(seen))
            .unwrap();
        assert!(
            !timer.timed_out(),
            "{what}: not in time. The screen:\n{}",
            guard.parser.screen().contents()
        );
        guard.last
    }

    /// Waits until all of these are on the screen; when the last byte of that came.
    pub fn wait_for(&self, texts: &[&str]) -> Instant {
        self.wait(&format!("{texts:?}"), |seen| {
            let contents = seen.parser.screen().contents();
            texts.iter().all(|text| contents.contains(text))
        })
    }

    /// How many bytes came so far.
    pub fn bytes(&self) -> usize {
        self.seen.0.lock().unwrap().bytes.len()
    }

    /// Waits for the end of a frame after that many bytes; when it came and where it ended.
    pub fn wait_for_frame(&self, from: usize) -> (Instant, usize) {
        let at = self.wait("a frame", |seen| frame_end(&seen.bytes, from).is_some());
        let seen = self.seen.0.lock().unwrap();
        (at, frame_end(&seen.bytes, from).unwrap_or(seen.bytes.len()))
    }

    /// Waits until nothing was written for this long.
    pub fn wait_until_quiet(&self, quiet: Duration) {
        loop {
            let last = self.seen.0.lock().unwrap().last;
            let since = last.elapsed();
            if since >= quiet {
                return;
            }
            std::thread::sleep(quiet.saturating_sub(since));
        }
    }

    /// Types keys; when.
    pub fn type_keys(&mut self, keys: &str) -> Instant {
        let at = Instant::now();
        self.writer.write_all(keys.as_bytes()).unwrap();
        self.writer.flush().unwrap();
        at
    }

    /// Milliseconds of processor time of its threads, those that ended left out.
    pub fn processor(&self) -> f64 {
        self.threads("schedstat")
            .iter()
            .filter_map(|text| text.split(' ').next()?.parse::<f64>().ok())
            .sum::<f64>()
            / 1e6
    }

    /// How often its threads were given or taken a processor.
    pub fn switches(&self) -> u64 {
        self.threads("status")
            .iter()
            .flat_map(|text| text.lines())
            .filter(|line| line.contains("ctxt_switches"))
            .filter_map(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok())
            .sum()
    }

    /// Resident memory in MiB: all of it, and what no other process shares (the rest is program text).
    pub fn memory(&self) -> Memory {
        Memory {
            all: self.resident("VmRSS"),
            own: self.resident("RssAnon"),
        }
    }

    fn resident(&self, kind: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.process)).unwrap();
        let line = status.lines().find(|line| line.starts_with(kind));
        let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok());
        kib.unwrap_or_default() / 1024.0
    }

    fn threads(&self, file: &str) -> Vec<String> {
        let folder = fs::read_dir(format!("/proc/{}/task", self.process)).unwrap();
        folder
            .flatten()
            .filter_map(|thread| fs::read_to_string(thread.path().join(file)).ok())
            .collect()
    }

    /// Ends it by TERM; how many milliseconds that took.
    pub fn end(mut self) -> f64 {
        let pid = Pid::from_raw(i32::try_from(self.process).unwrap()).unwrap();
        let begun = Instant::now();
        kill_process(pid, Signal::TERM).unwrap();
        let status = self.child.wait().unwrap();
        let took = begun.elapsed();
        assert_eq!(status.exit_code(), 143);
        took.as_secs_f64() * 1e3
    }
}

fn frame_end(bytes: &[u8], from: usize) -> Option<usize> {
    let rest = bytes.get(from..)?;
    let place = rest
        .windows(FRAME_END.len())
        .position(|window| window == FRAME_END)?;
    Some(from + place + FRAME_END.len())
}

fn cells(number: u16) -> std::num::NonZeroU16 {
    std::num::NonZeroU16::new(number).unwrap()
}
