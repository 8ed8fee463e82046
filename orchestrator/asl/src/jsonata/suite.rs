//! JSONata's own test suite: see `tests/jsonata-suite/README.md`.

use std::collections::BTreeMap;
use std::rc::Rc;

use jlens_core::Bindings;
use jlens_core::input::{Sink, Source};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::EvalError;
use super::evaluate::{failure, result};
use super::source::Data;
use super::{functions, limits};
use crate::random::Random;
use crate::scope::{Context, Scope};

const CASES: &str = include_str!("../../tests/jsonata-suite/cases.json");
const DATASETS: &str = include_str!("../../tests/jsonata-suite/datasets.json");

/// Cases that end differently here, and why.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("function-eval/case000", NO_EVAL),
    ("function-eval/case001", NO_EVAL),
    ("function-eval/case002", NO_EVAL),
    ("function-eval/case003", NO_EVAL),
    ("function-eval/case004", NO_EVAL),
    ("function-eval/case005", NO_EVAL),
    ("function-eval/case006", NO_EVAL),
    ("function-eval/case007", NO_EVAL),
    ("flattening/large/0", LIMITED),
    ("flattening/large/1", LIMITED),
    ("range-operator/case021", LIMITED),
    ("range-operator/case024", LIMITED),
    ("function-string/case002", SPELLED),
    ("function-string/case007", SPELLED),
    (
        "function-string/case019",
        "D1001 instead of D3001: the division fails, and not what is done with its result",
    ),
    ("tail-recursion/case002", "expects a limit of the depth that the case sets, and is within ours"),
];

const NO_EVAL: &str = "AWS has no $eval";
const LIMITED: &str = "an array of more than 100,000 items";
const SPELLED: &str = "1e+100 as in JavaScript, where the crate that the case comes from has 1e100";

#[derive(Deserialize)]
struct Case {
    name: String,
    expr: String,
    #[serde(default, deserialize_with = "some")]
    data: Option<Value>,
    dataset: Option<String>,
    #[serde(default)]
    bindings: Map<String, Value>,
    #[serde(default)]
    unordered: bool,
    code: Option<String>,
    #[serde(default)]
    undefined: bool,
    #[serde(default)]
    result: Value,
}

/// What is there, though it be null.
fn some<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}

/// Data as the input of an expression: AWS has none, JSONata's suite does.
struct Whole<'a>(Rc<Data<'a>>, Option<&'a Value>);

impl<'a> Source<'a> for Whole<'a> {
    fn read(&self, sink: &mut Sink<'_, 'a>) -> Result<(), String> {
        if let Some(value) = self.1 {
            self.0.put(value, sink);
        }
        Ok(())
    }
}

/// The result of a case's expression as JSONata has it: over an input, with the case's variables.
fn eval(case: &Case, input: Option<&Value>) -> Result<Value, EvalError> {
    // In a group, as `program` puts it, but of the input.
    let expression = jlens_core::Expression::compile(&case.expr).map_err(|error| failure(&error))?;
    let bound = case
        .bindings
        .iter()
        .fold(functions::random(7), |bindings, (name, value)| bindings.var(name.clone(), value.clone()));
    let build = || json!({});
    let (context, random) = (Context::new(&build), Random::new(1, 1));
    let data = Data::new(Scope::of(&Value::Null, &context, &random));
    run(&expression, &bound, &data, input)
}

fn run<'a>(
    expression: &jlens_core::Expression,
    bindings: &'a Bindings,
    data: &Rc<Data<'a>>,
    input: Option<&'a Value>,
) -> Result<Value, EvalError> {
    let whole = Whole(Rc::clone(data), input);
    let mut results = super::output::Results::new(Rc::clone(data));
    let options = limits::options(0, 7);
    let written =
        expression.evaluate_source_to(&whole, bindings, &options, |output| output.write(&mut results));
    let written = written.map_err(|error| failure(&error))?;
    result(written.map(|value| json!({ super::program::RESULT: value })), &results)
}

/// How the result differs from what the case expects, if it does.
fn difference(case: &Case, got: &Result<Value, EvalError>) -> Option<String> {
    let alike = match (got, &case.code) {
        (Err(EvalError::Threw { code, .. }), Some(expected)) => code.as_deref() == Some(expected),
        (Err(EvalError::Limit(_)), Some(expected)) => {
            matches!(expected.as_str(), "U1001" | "D1011" | "D2014")
        }
        // What cannot be written is nothing there.
        (Err(EvalError::Undefined | EvalError::UnsupportedResultType), None) => case.undefined,
        (Ok(value), None) => !case.undefined && equal(value, &case.result, case.unordered),
        _ => false,
    };
    (!alike).then(|| format!("{got:?}"))
}

/// Numbers by value, with what a double loses in the last place.
fn equal(left: &Value, right: &Value, unordered: bool) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => match (left.as_f64(), right.as_f64()) {
            (Some(left), Some(right)) => left == right || (left - right).abs() <= 1e-14 * right.abs(),
            _ => false,
        },
        (Value::Array(left), Value::Array(right)) if unordered => {
            let mut rest: Vec<&Value> = right.iter().collect();
            left.len() == right.len()
                && left.iter().all(|item| {
                    let at = rest.iter().position(|other| equal(item, other, false));
                    at.map(|at| rest.remove(at)).is_some()
                })
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len() && left.iter().zip(right).all(|(left, right)| equal(left, right, false))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, value)| right.get(key).is_some_and(|other| equal(value, other, false)))
        }
        _ => left == right,
    }
}

#[test]
fn the_official_suite_passes_but_for_named_exceptions() {
    let cases: Vec<Case> = serde_json::from_str(CASES).unwrap();
    let datasets: BTreeMap<String, Value> = serde_json::from_str(DATASETS).unwrap();
    let mut problems = Vec::new();
    for case in &cases {
        let dataset = case.dataset.as_ref().map(|name| &datasets[name]);
        let input = case.data.as_ref().or(dataset);
        let difference = difference(case, &eval(case, input));
        let excepted = EXCEPTIONS.iter().any(|(name, _)| case.name == *name);
        match difference {
            Some(got) if !excepted => problems.push(format!("{}: {} gives {got}", case.name, case.expr)),
            None if excepted => problems.push(format!("{} passes and is no exception any more", case.name)),
            _ => {}
        }
    }
    let named = EXCEPTIONS.iter().map(|(name, _)| *name);
    let unknown: Vec<&str> = named.filter(|name| !cases.iter().any(|case| case.name == *name)).collect();
    assert!(unknown.is_empty(), "there are no such cases: {unknown:?}");
    assert!(problems.is_empty(), "{} of {} cases:\n{}", problems.len(), cases.len(), problems.join("\n"));
}
