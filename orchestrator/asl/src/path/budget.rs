//! How much work one selection may be.

use std::cell::Cell;

use serde_json::Value;

use super::error::{PathError, STEPS_MAX};

/// Bytes of text that count as one step.
const TEXT_BYTES: usize = 16;

/// The steps that are left.
pub(super) struct Budget(Cell<usize>);

impl Budget {
    pub(super) fn new() -> Self {
        Self(Cell::new(STEPS_MAX))
    }

    pub(super) fn spend(&self, steps: usize) -> Result<(), PathError> {
        self.0.set(self.0.get().checked_sub(steps).ok_or(PathError::TooManySteps)?);
        Ok(())
    }

    pub(super) fn spend_text(&self, text: &str) -> Result<(), PathError> {
        self.spend(1 + text.len() / TEXT_BYTES)
    }

    /// A copy of the value, paid for by its size.
    pub(super) fn copy(&self, value: &Value) -> Result<Value, PathError> {
        self.pay_for(value)?;
        Ok(value.clone())
    }

    fn pay_for(&self, value: &Value) -> Result<(), PathError> {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => self.spend(1),
            Value::String(text) => self.spend_text(text),
            Value::Array(items) => {
                self.spend(1)?;
                items.iter().try_for_each(|item| self.pay_for(item))
            }
            Value::Object(fields) => {
                self.spend(1)?;
                fields.iter().try_for_each(|(name, value)| {
                    self.spend_text(name)?;
                    self.pay_for(value)
                })
            }
        }
    }
}
