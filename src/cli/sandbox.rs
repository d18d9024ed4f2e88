//! `guildhall sandbox ...`: simulated platforms.

use super::{
    exit::Exit,
    hall::Context,
    output::Output,
    place::Place,
    simulation::{Announcement, announce},
    work,
};
use crate::{
    domain::Fault,
    sandbox::{Sandbox, SandboxOptions},
};
use clap::Subcommand;
use serde_json::json;

/// The sandbox.
#[derive(Debug, Subcommand)]
pub enum SandboxCommand {
    /// Serve the simulated platforms until ctrl-c, and write their addresses and keys as JSON.
    Serve {
        /// The port on loopback; a free one unless given.
        #[arg(long, default_value_t = 0)]
        port: u16,
    },
    /// Begin anew: every simulated platform as at the first start.
    Reset,
    /// Write ready-made keys and addresses of the simulated platforms.
    Keys,
}

/// Runs a command of this family, whether `--sandbox` is given or not.
///
/// # Errors
/// `Storage` or `Host` when it cannot be started; `InUse` when it is served already.
pub async fn run(context: &Context, command: SandboxCommand) -> Result<Exit, Fault> {
    let place = Place::find(context.globals.home.as_deref(), true)?;
    let port = match command {
        SandboxCommand::Serve { port } => port,
        SandboxCommand::Reset | SandboxCommand::Keys => 0,
    };
    let mut running = Sandbox::start(SandboxOptions {
        home: Some(place.home.clone()),
        port,
        ..SandboxOptions::default()
    })
    .await?;
    match command {
        SandboxCommand::Serve { .. } => {
            let announcement = Announcement {
                base: running.base().clone(),
                overrides: running.overrides(),
            };
            let _announced = announce(&place.home, &announcement)?;
            let object = json!({
                "base": announcement.base,
                "overrides": announcement.overrides,
                "keys": running.keys().await?,
            });
            Output::line(&object)?;
            context
                .out
                .advise("Serving; guildhall --sandbox uses it. ctrl-c ends it.");
            tokio::select! {
                _ = work::stop_signal() => {}
                () = running.served() => {}
            }
        }
        SandboxCommand::Reset => {
            running.reset().await?;
            context
                .out
                .data(&json!({ "status": Exit::Done.word() }), |_| {
                    "The simulated platforms are as at the first start.".to_owned()
                })?;
        }
        SandboxCommand::Keys => {
            let keys = running.keys().await?;
            context.out.data(&keys, |_| {
                serde_json::to_string_pretty(&keys).unwrap_or_default()
            })?;
        }
    }
    Ok(Exit::Done)
}
