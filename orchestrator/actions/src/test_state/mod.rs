//! `TestState`: one state, tried by itself.
//!
//! The state is carried out by the engine ([`engine::trial`]) as an execution would carry it out; what is here reads the request, refuses what
//! AWS refuses, and tells what happened.
//!
//! Differences from AWS, and what its documentation leaves open:
//!
//! - A Task without a mock is `FAILED` with `States.Runtime`: nothing is called here.
//! - A Wait does not take its time. One that would take more than five minutes fails with `States.Timeout`, as there.
//! - A state that is given by itself has the name `TestState` in the context object and in causes.
//! - `TRACE` tells what `DEBUG` does: there is no HTTP request of which to tell.
//! - A value on the way that has more than 262,144 bytes is not told; nor are the items of a Map that have more together.
//! - A mocked result is held against the model of the service where that is at hand: for `states:startExecution.sync` and
//!   `aws-sdk:sfn:*`. Of other services only the kind of value is checked.
//! - Where the documentation says that something is refused but not in which words, the words are those of the documentation.

mod asked;
mod context;
mod definition;
mod inspection;
mod json;
mod mock;
mod model;
mod reader;
mod refused;

use api::Failure;
use api::types::{InspectionLevel, TestExecutionStatus, TestStateInput, TestStateOutput};
use engine::{Trial, TrialEnd, Tried, Way};

use self::asked::Asked;
use self::definition::Tested;
use self::refused::refused;
use crate::act::Act;
use crate::service::Service;

impl Act for TestStateInput {
    async fn act(self, service: &Service) -> Result<TestStateOutput, Failure> {
        let tested = Tested::read(&self.definition, self.state_name.as_deref())?;
        let asked = Asked::read(&self, &tested)?;
        let shown = asked.shown.clone();
        let failed_items = asked.failed_items;
        let identity = context::identity(service, self.role_arn.as_deref());
        let seed = u64::from_le_bytes(first_half(service.fresh_id().as_bytes()));
        let now_ms = u64::try_from(service.now()).unwrap_or(0);
        // A Map may have many items, and expressions may take their time: other requests do not wait for that.
        let work = move || {
            let trial = Trial {
                state: tested.name(),
                input: asked.input,
                variables: asked.variables,
                identity,
                context: asked.context,
                seed,
                work: asked.work,
                retried: asked.retried,
                items: asked.items,
                failed_items,
            };
            engine::trial(tested.definition(), trial, now_ms)
        };
        let tried = tokio::task::spawn_blocking(work).await;
        let tried = tried.map_err(|error| Failure::Internal(format!("a state cannot be tried: {error}")))?;
        // The name was found when the request was read.
        let tried =
            tried.ok_or_else(|| Failure::Internal("a state that was found is not there".to_owned()))?;
        if tried.map.and_then(|map| map.items).is_some_and(|items| failed_items > items) {
            return Err(refused(
                "stateConfiguration.mapIterationFailureCount is greater than the number of items of the Map state",
            ));
        }
        Ok(answer(&tried, &shown, self.inspection_level))
    }
}

fn first_half(id: &[u8; 16]) -> [u8; 8] {
    let mut half = [0; 8];
    half.copy_from_slice(&id[..8]);
    half
}

fn answer(tried: &Tried, input: &str, level: Option<InspectionLevel>) -> TestStateOutput {
    let is_caught = matches!(tried.handled, Some(Way::Catcher(_)));
    let (status, output, next_state) = match &tried.end {
        TrialEnd::Left { next, output } => {
            let status =
                if is_caught { TestExecutionStatus::CaughtError } else { TestExecutionStatus::Succeeded };
            (status, Some(output.to_string()), next.as_deref().map(str::to_owned))
        }
        TrialEnd::Retried { .. } => (TestExecutionStatus::Retriable, None, None),
        TrialEnd::Failed => (TestExecutionStatus::Failed, None, None),
    };
    let failure = tried.failure.clone().filter(|_| status != TestExecutionStatus::Succeeded);
    let (error, cause) = failure.map_or((None, None), |(error, cause)| (Some(error), cause));
    let is_shown = matches!(level, Some(InspectionLevel::Debug | InspectionLevel::Trace));
    TestStateOutput {
        output,
        error: error.filter(|error| !error.is_empty()),
        cause,
        inspection_data: is_shown.then(|| inspection::of(tried, input)),
        next_state,
        status: Some(status),
    }
}
