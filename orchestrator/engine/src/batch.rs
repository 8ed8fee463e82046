//! Batches: several items for one child.

use asl::data::{NESTING_MAX, measured};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::quotas::PAYLOAD_BYTES_MAX;
use crate::sparse::given;

/// How items are put into batches, and the batch that is being filled.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Batches {
    /// Most items of one.
    #[serde(rename = "n", default, skip_serializing_if = "Option::is_none")]
    items_max: Option<u64>,
    /// Most bytes of one as JSON text, with all that is in it.
    #[serde(rename = "b")]
    bytes_max: usize,
    /// What each is given besides its items.
    #[serde(rename = "i", default, deserialize_with = "given", skip_serializing_if = "Option::is_none")]
    input: Option<Value>,
    /// The items of the one that is being filled.
    #[serde(rename = "f", default, skip_serializing_if = "Vec::is_empty")]
    filling: Vec<Value>,
    /// The bytes of that one as it is.
    #[serde(rename = "s")]
    filling_bytes: usize,
}

/// What became of an item.
pub(crate) enum Added {
    /// It is in the batch that is being filled.
    In,
    /// It begins another batch; the one before is full.
    Full(Value, u64),
    /// It is larger than a batch may be.
    TooLarge,
}

impl Batches {
    pub(crate) fn new(items_max: Option<u64>, bytes_max: Option<u64>, input: Option<Value>) -> Self {
        let bytes_max = bytes_max.and_then(|bytes| usize::try_from(bytes).ok()).unwrap_or(PAYLOAD_BYTES_MAX);
        let mut batches = Self { items_max, bytes_max, input, filling: Vec::new(), filling_bytes: 0 };
        batches.filling_bytes = batches.empty_bytes();
        batches
    }

    fn empty_bytes(&self) -> usize {
        // What is too deep to be measured leaves no room for items.
        let bytes = |input: &Value| measured(input, NESTING_MAX).unwrap_or(PAYLOAD_BYTES_MAX);
        let input = self.input.as_ref().map_or(0, bytes);
        let around = if self.input.is_some() { r#"{"BatchInput":,"Items":[]}"# } else { r#"{"Items":[]}"# };
        input + around.len()
    }

    /// How many items are in the batch that is being filled.
    pub(crate) fn filling(&self) -> u64 {
        self.filling.len() as u64
    }

    /// Adds an item of so many bytes.
    pub(crate) fn add(&mut self, item: Value, bytes: usize) -> Added {
        let comma = usize::from(!self.filling.is_empty());
        if self.filling_bytes + comma + bytes <= self.bytes_max {
            self.filling_bytes += comma + bytes;
            self.filling.push(item);
            return Added::In;
        }
        if self.filling.is_empty() || self.empty_bytes() + bytes > self.bytes_max {
            return Added::TooLarge;
        }
        let (batch, count) = self.take();
        self.filling_bytes += bytes;
        self.filling.push(item);
        Added::Full(batch, count)
    }

    /// Whether the batch that is being filled has all the items that it may have.
    pub(crate) fn is_full(&self) -> bool {
        self.items_max.is_some_and(|max| self.filling() >= max)
    }

    /// The items of the batch that is being filled.
    pub(crate) fn items(&self) -> &[Value] {
        &self.filling
    }

    /// The batch as it is, and how many items it has.
    pub(crate) fn take(&mut self) -> (Value, u64) {
        let items = std::mem::take(&mut self.filling);
        self.filling_bytes = self.empty_bytes();
        let count = items.len() as u64;
        let batch = match &self.input {
            Some(input) => json!({"BatchInput": input, "Items": items}),
            None => json!({"Items": items}),
        };
        (batch, count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The sizes of the batches of so many items.
    fn sizes(mut batches: Batches, items: &[Value]) -> Vec<u64> {
        let mut sizes = Vec::new();
        for item in items {
            match batches.add(item.clone(), item.to_string().len()) {
                Added::In => {}
                Added::Full(batch, count) => {
                    assert!(batch.to_string().len() <= batches.bytes_max);
                    sizes.push(count);
                }
                Added::TooLarge => sizes.push(0),
            }
            if batches.is_full() {
                sizes.push(batches.take().1);
            }
        }
        if batches.filling() > 0 {
            sizes.push(batches.take().1);
        }
        sizes
    }

    #[test]
    fn a_batch_is_full_by_its_items_or_by_its_bytes() {
        let items: Vec<Value> = (10..20).map(Value::from).collect();
        assert_eq!(sizes(Batches::new(Some(4), None, None), &items), [4, 4, 2]);
        // {"Items":[10,11,12]} has 20 bytes.
        assert_eq!(sizes(Batches::new(None, Some(20), None), &items), [3, 3, 3, 1]);
        assert_eq!(sizes(Batches::new(Some(2), Some(20), None), &items), [2, 2, 2, 2, 2]);
        let input = json!({"a": 1});
        // {"BatchInput":{"a":1},"Items":[10]} has 35 bytes.
        assert_eq!(sizes(Batches::new(None, Some(35), Some(input)), &items[..2]), [1, 1]);
        assert_eq!(sizes(Batches::new(None, Some(13), None), &items[..1]), [0]);
    }
}
