//! There are too many of something, others are faster, or a key of KMS cannot be used.

use serde_json::{Value, json};

use super::Cases;
use crate::server::{At, CALLBACK, PASS, ROLE, SUCCEED, arn};

const CONTESTED: &str = "Updating or deleting a resource can cause an inconsistent state. The state machine is being changed by other \
                         requests.";

/// A key, as the server [`At::Keys`] knows it, and what is told of it.
#[derive(Clone, Copy)]
struct Key {
    state: &'static str,
    error: &'static str,
    message: &'static str,
}

const KEYS: [Key; 3] = [
    Key {
        state: "denied",
        error: "KmsAccessDeniedException",
        message: "Either your KMS key policy or API caller does not have the required permissions.",
    },
    Key {
        state: "throttled",
        error: "KmsThrottlingException",
        message: "Received when KMS returns ThrottlingException for a KMS call that Step Functions makes on behalf of the caller.",
    },
    Key {
        state: "disabled",
        error: "KmsInvalidStateException",
        message: "The KMS key is not in valid state, for example: Disabled or Deleted.",
    },
];

impl Cases<'_> {
    pub(super) async fn limits(&mut self) {
        self.too_many();
        self.too_many_open();
        self.workers().await;
        self.conflicts();
        for key in KEYS {
            self.key(key).await;
        }
    }

    fn too_many(&mut self) {
        let tags: Vec<Value> = (0..51).map(|n| json!({"key": format!("k{n}"), "value": "v"})).collect();
        let too_many = |of: &str| format!("A resource can have at most 50 tags: '{}'", arn(of));
        let body = json!({"name": "n", "tags": tags});
        self.add("CreateActivity", "TooManyTags", body, too_many("activity:n"));
        let body = json!({"name": "n", "definition": PASS, "roleArn": ROLE, "tags": tags});
        self.add("CreateStateMachine", "TooManyTags", body, too_many("stateMachine:n"));
        let body = json!({"resourceArn": arn("activity:a"), "tags": tags});
        self.add("TagResource", "TooManyTags", body, too_many("activity:a"));
        self.with("resourceName", arn("activity:a"));
        let message = "The maximum number of activities has been reached. Existing activities must be deleted before a new activity \
                       can be created.";
        self.add_at(At::Full, "CreateActivity", "ActivityLimitExceeded", json!({"name": "n"}), message);
        let body = json!({"name": "n", "definition": PASS, "roleArn": ROLE});
        let message = "The maximum number of state machines has been reached. Existing state machines must be deleted before a new \
                       state machine can be created.";
        self.add_at(At::Full, "CreateStateMachine", "StateMachineLimitExceeded", body, message);
        let quota = "ServiceQuotaExceededException";
        let machine = arn("stateMachine:c");
        let message = "A state machine can have at most 0 versions";
        self.add_at(
            At::Full,
            "PublishStateMachineVersion",
            quota,
            json!({"stateMachineArn": machine}),
            message,
        );
        let body = json!({"stateMachineArn": machine, "definition": SUCCEED, "publish": true});
        self.add_at(At::Full, "UpdateStateMachine", quota, body, message);
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:m:1"), "weight": 100}]);
        let body = json!({"name": "more", "routingConfiguration": route});
        let message = "A state machine can have at most 0 aliases";
        self.add_at(At::Full, "CreateStateMachineAlias", quota, body, message);
    }

    fn too_many_open(&mut self) {
        let message = "The maximum number of running executions has been reached. Running executions must end or be stopped before a new \
                       execution can be started.";
        for (action, body) in [
            ("StartExecution", json!({"stateMachineArn": arn("stateMachine:m")})),
            ("RedriveExecution", json!({"executionArn": arn("execution:c:stopped")})),
        ] {
            self.add_at(At::Full, action, "ExecutionLimitExceeded", body, message);
        }
    }

    async fn workers(&mut self) {
        self.server.ok(At::Plain, "CreateActivity", json!({"name": "busy"})).await;
        self.workers = self.server.all_workers("busy");
        let message =
            "The maximum number of workers concurrently polling for activity tasks has been reached.";
        let body = json!({"activityArn": arn("activity:busy")});
        self.add("GetActivityTask", "ActivityWorkerLimitExceeded", body, message);
    }

    fn conflicts(&mut self) {
        let alias = json!({"stateMachineAliasArn": arn("stateMachine:m:prod")});
        for (action, body) in [
            ("CreateStateMachine", json!({"name": "n", "definition": PASS, "roleArn": ROLE})),
            ("DeleteStateMachineAlias", alias),
            ("PublishStateMachineVersion", json!({"stateMachineArn": arn("stateMachine:c")})),
            ("UpdateStateMachine", json!({"stateMachineArn": arn("stateMachine:m"), "definition": SUCCEED})),
            (
                "UpdateStateMachineAlias",
                json!({"stateMachineAliasArn": arn("stateMachine:m:prod"), "description": "d"}),
            ),
        ] {
            self.add_at(At::Contested, action, "ConflictException", body, CONTESTED);
        }
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:m:1"), "weight": 100}]);
        let body = json!({"name": "prod", "description": "other", "routingConfiguration": route});
        let message = "Failed to create alias because an alias with the same name and a different routing configuration or description \
                       already exists.";
        self.add("CreateStateMachineAlias", "ConflictException", body, message);
        let body = json!({"stateMachineVersionArn": arn("stateMachine:m:1")});
        let message = "Version to be deleted must not be referenced by an alias. Current list of aliases referencing this version: \
                       [prod]";
        self.add("DeleteStateMachineVersion", "ConflictException", body, message);
        let body = json!({"stateMachineArn": arn("stateMachine:m"), "revisionId": "r"});
        let message = "Failed to publish the State Machine version for revision r. The current State Machine revision is INITIAL.";
        self.add("PublishStateMachineVersion", "ConflictException", body, message);
    }

    /// What is encrypted with the key, and asked for where it cannot be used.
    async fn key(&mut self, Key { state, error, message }: Key) {
        let encryption = json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": format!("alias/{state}")});
        let more = json!({"encryptionConfiguration": encryption});
        self.server.machine(state, CALLBACK, more).await;
        self.server.start(state, "e").await;
        let express = json!({"type": "EXPRESS", "encryptionConfiguration": encryption});
        self.server.machine(&format!("{state}-x"), PASS, express).await;
        let activity = json!({"name": state, "encryptionConfiguration": encryption});
        self.server.ok(At::Plain, "CreateActivity", activity).await;
        let (machine, execution) =
            (arn(&format!("stateMachine:{state}")), arn(&format!("execution:{state}:e")));
        let token = self.server.token(&format!("{state}:e")).await;
        for (action, body) in [
            ("DescribeExecution", json!({"executionArn": execution})),
            ("DescribeStateMachine", json!({"stateMachineArn": machine})),
            ("DescribeStateMachineForExecution", json!({"executionArn": execution})),
            ("GetActivityTask", json!({"activityArn": arn(&format!("activity:{state}"))})),
            ("GetExecutionHistory", json!({"executionArn": execution})),
            ("SendTaskFailure", json!({"taskToken": token, "error": "E"})),
            ("SendTaskSuccess", json!({"taskToken": token, "output": "1"})),
            ("StartExecution", json!({"stateMachineArn": machine})),
            ("StartSyncExecution", json!({"stateMachineArn": arn(&format!("stateMachine:{state}-x"))})),
            ("StopExecution", json!({"executionArn": execution, "error": "E"})),
        ] {
            self.add_at(At::Keys, action, error, body, message);
            if state == "disabled" {
                self.with("kmsKeyState", "DISABLED");
            }
        }
        // What is only told of metadata needs no key.
        for (action, member, arn) in [
            ("DescribeStateMachine", "stateMachineArn", &machine),
            ("DescribeExecution", "executionArn", &execution),
        ] {
            let body = json!({member: arn, "includedData": "METADATA_ONLY"});
            self.server.ok(At::Keys, action, body).await;
        }
        let new = [
            ("CreateActivity", json!({"name": "n"})),
            ("CreateStateMachine", json!({"name": "n", "definition": PASS, "roleArn": ROLE})),
            ("UpdateStateMachine", json!({"stateMachineArn": arn("stateMachine:m")})),
        ];
        for (action, mut body) in new {
            body["encryptionConfiguration"] = encryption.clone();
            match state {
                // A key that is not active is not configured.
                "disabled" => {
                    let message = "Invalid Encryption Configuration: the KMS key 'alias/disabled' is not active: DISABLED.";
                    self.add_at(At::Keys, action, "InvalidEncryptionConfiguration", body, message);
                }
                _ => self.add_at(At::Keys, action, error, body, message),
            }
        }
    }
}
