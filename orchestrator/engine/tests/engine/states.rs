//! What each type of state does with its data.

use engine::Effect;
use serde_json::{Value, json};

use crate::harness::{Answer, Script, called as called_of, definition};

/// Runs a machine of one state `A` (and what else is given) on that input; `f` answers with what it is scripted to.
fn check(states: Value, input: Value, answer: Value, expected: Value) {
    let text = json!({"StartAt": "A", "States": states}).to_string();
    let definition = definition(&text);
    let run = Script::new(&[("f", Answer::Ok(answer))]).run(&definition, input);
    assert_eq!(run.output(), Some(&expected), "{text}: {:?}", run.cause());
}

const F: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";
const INVOKE: &str = "arn:aws:states:::lambda:invoke";

#[test]
fn task_data_flow() {
    let input = || json!({"a": {"b": 1}, "c": 2});
    let task = |extra: Value| {
        let mut state = json!({"Type": "Task", "Resource": F, "End": true});
        state.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"A": state})
    };
    check(task(json!({})), input(), json!("out"), json!("out"));
    check(task(json!({"ResultPath": null})), input(), json!("out"), input());
    check(
        task(json!({"ResultPath": "$.r.s"})),
        input(),
        json!(3),
        json!({"a": {"b": 1}, "c": 2, "r": {"s": 3}}),
    );
    check(task(json!({"ResultSelector": {"x.$": "$.k"}})), input(), json!({"k": 5, "l": 6}), json!({"x": 5}));
    check(task(json!({"ResultPath": "$.c", "OutputPath": "$.c"})), input(), json!([7]), json!([7]));
    check(task(json!({"ResultPath": null, "OutputPath": null})), input(), json!(1), json!({}));
}

#[test]
fn task_payloads() {
    let payload = |state: Value| {
        let definition = definition(&json!({"StartAt": "A", "States": {"A": state}}).to_string());
        let run = Script::new(&[]).run(&definition, json!({"a": {"b": 1}, "name": "g"}));
        let called = run.effects.into_iter().find_map(|effect| match effect {
            Effect::Call(call) => Some(call),
            _ => None,
        });
        let call = called.unwrap();
        let (function, payload) = called_of(&call);
        (function, payload, !call.is_awaited)
    };
    let task = json!({"Type": "Task", "Resource": F, "InputPath": "$.a", "End": true});
    assert_eq!(payload(task), ("f".to_owned(), json!({"b": 1}), false));
    let task = json!({"Type": "Task", "Resource": F, "InputPath": "$.a", "End": true,
        "Parameters": {"x.$": "$.b", "y": [{"z.$": "States.Format('<{}>', $.b)"}], "id.$": "$$.Execution.Id",
                       "state.$": "$$.State.Name", "at.$": "$$.Execution.StartTime", "in.$": "$$.Execution.Input.name"}});
    let expected = json!({"x": 1, "y": [{"z": "<1>"}], "id": "e1", "state": "A", "at": "2023-11-14T22:13:20.000Z", "in": "g"});
    assert_eq!(payload(task).1, expected);
    let task = json!({"Type": "Task", "Resource": INVOKE, "End": true,
        "Parameters": {"FunctionName.$": "$.name", "Payload.$": "$.a", "InvocationType": "Event"}});
    assert_eq!(payload(task), ("g".to_owned(), json!({"b": 1}), true));
    let task = json!({"Type": "Task", "Resource": INVOKE, "End": true, "Parameters": {"FunctionName": F}});
    assert_eq!(payload(task), ("f".to_owned(), json!({}), false));
}

#[test]
fn lambda_invoke_results() {
    let invoke = |kind: &str| {
        let parameters = json!({"FunctionName": "f", "InvocationType": kind});
        json!({"A": {"Type": "Task", "Resource": INVOKE, "Parameters": parameters, "End": true}})
    };
    check(invoke("RequestResponse"), json!({}), json!(1), json!({"Payload": 1, "StatusCode": 200}));
    check(invoke("Event"), json!({}), json!(1), json!({"StatusCode": 202}));
}

#[test]
fn pass_shapes_data() {
    let pass = |extra: Value| {
        let mut state = json!({"Type": "Pass", "End": true});
        state.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        json!({"A": state})
    };
    let input = || json!({"a": 1, "b": {"c": 2}});
    check(pass(json!({})), input(), json!(0), input());
    check(pass(json!({"Result": {"x.$": "kept"}})), input(), json!(0), json!({"x.$": "kept"}));
    check(pass(json!({"Result": 9, "ResultPath": "$.r"})), json!({}), json!(0), json!({"r": 9}));
    check(
        pass(json!({"Parameters": {"sum.$": "States.MathAdd($.a, $.b.c)"}})),
        input(),
        json!(0),
        json!({"sum": 3}),
    );
    check(pass(json!({"InputPath": "$.b"})), input(), json!(0), json!({"c": 2}));
    check(pass(json!({"InputPath": null})), input(), json!(0), json!({}));
    check(pass(json!({"OutputPath": "$.b.c"})), input(), json!(0), json!(2));
}

