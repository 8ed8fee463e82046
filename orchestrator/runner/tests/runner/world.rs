//! Several executions: those that Maps start, those that tasks start, and what they read and write.

use engine::Status;
use runner::{Layers, Machine, Run, RunError, Seen, Settings};
use serde_json::{Value, json};

use crate::harness::{mocks, ran, settings};

/// A Map of children that run that state, and what it has besides.
fn map(state: &Value, more: &Value) -> String {
    let mut map = json!({"Type": "Map", "Label": "L", "End": true, "ItemProcessor": {
        "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"}, "StartAt": "P", "States": {"P": state}}});
    map.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"StartAt": "M", "States": {"M": map}}).to_string()
}

fn pass() -> Value {
    json!({"Type": "Pass", "End": true})
}

/// A Task that starts an execution of the machine `inner`.
fn nested(suffix: &str, more: &Value) -> String {
    let mut task = json!({"Type": "Task", "Resource": format!("arn:aws:states:::states:startExecution{suffix}"), "End": true,
        "Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:inner", "Name": "n",
                       "Input": {"x": 1, "AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID.$": "$$.Execution.Id"}}});
    task.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!({"StartAt": "T", "States": {"T": task}}).to_string()
}

fn with_inner(state: &Value) -> Settings {
    let text = json!({"StartAt": "I", "States": {"I": state}}).to_string();
    let definition = asl::parse(&text).unwrap_or_else(|problems| panic!("{problems}"));
    Settings { machines: vec![Machine { name: "inner".to_owned(), definition }], ..settings() }
}

/// What the run came to, and the events of all executions: `name type`.
fn told(definition: &str, settings: &Settings) -> (Result<Run, RunError>, Vec<String>) {
    let definition = asl::parse(definition).unwrap_or_else(|problems| panic!("{problems}"));
    let mut told = Vec::new();
    let run =
        runner::run_all(&definition, json!({}), settings, &mut Layers::default(), &mut |seen: Seen<'_>| {
            told.push(format!("{} {}", seen.execution.unwrap_or("-"), seen.event.type_name()));
        });
    (run, told)
}

#[test]
fn children_run_side_by_side_on_one_clock() {
    let wait = json!({"Type": "Wait", "Seconds": 60, "End": true});
    let ran = ran(
        &map(&wait, &json!({"MaxConcurrency": 2})),
        json!([1, 2, 3]),
        &settings(),
        &mut Layers::default(),
    );
    assert_eq!((ran.came_to(), ran.took_ms()), (json!([1, 2, 3]), 120_000));
    assert_eq!(ran.types()[2..5], ["MapStateStarted", "MapRunStarted", "MapRunSucceeded"]);
}

#[test]
fn a_map_reads_its_items_from_a_bucket_and_writes_its_results_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(folder.path().join("in/data")).unwrap();
    std::fs::create_dir_all(folder.path().join("out")).unwrap();
    let rows: String = (0..2_500).map(|n| format!("{n},x\n")).collect();
    std::fs::write(folder.path().join("in/data/a.csv"), format!("id,n\n{rows}")).unwrap();
    let more = json!({
        "ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "in", "Key": "data/a.csv"},
                       "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}},
        "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": {"Bucket": "out", "Prefix": "jobs"},
                         "WriterConfig": {"Transformation": "COMPACT", "OutputType": "JSONL"}}});
    let settings = Settings { s3: Some(folder.path().to_owned()), ..settings() };
    let ran = ran(&map(&pass(), &more), json!({}), &settings, &mut Layers::default());
    let output = ran.came_to();
    let key = output["ResultWriterDetails"]["Key"].as_str().unwrap();
    let manifest = std::fs::read_to_string(folder.path().join("out").join(key)).unwrap();
    let manifest: Value = serde_json::from_str(&manifest).unwrap();
    let file = &manifest["ResultFiles"]["SUCCEEDED"][0];
    let lines =
        std::fs::read_to_string(folder.path().join("out").join(file["Key"].as_str().unwrap())).unwrap();
    assert_eq!(lines.len() as u64, file["Size"].as_u64().unwrap());
    assert_eq!(lines.lines().count(), 2_500);
    assert_eq!(lines.lines().next(), Some("{\"id\":\"0\",\"n\":\"x\"}"));
}

#[test]
fn a_map_leaves_no_bucket() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::create_dir(folder.path().join("in")).unwrap();
    std::fs::write(folder.path().join("secret.json"), "[1]").unwrap();
    let more = json!({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": {"InputType": "JSON"},
                                     "Parameters": {"Bucket": "in", "Key": "../secret.json"}}});
    let settings = Settings { s3: Some(folder.path().to_owned()), ..settings() };
    let ran = ran(&map(&pass(), &more), json!({}), &settings, &mut Layers::default());
    assert_eq!(ran.came_to()[0], "States.ItemReaderFailed");
}

