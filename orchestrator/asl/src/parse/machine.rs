//! Reading a machine, which is a definition or a branch, and the rules between its states.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::builder::{Builder, NAME_CHARS_MAX, Names, Place, Placed, SECONDS_MAX};
use super::fields::{Field, Fields};
use crate::json::Node;
use crate::state_id::StateId;
use crate::syntax::{Machine, State, StateKind, Transition};

/// What a definition holds besides its states.
pub(super) struct Outline {
    pub(super) comment: Option<String>,
    pub(super) timeout_s: Option<u64>,
    pub(super) machine: Machine,
}

impl Builder<'_> {
    pub(super) fn definition(&mut self, root: &Node) -> Option<Outline> {
        let root = Field { node: root, pointer: String::new() };
        let mut fields = root.object(&mut self.report)?;
        let comment = fields.take("Comment").and_then(|f| f.string(&mut self.report)).map(str::to_owned);
        if let Some(version) = fields.take("Version")
            && version.string(&mut self.report).is_some_and(|text| text != "1.0")
        {
            version.wrong(&mut self.report, "an unknown version of the language", Some("\"1.0\"".to_owned()));
        }
        self.query_language(&mut fields);
        let timeout = fields.take("TimeoutSeconds");
        let timeout_s = timeout.and_then(|f| f.integer(&mut self.report, 1, SECONDS_MAX));
        let machine = self.machine(&mut fields);
        fields.close(&mut self.report, "a state machine", &[]);
        self.between_states();
        Some(Outline { comment, timeout_s, machine: machine? })
    }

    /// A branch of a Parallel state.
    pub(super) fn branch(&mut self, field: &Field<'_>) -> Option<Machine> {
        let mut fields = field.object(&mut self.report)?;
        fields.take("Comment").and_then(|f| f.string(&mut self.report));
        let machine = self.machine(&mut fields);
        fields.close(&mut self.report, "a branch", &[]);
        machine
    }

    /// `QueryLanguage`, wherever it may stand: only JSONPath for now.
    pub(super) fn query_language(&mut self, fields: &mut Fields<'_>) {
        let Some(field) = fields.take("QueryLanguage") else { return };
        match field.string(&mut self.report) {
            Some("JSONPath") | None => {}
            Some("JSONata") => {
                field.wrong(
                    &mut self.report,
                    "JSONata is not supported yet",
                    Some("\"JSONPath\"".to_owned()),
                );
            }
            Some(_) => {
                field.wrong(&mut self.report, "an unknown query language", Some("\"JSONPath\"".to_owned()));
            }
        }
    }

    fn machine(&mut self, fields: &mut Fields<'_>) -> Option<Machine> {
        let start = fields.require("StartAt", &mut self.report, "the name of the first state");
        let states = fields.require("States", &mut self.report, "an object with the states by name");
        let states_place =
            states.as_ref().map(|field| Place { at: field.node.at, pointer: field.pointer.clone() });
        let given = states?;
        let states = given.object(&mut self.report)?;
        if states.iter().next().is_none() {
            let expected = Some("at least one state".to_owned());
            given.wrong(&mut self.report, "a state machine without states", expected);
            return None;
        }
        let first = u32::try_from(self.states.len()).ok()?;
        let mut names = Names::new();
        let mut places = Vec::new();
        for (member, field) in states.iter() {
            let id = StateId(first + u32::try_from(names.len()).ok()?);
            // A second state of the name was reported with the object's fields; the first keeps its number.
            let Entry::Vacant(name) = names.entry(member.key.clone()) else { continue };
            name.insert(id);
            self.states.push(None);
            self.name(&member.key, member.at, &field.pointer);
            places.push(Place { at: member.at, pointer: field.pointer });
        }
        let own = first..first + u32::try_from(names.len()).ok()?;
        for (member, field) in states.iter() {
            let state = self.state(&member.key, &field, &names);
            let id = names.get(&member.key)?;
            self.states[id.0 as usize] = state;
        }
        let start = self.target(&start?, &names)?;
        let machine = Machine { start, own };
        self.machines.push(Placed { machine: machine.clone(), states_place: states_place?, places });
        Some(machine)
    }

    fn name(&mut self, name: &str, at: usize, pointer: &str) {
        let chars = name.chars().count();
        if chars == 0 || chars > NAME_CHARS_MAX {
            let expected = Some(format!("1 to {NAME_CHARS_MAX} characters"));
            self.report.add(
                at,
                pointer,
                format!("the name of a state has {chars} characters"),
                None,
                expected,
            );
        }
        if let Some(earlier) = self.names.insert(name.to_owned(), pointer.to_owned()) {
            let message = format!("the state name '{name}' is taken by {earlier}");
            self.report.add(
                at,
                pointer,
                message,
                None,
                Some("a name unique in the whole definition".to_owned()),
            );
        }
    }

    /// In each machine, every state can be reached, and one of them ends it. Looked at only if every state was read
    /// without a problem: one that was not would make others look unreachable.
    fn between_states(&mut self) {
        if !self.report.is_clean() {
            return;
        }
        for Placed { machine, states_place, places } in std::mem::take(&mut self.machines) {
            let own: BTreeMap<StateId, &State> = machine
                .states()
                .filter_map(|id| Some((id, self.states.get(id.0 as usize)?.as_ref()?)))
                .collect();
            let reached = reached_from(machine.start, &own);
            for (id, place) in own.keys().zip(&places) {
                if !reached.contains(id) {
                    let expected = Some("a transition to it, or no such state".to_owned());
                    let message = "no transition leads to this state";
                    self.report.add(place.at, &place.pointer, message, None, expected);
                }
            }
            if !own.values().any(|state| ends(state)) {
                let expected = Some("a state with \"End\": true, or of type Succeed or Fail".to_owned());
                let message = "no state ends the machine";
                self.report.add(states_place.at, &states_place.pointer, message, None, expected);
            }
        }
    }
}

