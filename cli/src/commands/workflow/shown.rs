//! A history as it happens: for people, for programs, to a file.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{BufWriter, IsTerminal as _, Write as _};
use std::path::PathBuf;

use runner::{Line, REGION, Run, Seen, Settings, duration};
use serde_json::{Value, json};
use terminal::{Colour, Progress, Terminal, counted, print, print_drawn, print_json};

/// Events that are shown one by one on a terminal, before it is only told how far it is; and those shown at the end.
const FIRST_SHOWN: u64 = 1_000;
const LAST_SHOWN: usize = 20;

/// Where a history goes.
pub(super) struct Where {
    /// As JSON to standard output.
    pub(super) json: bool,
    /// Nowhere but into the file.
    pub(super) quiet: bool,
    /// All of it, however long.
    pub(super) full: bool,
    /// Into that file, too.
    pub(super) file: Option<PathBuf>,
}

/// Shows a history as it happens. It holds no more than a few events of it.
pub(super) struct Shown {
    place: Where,
    start_ms: u64,
    terminal: Terminal,
    /// Characters of a line.
    width: Option<usize>,
    file: Option<BufWriter<File>>,
    /// The first failure to write to the file.
    unwritten: Option<std::io::Error>,
    progress: Option<Progress>,
    before: Option<Line>,
    /// Of a long history, the last events.
    last: VecDeque<Line>,
    seen: u64,
    cut: u64,
}

impl Shown {
    pub(super) fn new(place: Where, settings: &Settings) -> std::io::Result<Self> {
        let file = place.file.as_ref().map(File::create).transpose()?.map(BufWriter::new);
        let is_read = std::io::stdout().is_terminal() && !place.json && !place.quiet;
        let mut shown = Self {
            start_ms: settings.start_ms,
            terminal: Terminal::stdout(),
            width: if place.full { None } else { terminal::width() },
            file,
            unwritten: None,
            progress: None,
            before: None,
            last: VecDeque::new(),
            seen: 0,
            cut: 0,
            place,
        };
        if !is_read {
            shown.count();
        }
        Ok(shown)
    }

    /// From now on it is told how far it is.
    fn count(&mut self) {
        let mut progress = Progress::on_a_terminal();
        progress.begin("events");
        self.progress = Some(progress);
    }

    /// Takes the next event. Of the executions that this one starts only people are told: what is written is one history.
    pub(super) fn see(&mut self, Seen { execution, event, .. }: Seen<'_>) {
        self.seen += 1;
        let wants_json = self.place.json || self.file.is_some();
        if wants_json && execution.is_none() {
            let separator = if event.id == 1 { "{\"events\": [\n" } else { ",\n" };
            self.write(&format!("{separator}{}", event.to_json(REGION)));
        }
        if !self.place.json && !self.place.quiet {
            self.show(Line::of(event, execution, self.start_ms));
        }
        if let Some(progress) = &self.progress {
            progress.at(self.seen, None);
        }
    }

    /// JSON, wherever it is wanted.
    fn write(&mut self, json: &str) {
        if self.place.json {
            print_json(json);
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.write_all(json.as_bytes())
        {
            self.unwritten.get_or_insert(error);
        }
    }

    fn show(&mut self, line: Line) {
        let is_long = self.width.is_some() && self.seen > FIRST_SHOWN;
        if !is_long {
            self.print(line);
            return;
        }
        if self.progress.is_none() {
            print("             … (--full shows every event, --history FILE keeps them)\n");
            self.count();
        }
        self.last.push_back(line);
        if self.last.len() > LAST_SHOWN {
            self.last.pop_front();
        }
    }

    fn print(&mut self, line: Line) {
        let before = self.before.as_ref().filter(|_| self.width.is_some());
        let (head, (rest, is_cut)) = (line.head(before), line.rest(self.width));
        print_drawn(self.terminal, |terminal| {
            let kind = line.kind();
            let kind = if line.is_bad() { terminal.paint(Colour::Bad, kind) } else { kind.to_owned() };
            format!("{head}{kind}{rest}\n")
        });
        self.cut += u64::from(is_cut);
        self.before = Some(line);
    }

    /// The run has come to no end.
    pub(super) fn give_up(&mut self) {
        self.flush();
        if self.seen > 0 && (self.place.json || self.file.is_some()) {
            self.write("\n]}\n");
        }
    }

    /// The run has ended: what is left is shown, and the result is written behind the history, as `DescribeExecution` has it.
    pub(super) fn end(&mut self, settings: &Settings, input: &str, run: &Run) -> std::io::Result<()> {
        self.flush();
        if self.place.json || self.file.is_some() {
            let execution = execution(settings, input, run);
            self.write(&format!("\n],\n\"execution\": {execution:#}}}\n"));
        }
        if let Some(file) = &mut self.file
            && let Err(error) = file.flush()
        {
            self.unwritten.get_or_insert(error);
        }
        self.unwritten.take().map_or(Ok(()), Err)
    }

    fn flush(&mut self) {
        self.progress = None;
        for line in std::mem::take(&mut self.last) {
            self.print(line);
        }
    }

    /// How many lines were cut.
    pub(super) fn cut(&self) -> u64 {
        self.cut
    }
}

/// The result, as `DescribeExecution` has it.
fn execution(settings: &Settings, input: &str, run: &Run) -> Value {
    let (identity, ending) = (settings.identity(), &run.ending);
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
    execution
}

/// A point in time as AWS's JSON has it.
fn seconds(ms: u64) -> f64 {
    ms as f64 / 1000.0
}

/// How it ended, in a line.
pub(super) fn conclude(settings: &Settings, run: &Run) {
    let ending = &run.ending;
    let status = ending.status.name();
    let (colour, said) = match (&ending.output, &ending.error) {
        (Some(_), _) => (Colour::Good, String::new()),
        (None, error) => {
            let (error, cause) = (error.as_deref(), ending.cause.as_deref().unwrap_or_default());
            let separator = if cause.is_empty() { "" } else { ": " };
            (Colour::Bad, format!(": {}{separator}{cause}", error.unwrap_or("no error name")))
        }
    };
    let took = duration(ending.at_ms.saturating_sub(settings.start_ms));
    print_drawn(Terminal::stdout(), |terminal| {
        let status = terminal.paint(colour, status);
        format!("\n{status} after {}, {took}{said}\n", counted(run.events, "event"))
    });
}
