//! `duet workflow test`: the cases beside definitions, and what none of them covers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use runner::{CaseResult, Kind, Report, SuiteError, Tested, test_folder};
use telemetry::{Code, exit};
use terminal::{Colour, Terminal, counted, print, print_drawn, print_json};

/// Flags of `duet workflow test`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TestArgs {
    /// A folder with definitions `NAME.asl.json` and their cases `NAME.test.json`.
    dir: PathBuf,
    /// Prints the result as JSON (`duet.workflow.test/1`).
    #[arg(long)]
    json: bool,
}

/// Runs the command. Exit code 1 when a case fails.
pub(super) fn main(args: &TestArgs) -> ExitCode {
    let tested = if args.json { test_folder(&args.dir, &mut |_, _| {}) } else { tested_aloud(&args.dir) };
    match tested {
        Err(error) => exit(&error),
        Ok(report) => {
            if args.json {
                print_json(&format!("{:#}\n", report.to_json()));
            } else {
                conclude(&report);
            }
            if report.passed() { ExitCode::SUCCESS } else { Code::Failure.into() }
        }
    }
}

/// Runs the cases, and says of each what became of it as soon as it is known.
fn tested_aloud(dir: &Path) -> Result<Report, SuiteError> {
    let mut at: Option<PathBuf> = None;
    test_folder(dir, &mut |file, case| {
        if at.as_deref() != Some(file) {
            print(&format!("{}{}\n", if at.is_some() { "\n" } else { "" }, file.display()));
            at = Some(file.to_owned());
        }
        print_drawn(Terminal::stdout(), |terminal| shown(terminal, case));
    })
}

fn shown(terminal: Terminal, case: &CaseResult) -> String {
    let (colour, word) = if case.passed() { (Colour::Good, "ok  ") } else { (Colour::Bad, "FAIL") };
    let differences: Vec<_> = case.differences.iter().map(|line| format!("         {line}\n")).collect();
    format!("  {} {}\n{}", terminal.paint(colour, word), case.name, differences.concat())
}

fn conclude(report: &Report) {
    for tested in &report.definitions {
        print(&uncovered(tested));
    }
    let (cases, failed) = (report.cases().count(), report.cases().filter(|case| !case.passed()).count());
    let covered: Vec<_> = Kind::ALL
        .iter()
        .filter_map(|kind| match report.covered(*kind) {
            (_, 0) => None,
            (covered, all) => Some(format!("{covered} of {all} {}", kind.plural())),
        })
        .collect();
    let (colour, verdict) = match failed {
        0 => (Colour::Good, "passed".to_owned()),
        failed => (Colour::Bad, format!("{failed} failed")),
    };
    print_drawn(Terminal::stdout(), |terminal| {
        let (cases, verdict) = (counted(cases as u64, "case"), terminal.paint(colour, &verdict));
        format!("\n{cases}: {verdict}; covered: {}\n", covered.join(", "))
    });
}

/// What no case of a definition came by; of one without cases, only that.
fn uncovered(tested: &Tested) -> String {
    let file = tested.file.display();
    if tested.cases.is_empty() {
        return format!("\n{file} has no cases\n");
    }
    let lines: Vec<_> = tested.uncovered().map(|spot| format!("  {}\n", spot.name)).collect();
    if lines.is_empty() { String::new() } else { format!("\n{file}: not covered:\n{}", lines.concat()) }
}