#[test]
fn a_mock_answers_for_a_bucket() {
    let more = json!({"ItemReader": {"Resource": "arn:aws:states:::s3:getObject", "Parameters": {"Bucket": "b", "Key": "k"},
                                     "ReaderConfig": {"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}}});
    let definition = map(&pass(), &more);
    let mut items = mocks(json!({"States": {"M": {"Return": [{"id": 1}, 2]}}}));
    assert_eq!(ran(&definition, json!({}), &settings(), &mut items).came_to(), json!([{"id": 1}, 2]));
    let mut text = mocks(json!({"States": {"M": {"Return": "id\n7\n"}}}));
    assert_eq!(ran(&definition, json!({}), &settings(), &mut text).came_to(), json!([{"id": "7"}]));
    let mut none = mocks(json!({"States": {"M": {"Throw": {"Error": "E", "Cause": "no such bucket"}}}}));
    let failed = json!(["States.ItemReaderFailed", "no such bucket"]);
    assert_eq!(ran(&definition, json!({}), &settings(), &mut none).came_to(), failed);
    let unanswered = ran(&definition, json!({}), &settings(), &mut Layers::default());
    assert!(unanswered.error().contains("--s3 FOLDER"), "{}", unanswered.error());
}

#[test]
fn a_task_starts_an_execution_and_goes_on() {
    let (run, told) = told(&nested("", &json!({})), &with_inner(&pass()));
    let output = run.unwrap().ending.output.unwrap();
    assert_eq!(output["ExecutionArn"], "arn:aws:states:us-east-1:123456789012:execution:inner:n");
    assert!(told.iter().any(|event| event == "inner:n ExecutionSucceeded"), "{told:?}");
}

#[test]
fn a_task_waits_for_the_execution_that_it_starts() {
    let wait = json!({"Type": "Wait", "Seconds": 60, "End": true});
    let settings = with_inner(&wait);
    let as_text = ran(&nested(".sync", &json!({})), json!({}), &settings, &mut Layers::default());
    assert_eq!(as_text.took_ms(), 60_000);
    let id = "arn:aws:states:us-east-1:123456789012:execution:flow:e-1";
    let output = format!("{{\"x\":1,\"AWS_STEP_FUNCTIONS_STARTED_BY_EXECUTION_ID\":\"{id}\"}}");
    assert_eq!(as_text.came_to()["Output"], json!(output));
    let as_json = ran(&nested(".sync:2", &json!({})), json!({}), &settings, &mut Layers::default()).came_to();
    assert_eq!(
        (&as_json["Output"]["x"], &as_json["Status"], &as_json["Name"]),
        (&json!(1), &json!("SUCCEEDED"), &json!("n"))
    );
}

#[test]
fn a_task_fails_as_the_execution_does_that_it_waits_for() {
    let fail = json!({"Type": "Fail", "Error": "E", "Cause": "c"});
    let ran = ran(&nested(".sync:2", &json!({})), json!({}), &with_inner(&fail), &mut Layers::default());
    let came_to = ran.came_to();
    let cause: Value = serde_json::from_str(came_to[1].as_str().unwrap()).unwrap();
    assert_eq!(came_to[0], "States.TaskFailed");
    assert_eq!(
        (&cause["Error"], &cause["Cause"], &cause["Status"]),
        (&json!("E"), &json!("c"), &json!("FAILED"))
    );
}

#[test]
fn an_execution_that_nobody_waits_for_any_more_is_stopped() {
    let wait = json!({"Type": "Wait", "Seconds": 600, "End": true});
    let (run, told) = told(&nested(".sync", &json!({"TimeoutSeconds": 10})), &with_inner(&wait));
    assert_eq!(run.unwrap().ending.status, Status::Failed);
    assert_eq!(told.last().map(String::as_str), Some("inner:n ExecutionAborted"));
}

#[test]
fn an_execution_hands_in_the_token_that_it_was_given() {
    let task = json!({"Parameters": {"StateMachineArn": "arn:aws:states:us-east-1:123456789012:stateMachine:inner",
                                     "Input": {"token.$": "$$.Task.Token"}}});
    let inner = json!({"Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sfn:sendTaskSuccess", "End": true,
                       "Parameters": {"TaskToken.$": "$.token", "Output": "{\"done\": true}"}});
    let ran =
        ran(&nested(".waitForTaskToken", &task), json!({}), &with_inner(&inner), &mut Layers::default());
    assert_eq!(ran.came_to(), json!({"done": true}));
}

#[test]
fn what_cannot_be_started_is_told() {
    let unknown = ran(&nested(".sync", &json!({})), json!({}), &settings(), &mut Layers::default());
    assert!(unknown.error().contains("--machine inner=FILE"), "{}", unknown.error());
    let mut twice: Value = serde_json::from_str(&nested("", &json!({}))).unwrap();
    let first = twice["States"]["T"].as_object_mut().unwrap();
    first.remove("End");
    first.insert("Next".to_owned(), json!("U"));
    let mut second = twice["States"]["T"].clone();
    second.as_object_mut().unwrap().remove("Next");
    second["End"] = json!(true);
    twice["States"]["U"] = second;
    let ran = ran(&twice.to_string(), json!({}), &with_inner(&pass()), &mut Layers::default());
    assert_eq!(ran.came_to()[0], "StepFunctions.ExecutionAlreadyExistsException");
}
