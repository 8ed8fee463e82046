//! What a request names is no ARN, no name, no token, not there, or not what the action is about.

use engine::token;
use serde_json::json;

use super::Cases;
use crate::server::{At, PASS, ROLE, SUCCEED, arn};

impl Cases<'_> {
    pub(super) async fn named(&mut self) {
        self.no_arns();
        self.no_names();
        self.no_tokens();
        self.not_there();
        self.going();
        self.other_types();
        self.tasks().await;
    }

    fn no_arns(&mut self) {
        let route = json!([{"stateMachineVersionArn": "x", "weight": 100}]);
        for (action, body) in [
            ("CreateStateMachineAlias", json!({"name": "n", "routingConfiguration": route})),
            ("DeleteActivity", json!({"activityArn": "x"})),
            ("DeleteStateMachine", json!({"stateMachineArn": "x"})),
            ("DeleteStateMachineAlias", json!({"stateMachineAliasArn": "x"})),
            ("DeleteStateMachineVersion", json!({"stateMachineVersionArn": "x"})),
            ("DescribeActivity", json!({"activityArn": "x"})),
            ("DescribeExecution", json!({"executionArn": "x"})),
            ("DescribeMapRun", json!({"mapRunArn": "x"})),
            ("DescribeStateMachine", json!({"stateMachineArn": "x"})),
            ("DescribeStateMachineAlias", json!({"stateMachineAliasArn": "x"})),
            ("DescribeStateMachineForExecution", json!({"executionArn": "x"})),
            ("GetActivityTask", json!({"activityArn": "x"})),
            ("GetExecutionHistory", json!({"executionArn": "x"})),
            ("ListExecutions", json!({"stateMachineArn": "x"})),
            ("ListMapRuns", json!({"executionArn": "x"})),
            ("ListStateMachineAliases", json!({"stateMachineArn": "x"})),
            ("ListStateMachineVersions", json!({"stateMachineArn": "x"})),
            ("ListTagsForResource", json!({"resourceArn": "x"})),
            ("PublishStateMachineVersion", json!({"stateMachineArn": "x"})),
            ("RedriveExecution", json!({"executionArn": "x"})),
            ("StartExecution", json!({"stateMachineArn": "x"})),
            ("StartSyncExecution", json!({"stateMachineArn": "x"})),
            ("StopExecution", json!({"executionArn": "x"})),
            ("TagResource", json!({"resourceArn": "x", "tags": []})),
            ("UntagResource", json!({"resourceArn": "x", "tagKeys": []})),
            ("UpdateMapRun", json!({"mapRunArn": "x", "maxConcurrency": 1})),
            ("UpdateStateMachine", json!({"stateMachineArn": "x", "roleArn": ROLE})),
            ("UpdateStateMachineAlias", json!({"stateMachineAliasArn": "x", "description": "d"})),
        ] {
            self.add(action, "InvalidArn", body, "Invalid Arn: 'Invalid ARN prefix: x'");
        }
        let body = json!({"name": "n", "definition": PASS, "roleArn": "x"});
        self.add("CreateStateMachine", "InvalidArn", body, "Invalid Role Arn: 'x'");
        let body = json!({"definition": r#"{"Type":"Succeed"}"#, "roleArn": "x"});
        self.add("TestState", "InvalidArn", body, "Invalid Arn: 'Invalid Role Arn: x'");
        // That of an Express execution is no ARN to these: there is nothing to stop, to redrive or to look at.
        let express = arn("express:x:e:0b2f");
        let message = "Invalid Arn: 'Resource type not valid in this context: express'";
        for action in
            ["DescribeExecution", "GetExecutionHistory", "ListMapRuns", "RedriveExecution", "StopExecution"]
        {
            self.add(action, "InvalidArn", json!({"executionArn": express}), message);
        }
    }

    fn no_names(&mut self) {
        for (action, body) in [
            ("CreateActivity", json!({"name": "a b"})),
            ("CreateStateMachine", json!({"name": "a b", "definition": PASS, "roleArn": ROLE})),
            ("StartExecution", json!({"stateMachineArn": arn("stateMachine:m"), "name": "a b"})),
            ("StartSyncExecution", json!({"stateMachineArn": arn("stateMachine:x"), "name": "a b"})),
        ] {
            self.add(action, "InvalidName", body, "Invalid Name: 'a b'");
        }
    }

    fn no_tokens(&mut self) {
        for (action, body) in [
            ("GetExecutionHistory", json!({"executionArn": arn("execution:m:done"), "nextToken": "x"})),
            ("ListActivities", json!({"nextToken": "x"})),
            ("ListExecutions", json!({"stateMachineArn": arn("stateMachine:m"), "nextToken": "x"})),
            ("ListMapRuns", json!({"executionArn": arn("execution:m:done"), "nextToken": "x"})),
            ("ListStateMachineAliases", json!({"stateMachineArn": arn("stateMachine:m"), "nextToken": "x"})),
            ("ListStateMachineVersions", json!({"stateMachineArn": arn("stateMachine:m"), "nextToken": "x"})),
            ("ListStateMachines", json!({"nextToken": "x"})),
            ("SendTaskFailure", json!({"taskToken": "x"})),
            ("SendTaskHeartbeat", json!({"taskToken": "x"})),
            ("SendTaskSuccess", json!({"taskToken": "x", "output": "1"})),
        ] {
            self.add(action, "InvalidToken", body, "Invalid Token: 'Invalid token'");
        }
    }

    fn not_there(&mut self) {
        let machine = arn("stateMachine:none");
        for (action, body) in [
            ("DescribeStateMachine", json!({"stateMachineArn": machine})),
            ("ListExecutions", json!({"stateMachineArn": machine})),
            ("ListStateMachineAliases", json!({"stateMachineArn": machine})),
            ("PublishStateMachineVersion", json!({"stateMachineArn": machine})),
            ("StartExecution", json!({"stateMachineArn": machine})),
            ("StartSyncExecution", json!({"stateMachineArn": machine})),
            ("UpdateStateMachine", json!({"stateMachineArn": machine, "roleArn": ROLE})),
        ] {
            let message = format!("State Machine Does Not Exist: '{machine}'");
            self.add(action, "StateMachineDoesNotExist", body, message);
        }
        let execution = arn("execution:m:none");
        for action in [
            "DescribeExecution",
            "DescribeStateMachineForExecution",
            "GetExecutionHistory",
            "ListMapRuns",
            "RedriveExecution",
            "StopExecution",
        ] {
            let message = format!("Execution Does Not Exist: '{execution}'");
            self.add(action, "ExecutionDoesNotExist", json!({"executionArn": execution}), message);
        }
        let activity = arn("activity:none");
        for action in ["DescribeActivity", "GetActivityTask"] {
            let message = format!("Activity Does Not Exist: '{activity}'");
            self.add(action, "ActivityDoesNotExist", json!({"activityArn": activity}), message);
        }
        let (version, alias) = (arn("stateMachine:m:7"), arn("stateMachine:m:none"));
        let route = json!([{"stateMachineVersionArn": version, "weight": 100}]);
        let reference = |arn: &str| format!("Request references a resource that does not exist: '{arn}'");
        let run = arn("mapRun:m/Each:0b2f");
        let no_run = format!("Map Run Does Not Exist: '{run}'");
        let nothing = format!("Resource not found: '{machine}'");
        let tags = json!([{"key": "k", "value": "v"}]);
        for (action, body, resource, message) in [
            (
                "CreateStateMachineAlias",
                json!({"name": "n", "routingConfiguration": route}),
                &version,
                reference(&version),
            ),
            ("ListStateMachineAliases", json!({"stateMachineArn": version}), &version, reference(&version)),
            ("DeleteStateMachineAlias", json!({"stateMachineAliasArn": alias}), &alias, reference(&alias)),
            ("DescribeStateMachineAlias", json!({"stateMachineAliasArn": alias}), &alias, reference(&alias)),
            (
                "UpdateStateMachineAlias",
                json!({"stateMachineAliasArn": alias, "description": "d"}),
                &alias,
                reference(&alias),
            ),
            ("DescribeMapRun", json!({"mapRunArn": run}), &run, no_run.clone()),
            ("ListExecutions", json!({"mapRunArn": run}), &run, no_run.clone()),
            ("UpdateMapRun", json!({"mapRunArn": run, "maxConcurrency": 1}), &run, no_run),
            ("ListTagsForResource", json!({"resourceArn": machine}), &machine, nothing.clone()),
            ("TagResource", json!({"resourceArn": machine, "tags": tags}), &machine, nothing.clone()),
            ("UntagResource", json!({"resourceArn": machine, "tagKeys": ["k"]}), &machine, nothing),
        ] {
            self.add(action, "ResourceNotFound", body, message);
            self.with("resourceName", resource.as_str());
        }
    }

    fn going(&mut self) {
        let machine = arn("stateMachine:gone");
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:gone:1"), "weight": 100}]);
        for (action, body) in [
            ("CreateStateMachine", json!({"name": "gone", "definition": PASS, "roleArn": ROLE})),
            ("CreateStateMachineAlias", json!({"name": "n", "routingConfiguration": route})),
            ("ListStateMachineAliases", json!({"stateMachineArn": machine})),
            ("PublishStateMachineVersion", json!({"stateMachineArn": machine})),
            ("StartExecution", json!({"stateMachineArn": machine})),
            ("StartSyncExecution", json!({"stateMachineArn": machine})),
            ("UpdateStateMachine", json!({"stateMachineArn": machine, "roleArn": ROLE})),
            (
                "UpdateStateMachineAlias",
                json!({"stateMachineAliasArn": arn("stateMachine:gone:prod"), "description": "d"}),
            ),
        ] {
            let message = format!("State Machine is deleting: '{machine}'");
            self.add_at(At::Silent, action, "StateMachineDeleting", body, message);
        }
    }

    fn other_types(&mut self) {
        for (action, machine) in [("ListExecutions", "x"), ("StartSyncExecution", "m")] {
            let body = json!({"stateMachineArn": arn(&format!("stateMachine:{machine}"))});
            let message = "This operation is not supported by this type of state machine";
            self.add(action, "StateMachineTypeNotSupported", body, message);
        }
        let body = json!({"name": "m", "definition": SUCCEED, "roleArn": ROLE});
        let message = format!("State Machine Already Exists: '{}'", arn("stateMachine:m"));
        self.add("CreateStateMachine", "StateMachineAlreadyExists", body, message);
    }

    async fn tasks(&mut self) {
        let stopped = self.server.token("c:stopped").await;
        let execution = json!({"executionArn": arn("execution:c:stopped")});
        self.server.ok(At::Plain, "StopExecution", execution).await;
        let its = token::decode(&stopped).unwrap();
        let unknown = token::encode(&its.execution().replace(":stopped", ":none"), its.task(), None);
        for (error, token, message) in [
            ("TaskDoesNotExist", unknown, "Task Does Not Exist: 'Provided task does not exist'"),
            ("TaskTimedOut", stopped, "Task Timed Out: 'Provided task does not exist anymore'"),
        ] {
            self.add("SendTaskFailure", error, json!({"taskToken": token}), message);
            self.add("SendTaskHeartbeat", error, json!({"taskToken": token}), message);
            self.add("SendTaskSuccess", error, json!({"taskToken": token, "output": "1"}), message);
        }
        let token = self.server.token("c:e").await;
        let message = "Invalid Output: 'Unrecognized token 'x': was expecting (JSON String, Number, Array, Object or token 'null', \
                       'true' or 'false')\n at [Source: (String)\"x\"; line: 1, column: 2]'";
        self.add("SendTaskSuccess", "InvalidOutput", json!({"taskToken": token, "output": "x"}), message);
    }
}
