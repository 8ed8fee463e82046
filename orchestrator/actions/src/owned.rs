//! State machines that are shown here, and that something else has executions of: the orchestrator's order flow.
//!
//! They are listed and described as all machines are, and so are their executions; they have tags. What else is asked of them is refused
//! (`owner`).

use crate::arn::{Resource, Scope};

/// A state machine that something else has executions of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owned {
    /// Where it is at home.
    pub scope: Scope,
    /// What it is called.
    pub machine: String,
    /// Why nothing is done to it here, and what has to be done instead: for who is refused.
    pub why: String,
}

impl Owned {
    /// Whether that is the machine, or something of it.
    pub(crate) fn has(&self, resource: &Resource) -> bool {
        let machine = match resource {
            Resource::Machine { machine, .. }
            | Resource::Qualified { machine, .. }
            | Resource::Execution { machine, .. }
            | Resource::Express { machine, .. }
            | Resource::MapRun { machine, .. } => machine,
            Resource::Activity { .. } => return false,
        };
        // A Map's execution has a label behind the machine's name.
        machine.split('/').next() == Some(self.machine.as_str())
    }
}
