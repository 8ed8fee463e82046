//! How data gets in and out of a state: the fields of the language of its expressions.

use crate::data::{Narrow, ResultPath};
use crate::template::Template;

/// How data gets in and out of a state. A state has the fields of one language: those of JSONPath, of which `P` are the ones that
/// this type of state may have, or those of JSONata.
#[derive(Debug, Clone, PartialEq)]
pub enum Io<P> {
    /// `InputPath`, `OutputPath` and what else `P` has.
    JsonPath(P),
    /// `Arguments` and `Output`.
    Jsonata(Jsonata),
}

/// The fields of a state whose language is JSONata.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Jsonata {
    /// `Arguments`, of a Task or Parallel. Without them: the state's input.
    pub arguments: Option<Template>,
    /// `Output`. Without it: the state's result or, where it has none, its input.
    pub output: Option<Template>,
}

/// The fields of a state that ends something or decides something.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Ends {
    /// `InputPath`
    pub input_path: Narrow,
    /// `OutputPath`
    pub output_path: Narrow,
}

/// The fields of a state that makes a result.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Flow {
    /// `InputPath`
    pub input_path: Narrow,
    /// `Parameters`
    pub parameters: Option<Template>,
    /// `ResultSelector`; a Pass state has none.
    pub result_selector: Option<Template>,
    /// `ResultPath`
    pub result_path: ResultPath,
    /// `OutputPath`
    pub output_path: Narrow,
}
