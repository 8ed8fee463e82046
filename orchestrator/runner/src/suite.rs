//! Runs the cases that stand beside definitions.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use asl::Definition;
use tokio::time::Instant;

use crate::answer::Layers;
use crate::bless::blessed;
use crate::cases::Case;
use crate::coverage::{Coverage, spots};
use crate::folder::{Prepared, SuiteError, prepared};
use crate::golden::{Golden, Seen};
use crate::outcome;
use crate::report::{CaseResult, Report, Tested};
use crate::run::run_all;
use crate::settings::{Machine, Settings};
use crate::source::read_text;

/// When an execution begins for which nothing is said: 2026-01-01T00:00:00Z, so that a case that looks at the time passes every day.
pub(crate) const START_MS: u64 = 1_767_225_600_000;

/// What is tested, and how.
#[derive(Debug, Clone)]
pub struct Selection {
    /// Only cases with that in their name, whatever its case.
    pub filter: Option<String>,
    /// Whether whole histories that differ are written to the file of the cases.
    pub bless: bool,
    /// The longest that a case may take outside.
    pub patience: Duration,
    /// Further state machines: what tasks can start.
    pub machines: Vec<Machine>,
    /// The folder whose folders are buckets. What a case writes is seen by that case alone, and gone with it.
    pub s3: Option<PathBuf>,
}

impl Default for Selection {
    fn default() -> Self {
        let patience = Duration::from_secs(60);
        Self { filter: None, bless: false, patience, machines: Vec::new(), s3: None }
    }
}

impl Selection {
    fn takes(&self, case: &Case) -> bool {
        let is_in = |filter: &String| case.name.to_lowercase().contains(&filter.to_lowercase());
        self.filter.as_ref().is_none_or(is_in)
    }
}

/// Runs all cases of a folder, or of the definition in that file, on virtual time, as many definitions at once as the machine has processors.
/// `see` is given what became of each definition, in the order of their names.
///
/// # Errors
/// [`SuiteError`] if a file cannot be used; nothing is run then. That a case fails is no error.
pub fn test_folder(
    place: &Path,
    selection: &Selection,
    see: &mut dyn FnMut(&Tested),
) -> Result<Report, SuiteError> {
    let mut prepared = prepared(place, &selection.machines)?;
    let mut left_out = 0;
    for one in &mut prepared {
        let all = one.cases.len();
        one.cases.retain(|case| selection.takes(case));
        left_out += all - one.cases.len();
    }
    if let Some(filter) = &selection.filter {
        prepared.retain(|one| !one.cases.is_empty());
        if prepared.is_empty() {
            return Err(SuiteError::NoneAsked(filter.clone()));
        }
    }
    let tasks: Vec<_> = prepared.into_iter().map(|one| Mutex::new(Some(one))).collect();
    let (next, (sender, done)) = (AtomicUsize::new(0), channel());
    let workers = std::thread::available_parallelism().map_or(1, usize::from).min(tasks.len());
    let mut definitions = Vec::new();
    std::thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, tasks, next) = (sender.clone(), &tasks, &next);
            scope.spawn(move || {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(task) = tasks.get(index) else { break };
                    let Some(one) = task.lock().ok().and_then(|mut task| task.take()) else { continue };
                    // Nobody listens any more only if the whole is given up.
                    let _ = sender.send((index, test_one(one, selection)));
                }
            });
        }
        drop(sender);
        // Each is told as soon as those before it are.
        let mut early = BTreeMap::new();
        for (index, tested) in done {
            early.insert(index, tested);
            while let Some(tested) = early.remove(&definitions.len()) {
                tested.iter().for_each(&mut *see);
                definitions.push(tested);
            }
        }
    });
    let definitions = definitions.into_iter().collect::<Result<_, _>>()?;
    Ok(Report { definitions, left_out })
}

fn test_one(one: Prepared, selection: &Selection) -> Result<Tested, SuiteError> {
    let Prepared { file, cases_file, machine, definition, cases } = one;
    let mut coverage = Coverage::default();
    let (mut results, mut histories) = (Vec::new(), Vec::new());
    for case in cases {
        let ran = test(&definition, &machine, case, selection, &mut coverage);
        histories.extend(ran.golden.map(|lines| (ran.result.name.clone(), lines)));
        results.push(ran.result);
    }
    if selection.bless && !histories.is_empty() {
        let text = read_text(&cases_file)?;
        if let Some(text) = blessed(&text, &histories) {
            let unwritable = |error| SuiteError::Unwritable(cases_file.clone(), error);
            std::fs::write(&cases_file, text).map_err(unwritable)?;
            let is_blessed =
                |result: &&mut CaseResult| histories.iter().any(|(name, _)| *name == result.name);
            for result in results.iter_mut().filter(is_blessed) {
                result.differences.retain(|line| !is_of_history(line));
                result.is_blessed = true;
            }
        }
    }
    let spots = spots(&definition).into_iter().map(|spot| {
        let is_covered = coverage.covers(&spot);
        (spot, is_covered)
    });
    Ok(Tested { file, cases: results, spots: spots.collect() })
}

/// Whether a line tells how a history differs.
fn is_of_history(line: &str) -> bool {
    line.starts_with("history: ") || line.starts_with("  ")
}

/// What became of a case, and the history that it should expect, if it expects another whole one.
struct Ran {
    result: CaseResult,
    golden: Option<Vec<String>>,
}

fn test(
    definition: &Definition,
    machine: &str,
    case: Case,
    selection: &Selection,
    coverage: &mut Coverage,
) -> Ran {
    let Case { name, input, mocks, start_ms, expected } = case;
    let settings = Settings {
        patience: selection.patience,
        machines: selection.machines.clone(),
        s3: selection.s3.clone(),
        keeps_written: false,
        ..Settings::new(machine, "test", start_ms.unwrap_or(START_MS))
    };
    let (mut own, mut events, mut history) = (Coverage::default(), 0, Vec::new());
    let began = Instant::now();
    let mut see = |seen: outcome::Seen<'_>| {
        if seen.is_part {
            own.see(seen.event);
        }
        if seen.execution.is_none() {
            events = seen.event.id;
            if expected.history.is_some() {
                history.push(Seen::of(seen.event));
            }
        }
    };
    let mut answers = mocks.into_iter().fold(Layers::default(), Layers::and);
    let run = run_all(definition, input, &settings, &mut answers, &mut see);
    let mut golden = None;
    let differences = match run {
        Ok(run) => {
            own.took(&run.taken);
            let differences = expected.differences(&run.ending, &own, &history);
            let is_whole = expected.history.as_ref().is_some_and(Golden::is_whole);
            if is_whole && differences.iter().any(|line| is_of_history(line)) {
                golden = Some(history.into_iter().map(|seen| seen.line).collect());
            }
            differences
        }
        Err(error) => vec![format!("it came to no end: {error}")],
    };
    coverage.add(own);
    let result = CaseResult { name, differences, events, took: began.elapsed(), is_blessed: false };
    Ran { result, golden }
}
