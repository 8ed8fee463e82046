//! The participant's handler: executions of whatever definition.

use std::sync::Arc;

use asl::Definition;
use async_trait::async_trait;
use engine::Fact;
use engine::token::Token;
use participant::{Effects, Handler, Input, Rejected};
use store::{Entity, Read, StoreError};

use crate::begin::{self, Begin};
use crate::catalogue::Catalogue;
use crate::course::{Course, EffectsOf, TIMER};
use crate::depth::storable;
use crate::digest::Digest;
use crate::errand::{Errand, Outcome};
use crate::event_log::EventLog;
use crate::forgotten::unheard;
use crate::glance::{Glance, GlancedPlace, GlancedRow, may_be_elsewhere};
use crate::integrations::Integrations;
use crate::kept_run::{KeptRun, OF_EXECUTION};
use crate::key::{EXECUTION_KEY_BYTES_MAX, is_express, machine_and_name};
use crate::lists::{self, Rest};
use crate::live::Live;
use crate::load::load;
use crate::metrics::{Metrics, Opening};
use crate::open::OpenExecutions;
use crate::outlets::{Outlets, tell};
use crate::pollers::Pollers;
use crate::queue::Queue;
use crate::request::{Answer, HandedIn, Nested, Request};
use crate::row::Row;
use crate::running::{Running, has_given};
use crate::spans::Spans;
use crate::stored::{Begun, Extent, Place, Stored, ending};
use crate::waiters::Waiters;

/// Starts executions, tells them what happens, and has done what they ask for.
pub struct Executor<I> {
    pub(crate) catalogue: Catalogue,
    integrations: I,
    live: Live,
    outlets: Outlets,
}

impl<I: Integrations> Executor<I> {
    /// Of these definitions, and of those that are in its store.
    #[must_use]
    pub fn new(catalogue: Catalogue, integrations: I) -> Self {
        Self { catalogue, integrations, live: Live::new(), outlets: Outlets::default() }
    }

    /// Telling these when executions have ended.
    #[must_use]
    pub fn with_waiters(self, waiters: Waiters) -> Self {
        Self { outlets: Outlets { waiters, ..self.outlets }, ..self }
    }

    /// Telling these when a task of an activity is there.
    #[must_use]
    pub fn with_pollers(self, pollers: Pollers) -> Self {
        Self { outlets: Outlets { pollers, ..self.outlets }, ..self }
    }

    /// Counting what happens.
    #[must_use]
    pub fn with_metrics(self, metrics: Metrics) -> Self {
        Self { outlets: Outlets { metrics: Some(metrics), ..self.outlets }, ..self }
    }

    /// Counting those that are open.
    #[must_use]
    pub fn with_open(self, open: OpenExecutions) -> Self {
        Self { outlets: Outlets { open: Some(open), ..self.outlets }, ..self }
    }

    /// Telling these what is over.
    #[must_use]
    pub fn with_spans(self, spans: Arc<dyn Spans>) -> Self {
        Self { outlets: Outlets { spans: Some(spans), ..self.outlets }, ..self }
    }

    /// Where events of executions go that are never stored; those of all others go to the log of [`Errands`](crate::Errands), which
    /// should be the same.
    #[must_use]
    pub fn with_event_log(self, event_log: Arc<dyn EventLog>) -> Self {
        Self { outlets: Outlets { event_log: Some(event_log), ..self.outlets }, ..self }
    }
}

pub(crate) type Decision<T> = Result<Option<T>, Rejected>;

