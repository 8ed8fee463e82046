//! The result and the files of a run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::Style;
use operate::target::StoreChoice;
use serde::Serialize;

use super::error::CompareError;
use super::group::Done;
use super::servers::Servers;
use super::settings::CompareSettings;
use crate::cell::protocol::Finished;
use crate::measure::{machine, profile};
use crate::report::{
    BrokerLimit, BusReport, Cell, Environment, Phases, Report, SCHEMA, StoreReport, Verdict, Violation,
    Workload, Yardstick,
};

/// Where a run keeps its files.
pub struct Files {
    root: PathBuf,
    /// Whether cells of several buses have to be told apart.
    several_buses: bool,
    /// Goes with its value, unless the files are to be kept.
    _temporary: Option<tempfile::TempDir>,
}

impl Files {
    /// Makes the folders, so that what stands against it shows before anything runs.
    ///
    /// # Errors
    /// A folder cannot be made, or the one for keeping is in use.
    pub fn make(settings: &CompareSettings) -> Result<Self, CompareError> {
        let unwritable = |path: &Path, flag| {
            let path = path.to_owned();
            move |source| CompareError::Unwritable { path, flag, source }
        };
        let several_buses = settings.buses.len() > 1;
        let files = if let Some(keep) = &settings.keep {
            std::fs::create_dir_all(keep).map_err(unwritable(keep, "--keep"))?;
            let mut entries = std::fs::read_dir(keep).map_err(unwritable(keep, "--keep"))?;
            if entries.next().is_some() {
                return Err(CompareError::NotEmpty(keep.clone()));
            }
            Self { root: keep.clone(), several_buses, _temporary: None }
        } else {
            let chosen = match &settings.store {
                StoreChoice::Sqlite(dir) => dir.clone(),
                StoreChoice::Postgres(_) => None,
            };
            let parent = chosen.unwrap_or_else(std::env::temp_dir);
            let temporary = tempfile::Builder::new().prefix("duet-").tempdir_in(&parent);
            let temporary = temporary.map_err(unwritable(&parent, "--store sqlite:DIR"))?;
            Self { root: temporary.path().to_owned(), several_buses, _temporary: Some(temporary) }
        };
        for bus in &settings.buses {
            for style in Style::ALL {
                let cell = files.cell(style, &bus.name);
                std::fs::create_dir(cell).map_err(unwritable(&files.root, "--keep"))?;
            }
        }
        Ok(files)
    }

    /// The folder of all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a cell: named after its style, and after its bus where there are several.
    #[must_use]
    pub fn cell(&self, style: Style, bus: &str) -> PathBuf {
        if self.several_buses {
            self.root.join(format!("{bus}-{style}"))
        } else {
            self.root.join(style.as_str())
        }
    }
}

/// The file of the machine-readable result. It appears whole at the end or not at all.
pub struct JsonFile {
    path: PathBuf,
    temporary: tempfile::NamedTempFile,
}

impl JsonFile {
    /// Makes sure now that it can be written later.
    ///
    /// # Errors
    /// Its folder cannot be written.
    pub fn open(path: &Path) -> Result<Self, CompareError> {
        let unwritable = |source| CompareError::Unwritable { path: path.to_owned(), flag: "--json", source };
        if path.is_dir() {
            return Err(unwritable(std::io::ErrorKind::IsADirectory.into()));
        }
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut builder = tempfile::Builder::new();
        builder.prefix(".duet-").suffix(".json");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o644));
        Ok(Self { path: path.to_owned(), temporary: builder.tempfile_in(parent).map_err(unwritable)? })
    }

    /// Writes it.
    ///
    /// # Errors
    /// The disk is full, or the file cannot be replaced.
    pub fn write(mut self, report: &impl Serialize) -> Result<(), CompareError> {
        let path = self.path.clone();
        let unwritable = |source| CompareError::Unwritable { path, flag: "--json", source };
        let mut text = serde_json::to_string_pretty(report).expect("a report has only string keys");
        text.push('\n');
        let written = self.temporary.write_all(text.as_bytes());
        let written = written.and_then(|()| self.temporary.persist(&self.path).map_err(|error| error.error));
        written.map(drop).map_err(unwritable)
    }
}

/// What is known of a run's systems before anything is sent.
pub(super) struct Systems {
    pub(super) buses: Vec<BusReport>,
    pub(super) store: StoreReport,
    /// In what they differ; empty unless it was asked for that.
    pub(super) unequal: Vec<String>,
}

