//! `duet compare`: runs both styles, audits both, and puts them side by side.

mod child;
mod outcomes;
mod plan;
mod progress;
mod result;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use contract::Style;
use host::Shutdown;
use outside::Rates;
use participant::{Clock, SystemClock};
use telemetry::Code;
use tokio::time::Instant;

use crate::cell::protocol::{Finished, Phase, SourceSpec, Spec};
use crate::limit;
use crate::orders_file::{self, Checked, OrdersFileError, Rules};
use crate::report::{Phases, Report, Verdict, Yardstick};
use crate::text::{self, Terminal, counted, grouped, significant};
use child::Child;
use plan::Round;
use progress::Progress;
pub use result::{Files, JsonFile};

/// How long the yardstick is measured.
const YARDSTICK: Duration = Duration::from_secs(1);

/// Everything that shapes a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Seed of the orders and of the outside world.
    pub seed: u64,
    /// A file of orders instead of generated ones.
    pub orders: Option<OrdersFile>,
    /// How many generated orders per style; `None`: as many as fit into a minute.
    pub count: Option<u64>,
    /// Orders/s of the paced phase.
    pub rate_per_s: f64,
    /// Share of generated orders that cannot be taken.
    pub invalid_rate: f64,
    /// How the outside world misbehaves.
    pub rates: Rates,
    /// Orders in flight while saturated.
    pub window: usize,
    /// Threads of each cell's runtime.
    pub worker_threads: usize,
    /// How long to wait for orders that do not end.
    pub drain: Duration,
    /// The folder in which temporary files are made; `None`: the system's.
    pub store_dir: Option<PathBuf>,
    /// A folder in which the files are kept.
    pub keep: Option<PathBuf>,
    /// Where the machine-readable result goes.
    pub json: Option<PathBuf>,
}

