//! Cells to bytes: ratatui's crossterm backend over a [`FrameWriter`], with what it wastes taken out.
//!
//! Adds three things: the cursor is moved, shown or hidden only where that changes anything, so that a frame without a
//! changed cell is empty; the size comes from the terminal at hand and never from a question to it; links are written
//! around the cells they cover. Must not know what the cells show.

use super::{
    device::Device,
    frame::FrameWriter,
    link::{CLOSING, Link},
};
use crossterm::{
    cursor::{Hide, MoveTo, Show},
    queue,
};
use ratatui::{
    backend::{Backend, ClearType, CrosstermBackend, WindowSize},
    buffer::Cell,
    layout::{Position, Size},
};
use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

/// What the crossterm backend writes after each run of cells, and the four bytes that do the same.
const LONG_RESET: &[u8] = b"\x1b[39m\x1b[49m\x1b[59m\x1b[0m";
const RESET: &[u8] = b"\x1b[0m";

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
    links: Links,
    /// Where ratatui put the cursor last, shown or not.
    position: Position,
    wanted: Cursor,
    /// What the terminal shows, as far as known.
    shown: Option<Cursor>,
}

impl ScreenBackend {
    pub(super) fn new(device: Arc<Device>, links: Links) -> Self {
        Self {
            device,
            frame: FrameWriter::new(),
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
        let sent = self.frame.commit(|bytes| self.device.send(bytes))?;
        self.shown = Some(self.wanted);
        Ok(sent)
    }

    /// Forgets what was drawn and not sent, and what the terminal is thought to show.
    pub(super) fn forget(&mut self) {
        self.frame.discard();
        self.shown = None;
    }

    fn draw_run<'a>(
        &mut self,
        cells: impl Iterator<Item = (u16, u16, &'a Cell)>,
    ) -> io::Result<()> {
        CrosstermBackend::new(&mut self.frame).draw(cells)?;
        self.frame.shorten_end(LONG_RESET, RESET);
        Ok(())
    }
}

/// Which of `links` covers a cell.
fn covering(links: &[Link], x: u16, y: u16) -> Option<usize> {
    links
        .iter()
        .position(|link| link.covers(Position::new(x, y)))
}

impl Backend for ScreenBackend {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        let links = Arc::clone(&self.links);
        let links = links.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((x, y, _)) = content.peek() {
            let link = covering(&links, *x, *y);
            if let Some(link) = link.and_then(|index| links.get(index)) {
                self.frame.write_all(link.opening().as_bytes())?;
            }
            let run = std::iter::from_fn(|| {
                content.next_if(|(x, y, _)| links.is_empty() || covering(&links, *x, *y) == link)
            });
            self.draw_run(run)?;
            if link.is_some() {
                self.frame.write_all(CLOSING)?;
            }
        }
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
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, region: ClearType) -> io::Result<()> {
        CrosstermBackend::new(&mut self.frame).clear_region(region)
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
