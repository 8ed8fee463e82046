//! What AWS says of a definition that it refuses, word for word where it is publicly known. One place, so that it can be compared.

/// A list as AWS writes it: `[Next, End]`.
pub(super) fn list(names: &[&str]) -> String {
    format!("[{}]", names.join(", "))
}

pub(super) fn unsupported(field: &str) -> String {
    format!("Field '{field}' is not supported")
}

pub(super) fn required(fields: &[&str]) -> String {
    format!("These fields are required: {}", list(fields))
}

pub(super) fn one_at_most(fields: &[&str]) -> String {
    format!("There should only be one of the following fields: {}", list(fields))
}

pub(super) fn one_needed(fields: &[&str]) -> String {
    format!("This object should have only one of the following fields: {}", list(fields))
}

pub(super) fn some_needed(fields: &[&str]) -> String {
    format!("This object should have at least one of the following fields: {}", list(fields))
}

/// Of a rule of a Choice.
pub(super) const RULE: &str =
    "The object must have only one of the following fields, [And, Or, Not, Variable, Condition]";

pub(super) fn one_of(values: &[&str]) -> String {
    format!("Value should be one of the following: {}", list(values))
}

pub(super) fn of_type(name: &str) -> String {
    format!("Expected value of type {name}")
}

pub(super) fn minimum(min: u64) -> String {
    format!("Minimum value is {min}")
}

pub(super) fn maximum(max: u64) -> String {
    format!("Maximum value is {max}")
}

pub(super) const EMPTY: &str = "Value cannot be empty";
pub(super) const NO_PATH: &str = "Value must be a valid JSONPath.";
pub(super) const NO_TIMESTAMP: &str = "String does not match RFC3339 timestamp";
pub(super) const ALL_IS_LAST: &str = "States.ALL must appear alone and at end of list";
pub(super) const NO_END: &str = "Workflow has no terminal state";
pub(super) const NO_ARN: &str = "Value is not a valid resource ARN";
pub(super) const NO_TEXT: &str = "Received a null or empty workflow input.";

pub(super) fn no_reference(why: &str) -> String {
    format!("Value is not a Reference Path: {why}")
}

/// Of a field whose name ends in `.$`.
pub(super) fn no_expression(field: &str) -> String {
    format!("The value for the field '{field}' must be a valid JSONPath or a valid intrinsic function call")
}

pub(super) const JSONATA_SIGNS: &str = "JSONata string must start with {% and end with %}";

/// Of what JSONata would look for in an input that AWS does not give it.
pub(super) fn no_input(name: &str) -> String {
    format!("Reference to '{name}' at the top level is not supported.")
}

/// Of a part of `$states` that is not there yet.
pub(super) fn no_part(part: &str) -> String {
    format!("Reference to '$states.{part}' is not supported.")
}

/// Of a field of the other language.
pub(super) fn other_language(field: &str, set: &str, other: &str) -> String {
    format!(
        "The QueryLanguage is set to '{set}', but field '{field}' is only supported for the '{other}' QueryLanguage"
    )
}

pub(super) const JSONATA_ONLY: &str =
    "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";

pub(super) fn no_target(state: &str) -> String {
    format!("Missing 'Next' target: {state}")
}

pub(super) fn unreachable(state: &str) -> String {
    format!("State \"{state}\" is not reachable.")
}

pub(super) fn duplicate_state(state: &str) -> String {
    format!("Duplicate State name: {state}")
}

pub(super) fn duplicate_label(label: &str) -> String {
    format!("Duplicate Label name: {label}")
}

pub(super) fn too_long(what: &str, name: &str, limit: usize) -> String {
    format!("{what} '{name}' exceeds the {limit}-character limit allowed by the service")
}

/// Of a field of the arguments of an integration.
pub(super) fn missing_argument(field: &str) -> String {
    format!("The field '{field}' is required but was missing")
}

/// Of a field of the arguments of an integration.
pub(super) fn unsupported_argument(field: &str) -> String {
    // Unlike the others, this one quotes as JSON does (aws/aws-cdk#29968).
    format!("The field \"{field}\" is not supported by Step Functions")
}

pub(super) const NO_CREDENTIALS: &str = "The field 'Credentials' is not supported for activities";
pub(super) const NO_MAP_RESOURCE: &str = "The field 'Resource' does not match any of the allowed values";

pub(super) fn unknown_resource(arn: &str) -> String {
    format!(
        "The resource provided {arn} is not recognized. The value is not a valid resource ARN, or the resource is not \
         available in this region."
    )
}

/// Of an integration that waits for what others do, in an Express state machine.
pub(super) fn no_express_pattern(pattern: &str) -> String {
    format!("Express state machine does not support '{pattern}' service integration")
}

pub(super) const NO_EXPRESS_ACTIVITY: &str = "Express state machine does not support activities";
pub(super) const NO_EXPRESS_MAP: &str = "Express state machine does not support 'DISTRIBUTED' mode of a Map";

pub(super) const RESERVED_VARIABLE: &str = "Cannot assign to reserved variable '$states'.";

pub(super) fn invalid_variable(name: &str) -> String {
    format!("Invalid variable name '{name}': the variable name contains invalid characters.")
}

pub(super) fn long_variable(name: &str, limit: usize) -> String {
    format!("Invalid variable name '{name}': the variable name exceeds the {limit}-character limit.")
}

pub(super) const STATIC_RESULT: &str = "Attempt to use a path in the result of a pass state.";
pub(super) const MISSING_DOLLAR: &str =
    "No .$ on a field that appears to be a JSONPath or Intrinsic Function.";
pub(super) const MISSING_PATH: &str =
    "Field value looks like a path, but field name does not end with 'Path'.";
