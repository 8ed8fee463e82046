//! What the parts of a load share: the metrics, which orders are under way, and which were sent and not seen yet.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard, PoisonError};

use contract::{Style, TerminalState};
use participant::Millis;
use prometheus::{Gauge, GaugeVec, HistogramOpts, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};
use telemetry::{DetailedHistogram, DetailedHistogramVec, Registry, registered};

use super::plan::Plan;

/// Bounds of the latency histogram's buckets, in seconds: close enough for percentiles to be good to about a fifth.
const SECONDS: &[f64] = &[
    0.001, 0.002, 0.003, 0.005, 0.0075, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75,
    1.0, 2.0, 5.0, 10.0, 30.0, 60.0,
];

/// Orders under way that are remembered, at the most; further ones are not counted as in flight.
const UNDER_WAY_MAX: usize = 1_000_000;

/// Shared by sender, observer, checker and HTTP.
pub struct Board {
    state: Mutex<State>,
    metrics: Metrics,
}

#[derive(Default)]
struct State {
    /// Orders placed and not closed: their style.
    under_way: HashMap<String, Style>,
    /// Orders in doubt: their publishing was begun, and the bus has neither confirmed nor refused them; since when.
    in_doubt: BTreeMap<String, Millis>,
    /// Orders that the bus has confirmed and the observer has not seen: since when it has.
    unseen: BTreeMap<String, Millis>,
    /// Why nothing is sent, if nothing is.
    trouble: Option<String>,
    /// Orders that former lives of the load have sent.
    sent_before: BTreeMap<Style, u64>,
    /// Orders that others have placed.
    others: BTreeMap<Style, u64>,
}

struct Metrics {
    target: GaugeVec,
    decline_target: Gauge,
    sent: IntCounterVec,
    skipped: IntCounter,
    failures: IntCounter,
    placed: IntCounterVec,
    closed: IntCounterVec,
    /// By whether the order had to wait for a back-off or a time-out, too.
    seconds: BTreeMap<(Style, TerminalState, bool), DetailedHistogram>,
    in_flight: IntGaugeVec,
    in_doubt: IntGauge,
    resting: IntGauge,
}

impl Board {
    /// With its metrics in that registry.
    ///
    /// # Errors
    /// The registry has metrics of these names already.
    pub fn register(registry: &Registry) -> prometheus::Result<Self> {
        let metrics = Metrics::register(registry)?;
        for style in Style::ALL {
            // There from the beginning, so that nothing is missing from a picture because it has not happened yet.
            metrics.in_flight.with_label_values(&[style.as_str()]).set(0);
            metrics.sent.with_label_values(&[style.as_str()]);
            metrics.placed.with_label_values(&[style.as_str()]);
            for outcome in TerminalState::ALL {
                let labels = [style.as_str(), outcome.as_str()];
                metrics.closed.with_label_values(&labels);
            }
        }
        Ok(Self { state: Mutex::default(), metrics })
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole after any panic.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This is the plan from now on.
    pub fn planned(&self, plan: &Plan) {
        let share = if plan.style == super::plan::StyleChoice::Both { 0.5 } else { 1.0 };
        for style in Style::ALL {
            let rate = if plan.style.has(style) { plan.rate_per_s * share } else { 0.0 };
            self.metrics.target.with_label_values(&[style.as_str()]).set(rate);
        }
        self.metrics.decline_target.set(plan.decline_rate.unwrap_or(f64::NAN));
    }

    /// The publishing of these orders begins at `now`: until it is [confirmed](Self::sent) they are in doubt. Nobody has
    /// taken responsibility for them, so they cannot be lost.
    pub fn sending<'a>(&self, ids: impl Iterator<Item = &'a str>, now: Millis) {
        let mut state = self.lock();
        state.in_doubt.extend(ids.map(|id| (id.to_owned(), now)));
        self.tell_doubt(&state);
    }

