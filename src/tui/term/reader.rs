//! The thread that reads the terminal, and notices when it is gone.
//!
//! A thread of its own, because a terminal is read with blocking reads (making it non-blocking would do so for the shell
//! too, which shares the open file). It sleeps in `poll` and wakes for bytes, for a hang-up and for being told to pause;
//! at rest it costs nothing. Paused, it still hears the hang-up but leaves the keys to whoever comes after us.

use super::{decode::Decoder, device::Device, events::TermEvent};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    io::Errno,
};
use std::{
    io::{self, PipeReader, PipeWriter, Read, Write},
    os::fd::AsFd,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
};
use tokio::sync::mpsc;
use zeroize::{Zeroize, Zeroizing};

/// How long the rest of a split control sequence may take, over a slow line, before it counts as typed by hand.
const SPLIT_SEQUENCE: Timespec = Timespec {
    tv_sec: 0,
    tv_nsec: 100_000_000,
};

/// Events that may wait for the program before the reader waits for it.
const WAITING_EVENTS: usize = 1_024;

/// Reads of nothing from a terminal that is still there, before it counts as gone. Without a bound this could spin.
const EMPTY_READS: u32 = 64;

/// The hand on the reader. Dropping it ends the thread.
#[derive(Debug)]
pub(super) struct Reader {
    reading: Arc<AtomicBool>,
    poke: PipeWriter,
}

impl Reader {
    /// Starts the thread, paused.
    ///
    /// # Errors
    /// Where the host has no thread or pipe left.
    pub(super) fn start(device: Arc<Device>) -> io::Result<(Self, mpsc::Receiver<TermEvent>)> {
        let (poked, poke) = io::pipe()?;
        let (sender, receiver) = mpsc::channel(WAITING_EVENTS);
        let reading = Arc::new(AtomicBool::new(false));
        let thread = Thread {
            device,
            poked,
            reading: Arc::clone(&reading),
            sender,
            decoder: Decoder::new(),
            empty_reads: 0,
        };
        thread::Builder::new()
            .name("terminal".to_owned())
            .stack_size(256 * 1024)
            .spawn(move || thread.run())?;
        Ok((Self { reading, poke }, receiver))
    }

    /// Reads keys, or leaves them alone.
    pub(super) fn set_reading(&self, reading: bool) {
        if self.reading.swap(reading, Ordering::AcqRel) != reading {
            // A failure means the thread has ended, and then there is nothing to tell it.
            let _ = (&self.poke).write(&[0]);
        }
    }
}

struct Thread {
    device: Arc<Device>,
    poked: PipeReader,
    reading: Arc<AtomicBool>,
    sender: mpsc::Sender<TermEvent>,
    decoder: Decoder,
    empty_reads: u32,
}

/// Why the thread ends.
enum End {
    TerminalGone,
    NobodyListens,
}

impl Thread {
    fn run(mut self) {
        let mut buffer = Zeroizing::new([0_u8; 4 * 1024]);
        loop {
            match self.turn(&mut *buffer) {
                Ok(()) => {}
                Err(End::TerminalGone) => {
                    let _ = self.sender.blocking_send(TermEvent::HungUp);
                    return;
                }
                Err(End::NobodyListens) => return,
            }
        }
    }

    fn turn(&mut self, buffer: &mut [u8]) -> Result<(), End> {
        let wanted = if self.reading.load(Ordering::Acquire) {
            PollFlags::IN
        } else {
            PollFlags::empty()
        };
        let patience = self.decoder.is_waiting().then_some(SPLIT_SEQUENCE);
        let input = self.device.input();
        let mut fds = [
            PollFd::from_borrowed_fd(input, wanted),
            PollFd::from_borrowed_fd(self.poked.as_fd(), PollFlags::IN),
        ];
        match poll(&mut fds, patience.as_ref()) {
            Err(Errno::INTR) => return Ok(()),
            Err(_) => return Err(End::TerminalGone),
            Ok(0) => {
                let mut events = Vec::new();
                self.decoder.give_up_waiting(&mut events);
                return self.pass_on(events);
            }
            Ok(_) => {}
        }
        let [terminal, poked] = fds.map(|fd| fd.revents());
        if !poked.is_empty() {
            let mut drained = [0; 16];
            if !matches!(self.poked.read(&mut drained), Ok(1..)) {
                return Err(End::NobodyListens);
            }
            return Ok(());
        }
        if terminal.intersects(PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL) {
            return Err(End::TerminalGone);
        }
        if terminal.contains(PollFlags::IN) {
            return self.read(buffer);
        }
        Ok(())
    }

    fn read(&mut self, buffer: &mut [u8]) -> Result<(), End> {
        let length = match rustix::io::read(self.device.input(), &mut *buffer) {
            Ok(0) => {
                self.empty_reads += 1;
                return if self.empty_reads > EMPTY_READS {
                    Err(End::TerminalGone)
                } else {
                    Ok(())
                };
            }
            Ok(length) => length,
            Err(Errno::INTR | Errno::AGAIN) => return Ok(()),
            Err(_) => return Err(End::TerminalGone),
        };
        self.empty_reads = 0;
        let mut events = Vec::new();
        self.decoder.feed(&buffer[..length], &mut events);
        buffer[..length].zeroize();
        self.pass_on(events)
    }

    fn pass_on(&self, events: Vec<TermEvent>) -> Result<(), End> {
        for event in events {
            self.sender
                .blocking_send(event)
                .map_err(|_| End::NobodyListens)?;
        }
        Ok(())
    }
}
