//! How an execution is run.

use std::path::PathBuf;
use std::time::Duration;

use asl::Definition;
use engine::Identity;

/// The account that ARNs name.
const ACCOUNT: &str = "123456789012";
/// The region that ARNs and events name.
pub const REGION: &str = "us-east-1";

/// How an execution is run.
#[derive(Debug, Clone, PartialEq)]
pub struct Settings {
    /// What the state machine is called.
    pub machine: String,
    /// What the execution is called.
    pub execution: String,
    /// When it begins, in milliseconds since 1970.
    pub start_ms: u64,
    /// Whether time passes as it does outside. If not, it is noon as soon as nothing is left to do before noon, and functions take
    /// no time.
    pub real_time: bool,
    /// What jitter and the functions with randomness are computed from.
    pub seed: u64,
    /// Whether it is an Express execution, whose history has no limit.
    pub express: bool,
    /// Most facts that an execution is told, without those of its Maps' children.
    pub facts_max: u64,
    /// The longest that it may take outside.
    pub patience: Duration,
    /// Further state machines: what tasks can start.
    pub machines: Vec<Machine>,
    /// The folder whose folders are buckets: what Maps read, and where they write.
    pub s3: Option<PathBuf>,
    /// Whether what Maps write stays in that folder. If not, the run sees it, and it is gone with the run.
    pub keeps_written: bool,
}

/// A state machine that can be started by its name.
#[derive(Debug, Clone, PartialEq)]
pub struct Machine {
    /// What a `StateMachineArn` ends with.
    pub name: String,
    /// What it does.
    pub definition: Definition,
}

impl Settings {
    /// A run on virtual time that begins then.
    pub fn new(machine: impl Into<String>, execution: impl Into<String>, start_ms: u64) -> Self {
        Self {
            machine: machine.into(),
            execution: execution.into(),
            start_ms,
            real_time: false,
            seed: 0,
            express: false,
            facts_max: 1_000_000,
            patience: Duration::from_secs(600),
            machines: Vec::new(),
            s3: None,
            keeps_written: true,
        }
    }

    /// What AWS would call the execution and its state machine.
    pub fn identity(&self) -> Identity {
        identity(&self.machine, &self.execution, self.express)
    }
}

/// What AWS would call an execution of a machine.
pub(crate) fn identity(machine: &str, execution: &str, express: bool) -> Identity {
    let states = |kind: &str| format!("arn:aws:states:{REGION}:{ACCOUNT}:{kind}:{machine}");
    let kind = if express { "express" } else { "execution" };
    Identity {
        execution_arn: format!("{}:{execution}", states(kind)),
        name: execution.to_owned(),
        machine_arn: states("stateMachine"),
        machine_name: machine.to_owned(),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{machine}"),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    }
}
