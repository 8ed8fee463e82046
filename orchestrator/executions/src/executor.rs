//! The participant's handler: executions of whatever definition.

use std::sync::Arc;

use asl::Definition;
use async_trait::async_trait;
use engine::{Execution, Fact, JournalEntry, Status, resume};
use participant::{Effects, Handler, Input, Rejected};
use serde::Deserialize;
use serde::de::IgnoredAny;
use store::{Entity, Read, StoreError};

use crate::catalogue::Catalogue;
use crate::course::{Course, TIMER};
use crate::depth::{is_storable, storable};
use crate::digest::Digest;
use crate::given::{Given, INPUT_HERE_BYTES_MAX};
use crate::integrations::Integrations;
use crate::key::machine_and_name;
use crate::lists;
use crate::live::Live;
use crate::record::{self, Record};
use crate::request::{Answer, Request, Start};
use crate::running::Running;
use crate::stored::{Begun, Extent, Place, Stored, ending};

/// Starts executions, tells them what happens, and has done what they ask for.
pub struct Executor<I> {
    catalogue: Catalogue,
    integrations: I,
    live: Live,
}

impl<I: Integrations> Executor<I> {
    /// Of these definitions, and of those that are in its store.
    #[must_use]
    pub fn new(catalogue: Catalogue, integrations: I) -> Self {
        Self { catalogue, integrations, live: Live::new() }
    }
}

type EffectsOf<I> = Effects<<I as Integrations>::Outside, Answer>;

impl<I: Integrations> Executor<I> {
    fn start(
        &self,
        state: Option<Stored>,
        start: &Start,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
        let begun_with = begun_with(&start.definition, &start.input);
        if let Some(stored) = state {
            let is_same = stored.begun_with == begun_with && stored.ending().is_none();
            let started_ms = stored.started_ms;
            effects.answer(if is_same {
                Answer::Started { started_ms, is_new: false, ending: None }
            } else {
                Answer::Exists { started_ms }
            });
            return Ok(Some(stored));
        }
        if machine_and_name(effects.key()).is_none() {
            let key = effects.key();
            return Err(Rejected(format!(
                "{key:?} is not the key of an execution: execution/MACHINE:NAME is one"
            )));
        }
        if !is_storable(&start.input) {
            return Err(Rejected(format!(
                "the input is nested more than {} levels deep",
                asl::data::NESTING_MAX
            )));
        }
        // Who comes back to it will need it.
        self.catalogue.put(Arc::clone(&start.definition));
        let fact = Fact::Started {
            execution: effects.key().to_owned(),
            input: start.input.clone(),
            seed: start.seed,
            first_id: 1,
            identity: start.identity.clone(),
            express: start.express,
        };
        let mut journal = Extent::default();
        let given = start
            .given
            .as_ref()
            .filter(|_| !start.express)
            .map(|given| kept::<I>(given, &mut journal, effects));
        let mut course = self.course(&start.definition, !start.express, journal);
        let (running, _) = course.tell(None, Some(fact), effects)?;
        let started_ms = running.execution.started_ms();
        let ending = ending(&running.execution).cloned();
        let is_gone = start.express && ending.is_some();
        effects.answer(Answer::Started { started_ms, is_new: true, ending });
        if is_gone {
            return Ok(None);
        }
        if !start.express {
            lists::enter(given.as_deref(), None, effects);
        }
        let definition = start.definition.fingerprint().to_owned();
        let begun = Begun { definition, started_ms, begun_with, given, redrives: None };
        Ok(Some(self.put(course, running, None, effects, (begun, true))))
    }

    /// Tells the execution, which is there, the fact, and the timers that are due.
    fn advance(
        &self,
        stored: Stored,
        fact: Option<Fact>,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
        // What has not ended well may be redriven: whether it may, the engine knows.
        if stored.ending().is_some() && fact != Some(Fact::Redriven) {
            let ending = stored.ending().cloned();
            effects.answer(Answer::Told { was_awaited: false, ending });
            return Ok(Some(stored));
        }
        let Stored { definition: fingerprint, started_ms, begun_with, journal, place, given, mut redrives } =
            stored;
        let is_redriven = fact == Some(Fact::Redriven);
        let Some(definition) = self.catalogue.get(&fingerprint) else {
            return Err(effects.lack(&format!("the definition {fingerprint}")));
        };
        let (running, measured) = match place {
            Place::Here(execution) => (Running::from(*execution), None),
            Place::Journal { size } => (self.take(journal.chain, effects)?, Some(size)),
        };
        // Only what is Express has no journal.
        let mut course = self.course(&definition, journal.entries > 0, journal);
        let (running, was_awaited) = course.tell(Some(running), fact, effects)?;
        let ending = ending(&running.execution).cloned();
        let is_gone = ending.is_some() && !course.has_journal;
        if is_redriven && was_awaited {
            redrives.get_or_insert_default().note(effects.now().unsigned_abs());
        }
        effects.answer(Answer::Told { was_awaited, ending });
        if is_gone {
            return Ok(None);
        }
        let begun = Begun { definition: fingerprint, started_ms, begun_with, given, redrives };
        Ok(Some(self.put(course, running, measured, effects, (begun, is_redriven))))
    }

    /// Has the execution, which is there, go on with what it left undone, if it may.
    fn redrive(
        &self,
        stored: Stored,
        token: Option<&str>,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
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
        let mut advanced = self.advance(stored, Some(Fact::Redriven), effects)?;
        if let Some((stored, token)) = advanced.as_mut().zip(token) {
            stored.redrives.get_or_insert_default().remember(token);
        }
        effects.answer(Answer::Redriven { at_ms: now_ms });
        Ok(advanced)
    }

