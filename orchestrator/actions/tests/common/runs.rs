//! Executions for tests: a participant that carries them out, with nothing connected to their tasks.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part, and fails by panicking")]

use std::sync::Arc;

use bus::memory::{MemoryBus, MemoryOptions};
use engine::{ChildStart, Identity, Rules, Status};
use executions::{
    Answer, Errands, Executor, Request, Start, Unconnected, describe, execution_key, no_foreign,
};
use participant::{Clock, Participant};
use serde_json::{Value, json};

use super::{World, arn};

/// The definition of a machine that waits for an hour: on the tests' clock, for ever.
pub(crate) fn wait(state: &str) -> String {
    json!({"StartAt": state, "States": {state: {"Type": "Wait", "Seconds": 3600, "End": true}}}).to_string()
}

impl World {
    /// From now on requests to executions are answered.
    pub(crate) fn run(&mut self) {
        let store: Arc<dyn store::Store> = Arc::new(self.store.clone());
        let errands = Errands::new(&self.requests, Arc::clone(&store), self.catalogue.clone(), no_foreign());
        let participant = Participant::new(
            "executions",
            Vec::new(),
            Executor::new(self.catalogue.clone(), Unconnected),
            Arc::new(errands),
            store,
            Arc::new(MemoryBus::new(MemoryOptions::default())),
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        );
        let participant = participant.with_requests(self.asked.take().unwrap());
        tokio::spawn(participant.run(std::future::pending()));
    }

    /// Starts an execution with that ARN of a machine, as `StartExecution` does, and gives the execution's ARN.
    pub(crate) async fn start(&self, machine: &str, name: &str) -> String {
        let target = self.service.target(machine, 0).await.unwrap();
        let definition =
            self.catalogue.find(store::Store::reader(&self.store), &target.revision.fingerprint).await;
        let execution_arn = arn(&format!("execution:{}:{name}", target.machine_name));
        let identity = Identity {
            execution_arn: execution_arn.clone(),
            name: name.to_owned(),
            machine_arn: target.machine_arn.to_string(),
            machine_name: target.machine_name,
            role_arn: target.revision.role_arn,
            version_arn: target.version_arn,
            alias_arn: target.alias_arn,
            token_key: None,
        };
        let start = Start {
            definition: definition.unwrap().unwrap(),
            input: json!({}),
            seed: 7,
            identity: Some(Box::new(identity)),
            express: target.express,
            given: None,
            logging: None,
            parent: None,
            by: None,
        };
        let answer =
            self.requests.ask(execution_key(&target.home, name), Request::Start(Box::new(start))).await;
        assert!(matches!(answer, Ok(Answer::Started { is_new: true, .. })), "{answer:?}");
        execution_arn
    }

    /// How the execution of that home and name is doing.
    pub(crate) async fn status(&self, home: &str, name: &str) -> Status {
        let reader = store::Store::reader(&self.store);
        describe(reader, &execution_key(home, name)).await.unwrap().unwrap().status()
    }
}

/// What the first fact of an execution is that a Map started.
pub(crate) fn child(machine: &str, label: &str, name: &str, map: &str, input: Value) -> ChildStart {
    let identity = Identity {
        execution_arn: arn(&format!("execution:{machine}/{label}:{name}")),
        name: name.to_owned(),
        machine_arn: arn(&format!("stateMachine:{machine}/{label}")),
        machine_name: format!("{machine}/{label}"),
        role_arn: super::ROLE.to_owned(),
        version_arn: None,
        alias_arn: None,
        token_key: None,
    };
    ChildStart {
        execution: name.to_owned(),
        map: map.into(),
        map_run_arn: Some(arn(&format!("mapRun:{machine}/{label}:0b2f"))),
        input,
        item: None,
        seed: 7,
        identity: Some(Box::new(identity)),
        express: false,
        first_id: 1,
        rules: Rules::TODAY,
    }
}
