//! When orders could not move, because a program that they need was known not to be ready. Such time does not count against
//! them: an order is stuck when it does not move though everybody is ready.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use contract::Style;
use operate::processes::Program;
use participant::Millis;
use serde::{Deserialize, Serialize};

/// Spells that are remembered of each style, at the most: from before the oldest, all time counts.
const SPELLS_MAX: usize = 1_000;
/// Before any order.
const EVER: Millis = Millis::MIN / 2;

/// Orders wait for somebody.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct HoldUp {
    /// The program that is not ready.
    pub by: String,
    /// What is known of the reason.
    pub why: String,
    /// Since when, in milliseconds since the Unix epoch.
    pub since: Millis,
}

/// What is known. Clones share it.
#[derive(Clone, Debug, Default)]
pub struct HoldUps(Arc<Mutex<State>>);

#[derive(Debug, Default)]
struct State {
    away: BTreeMap<Program, HoldUp>,
    looked_at: Option<Millis>,
    spells: BTreeMap<Style, Spells>,
}

/// Times in which orders of a style were held up.
#[derive(Debug, Default)]
struct Spells {
    over: Vec<Spell>,
    /// Since when they are.
    begun: Option<Millis>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Spell {
    from: Millis,
    to: Millis,
}

impl HoldUps {
    fn lock(&self) -> MutexGuard<'_, State> {
        // Every change is whole after any panic.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody watched before `now`: whoever was away then is not known, so that time counts against no order.
    #[must_use]
    pub fn watched_from(now: Millis) -> Self {
        let hold_ups = Self::default();
        for style in Style::ALL {
            hold_ups.lock().spells.entry(style).or_default().add(Spell { from: EVER, to: now });
        }
        hold_ups
    }

    /// These programs were found away at `now`, with the reason, and all others ready.
    pub fn looked(&self, now: Millis, away: BTreeMap<Program, String>) {
        let mut state = self.lock();
        // Whoever is away may have been so since the last look.
        let last = state.looked_at.replace(now).unwrap_or(now);
        for style in Style::ALL {
            let is_held = away.keys().any(|program| needs(style, *program));
            state.spells.entry(style).or_default().look(is_held, last, now);
        }
        let known = std::mem::take(&mut state.away);
        let hold_up = |(program, why): (Program, String)| {
            let since = known.get(&program).map_or(last, |known| known.since);
            (program, HoldUp { by: program.name().to_owned(), why, since })
        };
        state.away = away.into_iter().map(hold_up).collect();
    }

    /// Whom orders wait for now.
    #[must_use]
    pub fn now(&self) -> Vec<HoldUp> {
        self.lock().away.values().cloned().collect()
    }

    /// How much of the time from `since` to `now` does not count against an order of that style, in milliseconds.
    #[must_use]
    pub fn held(&self, style: Style, since: Millis, now: Millis) -> Millis {
        self.lock().spells.get(&style).map_or(0, |spells| spells.held(since, now))
    }

    /// The wall clock was set: it says `now`, and would have said `expected`. Nobody has lived through what it skipped, and
    /// what it repeats is not to be taken for the past.
    pub fn clock_jumped(&self, expected: Millis, now: Millis) {
        let mut state = self.lock();
        for style in Style::ALL {
            state.spells.entry(style).or_default().clock_jumped(expected, now);
        }
        let back = (now - expected).min(0);
        state.looked_at = state.looked_at.map(|at| at + back);
        state.away.values_mut().for_each(|away| away.since += back);
    }
}

/// Whether orders of that style need the program.
fn needs(style: Style, program: Program) -> bool {
    program != Program::Orchestrator || style == Style::Orchestration
}

impl Spells {
    fn look(&mut self, is_held: bool, last: Millis, now: Millis) {
        match self.begun {
            None if is_held => self.begun = Some(last),
            Some(from) if !is_held => {
                self.begun = None;
                self.add(Spell { from, to: now });
            }
            None | Some(_) => {}
        }
    }

    fn add(&mut self, spell: Spell) {
        if self.over.len() >= SPELLS_MAX {
            self.over.remove(0);
        }
        self.over.push(spell);
    }

    fn held(&self, since: Millis, now: Millis) -> Millis {
        let begun = self.begun.map(|from| Spell { from, to: now });
        let (mut held, mut counted_to) = (0, since);
        for spell in self.over.iter().copied().chain(begun) {
            let (from, to) = (spell.from.max(counted_to), spell.to.min(now));
            if to > from {
                held += to - from;
                counted_to = to;
            }
        }
        held
    }

