//! `duet workflow`: definitions in the Amazon States Language, on their own or behind the AWS Step Functions API.

mod check;
mod rule;
mod run;
mod serve;
mod shown;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use workflows::ServeArgs;

/// Flags of `duet workflow`.
#[derive(Clone, Debug, Args)]
pub(crate) struct WorkflowArgs {
    /// What to do.
    #[command(subcommand)]
    command: WorkflowCommand,
}

/// What can be done with a definition.
#[derive(Clone, Debug, Subcommand)]
enum WorkflowCommand {
    /// Checks definitions, and shows what is wrong with them as a compiler does. Exit code 1 if one is none.
    Check(check::CheckArgs),
    /// Runs an execution at once, and shows its history and what comes out. Exit code 0 if it succeeds.
    Run(run::RunArgs),
    /// Runs the cases beside definitions, and says what none of them covers. Exit code 0 if all pass.
    Test(test::TestArgs),
    /// Which messages start which workflow: adds, lists, removes and tests rules.
    Rule(Box<rule::RuleArgs>),
    /// Serves the AWS Step Functions API: durable executions for programs with an AWS SDK, and for the AWS CLI.
    Serve(Box<ServeArgs>),
}

impl WorkflowArgs {
    /// Whether it is a service, which says for itself what it logs.
    pub(crate) fn is_service(&self) -> bool {
        matches!(self.command, WorkflowCommand::Serve(_))
    }
}

/// Runs the command.
pub(crate) fn main(args: &WorkflowArgs) -> ExitCode {
    match &args.command {
        WorkflowCommand::Check(args) => check::main(args),
        WorkflowCommand::Run(args) => run::main(args),
        WorkflowCommand::Test(args) => test::main(args),
        WorkflowCommand::Rule(args) => rule::main(args),
        WorkflowCommand::Serve(args) => serve::main(args),
    }
}
