//! `guildhall` without a command: the screen.

use super::{exit::Exit, hall::Context};
use crate::domain::{Fault, FaultKind};
use std::io::IsTerminal;

/// Runs the screen: the set-up first, where there is no installation yet.
///
/// # Errors
/// `BadInput` without a terminal; what opening the installation returns.
#[expect(
    clippy::unused_async,
    reason = "the screen is awaited as soon as it is part of this program"
)]
pub async fn run(_context: &Context) -> Result<Exit, Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The screen needs a terminal for its input and output.",
        )
        .hint("Use a command instead; guildhall --help lists them."));
    }
    Err(Fault::new(
        FaultKind::Unsupported,
        "The screen is not part of this program yet.",
    )
    .hint("Use a command instead; guildhall --help lists them."))
}
