//! Warming a broker before anything is measured.
//!
//! In its first minute a broker is slower than it will be: the JVM of Kafka interprets and compiles what it runs for the
//! first time, pages and files are laid out. Whichever bus or style came first would pay for it.

use std::time::Duration;

use crate::report::Warming;

/// Orders of a style in a round, at the most.
pub(super) const ORDERS_MAX: u64 = 40_000;
/// How long each style of a round sends.
pub(super) const EACH: Duration = Duration::from_secs(3);
/// Throughput has settled once a round is no faster than the fastest one before it by more than this share.
const GROWTH_MAX: f64 = 0.05;
/// When it ends although throughput still grows.
const ROUNDS_MAX: usize = 8;

/// What each round reached, orders/s of both styles together.
#[derive(Clone, Debug, Default)]
pub(super) struct Rounds(Vec<f64>);

impl Rounds {
    /// One more round.
    pub(super) fn add(&mut self, orders_per_s: f64) {
        self.0.push(orders_per_s);
    }

    /// Whether there is no need, or no time, for another one.
    pub(super) fn is_over(&self) -> bool {
        self.has_settled() || self.0.len() >= ROUNDS_MAX
    }

    fn has_settled(&self) -> bool {
        let Some((last, before)) = self.0.split_last() else { return false };
        let fastest = before.iter().copied().max_by(f64::total_cmp);
        fastest.is_some_and(|fastest| *last <= fastest * (1.0 + GROWTH_MAX))
    }

    /// How it went; `None` where there was no round.
    pub(super) fn report(&self, took: Duration) -> Option<Warming> {
        Some(Warming {
            rounds: self.0.len() as u64,
            took_s: took.as_secs_f64(),
            first_per_s: *self.0.first()?,
            last_per_s: *self.0.last()?,
            settled: self.has_settled(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_broker_is_warm_once_a_further_round_is_hardly_faster() {
        for (reached, over, settled) in [
            (&[][..], false, false),
            (&[2_036.0], false, false),
            (&[2_036.0, 3_529.0], false, false),
            (&[2_036.0, 3_529.0, 3_600.0], true, true),
            (&[2_036.0, 3_529.0, 2_900.0], true, true),
            (&[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0], true, false),
        ] {
            let mut rounds = Rounds::default();
            reached.iter().for_each(|rate| rounds.add(*rate));
            let found = rounds.report(Duration::from_secs(1)).is_some_and(|warming| warming.settled);
            assert_eq!((rounds.is_over(), found), (over, settled), "{reached:?}");
        }
    }
}
