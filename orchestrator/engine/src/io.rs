//! How data gets into a state and out of it, in the language of its expressions.

use std::borrow::Cow;

use asl::data::{Narrow, ResultPath};
use asl::error::RUNTIME;
use asl::io::{Ends, Flow, Io};
use asl::path::Path;
use asl::syntax::{Recovery, Transition};
use asl::{RuntimeError, Scope};
use serde_json::Value;

use crate::history::Detail;
use crate::quotas::within_quota;
use crate::stepper::{Cursor, Entered, Outcome, Stepper};

/// What a state sees of its input.
pub(crate) fn input<'a>(io: &Io<Flow>, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    let Io::JsonPath(flow) = io;
    flow.input_path.of(scope)
}

/// What it makes of that for its work: the payload of a task, the input of branches.
pub(crate) fn arguments(
    io: &Io<Flow>,
    input: Cow<'_, Value>,
    scope: &Scope<'_>,
) -> Result<Value, RuntimeError> {
    let Io::JsonPath(flow) = io;
    match &flow.parameters {
        Some(template) => template.fill(&scope.over(&input)),
        None => Ok(input.into_owned()),
    }
}

/// What a state without a result sees of its input.
pub(crate) fn seen<'a>(io: &Io<Ends>, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    let Io::JsonPath(ends) = io;
    ends.input_path.of(scope)
}

/// Whether the state's input can still be needed once its work has begun.
pub(crate) fn keeps_input(io: &Io<Flow>, recovery: &Recovery) -> bool {
    let Io::JsonPath(flow) = io;
    flow.result_path.keeps_input()
        || !recovery.retry.is_empty()
        || recovery.catch.iter().any(|catcher| catcher.result_path.keeps_input())
}

/// What a path selects that must select something.
pub(crate) fn at<'a>(path: &Path, scope: &Scope<'a>) -> Result<Cow<'a, Value>, RuntimeError> {
    path.select(scope).map_err(|why| RuntimeError::new(RUNTIME, asl::cause::invalid_path(path, why)))
}

impl<'d> Stepper<'d> {
    /// Makes the state's output of its result, and goes on.
    pub(crate) fn complete(
        &mut self,
        mut entered: Entered<'d>,
        io: &Io<Flow>,
        recovery: &'d Recovery,
        transition: Transition,
        result: Value,
    ) -> Outcome {
        let Io::JsonPath(flow) = io;
        let result = match &flow.result_selector {
            None => Ok(result),
            Some(selector) => self.scoped(&entered, &result, |scope| selector.fill(scope)),
        };
        let result = match result {
            Ok(result) => result,
            Err(error) => return self.recover(entered, recovery, error.into()),
        };
        // Checked before the input is given away: after an error it may still be needed.
        if let Err(error) = flow.result_path.check(&entered.data) {
            return self.recover(entered, recovery, error.into());
        }
        let grows = flow.result_path != ResultPath::Discard;
        let placed = flow.result_path.place(std::mem::take(&mut entered.data), result);
        let output = placed.and_then(|placed| self.narrowed(&entered, &flow.output_path, placed));
        let checked =
            output.and_then(|output| if grows { within_quota(output, "state's output") } else { Ok(output) });
        match checked {
            Ok(output) => self.leave(entered, transition, output),
            Err(error) => self.recover(entered, recovery, error.into()),
        }
    }

    /// The output of a state without a result.
    pub(crate) fn through(
        &self,
        entered: &Entered<'_>,
        io: &Io<Ends>,
        data: Value,
    ) -> Result<Value, RuntimeError> {
        let Io::JsonPath(ends) = io;
        let input = self.narrowed(entered, &ends.input_path, data)?;
        self.narrowed(entered, &ends.output_path, input)
    }

    fn narrowed(&self, entered: &Entered<'_>, narrow: &Narrow, value: Value) -> Result<Value, RuntimeError> {
        match narrow {
            Narrow::All => Ok(value),
            narrow => self.scoped(entered, &value, |scope| narrow.of(scope).map(Cow::into_owned)),
        }
    }

    /// Leaves a state with its output.
    pub(crate) fn leave(&mut self, entered: Entered<'d>, transition: Transition, output: Value) -> Outcome {
        let last_event = self.history.push(entered.last_event, || Detail::StateExited {
            state_type: entered.state.kind.type_name(),
            name: entered.state.name.to_string(),
            output: output.to_string(),
        });
        match transition {
            Transition::Next(state) => Outcome::Go(Cursor { state, data: output, last_event }),
            Transition::End => Outcome::End { output, last_event },
        }
    }
}
