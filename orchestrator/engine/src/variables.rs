//! How much all variables of an execution may be together.

use asl::RuntimeError;
use asl::data::measured;
use asl::error::DATA_LIMIT_EXCEEDED;
use serde_json::{Map, Value};

use crate::quotas::VARIABLES_BYTES_MAX;
use crate::stepper::Stepper;
use crate::thread::Thread;

impl Stepper<'_> {
    /// Refuses variables with which those of the execution would be too large together.
    ///
    /// What was ever assigned is counted, and only when that is too much the variables themselves: so the cost is that of the
    /// assignments, however many threads there are.
    pub(crate) fn check_variables(
        &self,
        thread: &Thread,
        assigned: &Map<String, Value>,
    ) -> Result<(), RuntimeError> {
        if assigned.is_empty() || self.head.assigned_bytes + bytes(assigned) <= VARIABLES_BYTES_MAX as u64 {
            return Ok(());
        }
        let stays = thread.variables.iter().filter(|(name, _)| !assigned.contains_key(*name));
        let stays: u64 = stays.map(|(name, value)| bytes_of(name, value)).sum();
        if stays + self.bytes_of_others() + bytes(assigned) <= VARIABLES_BYTES_MAX as u64 {
            return Ok(());
        }
        let cause =
            format!("The variables of the execution have more than {VARIABLES_BYTES_MAX} bytes together.");
        Err(RuntimeError::new(DATA_LIMIT_EXCEEDED, cause))
    }

    /// Gives a thread the variables that it assigns.
    pub(crate) fn assign(&mut self, thread: &mut Thread, assigned: Map<String, Value>) {
        if assigned.is_empty() {
            return;
        }
        self.head.assigned_bytes += bytes(&assigned);
        thread.variables.extend(assigned);
        if self.head.assigned_bytes > VARIABLES_BYTES_MAX as u64 {
            self.head.assigned_bytes = self.bytes_of_others() + bytes(&thread.variables);
        }
    }

    fn bytes_of_others(&self) -> u64 {
        self.threads.iter().map(|waiting| bytes(&waiting.thread.variables)).sum()
    }
}

fn bytes(variables: &Map<String, Value>) -> u64 {
    variables.iter().map(|(name, value)| bytes_of(name, value)).sum()
}

fn bytes_of(name: &str, value: &Value) -> u64 {
    (name.len() + measured(value, usize::MAX).unwrap_or(0)) as u64
}
