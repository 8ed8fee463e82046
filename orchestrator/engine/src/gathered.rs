//! What branches and iterations have given so far.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::sparse::is_default;

/// The outputs of branches or iterations, each in its place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Gathered {
    /// An output is in a list of its own, so that `null` can be one.
    #[serde(rename = "o")]
    outputs: Vec<Option<(Value,)>>,
    /// How many have not ended.
    #[serde(rename = "n")]
    open: usize,
}

impl Gathered {
    /// Of so many, none of which has ended.
    pub(crate) fn new(count: usize) -> Self {
        Self { outputs: vec![None; count], open: count }
    }

    pub(crate) fn of(outputs: Vec<Option<(Value,)>>) -> Self {
        let open = outputs.iter().filter(|output| output.is_none()).count();
        Self { outputs, open }
    }

    pub(crate) fn is_sound(&self) -> bool {
        self.open == self.outputs.iter().filter(|output| output.is_none()).count()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.outputs.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.outputs.is_empty()
    }

    /// How many have not ended.
    pub fn open(&self) -> usize {
        self.open
    }

    /// Takes the output of one that has ended. Whether there is such a one, and it had not ended.
    pub(crate) fn put(&mut self, index: u32, output: Value) -> bool {
        let Some(place @ None) = self.outputs.get_mut(index as usize) else { return false };
        *place = Some((output,));
        self.open -= 1;
        true
    }

    /// All outputs in order, when all have ended.
    pub(crate) fn take(&mut self) -> Value {
        self.outputs.drain(..).flatten().map(|(output,)| output).collect()
    }
}

/// The iterations of a Map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Iterations {
    /// What they gave.
    #[serde(rename = "g")]
    pub gathered: Gathered,
    /// The items of those that have not begun, in order.
    #[serde(rename = "i", default, skip_serializing_if = "VecDeque::is_empty")]
    pub(crate) items: VecDeque<Value>,
    /// Whether they are the members of an object.
    #[serde(rename = "o", default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) of_object: bool,
    /// How many may be at work at once.
    #[serde(rename = "c")]
    pub(crate) concurrency_max: usize,
    /// How many have failed.
    #[serde(rename = "f", default, skip_serializing_if = "is_default")]
    pub(crate) failed: usize,
    /// How many may fail before the state does.
    #[serde(rename = "l", default, skip_serializing_if = "is_default")]
    pub(crate) tolerated: usize,
}

impl Iterations {
    pub(crate) fn is_sound(&self) -> bool {
        self.gathered.is_sound() && self.items.len() <= self.gathered.open()
    }

    /// The number and item of the next that may begin.
    pub(crate) fn next(&mut self) -> Option<(u32, Value)> {
        let at_work = self.gathered.open() - self.items.len();
        if at_work >= self.concurrency_max {
            return None;
        }
        let index = self.gathered.len() - self.items.len();
        Some((u32::try_from(index).ok()?, self.items.pop_front()?))
    }
}
