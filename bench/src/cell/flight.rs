//! The orders in flight: put in by the sender, taken out by the observer, and nothing kept of those that ended but
//! counts and distributions.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use contract::TerminalState;
use tokio::time::Instant;

use crate::latency::Latencies;
use crate::phase::Phase;

/// How many of the orders that ended last are remembered, to tell a terminal event delivered again from a second one.
const ENDED_MAX: usize = 20_000;
/// How many unexpected terminal events are kept; of the rest there is only the first of these.
const UNEXPECTED_MAX: usize = 1_000;

/// An order on its way.
#[derive(Clone, Copy, Debug)]
pub(super) struct Order {
    /// When it was due to be sent.
    pub(super) due: Instant,
    /// In which phase.
    pub(super) phase: Phase,
    /// Whether it has to wait for a back-off or a time-out on its way.
    pub(super) waits: bool,
}

/// A terminal event.
pub(super) struct Ended {
    pub(super) order_id: String,
    pub(super) message_id: String,
    pub(super) state: TerminalState,
}

/// Shared by sender and observer.
#[derive(Default)]
pub(super) struct Flight {
    state: Mutex<State>,
    changed: Condvar,
}

/// What is known of the orders in flight and of those that ended.
#[derive(Default)]
pub(super) struct State {
    orders: HashMap<String, Order>,
    /// Orders in flight that need not wait.
    pub(super) straight: usize,
    /// Orders that ended, each once.
    pub(super) ended: u64,
    /// Latencies of paced orders that were delivered and went straight through.
    pub(super) delivered: Latencies,
    /// Latencies of paced orders that had to wait.
    pub(super) waiting: Latencies,
    /// Latencies of paced orders rejected or cancelled without waiting.
    pub(super) refused: Latencies,
    /// Latencies of delivered orders sent alone.
    pub(super) alone: Latencies,
    /// Latencies of delivered orders of the point of the curve at hand that went straight through.
    pub(super) at_rate: Latencies,
    /// How orders ended.
    pub(super) outcomes: BTreeMap<TerminalState, u64>,
    /// The sum of hashes of order and outcome: the same whatever the order in which they ended.
    pub(super) digest: u64,
    /// Terminal events that should not have come: the order's id and what is wrong.
    pub(super) unexpected: Vec<(String, String)>,
    recent: Recent,
}

/// The terminal events seen last, by order, with a hash of their ids.
#[derive(Default)]
struct Recent {
    seen: HashSet<u128>,
    order: VecDeque<u128>,
}

impl Recent {
    fn add(&mut self, event: u128) {
        self.seen.insert(event);
        self.order.push_back(event);
        if self.order.len() > ENDED_MAX
            && let Some(oldest) = self.order.pop_front()
        {
            self.seen.remove(&oldest);
        }
    }
}

impl Flight {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is made in steps that cannot panic half-way.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Looks at the state.
    pub(super) fn read<T>(&self, look: impl FnOnce(&State) -> T) -> T {
        look(&self.lock())
    }

    /// These orders are about to be sent.
    pub(super) fn add(&self, orders: impl IntoIterator<Item = (String, Order)>) {
        let mut state = self.lock();
        for (order_id, order) in orders {
            state.straight += usize::from(!order.waits);
            state.orders.insert(order_id, order);
        }
    }

    /// The latencies of the last point of the curve, whose orders that go straight through have ended.
    pub(super) fn take_at_rate(&self) -> Latencies {
        std::mem::take(&mut self.lock().at_rate)
    }

    /// How many orders are in flight.
    pub(super) fn len(&self) -> usize {
        self.lock().orders.len()
    }

    /// These terminal events were seen at `now`. Returns those that ended an order, for the record.
    pub(super) fn end(&self, events: Vec<Ended>, now: Instant) -> Vec<Ended> {
        let mut state = self.lock();
        let ended = events.into_iter().filter(|event| state.end(event, now)).collect();
        drop(state);
        self.changed.notify_all();
        ended
    }

    /// Something came that is no terminal event at all.
    pub(super) fn unexpected(&self, order_id: &str, what: String) {
        self.lock().unexpected(order_id, what);
    }

    /// Waits until `ready` says so, at most `timeout`; whether it did.
    pub(super) fn wait(&self, timeout: Duration, mut ready: impl FnMut(&State) -> bool) -> bool {
        let waited = self.changed.wait_timeout_while(self.lock(), timeout, |state| !ready(state));
        !waited.unwrap_or_else(PoisonError::into_inner).1.timed_out()
    }
}

