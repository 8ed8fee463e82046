//! One evaluation.

use std::rc::Rc;

use serde_json::Value;

use super::error::{EvalError, Limit};
use super::functions;
use super::limits;
use super::output::Results;
use super::program::{Program, RESULT};
use super::source::{Data, Input};
use crate::scope::Scope;

pub(super) fn evaluate(program: &Program, scope: &Scope<'_>) -> Result<Value, EvalError> {
    // Only who asks for numbers takes some: the next expression's do not depend on those that do not.
    let (seed, bindings);
    let bindings = if program.reads.random {
        seed = scope.random.next_u64();
        bindings = functions::random(seed);
        &bindings
    } else {
        seed = 0;
        functions::fixed()
    };
    let options = limits::options(scope.now_ms, seed);
    let runnable = program.runnable(|name| scope.variables.get(name).is_some());
    let data = Data::new(*scope);
    let mut results = Results::new(Rc::clone(&data));
    let written = runnable
        .evaluate_source_to(&Input(data), bindings, &options, |output| output.write(&mut results))
        .map_err(|error| failure(&error))?;
    result(written, &results)
}

/// The result from the object that the program makes of it.
pub(super) fn result(written: Option<Value>, results: &Results<'_>) -> Result<Value, EvalError> {
    match written {
        _ if results.too_large => Err(EvalError::Limit(Limit::Size)),
        Some(Value::Object(mut object)) => match object.swap_remove(RESULT) {
            Some(value) => Ok(value),
            None if results.functions > 0 => Err(EvalError::UnsupportedResultType),
            None => Err(EvalError::Undefined),
        },
        _ => Err(EvalError::Undefined),
    }
}

/// Why an evaluation failed.
pub(super) fn failure(error: &jlens_core::Error) -> EvalError {
    match error.code() {
        "U1006" => EvalError::Limit(Limit::Steps),
        "D1011" => EvalError::Limit(Limit::Depth),
        "U1001" => EvalError::Limit(Limit::Size),
        functions::FAILED => EvalError::Threw { code: None, message: error.message() },
        code => EvalError::Threw { code: Some(code.into()), message: error.message() },
    }
}
