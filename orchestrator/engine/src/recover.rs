//! What is done about an error: another attempt, a state that handles it, or nothing.

use asl::error::RUNTIME;
use asl::random::Random;
use asl::retry::Catcher;
use asl::syntax::{QueryLanguage, Recovery, Transition};
use asl::{RuntimeError, Scope};
use serde_json::{Value, json};

use crate::cut;
use crate::failure::Failure;
use crate::frame::Awaited;
use crate::history::Detail;
use crate::io::{Assigned, Made, Spoilt};
use crate::quotas;
use crate::stepper::{Entered, Outcome, Stepper};
use crate::taken::Way;

/// Keeps the numbers for jitter apart from those for functions.
const JITTER: u64 = 0x6a69_7474_6572;

static NO_RECOVERY: Recovery = Recovery { retry: Vec::new(), catch: Vec::new() };

impl<'d> Stepper<'d> {
    /// A state could not evaluate something.
    pub(crate) fn failed(&mut self, mut entered: Entered<'d>, error: RuntimeError) -> Outcome {
        self.tell_evaluation(&mut entered, &error);
        let failure = entered.failure(error);
        self.recover(entered, failure)
    }

    /// Tells the history of an expression in JSONata that could not be evaluated.
    pub(crate) fn tell_evaluation(&mut self, entered: &mut Entered<'d>, error: &RuntimeError) {
        if let Some(location) = &error.location {
            let state = entered.state.name.clone();
            entered.last_event =
                self.push(&entered.thread, entered.last_event, || Detail::EvaluationFailed {
                    error: error.name.to_owned(),
                    cause: cut::cause(error.cause.clone()),
                    location: location.clone(),
                    state,
                });
        }
    }

    /// The first retrier that is for the error decides about a retry; when it has none left, the first catcher that is
    /// for the error takes over.
    pub(crate) fn recover(&mut self, mut entered: Entered<'d>, failure: Failure) -> Outcome {
        if let Some(watch) = self.watch {
            watch.failed(&failure);
        }
        if failure.error == RUNTIME {
            return self.fails(entered, failure);
        }
        let recovery = entered.state.kind.recovery().unwrap_or(&NO_RECOVERY);
        let mut retriers = recovery.retry.iter().enumerate();
        if let Some((index, retrier)) =
            retriers.find(|(_, r)| r.errors.matches(&failure.error, failure.origin))
        {
            entered.retries.resize(recovery.retry.len(), 0);
            let retried = entered.retries[index];
            if retried < retrier.attempts_max {
                entered.retries[index] += 1;
                self.tally.retries += 1;
                self.history.took(&entered.state.name, Way::Retrier(index));
                let random = Random::new(self.head.seed ^ JITTER, self.head.next_id);
                let timer = self.set_timer(retrier.delay_ms(retried, &random));
                return entered.wait(Awaited::BackOff(timer));
            }
        }
        let mut catchers = recovery.catch.iter().enumerate();
        let caught = catchers.find(|(_, c)| c.errors.matches(&failure.error, failure.origin));
        let Some((index, catcher)) = caught else {
            return self.fails(entered, failure);
        };
        match self.handled(&mut entered, catcher, index, failure) {
            Ok((output, assigned)) => {
                self.tally.caught += 1;
                self.history.took(&entered.state.name, Way::Catcher(index));
                self.leave(entered, Transition::Next(catcher.next), output, assigned)
            }
            Err(Spoilt::Error(error)) => {
                self.tell_evaluation(&mut entered, &error);
                let failure = entered.failure(error);
                self.fails(entered, failure)
            }
            Err(Spoilt::Failure(failure)) => self.fails(entered, failure),
        }
    }

    /// What a catcher makes of an error.
    fn handled(
        &self,
        entered: &mut Entered<'d>,
        catcher: &Catcher,
        index: usize,
        failure: Failure,
    ) -> Result<(Value, Assigned), Spoilt> {
        let error = json!({"Error": failure.error, "Cause": failure.cause.unwrap_or_default()});
        let assign = catcher.assign.as_ref();
        let (output, assigned) = match entered.state.language {
            QueryLanguage::JsonPath => {
                let assigned =
                    self.assigned_over(entered, &error, assign, &format!("Catch[{index}]/Assign"))?;
                let input = self.taken_data(entered);
                (catcher.result_path.place(input, error)?, assigned)
            }
            QueryLanguage::Jsonata => self.scoped(entered.view(), &entered.data, |scope| {
                let made =
                    Made { output: catcher.output.as_ref(), assign, place: format!("Catch[{index}]/") };
                let (output, assigned) = made.of(&Scope { error_output: Some(&error), ..*scope })?;
                self.check_variables(&entered.thread, &assigned)?;
                Ok::<_, RuntimeError>((output.unwrap_or_else(|| error.clone()), assigned))
            })?,
        };
        quotas::check(&output, &entered.state.name).map_err(Spoilt::Failure)?;
        Ok((output, assigned))
    }
}
