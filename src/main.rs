//! Parse, run, exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [first, name, rest @ ..] = arguments.as_slice() else {
        return ExitCode::SUCCESS;
    };
    if first != "internal" {
        return ExitCode::SUCCESS;
    }
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
    else {
        return ExitCode::FAILURE;
    };
    ExitCode::from(runtime.block_on(guildhall::cli::internal::run(name, rest)))
}
