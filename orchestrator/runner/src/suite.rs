//! Runs the cases that stand beside definitions: `NAME.test.json` beside `NAME.asl.json`.

use std::path::{Path, PathBuf};

use asl::{Definition, Problems};
use serde_json::{Value, json};
use thiserror::Error;

use crate::answer::Layers;
use crate::cases::{Case, CaseError, read_cases};
use crate::coverage::{Coverage, Kind, Spot, spots};
use crate::outcome::Seen;
use crate::run::run_all;
use crate::settings::Settings;

/// How the file of a definition ends, and that of its cases.
const DEFINITION: &str = ".asl.json";
const CASES: &str = ".test.json";
/// When an execution begins for which nothing is said: 2026-01-01T00:00:00Z, so that a case that looks at the time passes every day.
const START_MS: u64 = 1_767_225_600_000;

/// What became of a folder of definitions and cases.
#[derive(Debug)]
pub struct Report {
    /// Each definition, in the order of their names.
    pub definitions: Vec<Tested>,
}

/// A definition and its cases.
#[derive(Debug)]
pub struct Tested {
    /// The file of the definition.
    pub file: PathBuf,
    /// Its cases, in the order of their file.
    pub cases: Vec<CaseResult>,
    /// What is in the definition, and whether a case came by it.
    pub spots: Vec<(Spot, bool)>,
}

/// What became of a case.
#[derive(Debug, PartialEq, Eq)]
pub struct CaseResult {
    /// As its author calls it.
    pub name: String,
    /// How it differs from what was expected: it passed if not at all.
    pub differences: Vec<String>,
    /// Events of its history.
    pub events: u64,
}

/// Why a folder cannot be tested.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// There are no definitions in it.
    #[error("{} has no file NAME{DEFINITION} to be tested", .0.display())]
    Empty(PathBuf),
    /// Cases without a definition.
    #[error("{} has no definition beside it: expected {}", .cases.display(), .definition.display())]
    Orphan {
        /// The file of cases.
        cases: PathBuf,
        /// Where the definition should be.
        definition: PathBuf,
    },
    /// A definition has problems.
    #[error("{}: {problems}", .file.display())]
    Invalid {
        /// Where it was read from.
        file: PathBuf,
        /// What is wrong with it.
        problems: Problems,
    },
    /// A file of cases.
    #[error(transparent)]
    Cases(#[from] CaseError),
}

/// Runs all cases of a folder on virtual time. `see` is given the file and each case's result as it is known.
///
/// # Errors
/// [`SuiteError`] if a file cannot be used; nothing is run then. That a case fails is no error.
pub fn test_folder(folder: &Path, see: &mut dyn FnMut(&Path, &CaseResult)) -> Result<Report, SuiteError> {
    let prepared = prepared(folder)?;
    let tested = |Prepared { file, machine, definition, cases }: Prepared| {
        let mut coverage = Coverage::default();
        let cases = cases.into_iter().map(|case| {
            let result = test(&definition, &machine, case, &mut coverage);
            see(&file, &result);
            result
        });
        let cases = cases.collect();
        let spots = spots(&definition).into_iter().map(|spot| {
            let is_covered = coverage.covers(&spot);
            (spot, is_covered)
        });
        let spots = spots.collect();
        Tested { file, cases, spots }
    };
    Ok(Report { definitions: prepared.into_iter().map(tested).collect() })
}

/// A definition that is to be tested.
struct Prepared {
    file: PathBuf,
    machine: String,
    definition: Definition,
    cases: Vec<Case>,
}

/// Everything that is to be run: each definition with its name and its cases.
fn prepared(folder: &Path) -> Result<Vec<Prepared>, SuiteError> {
    let unreadable = |error| SuiteError::Unreadable(folder.into(), error);
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).map_err(unreadable)?.collect();
    let mut names: Vec<String> = entries
        .map_err(unreadable)?
        .iter()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    for name in names.iter().filter_map(|name| name.strip_suffix(CASES)) {
        let definition = format!("{name}{DEFINITION}");
        if !names.contains(&definition) {
            let (cases, definition) = (folder.join(format!("{name}{CASES}")), folder.join(definition));
            return Err(SuiteError::Orphan { cases, definition });
        }
    }
    let mut prepared = Vec::new();
    for name in names.iter().filter_map(|name| name.strip_suffix(DEFINITION)) {
        let file = folder.join(format!("{name}{DEFINITION}"));
        let definition = read_definition(&file)?;
        let cases = format!("{name}{CASES}");
        let cases = if names.contains(&cases) {
            read_cases(&folder.join(cases), name, &definition)?
        } else {
            Vec::new()
        };
        prepared.push(Prepared { file, machine: name.to_owned(), definition, cases });
    }
    if prepared.is_empty() { Err(SuiteError::Empty(folder.into())) } else { Ok(prepared) }
}

