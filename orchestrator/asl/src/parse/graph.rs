//! The rules between the states of a machine.

use super::builder::{Builder, Names, Outline};
use super::fields::Field;
use super::words;
use crate::nearest::hint;
use crate::problem::Code;
use crate::state_id::StateId;

impl Builder<'_> {
    /// The state that a field names; the state in hand leads to it.
    pub(super) fn target(&mut self, field: &Field<'_>, names: &Names) -> Option<StateId> {
        let name = field.string(&mut self.report)?;
        if let Some(id) = names.get(name) {
            if self.within.state != Some(*id) {
                self.within.reached.insert(*id);
            }
            return Some(*id);
        }
        let code = Code::MissingTransitionTarget;
        if self.report.is_full() {
            self.report.add(code, field.node.at, None, "", None, None);
            return None;
        }
        let expected = match self.names.contains(name) {
            true => "a state of the same machine or branch".to_owned(),
            false => hint(name, names.keys().map(String::as_str)),
        };
        let location = Some(field.location.as_str());
        self.report.add(code, field.node.at, location, words::no_target(name), None, Some(expected));
        None
    }

    /// In each machine, one of the states ends it, and each is led to from another. Looked at only if every state was read without a
    /// problem of its own: one that was not would make others look unreachable. Where nothing ends the machine, that is all that is
    /// said, as AWS has it; and a circle of states that nothing outside of it leads to is let be, as AWS does.
    pub(super) fn between_states(&mut self) {
        if !self.report.knows_states() {
            return;
        }
        for Outline { place, states, reached, ends } in std::mem::take(&mut self.machines) {
            if !ends {
                let expected = Some("a state with \"End\": true, or of type Succeed or Fail".to_owned());
                self.report.add(Code::MissingEndState, place.at, None, words::NO_END, None, expected);
                continue;
            }
            for (name, _, place) in states.iter().filter(|(_, id, _)| !reached.contains(id)) {
                let code = Code::MissingTransitionTarget;
                self.problem(code, place, words::unreachable(name));
            }
        }
    }
}
