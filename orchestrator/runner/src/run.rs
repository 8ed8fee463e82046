//! Runs an execution to its end.

use std::time::Duration;

use asl::Definition;
use asl::resource::{Pattern, ResourceKind};
use engine::{
    Call, Effect, Ending, Execution, Fact, History, HistoryEvent, Identity, NoneRefused, Phase, Step,
    Stepped, Taken, TaskId, step,
};
use serde_json::{Value, json};
use thiserror::Error;
use tokio::time::Instant;

use crate::answer::{Answer, Answers, Asked, NoneLeft, Reply};
use crate::due::Due;
use crate::work::Work;

/// The account that ARNs name.
const ACCOUNT: &str = "123456789012";
/// The region that ARNs and events name.
pub const REGION: &str = "us-east-1";

/// How an execution is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What the state machine is called.
    pub machine: String,
    /// What the execution is called.
    pub execution: String,
    /// When it begins, in milliseconds since 1970.
    pub start_ms: u64,
    /// Whether time passes as it does outside. If not, it is noon as soon as nothing is left to do before noon, and functions take
    /// no time.
    pub real_time: bool,
    /// What jitter and the functions with randomness are computed from.
    pub seed: u64,
    /// Whether it is an Express execution, whose history has no limit.
    pub express: bool,
    /// Most facts that it is told.
    pub facts_max: u64,
    /// The longest that it may take outside.
    pub patience: Duration,
}

impl Settings {
    /// A run on virtual time that begins then.
    pub fn new(machine: impl Into<String>, execution: impl Into<String>, start_ms: u64) -> Self {
        Self {
            machine: machine.into(),
            execution: execution.into(),
            start_ms,
            real_time: false,
            seed: 0,
            express: false,
            facts_max: 1_000_000,
            patience: Duration::from_secs(600),
        }
    }

    /// What AWS would call the execution and its state machine.
    pub fn identity(&self) -> Identity {
        let Self { machine, execution, .. } = self;
        let states = |kind: &str| format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{machine}");
        let kind = if self.express { "express" } else { "execution" };
        Identity {
            execution_arn: format!("{}:{execution}", states(kind)),
            name: execution.clone(),
            machine_arn: states("stateMachine"),
            machine_name: machine.clone(),
            role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{machine}"),
            version_arn: None,
            alias_arn: None,
        }
    }
}

/// A run that has ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// How.
    pub ending: Ending,
    /// The ways that it took where there were several.
    pub taken: Vec<Taken>,
    /// How many events its history has.
    pub events: u64,
}

/// Why a run came to no end.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RunError {
    /// A call that nothing answers.
    #[error(
        "nothing answers the call of {called} by the state {state:?}: answer it with --mock (a file with \
         {{\"States\": {{\"{state}\": {{\"Return\": …}}}}}}) or with --function {called}=COMMAND"
    )]
    Unanswered {
        /// Which, by name.
        state: String,
        /// What it calls.
        called: String,
    },
    /// The call names no function.
    #[error(
        "the state {state:?} calls {resource}, and what it passes names no function: FunctionName is missing, or no string"
    )]
    Nameless {
        /// Which, by name.
        state: String,
        /// What it calls.
        resource: String,
    },
    /// There were fewer answers than calls.
    #[error(transparent)]
    NoneLeft(#[from] NoneLeft),
    /// Nothing can happen any more.
    #[error("the execution waits for something that never comes")]
    Stuck,
    /// It was told more than it may be.
    #[error("the execution does not end: it was told {0} facts")]
    TooLong(u64),
    /// It took too long.
    #[error("the execution has not ended within {} s", .0.as_secs())]
    TooSlow(Duration),
    /// The engine refuses to go on.
    #[error("the engine cannot go on")]
    Engine(#[from] engine::IllegalFact),
}

/// Runs an execution of a definition to its end. `see` is given each event of the history as it happens.
///
/// # Errors
/// [`RunError`] if it comes to no end. That it fails is an end, and no error.
pub fn run(
    definition: &Definition,
    input: Value,
    settings: &Settings,
    answers: &mut dyn Answers,
    see: &mut dyn FnMut(&HistoryEvent),
) -> Result<Run, RunError> {
    let start = Fact::Started {
        execution: settings.execution.clone(),
        input,
        seed: settings.seed,
        first_id: 1,
        identity: Some(Box::new(settings.identity())),
        express: settings.express,
    };
    let mut runner = Runner {
        definition,
        settings,
        answers,
        see,
        began: Instant::now(),
        now_ms: settings.start_ms,
        due: Due::default(),
        work: Work::new(),
        taken: Vec::new(),
    };
    runner.run(start)
}

struct Runner<'r> {
    definition: &'r Definition,
    settings: &'r Settings,
    answers: &'r mut dyn Answers,
    see: &'r mut dyn FnMut(&HistoryEvent),
    began: Instant,
    now_ms: u64,
    due: Due,
    work: Work<Call>,
    taken: Vec<Taken>,
}

