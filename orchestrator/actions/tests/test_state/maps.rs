//! Maps: what becomes of their items, and how many may fail.

use serde_json::{Value, json};

use crate::harness::{error, inspected, result, test, told};

fn map(mode: &str, more: &Value) -> Value {
    let config = match mode {
        "INLINE" => json!({"Mode": mode}),
        _ => json!({"Mode": mode, "ExecutionType": "STANDARD"}),
    };
    let states = json!({"Inner": {"Type": "Pass", "End": true}});
    let mut state = json!({
        "Type": "Map", "End": true,
        "ItemProcessor": {"ProcessorConfig": config, "StartAt": "Inner", "States": states},
    });
    state.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
    state
}

/// A mocked result when so many iterations have failed.
fn failing(count: u32) -> Value {
    let mut more = result(&json!([]));
    more["stateConfiguration"] = json!({"mapIterationFailureCount": count});
    more
}

#[tokio::test]
async fn a_map_shows_its_items_and_what_each_becomes() {
    let state = map(
        "INLINE",
        &json!({
            "InputPath": "$.in", "ItemsPath": "$.items", "MaxConcurrency": 5, "ResultPath": "$.out",
            "ItemSelector": {"v.$": "$$.Map.Item.Value", "i.$": "$$.Map.Item.Index", "w.$": "$.word"},
        }),
    );
    let input = json!({"in": {"items": [7, 8], "word": "w"}});
    let answer = test(&state, &input, result(&json!(["a", "b"]))).await;
    assert_eq!(answer["status"], "SUCCEEDED");
    assert_eq!(
        inspected(&answer),
        json!({
            "afterInputPath": {"items": [7, 8], "word": "w"},
            "afterItemsPath": [7, 8],
            "afterItemSelector": [{"v": 7, "i": 0, "w": "w"}, {"v": 8, "i": 1, "w": "w"}],
            "maxConcurrency": 5,
            "result": ["a", "b"],
            "afterResultSelector": ["a", "b"],
            "afterResultPath": {"in": {"items": [7, 8], "word": "w"}, "out": ["a", "b"]},
        })
    );
}

#[tokio::test]
async fn more_items_than_iterations_at_once_are_all_shown() {
    let items: Vec<u32> = (0..100).collect();
    let state = map("INLINE", &json!({"ItemSelector": {"n.$": "$$.Map.Item.Value"}}));
    let answer = test(&state, &json!(items), result(&json!([]))).await;
    assert_eq!(inspected(&answer)["afterItemSelector"].as_array().map(Vec::len), Some(100));
}

#[tokio::test]
async fn a_distributed_map_shows_its_batches() {
    let state = map(
        "DISTRIBUTED",
        &json!({
            "QueryLanguage": "JSONata", "Items": "{% $states.input.items %}",
            "ItemSelector": {"n": "{% $states.context.Map.Item.Value %}"},
            "ItemBatcher": {"MaxItemsPerBatch": 2, "BatchInput": {"b": 1}},
            "ToleratedFailureCount": 1, "ToleratedFailurePercentage": 50,
        }),
    );
    let answer = test(&state, &json!({"items": [1, 2, 3]}), result(&json!([]))).await;
    assert_eq!(
        inspected(&answer),
        json!({
            "afterItemSelector": [{"n": 1}, {"n": 2}, {"n": 3}],
            "afterItemBatcher": [
                {"BatchInput": {"b": 1}, "Items": [{"n": 1}, {"n": 2}]},
                {"BatchInput": {"b": 1}, "Items": [{"n": 3}]},
            ],
            "maxConcurrency": 0,
            "toleratedFailureCount": 1,
            "toleratedFailurePercentage": 50.0,
            "result": [],
        })
    );
}

fn reading(config: &Value) -> Value {
    map(
        "DISTRIBUTED",
        &json!({
            "ItemReader": {
                "Resource": "arn:aws:states:::s3:getObject", "ReaderConfig": config,
                "Parameters": {"Bucket": "b", "Key": "k"},
            },
            "ItemSelector": {"row.$": "$$.Map.Item.Value"},
        }),
    )
}

