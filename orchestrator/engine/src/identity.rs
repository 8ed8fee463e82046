//! Who an execution is to AWS.

use serde::{Deserialize, Serialize};

/// What AWS calls an execution and its state machine: for the context object and the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The ARN of the execution.
    #[serde(rename = "x")]
    pub execution_arn: String,
    /// The execution's name, unique among those of its state machine.
    #[serde(rename = "n")]
    pub name: String,
    /// The ARN of the state machine, without version or alias.
    #[serde(rename = "m")]
    pub machine_arn: String,
    /// The name of the state machine.
    #[serde(rename = "s")]
    pub machine_name: String,
    /// The role that the state machine has.
    #[serde(rename = "r")]
    pub role_arn: String,
    /// The ARN of the version that it was started with, if it was one.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub version_arn: Option<String>,
    /// The ARN of the alias that it was started with, if it was one.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub alias_arn: Option<String>,
}
