//! How this program starts itself.

use crate::domain::{Fault, FaultKind};
use serde::{Deserialize, Serialize};
use std::path::PathBuf;

/// How this program starts itself under a hidden command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OwnProgram {
    /// The program.
    pub program: PathBuf,
    /// The arguments that lead to the hidden commands.
    pub arguments: Vec<String>,
}

impl OwnProgram {
    /// The program that runs now.
    ///
    /// # Errors
    /// [`FaultKind::Host`] when its file cannot be found out.
    pub fn running() -> Result<Self, Fault> {
        let program = std::env::current_exe().map_err(|error| {
            Fault::new(
                FaultKind::Host,
                "Where the program guildhall lies cannot be found out.",
            )
            .hint("Check that /proc can be read, then try again.")
            .detail(error)
        })?;
        Ok(Self::at(program))
    }

    /// The program at this place.
    #[must_use]
    pub fn at(program: PathBuf) -> Self {
        Self {
            program,
            arguments: vec!["internal".to_owned()],
        }
    }

    /// What is run for a hidden command.
    #[must_use]
    pub fn hidden(&self, command: &[&str]) -> Vec<String> {
        let mut arguments = self.arguments.clone();
        arguments.extend(command.iter().map(|word| (*word).to_owned()));
        arguments
    }
}
