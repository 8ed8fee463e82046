//! What a Map run is told.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::child::ChildEnd;
use crate::sparse::is_default;
use crate::status::Status;

/// What a Map run is told: answers to what it asked for, and changes of its settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum MapNews {
    /// Items that it asked for.
    #[serde(rename = "i")]
    Items {
        /// How many items come before them: as it was asked.
        #[serde(rename = "n")]
        from: u64,
        /// The items, in order.
        #[serde(rename = "i")]
        items: Vec<Value>,
        /// Whether they are members of an object: an item with a `Key` and a `Value` need be none.
        #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
        of_object: bool,
        /// Whether there are no more.
        #[serde(rename = "l", default, skip_serializing_if = "std::ops::Not::not")]
        is_last: bool,
    },
    /// The items that it asked for cannot be read.
    #[serde(rename = "u")]
    Unreadable {
        /// How many items come before them: as it was asked.
        #[serde(rename = "n")]
        from: u64,
        /// Why, for people.
        #[serde(rename = "c")]
        cause: String,
    },
    /// A child has ended.
    #[serde(rename = "c")]
    ChildEnded {
        /// Which.
        #[serde(rename = "n")]
        index: u64,
        /// How.
        #[serde(rename = "e")]
        end: Box<ChildEnd>,
    },
    /// A child that was to be redriven cannot be: it stays as it ended.
    #[serde(rename = "d")]
    NotRedrivable {
        /// Which.
        #[serde(rename = "n")]
        index: u64,
        /// As it was [asked](crate::RedriveChild::attempt).
        #[serde(rename = "a")]
        attempt: u32,
        /// How it ended.
        #[serde(rename = "s")]
        status: Status,
    },
    /// The results are written.
    #[serde(rename = "w")]
    Written,
    /// The results cannot be written.
    #[serde(rename = "x")]
    NotWritten {
        /// Why, for people.
        #[serde(rename = "c")]
        cause: String,
    },
    /// Some of its settings are others from now on (`UpdateMapRun`).
    #[serde(rename = "s")]
    Updated(MapRunUpdate),
}

/// The settings of a Map run that are to be others; those that are not named stay.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct MapRunUpdate {
    /// Most children at once; 0 sets no limit of its own.
    #[serde(rename = "c", default, skip_serializing_if = "is_default")]
    pub max_concurrency: Option<u64>,
    /// Most items that may fail.
    #[serde(rename = "n", default, skip_serializing_if = "is_default")]
    pub tolerated_count: Option<u64>,
    /// Most items that may fail, in percent of all.
    #[serde(rename = "p", default, skip_serializing_if = "is_default")]
    pub tolerated_percentage: Option<f64>,
}
