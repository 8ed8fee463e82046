//! Numbers of states that were stored: the rule by which they were given, whatever numbers states have in this program.

use crate::state_id::StateId;
use crate::syntax::{Definition, Machine, State, StateKind};

impl Definition {
    /// The state that an execution stored by its number (layout 1) is in.
    ///
    /// The parser of that time counted from 0: first the states of a machine, in the order of the text; then, for each of them in
    /// that order, the states of its branches, each branch by the same rule.
    pub fn state_numbered(&self, number: u32) -> Option<&State> {
        let mut numbered = Vec::new();
        self.count(self.machine(), &mut numbered);
        self.state(*numbered.get(number as usize)?)
    }

    fn count(&self, machine: &Machine, numbered: &mut Vec<StateId>) {
        numbered.extend(machine.states());
        for state in machine.states().filter_map(|id| self.state(id)) {
            if let StateKind::Parallel(parallel) = &state.kind {
                parallel.branches.iter().for_each(|branch| self.count(branch, numbered));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::parse;

    #[test]
    fn states_are_counted_machine_by_machine_in_the_order_of_the_text() {
        let text = r#"{"StartAt": "Z", "States": {
            "Z": {"Type": "Parallel", "Next": "A", "Branches": [
                {"StartAt": "Z2", "States": {
                    "Z2": {"Type": "Parallel", "Next": "Z1", "Branches": [
                        {"StartAt": "deep", "States": {"deep": {"Type": "Succeed"}}}]},
                    "Z1": {"Type": "Succeed"}}},
                {"StartAt": "Y", "States": {"Y": {"Type": "Succeed"}}}]},
            "A": {"Type": "Parallel", "Next": "M", "Branches": [
                {"StartAt": "B", "States": {"B": {"Type": "Succeed"}}}]},
            "M": {"Type": "Succeed"}}}"#;
        let definition = parse(text).unwrap();
        let names: Vec<&str> =
            (0..).map_while(|number| definition.state_numbered(number)).map(|state| &*state.name).collect();
        assert_eq!(names, ["Z", "A", "M", "Z2", "Z1", "deep", "Y", "B"]);
    }
}