/// Whether the rule holds of the input.
fn check_rule(rule: Value, input: Value, expected: bool) {
    let mut choice = rule;
    choice["Next"] = json!("Yes");
    let states = json!({
        "A": {"Type": "Choice", "Choices": [choice], "Default": "No"},
        "Yes": {"Type": "Pass", "Result": true, "End": true},
        "No": {"Type": "Pass", "Result": false, "End": true},
    });
    check(states, input, json!(0), json!(expected));
}

#[test]
fn choice_comparisons() {
    let table = [
        ("StringEquals", json!("b"), json!(["b"]), json!(["a", 1, null])),
        ("StringLessThan", json!("b"), json!(["a", "B"]), json!(["b", "c"])),
        ("StringLessThanEquals", json!("b"), json!(["a", "b"]), json!(["c"])),
        ("StringGreaterThan", json!("b"), json!(["c"]), json!(["a", "b"])),
        ("StringGreaterThanEquals", json!("b"), json!(["b", "c"]), json!(["a", 9])),
        ("NumericEquals", json!(2), json!([2, 2.0]), json!([3, "2"])),
        ("NumericLessThan", json!(2.5), json!([2, -1e9]), json!([2.5, 3])),
        ("NumericLessThanEquals", json!(2), json!([2]), json!([3])),
        (
            "NumericGreaterThan",
            json!(9007199254740992_u64),
            json!([9007199254740993_u64]),
            json!([9007199254740992_u64]),
        ),
        ("NumericGreaterThanEquals", json!(2), json!([2, 3]), json!([1.9])),
        ("BooleanEquals", json!(true), json!([true]), json!([false, "true", 1])),
        (
            "TimestampEquals",
            json!("2026-01-01T01:00:00Z"),
            json!(["2026-01-01T02:00:00+01:00"]),
            json!(["x", 1]),
        ),
        (
            "TimestampLessThan",
            json!("2026-01-01T00:00:00Z"),
            json!(["2025-12-31T23:59:59.9Z"]),
            json!(["2026-01-01T00:00:00Z"]),
        ),
        (
            "TimestampGreaterThanEquals",
            json!("2026-01-01T00:00:00Z"),
            json!(["2026-01-01T00:00:00Z"]),
            json!(["2026-01-01 00:00:01Z"]),
        ),
        (
            "StringMatches",
            json!("log-*.tx\\*"),
            json!(["log-.tx*", "log-a.txt.tx*"]),
            json!(["log-a.txt", "log-", 1]),
        ),
        ("StringMatches", json!("a*a"), json!(["aa", "aba"]), json!(["a"])),
        ("StringMatches", json!("plain"), json!(["plain"]), json!(["plain "])),
        ("IsNull", json!(true), json!([null]), json!([0, ""])),
        ("IsString", json!(true), json!([""]), json!([null, 1])),
        ("IsNumeric", json!(false), json!(["1"]), json!([1])),
        ("IsBoolean", json!(true), json!([false]), json!(["false"])),
        (
            "IsTimestamp",
            json!(true),
            json!(["2026-01-01T00:00:00Z"]),
            json!(["2026-01-01t00:00:00z", "2026-01-01"]),
        ),
        ("IsPresent", json!(true), json!([null, 1]), json!([])),
    ];
    for (operator, operand, holds, does_not) in table {
        for (values, expected) in [(holds, true), (does_not, false)] {
            for value in values.as_array().unwrap() {
                check_rule(json!({"Variable": "$.v", operator: operand}), json!({"v": value}), expected);
                let path = format!("{operator}Path");
                if !operator.starts_with("Is") && operator != "StringMatches" {
                    check_rule(
                        json!({"Variable": "$.v", path: "$.o"}),
                        json!({"v": value, "o": operand}),
                        expected,
                    );
                }
            }
        }
    }
}

#[test]
fn choice_rules_combine() {
    let is = |n: i32| json!({"Variable": "$.v", "NumericEquals": n});
    check_rule(json!({"And": [is(1), is(1)]}), json!({"v": 1}), true);
    check_rule(json!({"And": [is(1), is(2)]}), json!({"v": 1}), false);
    check_rule(json!({"Or": [is(2), is(1)]}), json!({"v": 1}), true);
    check_rule(json!({"Or": [is(2), is(3)]}), json!({"v": 1}), false);
    check_rule(json!({"Not": is(2)}), json!({"v": 1}), true);
    let guarded =
        json!({"And": [{"Variable": "$.w", "IsPresent": true}, {"Variable": "$.w", "NumericEquals": 1}]});
    check_rule(guarded, json!({}), false);
}

