//! `duet workflow serve`: serves the AWS Step Functions API.

use std::process::ExitCode;

use telemetry::exit_with;
use workflows::ServeArgs;

/// Runs until it is asked to end.
pub(super) fn main(args: &ServeArgs) -> ExitCode {
    match daemon::start(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_with(&error, error.code()),
    }
}
