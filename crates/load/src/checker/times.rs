//! When orders began and ended, and when they are due to be looked at.

use std::time::Duration;

use participant::Millis;

use crate::observer::Seen;

/// How long after an order was found under way it is looked at again, in milliseconds.
pub(super) const AGAIN_MS: Millis = 1_000;

/// A moment by both clocks, in milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Since the Unix epoch, as far as the clock is right.
    pub wall: Millis,
    /// Since any moment in the past; never set.
    pub steady: Millis,
}

/// How long orders may take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// After its end was seen, everything else about an order must be done within this time.
    pub settle: Duration,
    /// An order under way for longer is stuck; and whatever is wrong with one for longer stays wrong.
    pub stuck: Duration,
}

/// When an order began and ended. Neither is in the future when it is taken down: a clock that says so was set since.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Times {
    pub(super) placed: Option<Millis>,
    pub(super) ended: Option<Millis>,
}

impl Times {
    /// Takes down what was not seen before.
    pub(super) fn see(&mut self, seen: &Seen, now: Millis) {
        let placed = || seen.placed.as_ref().map(|placed| placed.at.min(now));
        let ended = || seen.closings.first().map(|closing| closing.at.min(now));
        self.placed = self.placed.or_else(placed);
        self.ended = self.ended.or_else(ended);
    }

    pub(super) fn put_back(&mut self, by: Millis) {
        for at in [&mut self.placed, &mut self.ended].into_iter().flatten() {
            *at -= by;
        }
    }
}

impl Patience {
    /// When an order should be looked at next: judged, if that is not after `now`. `held` is how much of the time since then
    /// does not count.
    pub(super) fn look_at(self, times: Times, held: impl Fn(Millis) -> Millis, now: Millis) -> Millis {
        match (times.ended, times.placed) {
            (Some(ended), _) => ended + ms(self.settle),
            // It may end at any time until then.
            (None, Some(placed)) => (placed + ms(self.stuck) + held(placed)).min(now + AGAIN_MS),
            // Nothing is kept of an order that was neither opened nor closed.
            (None, None) => 0,
        }
    }

    /// From when on what is wrong with it counts.
    pub(super) fn counts_from(self, times: Times, held: impl Fn(Millis) -> Millis) -> Millis {
        let last = times.placed.unwrap_or(0).max(times.ended.unwrap_or(0));
        last + ms(self.stuck) + held(last)
    }
}

/// In milliseconds.
pub(super) fn ms(duration: Duration) -> Millis {
    Millis::try_from(duration.as_millis()).unwrap_or(Millis::MAX / 2)
}
