//! What a definition may not be, table by table.

mod meaning;

use super::parse;
use crate::problem::Severity;

/// Parses the text and compares the problems: each must have that location and say that.
fn check(text: &str, expected: &[(&str, &str)]) {
    let problems = parse(text).err().map(|problems| problems.as_slice().to_vec()).unwrap_or_default();
    let found: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(found.len(), expected.len(), "{text}\n{found:#?}");
    for (problem, (location, says)) in problems.iter().zip(expected) {
        assert_eq!(problem.location.as_deref().unwrap_or_default(), *location, "{problem}");
        assert!(problem.to_string().contains(says), "{problem}\nshould say {says}");
        assert_eq!(problem.severity(), Severity::Error);
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
        "the definition has 2 problems\n  line 4, column 35, /States/A/Next: MISSING_TRANSITION_TARGET: Missing 'Next' \
         target: Bé; did you mean 'B'?\n  line 5, column 5, /States/B: MISSING_TRANSITION_TARGET: State \"B\" is not \
         reachable."
    );
}

#[test]
fn all_problems_are_reported_in_the_order_of_the_text() {
    check(
        r#"{"Comment": 1, "StartAt": "X", "Version": "2", "States": {"A": {"Type": "Pass"}, "B": {"Type": "Nope"}}}"#,
        &[
            ("/Comment", "Expected value of type String; found 1"),
            ("/StartAt", "Missing 'Next' target: X"),
            ("/Version", "Value should be one of the following: [1.0]"),
            ("/States/A", "This object should have only one of the following fields: [Next, End]"),
            ("/States/B/Type", "Value should be one of the following: [Task, Choice, Parallel"),
        ],
    );
}

#[test]
fn text_that_is_not_json() {
    for (text, says) in [
        ("", "MISSING_DESCRIPTION"),
        (
            "{\"a\" 1}",
            "INVALID_JSON_DESCRIPTION: Unexpected character ('1' (code 49)): was expecting a colon",
        ),
        (
            "{\"a\": 1",
            "Unexpected end-of-input: expected close marker for Object (start marker at line 1, column 1)",
        ),
        ("[1 2]", "was expecting comma to separate Array entries"),
        ("{} {}", "Trailing token (of type START_OBJECT)"),
        ("{\"a\": nope}", "Unrecognized token 'nope'"),
        ("{\"a\": \"x", "was expecting closing quote for a string value"),
        ("{\"a\": \"\\x\"}", "Unrecognized character escape 'x' (code 120)"),
        ("{\"a\": 01}", "Leading zeroes not allowed"),
        ("{a: 1}", "was expecting double-quote to start field name"),
        // What Jackson takes and we cannot hold.
        ("{\"a\": \"\\ud800\"}", "bad escape"),
    ] {
        check(text, &[("", says)]);
    }
    let problems = crate::parse("{\n  \"a\": 1,\n}").unwrap_err();
    let [problem] = problems.as_slice() else { panic!("{problems}") };
    assert_eq!(
        problem.aws_message(),
        "Unexpected character ('}' (code 125)): was expecting double-quote to start field name\n at [Source: (String)\"{\n  \
         \"a\": 1,\n}\"; line: 3, column: 2]"
    );
    check(&"[".repeat(1000), &[("", "TOO_DEEPLY_NESTED")]);
    check("[]", &[("/", "Expected value of type Object")]);
    check(&format!("\"{}\"", "x".repeat(super::TEXT_BYTES_MAX)), &[("/", "longer than")]);
}

#[test]
fn machines() {
    check("{}", &[("/", "These fields are required: [States, StartAt]")]);
    check(r#"{"StartAt": "A", "States": {}}"#, &[("/States", "Value cannot be empty")]);
    let twice = r#"{"StartAt": "A", "StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#;
    check(twice, &[("/StartAt", "INVALID_JSON_DESCRIPTION: Duplicate field 'StartAt'")]);
    let unknown = r#"{"StartAt": "A", "TimeoutSecs": 1, "States": {"A": {"Type": "Succeed"}}}"#;
    check(unknown, &[("/", "Field 'TimeoutSecs' is not supported; did you mean 'TimeoutSeconds'?")]);
}

#[test]
fn names() {
    let named =
        |name: &str| format!(r#"{{"StartAt": "{name}", "States": {{"{name}": {{"Type": "Succeed"}}}}}}"#);
    check(&named(&"ü".repeat(80)), &[]);
    let long = "x".repeat(81);
    check(&named(&long), &[(&format!("/States/{long}"), "INVALID_STATE_NAME: The state name 'xxx")]);
    check(&named(""), &[("/States/", "INVALID_STATE_NAME")]);
    check(
        r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}, "A": {"Type": "Succeed"}}}"#,
        &[("/States/A", "DUPLICATE_STATE_NAME: Duplicate State name: A")],
    );
}