/// Reads and checks a definition.
///
/// # Errors
/// The file cannot be read, or what it says is no definition: then every problem of it.
pub fn read_definition(file: &Path) -> Result<Definition, SuiteError> {
    let text = std::fs::read_to_string(file).map_err(|error| SuiteError::Unreadable(file.into(), error))?;
    asl::parse(&text).map_err(|problems| SuiteError::Invalid { file: file.into(), problems })
}

/// What a state machine is called whose definition is in that file.
pub fn machine_name(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name = name.strip_suffix(DEFINITION).or(name.strip_suffix(".json")).unwrap_or(&name);
    name.to_owned()
}

fn test(definition: &Definition, machine: &str, case: Case, coverage: &mut Coverage) -> CaseResult {
    let Case { name, input, mocks, start_ms, expected } = case;
    let settings = Settings::new(machine, "test", start_ms.unwrap_or(START_MS));
    let (mut own, mut events) = (Coverage::default(), 0);
    let mut see = |Seen { execution, event }: Seen<'_>| {
        events = if execution.is_none() { event.id } else { events };
        own.see(event);
    };
    let run = run_all(definition, input, &settings, &mut Layers::default().and(mocks), &mut see);
    let differences = match run {
        Ok(run) => {
            own.took(&run.taken);
            expected.differences(&run.ending, &own)
        }
        Err(error) => vec![format!("it came to no end: {error}")],
    };
    coverage.add(own);
    CaseResult { name, differences, events }
}

impl CaseResult {
    /// Whether all is as expected.
    pub fn passed(&self) -> bool {
        self.differences.is_empty()
    }
}

impl Tested {
    /// What no case came by. Of a state that was never entered only the state itself.
    pub fn uncovered(&self) -> impl Iterator<Item = &Spot> {
        let entered = |name: &str| {
            let state = |(spot, _): &&(Spot, bool)| spot.kind == Kind::State && &*spot.state == name;
            self.spots.iter().find(state).is_some_and(|(_, is_covered)| *is_covered)
        };
        let told = move |spot: &&Spot| spot.kind == Kind::State || entered(&spot.state);
        self.spots.iter().filter(|(_, is_covered)| !is_covered).map(|(spot, _)| spot).filter(told)
    }
}

impl Report {
    /// Whether every case passed.
    pub fn passed(&self) -> bool {
        self.cases().all(CaseResult::passed)
    }

    /// All cases.
    pub fn cases(&self) -> impl Iterator<Item = &CaseResult> {
        self.definitions.iter().flat_map(|tested| &tested.cases)
    }

    /// How many of a kind were come by, and how many there are.
    pub fn covered(&self, kind: Kind) -> (usize, usize) {
        let of_kind = || {
            let spots = self.definitions.iter().flat_map(|tested| &tested.spots);
            spots.filter(move |(spot, _)| spot.kind == kind)
        };
        (of_kind().filter(|(_, is_covered)| *is_covered).count(), of_kind().count())
    }

    /// All of it, for programs.
    pub fn to_json(&self) -> Value {
        let coverage = Kind::ALL.map(|kind| {
            let (covered, all) = self.covered(kind);
            json!({"what": kind.plural(), "covered": covered, "all": all})
        });
        let definitions: Vec<_> = self.definitions.iter().map(Tested::to_json).collect();
        json!({"schema": "duet.workflow.test/1", "passed": self.passed(), "definitions": definitions,
               "coverage": coverage})
    }
}

impl Tested {
    fn to_json(&self) -> Value {
        let case = |case: &CaseResult| {
            json!({"name": case.name, "passed": case.passed(), "differences": case.differences,
                   "events": case.events})
        };
        let cases: Vec<_> = self.cases.iter().map(case).collect();
        let uncovered: Vec<_> = self.uncovered().map(|spot| &spot.name).collect();
        json!({"file": self.file.display().to_string(), "cases": cases, "uncovered": uncovered})
    }
}
