//! Definitions whose expressions are made up: most of them are read, so that there is something to evaluate. And the data that they are
//! evaluated on.

use rand::{Rng, RngExt};
use serde_json::{Map, Value, json};

/// How deep values, calls and rules are nested, at the most.
const DEPTH_MAX: u32 = 4;
/// Texts that some function, comparison or path gives a meaning to.
const TEXTS: [&str; 24] = [
    "",
    "a",
    "b",
    "it's, odd)",
    "{}",
    "{} and \\{}",
    "{",
    "*",
    "a*b*",
    "\\*",
    "a,b;c",
    ",;",
    "Zm9v",
    "Zg==",
    "=",
    "{\"a\":[1,{\"b\":null}]}",
    "[[[[1e400]]]]",
    "2026-02-28T23:59:60Z",
    "2026-11-26T05:00:00.123456789+14:00",
    "-009999-01-02T00:00:00Z",
    "9007199254740993",
    "\u{1b}[2J",
    "é\u{10ffff}",
    "$.a",
];
const NAMES: [&str; 5] = ["a", "b", "ab", "it's, odd)", ""];
const FUNCTIONS: [(&str, usize); 19] = [
    ("Hash", 2),
    ("Format", 2),
    ("StringToJson", 1),
    ("JsonToString", 1),
    ("Array", 2),
    ("ArrayPartition", 2),
    ("ArrayContains", 2),
    ("ArrayRange", 3),
    ("ArrayGetItem", 2),
    ("ArrayLength", 1),
    ("ArrayUnique", 1),
    ("Base64Encode", 1),
    ("Base64Decode", 1),
    ("JsonMerge", 3),
    ("MathRandom", 2),
    ("MathRandom", 3),
    ("MathAdd", 2),
    ("StringSplit", 2),
    ("UUID", 0),
];
const ORDERS: [&str; 5] = ["Equals", "LessThan", "GreaterThan", "LessThanEquals", "GreaterThanEquals"];

pub(crate) fn one<T: Copy>(random: &mut impl Rng, of: &[T]) -> T {
    of[random.random_range(0..of.len())]
}

pub(crate) fn text(random: &mut impl Rng) -> String {
    let text = one(random, &TEXTS);
    if random.random_range(0..40) == 0 { text.repeat(50) } else { text.to_owned() }
}

fn number(random: &mut impl Rng) -> Value {
    match random.random_range(0..8) {
        0 => json!(i64::MIN),
        1 => json!(u64::MAX),
        2 => json!(1e308),
        3 => json!(-0.5),
        4 => json!(9_007_199_254_740_993_u64),
        _ => json!(random.random_range(-3..20)),
    }
}

/// Some data.
pub(crate) fn value(random: &mut impl Rng, depth: u32) -> Value {
    let leaves = if depth >= DEPTH_MAX { 4 } else { 8 };
    match random.random_range(0..leaves) {
        0 => Value::Null,
        1 => Value::Bool(random.random()),
        2 => number(random),
        3 => Value::String(text(random)),
        4 | 5 => (0..random.random_range(0..4)).map(|_| value(random, depth + 1)).collect(),
        _ => Value::Object(fields(random, |random| value(random, depth + 1))),
    }
}

fn fields<R: Rng>(random: &mut R, mut of: impl FnMut(&mut R) -> Value) -> Map<String, Value> {
    let count = random.random_range(0..4);
    (0..count).map(|_| (one(random, &NAMES).to_owned(), of(random))).collect()
}

/// A path; half of them reference paths, which most paths are.
pub(crate) fn path(random: &mut impl Rng) -> String {
    let mut path = one(random, &["$", "$", "$", "$$", "$$.Execution", "$$.Execution.Input", "$v"]).to_owned();
    let is_reference = random.random();
    for _ in 0..random.random_range(0..4) {
        path += &if is_reference { step(random).to_owned() } else { any_step(random, 0) };
    }
    path
}

/// A reference path.
fn reference(random: &mut impl Rng) -> String {
    let root = one(random, &["$", "$", "$$.Execution", "$v"]);
    (0..random.random_range(0..4)).fold(root.to_owned(), |path, _| path + step(random))
}

fn step(random: &mut impl Rng) -> &'static str {
    one(random, &[".a", ".b", ".ab", "['a']", "['it\\'s, odd)']", "[0]", "[1]", "[99999999]", "['']"])
}

