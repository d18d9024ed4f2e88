//! The signals a terminal program answers. None for SIGTSTP: a handler would replace the kernel's default for good.

use rustix::process::Signal as Number;
use std::{
    io,
    task::{Context, Poll},
};
use tokio::signal::unix::{Signal, SignalKind, signal};

/// What a signal asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Caught {
    /// End, with this exit code.
    Quit(u8),
    /// The process was stopped and goes on.
    Continued,
    /// The terminal has another size.
    Resized,
}

/// Listeners for all of them. Several may live at once; each hears every signal.
#[derive(Debug)]
pub(super) struct Signals {
    listeners: Vec<(Signal, Caught)>,
}

impl Signals {
    /// Listens from now on. A SIGHUP that was ignored (`nohup`) is heard too: a screen has no use without a terminal.
    ///
    /// # Errors
    /// Outside a tokio runtime with its signal driver.
    pub(super) fn listen() -> io::Result<Self> {
        let quits = [Number::TERM, Number::HUP, Number::INT, Number::QUIT].map(|number| {
            let number = number.as_raw();
            let code = u8::try_from(128 + number).unwrap_or(u8::MAX);
            (number, Caught::Quit(code))
        });
        let others = [
            (Number::CONT.as_raw(), Caught::Continued),
            (Number::WINCH.as_raw(), Caught::Resized),
        ];
        let listeners = quits
            .into_iter()
            .chain(others)
            .map(|(number, caught)| Ok((signal(SignalKind::from_raw(number))?, caught)))
            .collect::<io::Result<Vec<_>>>()?;
        Ok(Self { listeners })
    }

    /// The next signal, requests to end before all others.
    pub(super) fn poll_caught(&mut self, context: &mut Context<'_>) -> Poll<Caught> {
        for (listener, caught) in &mut self.listeners {
            if listener.poll_recv(context) == Poll::Ready(Some(())) {
                return Poll::Ready(*caught);
            }
        }
        Poll::Pending
    }

    /// Waits for the next signal.
    pub(super) async fn caught(&mut self) -> Caught {
        std::future::poll_fn(|context| self.poll_caught(context)).await
    }
}
