//! The real screen: owns the terminal from entering to leaving.

use super::{
    Capabilities, Events, Link, Surface,
    backend::{Links, ScreenBackend},
    clipboard,
    device::Device,
    guard,
    reader::Reader,
    signals::Signals,
    suspend::{self, Continuation},
};
use crate::domain::Fault;
use ratatui::{Frame, Terminal};
use std::{
    io,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

/// What to enter the screen with.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Whether mouse reports are on from the start. They take the selection of text away from the terminal.
    pub mouse: bool,
    /// What the environment says.
    pub capabilities: Capabilities,
}

/// The terminal, in the alternate screen. One at a time.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<ScreenBackend>,
    device: Arc<Device>,
    reader: Reader,
    links: Links,
    capabilities: Capabilities,
    continuation_answered: Arc<AtomicBool>,
    stalled: bool,
}

impl Screen {
    /// Takes the terminal, and gives the screen with the stream of its events. To be called inside a tokio runtime, on
    /// the thread that draws: a panic on that thread hands the terminal back, on another it does not.
    ///
    /// # Errors
    /// Where there is no terminal, or it cannot be set up; it is then as it was.
    pub fn enter(options: Options) -> io::Result<(Self, Events)> {
        // Otherwise, with NO_COLOR, crossterm writes an empty colour, which resets the reverse video before it.
        crossterm::style::force_color_output(true);
        let device = Arc::new(Device::open()?);
        // Before any mode is set, so that no signal can end us in between.
        let signals = Signals::listen()?;
        let (reader, input) = Reader::start(Arc::clone(&device))?;
        let links = Links::default();
        let terminal = Terminal::new(ScreenBackend::new(Arc::clone(&device), Arc::clone(&links)))?;
        guard::enter(&device, options.mouse)?;
        reader.set_reading(true);
        let continuation_answered = Arc::new(AtomicBool::new(false));
        let events = Events::new(
            signals,
            input,
            Arc::clone(&device),
            Arc::clone(&continuation_answered),
        );
        let screen = Self {
            terminal,
            device,
            reader,
            links,
            capabilities: options.capabilities,
            continuation_answered,
            stalled: false,
        };
        Ok((screen, events))
    }
}

impl Screen {
    /// Columns and rows.
    #[must_use]
    pub fn size(&self) -> (u16, u16) {
        let size = self.device.size();
        (size.width, size.height)
    }
}

impl Surface for Screen {
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>) -> Vec<Link>) -> io::Result<bool> {
        if !guard::is_entered() {
            return Ok(false);
        }
        // A stalled connection (a closed laptop) must stop neither the program nor the work behind it: frames are left
        // out until the terminal takes bytes again, and then all of it is sent.
        if self.stalled {
            if !self.device.accepts_bytes(Duration::ZERO) {
                return Ok(false);
            }
            self.stalled = false;
            self.repaint()?;
        }
        let links = Arc::clone(&self.links);
        let allowed = self.capabilities.links;
        self.terminal.draw(|frame| {
            let mut found = render(frame);
            if !allowed {
                found.clear();
            }
            *links.lock().unwrap_or_else(PoisonError::into_inner) = found;
        })?;
        match self.terminal.backend_mut().commit() {
            Err(error) if error.kind() == io::ErrorKind::TimedOut => {
                self.stalled = true;
                Ok(false)
            }
            other => other,
        }
    }

    fn repaint(&mut self) -> io::Result<()> {
        self.terminal.backend_mut().forget();
        let area = self.terminal.size()?.into();
        // Not `clear`, which asks the terminal for its cursor and may wait two seconds for the answer (ratatui 0.30.2).
        self.terminal.resize(area)
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        guard::set_mouse(on)
    }

    fn send_to_clipboard(&mut self, text: &str) -> io::Result<()> {
        let bytes = clipboard::sequence(text, self.capabilities.inside_tmux)?;
        self.device.send(bytes.as_bytes())
    }

    async fn suspend(&mut self) -> Result<(), Fault> {
        suspend::refuse_if_nobody_could_continue_us()?;
        let mouse = guard::mouse();
        self.leave();
        match suspend::stop_until_continued(&self.device).await? {
            Continuation::Enter { signalled } => {
                self.continuation_answered
                    .store(signalled, Ordering::Release);
                self.enter_again(mouse).map_err(suspend::failed)
            }
            Continuation::End => Ok(()),
        }
    }

    fn resume(&mut self) -> io::Result<()> {
        self.enter_again(guard::mouse())
    }

    fn leave(&mut self) {
        self.reader.set_reading(false);
        self.terminal.backend_mut().forget();
        guard::leave();
    }
}

impl Screen {
    fn enter_again(&mut self, mouse: bool) -> io::Result<()> {
        guard::enter(&self.device, mouse)?;
        self.reader.set_reading(true);
        self.repaint()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.leave();
    }
}