fn any_step(random: &mut impl Rng, depth: u32) -> String {
    let steps = [
        ".*",
        "[*]",
        "..a",
        "..*",
        "..[0]",
        "[-1]",
        "[0,2]",
        "[1:]",
        "[:-1]",
        "[0:2]",
        "['a','b']",
        ".['b']",
        ".[1]",
        ".length()",
        "..['a','ab']",
        "[ 'a' ]",
    ];
    match random.random_range(0..4) {
        0 if depth < DEPTH_MAX => {
            let before = one(random, &["", ".", ".."]);
            format!("{before}[?({})]", condition(random, depth + 1))
        }
        1 => step(random).to_owned(),
        _ => one(random, &steps).to_owned(),
    }
}

fn condition(random: &mut impl Rng, depth: u32) -> String {
    let inner = |random: &mut _| condition(random, depth + 1);
    match random.random_range(0..9) {
        0 if depth < DEPTH_MAX => format!("{} && {}", inner(random), inner(random)),
        1 if depth < DEPTH_MAX => format!("{} || {}", inner(random), inner(random)),
        2 if depth < DEPTH_MAX => format!("!({})", inner(random)),
        3 if depth < DEPTH_MAX => format!("({})", inner(random)),
        4 => format!("!{}", query(random, depth)),
        5 => query(random, depth),
        6 => {
            let comparison = one(
                random,
                &[
                    "=~ /a.*b/i",
                    "=~ /(a+)+$/",
                    "empty true",
                    "size 2",
                    "contains 'a'",
                    "in ['a', 1, null]",
                    "nin [0]",
                    "subsetof ['a','b']",
                    "anyof [1, 2]",
                    "noneof ['a']",
                    "==it's odd",
                    "=== 1",
                    "== {'a': [1]}",
                ],
            );
            format!("{} {comparison}", query(random, depth))
        }
        _ => {
            let operator = one(random, &["==", "!=", "<", "<=", ">", ">="]);
            let right = match random.random_range(0..3) {
                0 => query(random, depth),
                1 => number(random).to_string(),
                _ => one(random, &["'a'", "\"b\"", "a", "true", "null", "''"]).to_owned(),
            };
            format!("{} {operator} {right}", query(random, depth))
        }
    }
}

fn query(random: &mut impl Rng, depth: u32) -> String {
    let mut query = one(random, &["@", "@", "@", "$"]).to_owned();
    for _ in 0..random.random_range(0..3) {
        query += &any_step(random, depth + 1);
    }
    query
}

pub(crate) fn call(random: &mut impl Rng, depth: u32) -> String {
    let (name, wanted) = one(random, &FUNCTIONS);
    let count = if random.random_range(0..40) == 0 { random.random_range(0..5) } else { wanted };
    let arguments: Vec<_> = (0..count).map(|_| argument(random, depth)).collect();
    format!("States.{name}({})", arguments.join(", "))
}

fn argument(random: &mut impl Rng, depth: u32) -> String {
    match random.random_range(0..6) {
        0 => number(random).to_string(),
        1 => one(random, &["true", "false", "null"]).to_owned(),
        2 => format!("'{}'", text(random).replace('\\', "\\\\").replace('\'', "\\'")),
        3 if depth < DEPTH_MAX => call(random, depth + 1),
        _ => path(random),
    }
}

fn expression(random: &mut impl Rng) -> String {
    if random.random() { call(random, 0) } else { path(random) }
}

fn template(random: &mut impl Rng, depth: u32) -> Value {
    let mut made = Map::new();
    for name in ["a", "b", "ab"] {
        match random.random_range(0..4) {
            0 => made.insert(format!("{name}.$"), expression(random).into()),
            1 => made.insert(name.to_owned(), value(random, depth + 1)),
            2 if depth < DEPTH_MAX => made.insert(name.to_owned(), template(random, depth + 1)),
            _ => None,
        };
    }
    Value::Object(made)
}

fn test(random: &mut impl Rng) -> (String, Value) {
    let order = one(random, &ORDERS);
    match random.random_range(0..10) {
        0 => ("StringMatches".to_owned(), text(random).into()),
        1 => (
            format!("Is{}", one(random, &["Present", "Null", "String", "Numeric", "Boolean", "Timestamp"])),
            random.random::<bool>().into(),
        ),
        2 | 3 => {
            let kind = one(random, &["String", "Numeric", "Timestamp"]);
            (format!("{kind}{order}Path"), reference(random).into())
        }
        4 => ("BooleanEquals".to_owned(), random.random::<bool>().into()),
        5 => ("TimestampLessThan".to_owned(), "2026-11-26T05:00:00Z".into()),
        6 | 7 => (format!("Numeric{order}"), number(random)),
        _ => (format!("String{order}"), text(random).into()),
    }
}

