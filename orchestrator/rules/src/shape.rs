//! What a target is given.

use serde_json::Value;

use crate::origin::Origin;
use crate::path::EventPath;
use crate::problem::Problem;
use crate::template::Template;

/// The longest constant, in bytes, as AWS has it.
pub const CONSTANT_BYTES_MAX: usize = 8192;

/// What a target is given of an event.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// The event as it is.
    Event,
    /// Always the same (`Input`).
    Constant(Value),
    /// A part of it (`InputPath`).
    Path(EventPath, String),
    /// A template filled in (`InputTransformer`).
    Template(Template),
}

/// Nothing can be made of an event.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the event has nothing at {0}")]
pub struct NoInput(pub String);

impl Shape {
    /// Of what a rule says, of which at most one may be there. `None`: it says nothing.
    ///
    /// # Errors
    /// More than one is there; one cannot be read.
    pub fn read(
        input: Option<&Value>,
        input_path: Option<&str>,
        transformer: Option<&Value>,
    ) -> Result<Self, Problem> {
        match (input, input_path, transformer) {
            (None, None, None) => Ok(Self::Event),
            (Some(input), None, None) => {
                let bytes = input.to_string().len();
                if bytes > CONSTANT_BYTES_MAX {
                    let expected = format!("at most {CONSTANT_BYTES_MAX} bytes of JSON, not {bytes}");
                    return Err(Problem::new("input", input, expected));
                }
                Ok(Self::Constant(input.clone()))
            }
            (None, Some(path), None) => Ok(Self::Path(EventPath::read("input_path", path)?, path.to_owned())),
            (None, None, Some(transformer)) => Template::read("transformer", transformer).map(Self::Template),
            _ => {
                let there = [
                    ("input", input.is_some()),
                    ("input_path", input_path.is_some()),
                    ("transformer", transformer.is_some()),
                ];
                let names: Vec<_> =
                    there.iter().filter(|(_, is_there)| *is_there).map(|(name, _)| *name).collect();
                Err(Problem::said(
                    names[1],
                    &names.join(" and "),
                    "one of input, input_path and transformer, or none",
                ))
            }
        }
    }

    /// What the target is given of that event.
    ///
    /// # Errors
    /// It has nothing where the path leads.
    pub fn input(&self, event: &Value, origin: Origin<'_>) -> Result<Value, NoInput> {
        match self {
            Self::Event => Ok(event.clone()),
            Self::Constant(input) => Ok(input.clone()),
            Self::Path(path, text) => path.select(event).ok_or_else(|| NoInput(text.clone())),
            Self::Template(template) => Ok(template.fill(event, origin)),
        }
    }
}
