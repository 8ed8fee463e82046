//! Which orders are sent in which phase.

use std::time::Duration;

use crate::cell::protocol::Phase;
use crate::report::Phases;

/// Orders of the phases whose length does not depend on anything, unless there are fewer orders than that.
const WARM_UP: u64 = 500;
const ALONE: u64 = 200;
/// Orders sent as fast as they go, unless told otherwise.
const SATURATED: u64 = 24_000;
/// How long orders are sent at the rate, unless told otherwise.
const PACED_S: f64 = 10.0;
/// All phases but the warm-up are cut into this many rounds, and the styles take turns: what slows the machine down
/// for a while hits both.
const ROUNDS: u64 = 2;
/// A run of the default length leaves out further rounds on a machine so slow that they would take it beyond a
/// minute.
const ALONE_MAX: Duration = Duration::from_secs(3);
const SATURATED_MAX: Duration = Duration::from_secs(14);
const BEFORE_PACED_MAX: Duration = Duration::from_secs(38);

/// One round: both styles send so many orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) phase: Phase,
    pub(super) orders: u64,
    /// The round of its phase, from 0.
    pub(super) index: u64,
}

/// A run of the default length.
pub(super) fn default_phases(rate_per_s: f64) -> Phases {
    Phases {
        warm_up: WARM_UP,
        alone: ALONE,
        saturated: SATURATED,
        paced: ((rate_per_s * PACED_S) as u64).max(1),
    }
}

/// So many orders, shared out.
pub(super) fn phases_of(orders: u64) -> Phases {
    let warm_up = WARM_UP.min(orders / 20);
    let alone = ALONE.min(orders / 20);
    let rest = orders - warm_up - alone;
    let saturated = rest * 7 / 10;
    Phases { warm_up, alone, saturated, paced: rest - saturated }
}

/// The phases in rounds.
pub(super) fn rounds(phases: Phases) -> Vec<Round> {
    let cut = |phase, orders: u64| {
        (0..ROUNDS).map(move |index| {
            let before = orders * index / ROUNDS;
            Round { phase, orders: orders * (index + 1) / ROUNDS - before, index }
        })
    };
    let mut rounds = vec![Round { phase: Phase::WarmUp, orders: phases.warm_up, index: 0 }];
    rounds.extend(cut(Phase::Alone, phases.alone));
    rounds.extend(cut(Phase::Saturated, phases.saturated));
    rounds.extend(cut(Phase::Paced, phases.paced));
    rounds.retain(|round| round.orders > 0);
    rounds
}

/// The whole file in its own pattern: nothing else would be its pattern.
pub(super) fn replay(orders: u64) -> Vec<Round> {
    vec![Round { phase: Phase::Paced, orders, index: 0 }]
}

/// Whether there is no time left for this round in a run of the default length: `elapsed` since the start of the
/// run, `in_phase` spent on earlier rounds of its phase.
pub(super) fn is_too_late(round: Round, elapsed: Duration, in_phase: Duration) -> bool {
    round.index > 0
        && match round.phase {
            Phase::Saturated => in_phase > SATURATED_MAX,
            Phase::Paced => elapsed > BEFORE_PACED_MAX,
            Phase::Alone => in_phase > ALONE_MAX,
            Phase::WarmUp => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_in_exactly_one_round() {
        for orders in [0, 1, 2, 3, 19, 20, 21, 1_000, 17_701, 1_000_003] {
            let phases = phases_of(orders);
            assert_eq!(phases.total(), orders);
            assert_eq!(rounds(phases).iter().map(|round| round.orders).sum::<u64>(), orders);
        }
    }

    #[test]
    fn small_counts_still_measure_both_ways() {
        let phases = phases_of(10);
        assert!(phases.saturated > 0 && phases.paced > 0, "{phases:?}");
    }

    #[test]
    fn the_first_round_of_a_phase_is_always_sent() {
        let hour = Duration::from_secs(3600);
        for round in rounds(default_phases(500.0)) {
            assert_eq!(is_too_late(round, hour, hour), round.index > 0, "{round:?}");
            assert!(!is_too_late(round, Duration::ZERO, Duration::ZERO));
        }
    }
}
