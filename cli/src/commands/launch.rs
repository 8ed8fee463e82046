//! `duet launch`, hidden: becomes another program that ends with the process that starts it.

use std::process::ExitCode;

use operate::processes::launch::{self, LaunchArgs};
use telemetry::exit;

/// Becomes the program; ends only with what stands against it.
pub(crate) fn main(args: &LaunchArgs) -> ExitCode {
    exit(&launch::main(args))
}