    fn clock_jumped(&mut self, expected: Millis, now: Millis) {
        if now > expected {
            if self.begun.is_none() {
                self.add(Spell { from: expected, to: now });
            }
            return;
        }
        let back = now - expected;
        self.begun = self.begun.map(|from| from + back);
        for spell in &mut self.over {
            *spell = Spell { from: spell.from + back, to: spell.to + back };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn away(programs: &[Program]) -> BTreeMap<Program, String> {
        programs.iter().map(|program| (*program, "no answer".to_owned())).collect()
    }

    #[test]
    fn time_does_not_count_while_somebody_whom_the_style_needs_is_away() {
        let hold_ups = HoldUps::default();
        hold_ups.looked(1_000, away(&[]));
        assert_eq!(hold_ups.held(Style::Choreography, 0, 1_500), 0);
        // It may have gone just after the last look.
        hold_ups.looked(2_000, away(&[Program::OrderStatus, Program::Orchestrator]));
        assert_eq!(hold_ups.held(Style::Choreography, 0, 2_500), 1_500);
        assert_eq!(hold_ups.held(Style::Choreography, 2_400, 2_500), 100, "an order that came later");
        let by: Vec<_> = hold_ups.now().into_iter().map(|hold_up| (hold_up.by, hold_up.since)).collect();
        assert_eq!(by, [("orchestrator".to_owned(), 1_000), ("order-status".to_owned(), 1_000)]);
        hold_ups.looked(3_000, away(&[Program::Orchestrator]));
        assert_eq!(hold_ups.held(Style::Choreography, 0, 9_000), 2_000);
        assert_eq!(hold_ups.held(Style::Orchestration, 0, 9_000), 8_000, "the workflow is still away");
        hold_ups.looked(4_000, away(&[]));
        assert_eq!(hold_ups.held(Style::Orchestration, 0, 9_000), 3_000);
        assert_eq!(hold_ups.now(), []);
    }

    #[test]
    fn time_in_which_nobody_watched_does_not_count() {
        let hold_ups = HoldUps::watched_from(500_000);
        hold_ups.looked(501_000, away(&[]));
        hold_ups.looked(502_000, away(&[Program::OrderStatus]));
        hold_ups.looked(503_000, away(&[]));
        for style in Style::ALL {
            assert_eq!(hold_ups.held(style, 1_000, 510_000), 499_000 + 2_000);
            assert_eq!(hold_ups.held(style, 505_000, 510_000), 0);
        }
        hold_ups.clock_jumped(510_000, 410_000);
        assert_eq!(hold_ups.held(Style::Choreography, 1_000, 410_000), 399_000 + 2_000);
    }

    #[test]
    fn a_clock_that_is_set_makes_nobody_wait() {
        for is_away in [&[][..], &[Program::Notifications]] {
            let hold_ups = HoldUps::default();
            hold_ups.looked(1_000, away(is_away));
            hold_ups.clock_jumped(1_500, 3_601_500);
            hold_ups.looked(3_602_000, away(&[Program::Notifications]));
            hold_ups.looked(3_603_000, away(&[]));
            let held = hold_ups.held(Style::Choreography, 1_400, 3_603_000);
            assert!((3_601_000..=3_601_600).contains(&held), "{held}");
        }
        let hold_ups = HoldUps::default();
        hold_ups.looked(3_600_000, away(&[]));
        hold_ups.looked(3_601_000, away(&[Program::Notifications]));
        hold_ups.looked(3_602_000, away(&[]));
        hold_ups.clock_jumped(3_602_000, 2_000);
        assert_eq!(hold_ups.held(Style::Choreography, 0, 3_000), 2_000, "from 0 to 2 s, as it is now");
        assert_eq!(hold_ups.held(Style::Choreography, 2_000, 3_700_000), 0, "and not again in an hour");
    }

    #[test]
    fn no_more_is_remembered_than_there_is_room_for() {
        let hold_ups = HoldUps::default();
        for n in 0..3 * SPELLS_MAX as Millis {
            let who: &[Program] = if n % 2 == 1 { &[Program::OrderHistory] } else { &[] };
            hold_ups.looked(n, away(who));
        }
        assert_eq!(hold_ups.lock().spells[&Style::Choreography].over.len(), SPELLS_MAX);
    }
}
