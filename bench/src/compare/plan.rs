//! Which orders are sent in which phase.

use std::time::Duration;

use crate::phase::Phase;
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
/// Orders/s of the paced phase, unless told otherwise or half of the slowest cell's saturation is less.
const RATE_PER_S: f64 = 500.0;
/// A run of the default length leaves out further rounds on a machine so slow that they would take it beyond a
/// minute.
const ALONE_MAX: Duration = Duration::from_secs(3);
const SATURATED_MAX: Duration = Duration::from_secs(14);
const BEFORE_PACED_MAX: Duration = Duration::from_secs(38);

/// With brokers, whose speed is not known beforehand, a run of the default length goes by the clock.
mod on_brokers {
    use super::Duration;

    pub(super) const WARM_UP: u64 = 300;
    /// Before the paced phase, where that is a sitting of its own.
    pub(super) const WARM_UP_AGAIN: u64 = 50;
    pub(super) const ALONE: u64 = 100;
    pub(super) const PACED_S: f64 = 8.0;
    /// How long a warm-up may take.
    pub(super) const WARM_UP_MAX: Duration = Duration::from_secs(5);
    /// How long the first style of a round sends; the other one is sent as many orders.
    pub(super) const ALONE_MAX: Duration = Duration::from_millis(1_500);
    pub(super) const SATURATED_MAX: Duration = Duration::from_millis(4_000);
    /// The most saturated orders of a round.
    pub(super) const SATURATED: u64 = 40_000;
}

/// One round: both styles send so many orders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Round {
    pub(super) phase: Phase,
    pub(super) orders: u64,
    /// The round of its phase, from 0.
    pub(super) index: u64,
    /// How long the first style of the round sends at the most; the other one is sent as many orders as it was.
    pub(super) time_max: Option<Duration>,
}

/// How long the second style of a round may take for what the first one was sent in `time_max`.
pub(super) fn time_max_of_second(time_max: Duration) -> Duration {
    time_max * 4
}

/// What a cell is sent.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Plan {
    /// Before the rate of the paced phase must be known.
    pub(super) before_paced: Vec<Round>,
    paced: Paced,
    /// Rounds may be left out on a slow machine.
    pub(super) in_a_minute: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Paced {
    Orders(u64),
    Seconds(f64),
}

impl Plan {
    /// A run of the default length on the bus of this process.
    pub(super) fn default_length() -> Self {
        let phases = Phases { warm_up: WARM_UP, alone: ALONE, saturated: SATURATED, ..Phases::default() };
        Self { before_paced: rounds(phases), paced: Paced::Seconds(PACED_S), in_a_minute: true }
    }

    /// A run of the default length where there are brokers.
    pub(super) fn default_length_on_brokers() -> Self {
        use on_brokers::{ALONE, ALONE_MAX, PACED_S, SATURATED, SATURATED_MAX, WARM_UP, WARM_UP_MAX};
        let phases =
            Phases { warm_up: WARM_UP, alone: ALONE, saturated: ROUNDS * SATURATED, ..Phases::default() };
        let mut rounds = rounds(phases);
        for round in &mut rounds {
            round.time_max = Some(match round.phase {
                Phase::WarmUp => WARM_UP_MAX,
                Phase::Alone => ALONE_MAX,
                Phase::Saturated | Phase::Paced | Phase::Curve => SATURATED_MAX,
            });
        }
        Self { before_paced: rounds, paced: Paced::Seconds(PACED_S), in_a_minute: false }
    }

    /// So many orders, shared out.
    pub(super) fn of(orders: u64) -> Self {
        let phases = phases_of(orders);
        let before_paced = rounds(Phases { paced: 0, ..phases });
        Self { before_paced, paced: Paced::Orders(phases.paced), in_a_minute: false }
    }

    /// The whole file in its own pattern: nothing else would be its pattern.
    pub(super) fn replay(orders: u64) -> Self {
        Self { before_paced: Vec::new(), paced: Paced::Orders(orders), in_a_minute: false }
    }

    /// The paced rounds. A pattern is replayed in one, however many there would be.
    pub(super) fn paced(&self, rate_per_s: f64, replays: bool) -> Vec<Round> {
        let orders = match self.paced {
            Paced::Orders(orders) => orders,
            Paced::Seconds(seconds) => ((rate_per_s * seconds) as u64).max(1),
        };
        if replays {
            return vec![Round { phase: Phase::Paced, orders, index: 0, time_max: None }];
        }
        rounds(Phases { paced: orders, ..Phases::default() })
    }

    /// How many rounds there will be in all, at the most.
    pub(super) fn rounds_max(&self) -> usize {
        self.before_paced.len() + ROUNDS as usize
    }
}

/// So that connections made again are in use before anything is measured.
pub(super) fn warm_up_again() -> Round {
    let orders = on_brokers::WARM_UP_AGAIN;
    Round { phase: Phase::WarmUp, orders, index: 1, time_max: Some(on_brokers::WARM_UP_MAX) }
}

