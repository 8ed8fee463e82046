//! `duet workflow check`: what is wrong with definitions, in AWS's codes and words, with the line and a mark.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use asl::excerpt::{diagnostic, excerpt};
use asl::{Problem, Severity};
use clap::Args;
use runner::{Source, SourceError, definitions_in};
use telemetry::{Code, exit_with};

/// Flags of `duet workflow check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// The definitions, in JSON or YAML; of a folder, those that it has (`NAME.asl.json`, `.asl.yaml`); `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Prints JSON: one array with an object for each problem and warning.
    #[arg(long)]
    json: bool,
    /// Says nothing of files without a problem.
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
}

/// A definition that cannot even be looked at.
#[derive(Debug, thiserror::Error)]
enum CheckError {
    #[error(transparent)]
    Source(#[from] SourceError),
    #[error("{} cannot be read", .0.display())]
    Folder(PathBuf, #[source] std::io::Error),
    #[error("{} has no file NAME.asl.json (or .asl.yaml) to be checked", .0.display())]
    Empty(PathBuf),
}

/// A file that was checked.
struct Checked {
    file: String,
    text: String,
    problems: Vec<Problem>,
    /// How many errors were found besides those among the problems.
    more: usize,
}

/// Checks all files. Warnings are shown, and are no reason to fail.
pub(super) fn main(args: &CheckArgs) -> ExitCode {
    let (mut checked, mut unreadable) = (Vec::new(), None);
    for file in args.files.iter().flat_map(|file| in_folder(file)) {
        match file.and_then(|file| check(&file)) {
            Ok(one) => checked.push(one),
            // The others are worth knowing of all the same.
            Err(error) => unreadable = unreadable.or(Some(error)),
        }
    }
    if args.json {
        let problems = checked.iter().flat_map(|it| it.problems.iter().map(|one| diagnostic(&it.file, one)));
        let all = serde_json::Value::from_iter(problems);
        terminal::print_json(&format!("{all:#}\n"));
    } else {
        let told = checked.iter().filter(|it| !args.quiet || !it.problems.is_empty());
        terminal::print(&told.map(shown).collect::<String>());
    }
    if let Some(error) = unreadable {
        return exit_with(&error, Code::Usage);
    }
    if checked.iter().any(|it| errors(it) > 0) { Code::Failure.into() } else { ExitCode::SUCCESS }
}

/// The file, or the definitions of the folder.
fn in_folder(file: &str) -> Vec<Result<String, CheckError>> {
    let folder = Path::new(file);
    if file == "-" || !folder.is_dir() {
        return vec![Ok(file.to_owned())];
    }
    match definitions_in(folder) {
        Err(error) => vec![Err(CheckError::Folder(folder.into(), error))],
        Ok(files) if files.is_empty() => vec![Err(CheckError::Empty(folder.into()))],
        Ok(files) => files.iter().map(|file| Ok(file.display().to_string())).collect(),
    }
}

fn check(file: &str) -> Result<Checked, CheckError> {
    let source = Source::read(Path::new(file))?;
    let (mut problems, more) = match source.parse() {
        Ok((_, warnings)) => (warnings, 0),
        Err(problems) => ([problems.as_slice(), problems.warnings()].concat(), problems.more()),
    };
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Ok(Checked { file: file.to_owned(), text: source.text, problems, more })
}

fn errors(checked: &Checked) -> usize {
    checked.problems.iter().filter(|problem| problem.severity() == Severity::Error).count() + checked.more
}

/// All that is said of a file.
fn shown(checked: &Checked) -> String {
    let Checked { file, text, problems, .. } = checked;
    let mut shown: String = problems.iter().map(|problem| excerpt(file, text, problem) + "\n").collect();
    let errors = errors(checked);
    let warnings = problems.len() + checked.more - errors;
    let counted = |count: usize, noun| terminal::counted(count as u64, noun);
    shown += &match (errors, warnings) {
        (0, 0) => format!("{file}: valid\n"),
        (0, _) => format!("{file}: valid, {}\n", counted(warnings, "warning")),
        (_, 0) => format!("{file}: {}\n", counted(errors, "error")),
        _ => format!("{file}: {}, {}\n", counted(errors, "error"), counted(warnings, "warning")),
    };
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str) -> Checked {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("it.json");
        std::fs::write(&file, text).unwrap();
        check(file.to_str().unwrap()).unwrap()
    }

    #[test]
    fn a_definition_is_valid_or_all_that_is_wrong_is_shown() {
        let valid = checked(r#"{"StartAt": "A", "States": {"A": {"Type": "Succeed"}}}"#);
        assert!((errors(&valid), shown(&valid).ends_with("it.json: valid\n")) == (0, true));
        let suspect = checked(r#"{"StartAt": "A", "States": {"A": {"Type": "Fail", "Error": "$.e"}}}"#);
        let text = shown(&suspect);
        assert!(errors(&suspect) == 0 && text.contains("warning NO_PATH"), "{text}");
        assert!(text.ends_with("it.json: valid, 1 warning\n"), "{text}");
        let wrong = checked(r#"{"StartAt": "B", "States": {"A": {"Type": "Fail", "Error": "$.e"}}}"#);
        let text = shown(&wrong);
        assert!(errors(&wrong) == 2 && text.contains("error MISSING_TRANSITION_TARGET"), "{text}");
        assert!(text.ends_with("it.json: 2 errors, 1 warning\n"), "{text}");
    }

    #[test]
    fn a_file_that_is_not_there_is_named() {
        let error = check("/nowhere/it.json").map(|_| ()).unwrap_err();
        assert_eq!(error.to_string(), "/nowhere/it.json cannot be read");
    }
}