impl<I: Integrations> Executor<I> {
    /// Begins what is not there yet, or, if it rested so `before`, begins anew; without a journal if it is given none.
    pub(crate) fn begin(
        &self,
        definition: &Arc<Definition>,
        fact: Fact,
        journal: Option<Extent>,
        begun: Begun,
        before: Option<Rest>,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let key = effects.key();
        if machine_and_name(key).is_none() || key.len() > EXECUTION_KEY_BYTES_MAX {
            return Err(Rejected(format!(
                "{key:?} is not the key of an execution: execution/HOME:NAME of at most \
                 {EXECUTION_KEY_BYTES_MAX} bytes is one"
            )));
        }
        // Who comes back to it will need it.
        self.catalogue.put(Arc::clone(definition));
        let (has_journal, journal) = (journal.is_some(), journal.unwrap_or_default());
        let started_ms = begun.started_ms;
        let mut course = Course::new(definition, &self.integrations, has_journal, journal, begun);
        course.is_traced = self.outlets.spans.is_some();
        let (running, _) = course.tell(None, [fact], effects)?;
        let ending = ending(&running.execution).cloned();
        self.outlets.announce::<I>(ending.as_ref(), effects);
        effects.answer(Answer::Started { started_ms, is_new: true, ending });
        let is_gone = course.is_gone(&running);
        self.outlets.count(Opening::Started, &course, &running.execution, effects);
        tell(&mut course, is_gone, effects);
        if is_gone {
            self.leave(&course.begun, effects);
            return Ok(None);
        }
        // Its key may have been that of one that is forgotten: what that sent had smaller numbers, unless it sent more than one a microsecond.
        effects.count_from(started_ms.saturating_mul(1_000));
        if course.is_listed() && before.is_none() {
            lists::enter(&course.begun, effects);
        }
        Ok(Some(self.put(course, running, None, effects, before)))
    }

    /// Tells the execution, which is there, the facts, and the timers that are due. What becomes of it, and whether it waited for the
    /// last of the facts.
    pub(crate) fn advance<const N: usize>(
        &self,
        stored: Stored,
        facts: [Fact; N],
        is_redriven: bool,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Option<Stored>, bool), Rejected> {
        self.advance_by(None, stored, facts, is_redriven, effects)
    }

    /// The same, if that is a token that the execution has given somebody.
    fn advance_by<const N: usize>(
        &self,
        token: Option<&Token>,
        stored: Stored,
        facts: [Fact; N],
        is_redriven: bool,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Option<Stored>, bool), Rejected> {
        // What has not ended well may be redriven: whether it may, the engine knows.
        if let Place::Here(execution) = &stored.place
            && let Some(ending) = ending(execution).filter(|_| !is_redriven)
        {
            let told = Answer::Told { was_awaited: false, ending: Some(ending.clone()) };
            let is_given = token.is_none_or(|token| execution.has_given(token));
            effects.answer(if is_given { told } else { Answer::InvalidToken });
            return Ok((Some(stored), false));
        }
        let before = Rest::of(stored.ending());
        let (begun, journal, place) = stored.apart();
        let Some(definition) = self.catalogue.get(&begun.definition) else {
            return Err(effects.lack(&format!("the definition {}", begun.definition)));
        };
        let (running, measured) = match place {
            Place::Here(execution) => (Running::from(*execution), None),
            Place::Journal { size } => (self.take(journal.chain, effects)?, Some(size)),
        };
        if token.is_some_and(|token| !has_given(&definition, &running.execution, token)) {
            effects.answer(Answer::InvalidToken);
            return Ok((Some(self.put_back(begun, journal, running, measured, effects)), false));
        }
        let taken = facts.iter().find_map(|fact| match fact {
            Fact::ActivityStarted { task, .. } => Some(running.execution.token(*task)),
            _ => None,
        });
        // Only what is Express has no journal.
        let mut course = Course::new(&definition, &self.integrations, journal.entries > 0, journal, begun);
        course.is_traced = self.outlets.spans.is_some();
        let (running, was_awaited) = course.tell(Some(running), facts, effects)?;
        let ending = ending(&running.execution).cloned();
        if is_redriven && was_awaited {
            course.begun.redrives.get_or_insert_default().note(effects.now().unsigned_abs());
        }
        self.outlets.announce::<I>(ending.as_ref(), effects);
        if was_awaited || !is_redriven {
            let opening = if is_redriven { Opening::Redriven } else { Opening::Before };
            self.outlets.count(opening, &course, &running.execution, effects);
        }
        tell(&mut course, false, effects);
        effects.answer(match taken.filter(|_| was_awaited) {
            Some(token) => Answer::Taken { token },
            None => Answer::Told { was_awaited, ending },
        });
        if course.is_gone(&running) {
            self.leave(&course.begun, effects);
            return Ok((None, was_awaited));
        }
        Ok((Some(self.put(course, running, measured, effects, Some(before))), was_awaited))
    }

