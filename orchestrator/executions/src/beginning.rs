//! Executions that are to begin: what a start finds that was begun before, and what is kept of what it gives.

use engine::{Fact, Rules};
use participant::{Effects, Rejected};

use crate::course::EffectsOf;
use crate::depth::is_storable;
use crate::digest::Digest;
use crate::executor::{Decision, Executor};
use crate::given::{Given, INPUT_HERE_BYTES_MAX};
use crate::integrations::Integrations;
use crate::lists::{OF_TASK, of_task};
use crate::parent::Parent;
use crate::record;
use crate::request::{Answer, Start, StartChild};
use crate::stored::{Begun, Extent, Stored};

/// Answers who asks for what has begun before; `is_same`: it is what they ask for. A parent that asks again (after a crash) means its
/// own, however that is doing.
fn begun_before<C>(
    stored: Stored,
    is_same: bool,
    parent: Option<&Parent>,
    effects: &mut Effects<C, Answer>,
) -> Stored {
    let is_own = stored.parent().zip(parent).is_some_and(|(stored, parent)| stored.is_same(parent));
    let started_ms = stored.started_ms;
    effects.answer(if is_own || is_same {
        Answer::Started { started_ms, is_new: false, ending: stored.ending().cloned() }
    } else {
        Answer::Exists { started_ms }
    });
    stored
}

/// What of it stands in the row; a long input goes to the journal.
fn kept<C>(given: &Given, journal: &mut Extent, effects: &mut Effects<C, Answer>) -> Box<Given> {
    let mut kept = Box::new(given.clone());
    if let Some(input) = kept.input.take_if(|input| input.len() > INPUT_HERE_BYTES_MAX) {
        effects.journal(record::of_input(&input));
        journal.entries += 1;
    }
    kept
}

impl<I: Integrations> Executor<I> {
    /// Begins it, unless it is there.
    pub(crate) fn start(
        &self,
        state: Option<Stored>,
        start: &Start,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
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
            rules: Rules::TODAY,
        };
        if let Some(Parent::Task { key, since_ms, task, .. }) = &start.parent {
            let value = of_task(key, *since_ms, *task);
            effects.link(OF_TASK, value);
        }
        let mut journal = Extent::default();
        let given =
            start.given.as_ref().filter(|_| !start.express).map(|given| kept(given, &mut journal, effects));
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
            logging: start.logging,
        };
        self.begin(&start.definition, fact, (!start.express).then_some(journal), begun, None, effects)
    }

    /// Begins a child of a Map run, unless it is there.
    pub(crate) fn start_child(
        &self,
        state: Option<Stored>,
        child: &StartChild,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let StartChild { definition, start, parent, logging } = child;
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
            logging: *logging,
        };
        let journal = (!start.express).then(Extent::default);
        self.begin(definition, Fact::ChildStarted(Box::new(start.clone())), journal, begun, None, effects)
    }
}
