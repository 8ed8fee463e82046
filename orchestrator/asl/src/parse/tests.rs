//! What a definition may not be, table by table.

use super::parse;
use crate::syntax::StateKind;

/// Parses the text and compares the problems: each must have that pointer and say that.
fn check(text: &str, expected: &[(&str, &str)]) {
    let problems = parse(text).err().map(|problems| problems.as_slice().to_vec()).unwrap_or_default();
    let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{text}\n{found:#?}");
    for (problem, (pointer, says)) in problems.iter().zip(expected) {
        assert_eq!(problem.pointer, *pointer, "{problem}");
        assert!(problem.to_string().contains(says), "{problem}\nshould say {says}");
    }
}

/// Parses a machine of one state `A`, and perhaps more.
fn check_state(state: &str, expected: &[(&str, &str)]) {
    check(&format!(r#"{{"StartAt": "A", "States": {{"A": {state}}}}}"#), expected);
}

fn check_task(fields: &str, expected: &[(&str, &str)]) {
    let task = format!(
        r#"{{"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:0:function:f", "End": true, {fields}}}"#
    );
    check_state(&task, expected);
}

#[test]
fn a_problem_says_where_and_what_would_be_right() {
    let text = "{\n  \"StartAt\": \"A\",\n  \"States\": {\n    \"A\": {\"Type\": \"Pass\", \"Next\": \"Bé\"},\n    \"B\": \
                {\"Type\": \"Succeed\"}\n  }\n}";
    let problems = parse(text).unwrap_err();
    assert_eq!(
        problems.to_string(),
        "the definition has 1 problem\n  line 4, column 35, /States/A/Next: there is no state 'Bé'; found \"Bé\"; did \
         you mean 'B'?"
    );
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_text() {
    check(
        r#"{"Comment": 1, "StartAt": "X", "Version": "2", "States": {"A": {"Type": "Pass"}, "B": {"Type": "Nope"}}}"#,
        &[
            ("/Comment", "expected a string"),
            ("/StartAt", "there is no state 'X'"),
            ("/Version", "unknown version"),
            ("/States/A", "neither 'Next' nor 'End'"),
            ("/States/B/Type", "unknown type"),
        ],
    );
}

#[test]
fn text_that_is_not_json() {
    for (text, says) in [
        ("", "the text ends"),
        ("{\"a\" 1}", "expected ':'"),
        ("{\"a\": 1", "expected ',' or '}'"),
        ("[1 2]", "expected ',' or ']'"),
        ("{} {}", "after the end"),
        ("{\"a\": nope}", "expected a JSON value"),
        ("{\"a\": \"x", "closing quote"),
        ("{\"a\": \"\\x\"}", "bad escape"),
        ("{\"a\": 01}", "not a number"),
        ("{a: 1}", "in double quotes"),
    ] {
        check(text, &[("", says)]);
    }
    check(&"[".repeat(1000), &[("", "nested deeper")]);
    check("[]", &[("", "expected an object")]);
    check(&format!("\"{}\"", "x".repeat(super::TEXT_BYTES_MAX)), &[("", "longer than")]);
}

#[test]
fn machines() {
    check("{}", &[("", "'StartAt' is missing"), ("", "'States' is missing")]);
    check(r#"{"StartAt": "A", "States": {}}"#, &[("/States", "a state machine without states")]);
    let unreachable = r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "B": {"Type": "Succeed"}}}"#;
    check(unreachable, &[("/States/B", "no transition leads to this state")]);
    check_state(r#"{"Type": "Pass", "Next": "A"}"#, &[("/States", "no state ends the machine")]);
    let long = "x".repeat(81);
    let text = format!(r#"{{"StartAt": "{long}", "States": {{"{long}": {{"Type": "Succeed"}}}}}}"#);
    check(&text, &[(&format!("/States/{long}"), "81 characters")]);
    let twice = r#"{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    check(twice, &[("/StartAt", "given twice")]);
    let unknown = r#"{"StartAt": "A", "TimeoutSecs": 1, "States": {"A": {"Type": "Succeed"}}}"#;
    check(unknown, &[("/TimeoutSecs", "did you mean 'TimeoutSeconds'?")]);
}

#[test]
fn branches_are_machines_of_their_own() {
    let parallel = |branch: &str| {
        format!(
            r#"{{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "B", "States": {{"B": {branch}}}}}]}}"#
        )
    };
    let at = "/States/A/Branches/0/States/B";
    check_state(&parallel(r#"{"Type": "Succeed"}"#), &[]);
    check_state(
        &parallel(r#"{"Type": "Pass", "Next": "A"}"#),
        &[(&format!("{at}/Next"), "another machine or branch")],
    );
    check_state(
        r#"{"Type": "Parallel", "End": true, "Branches": []}"#,
        &[("/States/A/Branches", "at least one element")],
    );
    let same = r#"{"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}"#;
    check_state(same, &[("/States/A/Branches/0/States/A", "is taken by /States/A")]);
}

#[test]
fn fields_of_states() {
    check_state(
        r#"{"Type": "Pass", "End": true, "Next": "A"}"#,
        &[("/States/A/End", "both 'Next' and 'End'")],
    );
    check_state(r#"{"Type": "Pass", "End": false}"#, &[("/States/A/End", "neither ends nor goes on")]);
    check_state(
        r#"{"Type": "Pass", "End": true, "Resultpath": null}"#,
        &[("/States/A/Resultpath", "mean 'ResultPath'?")],
    );
    check_state(r#"{"Type": "Succeed", "Next": "A"}"#, &[("/States/A/Next", "ends the machine")]);
    check_state(
        r#"{"Type": "Succeed", "Retry": []}"#,
        &[("/States/A/Retry", "a Succeed state has no field 'Retry'")],
    );
    check_state(r#"{"Type": "Tsk"}"#, &[("/States/A/Type", "did you mean 'Task'?")]);
    check_state(r#"{"Type": "Map"}"#, &[("/States/A/Type", "Map state is not supported yet")]);
    check_state(r#"{}"#, &[("/States/A", "'Type' is missing")]);
    check_state(r#"{"Type": "Succeed", "QueryLanguage": "JSONPath"}"#, &[]);
    let jsonata = r#"{"Type": "Succeed", "QueryLanguage": "JSONata", "Output": 1}"#;
    check_state(
        jsonata,
        &[("/States/A/QueryLanguage", "not supported yet"), ("/States/A/Output", "belongs to JSONata")],
    );
    check_state(
        r#"{"Type": "Pass", "Assign": {}, "End": true}"#,
        &[("/States/A/Assign", "not supported yet")],
    );
    check_state(
        r#"{"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}"#,
        &[("/States/A/ErrorPath", "more than one of")],
    );
}

#[test]
fn waits_say_how_long() {
    check_state(r#"{"Type": "Wait", "End": true}"#, &[("/States/A", "how long it waits")]);
    check_state(
        r#"{"Type": "Wait", "Seconds": -1, "End": true}"#,
        &[("/States/A/Seconds", "an integer from 0")],
    );
    check_state(
        r#"{"Type": "Wait", "Seconds": 1, "Timestamp": "x", "End": true}"#,
        &[("/States/A/Timestamp", "more than one")],
    );
    check_state(
        r#"{"Type": "Wait", "Timestamp": "2026-01-01", "End": true}"#,
        &[("/States/A/Timestamp", "not a timestamp")],
    );
}

#[test]
fn tasks() {
    check_task(r#""TimeoutSeconds": 5, "HeartbeatSeconds": 4"#, &[]);
    check_task(
        r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
        &[("/States/A/HeartbeatSeconds", "less than 5")],
    );
    check_task(r#""TimeoutSeconds": 0"#, &[("/States/A/TimeoutSeconds", "from 1 to")]);
    check_task(
        r#""TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t""#,
        &[("/States/A/TimeoutSecondsPath", "more than one")],
    );
    check_task(r#""ResultPath": "$$.x""#, &[("/States/A/ResultPath", "context object")]);
    check_task(r#""InputPath": "a""#, &[("/States/A/InputPath", "a path begins with")]);
    check_task(r#""OutputPath": "$[*""#, &[("/States/A/OutputPath", "wildcard")]);
    check_task(
        r#""Parameters": {"a": {"b.$": "$-x"}}"#,
        &[("/States/A/Parameters/a/b.$", "expected '.' or '['")],
    );
    check_task(r#""Parameters": {"a.$": 1}"#, &[("/States/A/Parameters/a.$", "expected a string")]);
    check_task(
        r#""Parameters": {"a": 1, "a.$": "$.b"}"#,
        &[("/States/A/Parameters/a.$", "both 'a' and 'a.$'")],
    );
    check_task(
        r#""ResultSelector": {"a.$": "States.Formt('')"}"#,
        &[("/States/A/ResultSelector/a.$", "mean States.Format?")],
    );
    check_task(r#""ResultSelector": 1"#, &[("/States/A/ResultSelector", "expected an object")]);
}

#[test]
fn resources() {
    let task = |resource: &str, fields: &str| {
        format!(r#"{{"Type": "Task", "End": true, "Resource": "{resource}"{fields}}}"#)
    };
    let at = "/States/A/Resource";
    check_state(r#"{"Type": "Task", "End": true}"#, &[("/States/A", "'Resource' is missing")]);
    // Which functions there are is no matter of the text.
    check_state(&task("arn:aws:lambda:us-east-1:0:function:zzz", ""), &[]);
    check_state(&task("arn:aws:states:::sqs:sendMessage", ""), &[]);
    check_state(&task("arn:aws:states:::sqs", ""), &[(at, "not supported")]);
    let invoke = |parameters: &str| {
        task("arn:aws:states:::lambda:invoke", &format!(r#", "Parameters": {parameters}"#))
    };
    let at = "/States/A/Parameters";
    check_state(&task("arn:aws:states:::lambda:invoke", ""), &[("/States/A", "'Parameters' is missing")]);
    check_state(&invoke(r#"{"Payload": 1}"#), &[(at, "'FunctionName' is missing")]);
    check_state(&invoke(r#"{"FunctionName": "zzz"}"#), &[]);
    check_state(&invoke(r#"{"FunctionName": 1}"#), &[(&format!("{at}/FunctionName"), "expected a string")]);
    check_state(&invoke("1"), &[(at, "expected an object")]);
    let computed = r#"{"FunctionName": "f", "Payload.$": "a"}"#;
    check_state(&invoke(computed), &[(&format!("{at}/Payload.$"), "expected")]);
    check_state(
        &invoke(r#"{"FunctionName": "f", "InvocationType": "DryRun"}"#),
        &[(&format!("{at}/InvocationType"), "\"Event\"")],
    );
    check_state(
        &invoke(r#"{"FunctionName": "f", "Payloads": 1}"#),
        &[(&format!("{at}/Payloads"), "did you mean 'Payload'?")],
    );
    check_state(&invoke(r#"{"FunctionName.$": "$.f", "Payload.$": "$"}"#), &[]);
}

#[test]
fn retries_and_catchers() {
    let retry = |retrier: &str| format!(r#""Retry": [{retrier}]"#);
    let at = "/States/A/Retry/0";
    check_task(r#""Retry": [], "Catch": []"#, &[]);
    check_task(&retry("{}"), &[(at, "'ErrorEquals' is missing")]);
    check_task(&retry(r#"{"ErrorEquals": []}"#), &[(&format!("{at}/ErrorEquals"), "at least one element")]);
    check_task(
        &retry(r#"{"ErrorEquals": ["States.Timout"]}"#),
        &[(&format!("{at}/ErrorEquals/0"), "mean 'States.Timeout'?")],
    );
    check_task(
        &retry(r#"{"ErrorEquals": ["States.Runtime"]}"#),
        &[(&format!("{at}/ErrorEquals/0"), "neither retried")],
    );
    check_task(
        &retry(r#"{"ErrorEquals": ["A", "States.ALL"]}"#),
        &[(&format!("{at}/ErrorEquals"), "it alone")],
    );
    let not_last = r#"{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}"#;
    check_task(&retry(not_last), &[(&format!("{at}/ErrorEquals"), "hides what comes after")]);
    let wrong = r#"{"ErrorEquals": ["A"], "IntervalSeconds": 0, "MaxAttempts": -1, "BackoffRate": 0.5,
        "JitterStrategy": "SOME", "MaxDelaySeconds": 0}"#;
    check_task(
        &retry(wrong),
        &[
            (&format!("{at}/IntervalSeconds"), "from 1 to"),
            (&format!("{at}/MaxAttempts"), "from 0 to"),
            (&format!("{at}/BackoffRate"), "from 1.0"),
            (&format!("{at}/JitterStrategy"), "FULL"),
            (&format!("{at}/MaxDelaySeconds"), "from 1 to"),
        ],
    );
    let short = r#"{"ErrorEquals": ["A"], "IntervalSeconds": 9, "MaxDelaySeconds": 3}"#;
    check_task(&retry(short), &[(&format!("{at}/MaxDelaySeconds"), "at least 9")]);
    check_task(r#""Catch": [{"ErrorEquals": ["A"]}]"#, &[("/States/A/Catch/0", "'Next' is missing")]);
    check_task(
        r#""Catch": [{"ErrorEquals": ["A"], "Next": "Z"}]"#,
        &[("/States/A/Catch/0/Next", "no state 'Z'")],
    );
}

#[test]
fn choices() {
    let choice = |rule: &str| {
        format!(r#"{{"Type": "Choice", "Choices": [{rule}], "Default": "B"}}, "B": {{"Type": "Succeed"}}"#)
    };
    let at = "/States/A/Choices/0";
    check_state(&choice(r#"{"Variable": "$.a", "IsNull": true, "Next": "B"}"#), &[]);
    check_state(&choice(r#"{"Variable": "$.a", "IsNull": true}"#), &[(at, "'Next' is missing")]);
    check_state(&choice(r#"{"Variable": "$.a", "Next": "B"}"#), &[(at, "compares nothing")]);
    check_state(&choice(r#"{"IsNull": true, "Next": "B"}"#), &[(at, "'Variable' is missing")]);
    check_state(
        &choice(r#"{"Variable": "$.a", "NumericEqual": 1, "Next": "B"}"#),
        &[(&format!("{at}/NumericEqual"), "mean 'NumericEquals'?")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "NumericEquals": "1", "Next": "B"}"#),
        &[(&format!("{at}/NumericEquals"), "expected a number")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "TimestampEquals": "1", "Next": "B"}"#),
        &[(&format!("{at}/TimestampEquals"), "a timestamp")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "StringMatches": "a\\b", "Next": "B"}"#),
        &[(&format!("{at}/StringMatches"), "stands only before")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "B"}"#),
        &[(&format!("{at}/IsString"), "second comparison")],
    );
    check_state(&choice(r#"{"And": [], "Next": "B"}"#), &[(&format!("{at}/And"), "at least one element")]);
    let nested = r#"{"Not": {"Variable": "$.a", "IsNull": true, "Next": "B"}, "Next": "B"}"#;
    check_state(&choice(nested), &[(&format!("{at}/Not/Next"), "only a rule directly in Choices")]);
    check_state(
        r#"{"Type": "Choice", "Next": "A"}"#,
        &[("/States/A", "'Choices' is missing"), ("/States/A/Next", "has no 'Next'")],
    );
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
fn two_states_of_one_name_are_a_problem() {
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}, "B": {"Type": "Fail"}}}"#,
        &[("/States/A", "the field 'A' is given twice")],
    );
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
