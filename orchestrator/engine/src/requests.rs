//! What a Map run asks for besides children: items from elsewhere, and a place for its results.

use std::sync::Arc;

use asl::map::{ReaderConfig, WriterConfig};
use serde_json::Value;

use crate::ids::MapRunId;

/// Items that a Map run asks for. The answer is [`MapNews::Items`](crate::MapNews::Items) or
/// [`MapNews::Unreadable`](crate::MapNews::Unreadable).
#[derive(Debug, Clone, PartialEq)]
pub struct ReadItems {
    /// Who asks.
    pub run: MapRunId,
    /// The Map, by its name.
    pub state: Arc<str>,
    /// The `Resource` of its `ItemReader`.
    pub resource: Arc<str>,
    /// What is passed to that.
    pub arguments: Value,
    /// How items are made of what is read.
    pub config: ReaderConfig,
    /// How many items come before those that are asked for.
    pub from: u64,
    /// Most items that are wanted.
    pub items_max: u64,
    /// Most bytes that these may have together as JSON text; one item may have more.
    pub bytes_max: usize,
}

/// Results that a Map run asks to be written: the records of all its children that have ended. The answer is
/// [`MapNews::Written`](crate::MapNews::Written) or [`MapNews::NotWritten`](crate::MapNews::NotWritten).
#[derive(Debug, Clone, PartialEq)]
pub struct WriteResults {
    /// Who asks.
    pub run: MapRunId,
    /// The Map, by its name.
    pub state: Arc<str>,
    /// The run's ARN.
    pub map_run_arn: String,
    /// The `Resource` of its `ResultWriter`.
    pub resource: Arc<str>,
    /// What is passed to that.
    pub arguments: Value,
    /// What is written of each child, and in which form.
    pub config: WriterConfig,
    /// Where the objects go.
    pub bucket: String,
    /// What the names of all objects begin with, before a slash.
    pub folder: String,
    /// The items that no child was begun for.
    pub pending: Vec<Value>,
}
