//! Wait: goes on at a time.

use asl::syntax::{Until, Wait};
use asl::{RuntimeError, Scope};

use crate::frame::Awaited;
use crate::io::seen;
use crate::settings::{seconds, timestamp};
use crate::stepper::{Entered, Outcome, Stepper};

impl<'d> Stepper<'d> {
    pub(super) fn begin_wait(&mut self, entered: Entered<'d>, wait: &'d Wait) -> Outcome {
        let until_ms = self.scoped(entered.view(), &entered.data, |scope| {
            let input = seen(&wait.io, scope)?;
            self.until_ms(&wait.until, &scope.over(&input))
        });
        match until_ms {
            Ok(until_ms) if until_ms <= self.now_ms => self.end_wait(entered, wait),
            Ok(until_ms) => {
                let timer = self.set_timer_at(until_ms);
                entered.wait(Awaited::Wait(timer))
            }
            Err(error) => self.failed(entered, error),
        }
    }

    fn until_ms(&self, until: &Until, scope: &Scope<'_>) -> Result<u64, RuntimeError> {
        match until {
            Until::Seconds(setting) => {
                seconds(setting, "Seconds", 0, scope).map(|s| self.now_ms.saturating_add(s * 1000))
            }
            Until::Timestamp(setting) => timestamp(setting, "Timestamp", scope)
                .map(|time| u64::try_from(time.as_millisecond()).unwrap_or(0)),
        }
    }

    pub(super) fn end_wait(&mut self, mut entered: Entered<'d>, wait: &'d Wait) -> Outcome {
        match self.through(&mut entered, &wait.io) {
            Ok((output, assigned)) => self.leave(entered, wait.transition, output, assigned),
            Err(spoilt) => self.spoilt(entered, spoilt),
        }
    }
}
