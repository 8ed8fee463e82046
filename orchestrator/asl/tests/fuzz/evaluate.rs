//! Everything in a definition that can be evaluated, evaluated on some data, as an engine would.

use asl::data::{Narrow, ResultPath, json_len};
use asl::io::{Ends, Flow, Io, Jsonata};
use asl::map::{Items, Map, Mode};
use asl::random::Random;
use asl::retry::{BACK_OFF_MS_MAX, Origin};
use asl::setting::Setting;
use asl::syntax::{Choice, Condition, Recovery, Until};
use asl::template::{Place, Template};
use asl::{Context, Definition, RuntimeError, Scope, StateKind, Variables, error};
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
    let variables = serde_json::Map::from_iter([("v".to_owned(), data.clone())]);
    let scopes = [&variables];
    let variables = Variables::new(&scopes);
    let error_output = json!({"Error": "E", "Cause": "C"});
    let (result, error_output) = (Some(data), Some(&error_output));
    let scope = Scope { result, error_output, variables, ..Scope::of(data, &context, &random) };
    let mut said = Said(Vec::new());
    for (_, state) in definition.states() {
        said.template(state.assign.as_ref(), &scope);
        match &state.kind {
            StateKind::Pass(pass) => said.flow(&pass.io, &scope),
            StateKind::Task(task) => {
                said.flow(&task.io, &scope);
                said.recovery(&task.recovery, &scope);
                said.template(task.credentials.as_ref(), &scope);
                said.settings(&[&task.timeout_s, &task.heartbeat_s], &scope);
            }
            StateKind::Parallel(parallel) => {
                said.flow(&parallel.io, &scope);
                said.recovery(&parallel.recovery, &scope);
            }
            StateKind::Map(map) => said.map(map, &scope),
            StateKind::Choice(choice) => said.choice(choice, &scope),
            StateKind::Wait(wait) => {
                match &wait.until {
                    Until::Seconds(seconds) => said.setting(seconds, &scope),
                    Until::Timestamp(time) => said.setting(time, &scope),
                }
                said.ends(&wait.io, &scope);
            }
            StateKind::Succeed(ends) => said.ends(ends, &scope),
            StateKind::Fail(fail) => said.settings(&[&fail.error, &fail.cause], &scope),
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

    fn template(&mut self, template: Option<&Template>, scope: &Scope<'_>) {
        if let Some(template) = template {
            self.add(template.fill(scope, "Field"));
        }
    }

    fn choice(&mut self, choice: &Choice, scope: &Scope<'_>) {
        for rule in &choice.rules {
            match &rule.condition {
                Condition::Rule(rule) => self.add(rule.holds(scope).map(Value::from)),
                Condition::Computed(condition) => self.setting(condition, scope),
            }
            self.template(rule.assign.as_ref(), scope);
            self.template(rule.output.as_ref(), scope);
        }
        self.ends(&choice.io, scope);
    }

    fn map(&mut self, map: &Map, scope: &Scope<'_>) {
        self.flow(&map.io, scope);
        self.recovery(&map.recovery, scope);
        match &map.items {
            Items::Input => {}
            Items::Path(path) => self.add(path.eval(scope, &Place::Field("ItemsPath"))),
            Items::Template(items) => self.add(items.fill(scope, "Items")),
            Items::Reader(reader) => {
                self.template(reader.arguments.as_ref(), scope);
                self.settings(&[&reader.config.max_items], scope);
            }
        }
        self.template(map.item_selector.as_ref(), scope);
        self.setting(&map.max_concurrency, scope);
        self.settings(&[&map.tolerated_count], scope);
        self.settings(&[&map.tolerated_percentage], scope);
        if let Mode::Distributed(distributed) = &map.mode {
            if let Some(batcher) = &distributed.batcher {
                self.template(batcher.batch_input.as_ref(), scope);
                self.settings(&[&batcher.items_max, &batcher.bytes_max], scope);
            }
            let target = distributed.writer.as_ref().and_then(|writer| writer.target.as_ref());
            self.template(target.and_then(|(_, arguments)| arguments.as_ref()), scope);
        }
    }

    fn jsonata(&mut self, jsonata: &Jsonata, scope: &Scope<'_>) {
        self.template(jsonata.arguments.as_ref(), scope);
        self.template(jsonata.output.as_ref(), scope);
    }

    fn ends(&mut self, io: &Io<Ends>, scope: &Scope<'_>) {
        let ends = match io {
            Io::JsonPath(ends) => ends,
            Io::Jsonata(jsonata) => return self.jsonata(jsonata, scope),
        };
        let input = self.narrow(&ends.input_path, scope);
        self.narrow(&ends.output_path, &scope.over(&input));
    }

    fn flow(&mut self, io: &Io<Flow>, scope: &Scope<'_>) {
        let flow = match io {
            Io::JsonPath(flow) => flow,
            Io::Jsonata(jsonata) => return self.jsonata(jsonata, scope),
        };
        let input = self.narrow(&flow.input_path, scope);
        let mut result = input.clone();
        for template in [&flow.parameters, &flow.result_selector].into_iter().flatten() {
            let filled = template.fill(&scope.over(&result), "Parameters");
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

    fn setting<T>(&mut self, setting: &Setting<T>, scope: &Scope<'_>) {
        if let Setting::Computed(expression) = setting {
            self.add(expression.eval(scope, &Place::Field("Seconds")));
        }
    }

    fn settings<T>(&mut self, settings: &[&Option<Setting<T>>], scope: &Scope<'_>) {
        settings.iter().copied().flatten().for_each(|setting| self.setting(setting, scope));
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
            self.template(catcher.output.as_ref(), scope);
            self.template(catcher.assign.as_ref(), scope);
            self.placed(&catcher.result_path, scope.data.clone(), json!({"Error": "E", "Cause": "C"}));
        }
    }
}
