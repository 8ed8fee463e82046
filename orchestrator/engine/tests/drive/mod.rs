//! Drives an execution on virtual time, and checks what must hold of every run: each snapshot reads back, the journal replays to
//! the same execution and history, and the history is a legal one.

use std::collections::{BTreeMap, VecDeque};

use asl::Definition;
use engine::{
    Call, Effect, Execution, Fact, History, HistoryEvent, Integrations, JournalEntry, Status, Step, Stepped,
    TimerId, legal, replay, step,
};

/// What is around an execution.
pub(crate) trait World {
    /// What is known of the calls that can be sent.
    fn integrations(&self) -> &dyn Integrations;

    /// What time it is, in milliseconds since 1970.
    fn now_ms(&mut self) -> &mut u64;

    /// What the execution is told of a call, and how many milliseconds after it was made: in order what is told at once.
    fn answer(&mut self, call: &Call) -> Vec<(u64, Fact)>;

    /// Brings about what is neither a call nor about a timer. What the execution is told of it at once.
    fn bring_about(&mut self, definition: &Definition, effect: &Effect) -> Result<Option<Fact>, String>;

    /// What it is told next at a time of its own, and when: before any timer that is due later.
    fn told(&mut self) -> Option<(u64, Fact)>;

    /// Sees what a fact led to.
    fn see(&mut self, entry: JournalEntry, step: &Step);
}

/// What an execution has come to.
#[derive(Clone, Default)]
pub(crate) struct Past {
    pub(crate) execution: Option<Execution>,
    journal: Vec<JournalEntry>,
    pub(crate) history: Vec<HistoryEvent>,
}

/// Runs until nothing can happen any more. Answers that come at once come in the order of the calls; of what is due at the same time,
/// later answers come first, then what the world tells, then timers.
pub(crate) fn drive(
    world: &mut impl World,
    definition: &Definition,
    past: Past,
    fact: Fact,
) -> Result<Past, String> {
    let mut facts = VecDeque::from([fact]);
    let mut timers: BTreeMap<(u64, TimerId), ()> = BTreeMap::new();
    let mut later: BTreeMap<(u64, u64), Fact> = BTreeMap::new();
    let mut answers = 0;
    let mut told = world.told();
    let Past { mut execution, mut journal, mut history } = past;
    loop {
        let fact = if let Some(fact) = facts.pop_front() {
            fact
        } else {
            let due = |key: Option<u64>| key.unwrap_or(u64::MAX);
            let timer = due(timers.first_key_value().map(|((at_ms, _), ())| *at_ms));
            let answer = due(later.first_key_value().map(|((at_ms, _), _)| *at_ms));
            let at_ms = due(told.as_ref().map(|(at_ms, _)| *at_ms));
            let fact = if answer <= at_ms.min(timer) {
                later.pop_first().map(|(_, fact)| fact)
            } else if at_ms <= timer {
                std::mem::replace(&mut told, world.told()).map(|(_, fact)| fact)
            } else {
                timers.pop_first().map(|((_, timer), ())| Fact::TimerFired { timer })
            };
            let Some(fact) = fact else { break };
            let now_ms = world.now_ms();
            *now_ms = answer.min(at_ms).min(timer).max(*now_ms);
            fact
        };
        let now_ms = *world.now_ms();
        let stepped =
            step(definition, execution.take(), fact.clone(), now_ms, world.integrations(), History::Keep);
        let mut step = match stepped.map_err(|error| error.to_string())? {
            Stepped::Stale(same) => {
                execution = Some(*same);
                continue;
            }
            Stepped::Advanced(step) => step,
        };
        for effect in &step.effects {
            match effect {
                Effect::Call(call) => {
                    for (after_ms, fact) in world.answer(call) {
                        answers += 1;
                        if after_ms == 0 {
                            facts.push_back(fact);
                        } else {
                            later.insert((now_ms + after_ms, answers), fact);
                        }
                    }
                }
                Effect::SetTimer { timer, at_ms } => {
                    timers.insert((*at_ms, *timer), ());
                }
                Effect::CancelTimer { timer } => timers.retain(|(_, id), ()| id != timer),
                effect => facts.extend(world.bring_about(definition, effect)?),
            }
        }
        let entry = JournalEntry { at_ms: now_ms, fact, refused: std::mem::take(&mut step.refused) };
        journal.push(entry.clone());
        world.see(entry, &step);
        history.append(&mut step.history);
        let read = Execution::decode(&step.execution.encode()).map_err(|error| error.to_string())?;
        if read != step.execution {
            return Err(format!("a snapshot does not read back: {:?}", step.execution));
        }
        execution = Some(read);
    }
    let execution = execution.ok_or("it did not begin")?;
    if execution.history_len() != history.len() as u64 {
        return Err("the length of the history is wrong".to_owned());
    }
    if execution.status() != Status::Running && !execution.pending_timers().is_empty() {
        return Err("timers are left".to_owned());
    }
    if let Err(illegal) = legal(&history) {
        let told = &history[..history.len().min(illegal.id as usize)];
        let told: Vec<_> =
            told.iter().rev().take(40).map(|e| (e.id, e.previous_event_id, e.type_name())).collect();
        return Err(format!("{illegal}, the latest first: {told:?}"));
    }
    let replayed = replay(definition, journal.clone()).map_err(|error| error.to_string())?;
    if replayed.0 != execution || replayed.1 != history {
        return Err("replay gives something else".to_owned());
    }
    Ok(Past { execution: Some(execution), journal, history })
}
