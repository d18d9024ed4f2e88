//! What a person does to the layer on top: a key or a paste.

use super::hidden::Hidden;
use crossterm::event::KeyEvent;
use std::fmt;

/// A key or a paste.
pub enum Input {
    Key(KeyEvent),
    Paste(Hidden),
}

impl fmt::Debug for Input {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Key(_) => "Key",
            Self::Paste(_) => "Paste",
        })
    }
}
