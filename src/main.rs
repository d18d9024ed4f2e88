//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> anyhow::Result<ExitCode> {
    guildhall::cli::run()
}
