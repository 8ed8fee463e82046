//! Wait: goes on at a time.

use asl::error::RUNTIME;
use asl::syntax::{Until, Wait};
use asl::{RuntimeError, Scope};

use crate::frame::Awaited;
use crate::io::{at, seen};
use crate::seconds::seconds_of;
use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn begin_wait(&mut self, entered: Entered<'d>, wait: &'d Wait) -> Outcome {
        let until_ms = self.scoped(&entered, &entered.data, |scope| {
            let input = seen(&wait.io, scope)?;
            self.until_ms(&wait.until, &scope.over(&input))
        });
        match until_ms {
            Ok(until_ms) if until_ms <= self.now_ms => self.end_wait(entered, wait),
            Ok(until_ms) => {
                let timer = self.set_timer_at(until_ms);
                entered.wait(Awaited::Wait(timer))
            }
            Err(error) => entered.fail(error),
        }
    }

    fn until_ms(&self, until: &Until, scope: &Scope<'_>) -> Result<u64, RuntimeError> {
        let timestamp_ms = |time: jiff::Timestamp| u64::try_from(time.as_millisecond()).unwrap_or(0);
        match until {
            Until::Seconds(seconds) => {
                seconds_of(seconds, 0, scope).map(|s| self.now_ms.saturating_add(s * 1000))
            }
            Until::Timestamp(time) => Ok(timestamp_ms(*time)),
            Until::TimestampPath(path) => {
                let value = at(path, scope)?;
                let time = value.as_str().and_then(asl::choice::timestamp);
                time.map(timestamp_ms).ok_or_else(|| {
                    RuntimeError::new(RUNTIME, format!("'{path}' selects {value}, which is no timestamp"))
                })
            }
        }
    }

    pub(super) fn end_wait(&mut self, mut entered: Entered<'d>, wait: &'d Wait) -> Outcome {
        let data = std::mem::take(&mut entered.data);
        match self.through(&entered, &wait.io, data) {
            Ok(output) => self.leave(entered, wait.transition, output),
            Err(error) => entered.fail(error),
        }
    }
}
