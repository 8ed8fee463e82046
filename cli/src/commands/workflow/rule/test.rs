//! `duet workflow rule test`: whether an event matches, and what would start the workflow.

use std::process::ExitCode;

use clap::Args;
use rules::{Logic, Origin};
use serde_json::Value;
use telemetry::{Code, exit};

use super::logic::{LogicArgs, RuleError, json};
use super::server::ServerArgs;

/// Flags of `duet workflow rule test`.
#[derive(Clone, Debug, Args)]
pub(super) struct TestArgs {
    /// The event, as EventBridge has it ({"id": …, "source": …, "detail-type": …, "detail": {…}}): JSON, a file that holds it, or - for
    /// standard input.
    #[arg(long, value_name = "JSON|FILE")]
    event: String,
    /// A rule that the server has.
    #[arg(long, value_name = "NAME", conflicts_with_all = ["pattern", "input", "input_path", "transformer"])]
    rule: Option<String>,
    /// One that it need not have.
    #[command(flatten)]
    logic: LogicArgs,
    /// Where the rule is.
    #[command(flatten)]
    server: ServerArgs,
}

/// Exit code 0 if the event matches.
pub(super) fn main(args: &TestArgs) -> ExitCode {
    match input(args) {
        Ok(Some(input)) => {
            terminal::print_json(&format!("{input:#}\n"));
            ExitCode::SUCCESS
        }
        Ok(None) => {
            telemetry::tell("the event does not match");
            Code::Failure.into()
        }
        Err(error) => exit(&error),
    }
}

/// What an execution would begin with; `None` if the event does not match.
fn input(args: &TestArgs) -> Result<Option<Value>, RuleError> {
    let event = json("event", &args.event)?;
    let rule = match &args.rule {
        Some(name) => args.server.show(name)?,
        None => args.logic.read()?,
    };
    let text = |name: &str| rule.get(name).and_then(Value::as_str);
    let logic =
        Logic::read(rule.get("pattern"), rule.get("input"), text("input_path"), rule.get("transformer"))?;
    if !logic.matches(&event) {
        return Ok(None);
    }
    // What only a server knows stands there as itself.
    let origin = Origin {
        rule_arn: text("arn").unwrap_or("<aws.events.rule-arn>"),
        rule_name: text("name").unwrap_or("<aws.events.rule-name>"),
        ingested: "<aws.events.event.ingestion-time>",
    };
    Ok(Some(logic.input(&event, origin)?))
}
