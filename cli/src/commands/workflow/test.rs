//! `duet workflow test`: the cases beside definitions, and what none of them covers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use runner::{
    CaseResult, Kind, Report, Selection, SuiteError, Tested, junit, machine_name, read_definition, skeleton,
    test_folder,
};
use telemetry::{Code, exit_with};
use terminal::{Colour, Terminal, counted, print, print_drawn, print_json};

use super::run::{machine_flag, machines};

/// Flags of `duet workflow test`.
#[derive(Clone, Debug, Args)]
pub(crate) struct TestArgs {
    /// A folder with definitions `NAME.asl.json` (or `.asl.yaml`) and their cases `NAME.test.json`; or one definition.
    #[arg(value_name = "DIR|FILE")]
    place: PathBuf,
    /// Runs only the cases that have this in their name.
    #[arg(long, value_name = "TEXT")]
    filter: Option<String>,
    /// A further state machine, which tasks start by its name (startExecution), and the file of its definition.
    #[arg(long = "machine", value_name = "NAME=FILE", value_parser = machine_flag, conflicts_with = "init")]
    machines: Vec<(String, PathBuf)>,
    /// A folder whose folders are buckets (FOLDER/BUCKET/KEY): what Maps in distributed mode read. What a case writes goes elsewhere, is seen by
    /// that case, and is gone with it.
    #[arg(long, value_name = "FOLDER", conflicts_with = "init")]
    s3: Option<PathBuf>,
    /// Says only what failed.
    #[arg(long, short, conflicts_with = "json")]
    quiet: bool,
    /// Prints the result as JSON (`duet.workflow.test/1`).
    #[arg(long)]
    json: bool,
    /// Writes the result there as JUnit does, for CI systems.
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Writes the whole histories that cases expect (`Expect.History`) anew, where they differ.
    #[arg(long, conflicts_with = "init")]
    bless: bool,
    /// Writes a file of cases for one definition that has none: one for each way through its choices and catchers.
    #[arg(long, conflicts_with_all = ["filter", "json", "junit"])]
    init: bool,
    /// The longest that a case may take, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    within_s: u64,
}

