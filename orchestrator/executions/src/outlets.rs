//! Who is told in this process of what is committed.

use std::sync::Arc;

use engine::{Ending, Execution};

use crate::course::{Course, EffectsOf};
use crate::errand::Errand;
use crate::event_log::EventLog;
use crate::integrations::Integrations;
use crate::metrics::{Metrics, Moved, Opening};
use crate::open::OpenExecutions;
use crate::pollers::Pollers;
use crate::request::Answer;
use crate::spans::Spans;
use crate::stored::ending;
use crate::waiters::Waiters;

/// Who is told in this process of what is committed; nobody of what does not concern anybody.
#[derive(Default)]
pub(crate) struct Outlets {
    pub(crate) waiters: Waiters,
    pub(crate) pollers: Pollers,
    pub(crate) metrics: Option<Metrics>,
    pub(crate) open: Option<OpenExecutions>,
    /// For events of executions that are never stored.
    pub(crate) event_log: Option<Arc<dyn EventLog>>,
    pub(crate) spans: Option<Arc<dyn Spans>>,
}

impl Outlets {
    /// Has those told of the end who wait for it.
    pub(crate) fn announce<I: Integrations>(&self, ending: Option<&Ending>, effects: &mut EffectsOf<I>) {
        if let Some(ending) = ending.filter(|_| self.waiters.is_awaited(effects.key())) {
            effects.announce(Answer::Ended(ending.clone()));
        }
    }

    /// Has counted what happened to an execution, which is where it stands now.
    pub(crate) fn count<I: Integrations>(
        &self,
        opening: Opening,
        course: &Course<'_, I>,
        execution: &Execution,
        effects: &mut EffectsOf<I>,
    ) {
        if self.metrics.is_none() && self.open.is_none() {
            return;
        }
        let took_ms = |ending: &Ending| ending.at_ms.saturating_sub(course.begun.started_ms);
        let ended = ending(execution).map(|ending| (ending.status, took_ms(ending)));
        let (express, transitions) = (execution.is_express(), course.transitions);
        let moved = Moved { express, opening, transitions, ended };
        if !moved.is_nothing() {
            effects.announce(Answer::Moved(moved));
        }
    }

    /// It is committed.
    pub(crate) fn told(&self, key: &str, answer: Answer) {
        match answer {
            Answer::Ended(ending) => self.waiters.ended(key, &ending),
            Answer::Queued { .. } => self.pollers.put_in(key),
            Answer::Moved(moved) => {
                if let Some(open) = &self.open {
                    open.note(moved);
                }
                if let Some(metrics) = &self.metrics {
                    metrics.count(moved);
                }
            }
            Answer::Over(stretches) => {
                if let Some(spans) = &self.spans {
                    stretches.into_iter().for_each(|stretch| spans.record(stretch));
                }
            }
            Answer::Logged(events) => {
                if let Some(log) = &self.event_log {
                    // Nobody waits until it is written: there is nothing that could be done again.
                    drop(log.log(events));
                }
            }
            _ => {}
        }
    }
}

/// Has traced what is over, and logged what is to be logged: with an errand, or at once where the execution is never stored, and so nothing
/// is committed.
pub(crate) fn tell<I: Integrations>(
    course: &mut Course<'_, I>,
    is_never_stored: bool,
    effects: &mut EffectsOf<I>,
) {
    let over = std::mem::take(&mut course.over);
    if !over.is_empty() {
        effects.announce(Answer::Over(over));
    }
    let events = course.logged.take();
    if events.is_empty() {
        return;
    }
    if is_never_stored {
        effects.announce(Answer::Logged(events));
    } else {
        effects.call(Errand::Log(events));
    }
}