/// What a run has found out.
pub(super) struct Outcome {
    pub(super) systems: Systems,
    pub(super) yardstick: Option<Yardstick>,
    pub(super) cells: Vec<(Done, Servers)>,
    pub(super) sent: Phases,
    pub(super) rate_per_s: f64,
    pub(super) complete: bool,
}

/// What a report is made of.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a CompareSettings,
    pub(super) bad_lines_skipped: u64,
    pub(super) outcomes_differ: Option<u64>,
    pub(super) started_at: String,
    pub(super) took: Duration,
    pub(super) outcome: Outcome,
}

pub(super) fn report(parts: Parts<'_>) -> Report {
    let Parts { settings, outcome, .. } = &parts;
    let finished = || outcome.cells.iter().map(|(done, _)| &done.finished);
    let violations_total = finished().map(|finished| finished.violations_total).sum();
    let buses = &outcome.systems.buses;
    let cells: Vec<_> = outcome
        .cells
        .iter()
        .map(|(done, servers)| {
            let mut cell = done.finished.cell.clone();
            cell.processes.extend(servers.report(&done.meter, done.saturated));
            cell.processes.sort_by_key(|process| process.role);
            let limit = buses.iter().find(|bus| bus.name == cell.bus).and_then(|bus| bus.limit);
            against_limit(&mut cell, limit);
            cell.curve.clone_from(&done.curve);
            // A file's own pattern has no one rate.
            let rate = cell.latency_ms.and(rate_per_s(settings, outcome));
            cell.paced_share = rate.zip(cell.orders_per_s).map(|(rate, saturation)| rate / saturation);
            cell
        })
        .collect();
    let store = outcome.systems.store.clone();
    let weakest = cells.iter().map(|cell| (cell.bus_durability, cell.store_durability));
    let (bus_durability, store_durability) = weakest
        .reduce(|(bus, store), other| (bus.min(other.0), store.min(other.1)))
        .unwrap_or((durability::Durability::Process, store.durability));
    Report {
        schema: SCHEMA.to_owned(),
        partial: !outcome.complete,
        verdict: if violations_total == 0 { Verdict::Clean } else { Verdict::Violated },
        violations_total,
        violations: finished().flat_map(violations).collect(),
        outcomes_differ: parts.outcomes_differ,
        unequal: outcome.systems.unequal.clone(),
        environment: Environment {
            duet_version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: profile().to_owned(),
            started_at: parts.started_at.clone(),
            duration_s: parts.took.as_secs_f64(),
            machine: machine(),
            worker_threads: settings.worker_threads,
            processes: settings.processes,
            bus_durability,
            store_durability,
            durability_asked: settings.durability.or(settings.buses.iter().find_map(|bus| bus.durability)),
            buses: buses.clone(),
            store: Some(store),
            yardstick: outcome.yardstick,
            workload: workload(settings, outcome, parts.bad_lines_skipped),
        },
        cells,
    }
}

/// How close the cell came to what its broker gives.
fn against_limit(cell: &mut Cell, limit: Option<BrokerLimit>) {
    let Some(limit) = limit else { return };
    // One delivery more than the participants': the observer's.
    let messages = cell.deliveries_per_order.map(|deliveries| deliveries + 1.0);
    cell.broker_messages_per_s = cell.orders_per_s.zip(messages).map(|(orders, messages)| orders * messages);
    cell.limit_share = cell.broker_messages_per_s.map(|messages| messages / limit.messages_per_s);
    cell.limit_per_order = cell.orders_per_s.map(|orders| limit.messages_per_s / orders);
}

fn violations(finished: &Finished) -> impl Iterator<Item = Violation> {
    finished.violations.iter().map(|violation| Violation {
        style: finished.cell.style,
        bus: finished.cell.bus.clone(),
        kind: violation.kind,
        order_id: violation.order_id.clone(),
        detail: violation.detail.clone(),
    })
}

/// The rate of the paced phase, where it had one.
fn rate_per_s(settings: &CompareSettings, outcome: &Outcome) -> Option<f64> {
    let replays = settings.orders.as_ref().is_some_and(|file| file.speed.is_some());
    (!replays).then_some(outcome.rate_per_s)
}

fn workload(settings: &CompareSettings, outcome: &Outcome, bad_lines_skipped: u64) -> Workload {
    let speed = settings.orders.as_ref().and_then(|file| file.speed);
    Workload {
        seed: settings.seed,
        orders_file: settings.orders.as_ref().map(|file| file.path.display().to_string()),
        bad_lines_skipped,
        speed,
        rate_per_s: rate_per_s(settings, outcome),
        window: settings.window,
        invalid_rate: if settings.orders.is_some() { 0.0 } else { settings.invalid_rate },
        outside: settings.rates,
        phases: outcome.sent,
    }
}
