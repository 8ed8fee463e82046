//! What a request says does not hold, or does not fit together.

use serde_json::json;

use super::Cases;
use crate::server::{PASS, ROLE, SUCCEED, arn};

impl Cases<'_> {
    pub(super) async fn refused(&mut self) {
        self.definitions();
        self.configuration();
        self.executions();
        self.labelled();
        self.invalid();
    }

    fn definitions(&mut self) {
        let definition = r#"{"StartAt":"A","States":{"B":{"Type":"Succeed"}}}"#;
        let message = "Invalid State Machine Definition: 'MISSING_TRANSITION_TARGET: Missing 'Next' target: A at /StartAt, \
                       MISSING_TRANSITION_TARGET: State \"B\" is not reachable. at /States/B'";
        let body = json!({"name": "n", "definition": definition, "roleArn": ROLE});
        self.add("CreateStateMachine", "InvalidDefinition", body, message);
        let body = json!({"stateMachineArn": arn("stateMachine:m"), "definition": definition});
        self.add("UpdateStateMachine", "InvalidDefinition", body, message);
        let body = json!({"definition": r#"{"Type":"Pass","End":1}"#});
        let message = "Invalid State Machine Definition: 'SCHEMA_VALIDATION_FAILED: Expected value of type Boolean at /End'";
        self.add("TestState", "InvalidDefinition", body, message);
    }

    fn configuration(&mut self) {
        let machine = json!({"name": "n", "definition": PASS, "roleArn": ROLE});
        let update = json!({"stateMachineArn": arn("stateMachine:m")});
        let encryption = json!({"type": "CUSTOMER_MANAGED_KMS_KEY"});
        for (error, member, value, message) in [
            (
                "InvalidEncryptionConfiguration",
                "encryptionConfiguration",
                encryption.clone(),
                "Invalid Encryption Configuration: 'kmsKeyId' must be set when 'type' is CUSTOMER_MANAGED_KMS_KEY.",
            ),
            (
                "InvalidLoggingConfiguration",
                "loggingConfiguration",
                json!({"level": "ALL"}),
                "Invalid Logging Configuration: Must specify exactly one Log Destination.",
            ),
            (
                "InvalidTracingConfiguration",
                "tracingConfiguration",
                json!({}),
                "Invalid Tracing Configuration: 'enabled' must be set to true or false.",
            ),
        ] {
            for (action, request) in [("CreateStateMachine", &machine), ("UpdateStateMachine", &update)] {
                let mut body = request.clone();
                body[member] = value.clone();
                self.add(action, error, body, message);
            }
        }
        let body = json!({"name": "n", "encryptionConfiguration": encryption});
        let message = "Invalid Encryption Configuration: 'kmsKeyId' must be set when 'type' is CUSTOMER_MANAGED_KMS_KEY.";
        self.add("CreateActivity", "InvalidEncryptionConfiguration", body, message);
        let key = json!({"type": "CUSTOMER_MANAGED_KMS_KEY", "kmsKeyId": "alias/k"});
        let message = format!(
            "Activity Already Exists: '{}'. EncryptionConfiguration may not be updated.",
            arn("activity:a")
        );
        let body = json!({"name": "a", "encryptionConfiguration": key});
        self.add("CreateActivity", "ActivityAlreadyExists", body, message);
        let message = "Either the definition, the role ARN, or a configuration must be specified";
        self.add("UpdateStateMachine", "MissingRequiredParameter", update, message);
    }

    fn executions(&mut self) {
        let done = json!({"executionArn": arn("execution:m:done")});
        let message = "Execution Not Redrivable: 'Execution is SUCCEEDED and cannot be redriven'";
        self.add("RedriveExecution", "ExecutionNotRedrivable", done, message);
        // It was started with the same input, but has ended; and another one while it runs.
        for (machine, name, input) in [("m", "done", "{}"), ("c", "e", "[1]")] {
            let (of, name) = (arn(&format!("stateMachine:{machine}")), name.to_owned());
            let message =
                format!("Execution Already Exists: '{}'", arn(&format!("execution:{machine}:{name}")));
            let body = json!({"stateMachineArn": of, "name": name, "input": input});
            self.add("StartExecution", "ExecutionAlreadyExists", body, message);
        }
        let message = "Invalid State Machine Execution Input: 'Unrecognized token 'x': was expecting (JSON String, Number, Array, \
                       Object or token 'null', 'true' or 'false')\n at [Source: (String)\"x\"; line: 1, column: 2]'";
        for (action, body) in [
            ("StartExecution", json!({"stateMachineArn": arn("stateMachine:m"), "input": "x"})),
            ("StartSyncExecution", json!({"stateMachineArn": arn("stateMachine:x"), "input": "x"})),
            ("TestState", json!({"definition": r#"{"Type":"Succeed"}"#, "input": "x"})),
        ] {
            self.add(action, "InvalidExecutionInput", body, message);
        }
    }

    /// The label of a Map stands in the ARN, and the action is not about Maps.
    fn labelled(&mut self) {
        let label = arn("stateMachine:m/Each");
        for (action, body) in [
            ("DeleteStateMachine", json!({"stateMachineArn": label})),
            ("DeleteStateMachineAlias", json!({"stateMachineAliasArn": label})),
            ("DeleteStateMachineVersion", json!({"stateMachineVersionArn": label})),
            ("DescribeStateMachineAlias", json!({"stateMachineAliasArn": label})),
            ("ListExecutions", json!({"stateMachineArn": label})),
            ("ListStateMachineVersions", json!({"stateMachineArn": label})),
            ("PublishStateMachineVersion", json!({"stateMachineArn": label})),
            ("StartExecution", json!({"stateMachineArn": label})),
            ("UpdateStateMachine", json!({"stateMachineArn": label, "roleArn": ROLE})),
            ("UpdateStateMachineAlias", json!({"stateMachineAliasArn": label, "description": "d"})),
        ] {
            let message = "This API does not support labelled ARNs";
            self.add(action, "ValidationException", body, message);
            self.with("reason", "API_DOES_NOT_SUPPORT_LABELED_ARNS");
        }
    }

    fn invalid(&mut self) {
        let null = |member: &str, shown: &str| {
            format!(
                "1 validation error detected: Value {shown}at '{member}' failed to satisfy constraint: Member must not be null"
            )
        };
        for action in ["RedriveExecution", "StopExecution"] {
            self.add(action, "ValidationException", json!({}), null("executionArn", "null "));
        }
        // A definition is sensitive: not even its absence is shown.
        self.add("ValidateStateMachineDefinition", "ValidationException", json!({}), null("definition", ""));
        let body = json!({"name": "n", "definition": PASS, "roleArn": ROLE, "versionDescription": "d"});
        let message = "Version description can only be set when publish is set to true";
        self.add("CreateStateMachine", "ValidationException", body, message);
        let body = json!({"stateMachineArn": arn("stateMachine:m"), "definition": SUCCEED, "versionDescription": "d"});
        self.add("UpdateStateMachine", "ValidationException", body, message);
        let route = json!([{"stateMachineVersionArn": arn("stateMachine:m:1"), "weight": 99}]);
        let message = "Sum of routing configuration weights must equal 100. Received: 99";
        let body = json!({"name": "n", "routingConfiguration": route});
        self.add("CreateStateMachineAlias", "ValidationException", body, message);
        self.with("reason", "INVALID_ROUTING_CONFIGURATION");
        let message = "Either the description or the routing configuration must be specified";
        let body = json!({"stateMachineAliasArn": arn("stateMachine:m:prod")});
        self.add("UpdateStateMachineAlias", "ValidationException", body, message);
        self.with("reason", "MISSING_REQUIRED_PARAMETER");
        let body = json!({"mapRunArn": arn("mapRun:m/Each:0b2f")});
        let message = "At least one setting of the Map Run must be provided";
        self.add("UpdateMapRun", "ValidationException", body, message);
        self.with("reason", "MISSING_REQUIRED_PARAMETER");
        let body = json!({"definition": PASS, "stateName": "Q"});
        let message = "State 'Q' is not found in the definition";
        self.add("TestState", "ValidationException", body, message);
        let both = json!({"stateMachineArn": arn("stateMachine:m"), "mapRunArn": arn("mapRun:m/Each:0b2f")});
        let message = "Exactly one of 'stateMachineArn' and 'mapRunArn' must be provided";
        self.add("ListExecutions", "ValidationException", both, message);
        self.add("ListExecutions", "ValidationException", json!({}), message);
        let body = json!({"stateMachineArn": arn("stateMachine:m"), "redriveFilter": "REDRIVEN"});
        let message = "'redriveFilter' is supported with 'mapRunArn' only";
        self.add("ListExecutions", "ValidationException", body, message);
    }
}
