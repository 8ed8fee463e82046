//! How data gets into a state and out of it, in the language of its expressions.

use std::borrow::Cow;

use asl::data::{NESTING_MAX, Narrow, ResultPath, is_within};
use asl::error::DATA_LIMIT_EXCEEDED;
use asl::io::{Ends, Flow, Io, Jsonata};
use asl::syntax::{Recovery, Transition};
use asl::template::Template;
use asl::{RuntimeError, Scope};
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::history::Detail;
use crate::quotas::{self, PAYLOAD_BYTES_MAX};
use crate::stepper::{Cursor, Entered, Outcome, Stepper};
use crate::watch::{Stage, Watch};

/// Variables that a state sets when it is left.
pub(crate) type Assigned = Map<String, Value>;

/// What a state sees of its input.
pub(crate) fn input<'a>(io: &Io<Flow>, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    match io {
        Io::JsonPath(flow) => flow.input_path.of(scope),
        Io::Jsonata(_) => Ok(Cow::Borrowed(scope.data)),
    }
}

/// What it makes of that for its work: the payload of a task, the input of branches.
pub(crate) fn arguments(
    io: &Io<Flow>,
    input: Cow<'_, Value>,
    scope: &Scope<'_>,
    watch: Option<&Watch>,
) -> Result<Value, RuntimeError> {
    let Some(watch) = watch else { return filled(io, input, scope) };
    let stage = match io {
        Io::JsonPath(_) => {
            watch.made(Stage::InputPath, &input);
            Stage::Parameters
        }
        Io::Jsonata(_) => Stage::Arguments,
    };
    let arguments = filled(io, input, scope)?;
    watch.made(stage, &arguments);
    Ok(arguments)
}

fn filled(io: &Io<Flow>, input: Cow<'_, Value>, scope: &Scope<'_>) -> Result<Value, RuntimeError> {
    let (template, field) = match io {
        Io::JsonPath(flow) => (&flow.parameters, "Parameters"),
        Io::Jsonata(jsonata) => (&jsonata.arguments, "Arguments"),
    };
    match template {
        Some(template) => template.fill(&scope.over(&input), field),
        None => Ok(input.into_owned()),
    }
}

/// What a state without a result sees of its input.
pub(crate) fn seen<'a>(io: &Io<Ends>, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    match io {
        Io::JsonPath(ends) => ends.input_path.of(scope),
        Io::Jsonata(_) => Ok(Cow::Borrowed(scope.data)),
    }
}

/// Whether the state's input can still be needed once its work has begun.
fn keeps_input(io: &Io<Flow>, recovery: &Recovery, assign: Option<&Template>) -> bool {
    if !recovery.retry.is_empty() {
        return true;
    }
    match io {
        Io::JsonPath(flow) => {
            flow.result_path.keeps_input()
                || recovery.catch.iter().any(|catcher| catcher.result_path.keeps_input())
        }
        Io::Jsonata(jsonata) => jsonata.output.is_some() || assign.is_some() || !recovery.catch.is_empty(),
    }
}

/// The variables that a template assigns.
pub(crate) fn assigned(
    assign: Option<&Template>,
    field: &str,
    scope: &Scope<'_>,
) -> Result<Assigned, RuntimeError> {
    let Some(assigned) = assign.map(|assign| assign.fill(scope, field)).transpose()? else {
        return Ok(Map::new());
    };
    if !quotas::is_within(&assigned) {
        let cause =
            format!("What {field} assigns has more than {PAYLOAD_BYTES_MAX} bytes, or is nested too deep.");
        return Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause));
    }
    match assigned {
        Value::Object(assigned) => Ok(assigned),
        _ => Ok(Map::new()),
    }
}

/// What a state, a catcher or a rule of a Choice makes of the same scope in JSONata. `Output` is told first if both are wrong.
pub(crate) struct Made<'t> {
    pub(crate) output: Option<&'t Template>,
    pub(crate) assign: Option<&'t Template>,
    /// What stands before the fields' names in an error: `Catch[0]/`, for example.
    pub(crate) place: String,
}

impl Made<'_> {
    pub(crate) fn of(&self, scope: &Scope<'_>) -> Result<(Option<Value>, Assigned), RuntimeError> {
        let name = |field: &'static str| match &*self.place {
            "" => Cow::Borrowed(field),
            place => Cow::Owned(format!("{place}{field}")),
        };
        let output = self.output.map(|output| output.fill(scope, &name("Output"))).transpose()?;
        Ok((output, assigned(self.assign, &name("Assign"), scope)?))
    }
}

