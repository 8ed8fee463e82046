//! Executions that a Map in distributed mode starts, and what is heard of them.

use std::sync::Arc;

use asl::map::Transformation;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::identity::Identity;
use crate::ids::MapRunId;
use crate::rules::Rules;
use crate::sparse::{given, is_default, is_one, one};
use crate::status::Status;

/// An execution that a Map asks for. It runs on the definition of the execution that asks.
#[derive(Debug, Clone, PartialEq)]
pub struct StartChild {
    /// The Map run that it belongs to, of the execution that asks.
    pub run: MapRunId,
    /// The run's ARN; made up where its execution is nobody to AWS.
    pub map_run_arn: String,
    /// Which of its children it is, from 0.
    pub index: u64,
    /// What its end is [told](ChildEnd::attempt) with.
    pub attempt: u32,
    /// How many items it is given.
    pub items: u64,
    /// What is to be kept of its result for [`WriteResults`](crate::WriteResults), if anything.
    pub written: Option<Transformation>,
    /// Whether its input is to be told when it has ended, even if it has succeeded.
    pub is_told_whole: bool,
    /// What it is told first: [`Fact::ChildStarted`](crate::Fact::ChildStarted).
    pub start: ChildStart,
}

/// What an execution begins with that a Map started.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildStart {
    /// Its id.
    #[serde(rename = "x")]
    pub execution: String,
    /// The Map, by its name: the execution runs what that runs for each item.
    #[serde(rename = "m")]
    pub map: Arc<str>,
    /// The ARN of the Map run, if its execution has one.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub map_run_arn: Option<String>,
    /// What it begins with.
    #[serde(rename = "d")]
    pub input: Value,
    /// What the context object tells of its item; nothing of a batch.
    #[serde(rename = "i", default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub item: Option<Value>,
    /// What jitter and the functions with randomness are computed from.
    #[serde(rename = "s")]
    pub seed: u64,
    /// Who it is to AWS, if the execution that started it is somebody.
    #[serde(rename = "w", default, skip_serializing_if = "Option::is_none")]
    pub identity: Option<Box<Identity>>,
    /// Whether it is an Express execution.
    #[serde(rename = "q", default, skip_serializing_if = "std::ops::Not::not")]
    pub express: bool,
    /// The first id of its tasks and timers: 1, unless it begins once more, when those that it had are not used again.
    #[serde(rename = "f", default = "one", skip_serializing_if = "is_one")]
    pub first_id: u64,
    /// What it goes by: what the execution that started it goes by.
    #[serde(rename = "u", default = "Rules::first", skip_serializing_if = "Rules::are_first")]
    pub rules: Rules,
}

/// A child that a Map run asks for once more: a Standard execution goes on with what it left undone
/// ([`Fact::Redriven`](crate::Fact::Redriven)), an Express execution begins again with what it began with. If it has succeeded
/// meanwhile, or cannot be redriven, that is told ([`MapNews::ChildEnded`](crate::MapNews::ChildEnded),
/// [`MapNews::NotRedrivable`](crate::MapNews::NotRedrivable)).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedriveChild {
    /// The Map run that it belongs to, of the execution that asks.
    pub run: MapRunId,
    /// The run's ARN.
    pub map_run_arn: String,
    /// Which of its children it is.
    pub index: u64,
    /// What its end is [told](ChildEnd::attempt) with.
    pub attempt: u32,
    /// Its id.
    pub execution: String,
}

/// How a child has ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChildEnd {
    /// Never [`Status::Running`].
    #[serde(rename = "s")]
    pub status: Status,
    /// When it began, in milliseconds since 1970.
    #[serde(rename = "b")]
    pub started_ms: u64,
    /// When it ended, in milliseconds since 1970.
    #[serde(rename = "t")]
    pub stopped_ms: u64,
    /// Its output, if it succeeded.
    #[serde(rename = "o", default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    pub output: Option<Value>,
    /// The error name, if it failed.
    #[serde(rename = "e", default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// What happened, if it failed.
    #[serde(rename = "c", default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// How often the execution that asked for it had been redriven when it did so last: an end that is told with another number is one
    /// from before a redrive.
    #[serde(rename = "a", default, skip_serializing_if = "is_default")]
    pub attempt: u32,
    /// How often it was redriven itself.
    #[serde(rename = "r", default, skip_serializing_if = "is_default")]
    pub redrives: u32,
    /// What it began with, as JSON text: of one that did not succeed, and where [`StartChild::is_told_whole`] asks for it.
    #[serde(rename = "i", default, skip_serializing_if = "Option::is_none")]
    pub input: Option<String>,
}
