//! Executions that go on after their end: by themselves, or with the Map run whose children they are.

use engine::{Fact, NotRedrivable};

use crate::course::EffectsOf;
use crate::errand::Errand;
use crate::executor::{Decision, Executor};
use crate::integrations::Integrations;
use crate::lists::Rest;
use crate::parent::Parent;
use crate::request::Answer;
use crate::stored::{Begun, Stored};

impl<I: Integrations> Executor<I> {
    /// Has the execution, which is there, go on with what it left undone, if it may.
    pub(crate) fn redrive(
        &self,
        stored: Stored,
        token: Option<&str>,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
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

    /// Has a child of a Map run, which is there, run once more, because its parent was redriven so often.
    pub(crate) fn redrive_child(
        &self,
        mut stored: Stored,
        attempt: u32,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let at_ms = effects.now().unsigned_abs();
        let known = stored.parent().map_or(u32::MAX, Parent::attempt);
        if known >= attempt {
            effects.answer(Answer::Redriven { at_ms });
            return Ok(Some(stored));
        }
        match stored.redrivable_by_run(at_ms) {
            Ok(()) => {}
            // It had succeeded before it could be stopped: that is told once more, and is heard now.
            Err(NotRedrivable::Succeeded) => {
                stored.asks_again(attempt);
                effects.call(Errand::Report);
                effects.answer(Answer::Redriven { at_ms });
                return Ok(Some(stored));
            }
            Err(reason) => {
                effects.answer(Answer::NotRedrivable(reason));
                return Ok(Some(stored));
            }
        }
        let mut again = match stored.begins_again() {
            None => self.advance(stored, [Fact::Redriven], true, effects)?.0,
            Some(start) => {
                let Some(definition) = self.catalogue.get(&stored.definition) else {
                    return Err(effects.lack(&format!("the definition {}", stored.definition)));
                };
                let before = Rest::of(stored.ending());
                let (begun, ..) = stored.apart();
                let mut begun = Begun { started_ms: at_ms, ..begun };
                if let Some(parent) = &mut begun.parent {
                    parent.begins_anew();
                }
                self.begin(
                    &definition,
                    Fact::ChildStarted(Box::new(start)),
                    None,
                    begun,
                    Some(before),
                    effects,
                )?
            }
        };
        if let Some(stored) = &mut again {
            stored.asks_again(attempt);
        }
        effects.answer(Answer::Redriven { at_ms });
        Ok(again)
    }

    /// Stops a child of a Map run, which is there, unless its parent, which had been redriven so often, has asked for it once more since.
    pub(crate) fn stop_child(
        &self,
        stored: Stored,
        attempt: u32,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        if stored.parent().is_some_and(|parent| parent.attempt() > attempt) {
            let ending = stored.ending().cloned();
            effects.answer(Answer::Told { was_awaited: false, ending });
            return Ok(Some(stored));
        }
        self.on_facts(stored, [Fact::Stopped { error: None, cause: None }], effects)
    }
}
