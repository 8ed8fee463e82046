//! A fact told to an execution, with all that follows from it at once.

use asl::Definition;
use engine::{Effect, Fact, History, JournalEntry, Stepped, step};
use participant::{Effects, Rejected};

use crate::due::Due;
use crate::integrations::{Integrations, Way};
use crate::record;
use crate::request::Answer;
use crate::running::Running;
use crate::stored::{Extent, HERE_BYTES_MAX, Place, ending};

/// The participant's timer of an execution: when the earliest of its own is due.
pub(crate) const TIMER: &str = "due";
/// Timers that are told in one decision, at the most: a loop without waiting must not hold up the others.
const TIMERS_AT_ONCE_MAX: usize = 64;
/// A snapshot is worth its while only where so many facts would have to be told again.
const TAIL_ENTRIES_MIN: u64 = 16;

/// An execution on its way from one rest to the next.
pub(crate) struct Course<'a, I: Integrations> {
    pub(crate) definition: &'a Definition,
    pub(crate) integrations: &'a I,
    /// Whether facts are written down.
    pub(crate) has_journal: bool,
    pub(crate) journal: Extent,
}

type EffectsOf<I> = Effects<<I as Integrations>::Outside, Answer>;

impl<I: Integrations> Course<'_, I> {
    /// Tells the fact, if there is one, and each timer that is due by then. Whether the execution waited for the fact.
    ///
    /// # Errors
    /// The fact cannot be about the execution, or what follows from it cannot be.
    pub(crate) fn tell(
        &mut self,
        running: Option<Running>,
        fact: Option<Fact>,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Running, bool), Rejected> {
        let now_ms = effects.now().unsigned_abs();
        let (mut running, was_awaited) = match (running, fact) {
            (running, Some(fact)) => self.tell_one(running, fact, effects)?,
            (Some(running), None) => (running, false),
            (None, None) => return Err(Rejected("nothing begins without a fact".to_owned())),
        };
        let mut told = 0;
        while told < TIMERS_AT_ONCE_MAX
            && let Some(timer) = running.due.take(now_ms)
        {
            (running, _) = self.tell_one(Some(running), Fact::TimerFired { timer }, effects)?;
            told += 1;
        }
        match running.due.earliest() {
            Some(at_ms) => {
                let at_ms = at_ms.max(if told > 0 { now_ms + 1 } else { 0 });
                effects.set_timer(TIMER, i64::try_from(at_ms).unwrap_or(i64::MAX));
            }
            None => effects.cancel_timer(TIMER),
        }
        Ok((running, was_awaited))
    }

    fn tell_one(
        &mut self,
        running: Option<Running>,
        fact: Fact,
        effects: &mut EffectsOf<I>,
    ) -> Result<(Running, bool), Rejected> {
        let now_ms = effects.now().unsigned_abs();
        let (execution, mut due) = running.map_or((None, Due::default()), |it| (Some(it.execution), it.due));
        let beat = if let Fact::TaskHeartbeat { task } = fact { Some(task) } else { None };
        let entry = JournalEntry::new(now_ms, fact);
        let written = self.has_journal.then(|| entry.encode());
        let stepped = step(self.definition, execution, entry.fact, now_ms, self.integrations, History::Skip);
        let step = match stepped.map_err(rejected)? {
            Stepped::Stale(execution) => {
                // A task without a time for it may be told that it is at work as well: nothing follows from it.
                let is_at_work = beat.is_some_and(|task| execution.pending_tasks().contains(&task));
                return Ok((Running { execution: *execution, due }, is_at_work));
            }
            Stepped::Advanced(step) => *step,
        };
        if let Some(written) = written {
            self.append(JournalEntry::with_refused(written, step.refused).map_err(rejected)?, effects);
        }
        for effect in step.effects {
            self.bring_about(effect, &mut due, effects)?;
        }
        Ok((Running { execution: step.execution, due }, true))
    }

    fn append(&mut self, fact: Vec<u8>, effects: &mut EffectsOf<I>) {
        self.journal.chain = self.journal.chain.then(&fact);
        self.journal.entries += 1;
        self.journal.tail_bytes += fact.len() as u64;
        effects.journal(fact);
    }

    fn bring_about(&self, effect: Effect, due: &mut Due, effects: &mut EffectsOf<I>) -> Result<(), Rejected> {
        match effect {
            Effect::Call(call) => {
                let (key, now) = (effects.key().to_owned(), effects.now());
                match self.integrations.way(&key, call, now)? {
                    Way::Message(message) => effects.publish(message.topic, message.headers, message.body),
                    Way::Outside(call) => effects.call(call),
                    Way::Awaited => {}
                }
            }
            Effect::SetTimer { timer, at_ms } => due.set(timer, at_ms),
            Effect::CancelTimer { timer } => due.cancel(timer),
            // Map runs are refused before they ask for anything.
            Effect::Finished { .. }
            | Effect::StartChild(_)
            | Effect::StopChildren { .. }
            | Effect::ReadItems(_)
            | Effect::WriteResults(_)
            | Effect::MapRunEnded(_) => {}
        }
        Ok(())
    }

    /// Where the execution is kept until the next fact; in memory, if it is given back. A snapshot is written if it is its time.
    /// `measured` are the bytes of its snapshot when it was measured last, if it was not in its row.
    pub(crate) fn keep(
        &mut self,
        running: Running,
        measured: Option<u64>,
        effects: &mut EffectsOf<I>,
    ) -> (Place, Option<Running>) {
        let execution = &running.execution;
        let stays_here = !self.has_journal || ending(execution).is_some();
        if stays_here || measured.is_none() && record::size(execution, HERE_BYTES_MAX).is_some() {
            return (Place::Here(Box::new(running.execution)), None);
        }
        let Extent { entries, from, tail_bytes, .. } = self.journal;
        let is_long = entries - from >= TAIL_ENTRIES_MIN;
        if let Some(size) = measured.filter(|size| !is_long || tail_bytes < *size) {
            return (Place::Journal { size }, Some(running));
        }
        let encoded = execution.encode();
        let size = encoded.len() as u64;
        if size <= HERE_BYTES_MAX {
            return (Place::Here(Box::new(running.execution)), None);
        }
        if is_long && size <= tail_bytes {
            self.journal.from = entries;
            self.journal.entries += 1;
            self.journal.tail_bytes = 0;
            effects.journal(record::of_snapshot(&encoded));
        }
        (Place::Journal { size }, Some(running))
    }
}

pub(crate) fn rejected(error: impl std::fmt::Display) -> Rejected {
    Rejected(error.to_string())
}
