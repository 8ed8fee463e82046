//! `duet workflow run`: an execution of a definition, at once and without servers.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use engine::Status;
use participant::{Clock as _, SystemClock};
use runner::{
    Function, Functions, Layers, Machine, MockError, NoSuchFunction, NoSuchTask, Run, RunError, Settings,
    SourceError, SuiteError, check_called, machine_name, read_definition, read_mocks, read_text, run_all,
};
use serde_json::Value;
use telemetry::{Code, exit_with};
use terminal::{print, print_json};

use super::shown::{Shown, Where, conclude};

/// Flags of `duet workflow run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// The definition: a file in the Amazon States Language, in JSON or YAML; `-` is standard input.
    file: PathBuf,
    /// What goes in: JSON, `@FILE`, or `-` for standard input.
    #[arg(long, short, value_name = "JSON|@FILE|-", default_value = "{}")]
    input: String,
    /// A file that says how calls are answered, by state or by function; or a mock configuration file of Step Functions Local.
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// The test case of a mock configuration file; not needed if it has one only.
    #[arg(long, value_name = "NAME", requires = "mock")]
    case: Option<String>,
    /// What a function is: a program that is given JSON on standard input and answers on standard output, a program for Lambda (lambda:COMMAND), which
    /// asks the Lambda runtime API, or a URL to post to.
    #[arg(long = "function", value_name = "NAME=COMMAND|lambda:COMMAND|URL")]
    functions: Vec<Function>,
    /// A further state machine, which tasks start by its name (startExecution), and the file of its definition.
    #[arg(long = "machine", value_name = "NAME=FILE", value_parser = machine_flag)]
    machines: Vec<(String, PathBuf)>,
    /// A folder whose folders are buckets (FOLDER/BUCKET/KEY): what Maps in distributed mode read, and where they write.
    #[arg(long, value_name = "FOLDER")]
    s3: Option<PathBuf>,
    /// The longest that a function may take, in seconds.
    #[arg(long, value_name = "S", default_value_t = 60, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    function_timeout_s: u64,
    /// Lets time pass as it does outside. Without it, a Wait takes no time, and a call none on the execution's clock.
    #[arg(long)]
    real_time: bool,
    /// The longest that all may take, in seconds.
    #[arg(long, value_name = "S", default_value_t = 600, value_parser = clap::value_parser!(u64).range(1..=31_536_000))]
    within_s: u64,
    /// Runs it as an Express execution, whose history has no limit.
    #[arg(long)]
    express: bool,
    /// What jitter and the functions with randomness are computed from.
    #[arg(long, value_name = "N", default_value_t = 0)]
    seed: u64,
    /// Shows data as long as it is, and a history however long.
    #[arg(long)]
    full: bool,
    /// Shows nothing but the output.
    #[arg(long, short, conflicts_with_all = ["json", "full"])]
    quiet: bool,
    /// Prints the history as AWS's GetExecutionHistory has it, with the result beside it.
    #[arg(long)]
    json: bool,
    /// Writes the same there.
    #[arg(long, value_name = "FILE")]
    history: Option<PathBuf>,
    /// Writes the output there, as JSON.
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Why there is no execution, or no end of one.
#[derive(Debug, thiserror::Error)]
enum RunCommandError {
    #[error("--input")]
    Input(#[source] SourceError),
    #[error("--input: {0} is no JSON")]
    NoJson(String, #[source] serde_json::Error),
    #[error("the definition and --input cannot both be standard input")]
    BothStdin,
    #[error(transparent)]
    Definition(#[from] SuiteError),
    #[error("--mock")]
    Mocks(#[from] MockError),
    #[error("--mock")]
    NoSuchTask(#[from] NoSuchTask),
    #[error("{0} cannot be written")]
    Unwritable(String, #[source] std::io::Error),
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
    #[error("interrupted: the execution has not ended")]
    Interrupted,
    #[error(transparent)]
    Run(#[from] RunError),
}

impl RunCommandError {
    /// Whether anything was run decides.
    fn code(&self) -> Code {
        match self {
            Self::Definition(SuiteError::Invalid { .. }) | Self::Run(_) | Self::Threads(_) => Code::Failure,
            Self::Interrupted => Code::Interrupted,
            Self::Unwritable(..) => Code::Failure,
            _ => Code::Usage,
        }
    }
}

/// Runs the command. Exit code 1 when the execution fails.
pub(super) fn main(args: &RunArgs) -> ExitCode {
    execute(args).unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn execute(args: &RunArgs) -> Result<ExitCode, RunCommandError> {
    if args.file == Path::new("-") && args.input == "-" {
        return Err(RunCommandError::BothStdin);
    }
    let input = input(&args.input)?;
    let definition = read_definition(&args.file)?;
    let machine = machine_name(&args.file);
    let machines = machines(&args.machines)?;
    let mut answers = Layers::default();
    let warn = |problem: Result<(), NoSuchFunction>| {
        if let Err(problem) = problem {
            telemetry::tell(format_args!("warning: {problem}"));
        }
    };
    if let Some(file) = &args.mock {
        let mocks = read_mocks(file, &machine, args.case.as_deref())?;
        mocks.check(&definition, &machines)?;
        warn(mocks.check_functions(&definition, &machines));
        answers = answers.and(mocks);
    }
    warn(check_called(&definition, &machines, args.functions.iter().map(|function| function.name.as_str())));
    let patience = Duration::from_secs(args.function_timeout_s);
    let functions = Functions::new(&args.functions, patience).map_err(RunCommandError::Threads)?;
    let working = functions.working();
    answers = answers.and(functions);
    let settings = Settings {
        machines,
        s3: args.s3.clone(),
        real_time: args.real_time,
        seed: args.seed,
        express: args.express,
        patience: Duration::from_secs(args.within_s),
        ..Settings::new(machine, "run", u64::try_from(SystemClock.now()).unwrap_or_default())
    };
    let place = Where { json: args.json, quiet: args.quiet, full: args.full, file: args.history.clone() };
    let unwritable = |file: &Path| {
        let file = file.display().to_string();
        move |error| RunCommandError::Unwritable(file, error)
    };
    let mut shown = Shown::new(place, &settings)
        .map_err(unwritable(args.history.as_deref().unwrap_or(Path::new("the history"))))?;
    let given = input.to_string();
    let (ran, mut shown) = interruptible(move || {
        let ran = run_all(&definition, input, &settings, &mut answers, &mut |seen| shown.see(seen));
        drop(answers);
        (ran.map(|run| (run, settings)), shown)
    })
    .ok_or_else(|| {
        working.end();
        RunCommandError::Interrupted
    })?;
    let (run, settings) = match ran {
        Ok(ran) => ran,
        Err(error) => {
            shown.give_up();
            return Err(error.into());
        }
    };
    let is_written = shown.end(&settings, &given, &run);
    is_written.map_err(unwritable(args.history.as_deref().unwrap_or(Path::new("the history"))))?;
    if let (Some(file), Some(output)) = (&args.output, &run.ending.output) {
        std::fs::write(file, format!("{output:#}\n")).map_err(unwritable(file))?;
    }
    tell_end(args, &settings, &run, shown.cut());
    Ok(if run.ending.status == Status::Succeeded { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// The state machines that tasks can start.
pub(super) fn machines(named: &[(String, PathBuf)]) -> Result<Vec<Machine>, SuiteError> {
    let read = |(name, file): &(String, PathBuf)| {
        read_definition(file).map(|definition| Machine { name: name.clone(), definition })
    };
    named.iter().map(read).collect()
}

/// `NAME=FILE`
pub(super) fn machine_flag(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err(format!("found {text:?}, expected NAME=FILE")),
    }
}

/// Says how it ended, where that is not part of the JSON.
fn tell_end(args: &RunArgs, settings: &Settings, run: &Run, cut: u64) {
    if args.json {
        return;
    }
    if !args.quiet {
        conclude(settings, run);
        if cut > 0 {
            print(&format!("({} cut: --full shows all)\n", terminal::counted(cut, "line")));
        }
    } else if run.ending.status != Status::Succeeded {
        let (error, cause) = (run.ending.error.as_deref(), run.ending.cause.as_deref());
        telemetry::tell(format_args!(
            "{}: {}: {}",
            run.ending.status.name(),
            error.unwrap_or("no error name"),
            cause.unwrap_or("no cause")
        ));
    }
    if let Some(output) = run.ending.output.as_ref().filter(|_| args.output.is_none()) {
        print_json(&format!("{output:#}\n"));
    }
}

/// Does the work on a thread of its own, and hears meanwhile whether it is to be interrupted: then there is no result.
fn interruptible<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, done) = tokio::sync::oneshot::channel();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().ok()?;
    runtime.block_on(async {
        let interrupted = daemon::on_signals();
        std::thread::spawn(move || drop(sender.send(work())));
        let interrupted = async {
            match interrupted {
                Ok(interrupted) => interrupted.requested().await,
                // Then the system ends this process as it does any other.
                Err(_) => std::future::pending().await,
            }
        };
        tokio::select! {
            done = done => done.ok(),
            () = interrupted => None,
        }
    })
}

fn input(given: &str) -> Result<Value, RunCommandError> {
    let text = match given.strip_prefix('@') {
        Some(file) => read_text(Path::new(file)).map_err(RunCommandError::Input)?,
        None if given == "-" => read_text(Path::new("-")).map_err(RunCommandError::Input)?,
        None => given.to_owned(),
    };
    let beginning = || given.chars().take(80).collect();
    serde_json::from_str(&text).map_err(|error| RunCommandError::NoJson(beginning(), error))
}
