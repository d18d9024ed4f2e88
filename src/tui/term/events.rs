//! Everything that can happen to a terminal program from outside, as one stream.
//!
//! Must not know what an event means to the program. Two things are left to whoever reads keys: an alt-key that is bound
//! to nothing is to be taken as Esc and then that key (a fast typist, or a slow line, puts both into one read), and a
//! drawn frame follows [`TermEvent::Resumed`] only after a repaint.

use super::{
    pasted::Pasted,
    signals::{Caught, Signals},
};
use crossterm::event::{KeyCode, KeyEvent, MouseEvent};
use futures::Stream;
use std::{
    fmt,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll},
};
use tokio::sync::mpsc;

use super::device::Device;

/// What happened.
#[derive(Clone, PartialEq, Eq)]
pub enum TermEvent {
    /// A key was pressed.
    Key(KeyEvent),
    /// Text was pasted.
    Paste(Pasted),
    /// The terminal has now this many columns and rows.
    Resize(u16, u16),
    /// A button or the wheel of the mouse, if the mouse is on. Never motion.
    Mouse(MouseEvent),
    /// The process was stopped and goes on: enter again and repaint ([`super::Surface::resume`]).
    Resumed,
    /// A signal asks the program to end.
    Quit {
        /// 128 + the number of the signal.
        code: u8,
    },
    /// The terminal is gone. Draw nothing more; end with [`super::EXIT_HUNG_UP`].
    HungUp,
}

/// Shows neither typed characters nor pastes: either may be a secret, and events end up in log files.
impl fmt::Debug for TermEvent {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => match key.code {
                KeyCode::Char(_)
                    if (key.modifiers - crossterm::event::KeyModifiers::SHIFT).is_empty() =>
                {
                    formatter.write_str("Key([a character])")
                }
                code => write!(formatter, "Key({code:?}, {:?})", key.modifiers),
            },
            Self::Paste(pasted) => write!(formatter, "Paste({pasted:?})"),
            Self::Resize(columns, rows) => write!(formatter, "Resize({columns}, {rows})"),
            Self::Mouse(mouse) => write!(formatter, "Mouse({:?})", mouse.kind),
            Self::Resumed => formatter.write_str("Resumed"),
            Self::Quit { code } => write!(formatter, "Quit({code})"),
            Self::HungUp => formatter.write_str("HungUp"),
        }
    }
}

/// The events of the terminal and the signals of the process. Signals come first: a request to end never waits behind
/// keys. The stream ends after [`TermEvent::HungUp`].
#[derive(Debug)]
pub struct Events {
    signals: Signals,
    input: mpsc::Receiver<TermEvent>,
    device: Arc<Device>,
    answered: Arc<AtomicBool>,
    hung_up: bool,
}

impl Events {
    /// `answered` is set when a continuation was answered already, by a suspension of our own.
    pub(super) fn new(
        signals: Signals,
        input: mpsc::Receiver<TermEvent>,
        device: Arc<Device>,
        answered: Arc<AtomicBool>,
    ) -> Self {
        Self {
            signals,
            input,
            device,
            answered,
            hung_up: false,
        }
    }
}

impl Stream for Events {
    type Item = TermEvent;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<TermEvent>> {
        if self.hung_up {
            return Poll::Ready(None);
        }
        while let Poll::Ready(caught) = self.signals.poll_caught(context) {
            return Poll::Ready(Some(match caught {
                Caught::Quit(code) => TermEvent::Quit { code },
                // The kernel sends SIGCONT along with SIGHUP when a terminal goes, and either may arrive first.
                Caught::Continued if self.device.is_gone() => {
                    self.hung_up = true;
                    TermEvent::HungUp
                }
                Caught::Continued if self.answered.swap(false, Ordering::AcqRel) => continue,
                Caught::Continued => TermEvent::Resumed,
                Caught::Resized => {
                    let size = self.device.size();
                    TermEvent::Resize(size.width, size.height)
                }
            }));
        }
        match self.input.poll_recv(context) {
            Poll::Ready(Some(TermEvent::HungUp) | None) => {
                self.hung_up = true;
                Poll::Ready(Some(TermEvent::HungUp))
            }
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crossterm::event::KeyModifiers;

    #[test]
    fn debug_shows_commands_and_hides_typed_text() {
        let shown =
            |code, modifiers| format!("{:?}", TermEvent::Key(KeyEvent::new(code, modifiers)));
        assert_eq!(
            shown(KeyCode::Char('s'), KeyModifiers::NONE),
            shown(KeyCode::Char('T'), KeyModifiers::SHIFT)
        );
        assert!(shown(KeyCode::Enter, KeyModifiers::NONE).contains("Enter"));
        assert!(shown(KeyCode::Char('c'), KeyModifiers::CONTROL).contains('c'));
        let paste = format!("{:?}", TermEvent::Paste(Pasted::new("canary")));
        assert!(!paste.contains("canary"), "{paste}");
    }
}
