//! Runs an execution to its end.

use std::ops::ControlFlow;
use std::time::Duration;

use asl::Definition;
use engine::{
    Call, Effect, Ending, Execution, Fact, HistoryEvent, Identity, NoneRefused, Phase, Status, Step, Stepped,
    Taken, step_seen,
};
use serde_json::Value;
use thiserror::Error;
use tokio::time::Instant;

use crate::answer::{Answers, NoneLeft, Reply};
use crate::asked::{Answer, Asked};
use crate::course::Course;
use crate::doing;
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
    #[error("the execution has not ended within {} s: {doing}", .patience.as_secs_f64())]
    TooSlow {
        /// How long it might take.
        patience: Duration,
        /// What was going on.
        doing: String,
    },
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
            fact = self.next(&after)?;
            execution = Some(after);
        }
    }

    fn tell(&mut self, execution: Option<Execution>, fact: Fact) -> Result<Execution, RunError> {
        let beat = if let Fact::TaskHeartbeat { task } = &fact { Some(*task) } else { None };
        let (see, began, patience) = (&mut *self.see, self.began, self.settings.patience);
        let mut last = None;
        let mut look = |event: HistoryEvent| {
            see(&event);
            if began.elapsed() < patience {
                return ControlFlow::Continue(());
            }
            last = last.take().or(Some(event));
            ControlFlow::Break(())
        };
        let stepped = step_seen(self.definition, execution, fact, self.now_ms, &NoneRefused, &mut look)?;
        let step = match stepped {
            Stepped::Stale(execution) => return Ok(*execution),
            Stepped::Advanced(step) => *step,
        };
        let Step { execution, effects, taken, .. } = step;
        if let Some(last) = last
            && !matches!(execution.phase(), Phase::Ended(Ending { status: Status::Succeeded, .. }))
        {
            return Err(RunError::TooSlow { patience, doing: doing::at(&last) });
        }
        self.taken.extend(taken);
        for effect in effects {
            match effect {
                Effect::Call(call) => self.call(call)?,
                Effect::SetTimer { timer, at_ms } => self.due.timer(at_ms, timer),
                Effect::CancelTimer { timer } => self.due.cancel(timer),
                Effect::Finished { .. } => {}
            }
        }
        if let Some(task) = beat {
            self.due.beat_again(self.now_ms, task);
        }
        if !self.work.is_idle() {
            let awaited = execution.pending_tasks();
            self.work.keep(|call| !call.is_awaited || awaited.contains(&call.task));
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
        match reply {
            Reply::Told(course) => self.told(&call, &asked, course),
            Reply::Work(job) => {
                self.told(&call, &asked, Course::never());
                self.work.begin(call, job);
                if !self.settings.real_time {
                    self.work_is_done()?;
                }
            }
        }
        Ok(())
    }

    /// What a call is told over time: all of it is due, if anybody waits.
    fn told(&mut self, call: &Call, asked: &Asked, course: Course) {
        if !call.is_awaited {
            return;
        }
        let (task, now_ms) = (call.task, self.now_ms);
        if let Some(fact) = course.begun(asked, task) {
            self.due.fact(now_ms, fact);
        }
        let end_ms = course.end.as_ref().map_or(u64::MAX, |(after_ms, _)| now_ms + after_ms);
        if let Some(every_ms) = course.beat_ms {
            self.due.beats(now_ms, task, every_ms, end_ms);
        }
        if let Some((_, answer)) = course.end {
            self.due.fact(end_ms, answer.fact(task));
        }
    }

    /// Waits for the work at hand, which takes no time on the execution's clock.
    fn work_is_done(&mut self) -> Result<(), RunError> {
        let patience = self.settings.patience;
        let left = patience.saturating_sub(self.began.elapsed());
        match self.work.next(left) {
            Some((call, answer)) => {
                self.answered(&call, answer);
                Ok(())
            }
            None => {
                let doing = self.work.whose().next().map_or_else(String::new, doing::call);
                Err(RunError::TooSlow { patience, doing })
            }
        }
    }

    fn answered(&mut self, call: &Call, answer: Answer) {
        if call.is_awaited {
            self.due.fact(self.now_ms, answer.fact(call.task));
        }
    }

    /// The next fact, once it is its time.
    fn next(&mut self, execution: &Execution) -> Result<Fact, RunError> {
        let patience = self.settings.patience;
        loop {
            let left = patience.checked_sub(self.began.elapsed()).ok_or_else(|| {
                let doing = doing::all(execution, self.work.whose(), self.now_ms);
                RunError::TooSlow { patience, doing }
            })?;
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
                self.answered(&call, answer);
            }
        }
    }
}