/// A user's own orders.
#[derive(Clone, Debug, PartialEq)]
pub struct OrdersFile {
    /// The file.
    pub path: PathBuf,
    /// How many times faster its arrival pattern is replayed; `None`: like generated orders.
    pub speed: Option<f64>,
    /// Whether bad lines are left out.
    pub skip_bad: bool,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CompareError {
    /// The user's orders cannot be read.
    #[error(transparent)]
    Orders(#[from] OrdersFileError),
    /// The user's orders are not all good.
    #[error("nothing was sent, because of {} in {}. Mend the file, or leave the bad lines out with --skip-bad", counted(*.bad, "bad line"), .path.display())]
    BadLines {
        /// The file.
        path: PathBuf,
        /// How many lines.
        bad: u64,
    },
    /// There is nothing to send.
    #[error("{} holds no good order: one JSON order a line is needed, see examples/ORDERS.md", .0.display())]
    NoOrders(PathBuf),
    /// A folder or file cannot be made.
    #[error("{} cannot be written: choose another place with {flag}, or give this user write permission", path.display())]
    Unwritable {
        /// Which.
        path: PathBuf,
        /// The flag that chooses it.
        flag: &'static str,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
    /// The folder for the files holds something already.
    #[error("{} is not empty: --keep needs a new or an empty folder", .0.display())]
    NotEmpty(PathBuf),
    /// The disk could not be measured.
    #[error("the store's disk cannot be measured")]
    Yardstick(#[source] store::StoreError),
    /// A cell's process could not be started.
    #[error("a process for the run cannot be started")]
    Spawn(#[source] std::io::Error),
    /// A cell's process ended by itself.
    #[error("the process that ran the {style} ended: {how}")]
    Died {
        /// Which.
        style: Style,
        /// How.
        how: String,
    },
    /// A cell cannot go on.
    #[error("the {style} cannot go on: {error}")]
    Cell {
        /// Which.
        style: Style,
        /// Why.
        error: String,
    },
    /// Signals or threads cannot be had.
    #[error("the operating system refuses what a run needs")]
    System(#[source] std::io::Error),
    /// A file of a finished cell cannot be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why not.
        #[source]
        source: std::io::Error,
    },
}

/// Runs the comparison, prints it and writes it where it was asked to. Returns the exit code: 0 when the verdict is
/// clean, 1 when it is violated, 130 when the run was interrupted and nothing is wrong with what it did.
///
/// # Errors
/// There is no result; see [`CompareError`].
pub fn main(settings: &Settings) -> Result<ExitCode, CompareError> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let report = runtime.map_err(CompareError::System)?.block_on(compare(settings))?;
    text::print(&crate::table::render(&report, Terminal::stdout()));
    Ok(match report.verdict {
        Verdict::Violated => Code::Failure.into(),
        Verdict::Clean if report.partial => Code::Interrupted.into(),
        Verdict::Clean => ExitCode::SUCCESS,
    })
}

/// What is to be sent, checked.
struct Work {
    source: SourceSpec,
    rounds: Vec<Round>,
    bad_lines_skipped: u64,
    /// Whether slow machines may leave out rounds.
    in_a_minute: bool,
}

/// A run in progress.
struct Run<'a> {
    settings: &'a Settings,
    begun: Instant,
    started_at: String,
    interrupt: Shutdown,
    progress: Progress,
}

/// Runs both styles and returns the result, which has been written to `--json` as well.
async fn compare(settings: &Settings) -> Result<Report, CompareError> {
    let begun = Instant::now();
    let started_at = contract::time::format(SystemClock.now());
    let interrupt = host::on_signals().map_err(CompareError::System)?;
    let json = settings.json.as_deref().map(JsonFile::open).transpose()?;
    let files = Files::make(settings)?;
    let work = work(settings)?;
    let steps = 2 + 2 * work.rounds.len();
    let run = Run { settings, begun, started_at, interrupt, progress: Progress::new(steps) };
    let report = run.run(&work, &files).await?;
    if let Some(json) = json {
        json.write(&report)?;
    }
    Ok(report)
}

fn work(settings: &Settings) -> Result<Work, CompareError> {
    let Some(file) = &settings.orders else {
        let phases =
            settings.count.map_or_else(|| plan::default_phases(settings.rate_per_s), plan::phases_of);
        return Ok(Work {
            source: SourceSpec::Generated { invalid_rate: settings.invalid_rate },
            rounds: plan::rounds(phases),
            bad_lines_skipped: 0,
            in_a_minute: settings.count.is_none(),
        });
    };
    let rules = Rules { in_time: file.speed.is_some() };
    let checked = check(file, rules)?;
    let rounds = if let Some(speed) = file.speed {
        announce(&checked, speed);
        plan::replay(checked.orders)
    } else {
        plan::rounds(plan::phases_of(checked.orders))
    };
    let source = SourceSpec::File {
        path: file.path.clone(),
        rules,
        skip_bad: file.skip_bad,
        duplicates: checked.duplicates,
        speed: file.speed,
    };
    Ok(Work { source, rounds, bad_lines_skipped: checked.bad_lines, in_a_minute: false })
}

/// Reads the whole file and tells what is wrong with it.
fn check(file: &OrdersFile, rules: Rules) -> Result<Checked, CompareError> {
    let checked = orders_file::check(&file.path, rules)?;
    for bad in &checked.shown {
        eprintln!("{}: {bad}", file.path.display());
    }
    if checked.bad_lines > 0 {
        eprintln!("{} bad, {} good", counted(checked.bad_lines, "line"), counted(checked.orders, "order"));
        if !file.skip_bad {
            return Err(CompareError::BadLines { path: file.path.clone(), bad: checked.bad_lines });
        }
    }
    if checked.orders == 0 {
        return Err(CompareError::NoOrders(file.path.clone()));
    }
    Ok(checked)
}

/// Says how long a replay takes, before it does.
fn announce(checked: &Checked, speed: f64) {
    if let Some((first, last)) = checked.span {
        let real_s = (last - first) as f64 / 1000.0;
        let (real, replayed) = (significant(real_s), significant(real_s / speed));
        let speed = significant(speed);
        eprintln!(
            "{} of arrivals over {real} s, {speed} times faster: {replayed} s for each style",
            counted(checked.orders, "order")
        );
    }
}

impl Run<'_> {
    async fn run(mut self, work: &Work, files: &Files) -> Result<Report, CompareError> {
        self.progress.begin("measuring the disk");
        let dir = files.root().to_owned();
        let yardstick = limit::measure(dir, YARDSTICK).await.map_err(CompareError::Yardstick)?;
        let mut cells = Vec::new();
        for style in Style::ALL {
            cells.push(Child::start(&self.spec(style, work, files)).await?);
        }
        let (sent, complete) = self.send(&mut cells, work).await?;
        self.progress.begin("waiting for the last orders, then auditing every order");
        let finished = futures::future::try_join_all(cells.into_iter().map(Child::finish)).await?;
        self.progress.clear();
        for finished in &finished {
            for note in &finished.notes {
                self.progress.say(&format!("{}: {note}", finished.cell.style));
            }
        }
        self.report(work, files, sent, !complete, yardstick, finished)
    }

    fn spec(&self, style: Style, work: &Work, files: &Files) -> Spec {
        Spec {
            style,
            dir: files.cell(style),
            source: work.source.clone(),
            seed: self.settings.seed,
            rates: self.settings.rates,
            rate_per_s: self.settings.rate_per_s,
            window: self.settings.window,
            worker_threads: self.settings.worker_threads,
            drain_ms_max: u64::try_from(self.settings.drain.as_millis()).unwrap_or(u64::MAX),
        }
    }

    /// Sends round after round, the styles taking turns in going first. Returns what was sent in both, and whether
    /// that was all there was to send.
    async fn send(&mut self, cells: &mut [Child], work: &Work) -> Result<(Phases, bool), CompareError> {
        let (mut sent, mut complete) = (Phases::default(), true);
        let mut spent = std::collections::BTreeMap::<Phase, Duration>::new();
        for (number, &round) in work.rounds.iter().enumerate() {
            let in_phase = spent.entry(round.phase).or_default();
            if work.in_a_minute && plan::is_too_late(round, self.begun.elapsed(), *in_phase) {
                self.progress
                    .say(&format!("a slow machine: the last {} round is left out", round.phase.name()));
                continue;
            }
            let begun = Instant::now();
            let turns: [usize; 2] = if number % 2 == 0 { [0, 1] } else { [1, 0] };
            let mut in_both = round.orders;
            for turn in turns {
                in_both = in_both.min(self.round(&mut cells[turn], round).await?);
            }
            *phase_of(&mut sent, round.phase) += in_both;
            complete &= in_both == round.orders;
            *in_phase += begun.elapsed();
        }
        Ok((sent, complete))
    }

    async fn round(&mut self, cell: &mut Child, round: Round) -> Result<u64, CompareError> {
        if self.interrupt.is_requested() {
            return Ok(0);
        }
        let how = match round.phase {
            Phase::WarmUp => "warm-up".to_owned(),
            Phase::Alone => "one order at a time".to_owned(),
            Phase::Saturated => "as fast as it goes".to_owned(),
            Phase::Paced if self.replays() => "in the file's pattern".to_owned(),
            Phase::Paced => format!("{} orders/s", significant(self.settings.rate_per_s)),
        };
        self.progress.begin(format!("{}, {how}, {} orders", cell.style(), grouped(round.orders)));
        let progress = &self.progress;
        cell.send(round.phase, round.orders, &self.interrupt, |sent| progress.at(sent, round.orders)).await
    }

    fn replays(&self) -> bool {
        self.settings.orders.as_ref().is_some_and(|file| file.speed.is_some())
    }

    fn report(
        &self,
        work: &Work,
        files: &Files,
        sent: Phases,
        partial: bool,
        yardstick: Yardstick,
        finished: Vec<Finished>,
    ) -> Result<Report, CompareError> {
        let differ = if partial { None } else { Some(outcomes::differ(files, &finished)?) };
        Ok(result::report(result::Parts {
            settings: self.settings,
            sent,
            bad_lines_skipped: work.bad_lines_skipped,
            partial,
            outcomes_differ: differ,
            yardstick,
            started_at: self.started_at.clone(),
            took: self.begun.elapsed(),
            finished,
        }))
    }
}

fn phase_of(phases: &mut Phases, phase: Phase) -> &mut u64 {
    match phase {
        Phase::WarmUp => &mut phases.warm_up,
        Phase::Alone => &mut phases.alone,
        Phase::Saturated => &mut phases.saturated,
        Phase::Paced => &mut phases.paced,
    }
}
