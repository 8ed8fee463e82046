//! What librdkafka measures of itself and the brokers: Kafka serves no metrics that Prometheus can read.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use bus::{Figure, FigureKind};
use rdkafka::Statistics;
use rdkafka::statistics::Broker;

/// How often each client tells, in milliseconds.
pub(crate) const INTERVAL_MS: &str = "5000";
/// Kinds of requests told apart; the protocol has some eighty, of which these clients use a dozen.
const REQUESTS_MAX: usize = 64;

/// What a client does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Producer,
    Consumer,
}

impl Role {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Producer => "producer",
            Self::Consumer => "consumer",
        }
    }
}

/// What all clients of one bus have measured so far.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    clients: Mutex<BTreeMap<Role, Sums>>,
    removed_unread: AtomicU64,
}

#[derive(Debug, Default)]
struct Sums {
    total: Totals,
    /// Of requests answered lately, by the slowest broker, in microseconds: median and 99th percentile.
    round_trip_us: Option<(i64, i64)>,
}

/// What only grows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Totals {
    requests: BTreeMap<String, u64>,
    sent_bytes: u64,
    received_bytes: u64,
    timeouts: u64,
}

/// What one client told last: its counts begin at zero, and it may be replaced by another.
#[derive(Debug, Default)]
pub(crate) struct Told(Mutex<Totals>);

impl Figures {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<Role, Sums>> {
        self.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds records that were gone before a group had read them.
    pub(crate) fn removed_unread(&self, count: u64) {
        self.removed_unread.fetch_add(count, Ordering::Relaxed);
    }

    /// Adds what a client has measured since it `told` last.
    pub(crate) fn add(&self, role: Role, told: &Told, statistics: &Statistics) {
        let now = Totals::of(statistics);
        let before =
            std::mem::replace(&mut *told.0.lock().unwrap_or_else(PoisonError::into_inner), now.clone());
        let mut figures = self.lock();
        let sums = figures.entry(role).or_default();
        sums.total.grow(&before, now);
        sums.round_trip_us = slowest(statistics.brokers.values());
    }

    /// All of them, as Prometheus wants them.
    pub(crate) fn all(&self) -> Vec<Figure> {
        let mut all = Vec::new();
        for (role, sums) in &*self.lock() {
            sums.figures(*role, &mut all);
        }
        all.push(Figure {
            name: "duet_kafka_removed_unread_total",
            help: "Records that were removed from a topic before the group had read them.",
            kind: FigureKind::Counter,
            labels: Vec::new(),
            value: self.removed_unread.load(Ordering::Relaxed) as f64,
        });
        // One name after the other.
        all.sort_by_key(|figure| figure.name);
        all
    }
}

impl Totals {
    fn of(statistics: &Statistics) -> Self {
        let mut totals = Self::default();
        for broker in statistics.brokers.values() {
            totals.sent_bytes += broker.txbytes;
            totals.received_bytes += broker.rxbytes;
            totals.timeouts += broker.req_timeouts;
            for (request, count) in broker.req.iter().filter(|(_, count)| **count > 0) {
                *totals.requests.entry(request.clone()).or_default() += count.unsigned_abs();
            }
        }
        totals
    }

    fn grow(&mut self, before: &Self, now: Self) {
        self.sent_bytes += now.sent_bytes.saturating_sub(before.sent_bytes);
        self.received_bytes += now.received_bytes.saturating_sub(before.received_bytes);
        self.timeouts += now.timeouts.saturating_sub(before.timeouts);
        for (request, count) in now.requests {
            let grown = count.saturating_sub(before.requests.get(&request).copied().unwrap_or(0));
            if self.requests.len() < REQUESTS_MAX || self.requests.contains_key(&request) {
                *self.requests.entry(request).or_default() += grown;
            }
        }
    }
}

fn slowest<'a>(brokers: impl Iterator<Item = &'a Broker>) -> Option<(i64, i64)> {
    let windows = brokers.filter_map(|broker| broker.rtt.as_ref()).filter(|window| window.cnt > 0);
    windows.map(|window| (window.p50, window.p99)).max_by_key(|(_, p99)| *p99)
}