    fn course<'a>(&'a self, definition: &'a Definition, has_journal: bool, journal: Extent) -> Course<'a, I> {
        Course { definition, integrations: &self.integrations, has_journal, journal }
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
        (begun, is_opened): (Begun, bool),
    ) -> Stored {
        let status = running.execution.status();
        if course.has_journal && (is_opened || status != Status::Running) {
            lists::enter(begun.given.as_deref(), Some(status), effects);
        }
        let (place, running) = course.keep(running, measured, effects);
        if let (Place::Journal { size }, Some(running)) = (&place, running) {
            // What came since it was measured may be in it.
            let size = size + course.journal.tail_bytes;
            self.live.put(effects.key(), course.journal.chain, running, size);
        }
        begun.at(course.journal, place)
    }

    fn on_fact(
        &self,
        state: Option<Stored>,
        fact: Fact,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
        match state {
            Some(stored) => self.advance(stored, Some(storable(fact)), effects),
            None => Err(Rejected(format!("there is no execution {:?}", effects.key()))),
        }
    }

    fn on_request(
        &self,
        state: Option<Stored>,
        request: &Request,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
        match request {
            Request::Start(start) => self.start(state, start, effects),
            Request::Tell(Fact::Started { .. } | Fact::TimerFired { .. }) => {
                Err(Rejected("executions begin, and timers fire, by other means".to_owned()))
            }
            Request::Redrive { token } => match state {
                Some(stored) => self.redrive(stored, token.as_deref(), effects),
                None => {
                    effects.answer(Answer::Unknown);
                    Ok(None)
                }
            },
            Request::Tell(fact) => match state {
                Some(stored) => self.advance(stored, Some(storable(fact.clone())), effects),
                None => {
                    effects.answer(Answer::Unknown);
                    Ok(None)
                }
            },
        }
    }

    /// Reads where an execution stands out of its journal.
    async fn read(
        &self,
        store: &dyn Read,
        key: &str,
        definition: &Definition,
        journal: Extent,
    ) -> Result<Result<Running, String>, StoreError> {
        let Extent { entries, from, .. } = journal;
        let count = usize::try_from(entries - from).unwrap_or(usize::MAX);
        let entries = store.journal(key, from, count).await?;
        if entries.len() != count {
            return Ok(Err(format!("the end of a journal that should have {} entries", journal.entries)));
        }
        let (mut snapshot, mut facts): (Option<Execution>, Vec<JournalEntry>) = (None, Vec::new());
        for entry in &entries {
            match record::read(entry) {
                Ok(Record::Fact(entry)) => facts.push(entry),
                Ok(Record::Snapshot(execution)) => snapshot = Some(*execution),
                Ok(Record::Input(_)) => {}
                Err(error) => return Ok(Err(format!("a readable journal ({error})"))),
            }
        }
        let resumed = resume(definition, snapshot, facts);
        Ok(resumed.map(Running::from).map_err(|error| format!("a journal that leads somewhere ({error})")))
    }
}

#[async_trait]
impl<I: Integrations> Handler for Executor<I> {
    type State = Stored;
    type Call = I::Outside;
    type Outcome = Fact;
    type Request = Request;
    type Answer = Answer;

    fn handle(
        &self,
        state: Option<Stored>,
        input: Input<'_, Fact, Request>,
        effects: &mut EffectsOf<I>,
    ) -> Result<Option<Stored>, Rejected> {
        match input {
            Input::Request(request) => self.on_request(state, request, effects),
            // An Express execution may be gone before the outcome of its call is there: then nobody waits for it.
            Input::Outcome(_) if state.is_none() => Ok(None),
            Input::Outcome(fact) => self.on_fact(state, fact.clone(), effects),
            Input::Message(message) => self.on_fact(state, self.integrations.fact(message)?, effects),
            Input::Timer(TIMER) => match state {
                Some(stored) => self.advance(stored, None, effects),
                None => Ok(None),
            },
            Input::Timer(name) => Err(Rejected(format!("no timer is called {name:?}"))),
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
            // What cannot be read is told apart where it is decided.
            let Ok(Glance { definition, journal, place }) = serde_json::from_slice(&entity.state) else {
                continue;
            };
            let Some(definition) = self.catalogue.find(store, definition).await? else { continue };
            let is_here = matches!(place, GlancedPlace::Here(_));
            if !is_here && (again || !self.live.holds(key, journal.chain)) {
                let read = self.read(store, key, &definition, journal).await?;
                self.live.prepare(key, journal.chain, read);
            }
        }
        Ok(())
    }
}

/// Of a [`Stored`], what tells what has to be read beside it.
#[derive(Deserialize)]
struct Glance<'a> {
    #[serde(rename = "d")]
    definition: &'a str,
    #[serde(rename = "j")]
    journal: Extent,
    #[serde(rename = "p")]
    place: GlancedPlace,
}

#[derive(Deserialize)]
enum GlancedPlace {
    #[serde(rename = "h")]
    Here(IgnoredAny),
    #[serde(rename = "j")]
    Journal(IgnoredAny),
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

/// Over what an execution begins with.
fn begun_with(definition: &Definition, input: &serde_json::Value) -> Digest {
    Digest::default().then(definition.fingerprint().as_bytes()).then(input.to_string().as_bytes())
}
