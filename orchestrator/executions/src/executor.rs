//! The participant's handler: executions of whatever definition.

use std::sync::Arc;

use asl::Definition;
use async_trait::async_trait;
use engine::{Ending, Fact, Status};
use participant::{Handler, Input, Rejected};
use store::{Entity, Read, StoreError};

use crate::begin::{self, Begin};
use crate::catalogue::Catalogue;
use crate::course::{Course, EffectsOf, TIMER};
use crate::depth::{is_storable, storable};
use crate::digest::Digest;
use crate::errand::{Errand, Outcome};
use crate::given::{Given, INPUT_HERE_BYTES_MAX};
use crate::glance::{Glance, GlancedPlace, GlancedRow, may_be_elsewhere};
use crate::integrations::Integrations;
use crate::kept_run::{KeptRun, OF_EXECUTION};
use crate::key::{EXECUTION_KEY_BYTES_MAX, machine_and_name};
use crate::lists::{self, OF_TASK, of_task};
use crate::live::Live;
use crate::load::load;
use crate::parent::Parent;
use crate::pollers::Pollers;
use crate::queue::Queue;
use crate::record;
use crate::request::{Answer, Nested, Request, Start, StartChild};
use crate::row::Row;
use crate::running::Running;
use crate::stored::{Begun, Extent, Place, Stored, ending};
use crate::waiters::Waiters;

/// Starts executions, tells them what happens, and has done what they ask for.
pub struct Executor<I> {
    catalogue: Catalogue,
    integrations: I,
    live: Live,
    waiters: Waiters,
    pollers: Pollers,
}

impl<I: Integrations> Executor<I> {
    /// Of these definitions, and of those that are in its store.
    #[must_use]
    pub fn new(catalogue: Catalogue, integrations: I) -> Self {
        let (waiters, pollers) = (Waiters::default(), Pollers::default());
        Self { catalogue, integrations, live: Live::new(), waiters, pollers }
    }

    /// Telling these when executions have ended.
    #[must_use]
    pub fn with_waiters(self, waiters: Waiters) -> Self {
        Self { waiters, ..self }
    }

    /// Telling these when a task of an activity is there.
    #[must_use]
    pub fn with_pollers(self, pollers: Pollers) -> Self {
        Self { pollers, ..self }
    }
}

type Decision<T> = Result<Option<T>, Rejected>;

impl<I: Integrations> Executor<I> {
    fn start(&self, state: Option<Stored>, start: &Start, effects: &mut EffectsOf<I>) -> Decision<Stored> {
        let begun_with = Digest::default().then(start.input.to_string().as_bytes());
        let by = start.by.as_ref().map(|call| Digest::default().then(call.to_string().as_bytes()));
        if let Some(stored) = state {
            let is_theirs = stored.parent.is_none() && start.parent.is_none();
            let is_same = is_theirs && stored.begun_with == begun_with && stored.ending().is_none();
            let is_same = is_same || by.is_some() && stored.by == by;
            return Ok(Some(begun_before(stored, is_same, start.parent.as_ref(), effects)));
        }
        if !is_storable(&start.input) {
            return Err(Rejected(format!(
                "the input is nested more than {} levels deep",
                asl::data::NESTING_MAX
            )));
        }
        let key = effects.key();
        let fact = Fact::Started {
            execution: key.to_owned(),
            input: start.input.clone(),
            seed: start.seed,
            first_id: 1,
            identity: start.identity.clone(),
            express: start.express,
        };
        if let Some(Parent::Task { key, task, .. }) = &start.parent {
            let value = of_task(key, *task);
            effects.link(OF_TASK, value);
        }
        let mut journal = Extent::default();
        let given = start
            .given
            .as_ref()
            .filter(|_| !start.express)
            .map(|given| kept::<I>(given, &mut journal, effects));
        let begun = Begun {
            definition: start.definition.fingerprint().to_owned(),
            started_ms: effects.now().unsigned_abs(),
            begun_with,
            given,
            redrives: None,
            parent: start.parent.clone().map(Box::new),
            runs: Vec::new(),
            over: Vec::new(),
            by,
        };
        self.begin(&start.definition, fact, (!start.express).then_some(journal), begun, effects)
    }

    fn start_child(
        &self,
        state: Option<Stored>,
        child: &StartChild,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let StartChild { definition, start, parent } = child;
        if let Some(stored) = state {
            return Ok(Some(begun_before(stored, false, Some(parent), effects)));
        }
        let begun = Begun {
            definition: definition.fingerprint().to_owned(),
            started_ms: effects.now().unsigned_abs(),
            begun_with: Digest::default(),
            given: None,
            redrives: None,
            parent: Some(Box::new(parent.clone())),
            runs: Vec::new(),
            over: Vec::new(),
            by: None,
        };
        let journal = (!start.express).then(Extent::default);
        self.begin(definition, Fact::ChildStarted(Box::new(start.clone())), journal, begun, effects)
    }

