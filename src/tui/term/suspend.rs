//! Ctrl-z: raw mode makes no signal of it, so that the program stops itself.

use super::{
    device::Device,
    signals::{Caught, Signals},
};
use crate::domain::{Fault, FaultKind};
use rustix::process::{Signal, getpid, getsid, kill_current_process_group};
use std::{fmt, time::Duration};
use tokio::time::timeout;

/// How long to wait for what should follow at once: being stopped, and the second of two signals sent together.
const AT_ONCE: Duration = Duration::from_millis(200);

/// In a session of its own (a forced command over SSH, a program supervisor) there is no shell to continue us.
pub(super) fn refuse_if_nobody_could_continue_us() -> Result<(), Fault> {
    let leads_session = getsid(None).is_ok_and(|session| session == getpid());
    if leads_session {
        return Err(Fault::new(
            FaultKind::Unsupported,
            "Guildhall was not suspended, because no shell is there to bring it back.",
        )
        .hint("Open a second connection instead, or leave with q; operations go on."));
    }
    Ok(())
}

/// How it goes on after a stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Continuation {
    /// Enter again.
    Enter {
        /// Whether SIGCONT came. It does not where the kernel discarded the stop.
        signalled: bool,
    },
    /// The program is to end, as its events will say; the screen stays left.
    End,
}

/// Stops the process, and comes back once it goes on.
///
/// The whole job is stopped, as the terminal itself would do it: stopping us alone would leave a `cargo run`, a `sudo` or
/// a script in front of us waiting, and the shell behind it blind.
///
/// SIGTSTP and never SIGSTOP: where nobody could continue the job the kernel discards the former.
pub(super) async fn stop_until_continued(device: &Device) -> Result<Continuation, Fault> {
    let mut signals = Signals::listen().map_err(failed)?;
    kill_current_process_group(Signal::TSTP).map_err(failed)?;
    // The stop may strike a moment after the call returns; entering the screen in that moment would be seen by the
    // shell. Where the signal was discarded nothing comes, and the wait ends by itself.
    let mut signalled = false;
    while !signalled && let Ok(caught) = timeout(AT_ONCE, signals.caught()).await {
        match caught {
            Caught::Continued => signalled = true,
            Caught::Quit(_) => return Ok(Continuation::End),
            Caught::Resized => {}
        }
    }
    if device.is_gone() {
        return Ok(Continuation::End);
    }
    // `kill %1` in a shell sends SIGTERM and SIGCONT to a stopped job. Entering from the background would stop us
    // again before we can obey the first.
    if !device.in_foreground() {
        while let Ok(caught) = timeout(AT_ONCE, signals.caught()).await {
            if let Caught::Quit(_) = caught {
                return Ok(Continuation::End);
            }
        }
    }
    Ok(Continuation::Enter { signalled })
}

/// The fault of a suspension that did not work.
pub(super) fn failed(cause: impl fmt::Display) -> Fault {
    Fault::new(FaultKind::Host, "Guildhall could not be suspended.")
        .hint("Go on working, or leave with q; operations go on.")
        .detail(cause)
}
