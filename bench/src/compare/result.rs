//! The result and the files of a run.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

use contract::Style;
use durability::Durability;

use super::{CompareError, Settings};
use crate::cell::protocol::Finished;
use crate::measure::machine;
use crate::report::{Environment, Phases, Report, SCHEMA, Verdict, Violation, Workload, Yardstick};

/// Where a run keeps its files.
pub struct Files {
    root: PathBuf,
    /// Goes with its value, unless the files are to be kept.
    _temporary: Option<tempfile::TempDir>,
}

impl Files {
    /// Makes the folders, so that what stands against it shows before anything runs.
    ///
    /// # Errors
    /// A folder cannot be made, or the one for keeping is in use.
    pub fn make(settings: &Settings) -> Result<Self, CompareError> {
        let unwritable = |path: &Path, flag| {
            let path = path.to_owned();
            move |source| CompareError::Unwritable { path, flag, source }
        };
        let files = if let Some(keep) = &settings.keep {
            std::fs::create_dir_all(keep).map_err(unwritable(keep, "--keep"))?;
            let mut entries = std::fs::read_dir(keep).map_err(unwritable(keep, "--keep"))?;
            if entries.next().is_some() {
                return Err(CompareError::NotEmpty(keep.clone()));
            }
            Self { root: keep.clone(), _temporary: None }
        } else {
            let parent = settings.store_dir.clone().unwrap_or_else(std::env::temp_dir);
            let temporary = tempfile::Builder::new().prefix("duet-").tempdir_in(&parent);
            let temporary = temporary.map_err(unwritable(&parent, "--store sqlite:DIR"))?;
            Self { root: temporary.path().to_owned(), _temporary: Some(temporary) }
        };
        for style in Style::ALL {
            std::fs::create_dir(files.cell(style)).map_err(unwritable(&files.root, "--keep"))?;
        }
        Ok(files)
    }

    /// The folder of all.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The folder of a style's cell.
    #[must_use]
    pub fn cell(&self, style: Style) -> PathBuf {
        self.root.join(style.as_str())
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
    pub fn write(mut self, report: &Report) -> Result<(), CompareError> {
        let path = self.path.clone();
        let unwritable = |source| CompareError::Unwritable { path, flag: "--json", source };
        let mut text = serde_json::to_string_pretty(report).expect("a report has only string keys");
        text.push('\n');
        let written = self.temporary.write_all(text.as_bytes());
        let written = written.and_then(|()| self.temporary.persist(&self.path).map_err(|error| error.error));
        written.map(drop).map_err(unwritable)
    }
}

/// What a report is made of.
pub(super) struct Parts<'a> {
    pub(super) settings: &'a Settings,
    pub(super) sent: Phases,
    pub(super) bad_lines_skipped: u64,
    pub(super) partial: bool,
    pub(super) outcomes_differ: Option<u64>,
    pub(super) yardstick: Yardstick,
    pub(super) started_at: String,
    pub(super) took: Duration,
    pub(super) finished: Vec<Finished>,
}

pub(super) fn report(parts: Parts<'_>) -> Report {
    let violations_total = parts.finished.iter().map(|finished| finished.violations_total).sum();
    let weakest = |durability: fn(&Finished) -> Durability| {
        parts.finished.iter().map(durability).min().unwrap_or(Durability::Process)
    };
    let (bus_durability, store_durability) =
        (weakest(|finished| finished.bus_durability), weakest(|finished| finished.store_durability));
    Report {
        schema: SCHEMA.to_owned(),
        partial: parts.partial,
        verdict: if violations_total == 0 { Verdict::Clean } else { Verdict::Violated },
        violations_total,
        violations: parts.finished.iter().flat_map(violations).collect(),
        outcomes_differ: parts.outcomes_differ,
        environment: Environment {
            duet_version: env!("CARGO_PKG_VERSION").to_owned(),
            profile: if cfg!(debug_assertions) { "debug" } else { "release" }.to_owned(),
            started_at: parts.started_at,
            duration_s: parts.took.as_secs_f64(),
            machine: machine(),
            worker_threads: parts.settings.worker_threads,
            bus_durability,
            store_durability,
            yardstick: Some(parts.yardstick),
            workload: workload(parts.settings, parts.sent, parts.bad_lines_skipped),
        },
        cells: parts.finished.into_iter().map(|finished| finished.cell).collect(),
    }
}

fn violations(finished: &Finished) -> impl Iterator<Item = Violation> {
    finished.violations.iter().map(|violation| Violation {
        style: finished.cell.style,
        kind: violation.kind,
        order_id: violation.order_id.clone(),
        detail: violation.detail.clone(),
    })
}

fn workload(settings: &Settings, phases: Phases, bad_lines_skipped: u64) -> Workload {
    let speed = settings.orders.as_ref().and_then(|file| file.speed);
    Workload {
        seed: settings.seed,
        orders_file: settings.orders.as_ref().map(|file| file.path.display().to_string()),
        bad_lines_skipped,
        speed,
        rate_per_s: speed.is_none().then_some(settings.rate_per_s),
        window: settings.window,
        invalid_rate: if settings.orders.is_some() { 0.0 } else { settings.invalid_rate },
        outside: settings.rates,
        phases,
    }
}