    /// Begins what is not there yet; without a journal if it is given none.
    fn begin(
        &self,
        definition: &Arc<Definition>,
        fact: Fact,
        journal: Option<Extent>,
        begun: Begun,
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
        let (running, _) = course.tell(None, [fact], effects)?;
        let ending = ending(&running.execution).cloned();
        self.announce(ending.as_ref(), effects);
        effects.answer(Answer::Started { started_ms, is_new: true, ending });
        if course.is_gone(&running) {
            return Ok(None);
        }
        if course.is_listed() {
            lists::enter(&course.begun, None, effects);
        }
        Ok(Some(self.put(course, running, None, effects, true)))
    }

    /// Tells the execution, which is there, the facts, and the timers that are due. What becomes of it, and whether it waited for the
    /// last of the facts.
    fn advance(
        &self,
        stored: Stored,
        facts: impl IntoIterator<Item = Fact>,
        is_redriven: bool,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Option<Stored>, bool), Rejected> {
        // What has not ended well may be redriven: whether it may, the engine knows.
        if stored.ending().is_some() && !is_redriven {
            let ending = stored.ending().cloned();
            effects.answer(Answer::Told { was_awaited: false, ending });
            return Ok((Some(stored), false));
        }
        let (begun, journal, place) = stored.apart();
        let Some(definition) = self.catalogue.get(&begun.definition) else {
            return Err(effects.lack(&format!("the definition {}", begun.definition)));
        };
        let (running, measured) = match place {
            Place::Here(execution) => (Running::from(*execution), None),
            Place::Journal { size } => (self.take(journal.chain, effects)?, Some(size)),
        };
        // Only what is Express has no journal.
        let mut course = Course::new(&definition, &self.integrations, journal.entries > 0, journal, begun);
        let (running, was_awaited) = course.tell(Some(running), facts, effects)?;
        let ending = ending(&running.execution).cloned();
        if is_redriven && was_awaited {
            course.begun.redrives.get_or_insert_default().note(effects.now().unsigned_abs());
        }
        self.announce(ending.as_ref(), effects);
        effects.answer(Answer::Told { was_awaited, ending });
        if course.is_gone(&running) {
            return Ok((None, was_awaited));
        }
        Ok((Some(self.put(course, running, measured, effects, is_redriven)), was_awaited))
    }

    /// Has the execution, which is there, go on with what it left undone, if it may.
    fn redrive(&self, stored: Stored, token: Option<&str>, effects: &mut EffectsOf<I>) -> Decision<Stored> {
        let now_ms = effects.now().unsigned_abs();
        let before = token.and_then(|token| stored.redrives.as_deref()?.by(token, now_ms));
        if let Some(at_ms) = before {
            effects.answer(Answer::Redriven { at_ms });
            return Ok(Some(stored));
        }
        if let Err(reason) = stored.redrivable(now_ms) {
            effects.answer(Answer::NotRedrivable(reason));
            return Ok(Some(stored));
        }
        let (mut advanced, _) = self.advance(stored, [Fact::Redriven], true, effects)?;
        if let Some((stored, token)) = advanced.as_mut().zip(token) {
            stored.redrives.get_or_insert_default().remember(token);
        }
        effects.answer(Answer::Redriven { at_ms: now_ms });
        Ok(advanced)
    }

    /// Has those told of the end who wait for it in this process; nobody is told whom it does not concern.
    fn announce(&self, ending: Option<&Ending>, effects: &mut EffectsOf<I>) {
        if let Some(ending) = ending.filter(|_| self.waiters.is_awaited(effects.key())) {
            effects.announce(Answer::Ended(ending.clone()));
        }
    }

    fn take(&self, chain: Digest, effects: &mut EffectsOf<I>) -> Result<Running, Rejected> {
        self.live
            .take(effects.key(), chain)
            .map_err(|reason| effects.lack(&reason.unwrap_or_else(|| "what the journal leads to".to_owned())))
    }

