//! What is done about an error: another attempt, a state that handles it, or nothing.

use asl::error::RUNTIME;
use asl::random::Random;
use asl::syntax::{Recovery, Transition};
use serde_json::{Value, json};

use crate::frame::Awaited;
use crate::quotas::within_quota;
use crate::stepper::{Entered, Failure, Outcome, Stepper};

/// Keeps the numbers for jitter apart from those for functions.
const JITTER: u64 = 0x6a69_7474_6572;

impl<'d> Stepper<'d> {
    /// The first retrier that is for the error decides about a retry; when it has none left, the first catcher that is
    /// for the error takes over.
    pub(crate) fn recover(
        &mut self,
        mut entered: Entered<'d>,
        recovery: &'d Recovery,
        failure: Failure,
    ) -> Outcome {
        if failure.error == RUNTIME {
            return entered.fail(failure);
        }
        let mut retriers = recovery.retry.iter().enumerate();
        if let Some((index, retrier)) =
            retriers.find(|(_, r)| r.errors.matches(&failure.error, failure.origin))
        {
            entered.retries.resize(recovery.retry.len(), 0);
            let retried = entered.retries[index];
            if retried < retrier.attempts_max {
                entered.retries[index] += 1;
                self.tally.retries += 1;
                let random = Random::new(self.head.seed ^ JITTER, self.head.next_id);
                let timer = self.set_timer(retrier.delay_ms(retried, &random));
                return entered.wait(Awaited::BackOff(timer));
            }
        }
        let mut catchers = recovery.catch.iter();
        let Some(catcher) = catchers.find(|c| c.errors.matches(&failure.error, failure.origin)) else {
            return entered.fail(failure);
        };
        let output = json!({"Error": failure.error, "Cause": failure.cause.unwrap_or_default()});
        let input = std::mem::replace(&mut entered.data, Value::Null);
        match catcher.result_path.place(input, output).and_then(|output| within_quota(output, "error output"))
        {
            Ok(output) => {
                self.tally.caught += 1;
                self.leave(entered, Transition::Next(catcher.next), output)
            }
            Err(error) => entered.fail(error),
        }
    }
}