    /// An Express execution is over, and nobody can ask for it. Of one that a message, or a task that does not wait, has begun, the row stays as
    /// long as that of any other: its inbox knows what comes again.
    fn leave(&self, begun: &Begun, effects: &mut EffectsOf<I>) {
        if begun.by.is_some() {
            linger(effects);
        } else {
            effects.forget();
        }
    }

    /// The row of an execution that nothing was told.
    pub(crate) fn put_back(
        &self,
        begun: Begun,
        journal: Extent,
        running: Running,
        measured: Option<u64>,
        effects: &EffectsOf<I>,
    ) -> Stored {
        let place = match measured {
            None => Place::Here(Box::new(running.execution)),
            Some(size) => {
                self.live.put(effects.key(), journal.chain, running, size + journal.tail_bytes);
                Place::Journal { size }
            }
        };
        begun.at(journal, place)
    }

    pub(crate) fn take(&self, chain: Digest, effects: &mut EffectsOf<I>) -> Result<Running, Rejected> {
        self.live
            .take(effects.key(), chain)
            .map_err(|reason| effects.lack(&reason.unwrap_or_else(|| "what the journal leads to".to_owned())))
    }

    /// Puts the execution where it is found again; `before` is how it rested before, if it is not new.
    fn put(
        &self,
        mut course: Course<'_, I>,
        running: Running,
        measured: Option<u64>,
        effects: &mut EffectsOf<I>,
        before: Option<Rest>,
    ) -> Stored {
        if course.is_listed() {
            let rest = Rest::of(ending(&running.execution));
            lists::move_on(&course.begun, before, rest, effects);
        }
        let (place, running) = course.keep(running, measured, effects);
        if let (Place::Journal { size }, Some(running)) = (&place, running) {
            // What came since it was measured may be in it.
            let size = size + course.journal.tail_bytes;
            self.live.put(effects.key(), course.journal.chain, running, size);
        }
        course.begun.at(course.journal, place)
    }

    fn on_request(
        &self,
        state: Option<Stored>,
        request: &Request,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let stored = match (request, state) {
            (Request::Start(start), state) => return self.start(state, start, effects),
            (Request::StartChild(child), state) => return self.start_child(state, child, effects),
            (_, Some(stored)) => stored,
            (_, None) => {
                effects.answer(Answer::Unknown);
                return Ok(None);
            }
        };
        // Who tells of an end may mean one that had the key before.
        let since_ms = match request {
            Request::Nested(nested) => nested.since_ms,
            Request::ChildEnded { since_ms, .. } => *since_ms,
            Request::Awaits { since_ms, .. } => Some(*since_ms),
            _ => None,
        };
        if since_ms.is_some_and(|since_ms| since_ms != stored.started_ms) {
            effects.answer(Answer::Unknown);
            return Ok(Some(stored));
        }
        match request {
            Request::Tell(Fact::Started { .. } | Fact::ChildStarted(_) | Fact::TimerFired { .. }) => {
                Err(Rejected("executions begin, and timers fire, by other means".to_owned()))
            }
            Request::Tell(fact) => self.on_facts(stored, [fact.clone()], effects),
            Request::HandIn(handed) => {
                let HandedIn { token, fact } = &**handed;
                let facts = [storable(fact.clone())];
                self.advance_by(Some(token), stored, facts, false, effects).map(|(stored, _)| stored)
            }
            Request::Redrive { token } => self.redrive(stored, token.as_deref(), effects),
            Request::RedriveChild { attempt } => self.redrive_child(stored, *attempt, effects),
            Request::StopChild { attempt } => self.stop_child(stored, *attempt, effects),
            Request::Nested(nested) => {
                let Nested { task, begun, end, .. } = &**nested;
                // It may have ended before its beginning was told: nothing is told twice.
                let begun = Fact::TaskSubmitted { task: *task, output: begun.clone() };
                self.on_facts(stored, [begun, end.clone()], effects)
            }
            Request::ChildEnded { fact, .. } => self.on_facts(stored, [(**fact).clone()], effects),
            Request::Awaits { task, .. } => self.awaits(stored, *task, effects),
            Request::Start(_) | Request::StartChild(_) | Request::Queue(_) | Request::KeepMapRun { .. } => {
                Err(misplaced(effects.key()))
            }
        }
    }

