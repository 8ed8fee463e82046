//! What is told of the values on the way.

use api::types::{InspectionData, InspectionErrorDetails};
use engine::{Stage, TrialEnd, Tried, Way};
use serde_json::Value;

/// Everything that is known of a state that was tried with that input.
pub(super) fn of(tried: &Tried, input: &str) -> InspectionData {
    let made = |wanted: Stage| {
        let found = tried.stages.iter().find(|(stage, _)| *stage == wanted);
        found.map(|(_, value)| value.to_string())
    };
    let variables = Value::Object(tried.variables.clone());
    let map = tried.map;
    InspectionData {
        input: Some(input.to_owned()),
        after_input_path: made(Stage::InputPath),
        after_parameters: made(Stage::Parameters),
        after_arguments: made(Stage::Arguments),
        result: made(Stage::Result),
        after_result_selector: made(Stage::ResultSelector),
        after_result_path: made(Stage::ResultPath),
        after_items_path: made(Stage::ItemsPath),
        after_items_pointer: made(Stage::ItemsPointer),
        after_item_selector: made(Stage::ItemSelector),
        after_item_batcher: made(Stage::ItemBatcher),
        variables: (!tried.variables.is_empty()).then(|| variables.to_string()),
        error_details: error_details(tried),
        max_concurrency: map.map(|map| count(map.max_concurrency)),
        tolerated_failure_count: map.and_then(|map| map.tolerated_count).map(count),
        tolerated_failure_percentage: map.and_then(|map| map.tolerated_percentage),
        request: None,
        response: None,
    }
}

/// What was done about an error, if something was.
fn error_details(tried: &Tried) -> Option<InspectionErrorDetails> {
    let place = |index: usize| i32::try_from(index).ok();
    match (tried.handled?, &tried.end) {
        (Way::Catcher(index), _) => {
            Some(InspectionErrorDetails { catch_index: place(index), ..InspectionErrorDetails::default() })
        }
        (Way::Retrier(index), TrialEnd::Retried { after_ms }) => Some(InspectionErrorDetails {
            retry_index: place(index),
            retry_backoff_interval_seconds: Some(count(after_ms.div_ceil(1000))),
            catch_index: None,
        }),
        _ => None,
    }
}

/// A number as the model has it.
fn count(number: u64) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
