//! A compiled call, and which functions there are.

use serde_json::Value;

use crate::path::Path;

/// Deepest nesting of calls in calls.
pub const NESTING_MAX: usize = 10;

/// A compiled call of an intrinsic function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub(super) function: Function,
    pub(super) arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Literal(Value),
    Path(Path),
    Call(Call),
}

macro_rules! functions {
    ($($variant:ident $name:literal $min:literal $max:literal),* $(,)?) => {
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Function { $($variant),* }

        impl Function {
            /// Name, fewest and most arguments.
            pub(super) const TABLE: &[(Self, &str, usize, usize)] = &[$((Self::$variant, $name, $min, $max)),*];
        }
    };
}

functions! {
    Format "States.Format" 1 0xffff,
    StringToJson "States.StringToJson" 1 1,
    JsonToString "States.JsonToString" 1 1,
    Array "States.Array" 0 0xffff,
    ArrayPartition "States.ArrayPartition" 2 2,
    ArrayContains "States.ArrayContains" 2 2,
    ArrayRange "States.ArrayRange" 3 3,
    ArrayGetItem "States.ArrayGetItem" 2 2,
    ArrayLength "States.ArrayLength" 1 1,
    ArrayUnique "States.ArrayUnique" 1 1,
    Base64Encode "States.Base64Encode" 1 1,
    Base64Decode "States.Base64Decode" 1 1,
    JsonMerge "States.JsonMerge" 3 3,
    MathRandom "States.MathRandom" 2 3,
    MathAdd "States.MathAdd" 2 2,
    StringSplit "States.StringSplit" 2 2,
    Uuid "States.UUID" 0 0,
}

impl Call {
    /// Whether its result is a text, whatever its arguments; or may be, for an element of an array.
    pub fn makes_text(&self) -> bool {
        use Function::{ArrayGetItem, Base64Decode, Base64Encode, Format, JsonToString, Uuid};
        matches!(self.function, Format | JsonToString | ArrayGetItem | Base64Encode | Base64Decode | Uuid)
    }

    /// Whether evaluating the call needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        self.arguments.iter().any(|argument| match argument {
            Argument::Literal(_) => false,
            Argument::Path(path) => path.reads_execution_input(),
            Argument::Call(call) => call.reads_execution_input(),
        })
    }
}

impl Function {
    pub(super) fn name(self) -> &'static str {
        Self::TABLE.iter().find(|(function, ..)| *function == self).map_or("States.?", |(_, name, ..)| name)
    }
}
