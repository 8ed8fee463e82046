//! What Map runs and their children are called: all of it follows from the execution and the number of the run.

use asl::random::Random;

use crate::identity::Identity;
use crate::ids::MapRunId;

/// Keep the numbers for names apart from those for functions and jitter.
const RUN: u64 = 0x6d61_7020_7275_6e00;
const CHILD: u64 = 0x6368_696c_6400_0000;

/// A Map run, by its names.
pub(crate) struct Named {
    execution: String,
    seed: u64,
    run: MapRunId,
    express: bool,
    /// The execution and its state machine; made up of the execution's id if it is nobody.
    identity: Identity,
    /// What tells the Map apart in its machine.
    label: String,
    /// What tells the run apart from all others.
    pub(crate) uuid: String,
}

/// A child, by its names.
pub(crate) struct Child {
    pub(crate) execution: String,
    pub(crate) seed: u64,
    pub(crate) identity: Identity,
}

/// What the name and the seed of a child are made of.
fn random(seed: u64, run: MapRunId, index: u64) -> Random {
    Random::new(seed ^ CHILD ^ run.0.rotate_left(32), index)
}

/// The name of a child, unless two executions have the same seed unique among all.
pub(crate) fn name(seed: u64, run: MapRunId, index: u64) -> String {
    random(seed, run, index).next_uuid()
}

/// The id of a child's execution.
pub(crate) fn execution_id(parent: &str, run: MapRunId, index: u64) -> String {
    format!("{parent}.{}.{index}", run.0)
}

impl Named {
    /// A run of a Map, which has that name and perhaps a label, in an execution.
    pub(crate) fn new(
        (execution, seed, identity): (&str, u64, Option<&Identity>),
        (map, label): (&str, Option<&str>),
        run: MapRunId,
        express: bool,
    ) -> Self {
        Self {
            execution: execution.to_owned(),
            seed,
            run,
            express,
            identity: identity.cloned().unwrap_or_else(|| nobody(execution)),
            label: map_label(map, label),
            uuid: Random::new(seed ^ RUN, run.0).next_uuid(),
        }
    }

    /// The name of the machine without the labels of the Maps around.
    fn machine(&self) -> &str {
        self.identity.machine_name.split('/').next().unwrap_or_default()
    }

    /// An ARN of that kind in the account and region of the machine.
    fn arn(&self, kind: &str) -> String {
        let place =
            self.identity.machine_arn.rsplit_once(":stateMachine:").map_or("arn:aws:states::", |it| it.0);
        format!("{place}:{kind}:{}/{}", self.machine(), self.label)
    }

    pub(crate) fn map_run_arn(&self) -> String {
        format!("{}:{}", self.arn("mapRun"), self.uuid)
    }

    /// One of the children.
    pub(crate) fn child(&self, index: u64) -> Child {
        let random = random(self.seed, self.run, index);
        let (name, seed) = (random.next_uuid(), random.next_u64());
        let execution_arn = if self.express {
            format!("{}:{}:{name}", self.arn("express"), self.uuid)
        } else {
            format!("{}:{name}", self.arn("execution"))
        };
        let identity = Identity {
            execution_arn,
            name,
            machine_arn: self.arn("stateMachine"),
            machine_name: format!("{}/{}", self.machine(), self.label),
            version_arn: None,
            alias_arn: None,
            ..self.identity.clone()
        };
        Child { execution: execution_id(&self.execution, self.run, index), seed, identity }
    }
}

/// What is told of an execution that is nobody to AWS.
fn nobody(execution: &str) -> Identity {
    Identity {
        execution_arn: execution.to_owned(),
        name: execution.to_owned(),
        machine_arn: String::new(),
        machine_name: String::new(),
        role_arn: String::new(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    }
}

/// The label of a Map by its name and the label that it is given; without one, its name as far as a label may have its characters.
pub fn map_label(map: &str, given: Option<&str>) -> String {
    let own = |c: &char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    given.map_or_else(|| map.chars().filter(own).take(40).collect(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_and_children_are_named_as_aws_names_them() {
        let arn = |kind: &str| format!("arn:aws:states:eu-west-1:1:{kind}:m");
        let identity = Identity {
            execution_arn: format!("{}:e", arn("execution")),
            name: "e".to_owned(),
            machine_arn: arn("stateMachine"),
            machine_name: "m".to_owned(),
            ..nobody("")
        };
        let run = Named::new(("e", 7, Some(&identity)), ("Each one", None), MapRunId(3), false);
        assert_eq!(run.map_run_arn(), format!("{}/Eachone:{}", arn("mapRun"), run.uuid));
        let child = run.child(5);
        assert_eq!(child.execution, "e.3.5");
        assert_eq!(child.identity.machine_arn, format!("{}/Eachone", arn("stateMachine")));
        assert_eq!(
            child.identity.execution_arn,
            format!("{}/Eachone:{}", arn("execution"), child.identity.name)
        );
        assert_ne!((child.seed, child.identity.name), (run.child(6).seed, run.child(6).identity.name));
        // A Map in what a Map runs: one label.
        let inner =
            Named::new(("e.3.5", 8, Some(&run.child(5).identity)), ("Inner", Some("I")), MapRunId(1), true);
        assert!(inner.child(0).identity.execution_arn.starts_with(&format!(
            "{}/I:{}:",
            arn("express"),
            inner.uuid
        )));
    }
}
