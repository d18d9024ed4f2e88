//! The log of an installation: `<home>/logs/guildhall.log.<date>`, for its owner alone, never with a secret.

use crate::domain::{Fault, FaultKind};
use std::{fs::DirBuilder, os::unix::fs::DirBuilderExt, path::Path};
use tracing::{Level, Metadata};
use tracing_appender::rolling::{RollingFileAppender, Rotation};
use tracing_subscriber::{
    EnvFilter, Layer,
    filter::{FilterExt, filter_fn},
    layer::SubscriberExt,
    util::SubscriberInitExt,
};

/// The variable that says how much is logged, in the language of `tracing` filters.
pub const LOG_VARIABLE: &str = "GUILDHALL_LOG";
/// Days that are kept.
const KEPT_DAYS: usize = 14;
/// Crates that write whole requests, headers with keys among them, at the level of traces.
const TALKATIVE: [&str; 5] = ["hyper", "h2", "reqwest", "rustls", "axum"];

/// Begins to log. The folder is made when it is not there; the process's umask keeps files from others.
///
/// # Errors
/// `Storage` when the folder or file cannot be written; `BadInput` when the variable is no filter.
pub fn begin(home: &Path) -> Result<(), Fault> {
    let wanted = std::env::var(LOG_VARIABLE).unwrap_or_default();
    let level = if wanted.trim().is_empty() {
        EnvFilter::new("info")
    } else {
        EnvFilter::try_new(&wanted).map_err(|error| {
            Fault::new(
                FaultKind::BadInput,
                format!("{LOG_VARIABLE} is no filter of the log."),
            )
            .hint("Write a level such as info or debug, or leave it empty.")
            .detail(error)
        })?
    };
    let folder = home.join("logs");
    let unusable = |error: &dyn std::fmt::Display| {
        Fault::new(
            FaultKind::Storage,
            format!("The log in {} cannot be written.", folder.display()),
        )
        .hint("Look whether the folder is yours and the disk has room.")
        .detail(error)
    };
    // Else the appender complains on standard error about a folder it then makes itself.
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&folder)
        .map_err(|error| unusable(&error))?;
    let file = RollingFileAppender::builder()
        .rotation(Rotation::DAILY)
        .filename_prefix("guildhall.log")
        .max_log_files(KEPT_DAYS)
        .build(&folder)
        .map_err(|error| unusable(&error))?;
    let layer = tracing_subscriber::fmt::layer()
        .with_ansi(false)
        .with_writer(file)
        .with_filter(level.and(filter_fn(is_safe)));
    // A second time in one process only tests begin; the first log is kept then.
    let _ = tracing_subscriber::registry().with(layer).try_init();
    Ok(())
}

/// Whether a line may be written whatever level is asked for.
fn is_safe(metadata: &Metadata<'_>) -> bool {
    may_write(metadata.target(), *metadata.level())
}

fn may_write(target: &str, level: Level) -> bool {
    let talkative = TALKATIVE.iter().any(|name| target.starts_with(name));
    !(talkative && level == Level::TRACE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_request_is_written_out_whatever_is_asked_for() {
        assert!(!may_write("hyper_util::client", Level::TRACE));
        assert!(!may_write("rustls::conn", Level::TRACE));
        assert!(may_write("hyper_util::client", Level::DEBUG));
        assert!(may_write("guildhall::engine", Level::TRACE));
    }
}