    /// The bus has confirmed these orders at `now`: from now on they are lost if nobody sees them.
    pub fn sent<'a>(&self, orders: impl Iterator<Item = (&'a str, Style)>, now: Millis) {
        let mut state = self.lock();
        for (id, style) in orders {
            // One that the observer has seen already is in doubt no more, and counted.
            if state.in_doubt.remove(id).is_some() {
                self.metrics.sent.with_label_values(&[style.as_str()]).inc();
                state.unseen.insert(id.to_owned(), now);
            }
        }
        self.tell_doubt(&state);
    }

    /// The bus had confirmed this order to a former life of the load, and nobody has seen it: it is waited for from `now` on.
    pub fn sent_before(&self, order_id: &str, now: Millis) {
        self.lock().unseen.insert(order_id.to_owned(), now);
    }

    /// So many orders were sent by former lives of the load, and placed by others.
    pub fn set_counts(&self, sent_before: &BTreeMap<Style, u64>, others: &BTreeMap<Style, u64>) {
        let mut state = self.lock();
        if state.sent_before != *sent_before {
            state.sent_before = sent_before.clone();
        }
        if state.others != *others {
            state.others = others.clone();
        }
    }

    /// How many orders former lives of the load have sent, as far as is known.
    pub fn sent_before_so_far(&self) -> u64 {
        self.lock().sent_before.values().sum()
    }

    /// How many orders of each style others have placed, as far as the observer has seen it.
    pub fn others(&self) -> BTreeMap<Style, u64> {
        let state = self.lock();
        Style::ALL.into_iter().map(|style| (style, state.others.get(&style).copied().unwrap_or(0))).collect()
    }

    fn tell_doubt(&self, state: &State) {
        self.metrics.in_doubt.set(i64::try_from(state.in_doubt.len()).unwrap_or(i64::MAX));
    }

    /// How many orders are in doubt: begun, and neither confirmed nor refused nor seen.
    pub fn in_doubt(&self) -> usize {
        self.lock().in_doubt.len()
    }

    /// So many orders should have been sent and were not: the bus took none for too long.
    pub fn skipped(&self, orders: u64) {
        self.metrics.skipped.inc_by(orders);
    }

    /// A publish failed.
    pub fn failed(&self) {
        self.metrics.failures.inc();
    }

    /// Why nothing is sent; `None` when all is well.
    pub fn trouble(&self) -> Option<String> {
        self.lock().trouble.clone()
    }

    /// Says why nothing is sent.
    pub fn set_trouble(&self, trouble: Option<String>) {
        self.lock().trouble = trouble;
    }

    /// Whether the load rests because it has sent all that it may.
    pub fn set_resting(&self, resting: bool) {
        self.metrics.resting.set(resting.into());
    }

    /// The bus did not take these orders, and will not.
    pub fn withdrawn<'a>(&self, ids: impl Iterator<Item = &'a str>) {
        let mut state = self.lock();
        for id in ids {
            state.in_doubt.remove(id);
        }
        self.tell_doubt(&state);
    }

    /// The observer saw an order placed.
    pub fn placed(&self, order_id: &str, style: Style) {
        self.metrics.placed.with_label_values(&[style.as_str()]).inc();
        self.was_seen(order_id, style);
    }

    /// The order stands in the observer's store as placed, whoever wrote that: another instance of the load may have.
    pub fn was_seen(&self, order_id: &str, style: Style) {
        let mut state = self.lock();
        state.unseen.remove(order_id);
        if state.in_doubt.remove(order_id).is_some() {
            // It was sent, whatever becomes of the bus's answer.
            self.metrics.sent.with_label_values(&[style.as_str()]).inc();
            self.tell_doubt(&state);
        }
    }

    /// An order is under way.
    pub fn under_way(&self, order_id: &str, style: Style) {
        let mut state = self.lock();
        if state.under_way.len() < UNDER_WAY_MAX
            && state.under_way.insert(order_id.to_owned(), style).is_none()
        {
            self.metrics.in_flight.with_label_values(&[style.as_str()]).inc();
        }
    }

    /// The observer saw an order closed, so long after it was placed (`None` where that is not known), in this trace if it
    /// is traced. `waits`: it had to wait for a back-off or a time-out.
    pub fn closed(
        &self,
        order_id: &str,
        style: Style,
        outcome: TerminalState,
        waits: bool,
        took: Option<Millis>,
        trace_id: Option<u128>,
    ) {
        let labels = [style.as_str(), outcome.as_str()];
        self.metrics.closed.with_label_values(&labels).inc();
        if let (Some(ms), Some(seconds)) = (took, self.metrics.seconds.get(&(style, outcome, waits))) {
            seconds.observe(ms.max(0) as f64 / 1000.0, trace_id);
        }
        self.over(order_id);
    }

    /// Whether the load rests because it has sent all that it may.
    pub fn is_resting(&self) -> bool {
        self.metrics.resting.get() != 0
    }

    /// The order is under way no more, as the observer's store says: it may have ended between being read there and being
    /// counted here.
    pub fn over(&self, order_id: &str) {
        if let Some(style) = self.lock().under_way.remove(order_id) {
            self.metrics.in_flight.with_label_values(&[style.as_str()]).dec();
        }
    }

    /// How many orders of each style are under way.
    pub fn in_flight(&self) -> BTreeMap<Style, i64> {
        let of = |style: Style| self.metrics.in_flight.with_label_values(&[style.as_str()]).get();
        Style::ALL.into_iter().map(|style| (style, of(style))).collect()
    }

    /// How many orders of each style were sent, in this life of the load and those before.
    pub fn sent_so_far(&self) -> BTreeMap<Style, u64> {
        let before = self.lock().sent_before.clone();
        let of = |style: Style| {
            let now = self.metrics.sent.with_label_values(&[style.as_str()]).get();
            now + before.get(&style).copied().unwrap_or(0)
        };
        Style::ALL.into_iter().map(|style| (style, of(style))).collect()
    }

    /// Since when the bus has had the oldest order sent that the observer has not seen; `None` when it has seen all.
    pub fn oldest_unseen(&self) -> Option<Millis> {
        self.lock().unseen.values().copied().min()
    }

    /// Orders that the bus has confirmed and the observer has not seen, at most `limit` of those of which it is late for
    /// that, by when the bus confirmed them.
    pub fn unseen(&self, is_late: impl Fn(Millis) -> bool, limit: usize) -> Vec<String> {
        let state = self.lock();
        let late = state.unseen.iter().filter(|(_, since)| is_late(**since));
        late.take(limit).map(|(id, _)| id.clone()).collect()
    }

    /// The clock was put back by so many milliseconds: what is remembered happened by so much earlier.
    pub fn put_back(&self, by: Millis) {
        self.lock().unseen.values_mut().for_each(|since| *since -= by);
    }
}