impl State {
    /// Whether this event ended an order.
    fn end(&mut self, event: &Ended, now: Instant) -> bool {
        let name =
            xxhash_rust::xxh3::xxh3_128(format!("{}\0{}", event.order_id, event.message_id).as_bytes());
        let Some(order) = self.orders.remove(&event.order_id) else {
            // The same message again is what an at-least-once bus may do.
            if !self.recent.seen.contains(&name) {
                let what = format!(
                    "terminal event {} ({}): the order was not in flight: it had ended before, or was never sent",
                    event.message_id, event.state
                );
                self.unexpected(&event.order_id, what);
            }
            return false;
        };
        self.recent.add(name);
        self.straight -= usize::from(!order.waits);
        self.ended += 1;
        *self.outcomes.entry(event.state).or_default() += 1;
        let text = format!("{}\0{}", event.order_id, event.state);
        self.digest = self.digest.wrapping_add(xxhash_rust::xxh3::xxh3_64(text.as_bytes()));
        let latency = now.saturating_duration_since(order.due);
        match (order.phase, order.waits, event.state) {
            (Phase::Alone, false, TerminalState::Delivered) => self.alone.record(latency),
            (Phase::Paced, true, _) => self.waiting.record(latency),
            (Phase::Paced, false, TerminalState::Delivered) => self.delivered.record(latency),
            (Phase::Paced, false, _) => self.refused.record(latency),
            (Phase::Curve, false, TerminalState::Delivered) => self.at_rate.record(latency),
            (Phase::Alone | Phase::WarmUp | Phase::Saturated | Phase::Curve, _, _) => {}
        }
        true
    }

    fn unexpected(&mut self, order_id: &str, what: String) {
        if self.unexpected.len() < UNEXPECTED_MAX {
            self.unexpected.push((order_id.to_owned(), what));
        }
    }

    /// What the auditor must know: terminal events that should not have come, and those that never came. Bounded.
    pub(super) fn amiss(&self) -> Vec<(String, String)> {
        let missing = self.some_in_flight(UNEXPECTED_MAX).into_iter();
        let missing = missing.map(|id| (id, "its terminal event was never seen".to_owned()));
        self.unexpected.iter().cloned().chain(missing).collect()
    }

    /// The ids of some orders still in flight.
    pub(super) fn some_in_flight(&self, limit: usize) -> Vec<String> {
        let mut ids: Vec<_> = self.orders.keys().cloned().collect();
        ids.sort_unstable();
        ids.truncate(limit);
        ids
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(phase: Phase, waits: bool) -> Order {
        Order { due: Instant::now(), phase, waits }
    }

    fn event(order_id: &str, message_id: &str) -> Ended {
        Ended { order_id: order_id.into(), message_id: message_id.into(), state: TerminalState::Delivered }
    }

    #[test]
    fn an_order_ends_once_and_its_latency_counts_from_when_it_was_due() {
        let flight = Flight::default();
        let sent = order(Phase::Paced, false);
        flight.add([("o-1".to_owned(), sent)]);
        let ended = flight.end(vec![event("o-1", "m")], sent.due + Duration::from_millis(7));
        assert_eq!((ended.len(), flight.len()), (1, 0));
        let latency = flight.read(|state| state.delivered.percentiles()).unwrap();
        assert!((latency.p50 - 7.0).abs() < 0.01, "{latency:?}");
    }

    #[test]
    fn a_redelivery_is_no_second_end_and_another_message_is_one() {
        let flight = Flight::default();
        flight.add([("o-1".to_owned(), order(Phase::Saturated, false))]);
        let now = Instant::now();
        assert_eq!(flight.end(vec![event("o-1", "m"), event("o-1", "m")], now).len(), 1);
        assert_eq!(flight.read(|state| state.unexpected.len()), 0);
        assert!(flight.end(vec![event("o-1", "other"), event("o-9", "x")], now).is_empty());
        let unexpected = flight.read(|state| state.unexpected.clone());
        assert_eq!(unexpected.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(), ["o-1", "o-9"]);
    }

    #[test]
    fn only_orders_that_go_straight_through_fill_the_window() {
        let flight = Flight::default();
        flight.add([
            ("a".to_owned(), order(Phase::Saturated, true)),
            ("b".to_owned(), order(Phase::Saturated, false)),
        ]);
        assert_eq!(flight.read(|state| state.straight), 1);
        assert!(!flight.wait(Duration::from_millis(1), |state| state.straight == 0));
        flight.end(vec![event("b", "m")], Instant::now());
        assert!(flight.wait(Duration::from_secs(10), |state| state.straight == 0));
        assert_eq!(flight.read(|state| state.some_in_flight(9)), ["a"]);
    }
}
