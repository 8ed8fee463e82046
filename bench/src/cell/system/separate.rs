//! The participants as processes of their own: the real binaries, as they run in production.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use async_trait::async_trait;
use contract::groups::PARTICIPANTS;
use daemon::connect;
use external::Rates;
use operate::processes::{Member, Plan, PlannedBus, Processes, Program, Programs};

use super::participants::{Participants, ProcessUse, Stores, Work, store_address};
use super::{scrape, wiring};
use crate::cell::error::CellError;
use crate::cell::protocol::Spec;
use crate::report::ProcessRole;

/// How long all of them together may take until they are ready: a Kafka lets the first members of a group wait for
/// others.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// How long they may take to finish their batches and end: what each part may take is in docs/TIMEOUTS.md.
const STOP_WITHIN: Duration = Duration::from_secs(20);

/// Four processes, and a fifth for the memory bus.
pub(super) struct Separate {
    processes: Option<Processes>,
}

impl Separate {
    /// Starts them and waits until they are ready, their consumer groups known to the bus.
    pub(super) async fn start(spec: &Spec) -> Result<Self, CellError> {
        let bus = match spec.bus.whole_url() {
            Some(url) => PlannedBus::Url(url),
            None => PlannedBus::Embedded,
        };
        let plan = Plan {
            programs: Programs::beside_this_one().map_err(CellError::Threads)?,
            folder: spec.dir.clone(),
            bus,
            members: Program::PARTICIPANTS.map(|program| member(program, spec)).to_vec(),
            ready_within: READY_WITHIN,
            stop_within: STOP_WITHIN,
        };
        Ok(Self { processes: Some(Processes::start(&plan).await.map_err(processes_error)?) })
    }

    fn processes(&self) -> Result<&Processes, CellError> {
        self.processes.as_ref().ok_or_else(|| CellError::Protocol("the processes have ended".to_owned()))
    }

    /// Where the bus is to be reached: at the process that serves it, or at the broker.
    pub(super) fn bus_url(&self) -> Result<&str, CellError> {
        Ok(self.processes()?.bus_url())
    }

    /// Every participant's store, for reading.
    pub(super) fn stores(&self, spec: &Spec) -> Result<Stores, CellError> {
        let open = |name: &'static str| {
            let reader = connect::reader(&store_address(spec, name)?);
            Ok((name, reader.map_err(|error| CellError::Open(Box::new(error)))?))
        };
        PARTICIPANTS.into_iter().map(open).collect()
    }
}

fn processes_error(error: operate::processes::ProcessesError) -> CellError {
    CellError::Processes(Box::new(error))
}

/// The process of a program, told what the cell's own participants are told in [`wiring`].
fn member(program: Program, spec: &Spec) -> Member {
    let Rates { decline, gateway_fault, restaurant_decline, restaurant_silence } = spec.rates;
    let flags = match program {
        Program::OrderStatus => vec![
            ("--seed", spec.seed.to_string()),
            ("--decline-rate", decline.to_string()),
            ("--gateway-fault-rate", gateway_fault.to_string()),
            ("--gateway-latency-ms", "0".to_owned()),
            ("--gateway-timeout-ms", wiring::ANSWER_MAX.as_millis().to_string()),
        ],
        Program::Notifications => vec![
            ("--seed", spec.seed.to_string()),
            ("--restaurant-decline-rate", restaurant_decline.to_string()),
            ("--restaurant-silence-rate", restaurant_silence.to_string()),
            ("--restaurant-latency-ms", "0".to_owned()),
            ("--restaurant-timeout-ms", (wiring::RESTAURANT_TIMEOUT_S * 1000).to_string()),
        ],
        Program::Orchestrator => {
            // As in one process: nothing runs beside the order flow.
            vec![
                ("--restaurant-timeout-s", wiring::RESTAURANT_TIMEOUT_S.to_string()),
                ("--api-store", "none".to_owned()),
            ]
        }
        Program::OrderHistory | Program::Bus | Program::Workflows => Vec::new(),
    };
    let mut member = Member::new(program, spec.store.url(&absolute(&spec.dir), program.name()));
    member.args = flags.into_iter().flat_map(|(flag, value)| [flag.to_owned(), value]).collect();
    member
}

/// The same folder whatever directory a process works in.
fn absolute(dir: &Path) -> std::path::PathBuf {
    std::path::absolute(dir).unwrap_or_else(|_| dir.to_owned())
}

#[async_trait(?Send)]
impl Participants for Separate {
    /// As their metrics say. Counts of deliveries are exact once a participant is at rest.
    async fn work(&self) -> Result<Work, CellError> {
        let mut work = Work { published_bytes: None, ..Work::NONE };
        for (id, address) in self.processes()?.addresses() {
            if id.program == Program::Bus {
                continue;
            }
            let metrics = scrape::metrics(address).await;
            let metrics = metrics.map_err(|why| CellError::Metrics { name: id.program.name(), why })?;
            work += read(&metrics);
        }
        Ok(work)
    }

    fn check(&mut self) -> Result<(), CellError> {
        let processes = self.processes.as_mut();
        processes.map_or(Ok(()), |processes| processes.check().map_err(processes_error))
    }

    async fn stop(&mut self) -> Result<(), CellError> {
        let Some(processes) = self.processes.take() else { return Ok(()) };
        for stopped in processes.stop().await {
            if stopped.killed || !stopped.exit.is_success() {
                let how = if stopped.killed {
                    format!("did not end within {} s of being asked to", STOP_WITHIN.as_secs())
                } else {
                    stopped.exit.to_string()
                };
                return Err(CellError::Ended { name: stopped.id.program.name(), how });
            }
        }
        Ok(())
    }

    fn used(&self) -> Vec<ProcessUse> {
        let usage = self.processes.as_ref().map(Processes::usage).unwrap_or_default();
        let used =
            |(id, usage): (operate::processes::ProcessId, operate::processes::kernel::Usage)| ProcessUse {
                name: id.program.name(),
                role: if id.program == Program::Bus { ProcessRole::Broker } else { ProcessRole::Participant },
                cpu: usage.cpu,
                peak_rss_bytes: usage.resident_bytes_max,
            };
        usage.into_iter().map(used).collect()
    }
}

/// What a participant's metrics say that it has done.
fn read(metrics: &BTreeMap<String, f64>) -> Work {
    let count = |name: &str| {
        let value = metrics.get(&format!("duet_participant_{name}_total")).copied().unwrap_or(0.0);
        value as u64
    };
    // Whatever was taken in, but for what did not come from the bus: timers, and the outcome of each call.
    let taken = count("inputs_handled") + count("duplicates_dropped") + count("dead_letters");
    Work {
        published: count("messages_published"),
        published_bytes: None,
        deliveries: taken.saturating_sub(count("timers_fired") + count("calls")),
        commits: count("commits"),
        retries: count("retries"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deliveries_are_the_inputs_that_came_from_the_bus() {
        let metrics = [
            ("inputs_handled", 100.0),
            ("duplicates_dropped", 3.0),
            ("dead_letters", 1.0),
            ("timers_fired", 10.0),
            ("calls", 20.0),
            ("commits", 7.0),
            ("messages_published", 55.0),
            ("retries", 2.0),
        ];
        let metrics = metrics
            .map(|(name, value)| (format!("duet_participant_{name}_total"), value))
            .into_iter()
            .collect();
        let expected = Work { published: 55, published_bytes: None, deliveries: 74, commits: 7, retries: 2 };
        assert_eq!(read(&metrics), expected);
    }
}
