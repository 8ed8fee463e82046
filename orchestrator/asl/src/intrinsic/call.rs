//! A compiled call, and which functions there are.

use serde_json::Value;

use crate::path::Path;

/// Deepest nesting of calls in calls.
pub const NESTING_MAX: usize = 10;

/// A compiled call of an intrinsic function.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// As it was written.
    pub(super) source: Box<str>,
    pub(super) function: Function,
    pub(super) arguments: Vec<Argument>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Argument {
    Literal(Value),
    /// A text in which a `\` stands before something that it does not escape.
    OpenEscape,
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
    Hash "States.Hash" 2 2,
    JsonMerge "States.JsonMerge" 3 3,
    MathRandom "States.MathRandom" 2 3,
    MathAdd "States.MathAdd" 2 2,
    StringSplit "States.StringSplit" 2 2,
    Uuid "States.UUID" 0 0,
}

impl Call {
    /// Whether its result is a text, whatever its arguments; or may be, for an element of an array.
    pub fn makes_text(&self) -> bool {
        use Function::{ArrayGetItem, Base64Decode, Base64Encode, Format, Hash, JsonToString, Uuid};
        matches!(
            self.function,
            Format | JsonToString | ArrayGetItem | Base64Encode | Base64Decode | Hash | Uuid
        )
    }

    /// Calls `see` with every path in the call.
    pub fn paths<'c>(&'c self, see: &mut impl FnMut(&'c Path)) {
        for argument in &self.arguments {
            match argument {
                Argument::Literal(_) | Argument::OpenEscape => {}
                Argument::Path(path) => see(path),
                Argument::Call(call) => call.paths(see),
            }
        }
    }

    /// Whether evaluating the call needs the input that the execution began with.
    pub fn reads_execution_input(&self) -> bool {
        let mut reads = false;
        self.paths(&mut |path| reads |= path.reads_execution_input());
        reads
    }
}