/// Why there is no result.
#[derive(Debug, thiserror::Error)]
enum TestError {
    #[error(transparent)]
    Suite(#[from] SuiteError),
    #[error("--init wants one definition: {} is a folder", .0.display())]
    InitOfFolder(PathBuf),
    #[error("{} is there already: --init writes over nothing", .0.display())]
    Exists(PathBuf),
    #[error("{} cannot be written", .0.display())]
    Unwritable(PathBuf, #[source] std::io::Error),
}

impl TestError {
    /// Whether anything was looked at decides.
    fn code(&self) -> Code {
        match self {
            Self::Suite(SuiteError::Invalid { .. }) | Self::Unwritable(..) => Code::Failure,
            _ => Code::Usage,
        }
    }
}

/// Runs the command. Exit code 1 when a case fails.
pub(super) fn main(args: &TestArgs) -> ExitCode {
    let done = if args.init { init(&args.place) } else { test(args) };
    done.unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn test(args: &TestArgs) -> Result<ExitCode, TestError> {
    let selection = Selection {
        filter: args.filter.clone(),
        bless: args.bless,
        patience: Duration::from_secs(args.within_s),
        machines: machines(&args.machines)?,
        s3: args.s3.clone(),
    };
    let mut is_first = true;
    let report = test_folder(&args.place, &selection, &mut |tested| {
        if !args.json {
            show(tested, args.quiet, &mut is_first);
        }
    })?;
    if let Some(file) = &args.junit {
        std::fs::write(file, junit(&report)).map_err(|error| TestError::Unwritable(file.clone(), error))?;
    }
    if args.json {
        print_json(&format!("{:#}\n", report.to_json()));
    } else {
        conclude(&report, args.quiet);
    }
    Ok(if report.passed() { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// Writes cases to begin with.
fn init(file: &Path) -> Result<ExitCode, TestError> {
    if file.is_dir() {
        return Err(TestError::InitOfFolder(file.into()));
    }
    let definition = read_definition(file)?;
    let machine = machine_name(file);
    let cases = file.with_file_name(format!("{machine}.test.json"));
    if cases.exists() {
        return Err(TestError::Exists(cases));
    }
    let skeleton = skeleton(&definition, &machine);
    std::fs::write(&cases, format!("{skeleton:#}\n"))
        .map_err(|error| TestError::Unwritable(cases.clone(), error))?;
    let all = skeleton["Cases"].as_object().map_or(0, serde_json::Map::len);
    let to_do = skeleton["Cases"].as_object().into_iter().flatten();
    let to_do = to_do.filter(|(_, case)| case.get("Comment").is_some()).count();
    let more = if to_do == 0 { String::new() } else { format!(", {to_do} of them still to be filled in") };
    print(&format!("{}: {}{more}\n", cases.display(), counted(all as u64, "case")));
    Ok(ExitCode::SUCCESS)
}

/// What became of the cases of a definition.
fn show(tested: &Tested, quiet: bool, is_first: &mut bool) {
    let told: Vec<_> = tested.cases.iter().filter(|case| !quiet || !case.passed()).collect();
    if told.is_empty() {
        return;
    }
    let gap = if std::mem::take(is_first) { "" } else { "\n" };
    print(&format!("{gap}{}\n", tested.file.display()));
    for case in told {
        print_drawn(Terminal::stdout(), |terminal| shown(terminal, case));
    }
}

fn shown(terminal: Terminal, case: &CaseResult) -> String {
    let (colour, word) = if case.passed() { (Colour::Good, "ok  ") } else { (Colour::Bad, "FAIL") };
    let differences: Vec<_> = case.differences.iter().map(|line| format!("         {line}\n")).collect();
    let blessed = if case.is_blessed { " (its history was written)" } else { "" };
    format!("  {} {}{blessed}\n{}", terminal.paint(colour, word), case.name, differences.concat())
}

fn conclude(report: &Report, quiet: bool) {
    let is_whole = report.left_out == 0;
    if is_whole && !quiet {
        report.definitions.iter().for_each(|tested| print(&uncovered(tested)));
    }
    let (cases, failed) = (report.cases().count(), report.cases().filter(|case| !case.passed()).count());
    let covered: Vec<_> = Kind::ALL
        .iter()
        .filter_map(|kind| match report.covered(*kind) {
            (_, 0) => None,
            (covered, all) => Some(format!("{covered} of {all} {}", kind.plural())),
        })
        .collect();
    let told = match report.left_out {
        0 if covered.is_empty() => String::new(),
        0 => format!("; covered: {}", covered.join(", ")),
        left_out => format!("; {} left out", counted(left_out as u64, "case")),
    };
    let (colour, verdict) = match failed {
        0 => (Colour::Good, "passed".to_owned()),
        failed => (Colour::Bad, format!("{failed} failed")),
    };
    let gap = if quiet && failed == 0 { "" } else { "\n" };
    print_drawn(Terminal::stdout(), |terminal| {
        let (cases, verdict) = (counted(cases as u64, "case"), terminal.paint(colour, &verdict));
        format!("{gap}{cases}: {verdict}{told}\n")
    });
}

/// What no case of a definition came by; of one without cases, only that.
fn uncovered(tested: &Tested) -> String {
    let file = tested.file.display();
    if tested.cases.is_empty() {
        return format!(
            "\n{file} has no cases: duet workflow test --init {file} writes some to begin with\n"
        );
    }
    let lines: Vec<_> = tested.uncovered().map(|spot| format!("  {}\n", spot.name)).collect();
    if lines.is_empty() { String::new() } else { format!("\n{file}: not covered:\n{}", lines.concat()) }
}
