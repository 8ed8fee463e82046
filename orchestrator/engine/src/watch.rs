//! What is seen of a state that is tried: the values between its input and its output, and the error that it came to.

use std::cell::RefCell;

use serde_json::Value;

use crate::failure::Failure;

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

/// Takes notes of one state. A step that nobody watches has none of it: it costs that step a comparison in each place.
#[derive(Debug, Default)]
pub(crate) struct Watch {
    /// What the context object has instead of what the engine would say.
    context: Option<Value>,
    stages: RefCell<Vec<(Stage, Value)>>,
    /// What each item of a Map became.
    selected: RefCell<Vec<Value>>,
    failure: RefCell<Option<Failure>>,
}

impl Watch {
    pub(crate) fn new(context: Option<Value>) -> Self {
        Self { context, ..Self::default() }
    }

    /// Notes a value; the last of a stage counts.
    pub(crate) fn made(&self, stage: Stage, value: &Value) {
        let mut stages = self.stages.borrow_mut();
        stages.retain(|(other, _)| *other != stage);
        stages.push((stage, value.clone()));
    }

    /// Notes what an item of a Map became.
    pub(crate) fn selected(&self, value: &Value) {
        self.selected.borrow_mut().push(value.clone());
    }

    /// Notes that the items of a Map have all been looked at.
    pub(crate) fn all_selected(&self) {
        let all = Value::Array(self.selected.take());
        self.made(Stage::ItemSelector, &all);
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
