//! What is seen of a state that is tried: the values between its input and its output, and the error that it came to.

use std::cell::RefCell;

use asl::data::{NESTING_MAX, is_within, measured};
use serde_json::Value;

use crate::failure::Failure;
use crate::quotas::PAYLOAD_BYTES_MAX;

/// A value on the way from a state's input to its output, by the field that made it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// `InputPath`, in JSONPath.
    InputPath,
    /// `Parameters`, in JSONPath: of a Map see [`Stage::ItemSelector`].
    Parameters,
    /// `Arguments`, in JSONata.
    Arguments,
    /// The raw result: of what the state called or ran, or the `Result` of a Pass.
    Result,
    /// `ResultSelector`, in JSONPath.
    ResultSelector,
    /// `ResultPath`, in JSONPath.
    ResultPath,
    /// `ItemsPath`, in JSONPath: an array.
    ItemsPath,
    /// `ItemsPointer` of an `ItemReader`: the array that it leads to.
    ItemsPointer,
    /// `ItemSelector`: an array with what each item became.
    ItemSelector,
    /// `ItemBatcher`: an array with the input of each child.
    ItemBatcher,
}

/// Values that are shown as one array, as long as they fit into a payload together. Each item of a Map may become as much as a payload
/// has, and there may be a hundred thousand of them: beyond that nothing is kept.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    values: Vec<Value>,
    /// What they have as JSON text, with a comma or a bracket behind each.
    bytes: usize,
}

impl Shown {
    pub(crate) fn add(&mut self, value: &Value) {
        if self.bytes > PAYLOAD_BYTES_MAX {
            return;
        }
        self.bytes += measured(value, NESTING_MAX).unwrap_or(PAYLOAD_BYTES_MAX) + 1;
        if self.bytes > PAYLOAD_BYTES_MAX {
            self.values = Vec::new();
        } else {
            self.values.push(value.clone());
        }
    }

    /// The array; `None` if it is too large.
    pub(crate) fn array(self) -> Option<Value> {
        (self.bytes <= PAYLOAD_BYTES_MAX).then_some(Value::Array(self.values))
    }
}

/// Takes notes of one state. A step that nobody watches has none of it: it costs that step a comparison in each place.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What the context object has instead of what the engine would say.
    context: Option<Value>,
    stages: RefCell<Vec<(Stage, Value)>>,
    /// What each item of a Map became.
    selected: RefCell<Shown>,
    failure: RefCell<Option<Failure>>,
}

impl Watch {
    pub(crate) fn new(context: Option<Value>) -> Self {
        Self { context, ..Self::default() }
    }

    /// Notes a value; the last of a stage counts. One that is larger than a payload is not shown.
    pub(crate) fn made(&self, stage: Stage, value: &Value) {
        let mut stages = self.stages.borrow_mut();
        stages.retain(|(other, _)| *other != stage);
        // Some are arrays of what may be as deep as data may be.
        if is_within(value, PAYLOAD_BYTES_MAX, NESTING_MAX + 1) {
            stages.push((stage, value.clone()));
        }
    }

    /// Notes what an item of a Map became.
    pub(crate) fn selected(&self, value: &Value) {
        self.selected.borrow_mut().add(value);
    }

    /// Notes that the items of a Map have all been looked at.
    pub(crate) fn all_selected(&self) {
        if let Some(all) = self.selected.take().array() {
            self.made(Stage::ItemSelector, &all);
        }
    }

    /// Notes an error that something is about to be done about, or nothing.
    pub(crate) fn failed(&self, failure: &Failure) {
        *self.failure.borrow_mut() = Some(failure.clone());
    }

    /// The context object: the engine's own, with what was given for it. What it tells of an item stays, while items are looked at.
    pub(crate) fn context(&self, own: Value, is_of_item: bool) -> Value {
        let (Value::Object(mut context), Some(Value::Object(given))) = (own.clone(), &self.context) else {
            return own;
        };
        for (section, value) in given {
            match (context.get_mut(section), value) {
                (Some(_), _) if section == "Map" && is_of_item => {}
                (Some(Value::Object(own)), Value::Object(given)) => own.extend(given.clone()),
                _ => drop(context.insert(section.clone(), value.clone())),
            }
        }
        Value::Object(context)
    }

    pub(crate) fn finish(self) -> (Vec<(Stage, Value)>, Option<Failure>) {
        (self.stages.into_inner(), self.failure.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_too_large_together_is_not_kept() {
        // With quotes and a comma an item has a quarter of a payload.
        let item = Value::String("x".repeat(PAYLOAD_BYTES_MAX / 4 - 3));
        let of = |count: usize| {
            let watch = Watch::new(None);
            (0..count).for_each(|_| watch.selected(&item));
            assert!(watch.selected.borrow().values.len() <= 4);
            watch.all_selected();
            watch.finish().0.len()
        };
        assert_eq!((of(0), of(3), of(5), of(100)), (1, 1, 0, 0));
    }

    #[test]
    fn a_value_that_is_too_large_is_not_shown_nor_is_the_one_before_it() {
        let watch = Watch::new(None);
        watch.made(Stage::Result, &Value::Null);
        watch.made(Stage::Result, &Value::String("x".repeat(PAYLOAD_BYTES_MAX)));
        assert!(watch.finish().0.is_empty());
    }
}
