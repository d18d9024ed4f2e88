//! What a program's loop draws on, with or without a terminal behind it.

use super::link::Link;
use crate::domain::Fault;
use ratatui::Frame;
use std::{future::Future, io};

/// A screen: a real one ([`super::Screen`]) or one for tests ([`super::Headless`]).
pub trait Surface: Send {
    /// Draws a frame and sends it, in one write, if anything changed. Says whether it did. `render` returns the links of
    /// the frame.
    ///
    /// # Errors
    /// Where the terminal takes no more bytes, most often because it is gone.
    fn draw(&mut self, render: impl FnOnce(&mut Frame<'_>) -> Vec<Link>) -> io::Result<bool>;

    /// Makes the next frame send every cell.
    ///
    /// # Errors
    /// As for [`Surface::draw`].
    fn repaint(&mut self) -> io::Result<()>;

    /// Switches reports of mouse buttons and the wheel on or off. While they are on, text is selected with Shift.
    ///
    /// # Errors
    /// As for [`Surface::draw`].
    fn set_mouse(&mut self, on: bool) -> io::Result<()>;

    /// Sends text to the clipboard of the person's terminal, which may ignore it: say "sent", never "copied". Never for
    /// a secret.
    ///
    /// # Errors
    /// Where the text is too long for terminals, or as for [`Surface::draw`].
    fn send_to_clipboard(&mut self, text: &str) -> io::Result<()>;

    /// Hands the terminal back to the shell and stops, until the shell continues us; then enters and repaints.
    ///
    /// # Errors
    /// Where nobody could continue us (a session of its own, as over SSH with a forced command). Nothing happened then.
    fn suspend(&mut self) -> impl Future<Output = Result<(), Fault>> + Send;

    /// Enters again and repaints after a stop that did not come from [`Surface::suspend`].
    ///
    /// # Errors
    /// As for [`Surface::draw`]; end then as for [`super::TermEvent::HungUp`].
    fn resume(&mut self) -> io::Result<()>;

    /// Hands the terminal back, in the state it was found. Only the first call does anything.
    fn leave(&mut self);
}