/// Whether what a state makes of its input and result may be more than is allowed, so that it has to be looked at as a whole.
fn may_be_too_large(flow: &Flow, input: &Value, result: &Value) -> bool {
    let path = &flow.result_path;
    if matches!(flow.output_path, Narrow::Part(_)) {
        return true;
    }
    if *path == ResultPath::Discard {
        return false;
    }
    let is_small = |value, levels| is_within(value, PAYLOAD_BYTES_MAX / 4, levels);
    let levels = NESTING_MAX.checked_sub(path.levels());
    !(is_small(input, NESTING_MAX) && levels.is_some_and(|levels| is_small(result, levels)))
}

/// What went wrong while a state made its output.
pub(crate) enum Spoilt {
    /// Something could not be evaluated.
    Error(RuntimeError),
    /// The output is too large.
    Failure(Failure),
}

impl From<RuntimeError> for Spoilt {
    fn from(error: RuntimeError) -> Self {
        Self::Error(error)
    }
}

impl<'d> Stepper<'d> {
    /// Forgets the input of a state that has begun its work, if nothing that can still happen needs it.
    pub(crate) fn forget_input(&self, entered: &mut Entered<'d>, io: &Io<Flow>, recovery: &Recovery) {
        if !self.keeps_undone(&entered.thread) && !keeps_input(io, recovery, entered.state.assign.as_ref()) {
            entered.data = Value::Null;
        }
    }

    /// The state's input, to be made something else of; it stays where it may be needed once more.
    pub(crate) fn taken_data(&self, entered: &mut Entered<'d>) -> Value {
        if self.keeps_undone(&entered.thread) {
            entered.data.clone()
        } else {
            std::mem::take(&mut entered.data)
        }
    }

    /// Makes the state's output of its result, and goes on.
    pub(crate) fn complete(
        &mut self,
        mut entered: Entered<'d>,
        io: &'d Io<Flow>,
        transition: Transition,
        result: Value,
    ) -> Outcome {
        let made = match io {
            Io::JsonPath(flow) => self.made_by_paths(&mut entered, flow, result),
            Io::Jsonata(jsonata) => self.made_by_output(&entered, jsonata, Some(result)),
        };
        match made {
            Ok((output, assigned)) => self.leave(entered, transition, output, assigned),
            Err(spoilt) => self.spoilt(entered, spoilt),
        }
    }

    pub(crate) fn spoilt(&mut self, entered: Entered<'d>, spoilt: Spoilt) -> Outcome {
        match spoilt {
            Spoilt::Error(error) => self.failed(entered, error),
            Spoilt::Failure(failure) => self.recover(entered, failure),
        }
    }

    /// The variables that a template of a state in JSONPath assigns, over that data.
    pub(crate) fn assigned_over(
        &self,
        entered: &Entered<'d>,
        data: &Value,
        assign: Option<&Template>,
        field: &str,
    ) -> Result<Assigned, RuntimeError> {
        match assign {
            None => Ok(Map::new()),
            Some(_) => {
                let assigned = self.scoped(entered.view(), data, |scope| assigned(assign, field, scope))?;
                self.check_variables(&entered.thread, &assigned)?;
                Ok(assigned)
            }
        }
    }

    /// `ResultSelector`, `ResultPath`, `OutputPath`.
    fn made_by_paths(
        &self,
        entered: &mut Entered<'d>,
        flow: &Flow,
        result: Value,
    ) -> Result<(Value, Assigned), Spoilt> {
        let assigned = self.assigned_over(entered, &result, entered.state.assign.as_ref(), "Assign")?;
        let result = match &flow.result_selector {
            None => result,
            Some(selector) => {
                self.scoped(entered.view(), &result, |scope| selector.fill(scope, "ResultSelector"))?
            }
        };
        if let Some(watch) = self.watch {
            watch.made(Stage::ResultSelector, &result);
        }
        // Checked before the input is given away: after an error it may still be needed.
        flow.result_path.check(&entered.data)?;
        let may_be_too_large = may_be_too_large(flow, &entered.data, &result);
        let input = if may_be_too_large { entered.data.clone() } else { std::mem::take(&mut entered.data) };
        let placed = flow.result_path.place(input, result)?;
        if let Some(watch) = self.watch {
            watch.made(Stage::ResultPath, &placed);
        }
        let output = self.narrowed(entered, &flow.output_path, placed)?;
        if may_be_too_large {
            quotas::check(&output, &entered.state.name).map_err(Spoilt::Failure)?;
        }
        Ok((output, assigned))
    }