/// Orders/s of the paced phase, the same for all cells: as asked, or [`RATE_PER_S`], but no more than half of what the
/// slowest cell reached at saturation. Two digits are enough of that.
pub(super) fn rate_per_s(asked: Option<f64>, slowest: Option<f64>) -> f64 {
    asked.unwrap_or_else(|| {
        let half = slowest.map_or(RATE_PER_S, |slowest| slowest / 2.0);
        let digit = 10_f64.powf(half.max(1.0).log10().floor() - 1.0).max(1.0);
        ((half / digit).floor() * digit).clamp(1.0, RATE_PER_S)
    })
}

fn phases_of(orders: u64) -> Phases {
    let warm_up = WARM_UP.min(orders / 20);
    let alone = ALONE.min(orders / 20);
    let rest = orders - warm_up - alone;
    let saturated = rest * 7 / 10;
    Phases { warm_up, alone, saturated, paced: rest - saturated, curve: 0 }
}

/// The phases in rounds.
fn rounds(phases: Phases) -> Vec<Round> {
    let round = |phase, orders, index| Round { phase, orders, index, time_max: None };
    let cut = |phase, orders: u64| {
        (0..ROUNDS).map(move |index| {
            let before = orders * index / ROUNDS;
            round(phase, orders * (index + 1) / ROUNDS - before, index)
        })
    };
    let mut rounds = vec![round(Phase::WarmUp, phases.warm_up, 0)];
    rounds.extend(cut(Phase::Alone, phases.alone));
    rounds.extend(cut(Phase::Saturated, phases.saturated));
    rounds.extend(cut(Phase::Paced, phases.paced));
    rounds.retain(|round| round.orders > 0);
    rounds
}

/// Whether there is no time left for this round in a run of the default length: `elapsed` since the start of the
/// run, `in_phase` spent on earlier rounds of its phase.
pub(super) fn is_too_late(round: Round, elapsed: Duration, in_phase: Duration) -> bool {
    round.index > 0
        && match round.phase {
            Phase::Saturated => in_phase > SATURATED_MAX,
            Phase::Paced => elapsed > BEFORE_PACED_MAX,
            Phase::Alone => in_phase > ALONE_MAX,
            Phase::WarmUp | Phase::Curve => false,
        }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn orders(rounds: &[Round]) -> u64 {
        rounds.iter().map(|round| round.orders).sum()
    }

    #[test]
    fn every_order_is_in_exactly_one_round() {
        for count in [0, 1, 2, 3, 19, 20, 21, 1_000, 17_701, 1_000_003] {
            let plan = Plan::of(count);
            assert_eq!(orders(&plan.before_paced) + orders(&plan.paced(500.0, false)), count);
        }
    }

    #[test]
    fn small_counts_still_measure_both_ways() {
        let plan = Plan::of(10);
        assert!(plan.before_paced.iter().any(|round| round.phase == Phase::Saturated), "{plan:?}");
        assert!(orders(&plan.paced(1.0, false)) > 0, "{plan:?}");
    }

    #[test]
    fn a_pattern_is_replayed_in_one_piece() {
        let plan = Plan::replay(36);
        assert_eq!((plan.before_paced.len(), plan.paced(500.0, true).len()), (0, 1));
        assert_eq!(plan.paced(500.0, true)[0].orders, 36);
    }

    #[test]
    fn the_first_round_of_a_phase_is_always_sent() {
        let hour = Duration::from_secs(3600);
        let plan = Plan::default_length();
        for round in plan.before_paced.iter().copied().chain(plan.paced(500.0, false)) {
            assert_eq!(is_too_late(round, hour, hour), round.index > 0, "{round:?}");
            assert!(!is_too_late(round, Duration::ZERO, Duration::ZERO));
        }
    }

    #[test]
    fn on_brokers_every_round_before_the_paced_ones_ends_by_the_clock() {
        let plan = Plan::default_length_on_brokers();
        let bounded: Option<Vec<_>> = plan.before_paced.iter().map(|round| round.time_max).collect();
        // Both styles, the second one as slow as it may be.
        let cell: Duration = bounded.unwrap().into_iter().sum();
        assert!(cell < Duration::from_secs(20), "{cell:?} for the faster style of a bus alone");
        assert!(warm_up_again().time_max.is_some());
        assert_eq!(orders(&plan.paced(100.0, false)), 800);
    }

    #[test]
    fn the_rate_is_no_more_than_half_of_what_the_slowest_cell_reached() {
        for (asked, slowest, rate) in [
            (None, None, 500.0),
            (None, Some(5_000.0), 500.0),
            (None, Some(1_000.0), 500.0),
            (None, Some(617.0), 300.0),
            (None, Some(999.0), 490.0),
            (None, Some(47.0), 23.0),
            (None, Some(5.0), 2.0),
            (None, Some(0.3), 1.0),
            (Some(750.0), Some(47.0), 750.0),
        ] {
            let found = rate_per_s(asked, slowest);
            assert!((found - rate).abs() < 1e-9, "{asked:?} {slowest:?}: {found}");
        }
    }
}
