//! When a process is started, started again, asked to end and killed: decided from what happens, without doing any of
//! it. Time is an argument (how long the supervisor has been running), so that every decision can be tested.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use participant::Backoff;

use crate::processes::keeper::Exit;
use crate::processes::{ProcessId, Program};

/// The exit code of a program whose flags are wrong: it would end in the same way again.
const WRONG_FLAGS: i32 = 64;

/// How patient the supervisor is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// The pause before a process is started again; it doubles each time, and half of it is jitter.
    pub backoff_base: Duration,
    /// The longest pause.
    pub backoff_cap: Duration,
    /// A process that has been ready for so long starts over with the shortest pause.
    pub healthy_after: Duration,
    /// How long a process that starts may be not ready before that is told.
    pub told_after: Duration,
    /// How long a process may take to end when asked to, before it is killed.
    pub stop_within: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        Self {
            backoff_base: Duration::from_millis(250),
            backoff_cap: Duration::from_secs(30),
            healthy_after: Duration::from_secs(30),
            told_after: Duration::from_secs(3),
            stop_within: Duration::from_secs(20),
        }
    }
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// This process belongs to the system from now on.
    Add(ProcessId),
    /// This process does not belong to the system any more.
    Remove(ProcessId),
    /// It could not be started.
    NotStarted(ProcessId, String),
    /// It can do its work.
    Ready(ProcessId),
    /// It cannot, for this reason.
    NotReady(ProcessId, String),
    /// It has ended.
    Ended(ProcessId, Exit),
    /// Everything is to end.
    Stop,
}

/// Something to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Start the process; what becomes of it is an [`Event`].
    Start(ProcessId),
    /// Ask it to end.
    Terminate(ProcessId),
    /// End it at once, by SIGKILL.
    Kill(ProcessId),
    /// Tell whoever reads the output.
    Tell(Notice),
}

/// Something that people want to know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Notice {
    /// It can do its work, for the first time or again.
    Ready(ProcessId),
    /// It could do its work, and cannot now.
    NotReady(ProcessId, String),
    /// It has not been ready since it was started, for a while.
    Waiting(ProcessId, String),
    /// It ended without being asked to, and is started again after a pause.
    Crashed(ProcessId, Exit, Duration),
    /// It could not even be started; that is tried again after a pause.
    NotStarted(ProcessId, String, Duration),
    /// It is of no use to start it again.
    Failed(ProcessId, Exit),
    /// It ended as it was asked to.
    Stopped(ProcessId, Exit),
    /// It did not end when it was asked to.
    Killing(ProcessId, Duration),
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let pause = |pause: &Duration| format!("{:.1} s", pause.as_secs_f64());
        match self {
            Self::Ready(id) => write!(f, "{id} is ready"),
            Self::NotReady(id, reason) => write!(f, "{id} is not ready: {reason}"),
            Self::Waiting(id, reason) => write!(f, "{id} waits: {reason}"),
            Self::Crashed(id, exit, after) => {
                let lost =
                    if id.program == Program::Bus { "; the messages that it held are lost" } else { "" };
                write!(f, "{id} {exit}{lost}; starting it again in {}", pause(after))
            }
            Self::NotStarted(id, reason, after) => {
                write!(f, "{id} cannot be started: {reason}; trying again in {}", pause(after))
            }
            Self::Failed(id, exit) => write!(f, "{id} {exit}; it is not started again: its flags are wrong"),
            Self::Stopped(id, exit) if exit.is_success() => write!(f, "{id} has ended"),
            Self::Stopped(id, exit) => write!(f, "{id} {exit}"),
            Self::Killing(id, after) => {
                write!(f, "{id} has not ended within {}: killing it", pause(after))
            }
        }
    }
}

/// What a process is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It runs, and has not been ready yet.
    Starting {
        /// What it says about it.
        reason: String,
        /// When that is told to people; `None` when it was.
        tell_at: Option<Duration>,
    },
    /// It can do its work.
    Ready {
        /// Since when.
        since: Duration,
    },
    /// It was ready and is not now.
    NotReady {
        /// Why.
        reason: String,
    },
    /// It has ended and is started again.
    Restarting {
        /// When.
        at: Duration,
    },
    /// It has ended and is not started again.
    Failed,
    /// It was asked to end.
    Stopping {
        /// When it is killed; `None` when it was.
        kill_at: Option<Duration>,
    },
    /// It has ended as it was asked to.
    Stopped,
}

/// One process of the system.
#[derive(Clone, Debug)]
pub struct Member {
    /// What it is doing.
    pub state: State,
    /// How often it was started again.
    pub restarts: u32,
    /// How it ended last.
    pub last_exit: Option<Exit>,
    backoff: Backoff,
    /// It goes as soon as it has ended.
    removed: bool,
}

