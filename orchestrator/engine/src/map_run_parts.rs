//! What a Map run begins with, reads and writes.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::batch::Batches;
use crate::ids::MapRunId;
use crate::map_news::MapRunUpdate;
use crate::sparse::is_default;

/// What a Map run reads from elsewhere.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reading {
    /// `Parameters` or `Arguments` of the `ItemReader`.
    #[serde(rename = "a")]
    pub(crate) arguments: Value,
    /// `MaxItems`
    #[serde(rename = "m", default, skip_serializing_if = "Option::is_none")]
    pub(crate) items_max: Option<u64>,
    /// How many items were read.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub(crate) read: u64,
    /// Whether more were asked for.
    #[serde(rename = "q", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_asked: bool,
    /// Whether there are no more.
    #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_over: bool,
}

/// Where the results of a Map run are written.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Destination {
    /// `Parameters` or `Arguments` of the `ResultWriter`.
    #[serde(rename = "a")]
    pub(crate) arguments: Value,
    #[serde(rename = "b")]
    pub(crate) bucket: String,
    /// What the names of all objects begin with.
    #[serde(rename = "f")]
    pub(crate) folder: String,
}

/// What comes after the results are written.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(crate) struct Afterwards {
    /// The error that the run fails with, and its cause.
    #[serde(rename = "f", default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<(String, Option<String>)>,
}

/// What a Map run begins with.
pub(crate) struct Beginning {
    pub(crate) id: MapRunId,
    pub(crate) arn: String,
    pub(crate) started_ms: u64,
    pub(crate) settings: MapRunUpdate,
    /// The items that are at hand.
    pub(crate) items: VecDeque<Value>,
    /// Whether these are the members of an object.
    pub(crate) of_object: bool,
    /// What is read besides.
    pub(crate) reading: Option<Reading>,
    pub(crate) batches: Option<Batches>,
    pub(crate) destination: Option<Destination>,
}

impl Reading {
    pub(crate) fn new(arguments: Value, items_max: Option<u64>) -> Self {
        Self { arguments, items_max, read: 0, is_asked: false, is_over: items_max == Some(0) }
    }
}
