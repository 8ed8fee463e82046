//! What is built while a definition is read, and what it may be at the most.

use std::collections::{BTreeMap, BTreeSet};

use crate::report::Report;
use crate::state_id::StateId;
use crate::syntax::{QueryLanguage, State};

/// Longest definition that is read, in bytes; the limit of AWS.
pub const TEXT_BYTES_MAX: usize = 1024 * 1024;
/// Longest name of a state, and of a variable, in characters.
pub const NAME_CHARS_MAX: usize = 80;
/// Longest label of a Map state, in characters.
pub const LABEL_CHARS_MAX: usize = 40;
/// Longest time that a definition may give, in seconds; the limit of AWS.
pub const SECONDS_MAX: u64 = 99_999_999;

/// The states of one machine by name.
pub(super) type Names = BTreeMap<String, StateId>;

/// Where something stands in the text.
#[derive(Clone)]
pub(super) struct Place {
    pub(super) at: usize,
    pub(super) location: String,
}

/// A machine that was read, as far as the rules between its states need it.
pub(super) struct Outline {
    /// Where `States` is.
    pub(super) place: Place,
    /// Its states: name, number and place.
    pub(super) states: Vec<(String, StateId, Place)>,
    /// The states that are led to from another state, or by `StartAt`.
    pub(super) reached: BTreeSet<StateId>,
    /// Whether a state ends it.
    pub(super) ends: bool,
}

/// The machine in hand.
#[derive(Default)]
pub(super) struct Within {
    /// The state in hand.
    pub(super) state: Option<StateId>,
    pub(super) reached: BTreeSet<StateId>,
    pub(super) ends: bool,
}

/// What JSONata finds in `$states` besides input and context.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Sees {
    /// Nothing.
    #[default]
    Input,
    /// `$states.result`
    Result,
    /// `$states.errorOutput`
    ErrorOutput,
}

/// The state in hand, as far as its expressions need it.
#[derive(Clone, Default)]
pub(super) struct Here {
    pub(super) language: QueryLanguage,
    pub(super) sees: Sees,
}

/// What is assigned and read in a machine.
#[derive(Default)]
pub(super) struct Assigned {
    /// The scope around it, whose variables can be read; a child of a distributed Map has none.
    pub(super) parent: Option<usize>,
    pub(super) written: Vec<(String, Place)>,
    pub(super) read: Vec<(String, Place)>,
}

/// What is built while the text is read. States get their numbers before they are read, so that `Next` can name a
/// state that comes later.
pub(super) struct Builder<'t> {
    pub(super) report: Report<'t>,
    pub(super) states: Vec<Option<State>>,
    /// Every name of a state in the definition.
    pub(super) names: BTreeSet<String>,
    /// Every label.
    pub(super) labels: BTreeSet<String>,
    /// Every machine that was read.
    pub(super) machines: Vec<Outline>,
    /// Every function that is named: where, and its name.
    pub(super) functions: Vec<(Place, String)>,
    pub(super) reads_execution_input: bool,
    /// The variables that each state reads.
    pub(super) variables_read: BTreeMap<StateId, BTreeSet<String>>,
    /// The language of states that name none.
    pub(super) language: QueryLanguage,
    /// Whether the machine in hand is that of Express executions.
    pub(super) express: bool,
    pub(super) within: Within,
    pub(super) here: Here,
    /// The scopes of variables, and which is in hand.
    pub(super) scopes: Vec<Assigned>,
    pub(super) scope: usize,
}

impl<'t> Builder<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Self {
            report: Report::new(text),
            states: Vec::new(),
            names: BTreeSet::new(),
            labels: BTreeSet::new(),
            machines: Vec::new(),
            functions: Vec::new(),
            reads_execution_input: false,
            variables_read: BTreeMap::new(),
            language: QueryLanguage::default(),
            express: false,
            within: Within::default(),
            here: Here::default(),
            scopes: Vec::new(),
            scope: 0,
        }
    }

    /// Reads something whose expressions see that.
    pub(super) fn seeing<T>(&mut self, sees: Sees, read: impl FnOnce(&mut Self) -> T) -> T {
        let before = std::mem::replace(&mut self.here.sees, sees);
        let value = read(self);
        self.here.sees = before;
        value
    }

    pub(super) fn is_jsonata(&self) -> bool {
        self.here.language == QueryLanguage::Jsonata
    }
}