impl Member {
    fn runs(&self) -> bool {
        use State::{NotReady, Ready, Starting, Stopping};
        matches!(self.state, Starting { .. } | Ready { .. } | NotReady { .. } | Stopping { .. })
    }

    /// Forgets earlier crashes if it has been ready for long enough.
    fn forgive(&mut self, patience: &Patience, now: Duration) {
        if matches!(self.state, State::Ready { since } if now.saturating_sub(since) >= patience.healthy_after)
        {
            self.backoff.reset();
        }
    }

    fn is_leaving(&self) -> bool {
        self.removed || matches!(self.state, State::Stopping { .. } | State::Stopped)
    }
}

/// Decides what is done about each process; knows no clock and starts nothing.
#[derive(Clone, Debug)]
pub struct Policy {
    patience: Patience,
    members: BTreeMap<ProcessId, Member>,
    stopping: bool,
    seed: u64,
}

impl Policy {
    /// Of a system that has no processes yet. The seed is that of the pauses' jitter.
    #[must_use]
    pub fn new(patience: Patience, seed: u64) -> Self {
        Self { patience, members: BTreeMap::new(), stopping: false, seed }
    }

    /// What is known of each process.
    #[must_use]
    pub fn members(&self) -> &BTreeMap<ProcessId, Member> {
        &self.members
    }

    /// Whether every process is ready.
    #[must_use]
    pub fn all_ready(&self) -> bool {
        self.members.values().all(|member| matches!(member.state, State::Ready { .. }))
    }

    /// Whether everything was to end, and has.
    #[must_use]
    pub fn is_done(&self) -> bool {
        self.stopping && !self.members.values().any(Member::runs)
    }

    /// What must be added and removed so that `program` has that many instances: new ones take the lowest free
    /// numbers, those with the highest numbers go.
    #[must_use]
    pub fn scale(&self, program: Program, instances: u32) -> Vec<Event> {
        let of_program = self.members.iter().filter(|(id, _)| id.program == program);
        let staying: Vec<_> =
            of_program.filter(|(_, member)| !member.is_leaving()).map(|(&id, _)| id).collect();
        let wanted = instances as usize;
        let free = (1..).map(|instance| ProcessId { program, instance });
        let free = free.filter(|id| !self.members.contains_key(id));
        let added = free.take(wanted.saturating_sub(staying.len())).map(Event::Add);
        added.chain(staying.iter().skip(wanted).rev().copied().map(Event::Remove)).collect()
    }

    /// Takes note of what happened at `now`, and says what is to be done about it.
    pub fn handle(&mut self, event: Event, now: Duration) -> Vec<Action> {
        match event {
            Event::Add(id) => self.add(id, now),
            Event::Remove(id) => self.remove(id, now),
            Event::Stop => self.stop(now),
            Event::NotStarted(id, reason) => {
                let leaving = self.ended(id, None);
                leaving.unwrap_or_else(|| self.retry(id, now, |after| Notice::NotStarted(id, reason, after)))
            }
            Event::Ready(id) => self.ready(id, now),
            Event::NotReady(id, reason) => self.not_ready(id, reason, now),
            Event::Ended(id, exit) => {
                let leaving = self.ended(id, Some(exit.clone()));
                let mut actions = leaving.unwrap_or_else(|| self.crashed(id, exit, now));
                if self.stopping {
                    // It may have been the last that the bus was waiting for.
                    actions.extend(self.stop(now));
                }
                actions
            }
        }
    }

    /// When there is something to do next even if nothing happens.
    #[must_use]
    pub fn next_due(&self) -> Option<Duration> {
        let due = |member: &Member| match member.state {
            State::Starting { tell_at, .. } => tell_at,
            State::Restarting { at } => Some(at),
            State::Stopping { kill_at } => kill_at,
            _ => None,
        };
        self.members.values().filter_map(due).min()
    }

    /// What is to be done because time has passed.
    pub fn tick(&mut self, now: Duration) -> Vec<Action> {
        let (patience, mut actions) = (self.patience, Vec::new());
        for (&id, member) in &mut self.members {
            match &mut member.state {
                State::Starting { reason, tell_at } if tell_at.is_some_and(|at| at <= now) => {
                    *tell_at = None;
                    actions.push(Action::Tell(Notice::Waiting(id, reason.clone())));
                }
                State::Restarting { at } if *at <= now => {
                    member.restarts += 1;
                    member.state = starting(&patience, now);
                    actions.push(Action::Start(id));
                }
                State::Stopping { kill_at } if kill_at.is_some_and(|at| at <= now) => {
                    *kill_at = None;
                    actions.push(Action::Tell(Notice::Killing(id, patience.stop_within)));
                    actions.push(Action::Kill(id));
                }
                _ => {}
            }
        }
        actions
    }

