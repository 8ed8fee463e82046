//! `duet dead-letters`: messages that could not be handled: which, why, what is in them, and back with them.
//!
//! A dead letter belongs to the group that could not handle it; the same message may be one in several groups.

mod list;
mod place;
mod redrive;
mod show;
mod shown;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use operate::dead_letters::DeadLettersError;
use telemetry::exit_with;

use list::ListArgs;
use redrive::RedriveArgs;
use show::ShowArgs;

/// Flags of `duet dead-letters`.
#[derive(Clone, Debug, Args)]
pub(crate) struct DeadLettersArgs {
    /// What to do.
    #[command(subcommand)]
    command: DeadLettersCommand,
}

/// What can be done about dead letters.
#[derive(Clone, Debug, Subcommand)]
pub(crate) enum DeadLettersCommand {
    /// Lists them, oldest first.
    List(ListArgs),
    /// Shows one with all that it says.
    Show(ShowArgs),
    /// Puts some back at the end of their group's queue, to be handled again.
    Redrive(RedriveArgs),
}

/// Runs the command. Its exit code is 0 when everything that was asked for was found and done.
pub(crate) fn main(args: &DeadLettersArgs) -> ExitCode {
    run(args).unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn run(args: &DeadLettersArgs) -> Result<ExitCode, DeadLettersError> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(DeadLettersError::Threads)?;
    runtime.block_on(async {
        match &args.command {
            DeadLettersCommand::List(args) => list::list(args).await,
            DeadLettersCommand::Show(args) => show::show(args).await,
            DeadLettersCommand::Redrive(args) => redrive::redrive(args).await,
        }
    })
}
