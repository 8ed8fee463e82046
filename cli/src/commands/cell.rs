//! `duet cell`, hidden: one style of a comparison, told what to do on standard input.

use std::process::ExitCode;

/// Runs it to its end.
pub(crate) fn main() -> ExitCode {
    bench::cell::main();
    ExitCode::SUCCESS
}
