//! The comparison: runs both styles on each bus, audits every cell, and puts them side by side.

mod child;
mod curve;
mod error;
mod group;
pub(crate) mod guarantees;
mod interruptible;
mod outcomes;
mod plan;
mod result;
mod servers;
mod settings;
mod traces;
mod turn;
mod warming;
mod work;

use std::sync::Arc;
use std::time::Duration;

use bus::BusError;
use contract::Style;
use contract::groups::PARTICIPANTS;
use daemon::{DaemonError, Shutdown, connect};
use durability::Durability;
use operate::target::{BusPlace, StoreChoice};
use participant::{Clock, SystemClock};
use telemetry::tell;
use terminal::Progress;
use tokio::time::Instant;

use crate::cell::protocol::Spec;
use crate::limit;
use crate::report::{BrokerLimit, Phases, Report, StoreReport, Warming, Yardstick};
pub use error::CompareError;
use group::{Done, Group};
pub use guarantees::Difference;
use interruptible::interruptible;
pub use result::{Files, JsonFile};
use result::{Outcome, Systems};
use servers::Servers;
pub use settings::{CompareSettings, OrdersFile};
use traces::{RunId, Traces};
use turn::Turn;
use work::Work;

/// How long the yardstick is measured.
const YARDSTICK: Duration = Duration::from_secs(1);
/// How long each half of a broker's limit is measured.
const LIMIT_EACH: Duration = Duration::from_secs(2);
/// How long a server may take to answer at the start. One that is still starting up is waited for.
const SERVER_PATIENCE: Duration = Duration::from_secs(10);

/// Runs every cell and returns the result, which has been written to where `json` says as well. What it left on servers is
/// gone afterwards, whatever came of it.
///
/// # Errors
/// There is no result; see [`CompareError`].
pub fn run(settings: &CompareSettings) -> Result<Report, CompareError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(CompareError::System)?;
    let outcome = runtime.block_on(compare(settings));
    runtime.shutdown_background();
    outcome
}

async fn compare(settings: &CompareSettings) -> Result<Report, CompareError> {
    let began = SystemClock.now();
    let begun = Instant::now();
    let interrupt = daemon::on_signals().map_err(CompareError::System)?;
    let json = settings.json.as_deref().map(JsonFile::open).transpose()?;
    let files = Files::make(settings)?;
    let work = Work::prepare(settings, &interrupt).await?;
    tokio::spawn(tell_of(interrupt.clone()));
    let mut run = Run {
        settings,
        work: &work,
        files: &files,
        id: RunId::new(began, std::process::id()),
        traces: Traces::default(),
        turn: Turn::new(Progress::of_steps(steps(settings, &work)), interrupt, begun, work.replays),
    };
    let outcome = run.run().await;
    let report = run.end(outcome, began).await?;
    if let Some(json) = json {
        json.write(&report)?;
    }
    Ok(report)
}

/// Says what an interrupt does, once there is one.
async fn tell_of(interrupt: Shutdown) {
    interrupt.requested().await;
    tell(
        "interrupted: the orders under way are waited for, then comes what there is of the result. Another Ctrl-C ends at \
         once, and leaves the run's queues and schemas on the servers and its files in the temporary folder",
    );
}

/// How many steps a run shows.
fn steps(settings: &CompareSettings, work: &Work) -> usize {
    let brokers = settings.buses.iter().filter(|bus| bus.is_broker()).count();
    let asking = usize::from(brokers > 0 || matches!(settings.store, StoreChoice::Postgres(_)));
    let again = if settings.in_one_sitting() { 0 } else { 1 };
    let warming = if settings.warms() { brokers } else { 0 };
    let points = if settings.curve { curve::SHARES.len() } else { 0 };
    let rounds = 2 * (work.plan.rounds_max() + again + points) * settings.buses.len();
    asking + 1 + brokers + warming + rounds + settings.buses.len()
}

/// A run in progress.
struct Run<'a> {
    settings: &'a CompareSettings,
    work: &'a Work,
    files: &'a Files,
    id: RunId,
    traces: Traces,
    turn: Turn,
}

