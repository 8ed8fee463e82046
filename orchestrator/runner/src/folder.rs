//! Finds definitions and the cases beside them: `NAME.test.json` beside `NAME.asl.json`.

use std::path::{Path, PathBuf};

use asl::{Definition, Problems};
use thiserror::Error;

use crate::cases::{Case, CaseError, read_cases};
use crate::settings::Machine;
use crate::source::{Source, SourceError, definition_name, definitions_in, machine_name};

/// How a file of cases ends.
const CASES: &str = ".test.json";

/// Why a folder cannot be tested.
#[derive(Debug, Error)]
pub enum SuiteError {
    /// It cannot be read.
    #[error("{} cannot be read", .0.display())]
    Unreadable(PathBuf, #[source] std::io::Error),
    /// A file of it cannot be looked at.
    #[error(transparent)]
    Source(#[from] SourceError),
    /// There are no definitions in it.
    #[error("{} has no file NAME.asl.json (or .asl.yaml) to be tested", .0.display())]
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
    /// No case has what was asked for in its name.
    #[error("no case has {0:?} in its name")]
    NoneAsked(String),
    /// A file of cases.
    #[error(transparent)]
    Cases(#[from] CaseError),
    /// A file of cases cannot be written.
    #[error("{} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] std::io::Error),
}

/// A definition that is to be tested.
pub(crate) struct Prepared {
    pub(crate) file: PathBuf,
    /// Its file of cases, which need not be there.
    pub(crate) cases_file: PathBuf,
    pub(crate) machine: String,
    pub(crate) definition: Definition,
    pub(crate) cases: Vec<Case>,
}

/// Everything that is to be run: each definition of a folder, or the one of that file, with its name and its cases. `machines` are what its
/// tasks can start.
pub(crate) fn prepared(place: &Path, machines: &[Machine]) -> Result<Vec<Prepared>, SuiteError> {
    if place.is_file() {
        return Ok(vec![one(place.to_owned(), machines)?]);
    }
    let unreadable = |error| SuiteError::Unreadable(place.into(), error);
    let files = definitions_in(place).map_err(unreadable)?;
    if files.is_empty() {
        orphans(place, &files)?;
        return Err(SuiteError::Empty(place.into()));
    }
    orphans(place, &files)?;
    files.into_iter().map(|file| one(file, machines)).collect()
}

fn one(file: PathBuf, machines: &[Machine]) -> Result<Prepared, SuiteError> {
    let definition = read_definition(&file)?;
    let machine = machine_name(&file);
    let cases_file = file.with_file_name(format!("{machine}{CASES}"));
    let cases = match cases_file.exists() {
        true => read_cases(&cases_file, &machine, &definition, machines)?,
        false => Vec::new(),
    };
    Ok(Prepared { file, cases_file, machine, definition, cases })
}

/// Refuses cases without a definition.
fn orphans(folder: &Path, files: &[PathBuf]) -> Result<(), SuiteError> {
    let unreadable = |error| SuiteError::Unreadable(folder.into(), error);
    let names: Vec<_> =
        files.iter().filter_map(|file| file.file_name()).map(|it| it.to_string_lossy()).collect();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.file_name();
        let Some(name) = file.to_str().and_then(|file| file.strip_suffix(CASES)) else { continue };
        if !names.iter().any(|file| definition_name(file) == Some(name)) {
            let (cases, definition) = (folder.join(&file), folder.join(format!("{name}.asl.json")));
            return Err(SuiteError::Orphan { cases, definition });
        }
    }
    Ok(())
}

/// Reads and checks a definition, in JSON or YAML; `-` is standard input.
///
/// # Errors
/// The file cannot be read, or what it says is no definition: then every problem of it.
pub fn read_definition(file: &Path) -> Result<Definition, SuiteError> {
    let parsed = Source::read(file)?.parse();
    let invalid = |problems| SuiteError::Invalid { file: file.into(), problems };
    parsed.map(|(definition, _)| definition).map_err(invalid)
}
