//! A screen without a terminal, for tests of the whole program: they draw on it and look at the cells.

use super::{Link, Surface};
use crate::domain::Fault;
use ratatui::{Frame, Terminal, backend::TestBackend};
use std::io;

/// A surface in memory that remembers what was asked of it.
#[derive(Debug)]
pub struct Headless {
    terminal: Terminal<TestBackend>,
    /// The links of the last frame.
    pub links: Vec<Link>,
    /// Texts sent to the clipboard, oldest first.
    pub clipboard: Vec<String>,
    /// Whether the mouse is on.
    pub mouse: bool,
    /// How often the program was suspended.
    pub suspensions: usize,
    /// Whether the screen was left.
    pub left: bool,
}

impl Headless {
    /// An empty screen of this size.
    ///
    /// # Errors
    /// Never in practice: memory does not fail.
    pub fn new(columns: u16, rows: u16) -> io::Result<Self> {
        let terminal = Terminal::new(TestBackend::new(columns, rows)).map_err(io::Error::other)?;
        Ok(Self {
            terminal,
            links: Vec::new(),
            clipboard: Vec::new(),
            mouse: false,
            suspensions: 0,
            left: false,
        })
    }

    /// The cells, and the cursor.
    #[must_use]
    pub fn backend(&self) -> &TestBackend {
        self.terminal.backend()
    }

    /// Gives the screen another size; the next frame has it.
    pub fn resize(&mut self, columns: u16, rows: u16) {
        self.terminal.backend_mut().resize(columns, rows);
    }
}

impl Surface for Headless {
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>) -> Vec<Link>) -> io::Result<bool> {
        let before = self.terminal.backend().buffer().clone();
        let links = &mut self.links;
        self.terminal
            .draw(|frame| *links = render(frame))
            .map_err(io::Error::other)?;
        Ok(*self.terminal.backend().buffer() != before)
    }

    fn repaint(&mut self) -> io::Result<()> {
        let area = self.terminal.size().map_err(io::Error::other)?.into();
        self.terminal.resize(area).map_err(io::Error::other)
    }

    fn set_mouse(&mut self, on: bool) -> io::Result<()> {
        self.mouse = on;
        Ok(())
    }

    fn send_to_clipboard(&mut self, text: &str) -> io::Result<()> {
        self.clipboard.push(text.to_owned());
        Ok(())
    }

    async fn suspend(&mut self) -> Result<(), Fault> {
        self.suspensions += 1;
        Ok(())
    }

    fn resume(&mut self) -> io::Result<()> {
        self.repaint()
    }

    fn leave(&mut self) {
        self.left = true;
    }
}
