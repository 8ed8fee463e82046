//! What broker and database use while cells are measured, as far as they are on this machine.

use std::time::Duration;

use operate::target::{BusPlace, StoreChoice};

use crate::measure::server::{LocalServer, ServerUse};
use crate::report::{ProcessReport, ProcessRole};

/// The servers behind the cells of a bus.
#[derive(Clone, Debug, Default)]
pub(super) struct Servers {
    all: Vec<Server>,
}

#[derive(Clone, Debug)]
struct Server {
    role: ProcessRole,
    found: Result<LocalServer, String>,
}

/// What each server had used at a moment.
pub(super) type Used = Vec<Option<ServerUse>>;

/// What the servers used while one cell was measured.
#[derive(Clone, Debug, Default)]
pub(super) struct Meter {
    spent: Vec<Spent>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Spent {
    cpu: Duration,
    peak_rss_bytes: Option<u64>,
    /// It was not there all the time.
    missed: bool,
}

impl Servers {
    /// The bus's server and the store's, where they have one.
    pub(super) fn find(bus: &BusPlace, store: &StoreChoice) -> Self {
        let mut all = Vec::new();
        if bus.is_broker() {
            all.push(Server { role: ProcessRole::Broker, found: LocalServer::find(bus.url.expose()) });
        }
        if let StoreChoice::Postgres(url) = store {
            all.push(Server { role: ProcessRole::Database, found: LocalServer::find(url.expose()) });
        }
        Self { all }
    }

    /// What they have used so far.
    pub(super) fn used(&self) -> Used {
        self.all.iter().map(|server| server.found.as_ref().ok()?.used()).collect()
    }

    /// The report on what they used for so many orders.
    pub(super) fn report(&self, meter: &Meter, orders: u64) -> Vec<ProcessReport> {
        let report = |(index, server): (usize, &Server)| {
            let spent = meter.spent.get(index).copied().unwrap_or_default();
            let reason = match &server.found {
                Err(reason) => Some(reason.clone()),
                Ok(_) if spent.missed => Some("it was not there all the time".to_owned()),
                Ok(_) => None,
            };
            let measured = reason.is_none() && orders > 0;
            ProcessReport {
                name: name(server.role).to_owned(),
                role: server.role,
                cpu_s_per_1000_orders: measured.then(|| spent.cpu.as_secs_f64() * 1000.0 / orders as f64),
                peak_rss_bytes: spent.peak_rss_bytes,
                not_measured: reason,
            }
        };
        self.all.iter().enumerate().map(report).collect()
    }
}

const fn name(role: ProcessRole) -> &'static str {
    match role {
        ProcessRole::Participant => "participant",
        ProcessRole::Broker => "broker",
        ProcessRole::Database => "database",
        ProcessRole::Measuring => "load generator",
    }
}

impl Meter {
    /// Adds what was used between two moments.
    pub(super) fn add(&mut self, before: Used, after: Used) {
        self.spent.resize(before.len(), Spent::default());
        for (spent, used) in self.spent.iter_mut().zip(before.into_iter().zip(after)) {
            match used {
                (Some(before), Some(after)) if after.cpu >= before.cpu => {
                    spent.cpu += after.cpu - before.cpu;
                    spent.peak_rss_bytes = spent.peak_rss_bytes.max(after.peak_rss_bytes);
                }
                _ => spent.missed = true,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn used(cpu_ms: u64) -> Used {
        vec![Some(ServerUse { cpu: Duration::from_millis(cpu_ms), peak_rss_bytes: Some(cpu_ms) })]
    }

    fn servers(found: Result<LocalServer, String>) -> Servers {
        Servers { all: vec![Server { role: ProcessRole::Broker, found }] }
    }

    fn here() -> Servers {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        servers(LocalServer::find(&format!("kafka://{}", listener.local_addr().unwrap())))
    }

    #[test]
    fn what_was_used_in_several_rounds_adds_up() {
        let mut meter = Meter::default();
        meter.add(used(100), used(150));
        meter.add(used(400), used(450));
        let report = &here().report(&meter, 500)[0];
        assert_eq!(report.cpu_s_per_1000_orders, Some(0.2), "0.1 s for 500 orders");
        assert_eq!((report.peak_rss_bytes, report.name.as_str()), (Some(450), "broker"));
    }

    #[test]
    fn a_server_that_was_away_or_is_elsewhere_has_no_figures_but_a_reason() {
        let mut meter = Meter::default();
        meter.add(used(100), vec![None]);
        let report = &here().report(&meter, 500)[0];
        assert_eq!(report.not_measured.as_deref(), Some("it was not there all the time"));
        assert_eq!(report.cpu_s_per_1000_orders, None);
        let elsewhere = servers(Err("it is not on this machine".into()));
        let report = &elsewhere.report(&Meter::default(), 500)[0];
        assert_eq!(report.not_measured.as_deref(), Some("it is not on this machine"));
    }
}
