//! Whether a history can be one: what holds of every execution, whatever its definition.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use thiserror::Error;

use crate::history::{Called, Detail, HistoryEvent, TaskEvent};
use crate::quotas::HISTORY_EVENTS_MAX;

/// A rule that a history breaks.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("event {id} ({event}): {rule}")]
pub struct Illegal {
    /// The event with which it is broken.
    pub id: u64,
    /// Its type.
    pub event: String,
    /// What should hold.
    pub rule: &'static str,
}

/// Checks a history from its beginning, of an execution that has ended or not.
///
/// Each event is of a type that AWS has. Ids rise by one, times never fall, what led to an event was before it. A state is entered by what leads to it and exited, aborted,
/// or given up with a failure around it, once. What a task calls is scheduled, then started, then ends. Branches and iterations are
/// over before what they are part of goes on. One event ends the execution, and only a redrive follows it.
///
/// # Errors
/// The first rule that is broken.
pub fn legal(history: &[HistoryEvent]) -> Result<(), Illegal> {
    let mut checker =
        Checker { history, owners: Vec::new(), states: Vec::new(), open: BTreeSet::new(), redrives: 0 };
    let mut last = None;
    for event in history {
        let illegal = |rule| Illegal { id: event.id, event: event.type_name(), rule };
        checker.follows(last, event).map_err(illegal)?;
        let owner = checker.tell(event).map_err(illegal)?;
        checker.owners.push(owner);
        last = Some(event);
    }
    Ok(())
}

type Rule = Result<(), &'static str>;

/// A state that was entered.
struct Entered {
    name: Option<Arc<str>>,
    kind: &'static str,
    /// The state that this is in a branch or iteration of, and which of its attempts.
    around: Option<(usize, u32)>,
    stage: Stage,
    attempt: u32,
    call: CallStage,
    /// How many iterations there are to be, and how far those are that began; of a Map in inline mode.
    length: usize,
    iterations: BTreeMap<u32, &'static str>,
    /// Whether all branches or iterations have ended well.
    has_gathered: bool,
    is_followed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Open,
    Aborted,
    /// Given up with a failure around it.
    Over,
    Exited,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum CallStage {
    None,
    Scheduled,
    Started,
    Ended,
}

struct Checker<'a> {
    history: &'a [HistoryEvent],
    /// The state that each event is about.
    owners: Vec<Option<usize>>,
    states: Vec<Entered>,
    open: BTreeSet<usize>,
    redrives: u32,
}