impl Run<'_> {
    async fn run(&mut self) -> Result<Outcome, CompareError> {
        let systems = self.systems().await?;
        self.turn.begin("measuring the store");
        let yardstick = self.yardstick().await?;
        let mut run = Outcome {
            systems,
            yardstick,
            cells: Vec::new(),
            sent: Phases::default(),
            rate_per_s: 0.0,
            complete: true,
        };
        let asked = self.settings.rate_per_s;
        let in_one_sitting = self.settings.in_one_sitting();
        let mut parked = Vec::new();
        let mut slowest = None::<f64>;
        for (index, bus) in self.settings.buses.iter().enumerate() {
            if self.turn.is_interrupted() {
                run.complete = false;
                break;
            }
            let (mut group, servers) = self.start(bus).await?;
            run.systems.buses[index].warming = self.warm(bus, &mut group).await?;
            run.systems.buses[index].limit = self.limit(bus).await;
            let plan = &self.work.plan;
            group.send(&plan.before_paced, 0.0, plan.in_a_minute, &mut self.turn).await?;
            if self.settings.curve {
                group.curve(&mut self.turn).await?;
            }
            slowest = slowest.into_iter().chain(group.slowest()).min_by(f64::total_cmp);
            if in_one_sitting || self.turn.is_interrupted() {
                run.rate_per_s = plan::rate_per_s(asked, slowest);
                self.paced(group, servers, &mut run).await?;
            } else {
                group.park().await?;
                parked.push((group, servers));
            }
        }
        if !parked.is_empty() {
            run.rate_per_s = plan::rate_per_s(asked, slowest);
        }
        for (mut group, servers) in parked {
            if !self.turn.is_interrupted() {
                group.resume().await?;
                group.send(&[plan::warm_up_again()], 0.0, false, &mut self.turn).await?;
            }
            self.paced(group, servers, &mut run).await?;
        }
        if run.cells.is_empty() { Err(CompareError::Interrupted) } else { Ok(run) }
    }

    /// Sends a bus's cells their paced orders and has them end.
    async fn paced(
        &mut self,
        mut group: Group,
        servers: Servers,
        run: &mut Outcome,
    ) -> Result<(), CompareError> {
        let plan = &self.work.plan;
        let rounds = plan.paced(run.rate_per_s, self.work.replays);
        group.send(&rounds, run.rate_per_s, plan.in_a_minute, &mut self.turn).await?;
        self.turn.begin("waiting for the last orders, then auditing every order");
        let sent = group.sent();
        run.sent = if run.cells.is_empty() { sent } else { run.sent.least(sent) };
        run.complete &= group.complete;
        for done in group.finish().await? {
            for note in &done.finished.notes {
                let cell = &done.finished.cell;
                self.turn.say(&format!("{}: {note}", self.name(cell.style, &cell.bus)));
            }
            run.cells.push((done, servers.clone()));
        }
        Ok(())
    }

    /// What people call a cell.
    fn name(&self, style: Style, bus: &str) -> String {
        match self.settings.buses.as_slice() {
            [_] => style.to_string(),
            _ => format!("{style} on {bus}"),
        }
    }

    /// Asks the buses and the store what they guarantee, and refuses what cannot be compared.
    async fn systems(&mut self) -> Result<Systems, CompareError> {
        let servers = self.settings.buses.iter().any(BusPlace::is_broker)
            || matches!(self.settings.store, StoreChoice::Postgres(_));
        if servers {
            self.turn.begin("asking the servers what they guarantee");
        }
        let mut buses = Vec::new();
        for bus in &self.settings.buses {
            let mut report = guarantees::report(bus, self.ask(bus).await?);
            if self.settings.processes && !bus.is_broker() {
                report.product.push_str(", over TCP");
                report.kept_in = report.kept_in.replace("this process", "a process of their own");
            }
            buses.push(report);
        }
        let store = self.store().await?;
        if servers {
            self.turn.say(crate::table::guarantees(&buses, &store).trim_end());
        }
        let differences = guarantees::differences(&buses, self.settings.durability);
        if !differences.is_empty() && !self.settings.unequal {
            return Err(CompareError::Unequal(differences));
        }
        let unequal = differences.into_iter().map(|difference| difference.what).collect();
        Ok(Systems { buses, store, unequal })
    }

    async fn ask(&mut self, bus: &BusPlace) -> Result<bus::Guarantees, CompareError> {
        let failed =
            |source| CompareError::Bus { place: Box::new(bus.clone()), tried: SERVER_PATIENCE, source };
        let place = bus.in_namespace(self.id.namespace(&bus.name, Style::Choreography));
        let address = place.address().map_err(|error| failed(BusError::Protocol(error.to_string())))?;
        let asking = async { connect::bus_now(&address, SERVER_PATIENCE).await?.guarantees().await };
        let said =
            crate::cell::answered(SERVER_PATIENCE + SERVER_PATIENCE / 2, asking).await.map_err(failed)?;
        self.traces.bus(&place);
        Ok(said)
    }

    /// What the store is and guarantees.
    async fn store(&mut self) -> Result<StoreReport, CompareError> {
        let CompareSettings { store, durability, buses, .. } = &self.settings;
        let place = self.id.store(store, *durability, &buses[0].name, Style::Choreography);
        let described = limit::describe(&place, self.files.root(), PARTICIPANTS[0], SERVER_PATIENCE).await;
        let report = described.map_err(|error| match error {
            DaemonError::Store { source, .. } => {
                CompareError::Store { url: place.to_string(), tried: SERVER_PATIENCE, source }
            }
            other => CompareError::Host(Box::new(other)),
        })?;
        self.traces.store(&place);
        Ok(report)
    }

    async fn yardstick(&mut self) -> Result<Option<Yardstick>, CompareError> {
        let dir = self.files.root().to_owned();
        let durability = self.settings.durability.unwrap_or(Durability::Power);
        limit::yardstick(&self.settings.store, dir, YARDSTICK, durability, Arc::default())
            .await
            .map_err(CompareError::Yardstick)
    }

    /// Has a broker come to what it can do before anything is measured.
    async fn warm(&mut self, bus: &BusPlace, group: &mut Group) -> Result<Option<Warming>, CompareError> {
        if !bus.is_broker() || !self.settings.warms() {
            return Ok(None);
        }
        let warming = group.warm(&bus.name, &mut self.turn).await?;
        if let Some(warming) = &warming {
            self.turn.say(&crate::table::warming(&bus.name, warming));
        }
        Ok(warming)
    }

    /// What the bus's broker gives at best. Without it the run is worth less, but not nothing.
    async fn limit(&mut self, bus: &BusPlace) -> Option<BrokerLimit> {
        if !bus.is_broker() {
            return None;
        }
        self.turn.begin(format!("measuring the limit of {}", bus.name));
        match limit::broker(bus, limit::BODY_BYTES, LIMIT_EACH, Arc::default()).await {
            Ok(limit) => limit,
            Err(error) => {
                let why = telemetry::chain(&error);
                self.turn.say(&format!("the limit of {} could not be measured: {why}", bus.name));
                None
            }
        }
    }

    async fn start(&mut self, bus: &BusPlace) -> Result<(Group, Servers), CompareError> {
        let specs = Style::ALL.map(|style| self.spec(style, bus));
        for spec in &specs {
            self.traces.bus(&spec.bus);
            self.traces.store(&spec.store);
        }
        let servers = Servers::find(bus, &self.settings.store);
        Ok((Group::start(&specs, servers.clone()).await?, servers))
    }

    fn spec(&self, style: Style, bus: &BusPlace) -> Spec {
        Spec {
            style,
            bus: bus.in_namespace(self.id.namespace(&bus.name, style)),
            store: self.id.store(&self.settings.store, self.settings.durability, &bus.name, style),
            processes: self.settings.processes,
            dir: self.files.cell(style, &bus.name),
            source: self.work.source.clone(),
            seed: self.settings.seed,
            rates: self.settings.rates,
            window: self.settings.window,
            worker_threads: self.settings.worker_threads,
            drain_ms_max: u64::try_from(self.settings.drain.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// How many orders ended differently in the cells; `None` once nobody waits for it.
    async fn differ(&self, cells: &[(Done, Servers)]) -> Result<Option<u64>, CompareError> {
        let files = outcomes::to_compare(self.files, cells);
        match interruptible(self.turn.interrupt(), move || outcomes::count(&files)).await {
            Ok(counted) => counted.map(Some),
            Err(CompareError::Interrupted) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Makes the report of what was found, and deletes what is left on servers.
    async fn end(
        mut self,
        outcome: Result<Outcome, CompareError>,
        began: participant::Millis,
    ) -> Result<Report, CompareError> {
        if self.settings.keep.is_some() && outcome.is_ok() {
            for place in self.traces.keep_stores() {
                self.turn.say(&format!("kept, until you drop them: {place}"));
            }
        }
        for left in std::mem::take(&mut self.traces).remove().await {
            self.turn.say(&format!("left behind: {left}"));
        }
        self.turn.clear();
        let mut outcome = outcome?;
        let differ = if outcome.complete { self.differ(&outcome.cells).await? } else { None };
        outcome.complete = differ.is_some();
        Ok(result::report(result::Parts {
            settings: self.settings,
            bad_lines_skipped: self.work.bad_lines_skipped,
            outcomes_differ: differ,
            started_at: contract::time::format(began),
            took: self.turn.elapsed(),
            outcome,
        }))
    }
}