/// Every way in which an order can end. What is rejected has waited for nothing.
fn ends() -> impl Iterator<Item = (Style, TerminalState, bool)> {
    let waits = |outcome| if outcome == TerminalState::Rejected { &[false][..] } else { &[false, true] };
    let ended = Style::ALL.into_iter().flat_map(|style| TerminalState::ALL.map(|outcome| (style, outcome)));
    ended.flat_map(move |(style, outcome)| waits(outcome).iter().map(move |waits| (style, outcome, *waits)))
}

impl Metrics {
    fn register(registry: &Registry) -> prometheus::Result<Self> {
        let opts = |name: &str, help: &str| Opts::new(format!("duet_{name}"), help);
        let seconds = HistogramOpts {
            common_opts: opts(
                "order_seconds",
                "From when an order was due to be placed until it was closed.",
            ),
            buckets: SECONDS.to_vec(),
        };
        let (style, ended): (&[&str], &[&str]) = (&["style"], &["style", "outcome"]);
        let counters =
            |name, help, labels| registered(registry, IntCounterVec::new(opts(name, help), labels));
        let counter = |name, help| registered(registry, IntCounter::with_opts(opts(name, help)));
        let histograms = DetailedHistogramVec::register(registry, seconds, &["style", "outcome", "waits"])?;
        let seconds_of = |(style, outcome, waits): (Style, TerminalState, bool)| {
            histograms.with_label_values(&[
                style.as_str(),
                outcome.as_str(),
                if waits { "yes" } else { "no" },
            ])
        };
        Ok(Self {
            target: registered(
                registry,
                GaugeVec::new(
                    opts("load_target_orders_per_second", "Orders the load is to send in a second."),
                    style,
                ),
            )?,
            decline_target: registered(
                registry,
                Gauge::with_opts(opts(
                    "load_target_decline_ratio",
                    "Share of orders to be sent whose payment is declined; NaN: as the gateway does.",
                )),
            )?,
            sent: counters(
                "load_orders_sent_total",
                "Orders sent by the load: confirmed by the bus, or seen.",
                style,
            )?,
            skipped: counter(
                "load_orders_skipped_total",
                "Orders not sent because the bus took none in time.",
            )?,
            failures: counter("load_publish_failures_total", "Publishes of the load that failed.")?,
            placed: counters("orders_placed_total", "Orders seen to enter the system.", style)?,
            closed: counters("orders_closed_total", "Orders seen to leave the system.", ended)?,
            seconds: ends().map(|end| (end, seconds_of(end))).collect(),
            in_flight: registered(
                registry,
                IntGaugeVec::new(opts("orders_in_flight", "Orders placed and not closed yet."), style),
            )?,
            in_doubt: registered(
                registry,
                IntGauge::with_opts(opts(
                    "load_orders_in_doubt",
                    "Orders whose publishing was begun and not confirmed yet: they are published until they are.",
                )),
            )?,
            resting: registered(
                registry,
                IntGauge::with_opts(opts("load_resting", "1 when the load has sent all that it may.")),
            )?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_another_instance_saw_is_not_waited_for() {
        let board = Board::register(&telemetry::registry()).unwrap();
        let style = Style::Choreography;
        board.sending(["a", "b"].into_iter(), 5);
        board.was_seen("a", style);
        board.sent([("a", style), ("b", style)].into_iter(), 6);
        assert_eq!((board.oldest_unseen(), board.sent_so_far()[&style]), (Some(6), 2));
        board.was_seen("b", style);
        assert_eq!((board.oldest_unseen(), board.sent_so_far()[&style]), (None, 2));
    }

    #[test]
    fn orders_are_in_flight_from_placed_to_closed() {
        let board = Board::register(&telemetry::registry()).unwrap();
        let style = Style::Orchestration;
        board.sending(["a", "b"].into_iter(), 5);
        assert_eq!((board.in_doubt(), board.oldest_unseen()), (2, None), "what is in doubt is not lost");
        board.sent([("b", style)].into_iter(), 5);
        board.placed("a", style);
        board.sent([("a", style)].into_iter(), 5);
        assert_eq!((board.in_doubt(), board.sent_so_far()[&style]), (0, 2), "each once");
        board.set_counts(&BTreeMap::from([(style, 40)]), &BTreeMap::from([(style, 1)]));
        assert_eq!((board.sent_so_far()[&style], board.others()[&style]), (42, 1));
        assert_eq!(board.sent_before_so_far(), 40);
        board.under_way("a", style);
        board.under_way("a", style);
        assert_eq!(board.in_flight()[&style], 1, "seen twice, it is one order");
        board.closed("a", style, TerminalState::Delivered, false, Some(7), None);
        board.closed("stranger", style, TerminalState::Delivered, false, None, None);
        assert_eq!(board.in_flight()[&style], 0);
        assert_eq!(board.unseen(|since| since < 6, 10), ["b"]);
        assert_eq!(board.unseen(|since| since < 5, 10), Vec::<String>::new());
    }
}