impl Checker<'_> {
    fn follows(&self, last: Option<&HistoryEvent>, event: &HistoryEvent) -> Rule {
        let Some(last) = last else {
            let is_start = matches!(event.detail, Detail::ExecutionStarted { .. });
            return holds(
                is_start && event.id == 1 && event.previous_event_id == 0,
                "the first is the start",
            );
        };
        holds(event.id == last.id + 1, "ids rise by one")?;
        holds(event.previous_event_id < event.id, "what led to it was before it")?;
        holds(event.timestamp_ms >= last.timestamp_ms, "times never fall")?;
        holds(!matches!(event.detail, Detail::ExecutionStarted { .. }), "an execution starts once")?;
        holds(is_type(&event.type_name()), "it is an event that there is")?;
        let is_redrive = matches!(event.detail, Detail::ExecutionRedriven { .. });
        holds(
            is_redrive == is_end(&last.detail),
            "after the end there is only a redrive, and before it none",
        )?;
        let is_success = matches!(last.detail, Detail::ExecutionSucceeded { .. });
        holds(!is_success, "after a success there is nothing")
    }

    /// Takes note of an event. The state that it is about.
    fn tell(&mut self, event: &HistoryEvent) -> Result<Option<usize>, &'static str> {
        let previous = event.previous_event_id;
        let own = |it: &Self, kind: &str| it.find(previous, |state| state.kind == kind);
        let owner = match &event.detail {
            Detail::ExecutionStarted { .. } => return Ok(None),
            Detail::ExecutionRedriven { redrive_count } => {
                self.redrives += 1;
                holds(*redrive_count == self.redrives, "redrives are counted")?;
                self.revive();
                return Ok(None);
            }
            end if is_end(end) => {
                // A full history has no place for what was aborted.
                if event.id != HISTORY_EVENTS_MAX {
                    self.end(end, previous)?;
                }
                return Ok(None);
            }
            Detail::StateEntered { state_type, name, .. } => self.enter(previous, state_type, name)?,
            Detail::StateExited { state_type, name, .. } => {
                let is_it = |state: &Entered| state.kind == *state_type && state.name.as_ref() == Some(name);
                let state = self.find(previous, is_it)?;
                holds(self.open_under(state).next().is_none(), "what is in a state is over before its exit")?;
                self.close(state, Stage::Exited);
                state
            }
            Detail::StateAborted { state_type } => {
                let state = own(self, state_type)?;
                self.give_up_silent(state);
                holds(self.open_under(state).next().is_none(), "what is in a state is aborted first")?;
                self.close(state, Stage::Aborted);
                state
            }
            Detail::Task { called, event } => {
                let state = own(self, "Task")?;
                self.call(state, called, event)?;
                state
            }
            Detail::ParallelStateStarted => self.attempt(own(self, "Parallel")?, 0),
            Detail::ParallelStateSucceeded => self.all_over(own(self, "Parallel")?)?,
            Detail::ParallelStateFailed => {
                let inner = self.owner(previous).ok_or("it is a branch that failed")?;
                let failed = self.around(inner).find(|place| !self.states[*place].has_gathered);
                let state = failed.ok_or("it is a branch that failed")?;
                self.failed(state, previous)?
            }
            Detail::MapStateStarted { length } => self.attempt(own(self, "Map")?, *length),
            Detail::MapStateSucceeded => {
                let state = self.all_over(own(self, "Map")?)?;
                let Entered { iterations, length, .. } = &self.states[state];
                let succeeded = iterations.values().filter(|what| **what == "Succeeded").count();
                holds(iterations.is_empty() || succeeded == *length, "each iteration has succeeded")?;
                state
            }
            Detail::MapStateFailed => {
                let state = own(self, "Map")?;
                self.failed(state, previous)?
            }
            Detail::MapIteration { what, name, index } => {
                let is_it = |state: &Entered| state.kind == "Map" && state.name.as_ref() == Some(name);
                let state = self.find(previous, is_it)?;
                self.iteration(state, what, *index)?;
                state
            }
            Detail::EvaluationFailed { state: name, .. } => {
                self.find(previous, |state| state.name.as_ref() == Some(name))?
            }
            _ => return Ok(self.owner(previous)),
        };
        Ok(Some(owner))
    }

    fn owner(&self, event: u64) -> Option<usize> {
        let place = usize::try_from(event.checked_sub(1)?).ok()?;
        self.owners.get(place).copied().flatten()
    }

    /// The open state that an event after that one is about: the one that the earlier was about, or the one around that; or further
    /// out, where what is in between has had its branches or iterations and has failed then.
    fn find(&self, previous: u64, is_it: impl Fn(&Entered) -> bool) -> Result<usize, &'static str> {
        let own = self.owner(previous);
        let mut found = own.into_iter().chain(own.into_iter().flat_map(|own| self.around(own)));
        let found = found.find(|place| self.open.contains(place) && is_it(&self.states[*place]));
        found.ok_or("it is about a state that is open, and that what led to it is about or part of")
    }

    /// The states around that one, as far as what happens in it can be what they come to.
    fn around(&self, place: usize) -> impl Iterator<Item = usize> {
        let around = |place: usize| self.states[place].around.map(|(around, _)| around);
        let further = move |place: &usize| around(*place).filter(|_| self.states[*place].has_gathered);
        std::iter::successors(around(place), further)
    }

    fn enter(&mut self, previous: u64, kind: &'static str, name: &Arc<str>) -> Result<usize, &'static str> {
        let around = if previous == 0 {
            holds(self.states.is_empty() || self.redrives > 0, "one state is the first")?;
            None
        } else {
            let place = usize::try_from(previous - 1).unwrap_or(usize::MAX);
            let led = &self.history.get(place).ok_or("what led to it was before it")?.detail;
            let owner = self.owner(previous).ok_or("it is led to by a state")?;
            let state = &mut self.states[owner];
            match led {
                Detail::StateExited { .. } => {
                    holds(!state.is_followed, "one state follows another")?;
                    state.is_followed = true;
                    state.around
                }
                Detail::ParallelStateStarted | Detail::MapIteration { what: "Started", .. } => {
                    Some((owner, state.attempt))
                }
                Detail::StateEntered { state_type: "Fail", .. } if self.redrives > 0 => {
                    let around = state.around;
                    self.close(owner, Stage::Exited);
                    around
                }
                _ => return Err("a state is entered from another, a branch or an iteration"),
            }
        };
        if let Some((around, _)) = around {
            holds(self.open.contains(&around), "a state is entered while what it is part of is open")?;
        }
        let place = self.states.len();
        self.states.push(Entered {
            name: Some(Arc::clone(name)),
            kind,
            around,
            stage: Stage::Open,
            attempt: 0,
            call: CallStage::None,
            length: 0,
            iterations: BTreeMap::new(),
            has_gathered: false,
            is_followed: false,
        });
        self.open.insert(place);
        Ok(place)
    }

    fn close(&mut self, place: usize, stage: Stage) {
        self.states[place].stage = stage;
        self.open.remove(&place);
    }

    /// The open states in the branches or iterations of that one, however deep.
    fn open_under(&self, place: usize) -> impl Iterator<Item = usize> {
        self.open.range(place + 1..).copied().filter(move |inner| {
            std::iter::successors(self.states[*inner].around, |(around, _)| self.states[*around].around)
                .any(|(around, _)| around == place)
        })
    }

    /// Of a state that waits for nothing no event tells that it was aborted, as it can be once a redrive has opened it again.
    fn give_up_silent(&mut self, place: usize) {
        if self.redrives > 0 {
            for inner in self.open_under(place).collect::<Vec<_>>() {
                if matches!(self.states[inner].kind, "Pass" | "Choice" | "Succeed" | "Fail") {
                    self.close(inner, Stage::Aborted);
                }
            }
        }
    }

    /// A Parallel or Map begins, or begins anew.
    fn attempt(&mut self, place: usize, length: usize) -> usize {
        for inner in self.open_under(place).collect::<Vec<_>>() {
            self.close(inner, Stage::Over);
        }
        let state = &mut self.states[place];
        state.attempt += 1;
        state.has_gathered = false;
        state.length = length;
        state.iterations.clear();
        place
    }

    fn all_over(&mut self, place: usize) -> Result<usize, &'static str> {
        holds(self.open_under(place).next().is_none(), "what is in it is over")?;
        self.states[place].has_gathered = true;
        Ok(place)
    }

    /// A Parallel or Map has failed with that event: what is in it was aborted, or has led to the failure.
    fn failed(&mut self, place: usize, previous: u64) -> Result<usize, &'static str> {
        holds(self.open.contains(&place), "it fails while it is open")?;
        self.give_up_silent(place);
        let led = self.that_led_to(previous);
        for inner in self.open_under(place).collect::<Vec<_>>() {
            holds(led.contains(&inner), "what is in it was aborted or has led to its failure")?;
            self.close(inner, Stage::Over);
        }
        Ok(place)
    }

    /// The states that the events up to that one are about.
    fn that_led_to(&self, event: u64) -> BTreeSet<usize> {
        let before = |event: &u64| {
            let place = usize::try_from(event.checked_sub(1)?).ok()?;
            self.history.get(place).map(|event| event.previous_event_id)
        };
        std::iter::successors(Some(event), before).filter_map(|event| self.owner(event)).collect()
    }

    fn call(&mut self, place: usize, called: &Called, event: &TaskEvent) -> Rule {
        use CallStage::{Ended, Scheduled, Started};
        let call = &mut self.states[place].call;
        let (may, then) = match event {
            TaskEvent::Scheduled { .. } => (true, Scheduled),
            TaskEvent::ScheduleFailed { .. } => (matches!(call, CallStage::None | Ended), Ended),
            TaskEvent::StartFailed { .. } => (*call == Scheduled, Ended),
            TaskEvent::SubmitFailed { .. } => (*call == Started, Ended),
            TaskEvent::Started { .. } => (*call == Scheduled, Started),
            TaskEvent::Submitted { .. } => (*call == Started, Started),
            // Whoever has the token of an activity's task may hand it in.
            TaskEvent::Succeeded { .. } if !matches!(called, Called::Activity(_)) => {
                (*call == Started, Ended)
            }
            _ => (matches!(call, Scheduled | Started), Ended),
        };
        *call = then;
        holds(may, "a call is scheduled, then started, then ends")
    }

    fn iteration(&mut self, place: usize, what: &'static str, index: u32) -> Rule {
        let Entered { iterations, length, .. } = &mut self.states[place];
        holds((index as usize) < *length, "there are so many iterations")?;
        let before = iterations.insert(index, what);
        let may = if what == "Started" { before.is_none() } else { before == Some("Started") };
        holds(may, "an iteration starts once, and ends once")
    }

    fn end(&mut self, end: &Detail, previous: u64) -> Rule {
        match end {
            Detail::ExecutionSucceeded { .. } => holds(self.open.is_empty(), "every state was exited"),
            Detail::ExecutionFailed { .. } => {
                let led = self.that_led_to(previous);
                let around = |place: &usize| {
                    self.states.iter().enumerate().any(|(inner, state)| {
                        led.contains(&inner)
                            && std::iter::successors(state.around, |(at, _)| self.states[*at].around)
                                .any(|(at, _)| at == *place)
                    })
                };
                let is_told = |place: &usize| led.contains(place) || around(place);
                holds(self.open.iter().all(is_told), "an open state was aborted or has led to the failure")
            }
            _ => holds(self.open.is_empty(), "every state was exited or aborted"),
        }
    }

    /// A redrive: what was given up with the end is open again.
    fn revive(&mut self) {
        for place in 0..self.states.len() {
            let is_current = |(around, attempt): (usize, u32)| {
                let around = &self.states[around];
                around.attempt == attempt && around.stage == Stage::Open
            };
            let state = &self.states[place];
            if state.stage != Stage::Exited && state.around.is_none_or(is_current) {
                let is_given_up = state.stage == Stage::Aborted || state.around.is_some();
                let state = &mut self.states[place];
                if is_given_up {
                    state.stage = Stage::Open;
                }
                if state.stage == Stage::Open {
                    self.open.insert(place);
                }
                for what in state.iterations.values_mut().filter(|what| **what != "Succeeded") {
                    *what = "Started";
                }
            }
        }
    }
}