    fn add(&mut self, id: ProcessId, now: Duration) -> Vec<Action> {
        if self.stopping || self.members.contains_key(&id) {
            return Vec::new();
        }
        // Processes that lose the same broker should not come back in step.
        let mix = (id.program as u64 + 1) << 32 | u64::from(id.instance);
        let backoff = Backoff::new(self.patience.backoff_base, self.patience.backoff_cap, self.seed ^ mix);
        let state = starting(&self.patience, now);
        self.members.insert(id, Member { state, restarts: 0, last_exit: None, backoff, removed: false });
        vec![Action::Start(id)]
    }

    fn remove(&mut self, id: ProcessId, now: Duration) -> Vec<Action> {
        let Some(member) = self.members.get_mut(&id) else { return Vec::new() };
        member.removed = true;
        let actions = terminate(id, member, &self.patience, now);
        self.members.retain(|_, member| member.runs() || !member.removed);
        actions
    }

    /// The participants first: while they finish what is in hand, they need the bus.
    fn stop(&mut self, now: Duration) -> Vec<Action> {
        self.stopping = true;
        let others_run = self.members.iter().any(|(id, member)| id.program != Program::Bus && member.runs());
        let mut actions = Vec::new();
        for (&id, member) in &mut self.members {
            if id.program != Program::Bus || !others_run {
                actions.extend(terminate(id, member, &self.patience, now));
            }
        }
        actions
    }

    /// It ended as it was to: what that leads to. `None` when it was not to.
    fn ended(&mut self, id: ProcessId, exit: Option<Exit>) -> Option<Vec<Action>> {
        let member = self.members.get_mut(&id)?;
        member.last_exit = exit.clone().or(member.last_exit.take());
        if !matches!(member.state, State::Stopping { .. }) {
            return None;
        }
        member.state = State::Stopped;
        if member.removed {
            self.members.remove(&id);
        }
        Some(exit.map(|exit| Action::Tell(Notice::Stopped(id, exit))).into_iter().collect())
    }

    fn crashed(&mut self, id: ProcessId, exit: Exit, now: Duration) -> Vec<Action> {
        let Some(member) = self.members.get_mut(&id) else { return Vec::new() };
        if exit.code == Some(WRONG_FLAGS) {
            member.state = State::Failed;
            return vec![Action::Tell(Notice::Failed(id, exit))];
        }
        member.forgive(&self.patience, now);
        self.retry(id, now, |after| Notice::Crashed(id, exit, after))
    }

    fn retry(
        &mut self,
        id: ProcessId,
        now: Duration,
        notice: impl FnOnce(Duration) -> Notice,
    ) -> Vec<Action> {
        let Some(member) = self.members.get_mut(&id) else { return Vec::new() };
        let after = member.backoff.next_delay();
        member.state = State::Restarting { at: now + after };
        vec![Action::Tell(notice(after))]
    }

    fn ready(&mut self, id: ProcessId, now: Duration) -> Vec<Action> {
        match self.members.get_mut(&id).map(|member| &mut member.state) {
            Some(state @ (State::Starting { .. } | State::NotReady { .. })) => {
                *state = State::Ready { since: now };
                vec![Action::Tell(Notice::Ready(id))]
            }
            _ => Vec::new(),
        }
    }

    fn not_ready(&mut self, id: ProcessId, reason: String, now: Duration) -> Vec<Action> {
        let Some(member) = self.members.get_mut(&id) else { return Vec::new() };
        member.forgive(&self.patience, now);
        match &mut member.state {
            State::Starting { reason: last, .. } | State::NotReady { reason: last } => *last = reason,
            state @ State::Ready { .. } => {
                *state = State::NotReady { reason: reason.clone() };
                return vec![Action::Tell(Notice::NotReady(id, reason))];
            }
            _ => {}
        }
        Vec::new()
    }
}

fn starting(patience: &Patience, now: Duration) -> State {
    let reason = "it has not said yet where it listens".to_owned();
    State::Starting { reason, tell_at: Some(now + patience.told_after) }
}

fn terminate(id: ProcessId, member: &mut Member, patience: &Patience, now: Duration) -> Vec<Action> {
    match member.state {
        State::Stopping { .. } | State::Stopped => Vec::new(),
        State::Restarting { .. } | State::Failed => {
            member.state = State::Stopped;
            Vec::new()
        }
        _ => {
            member.state = State::Stopping { kill_at: Some(now + patience.stop_within) };
            vec![Action::Terminate(id)]
        }
    }
}

#[cfg(test)]
mod tests;