#[test]
fn waits() {
    let wait = |how: &str, value: Value| json!({"A": {"Type": "Wait", how: value, "End": true}});
    let input = || json!({"s": 2, "t": "2023-11-14T22:13:25Z", "past": "1970-01-01T00:00:00Z"});
    for (how, value, elapsed_ms) in [
        ("Seconds", json!(3), 3000),
        ("Seconds", json!(0), 0),
        ("SecondsPath", json!("$.s"), 2000),
        ("Timestamp", json!("2023-11-14T22:13:21Z"), 1000),
        ("TimestampPath", json!("$.t"), 5000),
        ("TimestampPath", json!("$.past"), 0),
    ] {
        let definition = definition(&json!({"StartAt": "A", "States": wait(how, value)}).to_string());
        let run = Script::new(&[]).run(&definition, input());
        assert_eq!(run.output(), Some(&input()));
        let (first, last) = (&run.history[0], run.history.last().unwrap());
        assert_eq!(last.timestamp_ms - first.timestamp_ms, elapsed_ms, "{how}");
    }
}

#[test]
fn parallel_gathers_the_outputs_in_order() {
    let states = json!({"A": {
        "Type": "Parallel",
        "Parameters": {"n.$": "$.n"},
        "Branches": [
            {"StartAt": "Slow", "States": {"Slow": {"Type": "Wait", "Seconds": 5, "End": true}}},
            {"StartAt": "Call", "States": {"Call": {"Type": "Task", "Resource": F, "End": true}}},
            {"StartAt": "In", "States": {"In": {"Type": "Parallel", "End": true, "Branches": [
                {"StartAt": "Inner", "States": {"Inner": {"Type": "Wait", "Seconds": 1, "Next": "Done"},
                                                "Done": {"Type": "Succeed", "OutputPath": "$.n"}}},
            ]}}},
        ],
        "ResultSelector": {"all.$": "$"},
        "ResultPath": "$.r",
        "End": true,
    }});
    let expected = json!({"n": 1, "m": 2, "r": {"all": [{"n": 1}, "called", [1]]}});
    check(states, json!({"n": 1, "m": 2}), json!("called"), expected);
}

#[test]
fn the_history_has_the_shape_of_aws() {
    let text = json!({"StartAt": "A", "States": {
        "A": {"Type": "Task", "Resource": F, "Next": "B"},
        "B": {"Type": "Parallel", "End": true, "Branches": [
            {"StartAt": "C", "States": {"C": {"Type": "Wait", "Seconds": 1, "End": true}}},
        ]},
    }});
    let run = Script::new(&[]).run(&definition(&text.to_string()), json!({}));
    assert_eq!(
        run.event_types(),
        [
            "ExecutionStarted",
            "TaskStateEntered",
            "LambdaFunctionScheduled",
            "LambdaFunctionStarted",
            "LambdaFunctionSucceeded",
            "TaskStateExited",
            "ParallelStateEntered",
            "ParallelStateStarted",
            "WaitStateEntered",
            "WaitStateExited",
            "ParallelStateSucceeded",
            "ParallelStateExited",
            "ExecutionSucceeded",
        ]
    );
    let previous: Vec<u64> = run.history.iter().map(|event| event.previous_event_id).collect();
    assert_eq!(previous, [0, 0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 10, 12]);
    let json = run.history[1].to_json("eu-west-1");
    let details = json!({"name": "A", "input": "{}", "inputDetails": {"truncated": false}});
    assert_eq!(
        json,
        json!({"id": 2, "previousEventId": 0, "timestamp": 1_700_000_000.0, "type": "TaskStateEntered",
               "stateEnteredEventDetails": details})
    );
    assert_eq!(run.history[2].to_json("eu-west-1")["lambdaFunctionScheduledEventDetails"]["resource"], F);
    let invoke = json!({"StartAt": "A", "States": {"A": {"Type": "Task", "Resource": INVOKE, "End": true,
        "Parameters": {"FunctionName": "f", "Payload": 1}}}});
    let run = Script::new(&[]).run(&definition(&invoke.to_string()), json!({}));
    let details = json!({"resourceType": "lambda", "resource": "invoke", "region": "eu-west-1",
        "parameters": r#"{"FunctionName":"f","Payload":1}"#});
    assert_eq!(run.history[2].to_json("eu-west-1")["taskScheduledEventDetails"], details);
}
