//! Lends the one process runner to the room of local services.

use super::process::{LineSink, ProcessCall, Runner};
use crate::{
    domain::Fault,
    services::command::{Command, Commands, Ended},
};
use async_trait::async_trait;
use std::sync::Arc;

#[async_trait]
impl Commands for Runner {
    async fn run(&self, command: Command) -> Result<Ended, Fault> {
        let mut call = ProcessCall::new(command.program)
            .args(command.arguments)
            .timeout(command.timeout)
            .cancel(&command.cancel);
        if let Some(package) = &command.package {
            call = call.package(package);
        }
        if let Some(folder) = command.folder {
            call = call.folder(folder);
        }
        for (name, value) in command.environment {
            call = call.env(&name, value);
        }
        if let Some(log) = command.log {
            call = call.log(log);
        }
        if let Some(on_line) = command.on_line {
            let sink: LineSink = Arc::new(move |_, line| on_line(line));
            call = call.on_line(sink);
        }
        let finished = Self::run(self, call).await?;
        Ok(Ended {
            code: finished.status.code(),
            output: finished.stdout_tail,
            errors: finished.stderr_tail,
        })
    }
}
