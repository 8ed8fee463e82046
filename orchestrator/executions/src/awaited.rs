//! Whether an execution still waits for what is about to be called.

use engine::TaskId;

use crate::course::EffectsOf;
use crate::executor::{Decision, Executor};
use crate::integrations::Integrations;
use crate::request::Answer;
use crate::running::Running;
use crate::stored::{Place, Stored, ending};

impl<I: Integrations> Executor<I> {
    /// Whether it waits for the task; nothing changes.
    pub(crate) fn awaits(
        &self,
        stored: Stored,
        task: TaskId,
        effects: &mut EffectsOf<I>,
    ) -> Decision<Stored> {
        let (begun, journal, place) = stored.apart();
        let (running, measured) = match place {
            Place::Here(execution) => (Running::from(*execution), None),
            Place::Journal { size } => (self.take(journal.chain, effects)?, Some(size)),
        };
        let was_awaited = running.execution.awaiting_task(task).is_some();
        effects.answer(Answer::Told { was_awaited, ending: ending(&running.execution).cloned() });
        Ok(Some(self.put_back(begun, journal, running, measured, effects)))
    }
}
