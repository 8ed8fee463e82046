//! The curve of a cell: latency and cost at shares of its own saturation.

/// The shares, ascending.
pub(super) const SHARES: [f64; 6] = [0.05, 0.10, 0.25, 0.50, 0.75, 0.90];
/// How long a rate is sent.
const EACH_S: f64 = 6.0;
/// The orders that a 99th percentile needs, with some to spare for those that do not go straight through.
const ORDERS_MIN: u64 = 150;
/// How long a rate is sent at the most, however few orders that makes.
const EACH_S_MAX: f64 = 20.0;

/// How many orders are sent at a rate.
pub(super) fn orders(rate_per_s: f64) -> u64 {
    let in_time = |seconds: f64| (rate_per_s * seconds) as u64;
    in_time(EACH_S).max(ORDERS_MIN.min(in_time(EACH_S_MAX))).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rate_is_sent_for_some_seconds_or_until_there_is_a_tail_to_speak_of() {
        for (rate, expected) in [(1_000.0, 6_000), (50.0, 300), (15.0, 150), (2.0, 40), (0.01, 1)] {
            assert_eq!(orders(rate), expected, "{rate}/s");
        }
    }
}