    pub(crate) fn on_facts<const N: usize>(
        &self,
        stored: Stored,
        facts: [Fact; N],
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let is_redriven = facts.contains(&Fact::Redriven) && !stored.is_child();
        self.advance(stored, facts.map(storable), is_redriven, effects).map(|(stored, _)| stored)
    }

    fn on_outcome(
        &self,
        mut stored: Stored,
        outcome: &Outcome,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        match outcome {
            Outcome::Done => Ok(Some(stored)),
            Outcome::Unheard => {
                // Nothing takes it along when it goes: it goes by itself, so long after this.
                if stored.is_child() {
                    linger(effects);
                }
                Ok(Some(stored))
            }
            Outcome::Told(fact) => self.on_facts(stored, [fact.clone()], effects),
            Outcome::Returned { since_ms, .. } if *since_ms != stored.started_ms => Ok(Some(stored)),
            Outcome::Returned { fact, .. } => self.on_facts(stored, [fact.clone()], effects),
            Outcome::Begun { task, output, nested } => {
                let begun = storable(Fact::TaskSubmitted { task: *task, output: output.clone() });
                let (stored, was_awaited) = self.advance(stored, [begun], false, effects)?;
                if let Some(nested) = nested.as_ref().filter(|_| !was_awaited) {
                    effects.call(Errand::Stop(vec![nested.clone()]));
                }
                Ok(stored)
            }
            Outcome::ChildBegun { run, attempt, child } => {
                let is_earlier = attempt.is_some_and(|attempt| attempt != stored.attempt());
                if is_earlier || !stored.runs.contains(run) {
                    let (children, attempt) = (vec![child.clone()], attempt.unwrap_or_default());
                    effects.call(Errand::StopChildren { children, attempt });
                }
                Ok(Some(stored))
            }
            Outcome::MapRunKept { run, redrives } => {
                stored.over.retain(|over| (over.id, over.redrives) != (*run, *redrives));
                Ok(Some(stored))
            }
        }
    }

    fn on_execution(
        &self,
        state: Option<Stored>,
        input: Input<'_, Outcome, Request>,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        match (input, state) {
            (Input::Request(request), state) => self.on_request(state, request, effects),
            // It may be gone before the outcome of its call is there.
            (Input::Outcome(outcome), None) => {
                unheard(outcome, effects);
                linger(effects);
                Ok(None)
            }
            (Input::Timer(TIMER), None) => {
                linger(effects);
                Ok(None)
            }
            (Input::Outcome(outcome), Some(stored)) => self.on_outcome(stored, outcome, effects),
            (Input::Message(message), state) if Begin::is_in(message) => {
                let start = Begin::read(message)?.start(&self.catalogue, effects)?;
                let begun = self.start(state, &start, effects)?;
                begin::check(effects).map(|()| begun)
            }
            (Input::Message(message), Some(stored)) => {
                self.on_facts(stored, [self.integrations.fact(message)?], effects)
            }
            (Input::Message(_), None) if is_express(effects.key()) => {
                linger(effects);
                Ok(None)
            }
            (Input::Message(_), None) => Err(Rejected(format!("there is no execution {:?}", effects.key()))),
            (Input::Timer(TIMER), Some(stored)) => {
                self.advance(stored, [], false, effects).map(|(stored, _)| stored)
            }
            (Input::Timer(name), _) => Err(Rejected(format!("no timer is called {name:?}"))),
        }
    }
}

