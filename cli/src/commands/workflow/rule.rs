//! `duet workflow rule`: which messages start which workflow.

mod logic;
mod server;
mod test;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::Value;
use telemetry::exit;

use self::logic::{LogicArgs, RuleError};
use self::server::ServerArgs;
use self::test::TestArgs;

/// Flags of `duet workflow rule`.
#[derive(Clone, Debug, Args)]
pub(super) struct RuleArgs {
    /// What to do.
    #[command(subcommand)]
    command: RuleCommand,
}

/// What can be done with rules.
#[derive(Clone, Debug, Subcommand)]
enum RuleCommand {
    /// Has each message of a topic that matches start an execution, from now on. Replaces the rule of that name, if there is one.
    Add(AddArgs),
    /// Shows the rules that a server has, as JSON.
    List(ListArgs),
    /// Removes a rule: no further message starts anything by it.
    Remove(RemoveArgs),
    /// Whether an event matches, and what input would start the workflow. Exit code 0 if it does, 1 if not.
    Test(TestArgs),
}

/// Flags of `duet workflow rule add`.
#[derive(Clone, Debug, Args)]
struct AddArgs {
    /// What the rule is called [default: as the machine].
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// The topic: STREAM/KIND, such as choreography/order.placed.
    #[arg(long, value_name = "TOPIC")]
    topic: String,
    /// What is started: the name or the ARN of a state machine, perhaps with :VERSION or :ALIAS.
    #[arg(long, value_name = "MACHINE")]
    machine: String,
    /// Which messages, and with what input.
    #[command(flatten)]
    logic: LogicArgs,
    /// With which messages it begins. Kafka gives a server that has rules already all that it keeps of a further stream: there only
    /// `beginning` is taken, elsewhere only `now`.
    #[arg(long, value_name = "WHEN", value_parser = ["now", "beginning"])]
    from: Option<String>,
    /// Nothing follows from it until it is added again without this.
    #[arg(long)]
    disabled: bool,
    /// Where.
    #[command(flatten)]
    server: ServerArgs,
}

/// Flags of `duet workflow rule list`.
#[derive(Clone, Debug, Args)]
struct ListArgs {
    /// Where.
    #[command(flatten)]
    server: ServerArgs,
}

/// Flags of `duet workflow rule remove`.
#[derive(Clone, Debug, Args)]
struct RemoveArgs {
    /// Which.
    #[arg(value_name = "NAME")]
    name: String,
    /// Where.
    #[command(flatten)]
    server: ServerArgs,
}

/// Runs the command.
pub(super) fn main(args: &RuleArgs) -> ExitCode {
    let done = match &args.command {
        RuleCommand::Add(args) => add(args),
        RuleCommand::List(args) => list(args),
        RuleCommand::Remove(args) => remove(args),
        RuleCommand::Test(args) => return test::main(args),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit(&error),
    }
}

fn add(args: &AddArgs) -> Result<(), RuleError> {
    let mut rule = args.logic.read()?;
    rule["topic"] = args.topic.as_str().into();
    rule["machine"] = args.machine.as_str().into();
    rule["enabled"] = (!args.disabled).into();
    if let Some(from) = &args.from {
        rule["from"] = from.as_str().into();
    }
    let last = args.machine.split(":stateMachine:").last().unwrap_or_default();
    let name = args.name.clone().unwrap_or_else(|| last.replace(':', "-"));
    let made = args.server.put(&name, &rule)?;
    for warning in made["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        telemetry::tell(format_args!("warning: {warning}"));
    }
    terminal::print_json(&format!("{:#}\n", made["rule"]));
    Ok(())
}

fn list(args: &ListArgs) -> Result<(), RuleError> {
    terminal::print_json(&format!("{:#}\n", args.server.list()?["rules"]));
    Ok(())
}

fn remove(args: &RemoveArgs) -> Result<(), RuleError> {
    Ok(args.server.remove(&args.name)?)
}
