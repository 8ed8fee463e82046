//! Everything in a definition that can be evaluated, evaluated on some data, as an engine would.

use asl::data::{Narrow, ResultPath, json_len};
use asl::io::{Ends, Flow, Io};
use asl::random::Random;
use asl::retry::{BACK_OFF_MS_MAX, Origin};
use asl::syntax::{Recovery, Seconds, Text, Until};
use asl::{Context, Definition, RuntimeError, Scope, StateKind, error};
use serde_json::{Value, json};

/// What is made of some kilobytes of data by a definition of a few is no longer than this, in bytes.
const RESULT_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Evaluates it, and says what came of it: results and errors, in the order of the states.
///
/// # Panics
/// Something is not as it should be.
pub(crate) fn all(definition: &Definition, data: &Value) -> Vec<Result<Value, RuntimeError>> {
    let build = || json!({"Execution": {"Id": "e-1", "Input": data}});
    let context = Context::new(&build);
    let random = Random::new(1, 2);
    let scope = Scope::of(data, &context, &random);
    let mut said = Said(Vec::new());
    for (_, state) in definition.states() {
        match &state.kind {
            StateKind::Pass(pass) => said.flow(&pass.io, &scope),
            StateKind::Task(task) => {
                said.flow(&task.io, &scope);
                said.recovery(&task.recovery, &scope);
                for seconds in [&task.timeout, &task.heartbeat].into_iter().flatten() {
                    said.seconds(seconds, &scope);
                }
            }
            StateKind::Parallel(parallel) => {
                said.flow(&parallel.io, &scope);
                said.recovery(&parallel.recovery, &scope);
            }
            StateKind::Choice(choice) => {
                for (rule, _) in &choice.rules {
                    said.add(rule.holds(&scope).map(Value::from));
                }
                said.ends(&choice.io, &scope);
            }
            StateKind::Wait(wait) => {
                match &wait.until {
                    Until::Seconds(seconds) => said.seconds(seconds, &scope),
                    Until::TimestampPath(path) => {
                        let selected = path.select(&scope).ok();
                        let at = selected
                            .as_ref()
                            .and_then(|selected| selected.as_str())
                            .and_then(asl::choice::timestamp);
                        said.add(Ok(at.map_or(Value::Null, |at| at.to_string().into())));
                    }
                    Until::Timestamp(_) => {}
                }
                said.ends(&wait.io, &scope);
            }
            StateKind::Succeed(ends) => said.ends(ends, &scope),
            StateKind::Fail(fail) => {
                for text in [&fail.error, &fail.cause].into_iter().flatten() {
                    if let Text::Computed(expression) = text {
                        said.add(expression.eval("ErrorPath", &scope));
                    }
                }
            }
        }
    }
    said.0
}

struct Said(Vec<Result<Value, RuntimeError>>);

impl Said {
    fn add(&mut self, result: Result<Value, RuntimeError>) {
        match &result {
            Ok(value) => {
                assert!(json_len(value) <= RESULT_BYTES_MAX, "a result of {} bytes", json_len(value));
            }
            Err(error) => assert!(error::RESERVED.contains(&error.name), "{error}"),
        }
        self.0.push(result);
    }

    fn narrow(&mut self, narrow: &Narrow, scope: &Scope<'_>) -> Value {
        let narrowed = narrow.of(scope).map(std::borrow::Cow::into_owned);
        self.add(narrowed.clone());
        narrowed.unwrap_or_default()
    }

    fn ends(&mut self, io: &Io<Ends>, scope: &Scope<'_>) {
        let Io::JsonPath(ends) = io;
        let input = self.narrow(&ends.input_path, scope);
        self.narrow(&ends.output_path, &scope.over(&input));
    }

    fn flow(&mut self, io: &Io<Flow>, scope: &Scope<'_>) {
        let Io::JsonPath(flow) = io;
        let input = self.narrow(&flow.input_path, scope);
        let mut result = input.clone();
        for template in [&flow.parameters, &flow.result_selector].into_iter().flatten() {
            let filled = template.fill(&scope.over(&result));
            self.add(filled.clone());
            result = filled.unwrap_or(result);
        }
        let output = self.placed(&flow.result_path, input, result);
        self.narrow(&flow.output_path, &scope.over(&output));
    }

    fn placed(&mut self, path: &ResultPath, input: Value, result: Value) -> Value {
        let checked = path.check(&input);
        let placed = path.place(input, result);
        assert_eq!(checked.is_ok(), placed.is_ok(), "what is checked before is what happens");
        self.add(placed.clone());
        placed.unwrap_or_default()
    }

    fn seconds(&mut self, seconds: &Seconds, scope: &Scope<'_>) {
        if let Seconds::Path(path) = seconds {
            let selected = path.select(scope).map(std::borrow::Cow::into_owned);
            self.add(selected.map_err(|why| RuntimeError::new(error::RUNTIME, why.to_string())));
        }
    }

    fn recovery(&mut self, recovery: &Recovery, scope: &Scope<'_>) {
        for retrier in &recovery.retry {
            // As many as an execution may come to.
            for retried in [0, 1, retrier.attempts_max.min(1_000)] {
                let delay_ms = retrier.delay_ms(retried, scope.random);
                assert!(delay_ms <= BACK_OFF_MS_MAX, "{delay_ms} ms");
            }
        }
        for catcher in &recovery.catch {
            for origin in [Origin::Task, Origin::Branch, Origin::State] {
                assert!(!catcher.errors.matches(error::RUNTIME, origin), "it is never caught");
            }
            self.placed(&catcher.result_path, scope.data.clone(), json!({"Error": "E", "Cause": "C"}));
        }
    }
}