impl Runner<'_> {
    fn run(&mut self, start: Fact) -> Result<Run, RunError> {
        let (mut execution, mut fact, mut told) = (None, start, 0);
        loop {
            told += 1;
            let after = self.tell(execution, fact)?;
            if let Phase::Ended(ending) = after.phase() {
                let (ending, taken) = (ending.clone(), std::mem::take(&mut self.taken));
                return Ok(Run { ending, taken, events: after.history_len() });
            }
            if told >= self.settings.facts_max {
                return Err(RunError::TooLong(told));
            }
            execution = Some(after);
            fact = self.next()?;
        }
    }

    fn tell(&mut self, execution: Option<Execution>, fact: Fact) -> Result<Execution, RunError> {
        let step = match step(self.definition, execution, fact, self.now_ms, &NoneRefused, History::Keep)? {
            Stepped::Stale(execution) => return Ok(*execution),
            Stepped::Advanced(step) => *step,
        };
        let Step { execution, effects, history, taken, .. } = step;
        history.iter().for_each(&mut *self.see);
        self.taken.extend(taken);
        for effect in effects {
            match effect {
                Effect::Call(call) => self.call(call)?,
                Effect::SetTimer { timer, at_ms } => self.due.timer(at_ms, timer),
                Effect::CancelTimer { timer } => self.due.cancel(timer),
                Effect::Finished { .. } => {}
            }
        }
        Ok(execution)
    }

    fn call(&mut self, call: Call) -> Result<(), RunError> {
        let (state, resource) = (call.state.to_string(), call.resource.to_string());
        let Some(asked) = Asked::of(&call) else {
            return Err(RunError::Unanswered { state, called: resource });
        };
        let reply = match self.answers.answer(&asked)? {
            Some(reply) => reply,
            // What nobody waits for need not be answered.
            None if !call.is_awaited => return Ok(()),
            None => {
                return Err(match asked.name() {
                    Some(called) => RunError::Unanswered { state, called },
                    None => RunError::Nameless { state, resource },
                });
            }
        };
        if call.is_awaited {
            self.begun(&asked, call.task);
        }
        match reply {
            Reply::After(after_ms, answer) => self.answered(&call, after_ms, answer),
            Reply::Work(job) if self.settings.real_time => self.work.begin(call, job),
            Reply::Work(job) => {
                let answer = job();
                self.answered(&call, 0, answer);
            }
        }
        Ok(())
    }

    /// Tells what comes before the answer, where AWS has events of it.
    fn begun(&mut self, asked: &Asked, task: TaskId) {
        if asked.resource.kind == ResourceKind::Activity {
            self.due.fact(self.now_ms, Fact::ActivityStarted { task, worker: None });
        } else if asked.pattern() != Pattern::RequestResponse {
            self.due.fact(self.now_ms, Fact::TaskSubmitted { task, output: json!({}) });
        }
    }

    fn answered(&mut self, call: &Call, after_ms: u64, answer: Answer) {
        if !call.is_awaited {
            return;
        }
        let task = call.task;
        let fact = match answer {
            Answer::Result(output) => Fact::TaskSucceeded { task, output },
            Answer::Returned(output) => Fact::FunctionReturned { task, output },
            Answer::Failed { error, cause } => Fact::TaskFailed { task, error, cause },
        };
        self.due.fact(self.now_ms + after_ms, fact);
    }

    /// The next fact, once it is its time.
    fn next(&mut self) -> Result<Fact, RunError> {
        loop {
            let left = self.settings.patience.checked_sub(self.began.elapsed());
            let left = left.ok_or(RunError::TooSlow(self.settings.patience))?;
            let next_ms = self.due.next_ms();
            if self.settings.real_time {
                self.now_ms = self.settings.start_ms + self.began.elapsed().as_millis() as u64;
            } else if let Some(next_ms) = next_ms {
                self.now_ms = self.now_ms.max(next_ms);
            }
            if next_ms.is_some_and(|next_ms| next_ms <= self.now_ms)
                && let Some((_, fact)) = self.due.pop()
            {
                return Ok(fact);
            }
            if next_ms.is_none() && self.work.is_idle() {
                return Err(RunError::Stuck);
            }
            let until_next = next_ms.map(|next_ms| Duration::from_millis(next_ms - self.now_ms));
            if let Some((call, answer)) = self.work.next(until_next.unwrap_or(left).min(left)) {
                self.answered(&call, 0, answer);
            }
        }
    }
}
