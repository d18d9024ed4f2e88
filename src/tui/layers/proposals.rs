//! What the set-up knows of this host before it asks anything.

use crate::tui::{theme::Ink, widgets::sheet::SheetBuilder};
use std::path::PathBuf;

/// What the set-up proposes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Proposals {
    /// A name for the installation: this host's.
    pub name: String,
    /// Where a key file would lie.
    pub key_file: PathBuf,
    /// The SSH public key of this login, where there is one.
    pub ssh_key: Option<PathBuf>,
    /// Why services cannot run in the folder where all of it would lie, and what to do; none where they can.
    pub unfit_folder: Option<(String, String)>,
}

impl Proposals {
    /// Says that the folder is unfit, where it is: leaving and beginning elsewhere costs nothing yet.
    pub fn warn(&self, sheet: &mut SheetBuilder) {
        if let Some((found, hint)) = &self.unfit_folder {
            sheet.gap();
            sheet.paragraph(
                &format!(
                    "{found}. Services of this host will not start there; nothing is made yet."
                ),
                Ink::Error,
            );
            sheet.paragraph(hint, Ink::Text);
        }
    }
}
