//! Retriers and catchers: which errors they are for, and how long to back off.

use crate::data::ResultPath;
use crate::error;
use crate::random::Random;
use crate::state_id::StateId;
use crate::template::Template;

/// Longest back-off, whatever the retrier computes: one year.
pub const BACK_OFF_MS_MAX: u64 = 31_622_400_000;

/// Where an error came from: the wildcards `States.TaskFailed` and `States.BranchFailed` depend on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// The state's own task.
    Task,
    /// A branch of the state.
    Branch,
    /// The evaluation of the state itself.
    State,
}

/// An `ErrorEquals` list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorEquals(pub Vec<String>);

impl ErrorEquals {
    /// Whether the list is for that error.
    ///
    /// `States.Runtime` matches nothing: it always fails the execution. `States.ALL` matches everything else but
    /// `States.DataLimitExceeded`, which must be named. `States.TaskFailed` matches whatever
    /// `States.ALL` does but `States.Timeout`; `States.BranchFailed` any error that left a branch; `States.Timeout` also a missed heartbeat.
    pub fn matches(&self, name: &str, origin: Origin) -> bool {
        if name == error::RUNTIME {
            return false;
        }
        self.0.iter().any(|listed| match listed.as_str() {
            listed if listed == name => true,
            error::ALL => name != error::DATA_LIMIT_EXCEEDED,
            error::TASK_FAILED => name != error::TIMEOUT && name != error::DATA_LIMIT_EXCEEDED,
            error::BRANCH_FAILED => origin == Origin::Branch && name != error::DATA_LIMIT_EXCEEDED,
            error::TIMEOUT => name == error::HEARTBEAT_TIMEOUT,
            _ => false,
        })
    }
}

/// How delays are spread.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Jitter {
    /// Not at all.
    #[default]
    None,
    /// Evenly between nothing and the computed delay.
    Full,
}

/// One element of `Retry`.
#[derive(Debug, Clone, PartialEq)]
pub struct Retrier {
    /// The errors it is for.
    pub errors: ErrorEquals,
    /// Delay before the first retry in seconds.
    pub interval_s: u64,
    /// Most retries.
    pub attempts_max: u32,
    /// What the delay is multiplied by from one retry to the next.
    pub backoff_rate: f64,
    /// Longest delay in seconds.
    pub delay_s_max: Option<u64>,
    /// How delays are spread.
    pub jitter: Jitter,
}

impl Retrier {
    /// Delay in milliseconds before a retry, when `retried` retries have gone before it.
    pub fn delay_ms(&self, retried: u32, random: &Random) -> u64 {
        let limit_ms =
            self.delay_s_max.map_or(BACK_OFF_MS_MAX, |s| s.saturating_mul(1000)).min(BACK_OFF_MS_MAX) as f64;
        let mut delay_ms = self.interval_s as f64 * 1000.0;
        // Multiplied step by step: unlike powi, the same on every platform, and over early if there is a limit.
        for _ in 0..retried {
            if delay_ms >= limit_ms || self.backoff_rate <= 1.0 {
                break;
            }
            delay_ms *= self.backoff_rate;
        }
        let delay_ms = delay_ms.min(limit_ms);
        match self.jitter {
            Jitter::None => delay_ms as u64,
            Jitter::Full => (delay_ms * random.next_unit()) as u64,
        }
    }
}

/// One element of `Catch`.
#[derive(Debug, Clone, PartialEq)]
pub struct Catcher {
    /// The errors it is for.
    pub errors: ErrorEquals,
    /// `ResultPath`, in JSONPath: what becomes of the error output.
    pub result_path: ResultPath,
    /// `Output`, in JSONata. Without it: the error output.
    pub output: Option<Template>,
    /// `Assign`
    pub assign: Option<Template>,
    /// Where to go on.
    pub next: StateId,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(listed: &str, name: &str, origin: Origin, expected: bool) {
        let errors = ErrorEquals(vec![listed.to_owned()]);
        assert_eq!(errors.matches(name, origin), expected, "{listed} for {name} of {origin:?}");
    }

    #[test]
    fn wildcards_match_what_the_language_says() {
        check("A", "A", Origin::Task, true);
        check("A", "B", Origin::Task, false);
        check("States.ALL", "A", Origin::Task, true);
        check("States.ALL", "States.Timeout", Origin::Task, true);
        check("States.ALL", "States.DataLimitExceeded", Origin::Task, false);
        check("States.DataLimitExceeded", "States.DataLimitExceeded", Origin::Task, true);
        check("States.ALL", "States.Runtime", Origin::State, false);
        check("States.Runtime", "States.Runtime", Origin::State, false);
        check("States.TaskFailed", "A", Origin::Task, true);
        check("States.TaskFailed", "States.Timeout", Origin::Task, false);
        check("States.TaskFailed", "A", Origin::Branch, true);
        check("States.BranchFailed", "A", Origin::Branch, true);
        check("States.BranchFailed", "A", Origin::Task, false);
        check("States.Timeout", "States.HeartbeatTimeout", Origin::Task, true);
    }

    #[test]
    fn the_delay_grows_up_to_its_limit() {
        let mut retrier = Retrier {
            errors: ErrorEquals(vec!["A".to_owned()]),
            interval_s: 1,
            attempts_max: 9,
            backoff_rate: 1.5,
            delay_s_max: Some(3),
            jitter: Jitter::None,
        };
        let random = Random::new(7, 7);
        let delays: Vec<u64> = (0..5).map(|retried| retrier.delay_ms(retried, &random)).collect();
        assert_eq!(delays, [1000, 1500, 2250, 3000, 3000]);

        retrier.delay_s_max = None;
        assert_eq!(retrier.delay_ms(u32::MAX, &random), BACK_OFF_MS_MAX);

        retrier.jitter = Jitter::Full;
        let (again, other) = (Random::new(7, 7), Random::new(7, 8));
        assert!((0..100).all(|_| retrier.delay_ms(0, &random) < 1000));
        assert_eq!(retrier.delay_ms(0, &Random::new(7, 7)), retrier.delay_ms(0, &again));
        assert_ne!(retrier.delay_ms(0, &again), retrier.delay_ms(0, &other));
    }
}
