//! `duet workflow`: definitions in the Amazon States Language.

mod check;

use std::process::ExitCode;

use clap::{Args, Subcommand};

use check::CheckArgs;

/// Flags of `duet workflow`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkflowArgs {
    /// What to do.
    #[command(subcommand)]
    command: WorkflowCommand,
}

/// What can be done with a definition.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum WorkflowCommand {
    /// Checks definitions, and shows what is wrong with them as a compiler does. Exit code 1 if one is none.
    Check(CheckArgs),
}

/// Runs the command.
pub(crate) fn main(args: &WorkflowArgs) -> ExitCode {
    match &args.command {
        WorkflowCommand::Check(args) => check::main(args),
    }
}
