//! The modes of the terminal: set once on the way in, taken back once on the way out, whoever takes that way.
//!
//! State is global because a panic hook has nothing else to go by. Must not know what is drawn.

use super::device::Device;
use rustix::termios::Termios;
use std::{
    io,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    thread::{self, ThreadId},
    time::Duration,
};

/// Alternate screen, bracketed paste, cursor hidden (xterm control sequences, DEC private modes 1049, 2004, 25).
const ENTER: &[u8] = b"\x1b[?1049h\x1b[?2004h\x1b[?25l";

/// Buttons and wheel in the SGR form (1000, 1006); never motion (1002, 1003), which would flood an SSH line.
const MOUSE_ON: &[u8] = b"\x1b[?1000h\x1b[?1006h";
const MOUSE_OFF: &[u8] = b"\x1b[?1006l\x1b[?1000l";

/// Ends a synchronised update that a panic may have left open (2026), then undoes [`ENTER`] and the mouse.
const LEAVE: &[u8] = b"\x1b[?2026l\x1b[0m\x1b[?2004l\x1b[?1006l\x1b[?1000l\x1b[?1049l\x1b[?25h";

/// How long a terminal that takes no bytes may hold up the way out.
const PATIENCE: Duration = Duration::from_millis(50);

struct Active {
    device: Arc<Device>,
    cooked: Termios,
    owner: ThreadId,
    mouse: bool,
}

static ACTIVE: Mutex<Option<Active>> = Mutex::new(None);
static ENTERED: AtomicBool = AtomicBool::new(false);

fn active() -> MutexGuard<'static, Option<Active>> {
    ACTIVE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets the modes, also a second time: after a stop that was not ours the shell has changed them behind our back.
pub(super) fn enter(device: &Arc<Device>, mouse: bool) -> io::Result<()> {
    let mut active = active();
    let cooked = match active.as_ref() {
        Some(before) if ENTERED.load(Ordering::Acquire) => before.cooked.clone(),
        _ => device.line_mode()?,
    };
    let mut raw = cooked.clone();
    raw.make_raw();
    // First, because in a background job this is what stops us before a byte reaches the shell's screen.
    device.set_line_mode(&raw)?;
    *active = Some(Active {
        device: Arc::clone(device),
        cooked,
        owner: thread::current().id(),
        mouse,
    });
    ENTERED.store(true, Ordering::Release);
    drop(active);
    let sent = device
        .send(ENTER)
        .and_then(|()| if mouse { device.send(MOUSE_ON) } else { Ok(()) });
    if sent.is_err() {
        leave();
    }
    sent
}

/// Takes every mode back, once. A failure is not reported: there is nobody left to tell and nothing left to do.
pub(super) fn leave() {
    if !ENTERED.swap(false, Ordering::AcqRel) {
        return;
    }
    let active = active();
    let Some(active) = active.as_ref() else {
        return;
    };
    // The line first: whoever sees the shell's screen again may type, and Enter must be an Enter by then.
    let _ = active.device.set_line_mode(&active.cooked);
    if active.device.accepts_bytes(PATIENCE) {
        let _ = active.device.send(LEAVE);
    }
}

/// Switches mouse reports on or off.
pub(super) fn set_mouse(on: bool) -> io::Result<()> {
    let mut active = active();
    let Some(active) = active.as_mut() else {
        return Ok(());
    };
    active.mouse = on;
    active.device.send(if on { MOUSE_ON } else { MOUSE_OFF })
}

/// Whether mouse reports are to be on while the screen is entered.
pub(super) fn mouse() -> bool {
    active().as_ref().is_some_and(|active| active.mouse)
}

/// Whether the modes are set.
pub(super) fn is_entered() -> bool {
    ENTERED.load(Ordering::Acquire)
}

/// The thread that entered the screen, if any did.
pub(super) fn owner() -> Option<ThreadId> {
    active().as_ref().map(|active| active.owner)
}
