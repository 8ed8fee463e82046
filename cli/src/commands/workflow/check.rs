//! `duet workflow check`: what is wrong with definitions, in AWS's codes and words, with the line and a mark.

use std::io::Read as _;
use std::process::ExitCode;

use asl::excerpt::{diagnostic, excerpt};
use asl::{Problem, Severity};
use clap::Args;
use telemetry::{Code, exit};

/// Flags of `duet workflow check`.
#[derive(Clone, Debug, Args)]
pub(crate) struct CheckArgs {
    /// The definitions; `-` is standard input.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<String>,
    /// Prints JSON: one array with an object for each problem and warning.
    #[arg(long)]
    json: bool,
}

/// A definition that cannot even be looked at.
#[derive(Debug, thiserror::Error)]
#[error("{file} cannot be read")]
struct Unreadable {
    file: String,
    #[source]
    source: std::io::Error,
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
    for file in &args.files {
        match check(file) {
            Ok(one) => checked.push(one),
            // The others are worth knowing of all the same.
            Err(error) => unreadable = unreadable.or(Some(error)),
        }
    }
    if args.json {
        let problems = checked.iter().flat_map(|it| it.problems.iter().map(|one| diagnostic(&it.file, one)));
        let all = serde_json::Value::from_iter(problems);
        terminal::print_json(&format!("{all:#}"));
    } else {
        terminal::print(&checked.iter().map(shown).collect::<String>());
    }
    if let Some(error) = unreadable {
        return exit(&error);
    }
    if checked.iter().any(|it| errors(it) > 0) { Code::Failure.into() } else { ExitCode::SUCCESS }
}

fn check(file: &str) -> Result<Checked, Unreadable> {
    let text = read(file).map_err(|source| Unreadable { file: file.to_owned(), source })?;
    let (mut problems, more) = match asl::parse(&text) {
        Ok(definition) => (definition.warnings().to_vec(), 0),
        Err(problems) => ([problems.as_slice(), problems.warnings()].concat(), problems.more()),
    };
    problems.sort_by_key(|problem| (problem.line, problem.column));
    Ok(Checked { file: file.to_owned(), text, problems, more })
}

fn read(file: &str) -> std::io::Result<String> {
    if file != "-" {
        return std::fs::read_to_string(file);
    }
    let mut text = String::new();
    std::io::stdin().read_to_string(&mut text)?;
    Ok(text)
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
