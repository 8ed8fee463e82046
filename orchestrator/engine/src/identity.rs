//! Who an execution is to AWS.

use serde::{Deserialize, Serialize};

use crate::token::TokenKey;

/// What AWS calls an execution and its state machine: for the context object and the history.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The ARN of the execution.
    #[serde(rename = "x")]
    pub execution_arn: String,
    /// The execution's name, unique among those of its state machine.
    #[serde(rename = "n")]
    pub name: String,
    /// The ARN of the state machine, without version or alias.
    #[serde(rename = "m")]
    pub machine_arn: String,
    /// The name of the state machine.
    #[serde(rename = "s")]
    pub machine_name: String,
    /// The role that the state machine has.
    #[serde(rename = "r")]
    pub role_arn: String,
    /// The ARN of the version that it was started with, if it was one.
    #[serde(rename = "v", default, skip_serializing_if = "Option::is_none")]
    pub version_arn: Option<String>,
    /// The ARN of the alias that it was started with, if it was one.
    #[serde(rename = "a", default, skip_serializing_if = "Option::is_none")]
    pub alias_arn: Option<String>,
    /// What the tokens of its tasks are made with; an execution that was started before there were keys has none.
    #[serde(rename = "k", default, skip_serializing_if = "Option::is_none")]
    pub token_key: Option<TokenKey>,
}

/// Longest name of an execution, a state machine or an activity, in characters; the limit of AWS.
pub const NAME_CHARS_MAX: usize = 80;

/// Whether AWS lets an execution, a state machine or an activity have that name.
pub fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.chars().count())
        && !name
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "<>{}[]?*\"#%\\^|~`$&,;:/".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_short_and_has_no_character_with_a_meaning() {
        for name in ["a", "Order-1_2.3", "ü@!'()+=", &"n".repeat(80), &"ü".repeat(80)] {
            assert!(is_name(name), "{name}");
        }
        let long = "n".repeat(81);
        for name in ["", " ", "a b", "a\tb", "a\u{7f}", "a\u{9f}", "a\u{2003}b", long.as_str()] {
            assert!(!is_name(name), "{name:?}");
        }
        for c in "<>{}[]?*\"#%\\^|~`$&,;:/".chars() {
            assert!(!is_name(&format!("a{c}")), "{c}");
        }
    }
}
