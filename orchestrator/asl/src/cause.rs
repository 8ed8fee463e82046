//! The sentences in which AWS tells why a state failed, word for word where they are public.

use std::fmt::Display;

use serde_json::Value;

/// What stands before every reason that AWS itself gives, with the state and the number of the event that says it was entered.
pub fn in_state(state: &str, event_id: u64, reason: &str) -> String {
    format!(
        "An error occurred while executing the state '{state}' (entered at the event id #{event_id}). {reason}"
    )
}

/// A path in that field led to nothing.
pub fn path_not_found(path: impl Display, field: impl Display, input: &Value) -> String {
    format!(
        "The JSONPath '{path}' specified for the field '{field}' could not be found in the input '{input}'"
    )
}

/// An `InputPath` or `OutputPath` led to nothing, with Jayway's reason.
pub fn invalid_path(path: impl Display, reason: impl Display) -> String {
    format!("Invalid path '{path}' : {reason}")
}

/// A path of a choice rule led to nothing.
pub fn invalid_choice_path(path: impl Display) -> String {
    format!("Invalid path '{path}': The choice state's condition path references an invalid value.")
}

/// There is no input that a path could be applied to.
pub fn null_input() -> String {
    "Unable to apply Path transformation to null or empty input.".to_owned()
}

/// A `ResultPath` cannot take that step, because what is there is that.
pub fn step_not_applicable(step: impl Display, input: &Value) -> String {
    format!("Unable to apply step \"{step}\" to input {input}")
}

/// An intrinsic function failed for that reason.
pub fn function_failed(call: impl Display, reason: impl Display) -> String {
    format!("The function '{call}' had the following error: {reason}")
}

/// A path given to an intrinsic function led to nothing: the reason in [`function_failed`].
pub fn argument_not_found(path: impl Display, input: &Value) -> String {
    format!("The JsonPath argument for the field '{path}' could not be found in the input '{input}'")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// As people have pasted them from their histories.
    #[test]
    fn the_sentences_are_those_of_aws() {
        let reason = path_not_found("$.detail.orderId", "orderId.$", &json!({"orderNumber": "10"}));
        assert_eq!(
            in_state("Emit - Awaiting Completion TT", 27, &reason),
            "An error occurred while executing the state 'Emit - Awaiting Completion TT' (entered at the event id #27). \
             The JSONPath '$.detail.orderId' specified for the field 'orderId.$' could not be found in the input \
             '{\"orderNumber\":\"10\"}'"
        );
        assert_eq!(
            function_failed(
                "States.Format('{}', $.nope)",
                argument_not_found("$.nope", &json!({"other": 1}))
            ),
            "The function 'States.Format('{}', $.nope)' had the following error: The JsonPath argument for the field \
             '$.nope' could not be found in the input '{\"other\":1}'"
        );
        assert_eq!(
            invalid_path("$.list.length()", "Property ['length()'] not found in path $['list']"),
            "Invalid path '$.list.length()' : Property ['length()'] not found in path $['list']"
        );
    }
}