fn reached_from(start: StateId, own: &BTreeMap<StateId, &State>) -> BTreeSet<StateId> {
    let mut reached = BTreeSet::from([start]);
    let mut open = vec![start];
    while let Some(id) = open.pop() {
        let targets = own.get(&id).map(|state| targets(state)).unwrap_or_default();
        open.extend(targets.into_iter().filter(|target| reached.insert(*target)));
    }
    reached
}

/// Where a state may lead.
fn targets(state: &State) -> Vec<StateId> {
    let (transition, catch) = match &state.kind {
        StateKind::Task(task) => (Some(task.transition), task.recovery.catch.as_slice()),
        StateKind::Parallel(parallel) => (Some(parallel.transition), parallel.recovery.catch.as_slice()),
        StateKind::Map(map) => (Some(map.transition), map.recovery.catch.as_slice()),
        StateKind::Pass(pass) => (Some(pass.transition), [].as_slice()),
        StateKind::Wait(wait) => (Some(wait.transition), [].as_slice()),
        StateKind::Choice(choice) => {
            return choice.rules.iter().map(|rule| rule.next).chain(choice.default).collect();
        }
        StateKind::Succeed(_) | StateKind::Fail(_) => (None, [].as_slice()),
    };
    let next = match transition {
        Some(Transition::Next(next)) => Some(next),
        _ => None,
    };
    catch.iter().map(|catcher| catcher.next).chain(next).collect()
}

fn ends(state: &State) -> bool {
    match &state.kind {
        StateKind::Task(task) => task.transition == Transition::End,
        StateKind::Parallel(parallel) => parallel.transition == Transition::End,
        StateKind::Map(map) => map.transition == Transition::End,
        StateKind::Pass(pass) => pass.transition == Transition::End,
        StateKind::Wait(wait) => wait.transition == Transition::End,
        StateKind::Choice(_) => false,
        StateKind::Succeed(_) | StateKind::Fail(_) => true,
    }
}
