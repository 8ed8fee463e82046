//! What an Express state machine may not say, and a Standard one may.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on may panic")]

use asl::MachineType::{Express, Standard};
use asl::parse_as;
use serde_json::{Value, json};

fn machine(state: &Value) -> Value {
    json!({"StartAt": "A", "States": {"A": state}})
}

fn task(resource: &str, parameters: &Value) -> Value {
    json!({"Type": "Task", "Resource": resource, "Parameters": parameters, "End": true})
}

/// A Standard state machine has the state, an Express one does not.
fn check_refused(state: &Value, problem: &str) {
    let text = machine(state).to_string();
    parse_as(Standard, &text).unwrap();
    let problems = parse_as(Express, &text).unwrap_err().to_string();
    assert!(problems.contains(problem), "{problems}");
}

fn sync() -> Value {
    task("arn:aws:states:::glue:startJobRun.sync", &json!({"JobName": "j"}))
}

fn callback() -> Value {
    let parameters = json!({"QueueUrl": "q", "MessageBody": {"token.$": "$$.Task.Token"}});
    task("arn:aws:states:::sqs:sendMessage.waitForTaskToken", &parameters)
}

#[test]
fn a_task_that_waits_for_what_others_do_is_for_standard_executions() {
    check_refused(
        &sync(),
        "/States/A/Resource: SCHEMA_VALIDATION_FAILED: Express state machine does not support '.sync' service integration",
    );
    check_refused(
        &callback(),
        "Express state machine does not support '.waitForTaskToken' service integration",
    );
    let activity =
        json!({"Type": "Task", "Resource": "arn:aws:states:us-east-1:123456789012:activity:a", "End": true});
    check_refused(&activity, "Express state machine does not support activities");
}

fn map(execution_type: &str, processor: Value) -> Value {
    let mut processor = processor;
    processor["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": execution_type});
    json!({"Type": "Map", "ItemProcessor": processor, "End": true})
}

#[test]
fn a_map_in_distributed_mode_is_for_standard_executions() {
    let pass = rename(&machine(&json!({"Type": "Pass", "End": true})));
    check_refused(
        &map("STANDARD", pass),
        "Express state machine does not support 'DISTRIBUTED' mode of a Map",
    );
}

/// The machine with its state called `B`.
fn rename(machine: &Value) -> Value {
    json!({"StartAt": "B", "States": {"B": machine["States"]["A"]}})
}

#[test]
fn express_children_of_a_standard_execution_are_express_executions() {
    let inner = rename(&machine(&sync()));
    parse_as(Standard, &machine(&map("STANDARD", inner.clone())).to_string()).unwrap();
    let problems = parse_as(Standard, &machine(&map("EXPRESS", inner)).to_string()).unwrap_err();
    assert!(problems.to_string().contains("/States/A/ItemProcessor/States/B/Resource"), "{problems}");
}

#[test]
fn what_answers_with_its_result_is_for_both() {
    let invoke = task("arn:aws:states:::lambda:invoke", &json!({"FunctionName": "f"}));
    let function =
        json!({"Type": "Task", "Resource": "arn:aws:lambda:us-east-1:123456789012:function:f", "End": true});
    for state in [invoke, function, json!({"Type": "Wait", "Seconds": 1, "End": true})] {
        parse_as(Express, &machine(&state).to_string()).unwrap();
    }
}
