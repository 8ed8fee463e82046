//! What a definition may say and will probably not mean: warnings. They depend on what surrounds it, and so are no matter of its
//! text.

use std::collections::BTreeSet;

use crate::nearest::nearest;
use crate::problem::{Code, PROBLEMS_MAX, Problem};
use crate::syntax::Definition;

/// The functions that the definition names and that are not among those known, in the order of the text; the first
/// [`PROBLEMS_MAX`]. A task that calls one of them will fail.
pub fn unknown_functions<'n>(
    definition: &Definition,
    known: impl IntoIterator<Item = &'n str>,
) -> Vec<Problem> {
    let known: BTreeSet<&str> = known.into_iter().collect();
    let unknown = definition.functions().iter().filter(|named| !known.contains(named.name.as_str()));
    let warn = |named: &crate::syntax::NamedFunction| {
        let all = known.iter().copied().collect::<Vec<_>>().join(", ");
        let expected = match nearest(&named.name, known.iter().copied()) {
            Some(near) => format!("did you mean '{near}'? Known functions: {all}"),
            None => format!("one of {all}"),
        };
        let message = format!("there is no function '{}'", named.name);
        let place = (named.line, named.column);
        Problem::new(Code::UnknownFunction, place, Some(&named.location), message, None, Some(expected))
    };
    unknown.take(PROBLEMS_MAX).map(warn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parse;
    use crate::problem::Severity;

    /// Warns of a machine of tasks with those fields, `A`, `B`, …; says what it is told.
    fn check(tasks: &[&str], expected: &[&str]) {
        let states = ["A", "B", "C"].iter().zip(tasks).enumerate().map(|(index, (name, fields))| {
            let next = if index + 1 == tasks.len() {
                r#""End": true"#.to_owned()
            } else {
                format!(r#""Next": "{}""#, ["B", "C"][index])
            };
            format!(r#""{name}": {{"Type": "Task", {next}, {fields}}}"#)
        });
        let states: Vec<String> = states.collect();
        let text = format!("{{\"StartAt\": \"A\", \"States\": {{\n{}\n}}}}", states.join(",\n"));
        let definition = parse(&text).unwrap();
        let warnings = unknown_functions(&definition, ["f", "record-order"]);
        let told: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        assert_eq!(told, expected);
        assert!(warnings.iter().all(|warning| warning.severity() == Severity::Warning));
    }

    const INVOKE: &str = r#""Resource": "arn:aws:states:::lambda:invoke", "Parameters""#;

    #[test]
    fn a_function_that_nobody_knows_is_named_with_its_place_and_what_is_known() {
        check(&[r#""Resource": "arn:aws:lambda:us-east-1:0:function:f""#], &[]);
        check(
            &[
                r#""Resource": "arn:aws:lambda:us-east-1:0:function:record-ordr""#,
                &format!(r#"{INVOKE}: {{"FunctionName": "record-order"}}"#),
                &format!(r#"{INVOKE}: {{"FunctionName": "zzz"}}"#),
            ],
            &[
                "line 2, column 48, /States/A/Resource: UNKNOWN_FUNCTION: there is no function 'record-ordr'; did you mean \
                 'record-order'? Known functions: f, record-order",
                "line 4, column 113, /States/C/Parameters/FunctionName: UNKNOWN_FUNCTION: there is no function 'zzz'; expected one of f, \
                 record-order",
            ],
        );
    }

    #[test]
    fn a_function_that_is_computed_is_not_named() {
        check(&[&format!(r#"{INVOKE}: {{"FunctionName.$": "$.f"}}"#)], &[]);
    }
}