/// What is left of the execution (its inbox, if nothing else) goes as others that end now.
fn linger<C, A>(effects: &mut Effects<C, A>) {
    effects.link(lists::OF_END, lists::ended_in(lists::minute(effects.now().unsigned_abs())));
}

#[async_trait]
impl<I: Integrations> Handler for Executor<I> {
    type State = Row;
    type Call = Errand<I::Outside>;
    type Outcome = Outcome;
    type Request = Request;
    type Answer = Answer;

    fn handle(
        &self,
        state: Option<Row>,
        input: Input<'_, Outcome, Request>,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Row>, Rejected> {
        match (state, input) {
            (state, Input::Request(Request::Queue(request))) => {
                let queue = match state {
                    None => None,
                    Some(Row::Queue(queue)) => Some(queue),
                    Some(Row::Execution(_) | Row::MapRun(_) | Row::Forgotten(_)) => {
                        return Err(misplaced(effects.key()));
                    }
                };
                Ok(Queue::handle(queue, request, effects)?.map(Row::Queue))
            }
            (Some(Row::MapRun(kept)), Input::Request(Request::KeepMapRun { run, .. }))
                if kept.run.redrives > run.redrives =>
            {
                // What it came to before it was redriven is told late.
                effects.answer(Answer::Done);
                Ok(Some(Row::MapRun(kept)))
            }
            (None | Some(Row::MapRun(_)), Input::Request(Request::KeepMapRun { execution, run })) => {
                effects.link(OF_EXECUTION, execution);
                effects.answer(Answer::Done);
                let kept = KeptRun { execution: execution.clone(), run: (**run).clone() };
                Ok(Some(Row::MapRun(Box::new(kept))))
            }
            (None, input) => Ok(self.on_execution(None, input, effects)?.map(Row::of)),
            (Some(Row::Execution(stored)), input) => {
                Ok(self.on_execution(Some(*stored), input, effects)?.map(Row::of))
            }
            (Some(Row::Forgotten(forgotten)), input) => {
                forgotten.handle(input, effects)?;
                Ok(Some(Row::Forgotten(forgotten)))
            }
            (Some(Row::Queue(_) | Row::MapRun(_)), _) => Err(misplaced(effects.key())),
        }
    }

    fn announced(&self, key: &str, answer: Answer) {
        self.outlets.told(key, answer);
    }

    async fn prepare(
        &self,
        store: &dyn Read,
        entities: &[(&str, &Entity)],
        again: bool,
    ) -> Result<(), StoreError> {
        self.live.begin(again);
        for (key, entity) in entities {
            if !again && !may_be_elsewhere(&entity.state) {
                continue;
            }
            // What cannot be read is told apart where it is decided.
            let Ok(GlancedRow::Execution(Glance { definition, journal, place })) =
                serde_json::from_slice(&entity.state)
            else {
                continue;
            };
            let Some(definition) = self.catalogue.find(store, definition).await? else { continue };
            let is_here = matches!(place, GlancedPlace::Here(_));
            if !is_here && (again || !self.live.holds(key, journal.chain)) {
                let read = load(store, key, &definition, journal).await?;
                self.live.prepare(key, journal.chain, read.map(Running::from));
            }
        }
        Ok(())
    }
}

fn misplaced(key: &str) -> Rejected {
    Rejected(format!("that cannot be asked of {key:?}"))
}
