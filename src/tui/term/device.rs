//! The terminal as a pair of file descriptors: what keys are read from and what frames are written to.
//!
//! Must not know any escape sequence.

use ratatui::layout::Size;
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::{Mode, OFlags, open},
    io::retry_on_intr,
    termios::{
        OptionalActions, Termios, isatty, tcgetattr, tcgetpgrp, tcgetwinsize, tcsetattr, ttyname,
    },
};
use std::{
    fs::File,
    io::{self, Write},
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

/// Wider or higher than any real screen. A window size is just a number that the far end of an SSH session sends, and
/// 65,535 by 65,535 cells would take all memory of the host.
const LARGEST: Size = Size::new(1_000, 500);

/// How long a terminal may take not a single byte before the frame is given up.
const STALLED: Timespec = Timespec {
    tv_sec: 1,
    tv_nsec: 0,
};

/// What a terminal without a size gets (a serial line, some process supervisors).
const ASSUMED: Size = Size::new(80, 24);

/// The terminal, owned apart from the standard streams so that nobody can close it under us.
#[derive(Debug)]
pub(super) struct Device {
    input: OwnedFd,
    output: OwnedFd,
}

impl Device {
    /// The terminal of this process.
    ///
    /// Frames go to standard output, which must be a terminal: a screen sent into a pipe or a file helps nobody. Keys
    /// come from standard input, or from `/dev/tty` where standard input is something else, because a passphrase or a
    /// key may be piped in while a person sits at the terminal.
    ///
    /// # Errors
    /// Where standard output is no terminal, or there is no terminal to read keys from.
    pub(super) fn open() -> io::Result<Self> {
        if !isatty(io::stdout()) {
            return Err(io::Error::new(
                io::ErrorKind::Unsupported,
                "the screen needs a terminal, and the output is not one",
            ));
        }
        let input = if isatty(io::stdin()) {
            io::stdin().as_fd().try_clone_to_owned()?
        } else {
            OwnedFd::from(File::open("/dev/tty")?)
        };
        let output = match reopened_without_blocking() {
            Some(output) => output,
            None => io::stdout().as_fd().try_clone_to_owned()?,
        };
        Ok(Self { input, output })
    }

    /// What keys are read from.
    pub(super) fn input(&self) -> BorrowedFd<'_> {
        self.input.as_fd()
    }

    /// Columns and rows, never zero.
    pub(super) fn size(&self) -> Size {
        match tcgetwinsize(&self.output) {
            Ok(size) if size.ws_col > 0 && size.ws_row > 0 => Size::new(
                size.ws_col.min(LARGEST.width),
                size.ws_row.min(LARGEST.height),
            ),
            _ => ASSUMED,
        }
    }

    /// How the terminal treats its line at the moment.
    pub(super) fn line_mode(&self) -> io::Result<Termios> {
        Ok(tcgetattr(&self.input)?)
    }

    /// Changes how the terminal treats its line. In a background job this stops the whole job, which is right.
    pub(super) fn set_line_mode(&self, mode: &Termios) -> io::Result<()> {
        Ok(retry_on_intr(|| {
            tcsetattr(&self.input, OptionalActions::Now, mode)
        })?)
    }

    /// Whether this process is in the terminal's foreground job. A terminal that cannot tell counts as yes.
    pub(super) fn in_foreground(&self) -> bool {
        tcgetpgrp(&self.input).map_or(true, |group| group == rustix::process::getpgrp())
    }

    /// Whether the terminal has gone: its window closed, its connection lost.
    pub(super) fn is_gone(&self) -> bool {
        let mut fds = [PollFd::new(&self.input, PollFlags::empty())];
        let at_once = Timespec::default();
        let ready = retry_on_intr(|| poll(&mut fds, Some(&at_once)));
        !matches!(ready, Ok(0))
    }

    /// Whether the terminal takes bytes within `patience`. A stalled SSH connection does not.
    pub(super) fn accepts_bytes(&self, patience: Duration) -> bool {
        let mut fds = [PollFd::new(&self.output, PollFlags::OUT)];
        let patience = Timespec::try_from(patience).ok();
        let ready = retry_on_intr(|| poll(&mut fds, patience.as_ref()));
        matches!(ready, Ok(1..)) && fds[0].revents().contains(PollFlags::OUT)
    }

    /// Sends `bytes`, in one `write` wherever the terminal takes them at once.
    ///
    /// # Errors
    /// `TimedOut` where the terminal takes nothing for a while: its connection is stalled.
    pub(super) fn send(&self, bytes: &[u8]) -> io::Result<()> {
        Sender(self.output.as_fd()).write_all(bytes)
    }
}

/// The terminal on standard output, opened once more so that writes to it need not block. The mode cannot be changed on
/// standard output itself: the shell shares that open file. None where the terminal belongs to somebody else (`su`).
fn reopened_without_blocking() -> Option<OwnedFd> {
    let name = ttyname(io::stdout(), Vec::new()).ok()?;
    let flags = OFlags::WRONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    open(name.as_c_str(), flags, Mode::empty()).ok()
}

struct Sender<'a>(BorrowedFd<'a>);

impl Write for Sender<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match rustix::io::write(self.0, bytes) {
            Err(rustix::io::Errno::AGAIN) => {
                let mut fds = [PollFd::from_borrowed_fd(self.0, PollFlags::OUT)];
                match retry_on_intr(|| poll(&mut fds, Some(&STALLED)))? {
                    0 => Err(io::ErrorKind::TimedOut.into()),
                    _ => Err(io::ErrorKind::Interrupted.into()),
                }
            }
            other => Ok(other?),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
