//! ratatui's way to the terminal: cells go through the [`Encoder`] into a [`FrameWriter`].
//!
//! The cursor is moved, shown or hidden only where that changes anything, so that a frame without a changed cell is
//! empty; the size comes from the terminal at hand and never from a question to it. Must not know what the cells show.

use super::{device::Device, encode::Encoder, frame::FrameWriter, link::Link};
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
};
use ratatui::{
    backend::{Backend, ClearType, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

/// The links of the frame being drawn, shared with the screen, which learns them while it draws.
pub(super) type Links = Arc<Mutex<Vec<Link>>>;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cursor {
    Hidden,
    Shown(Position),
}

/// ratatui's way to the terminal.
#[derive(Debug)]
pub(super) struct ScreenBackend {
    device: Arc<Device>,
    frame: FrameWriter,
    encoder: Encoder,
    links: Links,
    /// Where ratatui put the cursor last, shown or not.
    position: Position,
    wanted: Cursor,
    /// What the terminal shows, as far as known.
    shown: Option<Cursor>,
}

impl ScreenBackend {
    pub(super) fn new(device: Arc<Device>, links: Links) -> Self {
        let encoder = Encoder::new(device.size());
        Self {
            device,
            frame: FrameWriter::new(),
            encoder,
            links,
            position: Position::ORIGIN,
            wanted: Cursor::Hidden,
            shown: None,
        }
    }

    /// Sends the frame. Says whether there was anything to send.
    pub(super) fn commit(&mut self) -> io::Result<bool> {
        let moved_by_cells = !self.frame.is_empty() && self.wanted != Cursor::Hidden;
        if moved_by_cells || self.shown != Some(self.wanted) {
            match self.wanted {
                Cursor::Hidden => queue!(self.frame, Hide)?,
                Cursor::Shown(Position { x, y }) => {
                    queue!(self.frame, MoveTo(x, y))?;
                    if !matches!(self.shown, Some(Cursor::Shown(_))) {
                        queue!(self.frame, Show)?;
                    }
                }
            }
        }
        self.shown = None;
        let sent = self.frame.commit(|bytes| self.device.send(bytes));
        if sent.is_err() {
            self.encoder.forget();
        }
        self.shown = sent.is_ok().then_some(self.wanted);
        sent
    }

    /// Forgets what was drawn and not sent, and what the terminal is thought to show.
    pub(super) fn forget(&mut self) {
        self.frame.discard();
        self.encoder.forget();
        self.shown = None;
    }
}

impl Backend for ScreenBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let links = Arc::clone(&self.links);
        let links = links.lock().unwrap_or_else(PoisonError::into_inner);
        self.encoder.encode(content, &links, self.frame.bytes());
        Ok(())
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.wanted = Cursor::Hidden;
        Ok(())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.wanted = Cursor::Shown(self.position);
        Ok(())
    }

    /// Where the cursor was put last; the terminal is not asked.
    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.position)
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.position = position.into();
        if self.wanted != Cursor::Hidden {
            self.wanted = Cursor::Shown(self.position);
        }
        Ok(())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.encoder.clear(self.device.size(), self.frame.bytes());
        Ok(())
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        match region {
            ClearType::All => self.clear(),
            // What the terminal shows would no longer be what is remembered.
            _ => Err(io::ErrorKind::Unsupported.into()),
        }
    }

    fn size(&self) -> io::Result<Size> {
        Ok(self.device.size())
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        Ok(WindowSize {
            columns_rows: self.device.size(),
            pixels: Size::default(),
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
