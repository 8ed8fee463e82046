//! What is wrong with the text of a definition, and where.

use std::fmt;

use crate::nearest::shortened;

/// How bad a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Severity {
    /// The text is no definition.
    Error,
    /// It is one, and may not do what is meant.
    Warning,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $variant:ident $name:literal $severity:ident),* $(,)?) => {
        /// What kind of problem it is. The codes are those of AWS's `ValidateStateMachineDefinition`, but where it says otherwise.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $variant),* }

        impl Code {
            /// The code as AWS writes it: `SCHEMA_VALIDATION_FAILED`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }

            /// Whether text with that problem is a definition all the same.
            pub fn severity(self) -> Severity {
                match self { $(Self::$variant => Severity::$severity),* }
            }
        }
    };
}

codes! {
    /// The text is not JSON.
    InvalidJson "INVALID_JSON_DESCRIPTION" Error,
    /// There is no text.
    MissingDescription "MISSING_DESCRIPTION" Error,
    /// A field is missing, unknown, or has a value that cannot stand there.
    Schema "SCHEMA_VALIDATION_FAILED" Error,
    /// A Task calls something that cannot be called.
    InvalidResource "INVALID_RESOURCE" Error,
    /// No state ends the machine.
    MissingEndState "MISSING_END_STATE" Error,
    /// Two states of one name.
    DuplicateStateName "DUPLICATE_STATE_NAME" Error,
    /// A name that a state cannot have.
    InvalidStateName "INVALID_STATE_NAME" Error,
    /// Two Map states of one label.
    DuplicateLabelName "DUPLICATE_LABEL_NAME" Error,
    /// A label that a Map state cannot have.
    InvalidLabelName "INVALID_LABEL_NAME" Error,
    /// A transition to a state that is not there, or a state that no transition leads to.
    MissingTransitionTarget "MISSING_TRANSITION_TARGET" Error,
    /// Values are nested too deep.
    TooDeeplyNested "TOO_DEEPLY_NESTED" Error,
    /// A text between `{%` and `%}` is no JSONata.
    InvalidJsonata "INVALID_JSONATA_EXPRESSION" Error,
    /// It is, and says what cannot be said there.
    UnsupportedJsonata "UNSUPPORTED_JSONATA_EXPRESSION" Error,
    /// A name that a variable cannot have.
    InvalidVariableName "INVALID_VARIABLE_NAME" Error,
    /// An assignment to `$states`.
    ReservedVariableName "RESERVED_VARIABLE_NAME" Error,
    /// A path or function in a field whose name does not end in `.$`.
    NoDollar "NO_DOLLAR" Warning,
    /// A path in a field whose name does not end in `Path`.
    NoPath "NO_PATH" Warning,
    /// A path in the `Result` of a Pass state.
    PassResultIsStatic "PASS_RESULT_IS_STATIC" Warning,
    /// A variable that nothing can have been assigned to. Not one of AWS's codes.
    UnassignedVariable "UNASSIGNED_VARIABLE" Warning,
    /// A function that nobody has registered. Not one of AWS's codes.
    UnknownFunction "UNKNOWN_FUNCTION" Warning,
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One thing that is wrong with a definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub code: Code,
    /// Line of the offending value, from 1.
    pub line: usize,
    /// Column of the offending value in characters, from 1.
    pub column: usize,
    /// Where it is, as AWS says it: `/States/Choose/Choices[0]/Next`, `/` for the whole document; absent where AWS names no place.
    pub location: Option<String>,
    /// What is wrong, in AWS's words where they are known.
    pub message: String,
    /// The offending value as JSON, shortened; absent where there is none.
    pub value: Option<String>,
    /// The message exactly as AWS has it, where it quotes the author's text and so cannot be shown as it is; absent where it is `message`.
    pub verbatim: Option<String>,
    /// What would be right, perhaps as a question (`did you mean …?`); absent where the message says it.
    pub expected: Option<String>,
}

impl Problem {
    /// Whether the text is a definition all the same.
    pub fn severity(&self) -> Severity {
        self.code.severity()
    }

    /// The message as AWS says it, for programs: it may hold whatever the author's text holds.
    pub fn aws_message(&self) -> &str {
        self.verbatim.as_ref().unwrap_or(&self.message)
    }

    /// What was found, and what would be right, as it is said after the message: empty, or beginning with `; `.
    pub fn hint(&self) -> String {
        let found = self.value.as_ref().map(|value| format!("; found {value}"));
        let right = self.expected.as_ref().map(|expected| match expected.starts_with("did you mean") {
            true => format!("; {expected}"),
            false => format!("; expected {expected}"),
        });
        found.into_iter().chain(right).collect()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)?;
        if let Some(location) = &self.location {
            write!(f, ", {location}")?;
        }
        write!(f, ": {}: {}{}", self.code, self.message, self.hint())
    }
}

/// Most problems that are told one by one; of those found after them only the number is.
pub const PROBLEMS_MAX: usize = 100;

/// What is wrong with a definition, in the order of the text: the first [`PROBLEMS_MAX`] that were found. Never empty.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Problems {
    pub(crate) told: Vec<Problem>,
    pub(crate) more: usize,
    pub(crate) warnings: Vec<Problem>,
}

impl Problems {
    /// This one, and no other.
    pub fn one(problem: Problem) -> Self {
        Self { told: vec![problem], more: 0, warnings: Vec::new() }
    }

    /// Changes each problem and warning: the text may have been made of another, where it stands elsewhere.
    #[must_use]
    pub fn each(mut self, mut change: impl FnMut(&mut Problem)) -> Self {
        self.told.iter_mut().chain(&mut self.warnings).for_each(&mut change);
        self
    }

    /// The problems that are told, in the order of the text.
    pub fn as_slice(&self) -> &[Problem] {
        &self.told
    }

    /// How many were found besides those that are told.
    pub fn more(&self) -> usize {
        self.more
    }

    /// What else may not be meant, in the order of the text.
    pub fn warnings(&self) -> &[Problem] {
        &self.warnings
    }
}

impl fmt::Display for Problems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let count = self.told.len() + self.more;
        let noun = if count == 1 { "problem" } else { "problems" };
        write!(f, "the definition has {count} {noun}")?;
        for problem in &self.told {
            write!(f, "\n  {problem}")?;
        }
        match self.more {
            0 => Ok(()),
            more => write!(f, "\n  and {more} more"),
        }
    }
}

/// Longest part of an offending value that a problem quotes, in characters.
const QUOTE_CHARS_MAX: usize = 80;
/// Longest message, and longest answer to what would be right, in characters: both may list names.
const TEXT_CHARS_MAX: usize = 500;

impl Problem {
    /// A problem at that line and column, whose texts are shortened and can be shown.
    pub(crate) fn new(
        code: Code,
        (line, column): (usize, usize),
        location: Option<&str>,
        message: String,
        value: Option<String>,
        expected: Option<String>,
    ) -> Self {
        Self {
            code,
            line,
            column,
            location: location.map(|location| printable(if location.is_empty() { "/" } else { location })),
            message: printable(&shortened(message, TEXT_CHARS_MAX)),
            value: value.map(|value| printable(&shortened(value, QUOTE_CHARS_MAX))),
            verbatim: None,
            expected: expected.map(|expected| printable(&shortened(expected, TEXT_CHARS_MAX))),
        }
    }
}

/// The text with its control characters escaped: names may hold any, and problems are shown on terminals.
fn printable(text: &str) -> String {
    let escape = |c: char| if c.is_control() { c.escape_default().to_string() } else { c.to_string() };
    if text.contains(char::is_control) { text.chars().map(escape).collect() } else { text.to_owned() }
}
