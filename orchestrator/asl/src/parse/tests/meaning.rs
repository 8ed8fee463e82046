//! What is read: compiled, with its variables and warnings; and how much is said of what is not.

use super::check;
use crate::parse::parse;
use crate::syntax::StateKind;

/// Parses a definition and compares the warnings that come with it.
fn check_warnings(text: &str, expected: &[&str]) {
    let definition = parse(text).unwrap_or_else(|problems| panic!("{text}\n{problems}"));
    let warnings: Vec<String> = definition.warnings().iter().map(ToString::to_string).collect();
    assert_eq!(warnings.len(), expected.len(), "{text}\n{warnings:#?}");
    for (warning, says) in warnings.iter().zip(expected) {
        assert!(warning.contains(says), "{warning}\nshould say {says}");
    }
}

/// A JSONata machine of two states, with those fields.
fn machine(first: &str, second: &str) -> String {
    format!(
        r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{"A": {{"Type": "Pass", "Next": "B", {first}}},
        "B": {{"Type": "Pass", "End": true, {second}}}}}}}"#
    )
}

#[test]
fn variables_have_names_that_are_identifiers() {
    let named = |name: &str| machine(&format!(r#""Assign": {{"{name}": 1}}"#), r#""Comment": """#);
    for name in ["x", "größe_2", "STATES", &"x".repeat(80)] {
        check(&named(name), &[]);
    }
    let at = |name: &str| format!("/States/A/Assign/{name}");
    let reserved = "RESERVED_VARIABLE_NAME: Cannot assign to reserved variable '$states'.";
    check(&named("states"), &[(&at("states"), reserved)]);
    let long = "x".repeat(81);
    for name in ["", "1x", "a-b", "_a", "a.$", &long] {
        check(&named(name), &[(&at(name), "INVALID_VARIABLE_NAME: Invalid variable name '")]);
    }
}

#[test]
fn an_inner_scope_reads_outer_variables_and_does_not_assign_them() {
    let outer = r#""Assign": {"x": 1}"#;
    let inner = |mode: &str, fields: &str| {
        format!(
            r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{
            "A": {{"Type": "Pass", "Next": "M", {outer}}},
            "M": {{"Type": "Map", "End": true, "ItemProcessor": {{"ProcessorConfig": {mode}, "StartAt": "B", "States": {{
                "B": {{"Type": "Pass", "End": true, {fields}}}}}}}}}}}}}"#
        )
    };
    let (inline, distributed) = ("{}", r#"{"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}"#);
    check_warnings(&inner(inline, r#""Output": "{% $x %}""#), &[]);
    let at = "/States/M/ItemProcessor/States/B/Assign/x";
    check(&inner(inline, outer), &[(at, "assigned in an outer scope")]);
    // A child of a distributed Map is an execution of its own: it sees nothing, and is free to assign.
    check_warnings(&inner(distributed, outer), &[]);
    let unassigned =
        "/States/M/ItemProcessor/States/B/Output: UNASSIGNED_VARIABLE: Nothing assigns the variable 'x'";
    check_warnings(&inner(distributed, r#""Output": "{% $x %}""#), &[unassigned]);
}

#[test]
fn what_is_probably_not_meant_is_a_warning() {
    check_warnings(&machine(r#""Output": "{% $x %}""#, r#""Assign": {"x": 1}"#), &[]);
    check_warnings(&machine(r#""Output": "{% $y %}""#, r#""Assign": {"x": 1}"#), &["UNASSIGNED_VARIABLE"]);
    let pass = |fields: &str| {
        format!(r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": true, {fields}}}}}}}"#)
    };
    check_warnings(&pass(r#""Result": {"a": "x", "b": [1, null]}"#), &[]);
    let result =
        "/States/A/Result: PASS_RESULT_IS_STATIC: Attempt to use a path in the result of a pass state.";
    check_warnings(&pass(r#""Result": {"a": "$.x"}"#), &[result]);
    check_warnings(&pass(r#""Result": {"a.$": "x"}"#), &[result]);
    let dollar = "/States/A/Parameters/a: NO_DOLLAR: No .$ on a field that appears to be";
    check_warnings(&pass(r#""Parameters": {"a": "$.x", "b": "$5", "c.$": "$.x"}"#), &[dollar]);
    check_warnings(&pass(r#""Parameters": {"a": "States.UUID()"}"#), &[dollar]);
    let fail = r#"{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "$.e", "CausePath": "$.c"}}}"#;
    check_warnings(fail, &["line 1, column 60, /States/A/Error: NO_PATH: Field value looks like a path"]);
}

#[test]
fn a_valid_definition_is_compiled() {
    let text = r#"{"StartAt": "A", "TimeoutSeconds": 9, "Comment": "c", "States": {
        "A": {"Type": "Parallel", "Next": "B", "Branches": [
            {"StartAt": "C", "States": {"C": {"Type": "Pass", "Parameters": {"x.$": "$$.Execution.Input.y"}, "End": true}}}]},
        "B": {"Type": "Succeed"}}}"#;
    let definition = parse(text).unwrap();
    assert_eq!((definition.timeout_s(), definition.comment()), (Some(9), Some("c")));
    assert!(definition.reads_execution_input());
    let names: Vec<&str> = definition.states().map(|(_, state)| &*state.name).collect();
    assert_eq!(names, ["A", "B", "C"], "states of branches come after those of the machine");
    let first = definition.state(definition.machine().start).unwrap();
    let StateKind::Parallel(parallel) = &first.kind else { panic!("{first:?}") };
    assert_eq!(&*definition.state(parallel.branches[0].start).unwrap().name, "C");
    for (_, state) in definition.states() {
        assert_eq!(definition.state_named(&state.name), Some(state));
    }
    assert_eq!(definition.state_named("D"), None);
    let again = parse(text).unwrap();
    assert_eq!(again.fingerprint(), definition.fingerprint());
    let other = parse(&text.replace("\"c\"", "\"d\"")).unwrap();
    assert_ne!(other.fingerprint(), definition.fingerprint());
}

#[test]
fn what_jsonata_reads_is_known() {
    let text = machine(
        r#""Output": {"a": ["{% $states.context.Execution.Input.a %}"]}"#,
        r#""Assign": {"v": "{% 1/0 %}"}"#,
    );
    assert!(parse(&text).unwrap().reads_execution_input());
    assert!(!parse(&text.replace("Execution.Input", "Execution.Id")).unwrap().reads_execution_input());
}

#[test]
fn of_very_many_problems_the_first_are_told_and_the_rest_counted() {
    let states: Vec<String> = (0..40_000).map(|n| format!(r#""S{n}": {{"Type": 1}}"#)).collect();
    let text = format!(r#"{{"StartAt": "S0", "States": {{{}}}}}"#, states.join(",\n"));
    let problems = parse(&text).unwrap_err();
    assert_eq!((problems.as_slice().len(), problems.more()), (100, 39_900));
    assert_eq!((problems.as_slice()[99].line, problems.as_slice()[99].column), (100, 17));
    let said = problems.to_string();
    assert!(said.starts_with("the definition has 40000 problems\n"), "{said}");
    assert!(said.ends_with("\n  and 39900 more"), "{said}");
}

#[test]
fn what_a_problem_says_is_short_and_printable_whatever_the_text_holds() {
    let name = "\\u001b[31m".repeat(50_000);
    let text = format!(r#"{{"StartAt": "{name}", "{name}": 1, "States": {{"{name}": {{"{name}": 2}}}}}}"#);
    let said = parse(&text).unwrap_err().to_string();
    assert!(said.len() < 10_000, "{} bytes", said.len());
    assert!(!said.contains('\u{1b}'), "{said}");
}

#[test]
fn each_state_knows_the_variables_that_it_reads() {
    let text = r#"{"StartAt": "A", "States": {
        "A": {"Type": "Pass", "Assign": {"x": 1, "y": 2}, "Next": "P"},
        "P": {"Type": "Parallel", "Parameters": {"y.$": "$y"}, "Branches": [
            {"StartAt": "B", "States": {"B": {"Type": "Pass", "Parameters": {"a.$": "$x.a", "b.$": "States.Format('{}', $y)"}, "End": true}}}],
            "ResultSelector": {"x.$": "$x"}, "Next": "C"},
        "C": {"Type": "Pass", "QueryLanguage": "JSONata", "Output": "{% $y + $y + $states.input %}", "End": true}}}"#;
    let definition = parse(text).unwrap_or_else(|problems| panic!("{problems}"));
    let read = |name: &str| -> Vec<&str> {
        let (id, _) = definition.states().find(|(_, state)| &*state.name == name).unwrap();
        definition.variables_read(id).collect()
    };
    assert_eq!(
        (read("A"), read("P"), read("B"), read("C")),
        (vec![], vec!["x", "y"], vec!["x", "y"], vec!["y"])
    );
}
