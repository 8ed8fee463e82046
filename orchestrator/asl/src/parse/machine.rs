//! Reading a machine: a definition, a branch, or what is run for each item of a Map.

use std::collections::btree_map::Entry;

use super::builder::{Assigned, Builder, Here, NAME_CHARS_MAX, Names, Outline, Place, SECONDS_MAX, Within};
use super::fields::{Field, Fields};
use super::words;
use crate::json::Node;
use crate::problem::Code;
use crate::state_id::StateId;
use crate::syntax::{Machine, QueryLanguage};

/// The outermost machine, and what a definition holds besides.
pub(super) struct Outermost {
    pub(super) comment: Option<String>,
    pub(super) timeout_s: Option<u64>,
    pub(super) machine: Machine,
}

impl Builder<'_> {
    pub(super) fn definition(&mut self, root: &Node) -> Option<Outermost> {
        let root = Field { node: root, location: String::new() };
        let fields = root.fields_of(&mut self.report, "StateMachine", self.language)?;
        let comment = self.comment(&fields);
        if let Some(version) = fields.get("Version") {
            version.one_of(&mut self.report, &["1.0"]);
        }
        self.language = self.query_language(&fields).unwrap_or_default();
        // 0 is accepted, and no execution could meet it: it is no limit.
        let timeout = fields.get("TimeoutSeconds");
        let timeout_s = timeout.and_then(|f| f.integer(&mut self.report, 0, SECONDS_MAX)).filter(|s| *s > 0);
        let machine = self.machine(&fields, None);
        self.between_states();
        self.between_variables();
        Some(Outermost { comment, timeout_s, machine: machine? })
    }

    /// A branch of a Parallel state.
    pub(super) fn branch(&mut self, field: &Field<'_>) -> Option<Machine> {
        let fields = field.fields_of(&mut self.report, "Branch", self.here.language)?;
        self.comment(&fields);
        self.machine(&fields, Some(self.scope))
    }

    pub(super) fn comment(&mut self, fields: &Fields<'_>) -> Option<String> {
        fields.get("Comment").and_then(|field| field.string(&mut self.report)).map(str::to_owned)
    }

    /// `QueryLanguage`. Whatever is not JSONPath is read as JSONata, wrong or not, as AWS does.
    pub(super) fn query_language(&mut self, fields: &Fields<'_>) -> Option<QueryLanguage> {
        let place = fields.get("QueryLanguage")?.one_of(&mut self.report, &["JSONPath", "JSONata"]);
        Some(if place == Some(0) { QueryLanguage::JsonPath } else { QueryLanguage::Jsonata })
    }

    /// The machine that those fields make; `parent` is the scope whose variables its states can read.
    pub(super) fn machine(&mut self, fields: &Fields<'_>, parent: Option<usize>) -> Option<Machine> {
        fields.require(&mut self.report, &["States", "StartAt"]);
        let given = fields.get("States")?;
        let states = given.members(&mut self.report)?;
        if states.iter().next().is_none() {
            given.wrong(&mut self.report, words::EMPTY, Some("at least one state".to_owned()));
            return None;
        }
        let first = u32::try_from(self.states.len()).ok()?;
        let mut names = Names::new();
        let mut outline = Vec::new();
        for (member, field) in states.iter() {
            let id = StateId(first + u32::try_from(names.len()).ok()?);
            let place = Place { at: member.at, location: field.location };
            self.name(&member.key, &place);
            // A second state of the name was reported; the first keeps its number.
            let Entry::Vacant(name) = names.entry(member.key.clone()) else { continue };
            name.insert(id);
            self.states.push(None);
            outline.push((member.key.clone(), id, place));
        }
        let own = first..first + u32::try_from(names.len()).ok()?;
        let outer = std::mem::take(&mut self.within);
        let (outer_here, outer_scope) = (std::mem::take(&mut self.here), self.scope);
        self.scope = self.scopes.len();
        self.scopes.push(Assigned { parent, ..Assigned::default() });
        for (member, field) in states.iter() {
            let id = *names.get(&member.key)?;
            self.within.state = Some(id);
            self.here = Here { language: self.language, ..Here::default() };
            self.states[id.0 as usize] = self.state(&member.key, &field, &names);
        }
        self.within.state = None;
        let start = fields.get("StartAt").and_then(|start| self.target(&start, &names));
        let Within { reached, ends, .. } = std::mem::replace(&mut self.within, outer);
        (self.here, self.scope) = (outer_here, outer_scope);
        let place = Place { at: given.node.at, location: given.location };
        self.machines.push(Outline { place, states: outline, reached, ends });
        Some(Machine { start: start?, own })
    }

    fn name(&mut self, name: &str, place: &Place) {
        if name.is_empty() {
            let message = "A state name cannot be empty";
            self.problem(Code::InvalidStateName, place, message.to_owned());
        } else if name.chars().count() > NAME_CHARS_MAX {
            let message = words::too_long("The state name", name, NAME_CHARS_MAX);
            self.problem(Code::InvalidStateName, place, message);
        }
        if !self.names.insert(name.to_owned()) {
            self.problem(Code::DuplicateStateName, place, words::duplicate_state(name));
        }
    }

    pub(super) fn problem(&mut self, code: Code, place: &Place, message: String) {
        self.report.add(code, place.at, Some(&place.location), message, None, None);
    }
}
