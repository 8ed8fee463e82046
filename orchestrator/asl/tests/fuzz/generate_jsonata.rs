//! Definitions whose expressions are JSONata.

use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};

use crate::generate::{distributed, inner, one, reader, retriers, text};

const DEPTH_MAX: u32 = 3;
/// Where expressions begin.
const ROOTS: [&str; 6] =
    ["$states.input", "$states.context", "$states.context.Execution.Input", "$v", "$missing", "$states"];
const STEPS: [&str; 8] = [".a", ".b", ".*", "[0]", "[-1]", ".`it's`", "[a = 1]", ".**"];
const FUNCTIONS: [&str; 14] = [
    "sum",
    "count",
    "string",
    "number",
    "keys",
    "reverse",
    "distinct",
    "uppercase",
    "length",
    "exists",
    "type",
    "parse",
    "not",
    "flatten_nobody_knows",
];
const OPERATORS: [&str; 10] = ["+", "-", "*", "/", "&", "=", "!=", "<", "in", "and"];

fn path(random: &mut impl Rng) -> String {
    let mut path = one(random, &ROOTS).to_owned();
    for _ in 0..random.random_range(0..3) {
        path += one(random, &STEPS);
    }
    path
}

fn expression(random: &mut impl Rng, depth: u32) -> String {
    let kinds = if depth >= DEPTH_MAX { 3 } else { 9 };
    match random.random_range(0..kinds) {
        0 => path(random),
        1 => random.random_range(-3..20).to_string(),
        2 => json!(text(random)).to_string(),
        3 | 4 => format!("${}({})", one(random, &FUNCTIONS), expression(random, depth + 1)),
        5 => format!(
            "({} ? {} : {})",
            path(random),
            expression(random, depth + 1),
            expression(random, depth + 1)
        ),
        6 => format!("$map([1..5], function($i) {{ $i & {} }})", expression(random, depth + 1)),
        7 => format!("[{}, {{\"k\": {}}}]", expression(random, depth + 1), expression(random, depth + 1)),
        _ => {
            let operator = one(random, &OPERATORS);
            format!("({} {operator} {})", expression(random, depth + 1), expression(random, depth + 1))
        }
    }
}

fn query(random: &mut impl Rng) -> Value {
    format!("{{% {} %}}", expression(random, 0)).into()
}

fn template(random: &mut impl Rng) -> Value {
    let mut made = Map::new();
    for name in ["a", "b", "c"] {
        match random.random_range(0..4) {
            0 => made.insert(name.to_owned(), query(random)),
            1 => made.insert(name.to_owned(), json!([query(random), {"deep": query(random)}])),
            2 => made.insert(name.to_owned(), text(random).into()),
            _ => None,
        };
    }
    Value::Object(made)
}

pub(crate) fn definition(random: &mut impl Rng) -> String {
    let states = json!({
        "Shape": {"Type": "Pass", "Output": template(random), "Assign": {"v": query(random)}, "Next": "Choose"},
        "Choose": {
            "Type": "Choice", "Output": template(random), "Default": "Work",
            "Choices": [{"Condition": query(random), "Output": query(random), "Assign": template(random), "Next": "Shape"}],
        },
        "Work": {
            "Type": "Task", "Resource": "arn:aws:states:::aws-sdk:sqs:sendMessage", "Arguments": template(random),
            "TimeoutSeconds": query(random), "Retry": retriers(random), "Output": query(random),
            "Catch": [{"ErrorEquals": ["States.ALL"], "Output": "{% $states.errorOutput %}", "Next": "Fail"}],
            "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "Timestamp": query(random), "Next": "Each"},
        "Each": {
            "Type": "Map", "Items": query(random), "ItemSelector": template(random), "MaxConcurrency": query(random),
            "ItemProcessor": inner("Item"), "Next": "Far",
        },
        "Far": {
            "Type": "Map", "ItemProcessor": distributed("Child"), "ItemReader": reader("Arguments", template(random)),
            "ItemBatcher": {"MaxItemsPerBatch": query(random), "BatchInput": template(random)},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Arguments": template(random)},
            "ToleratedFailureCount": query(random), "Next": "Both",
        },
        "Both": {"Type": "Parallel", "Branches": [inner("Left"), inner("Right")], "Arguments": query(random), "Next": "Done"},
        "Done": {"Type": "Succeed", "Output": query(random)},
        "Fail": {"Type": "Fail", "Error": query(random), "Cause": query(random)},
    });
    json!({"QueryLanguage": "JSONata", "StartAt": "Shape", "States": states}).to_string()
}
