//! Executions on one clock: the one that is run, and those that it starts.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

use asl::Definition;
use engine::{
    Call, Effect, Ending, Execution, Fact, Frame, HistoryEvent, MapRunId, NoneRefused, Phase, Status, Step,
    Stepped, Taken, TaskId, step_seen,
};
use items::{Buckets, Folder};
use tokio::time::Instant;

use crate::answer::{Answers, Reply};
use crate::asked::{Answer, Asked};
use crate::course::Course;
use crate::doing;
use crate::due::Due;
use crate::map_files::MapFiles;
use crate::outcome::{Run, RunError, Seen};
use crate::parent::Parent;
use crate::scratch::Scratch;
use crate::settings::Settings;
use crate::work::Work;

/// Most facts that are told to executions that nobody waits for, once the one that is run has ended.
const DRAINED_FACTS_MAX: u64 = 100_000;

/// Executions on one clock.
pub(crate) struct World<'r> {
    pub(crate) settings: &'r Settings,
    pub(crate) machines: BTreeMap<&'r str, &'r Definition>,
    pub(crate) answers: &'r mut dyn Answers,
    see: &'r mut dyn FnMut(Seen<'_>),
    began: Instant,
    pub(crate) now_ms: u64,
    pub(crate) due: Due,
    work: Work<(Arc<str>, Call)>,
    taken: Vec<Taken>,
    /// The one that is run.
    pub(crate) root: Arc<str>,
    /// Those that have not ended, by id.
    pub(crate) hosted: HashMap<Arc<str>, Hosted<'r>>,
    /// What Map runs read and write.
    pub(crate) files: HashMap<(Arc<str>, MapRunId), MapFiles>,
    pub(crate) buckets: Option<Arc<dyn Buckets>>,
    /// How many executions tasks have started, and which.
    pub(crate) started: u64,
    pub(crate) names: HashSet<Arc<str>>,
}

/// An execution that has not ended.
pub(crate) struct Hosted<'r> {
    pub(crate) definition: &'r Definition,
    pub(crate) execution: Option<Execution>,
    /// What it is called, unless it is the one that is run.
    pub(crate) name: Option<String>,
    /// Who waits for it.
    pub(crate) parent: Option<Parent>,
    /// Whether it is the one that is run, or one of those that its Maps start.
    pub(crate) is_part: bool,
    /// The executions that its tasks wait for.
    pub(crate) awaited: BTreeMap<TaskId, Arc<str>>,
    told: u64,
}

impl<'r> Hosted<'r> {
    pub(crate) fn new(
        definition: &'r Definition,
        name: Option<String>,
        parent: Option<Parent>,
        is_part: bool,
    ) -> Self {
        Self { definition, execution: None, name, parent, is_part, awaited: BTreeMap::new(), told: 0 }
    }
}

