"""Single states, tried out."""

import json
import unittest

from harness import ROLE, ApiTest, passes

LAMBDA = {
    "Type": "Task",
    "Resource": "arn:aws:states:::lambda:invoke",
    "Parameters": {"FunctionName": "f", "Payload.$": "$"},
}


class States(ApiTest):
    def tried(self, state, **more):
        return self.client.test_state(definition=json.dumps(state), **more)

    def test_a_state_is_tried_out(self):
        found = self.tried(
            {"Type": "Pass", "Parameters": {"b.$": "$.a"}, "ResultPath": "$.r", "Next": "N"},
            roleArn=ROLE,
            input='{"a": 1}',
            inspectionLevel="DEBUG",
            revealSecrets=False,
        )
        self.assertEqual((found["status"], found["nextState"]), ("SUCCEEDED", "N"))
        self.assertEqual(json.loads(found["output"]), {"a": 1, "r": {"b": 1}})
        self.assertEqual(json.loads(found["inspectionData"]["afterParameters"]), {"b": 1})

    def test_variables_and_the_context_are_given(self):
        state = {
            "Type": "Task",
            "QueryLanguage": "JSONata",
            "Resource": LAMBDA["Resource"],
            "Arguments": {"FunctionName": "f"},
            "Output": "{% [$v, $states.context.Execution.Name] %}",
            "End": True,
        }
        found = self.tried(
            state,
            variables='{"v": 7}',
            context='{"Execution": {"Name": "e"}}',
            mock={"result": '{"Payload": 1}', "fieldValidationMode": "NONE"},
        )
        self.assertEqual(json.loads(found["output"]), [7, "e"])

    def test_a_state_of_a_machine_is_tried_out(self):
        found = self.tried(passes("r"), stateName="P", input="{}")
        self.assertEqual(json.loads(found["output"]), "r")

    def test_a_call_is_answered_by_a_mock(self):
        found = self.tried(
            {**LAMBDA, "End": True}, input="{}", mock={"result": '{"Payload": 1}', "fieldValidationMode": "NONE"}
        )
        self.assertEqual((found["status"], json.loads(found["output"])), ("SUCCEEDED", {"Payload": 1}))

    def test_a_call_that_fails_is_tried_again(self):
        retry = [{"ErrorEquals": ["Oops"], "IntervalSeconds": 2, "BackoffRate": 3, "MaxAttempts": 5}]
        found = self.tried(
            {**LAMBDA, "Retry": retry, "End": True},
            input="{}",
            inspectionLevel="DEBUG",
            mock={"errorOutput": {"error": "Oops", "cause": "c"}},
            stateConfiguration={"retrierRetryCount": 1},
        )
        self.assertEqual((found["status"], found["error"]), ("RETRIABLE", "Oops"))
        details = found["inspectionData"]["errorDetails"]
        self.assertEqual((details["retryIndex"], details["retryBackoffIntervalSeconds"]), (0, 6))


if __name__ == "__main__":
    unittest.main()
