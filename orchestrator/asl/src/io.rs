//! How data gets in and out of a state: the fields of the language of its expressions.

use crate::data::{Narrow, ResultPath};
use crate::template::Template;

/// How data gets in and out of a state. A state has the fields of one language: those of JSONPath, of which `P` are the ones that
/// this type of state may have. JSONata, which has others in their stead, will be a variant here.
#[derive(Debug, Clone, PartialEq)]
pub enum Io<P> {
    /// `InputPath`, `OutputPath` and what else `P` has.
    JsonPath(P),
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
