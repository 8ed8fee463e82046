//! `duet workflow rule`: which messages start which workflow.

mod server;
mod test;

use std::io::Read as _;
use std::path::Path;
use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde_json::{Value, json};
use telemetry::exit;

use self::server::{ServerArgs, ServerError};
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
    /// Nothing follows from it until it is added again without this.
    #[arg(long)]
    disabled: bool,
    /// Where.
    #[command(flatten)]
    server: ServerArgs,
}

/// Which messages, and with what input.
#[derive(Clone, Debug, Default, Args)]
struct LogicArgs {
    /// The event pattern, as EventBridge has it: JSON, or a file that holds it. Without one every message matches.
    #[arg(long, value_name = "JSON|FILE")]
    pattern: Option<String>,
    /// What executions begin with, always: JSON, or a file that holds it.
    #[arg(long, value_name = "JSON|FILE", conflicts_with_all = ["input_path", "transformer"])]
    input: Option<String>,
    /// The path to the part of the event that executions begin with: $.detail
    #[arg(long, value_name = "PATH", conflicts_with = "transformer")]
    input_path: Option<String>,
    /// EventBridge's input transformer, {"InputPathsMap": {…}, "InputTemplate": "…"}: JSON, or a file that holds it.
    #[arg(long, value_name = "JSON|FILE")]
    transformer: Option<String>,
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

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
enum RuleError {
    #[error("--{flag} is neither JSON nor a file that holds it")]
    Json { flag: &'static str, source: serde_json::Error },
    #[error("--{flag}: {place} cannot be read")]
    File { flag: &'static str, place: String, source: std::io::Error },
    #[error(transparent)]
    Rule(#[from] rules::Problem),
    #[error(transparent)]
    Input(#[from] rules::NoInput),
    #[error(transparent)]
    Server(#[from] ServerError),
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
    let last = args.machine.split(":stateMachine:").last().unwrap_or_default();
    let name = args.name.clone().unwrap_or_else(|| last.replace(':', "-"));
    let made = args.server.put(&name, &rule)?;
    for warning in made["warnings"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        telemetry::tell(format!("warning: {warning}\n"));
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

impl LogicArgs {
    /// As members of a rule.
    fn read(&self) -> Result<Value, RuleError> {
        let mut rule = json!({});
        let given = [("pattern", &self.pattern), ("input", &self.input), ("transformer", &self.transformer)];
        for (flag, text) in given {
            if let Some(text) = text {
                rule[flag] = json(flag, text)?;
            }
        }
        if let Some(path) = &self.input_path {
            rule["input_path"] = path.as_str().into();
        }
        Ok(rule)
    }
}

/// What a flag gives: JSON, the name of a file that holds it, or `-` for standard input.
fn json(flag: &'static str, given: &str) -> Result<Value, RuleError> {
    let unreadable = |source| RuleError::File { flag, place: given.to_owned(), source };
    let text = if given == "-" {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
        text
    } else if Path::new(given).is_file() {
        std::fs::read_to_string(given).map_err(unreadable)?
    } else {
        given.to_owned()
    };
    serde_json::from_str(&text).map_err(|source| RuleError::Json { flag, source })
}
