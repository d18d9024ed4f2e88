//! `guildhall` without a command: the screen.

use super::{exit::Exit, hall::Context};
use crate::{
    domain::{ActorId, Fault, FaultKind},
    engine::Engine,
    tui::{self, Start, TuiOptions, Wishes},
};
use std::io::IsTerminal;

/// Frames in a second for somebody who came in over SSH, whatever the environment says.
const OVER_SSH: u16 = 30;

/// Runs the screen: the set-up first, where there is no installation yet.
///
/// # Errors
/// `BadInput` without a terminal; what opening the installation returns.
pub async fn run(context: &Context) -> Result<Exit, Fault> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Fault::new(
            FaultKind::BadInput,
            "The screen needs a terminal for its input and output.",
        )
        .hint("Use a command instead; guildhall --help lists them."));
    }
    let globals = &context.globals;
    let exists = Engine::exists(&context.place.home);
    if exists {
        context.begin_log();
    }
    // Held until the screen is gone: the simulated platforms are served by it.
    let (options, _simulation) = context.options().await?;
    let catalog = options.catalog.clone();
    let start = if exists {
        let engine = Engine::open(options).await?;
        if let Some(unlocker) = context.unlocker()? {
            engine.unlock(unlocker).await?;
        }
        Start::Open(engine)
    } else {
        Start::SetUp(Box::new(options))
    };
    let code = tui::run(TuiOptions {
        start,
        catalog,
        actor: globals.actor.map(ActorId),
        wishes: Wishes {
            config: Some(context.place.config.clone()),
            ascii: globals.ascii,
            plain: globals.plain,
            read_only: globals.read_only,
            without_shell: globals.confined,
            frames_per_second: globals.confined.then_some(OVER_SSH),
            ..Wishes::default()
        },
    })
    .await?;
    Ok(u8::try_from(code).map_or(Exit::Failed, Exit::Other))
}