fn rule(random: &mut impl Rng, depth: u32) -> Map<String, Value> {
    let mut rule = Map::new();
    if depth < DEPTH_MAX && random.random_range(0..3) == 0 {
        let (name, inner) = match random.random_range(0..3) {
            0 => ("Not", Value::Object(self::rule(random, depth + 1))),
            n => {
                let count = random.random_range(1..4);
                let rules = (0..count).map(|_| Value::Object(self::rule(random, depth + 1))).collect();
                (if n == 1 { "And" } else { "Or" }, rules)
            }
        };
        rule.insert(name.to_owned(), inner);
        return rule;
    }
    let (operator, operand) = test(random);
    rule.insert("Variable".to_owned(), reference(random).into());
    rule.insert(operator, operand);
    rule
}

pub(crate) fn retriers(random: &mut impl Rng) -> Value {
    json!([{
        "ErrorEquals": [one(random, &["States.ALL", "States.TaskFailed", "Own"])],
        "IntervalSeconds": one(random, &[1_u64, 60, 99_999_999]),
        "MaxAttempts": one(random, &[0_u64, 3, 99_999_999]),
        "BackoffRate": one(random, &[1.0, 1.000_000_1, 2.0, 1e300]),
        "JitterStrategy": one(random, &["FULL", "NONE"]),
    }])
}

/// A definition with a state of each kind, in JSONPath.
pub(crate) fn definition(random: &mut impl Rng) -> String {
    let result_path = one(random, &["$", "$.a", "$.x.y", "$.a[0]", "$['it\\'s, odd)'].b"]);
    let mut choice = rule(random, 0);
    choice.insert("Next".to_owned(), "Shape".into());
    let mut states = json!({
        "Shape": {"Type": "Pass", "Parameters": template(random, 0), "ResultPath": result_path, "Next": "Choose"},
        "Choose": {"Type": "Choice", "Choices": [choice], "Default": "Work"},
        "Work": {
            "Type": "Task", "Resource": "arn:aws:lambda:eu-central-1:1:function:f",
            "Parameters": template(random, 0), "ResultSelector": template(random, 0), "ResultPath": result_path,
            "TimeoutSecondsPath": path(random), "Retry": retriers(random),
            "Catch": [{"ErrorEquals": ["States.ALL"], "ResultPath": result_path, "Next": "Fail"}],
            "Assign": template(random, 0), "Next": "Wait",
        },
        "Wait": {"Type": "Wait", "TimestampPath": path(random), "Next": "Each"},
        "Each": {
            "Type": "Map", "ItemsPath": reference(random), "ItemSelector": template(random, 0), "MaxConcurrencyPath": path(random),
            "ItemProcessor": inner("Item"), "ResultPath": result_path, "Next": "Far",
        },
        "Far": {
            "Type": "Map", "ItemProcessor": distributed("Child"), "ItemReader": reader("Parameters", template(random, 0)),
            "ItemBatcher": {"MaxItemsPerBatchPath": path(random), "BatchInput": template(random, 0)},
            "ResultWriter": {"Resource": "arn:aws:states:::s3:putObject", "Parameters": template(random, 0)},
            "ToleratedFailurePercentagePath": path(random), "Next": "Both",
        },
        "Both": {"Type": "Parallel", "Branches": [inner("Left"), inner("Right")], "ResultSelector": template(random, 0), "Next": "Shape"},
        "Fail": {"Type": "Fail", "ErrorPath": path(random), "CausePath": "States.JsonToString($)"},
    });
    for name in ["Shape", "Choose", "Work", "Wait", "Each", "Far", "Both"] {
        for field in ["InputPath", "OutputPath"] {
            if random.random_range(0..3) == 0 {
                states[name][field] = path(random).into();
            }
        }
    }
    json!({"StartAt": "Shape", "States": states}).to_string()
}

/// A machine of one state.
pub(crate) fn inner(name: &str) -> Value {
    json!({"StartAt": name, "States": {name: {"Type": "Pass", "End": true}}})
}

pub(crate) fn distributed(name: &str) -> Value {
    let mut machine = inner(name);
    machine["ProcessorConfig"] = json!({"Mode": "DISTRIBUTED", "ExecutionType": "EXPRESS"});
    machine
}

/// An `ItemReader` with those arguments in that field.
pub(crate) fn reader(field: &str, arguments: Value) -> Value {
    let config =
        json!({"InputType": "CSV", "CSVHeaderLocation": "GIVEN", "CSVHeaders": ["a"], "MaxItems": 3});
    json!({"Resource": "arn:aws:states:::s3:getObject", field: arguments, "ReaderConfig": config})
}