impl Sums {
    fn figures(&self, role: Role, all: &mut Vec<Figure>) {
        let client = ("client", role.as_str().to_owned());
        let counter = |name, help, count: u64| Figure {
            name,
            help,
            kind: FigureKind::Counter,
            labels: vec![client.clone()],
            value: count as f64,
        };
        let Totals { requests, sent_bytes, received_bytes, timeouts } = &self.total;
        for (request, count) in requests {
            let mut figure =
                counter("duet_kafka_requests_total", "Requests sent to the brokers, by their kind.", *count);
            figure.labels.push(("request", request.clone()));
            all.push(figure);
        }
        all.extend([
            counter("duet_kafka_sent_bytes_total", "Bytes sent to the brokers.", *sent_bytes),
            counter("duet_kafka_received_bytes_total", "Bytes received from the brokers.", *received_bytes),
            counter(
                "duet_kafka_request_timeouts_total",
                "Requests that the brokers did not answer in time.",
                *timeouts,
            ),
        ]);
        // A consumer's requests wait at the broker until there is something: they say nothing of its time.
        let round_trip = self.round_trip_us.filter(|_| role == Role::Producer);
        for (quantile, us) in round_trip.into_iter().flat_map(|(p50, p99)| [("0.5", p50), ("0.99", p99)]) {
            all.push(Figure {
                name: "duet_kafka_round_trip_seconds",
                help: "From sending a request to the brokers until its answer, lately, at the slowest of them.",
                kind: FigureKind::Gauge,
                labels: vec![client.clone(), ("quantile", quantile.to_owned())],
                value: us as f64 / 1e6,
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn statistics(produced: i64, bytes: u64, p99: i64) -> Statistics {
        let rtt = serde_json::json!({
            "min": 0, "max": 0, "avg": 0, "sum": 0, "cnt": 5, "stddev": 0, "hdrsize": 0, "outofrange": 0,
            "p50": 200, "p75": 0, "p90": 0, "p95": 0, "p99": p99, "p99_99": 0,
        });
        let broker = Broker {
            req: [("Produce".to_owned(), produced), ("Fetch".to_owned(), 0)].into(),
            txbytes: bytes,
            rtt: serde_json::from_value(rtt).unwrap(),
            ..Broker::default()
        };
        Statistics { brokers: [("one".to_owned(), broker)].into(), ..Statistics::default() }
    }

    fn value(figures: &Figures, name: &str, label: &str) -> f64 {
        let all = figures.all();
        let is_it =
            |figure: &&Figure| figure.name == name && figure.labels.iter().any(|(_, value)| value == label);
        all.iter().find(is_it).unwrap_or_else(|| panic!("no {name} {label} in {all:?}")).value
    }

    #[test]
    fn counts_go_on_when_a_client_is_replaced() {
        let (figures, first, second) = (Figures::default(), Told::default(), Told::default());
        figures.add(Role::Producer, &first, &statistics(10, 1_000, 900));
        figures.add(Role::Producer, &first, &statistics(15, 1_500, 900));
        figures.add(Role::Producer, &second, &statistics(4, 400, 3_000));
        assert_eq!(value(&figures, "duet_kafka_requests_total", "Produce"), 19.0);
        assert_eq!(value(&figures, "duet_kafka_sent_bytes_total", "producer"), 1_900.0);
        assert_eq!(value(&figures, "duet_kafka_round_trip_seconds", "0.99"), 0.003);
        assert!(figures.all().iter().all(|figure| !figure.labels.contains(&("request", "Fetch".into()))));
    }

    #[test]
    fn only_a_producers_round_trips_are_the_brokers_time() {
        let figures = Figures::default();
        figures.add(Role::Consumer, &Told::default(), &statistics(1, 1, 100_000));
        assert!(figures.all().iter().all(|figure| figure.name != "duet_kafka_round_trip_seconds"));
    }
}