fn is_end(detail: &Detail) -> bool {
    matches!(
        detail,
        Detail::ExecutionSucceeded { .. }
            | Detail::ExecutionFailed { .. }
            | Detail::ExecutionTimedOut { .. }
            | Detail::ExecutionAborted { .. }
    )
}

fn holds(holds: bool, rule: &'static str) -> Rule {
    if holds { Ok(()) } else { Err(rule) }
}

/// The types of events that AWS has.
const TYPES: [&str; 62] = [
    "ActivityFailed",
    "ActivityScheduleFailed",
    "ActivityScheduled",
    "ActivityStarted",
    "ActivitySucceeded",
    "ActivityTimedOut",
    "ChoiceStateEntered",
    "ChoiceStateExited",
    "EvaluationFailed",
    "ExecutionAborted",
    "ExecutionFailed",
    "ExecutionRedriven",
    "ExecutionStarted",
    "ExecutionSucceeded",
    "ExecutionTimedOut",
    "FailStateEntered",
    "LambdaFunctionFailed",
    "LambdaFunctionScheduleFailed",
    "LambdaFunctionScheduled",
    "LambdaFunctionStartFailed",
    "LambdaFunctionStarted",
    "LambdaFunctionSucceeded",
    "LambdaFunctionTimedOut",
    "MapIterationAborted",
    "MapIterationFailed",
    "MapIterationStarted",
    "MapIterationSucceeded",
    "MapRunAborted",
    "MapRunFailed",
    "MapRunRedriven",
    "MapRunStarted",
    "MapRunSucceeded",
    "MapStateAborted",
    "MapStateEntered",
    "MapStateExited",
    "MapStateFailed",
    "MapStateStarted",
    "MapStateSucceeded",
    "ParallelStateAborted",
    "ParallelStateEntered",
    "ParallelStateExited",
    "ParallelStateFailed",
    "ParallelStateStarted",
    "ParallelStateSucceeded",
    "PassStateEntered",
    "PassStateExited",
    "SucceedStateEntered",
    "SucceedStateExited",
    "TaskFailed",
    "TaskScheduled",
    "TaskStartFailed",
    "TaskStarted",
    "TaskStateAborted",
    "TaskStateEntered",
    "TaskStateExited",
    "TaskSubmitFailed",
    "TaskSubmitted",
    "TaskSucceeded",
    "TaskTimedOut",
    "WaitStateAborted",
    "WaitStateEntered",
    "WaitStateExited",
];

fn is_type(name: &str) -> bool {
    TYPES.binary_search(&name).is_ok()
}