impl<'r> World<'r> {
    pub(crate) fn new(
        definition: &'r Definition,
        settings: &'r Settings,
        answers: &'r mut dyn Answers,
        see: &'r mut dyn FnMut(Seen<'_>),
    ) -> Self {
        let mut machines: BTreeMap<_, _> =
            settings.machines.iter().map(|machine| (&*machine.name, &machine.definition)).collect();
        machines.insert(&settings.machine, definition);
        let root: Arc<str> = settings.execution.as_str().into();
        let hosted = [(Arc::clone(&root), Hosted::new(definition, None, None, true))].into();
        Self {
            settings,
            machines,
            answers,
            see,
            began: Instant::now(),
            now_ms: settings.start_ms,
            due: Due::default(),
            work: Work::new(),
            taken: Vec::new(),
            root,
            hosted,
            files: HashMap::new(),
            buckets: settings.s3.as_ref().map(|folder| -> Arc<dyn Buckets> {
                let folder = Folder::new(folder.clone());
                if settings.keeps_written { Arc::new(folder) } else { Arc::new(Scratch::over(folder)) }
            }),
            started: 0,
            names: HashSet::new(),
        }
    }

    /// Runs all to their ends; what the one came to that is run.
    pub(crate) fn run(mut self, start: Fact) -> Result<Run, RunError> {
        let root = Arc::clone(&self.root);
        self.due.fact(self.now_ms, &root, start);
        let mut ended = None;
        while ended.is_none() {
            let (to, fact) = self.next()?;
            ended = self.tell(&to, fact)?.filter(|_| to == root);
        }
        let (ending, events) = ended.ok_or(RunError::Stuck)?;
        // What it started and does not wait for goes on, as long as time costs nothing and something happens; but it may go on for
        // ever, and what becomes of it changes nothing.
        let mut left = DRAINED_FACTS_MAX;
        while !self.settings.real_time && self.due.next_ms().is_some() && left > 0 {
            let Ok((to, fact)) = self.next() else { break };
            if self.tell(&to, fact).is_err() {
                break;
            }
            left -= 1;
        }
        Ok(Run { ending, taken: self.taken, events })
    }

    /// Tells an execution a fact. How it ended, if it did, and how many events its history has.
    fn tell(&mut self, to: &Arc<str>, fact: Fact) -> Result<Option<(Ending, u64)>, RunError> {
        // What is late is stale.
        let Some(hosted) = self.hosted.get_mut(to) else { return Ok(None) };
        hosted.told += u64::from(!matches!(fact, Fact::MapRun { .. }));
        if hosted.told > self.settings.facts_max {
            return Err(RunError::TooLong(self.settings.facts_max));
        }
        let beat = if let Fact::TaskHeartbeat { task } = &fact { Some(*task) } else { None };
        let (name, is_part) = (hosted.name.as_deref(), hosted.is_part);
        let (see, began, patience) = (&mut *self.see, self.began, self.settings.patience);
        let mut last = None;
        let mut look = |event: HistoryEvent| {
            see(Seen { execution: name, is_part, event: &event });
            if began.elapsed() < patience {
                return ControlFlow::Continue(());
            }
            last = last.take().or(Some(event));
            ControlFlow::Break(())
        };
        let (before, about) = (hosted.execution.take(), fact.task());
        let stepped = step_seen(hosted.definition, before, fact, self.now_ms, &NoneRefused, &mut look)?;
        let step = match stepped {
            Stepped::Stale(same) => {
                hosted.execution = Some(*same);
                return Ok(None);
            }
            Stepped::Advanced(step) => *step,
        };
        let Step { execution, effects, taken, given_up, .. } = step;
        if let Some(last) = last
            && execution.status() != Status::Succeeded
        {
            return Err(RunError::TooSlow { patience, doing: doing::at(&last) });
        }
        let ended = match execution.phase() {
            Phase::Ended(ending) => Some((Ending::clone(ending), execution.history_len())),
            Phase::Running(_) => None,
        };
        hosted.execution = Some(execution);
        self.taken.extend(taken.into_iter().filter(|_| is_part));
        for effect in effects {
            self.bring_about(to, effect)?;
        }
        if let Some(task) = beat {
            self.due.beat_again(self.now_ms, to, task);
        }
        self.stop_abandoned(to, &given_up)?;
        let answered = about.filter(|task| self.awaiting(to, *task).is_none());
        self.stop_work(to, &given_up.iter().map(|it| it.task).chain(answered).collect());
        if let Some((ending, _)) = &ended
            && let Some(hosted) = self.hosted.remove(to)
        {
            self.ended(hosted, ending)?;
        }
        Ok(ended)
    }

    fn bring_about(&mut self, of: &Arc<str>, effect: Effect) -> Result<(), RunError> {
        match effect {
            Effect::Call(call) => self.call(of, call)?,
            Effect::SetTimer { timer, at_ms } => self.due.timer(at_ms, of, timer),
            Effect::CancelTimer { timer } => self.due.cancel(of, timer),
            Effect::StartChild(child) => self.start_child(of, *child),
            Effect::StopChildren { executions, .. } => {
                executions.into_iter().try_for_each(|id| self.stop(&id.into()))?;
            }
            Effect::ReadItems(asked) => self.read_items(of, &asked)?,
            Effect::WriteResults(asked) => self.write_results(of, &asked)?,
            Effect::MapRunEnded(run) => drop(self.files.remove(&(Arc::clone(of), run.id))),
            // Nothing that is run here is redriven.
            Effect::MapRunBegan { .. } | Effect::RedriveChild(_) | Effect::Finished { .. } => {}
        }
        Ok(())
    }

    /// Stops an execution, if it has not ended.
    pub(crate) fn stop(&mut self, id: &Arc<str>) -> Result<(), RunError> {
        match self.hosted.get(id).map(|hosted| hosted.execution.is_some()) {
            Some(true) => self.due.fact(self.now_ms, id, Fact::Stopped { error: None, cause: None }),
            // It was to begin, and now it is not.
            Some(false) => {
                // A Map waits for the end of each child that it has asked for.
                let hosted = self.hosted.remove(id);
                if let Some(Hosted { parent: Some(Parent::Map { execution, run, index, child }), .. }) =
                    hosted
                {
                    let (status, at_ms) = (Status::Aborted, self.now_ms);
                    let (output, error, cause, unfinished) = (None, None, None, None);
                    let ending = Ending { status, at_ms, output, error, cause, unfinished };
                    self.child_ended((execution, run, index), *child, at_ms, &ending)?;
                }
            }
            None => {}
        }
        Ok(())
    }

    fn call(&mut self, of: &Arc<str>, call: Call) -> Result<(), RunError> {
        let (state, resource) = (call.state.to_string(), call.resource.to_string());
        let Some(asked) = Asked::of(&call) else {
            return Err(RunError::Unanswered { state, called: resource });
        };
        let reply = match self.answers.answer(&asked)? {
            Some(reply) => reply,
            None if self.is_answered_here(of, &call, &asked)? => return Ok(()),
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
            Reply::Told(course) => self.told(of, &call, &asked, course),
            Reply::Work(job) => {
                self.told(of, &call, &asked, Course::never());
                self.work.begin((Arc::clone(of), call), job);
                if !self.settings.real_time {
                    self.work_is_done()?;
                }
            }
        }
        Ok(())
    }

    /// What a call is told over time: all of it is due, if anybody waits.
    fn told(&mut self, of: &Arc<str>, call: &Call, asked: &Asked, course: Course) {
        if !call.is_awaited {
            return;
        }
        let (task, now_ms) = (call.task, self.now_ms);
        if let Some(fact) = course.begun(asked, task) {
            self.due.fact(now_ms, of, fact);
        }
        let end_ms = course.end.as_ref().map_or(u64::MAX, |(after_ms, _)| now_ms + after_ms);
        if let Some(every_ms) = course.beat_ms {
            self.due.beats(now_ms, of, task, (every_ms, end_ms));
        }
        if let Some((_, answer)) = course.end {
            self.due.fact(end_ms, of, answer.fact(task));
        }
    }

    /// Waits for the work at hand, which takes no time on the execution's clock.
    fn work_is_done(&mut self) -> Result<(), RunError> {
        let patience = self.settings.patience;
        let left = patience.saturating_sub(self.began.elapsed());
        match self.work.next(left) {
            Some(((of, call), answer)) => {
                self.answered(&of, &call, answer);
                Ok(())
            }
            None => {
                let doing = self.work.whose().next().map_or_else(String::new, |(_, call)| doing::call(call));
                Err(RunError::TooSlow { patience, doing })
            }
        }
    }

    /// The state of an execution that waits for the answer to that attempt.
    pub(crate) fn awaiting(&self, of: &Arc<str>, task: TaskId) -> Option<&Frame> {
        self.hosted.get(of)?.execution.as_ref()?.awaiting_task(task)
    }

    /// Stops the work of calls that an execution waits for no longer.
    fn stop_work(&mut self, of: &Arc<str>, over: &HashSet<TaskId>) {
        if !over.is_empty() && !self.work.is_idle() {
            self.work.keep(|(whose, call)| whose != of || !call.is_awaited || !over.contains(&call.task));
        }
    }

    pub(crate) fn answered(&mut self, of: &Arc<str>, call: &Call, answer: Answer) {
        if call.is_awaited {
            self.due.fact(self.now_ms, of, answer.fact(call.task));
        }
    }

    /// The next fact and whose it is, once it is its time.
    fn next(&mut self) -> Result<(Arc<str>, Fact), RunError> {
        loop {
            let patience = self.settings.patience;
            let left = patience
                .checked_sub(self.began.elapsed())
                .ok_or_else(|| RunError::TooSlow { patience, doing: self.doing() })?;
            let next_ms = self.due.next_ms();
            if self.settings.real_time {
                self.now_ms = self.settings.start_ms + self.began.elapsed().as_millis() as u64;
            } else if let Some(next_ms) = next_ms {
                self.now_ms = self.now_ms.max(next_ms);
            }
            if next_ms.is_some_and(|next_ms| next_ms <= self.now_ms)
                && let Some(next) = self.due.pop()
            {
                return Ok(next);
            }
            if next_ms.is_none() && self.work.is_idle() {
                return Err(RunError::Stuck);
            }
            let until_next = next_ms.map(|next_ms| Duration::from_millis(next_ms - self.now_ms));
            if let Some(((of, call), answer)) = self.work.next(until_next.unwrap_or(left).min(left)) {
                self.answered(&of, &call, answer);
            }
        }
    }

    /// What is going on, in words.
    fn doing(&self) -> String {
        let calls = self.work.whose().map(|(_, call)| call);
        let execution = self.hosted.get(&self.root).and_then(|hosted| hosted.execution.as_ref());
        execution.map_or_else(String::new, |execution| doing::all(execution, calls, self.now_ms))
    }
}
