//! Which messages a rule is about, and what it makes of them, as flags say it.

use std::io::Read as _;
use std::path::Path;

use clap::Args;
use serde_json::{Value, json};

use super::server::ServerError;

/// Which messages, and with what input.
#[derive(Clone, Debug, Default, Args)]
pub(super) struct LogicArgs {
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

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub(super) enum RuleError {
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

impl LogicArgs {
    /// As members of a rule.
    pub(super) fn read(&self) -> Result<Value, RuleError> {
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
pub(super) fn json(flag: &'static str, given: &str) -> Result<Value, RuleError> {
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
