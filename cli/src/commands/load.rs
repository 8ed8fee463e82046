//! `duet load`: keeps a steady load on a running system, and audits every order.

use std::process::ExitCode;

use load::service::LoadArgs;
use telemetry::{Code, exit_with};

/// Runs until it is asked to end.
pub(crate) fn main(args: LoadArgs) -> ExitCode {
    let args = match args.completed() {
        Ok(args) => args,
        Err(error) => return exit_with(&error, Code::Usage),
    };
    match daemon::start(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit_with(&error, error.code()),
    }
}