#[tokio::test]
async fn items_are_read_of_the_data_that_is_given() {
    for (config, data, expected) in [
        (
            json!({"InputType": "CSV", "CSVHeaderLocation": "FIRST_ROW"}),
            "a,b\n1,2\n",
            json!([{"a": "1", "b": "2"}]),
        ),
        (json!({"InputType": "JSON"}), "[1, 2]", json!([1, 2])),
        (json!({"InputType": "JSON", "MaxItems": 1}), "[1, 2]", json!([1])),
        (json!({"InputType": "JSONL"}), "1\n{\"a\": 2}\n", json!([1, {"a": 2}])),
        (json!({"InputType": "JSON", "ItemsPointer": "/x/y"}), r#"{"x": {"y": [3]}}"#, json!([3])),
    ] {
        let mut more = result(&json!([]));
        more["stateConfiguration"] = json!({"mapItemReaderData": data});
        let answer = test(&reading(&config), &json!({}), more).await;
        let rows: Vec<Value> =
            expected.as_array().expect("rows").iter().map(|row| json!({"row": row})).collect();
        assert_eq!(inspected(&answer)["afterItemSelector"], json!(rows), "{config}");
        let pointed = inspected(&answer).get("afterItemsPointer").cloned();
        assert_eq!(pointed, config.get("ItemsPointer").map(|_| expected.clone()), "{config}");
    }
}

#[tokio::test]
async fn data_that_cannot_be_read_fails_the_state_as_its_reader_would() {
    let mut more = result(&json!([]));
    more["stateConfiguration"] = json!({"mapItemReaderData": "nothing"});
    let answer = test(&reading(&json!({"InputType": "JSON"})), &json!({}), more).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.ItemReaderFailed")));
}

#[tokio::test]
async fn a_reader_whose_data_is_not_given_shows_no_items() {
    let answer = test(&reading(&json!({"InputType": "JSON"})), &json!({}), result(&json!([1]))).await;
    assert_eq!((&answer["status"], &answer["output"]), (&json!("SUCCEEDED"), &json!("[1]")));
    assert_eq!(inspected(&answer).get("afterItemSelector"), None);
}

#[tokio::test]
async fn so_many_iterations_may_fail_as_are_tolerated() {
    let items = json!([1, 2, 3, 4]);
    for (limits, tolerated) in [
        (json!({"ToleratedFailureCount": 2}), 2),
        (json!({"ToleratedFailurePercentage": 50}), 2),
        (json!({"ToleratedFailureCount": 3, "ToleratedFailurePercentage": 25}), 1),
        (json!({}), 0),
    ] {
        let state = map("DISTRIBUTED", &limits);
        let answer = test(&state, &items, failing(tolerated)).await;
        assert_eq!((&answer["status"], &answer["output"]), (&json!("SUCCEEDED"), &json!("[]")), "{limits}");
        let answer = test(&state, &items, failing(tolerated + 1)).await;
        assert_eq!(
            (&answer["status"], &answer["error"], &answer["cause"]),
            (
                &json!("FAILED"),
                &json!("States.ExceedToleratedFailureThreshold"),
                &json!("The specified tolerated failure threshold was exceeded"),
            ),
            "{limits}"
        );
    }
}

#[tokio::test]
async fn a_map_whose_threshold_is_exceeded_may_be_caught() {
    let threshold = "States.ExceedToleratedFailureThreshold";
    let state = map("DISTRIBUTED", &json!({"Catch": [{"ErrorEquals": [threshold], "Next": "C"}]}));
    let answer = test(&state, &json!([1]), failing(1)).await;
    assert_eq!((&answer["status"], &answer["nextState"]), (&json!("CAUGHT_ERROR"), &json!("C")));
    assert_eq!(told(&answer["output"])["Error"], threshold);
}

#[tokio::test]
async fn an_iteration_that_fails_fails_an_inline_map() {
    let state = map("INLINE", &json!({"Catch": [{"ErrorEquals": ["States.BranchFailed"], "Next": "C"}]}));
    let mut more = error("Any");
    more["stateConfiguration"] = json!({"errorCausedByState": "Inner"});
    let answer = test(&state, &json!([1]), more).await;
    assert_eq!(answer["status"], "CAUGHT_ERROR");
}

#[tokio::test]
async fn items_that_are_none_fail_the_state() {
    let answer = test(&map("INLINE", &json!({})), &json!("no array"), result(&json!([]))).await;
    assert_eq!((&answer["status"], &answer["error"]), (&json!("FAILED"), &json!("States.Runtime")));
}
