//! Which ways of a definition were taken.

use std::collections::BTreeSet;
use std::sync::Arc;

use asl::syntax::{Choice, Recovery};
use asl::{Definition, StateId, StateKind};
use engine::{Detail, HistoryEvent, Taken, Way};

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One that executions can enter.
    State,
    /// Rules of Choices, and their `Default`.
    Rule,
    /// Elements of `Catch`.
    Catcher,
    /// Elements of `Retry`.
    Retrier,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::State, Self::Rule, Self::Catcher, Self::Retrier];

    /// What several are called.
    pub fn plural(self) -> &'static str {
        match self {
            Self::State => "states",
            Self::Rule => "choice rules",
            Self::Catcher => "catchers",
            Self::Retrier => "retriers",
        }
    }
}

/// Something in a definition that an execution may come by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Spot {
    /// What it is.
    pub kind: Kind,
    /// The state that it is, or is part of.
    pub state: Arc<str>,
    /// What it is called: `Pay`, `Decide: Choices[1] -> Refuse`.
    pub name: String,
    way: Option<Way>,
}

/// What executions of a definition came by.
#[derive(Debug, Clone, Default)]
pub struct Coverage {
    entered: BTreeSet<Arc<str>>,
    taken: BTreeSet<(Arc<str>, Way)>,
}

impl Coverage {
    /// Notes an event of a history.
    pub fn see(&mut self, event: &HistoryEvent) {
        if let Detail::StateEntered { name, .. } = &event.detail {
            self.entered.insert(Arc::clone(name));
        }
    }

    /// Notes ways that were taken.
    pub fn took(&mut self, taken: &[Taken]) {
        self.taken.extend(taken.iter().map(|it| (Arc::clone(&it.state), it.way)));
    }

    /// Adds what another came by.
    pub fn add(&mut self, other: Self) {
        self.entered.extend(other.entered);
        self.taken.extend(other.taken);
    }

    /// Whether a state was entered.
    pub fn entered(&self, state: &str) -> bool {
        self.entered.contains(state)
    }

    /// Whether a spot was come by.
    pub fn covers(&self, spot: &Spot) -> bool {
        match spot.way {
            None => self.entered.contains(&spot.state),
            Some(way) => self.taken.contains(&(Arc::clone(&spot.state), way)),
        }
    }
}

/// Everything in a definition that an execution may come by, in the order of the text.
pub fn spots(definition: &Definition) -> Vec<Spot> {
    let name_of = |id: StateId| definition.state(id).map_or("", |state| &*state.name);
    let mut spots = Vec::new();
    for (_, state) in definition.states() {
        let mut add = |kind, way, name: String| {
            spots.push(Spot { kind, state: Arc::clone(&state.name), name, way });
        };
        add(Kind::State, None, state.name.to_string());
        if let StateKind::Choice(Choice { rules, default, .. }) = &state.kind {
            for (index, rule) in rules.iter().enumerate() {
                let name = format!("{}: Choices[{index}] -> {}", state.name, name_of(rule.next));
                add(Kind::Rule, Some(Way::Rule(index)), name);
            }
            if let Some(default) = default {
                add(
                    Kind::Rule,
                    Some(Way::Default),
                    format!("{}: Default -> {}", state.name, name_of(*default)),
                );
            }
        }
        if let Some(Recovery { retry, catch }) = state.kind.recovery() {
            for (index, retrier) in retry.iter().enumerate() {
                let name = format!("{}: Retry[{index}] of {}", state.name, retrier.errors.0.join(", "));
                add(Kind::Retrier, Some(Way::Retrier(index)), name);
            }
            for (index, catcher) in catch.iter().enumerate() {
                let (errors, next) = (catcher.errors.0.join(", "), name_of(catcher.next));
                let name = format!("{}: Catch[{index}] of {errors} -> {next}", state.name);
                add(Kind::Catcher, Some(Way::Catcher(index)), name);
            }
        }
    }
    spots
}