#[test]
fn transitions() {
    let two = |second: &str| {
        format!(r#"{{"StartAt": "A", "States": {{"A": {{"Type": "Pass", "End": true}}, {second}}}}}"#)
    };
    let unreachable = "MISSING_TRANSITION_TARGET: State \"B\" is not reachable.";
    check(&two(r#""B": {"Type": "Succeed"}"#), &[("/States/B", unreachable)]);
    check(&two(r#""B": {"Type": "Pass", "Next": "B"}"#), &[("/States/B", unreachable)]);
    // AWS looks for a way in, not for a way from the start.
    check(&two(r#""B": {"Type": "Pass", "Next": "C"}, "C": {"Type": "Pass", "Next": "B"}"#), &[]);
    let nothing_ends = "MISSING_END_STATE: Workflow has no terminal state";
    check_state(r#"{"Type": "Pass", "Next": "A"}"#, &[("", nothing_ends)]);
    check_state(
        r#"{"Type": "Pass", "Next": "Q"}"#,
        &[("", nothing_ends), ("/States/A/Next", "Missing 'Next' target: Q")],
    );
    let both = "There should only be one of the following fields: [Next, End]";
    check_state(r#"{"Type": "Pass", "End": true, "Next": "A"}"#, &[("/States/A", both)]);
    check_state(r#"{"Type": "Pass", "End": false}"#, &[("/States/A", "[Next, End]")]);
    check_state(
        r#"{"Type": "Choice", "Choices": [{"Variable": "$.a", "IsNull": true, "Next": "Q"}], "Default": "R"}, "B": {"Type": "Fail"}"#,
        &[
            ("/States/A/Choices[0]/Next", "Missing 'Next' target: Q"),
            ("/States/A/Default", "Missing 'Next' target: R"),
            ("/States/B", "is not reachable"),
        ],
    );
    let caught = r#""Catch": [{"ErrorEquals": ["A"], "Next": "Z"}]"#;
    check_task(caught, &[("/States/A/Catch[0]/Next", "Missing 'Next' target: Z")]);
}

#[test]
fn branches_are_machines_of_their_own() {
    let parallel = |branch: &str| {
        format!(
            r#"{{"Type": "Parallel", "End": true, "Branches": [{{"StartAt": "B", "States": {{"B": {branch}}}}}]}}"#
        )
    };
    let at = "/States/A/Branches[0]/States/B";
    check_state(&parallel(r#"{"Type": "Succeed"}"#), &[]);
    check_state(
        &parallel(r#"{"Type": "Pass", "Next": "A"}"#),
        &[("", "MISSING_END_STATE"), (&format!("{at}/Next"), "expected a state of the same machine")],
    );
    check_state(r#"{"Type": "Parallel", "End": true, "Branches": []}"#, &[("/States/A/Branches", "empty")]);
    let same = r#"{"Type": "Parallel", "End": true, "Branches": [{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}]}"#;
    check_state(same, &[("/States/A/Branches[0]/States/A", "Duplicate State name: A")]);
}

#[test]
fn fields_that_exclude_each_other() {
    let one = "There should only be one of the following fields: ";
    check_state(
        r#"{"Type": "Fail", "Error": "E", "ErrorPath": "$.e"}"#,
        &[("/States/A", &format!("{one}[Error, ErrorPath]"))],
    );
    check_state(
        r#"{"Type": "Wait", "Seconds": 1, "Timestamp": "2026-01-31T12:00:00Z", "End": true}"#,
        &[("/States/A", &format!("{one}[SecondsPath, Seconds, TimestampPath, Timestamp]"))],
    );
    check_state(r#"{"Type": "Wait", "End": true}"#, &[("/States/A", "should have only one of")]);
    check_task(
        r#""TimeoutSeconds": 1, "TimeoutSecondsPath": "$.t""#,
        &[("/States/A", &format!("{one}[TimeoutSeconds, TimeoutSecondsPath]"))],
    );
    check_task(
        r#""Parameters": {"a": 1, "a.$": "$.b"}"#,
        &[("/States/A/Parameters/a.$", &format!("{one}[a, a.$]"))],
    );
    check_task(r#""TimeoutSeconds": 5, "HeartbeatSeconds": 4"#, &[]);
    check_task(
        r#""TimeoutSeconds": 5, "HeartbeatSeconds": 5"#,
        &[("/States/A/HeartbeatSeconds", "less than 5")],
    );
    check_state(r#"{"Type": "Map", "End": true}"#, &[("/States/A", "[ItemProcessor, Iterator]")]);
}

#[test]
fn languages() {
    let state = |fields: &str| format!(r#"{{"Type": "Pass", "End": true, {fields}}}"#);
    check_state(&state(r#""QueryLanguage": "JSONata", "Output": "{% $states.input %}""#), &[]);
    check_state(
        &state(r#""Output": 1"#),
        &[("/States/A", "set to 'JSONPath', but field 'Output' is only supported for the 'JSONata'")],
    );
    let machine = |state: &str| {
        format!(r#"{{"QueryLanguage": "JSONata", "StartAt": "A", "States": {{"A": {state}}}}}"#)
    };
    let only = "'QueryLanguage' can not be 'JSONPath' if set to 'JSONata' for whole state machine";
    check(&machine(&state(r#""QueryLanguage": "JSONPath""#)), &[("/States/A", only)]);
    check(
        &machine(&state(r#""Output": {"a": ["{% 1 + %}"]}"#)),
        &[("/States/A/Output/a[0]", "INVALID_JSONATA_EXPRESSION: Unexpected end of expression")],
    );
    check(
        &machine(&state(r#""Output": "{% phone %}""#)),
        &[(
            "/States/A/Output",
            "UNSUPPORTED_JSONATA_EXPRESSION: Reference to 'phone' at the top level is not supported.",
        )],
    );
    check(
        &machine(&state(r#""Output": "{% 1""#)),
        &[("/States/A/Output", "must start with {% and end with %}")],
    );
    // The states of a Map or Parallel have the language of the machine, not of the state around them.
    let map = r#"{"Type": "Map", "QueryLanguage": "JSONata", "End": true, "ItemProcessor": {"StartAt": "B", "States": {
        "B": {"Type": "Pass", "Output": 1, "End": true}}}}"#;
    check_state(map, &[("/States/A/ItemProcessor/States/B", "field 'Output' is only supported")]);
    let named = map
        .replace(r#""Output": 1"#, r#""Comment": """#)
        .replace(r#""StartAt": "B""#, r#""StartAt": "B", "QueryLanguage": "JSONata""#);
    check_state(&named, &[("/States/A/ItemProcessor", "Field 'QueryLanguage' is not supported")]);
}

#[test]
fn templates_and_paths() {
    let says = "The value for the field 'b.$' must be a valid JSONPath or a valid intrinsic function call";
    check_task(r#""Parameters": {"a": {"b.$": "x"}}"#, &[("/States/A/Parameters/a", says)]);
    check_task(r#""Parameters": {"b.$": 1}"#, &[("/States/A/Parameters", says)]);
    check_task(
        r#""ResultSelector": {"a.$": "States.Formt('')"}"#,
        &[("/States/A/ResultSelector", "mean States.Format?")],
    );
    check_task(r#""InputPath": "a""#, &[("/States/A/InputPath", "Value must be a valid JSONPath.")]);
    check_task(r#""ResultPath": "$$.x""#, &[("/States/A/ResultPath", "Value is not a Reference Path")]);
}

#[test]
fn resources() {
    let task = |resource: &str, fields: &str| {
        format!(r#"{{"Type": "Task", "End": true, "Resource": "{resource}"{fields}}}"#)
    };
    let at = "/States/A/Resource";
    check_state(
        r#"{"Type": "Task", "End": true}"#,
        &[("/States/A", "These fields are required: [Resource]")],
    );
    for accepted in [
        "arn:aws:lambda:us-east-1:123456789012:function:zzz",
        "arn:aws-us-gov:lambda:us-gov-west-1:123456789012:function:zzz:$LATEST",
        "arn:aws:states:us-east-1:123456789012:activity:act",
        "arn:aws-cn:states:::sqs:sendMessage",
        "arn:aws:states:::states:startExecution.sync:2",
        "arn:aws:states:::ecs:runTask.waitForTaskToken",
        "arn:aws:states:::aws-sdk:s3:listObjectsV2",
        "arn:aws:states:::aws-sdk:sfn:startExecution.waitForTaskToken",
        "arn:aws:states:us-east-1:123456789012:aws-sdk:s3:getObject",
    ] {
        check_state(&task(accepted, ""), &[]);
    }
    for refused in ["${LambdaArn}", "f", "arn:aws:swf:us-east-1:1:task:x", "arn:aws:states:::sqs"] {
        check_state(&task(refused, ""), &[(at, "Value is not a valid resource ARN")]);
    }
    for refused in [
        "arn:aws:states:::sqs:sendMessage.sync",
        "arn:aws:states:::glue:startJobRun.waitForTaskToken",
        "arn:aws:states:::glue:startJobRun.sync:2",
        "arn:aws:states:::aws-sdk:s3:getObject.sync",
        "arn:aws:states:::sqs:send",
        "arn:aws:states:::sqz:sendMessage",
    ] {
        check_state(
            &task(refused, ""),
            &[(at, &format!("The resource provided {refused} is not recognized."))],
        );
    }
    check_state(
        &task("arn:aws:states:::sqs:sendMessage", r#", "Parameters": {"MessageBody.$": "$"}"#),
        &[("/States/A/Parameters", "The field 'QueueUrl' is required but was missing")],
    );
    let activity = "arn:aws:states:us-east-1:123456789012:activity:act";
    let says = "The field 'Credentials' is not supported for activities";
    check_state(&task(activity, r#", "Credentials": {"RoleArn": "r"}"#), &[("/States/A/Credentials", says)]);
    let invoke = |parameters: &str| {
        task("arn:aws:states:::lambda:invoke", &format!(r#", "Parameters": {parameters}"#))
    };
    let at = "/States/A/Parameters";
    let missing = "The field 'FunctionName' is required but was missing";
    check_state(&task("arn:aws:states:::lambda:invoke", ""), &[("/States/A", missing)]);
    check_state(&invoke(r#"{"Payload": 1}"#), &[(at, missing)]);
    check_state(&invoke(r#"{"FunctionName": 1}"#), &[(&format!("{at}/FunctionName"), "type String")]);
    check_state(&invoke(r#"{"FunctionName.$": "$.f", "Payload.$": "$", "Qualifier": "1"}"#), &[]);
    check_state(
        &invoke(r#"{"FunctionName": "f", "Payloads": 1}"#),
        &[(at, "The field \"Payloads\" is not supported by Step Functions; did you mean 'Payload'?")],
    );
}

#[test]
fn retries_and_catchers() {
    let retry = |retrier: &str| format!(r#""Retry": [{retrier}]"#);
    let at = "/States/A/Retry[0]";
    check_task(r#""Retry": [], "Catch": []"#, &[]);
    check_task(&retry("{}"), &[(at, "These fields are required: [ErrorEquals]")]);
    check_task(&retry(r#"{"ErrorEquals": []}"#), &[(&format!("{at}/ErrorEquals"), "Value cannot be empty")]);
    let all = "States.ALL must appear alone and at end of list";
    check_task(&retry(r#"{"ErrorEquals": ["A", "States.ALL"]}"#), &[(&format!("{at}/ErrorEquals"), all)]);
    let not_last = r#"{"ErrorEquals": ["States.ALL"]}, {"ErrorEquals": ["A"]}"#;
    check_task(&retry(not_last), &[(&format!("{at}/ErrorEquals"), all)]);
    let wrong = r#"{"ErrorEquals": ["A"], "IntervalSeconds": -1, "MaxAttempts": 1.5, "BackoffRate": 0.5,
        "JitterStrategy": "SOME", "MaxDelaySeconds": 31622401}"#;
    check_task(
        &retry(wrong),
        &[
            (&format!("{at}/IntervalSeconds"), "Minimum value is 0"),
            (&format!("{at}/MaxAttempts"), "Expected value of type Integer"),
            (&format!("{at}/BackoffRate"), "Minimum value is 1"),
            (&format!("{at}/JitterStrategy"), "Value should be one of the following: [NONE, FULL]"),
            (&format!("{at}/MaxDelaySeconds"), "Maximum value is 31622399"),
        ],
    );
    check_task(r#""Catch": [{}]"#, &[("/States/A/Catch[0]", "required: [ErrorEquals, Next]")]);
}

#[test]
fn choices() {
    let choice = |rule: &str| {
        format!(r#"{{"Type": "Choice", "Choices": [{rule}], "Default": "B"}}, "B": {{"Type": "Succeed"}}"#)
    };
    let at = "/States/A/Choices[0]";
    check_state(&choice(r#"{"Variable": "$.a", "IsNull": true, "Next": "B", "Comment": "c"}"#), &[]);
    check_state(
        &choice(r#"{"Variable": "$.a", "IsNull": true}"#),
        &[(at, "These fields are required: [Next]")],
    );
    check_state(&choice(r#"{"Variable": "$.a", "Next": "B"}"#), &[(at, "expected a comparison such as")]);
    check_state(&choice(r#"{"IsNull": true, "Next": "B"}"#), &[(at, "[And, Or, Not, Variable, Condition]")]);
    check_state(
        &choice(r#"{"Variable": "a", "IsNull": true, "Next": "B"}"#),
        &[(&format!("{at}/Variable"), "Value is not a Reference Path: Reference path didn't start with '$'")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "NumericEqual": 1, "Next": "B"}"#),
        &[(at, "should have only one of"), (at, "did you mean 'NumericEquals'?")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "NumericEquals": "1", "Next": "B"}"#),
        &[(&format!("{at}/NumericEquals"), "Expected value of type Number")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "TimestampEquals": "1", "Next": "B"}"#),
        &[(&format!("{at}/TimestampEquals"), "String does not match RFC3339 timestamp")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "StringMatches": "a\\b", "Next": "B"}"#),
        &[(&format!("{at}/StringMatches"), "stands only before")],
    );
    check_state(
        &choice(r#"{"Variable": "$.a", "IsNull": true, "IsString": true, "Next": "B"}"#),
        &[(at, "IsNull or IsString")],
    );
    check_state(&choice(r#"{"And": [], "Next": "B"}"#), &[(&format!("{at}/And"), "Value cannot be empty")]);
    let beside = r#"{"Not": {"Variable": "$.a", "IsNull": true}, "StringEquals": "x", "Next": "B"}"#;
    check_state(&choice(beside), &[(at, "no comparison beside And, Or and Not")]);
    let nested = r#"{"Not": {"Variable": "$.a", "IsNull": true, "Next": "B"}, "Next": "B"}"#;
    check_state(&choice(nested), &[(&format!("{at}/Not"), "Field 'Next' is not supported")]);
}

#[test]
fn maps() {
    let map = |fields: &str, mode: &str| {
        format!(
            r#"{{"Type": "Map", "End": true, "ItemProcessor": {{"ProcessorConfig": {mode}, "StartAt": "B", "States": {{
            "B": {{"Type": "Pass", "End": true}}}}}}{fields}}}"#
        )
    };
    let distributed = r#"{"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"}"#;
    check_state(&map("", "{}"), &[]);
    let config = "/States/A/ItemProcessor/ProcessorConfig";
    check_state(&map("", r#"{"Mode": "DISTRIBUTED"}"#), &[(config, "fields are required: [ExecutionType]")]);
    check_state(
        &map("", r#"{"ExecutionType": "STANDARD"}"#),
        &[(config, "Field 'ExecutionType' is not supported")],
    );
    check_state(
        &map(r#", "Label": "l""#, "{}"),
        &[("/States/A", "'Label' is only supported in 'DISTRIBUTED'")],
    );
    let label = "/States/A/Label";
    check_state(&map(r#", "Label": "a b""#, distributed), &[(label, "INVALID_LABEL_NAME")]);
    let long = format!(r#", "Label": "{}""#, "l".repeat(41));
    check_state(&map(&long, distributed), &[(label, "exceeds the 40-character limit")]);
    let two = format!(
        "{}, \"C\": {}",
        map(r#", "Label": "l""#, distributed).replace(r#""End": true, "Item"#, r#""Next": "C", "Item"#),
        map(r#", "Label": "l""#, distributed).replace(r#""B""#, r#""D""#)
    );
    check_state(&two, &[("/States/C/Label", "DUPLICATE_LABEL_NAME: Duplicate Label name: l")]);
    let reader = |reader: &str| map(&format!(r#", "ItemReader": {{{reader}}}"#), distributed);
    let rows = r#""Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON", "CSVHeaderLocation": "GIVEN"}"#;
    check_state(
        &reader(rows),
        &[
            ("/States/A/ItemReader/ReaderConfig", "Field 'CSVHeaderLocation' is not supported"),
            ("/States/A/ItemReader/ReaderConfig", "These fields are required: [CSVHeaders]"),
        ],
    );
    check_state(
        &reader(r#""Resource": "arn:aws:states:::sqs:sendMessage""#),
        &[("/States/A/ItemReader/Resource", "The field 'Resource' does not match any of the allowed values")],
    );
}
