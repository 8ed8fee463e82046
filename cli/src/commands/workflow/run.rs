//! `duet workflow run`: an execution of a definition, at once and without servers.

use std::io::{IsTerminal as _, Read as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use engine::{Ending, Status};
use participant::{Clock as _, SystemClock};
use runner::{
    Function, Functions, Layers, Machine, MockError, NoSuchTask, REGION, RunError, Seen, Settings,
    SuiteError, line, machine_name, read_definition, read_mocks, run_all,
};
use serde_json::{Value, json};
use telemetry::{Code, exit_with};
use terminal::{Colour, Progress, Terminal, counted, print, print_drawn, print_json};

/// Longest line of the history, in characters.
const LINE_CHARS_MAX: usize = 160;

/// Flags of `duet workflow run`.
#[derive(Clone, Debug, Args)]
pub(crate) struct RunArgs {
    /// The definition: a file in the Amazon States Language.
    file: PathBuf,
    /// What goes in: JSON, `@FILE`, or `-` for standard input.
    #[arg(long, value_name = "JSON|@FILE|-", default_value = "{}")]
    input: String,
    /// A file that says how calls are answered, by state or by function; or a mock configuration file of Step Functions Local.
    #[arg(long, value_name = "FILE")]
    mock: Option<PathBuf>,
    /// The test case of a mock configuration file; not needed if it has one only.
    #[arg(long, value_name = "NAME", requires = "mock")]
    case: Option<String>,
    /// What a function is: a program that is given JSON on standard input and answers on standard output, or a URL to post to.
    #[arg(long = "function", value_name = "NAME=COMMAND|URL")]
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
    /// Prints the history as AWS's GetExecutionHistory has it, with the result beside it.
    #[arg(long)]
    json: bool,
}

/// Why there is no execution, or no end of one.
#[derive(Debug, thiserror::Error)]
enum RunCommandError {
    #[error("--input cannot be read: {0}")]
    Input(String, #[source] std::io::Error),
    #[error("--input: {0} is no JSON")]
    NoJson(String, #[source] serde_json::Error),
    #[error(transparent)]
    Definition(#[from] SuiteError),
    #[error(transparent)]
    Mocks(#[from] MockError),
    #[error("--mock")]
    NoSuchTask(#[from] NoSuchTask),
    #[error("the operating system gives no threads")]
    Threads(#[source] std::io::Error),
    #[error(transparent)]
    Run(#[from] RunError),
}

impl RunCommandError {
    fn code(&self) -> Code {
        match self {
            Self::Input(..) | Self::NoJson(..) => Code::Usage,
            _ => Code::Failure,
        }
    }
}

/// Runs the command. Exit code 1 when the execution fails.
pub(super) fn main(args: &RunArgs) -> ExitCode {
    execute(args).unwrap_or_else(|error| exit_with(&error, error.code()))
}

fn execute(args: &RunArgs) -> Result<ExitCode, RunCommandError> {
    let input = input(&args.input)?;
    let definition = read_definition(&args.file)?;
    let machine = machine_name(&args.file);
    let mut answers = Layers::default();
    if let Some(file) = &args.mock {
        let mocks = read_mocks(file, &machine, args.case.as_deref())?;
        mocks.check(&definition)?;
        answers = answers.and(mocks);
    }
    let patience = Duration::from_secs(args.function_timeout_s);
    answers = answers.and(Functions::new(&args.functions, patience).map_err(RunCommandError::Threads)?);
    let further = |(name, file): &(String, PathBuf)| {
        read_definition(file).map(|definition| Machine { name: name.clone(), definition })
    };
    let settings = Settings {
        machines: args.machines.iter().map(further).collect::<Result<_, _>>()?,
        s3: args.s3.clone(),
        real_time: args.real_time,
        seed: args.seed,
        express: args.express,
        patience: Duration::from_secs(args.within_s),
        ..Settings::new(machine, "run", u64::try_from(SystemClock.now()).unwrap_or_default())
    };
    let mut shown = Shown::new(args.json, settings.start_ms);
    let given = args.json.then(|| input.to_string());
    let run = run_all(&definition, input, &settings, &mut answers, &mut |seen| shown.see(seen))?;
    drop(shown.progress.take());
    match given {
        Some(input) => print_json(&format!("{:#}\n", shown.json(&settings, &input, &run.ending))),
        None => conclude(&run.ending, run.events),
    }
    Ok(if run.ending.status == Status::Succeeded { ExitCode::SUCCESS } else { Code::Failure.into() })
}

/// `NAME=FILE`
fn machine_flag(text: &str) -> Result<(String, PathBuf), String> {
    match text.split_once('=') {
        Some((name, file)) if !name.is_empty() && !file.is_empty() => Ok((name.to_owned(), file.into())),
        _ => Err(format!("found {text:?}, expected NAME=FILE")),
    }
}

fn input(given: &str) -> Result<Value, RunCommandError> {
    let unreadable = |error| RunCommandError::Input(given.to_owned(), error);
    let text = match given.strip_prefix('@') {
        Some(file) => std::fs::read_to_string(file).map_err(unreadable)?,
        None if given == "-" => {
            let mut text = String::new();
            std::io::stdin().read_to_string(&mut text).map_err(unreadable)?;
            text
        }
        None => given.to_owned(),
    };
    let beginning = || given.chars().take(80).collect();
    serde_json::from_str(&text).map_err(|error| RunCommandError::NoJson(beginning(), error))
}

/// Shows a history as it happens: its lines where somebody reads them, else how far it is.
struct Shown {
    start_ms: u64,
    /// The events, if they are printed as JSON at the end.
    events: Option<Vec<Value>>,
    progress: Option<Progress>,
}

impl Shown {
    fn new(json: bool, start_ms: u64) -> Self {
        let is_read = !json && std::io::stdout().is_terminal();
        let progress = (!is_read).then(|| {
            let mut progress = Progress::on_a_terminal();
            progress.begin("events");
            progress
        });
        Self { start_ms, events: json.then(Vec::new), progress }
    }

    fn see(&mut self, Seen { execution, event }: Seen<'_>) {
        match (&mut self.events, execution) {
            (Some(events), None) => events.push(event.to_json(REGION)),
            // The history that is printed as JSON is that of one execution.
            (Some(_), Some(_)) => {}
            (None, None) => print(&format!("{}\n", line(event, self.start_ms, LINE_CHARS_MAX))),
            (None, Some(name)) => {
                print(&format!("{}  [{name}]\n", line(event, self.start_ms, LINE_CHARS_MAX)));
            }
        }
        if let (Some(progress), None) = (&self.progress, execution) {
            progress.at(event.id, None);
        }
    }

    /// The history as `GetExecutionHistory` has it, and the result as `DescribeExecution`.
    fn json(&mut self, settings: &Settings, input: &str, ending: &Ending) -> Value {
        let identity = settings.identity();
        let mut execution = json!({
            "executionArn": identity.execution_arn, "stateMachineArn": identity.machine_arn,
            "name": identity.name, "status": ending.status.name(),
            "startDate": seconds(settings.start_ms), "stopDate": seconds(ending.at_ms), "input": input,
        });
        let output = ending.output.as_ref().map(Value::to_string);
        for (name, text) in
            [("output", output.as_ref()), ("error", ending.error.as_ref()), ("cause", ending.cause.as_ref())]
        {
            if let Some(text) = text {
                execution[name] = text.as_str().into();
            }
        }
        json!({"events": self.events.take().unwrap_or_default(), "execution": execution})
    }
}

/// A point in time as AWS's JSON has it.
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

fn conclude(ending: &Ending, events: u64) {
    let status = ending.status.name();
    let (colour, said) = match (&ending.output, &ending.error) {
        (Some(_), _) => (Colour::Good, String::new()),
        (None, error) => {
            let (error, cause) = (error.as_deref(), ending.cause.as_deref().unwrap_or_default());
            let separator = if cause.is_empty() { "" } else { ": " };
            (Colour::Bad, format!(": {}{separator}{cause}", error.unwrap_or("no error name")))
        }
    };
    print_drawn(Terminal::stdout(), |terminal| {
        format!("\n{} after {}{said}\n", terminal.paint(colour, status), counted(events, "event"))
    });
    if let Some(output) = &ending.output {
        print_json(&format!("{output:#}\n"));
    }
}