    /// `Output`, in JSONata. Without it: the result or, if there is none, the input.
    pub(crate) fn made_by_output(
        &self,
        entered: &Entered<'d>,
        jsonata: &Jsonata,
        result: Option<Value>,
    ) -> Result<(Value, Assigned), Spoilt> {
        let (output, assign) = (jsonata.output.as_ref(), entered.state.assign.as_ref());
        self.made_with(entered, &Made { output, assign, place: String::new() }, result)
    }

    /// The same, of what is to be made in the place of what the state makes.
    pub(crate) fn made_with(
        &self,
        entered: &Entered<'d>,
        made: &Made<'_>,
        result: Option<Value>,
    ) -> Result<(Value, Assigned), Spoilt> {
        let (output, assigned) = self.scoped(entered.view(), &entered.data, |scope| {
            made.of(&Scope { result: result.as_ref(), ..*scope })
        })?;
        self.check_variables(&entered.thread, &assigned)?;
        let output = output.or(result).unwrap_or_else(|| entered.data.clone());
        quotas::check(&output, &entered.state.name).map_err(Spoilt::Failure)?;
        Ok((output, assigned))
    }

    /// The output of a state without a result, and the variables that it assigns.
    pub(crate) fn through(
        &self,
        entered: &mut Entered<'d>,
        io: &Io<Ends>,
    ) -> Result<(Value, Assigned), Spoilt> {
        match io {
            Io::JsonPath(ends) => self.through_paths(entered, ends, entered.state.assign.as_ref(), "Assign"),
            Io::Jsonata(jsonata) => self.made_by_output(entered, jsonata, None),
        }
    }

    /// The same by paths, with what is assigned and the name of the field that says so.
    pub(crate) fn through_paths(
        &self,
        entered: &mut Entered<'d>,
        ends: &Ends,
        assign: Option<&Template>,
        field: &str,
    ) -> Result<(Value, Assigned), Spoilt> {
        let is_plain = [&ends.input_path, &ends.output_path].iter().all(|path| matches!(path, Narrow::All));
        let data = match is_plain && assign.is_none() {
            true => std::mem::take(&mut entered.data),
            false => self.taken_data(entered),
        };
        let input = self.narrowed(entered, &ends.input_path, data)?;
        if let Some(watch) = self.watch {
            watch.made(Stage::InputPath, &input);
        }
        let assigned = self.assigned_over(entered, &input, assign, field)?;
        let output = self.narrowed(entered, &ends.output_path, input)?;
        if [&ends.input_path, &ends.output_path].iter().any(|path| matches!(path, Narrow::Part(_))) {
            quotas::check(&output, &entered.state.name).map_err(Spoilt::Failure)?;
        }
        Ok((output, assigned))
    }

    pub(crate) fn narrowed(
        &self,
        entered: &Entered<'_>,
        narrow: &Narrow,
        value: Value,
    ) -> Result<Value, RuntimeError> {
        match narrow {
            Narrow::All => Ok(value),
            narrow => self.scoped(entered.view(), &value, |scope| narrow.of(scope).map(Cow::into_owned)),
        }
    }

    /// Leaves a state with its output.
    pub(crate) fn leave(
        &mut self,
        entered: Entered<'d>,
        transition: Transition,
        output: Value,
        assigned: Assigned,
    ) -> Outcome {
        let state = entered.state;
        let last_event = self.push(&entered.thread, entered.last_event, || Detail::StateExited {
            state_type: state.kind.type_name(),
            name: state.name.clone(),
            output: output.to_string(),
            assigned: assigned.iter().map(|(name, value)| (name.clone(), value.to_string())).collect(),
        });
        let mut thread = entered.thread;
        self.assign(&mut thread, assigned);
        match transition {
            Transition::Next(state) => Outcome::Go(Cursor { thread, state, data: output, last_event }),
            Transition::End => Outcome::End { thread, output, last_event },
        }
    }
}