    /// Puts the execution where it is found again.
    fn put(
        &self,
        mut course: Course<'_, I>,
        running: Running,
        measured: Option<u64>,
        effects: &mut EffectsOf<I>,
        is_opened: bool,
    ) -> Stored {
        let status = running.execution.status();
        if course.is_listed() && (is_opened || status != Status::Running) {
            lists::enter(&course.begun, Some(status), effects);
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
        match request {
            Request::Tell(Fact::Started { .. } | Fact::ChildStarted(_) | Fact::TimerFired { .. }) => {
                Err(Rejected("executions begin, and timers fire, by other means".to_owned()))
            }
            Request::Tell(fact) => self.on_facts(stored, [fact.clone()], effects),
            Request::Redrive { token } => self.redrive(stored, token.as_deref(), effects),
            Request::Nested(nested) => {
                let Nested { task, begun, end } = &**nested;
                // It may have ended before its beginning was told: nothing is told twice.
                let begun = Fact::TaskSubmitted { task: *task, output: begun.clone() };
                self.on_facts(stored, [begun, end.clone()], effects)
            }
            Request::Start(_) | Request::StartChild(_) | Request::Queue(_) | Request::KeepMapRun { .. } => {
                Err(misplaced(effects.key()))
            }
        }
    }

    fn on_facts<const N: usize>(
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
            Outcome::Told(fact) => self.on_facts(stored, [fact.clone()], effects),
            Outcome::Begun { task, output, nested } => {
                let begun = storable(Fact::TaskSubmitted { task: *task, output: output.clone() });
                let (stored, was_awaited) = self.advance(stored, [begun], false, effects)?;
                if let Some(nested) = nested.as_ref().filter(|_| !was_awaited) {
                    effects.call(Errand::Stop(vec![nested.clone()]));
                }
                Ok(stored)
            }
            Outcome::ChildBegun { run, child } => {
                if !stored.runs.contains(run) {
                    effects.call(Errand::Stop(vec![child.clone()]));
                }
                Ok(Some(stored))
            }
            Outcome::MapRunKept(run) => {
                stored.over.retain(|over| over.id != *run);
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
            // An Express execution may be gone before the outcome of its call is there: then nobody waits for it.
            (Input::Outcome(_), None) => Ok(None),
            (Input::Outcome(outcome), Some(stored)) => self.on_outcome(stored, outcome, effects),
            (Input::Message(message), state) if Begin::is_in(message) => {
                let start = Begin::read(message)?.start(&self.catalogue, effects)?;
                let begun = self.start(state, &start, effects)?;
                begin::check(effects).map(|()| begun)
            }
            (Input::Message(message), Some(stored)) => {
                self.on_facts(stored, [self.integrations.fact(message)?], effects)
            }
            (Input::Message(_), None) => Err(Rejected(format!("there is no execution {:?}", effects.key()))),
            (Input::Timer(TIMER), Some(stored)) => {
                self.advance(stored, [], false, effects).map(|(stored, _)| stored)
            }
            (Input::Timer(TIMER), None) => Ok(None),
            (Input::Timer(name), _) => Err(Rejected(format!("no timer is called {name:?}"))),
        }
    }
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
                    Some(Row::Execution(_) | Row::MapRun(_)) => return Err(misplaced(effects.key())),
                };
                Ok(Queue::handle(queue, request, effects)?.map(Row::Queue))
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
            (Some(Row::Queue(_) | Row::MapRun(_)), _) => Err(misplaced(effects.key())),
        }
    }

    fn announced(&self, key: &str, answer: Answer) {
        match answer {
            Answer::Ended(ending) => self.waiters.ended(key, &ending),
            Answer::Queued { .. } => self.pollers.put_in(key),
            _ => {}
        }
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

/// Answers who asks for what has begun before; `is_same`: it is what they ask for. A parent that asks again (after a crash) means its
/// own, however that is doing.
fn begun_before<C>(
    stored: Stored,
    is_same: bool,
    parent: Option<&Parent>,
    effects: &mut participant::Effects<C, Answer>,
) -> Stored {
    let is_own = parent.is_some() && stored.parent.as_deref() == parent;
    let started_ms = stored.started_ms;
    effects.answer(if is_own || is_same {
        Answer::Started { started_ms, is_new: false, ending: stored.ending().cloned() }
    } else {
        Answer::Exists { started_ms }
    });
    stored
}

fn misplaced(key: &str) -> Rejected {
    Rejected(format!("that cannot be asked of {key:?}"))
}

/// What of it stands in the row; a long input goes to the journal.
fn kept<I: Integrations>(given: &Given, journal: &mut Extent, effects: &mut EffectsOf<I>) -> Box<Given> {
    let mut kept = Box::new(given.clone());
    if let Some(input) = kept.input.take_if(|input| input.len() > INPUT_HERE_BYTES_MAX) {
        effects.journal(record::of_input(&input));
        journal.entries += 1;
    }
    kept
}
